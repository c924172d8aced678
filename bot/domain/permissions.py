"""May this viewer see this session, and why: every verdict about rights is given here.

iSpring's key sees everything, so what a person may see is ours to decide: sessions they are in, those of the people
they supervise or whose departments they manage; admins see all; everybody else nothing.
"""

from dataclasses import dataclass, replace

from bot.domain.directory import Directory
from bot.domain.model import OPERATOR, SessionFacts, Viewer


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed or not, with the reason in words fit to be shown to the viewer. `waits`: it is refused only because a
    proof is missing, so what depends on it waits and is not ended."""

    allowed: bool
    reason: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AccessScope:
    """What a viewer may see, as a condition on a session: everything; or their own; or of these employees."""

    everything: bool = False
    person_id: str | None = None
    employees: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.person_id or self.employees)

    def covers(self, facts: SessionFacts) -> bool:
        """Whether a session lies within it."""
        if self.everything or facts.key.employee_id in self.employees:
            return True
        return self.person_id is not None and self.person_id in (facts.key.employee_id, facts.observer_id)


EVERYTHING = AccessScope(everything=True)
NOTHING = AccessScope()
OPERATOR_VIEWER = Viewer(slack_user_id=OPERATOR, person_id=None, is_admin=True, reason="the command line")


_UNIDENTIFIED = "Slack could not say for a day, or since their account changed, who they are"
_NO_PEOPLE = "iSpring's people could not be read for too long to tell who may see what"
_NO_DEPARTMENTS = "iSpring's departments could not be read for too long to tell who may see what"


def scope_of(viewer: Viewer, directory: Directory) -> AccessScope:
    """All that a viewer may see, as far as it is proved."""
    proof = viewer.proof
    if not proof.identity:
        return NOTHING
    if viewer.is_admin:
        return AccessScope(everything=True, person_id=viewer.person_id)
    if viewer.person_id is None or not directory.is_active(viewer.person_id):
        return NOTHING
    if not proof.people:
        return AccessScope(employees=frozenset({viewer.person_id}))
    if not proof.departments:
        return AccessScope(person_id=viewer.person_id, employees=directory.supervised_by_hand(viewer.person_id))
    team = directory.supervised_by(viewer.person_id) | directory.managed_by(viewer.person_id)
    return AccessScope(person_id=viewer.person_id, employees=team)


def closed_reason(viewer: Viewer) -> str:
    """Why part of a viewer's rights is closed for now, "" if all are open."""
    if viewer.is_admin or viewer.person_id is None:
        return ""
    if not viewer.proof.people:
        return _NO_PEOPLE
    return "" if viewer.proof.departments else _NO_DEPARTMENTS


def may_see(viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """Whether a viewer may see one session, and why."""
    if not viewer.proof.identity:  # what is stored of them may be wrong either way
        return Verdict(False, _UNIDENTIFIED, waits=True)
    verdict, missing = _right(viewer, facts, directory)
    return Verdict(False, missing, waits=True) if missing else verdict


def _right(viewer: Viewer, facts: SessionFacts, directory: Directory) -> tuple[Verdict, str]:
    """The right to see a session, or that there is none; and the proof that the right misses, "" if it is proved."""
    if viewer.is_admin:
        return Verdict(True, "you are an admin of Spotter"), ""
    me, employee, proof = viewer.person_id, facts.key.employee_id, viewer.proof
    if me is None:
        return Verdict(False, viewer.reason or "your Slack account is not linked to a person in iSpring"), ""
    if not directory.is_active(me):
        return Verdict(False, "your account in iSpring is not active"), ""
    if me == employee:
        return Verdict(True, "it is your own session"), ""
    no_people = "" if proof.people else _NO_PEOPLE
    no_departments = no_people or ("" if proof.departments else _NO_DEPARTMENTS)
    if me == facts.observer_id:
        return Verdict(True, "you are its observer"), no_people
    if employee in directory.supervised_by(me):
        is_by_hand = not no_departments or employee in directory.supervised_by_hand(me)
        return Verdict(True, "you supervise this employee"), no_people if is_by_hand else no_departments
    if employee in directory.managed_by(me):
        return Verdict(True, "you manage this employee's department"), no_departments
    return Verdict(False, "it is of a person you neither observe, supervise nor manage"), ""


def may_share(viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """Whether a viewer may show a session to a whole channel: admins may, and the employee it is about."""
    verdict = may_see(viewer, facts, directory)
    if not verdict.allowed or viewer.is_admin or viewer.person_id == facts.key.employee_id:
        return verdict
    return Verdict(False, "only admins of Spotter, and the employee a session is about, may share it")


def as_admin(viewer: Viewer, admins: frozenset[str]) -> Viewer:
    """The viewer with admin rights where ADMINS names them; a guest or stranger in it stays without."""
    return replace(viewer, is_admin=viewer.slack_user_id in admins)
