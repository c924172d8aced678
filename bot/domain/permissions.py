"""May this viewer see this session, and why: every verdict about rights is given here.

iSpring's key sees everything, so what a person may see is ours to decide: sessions they are in, those of the people
they supervise (at any depth, see `Directory.supervised_by`) or whose departments they manage; admins see all; everybody
else nothing.
"""

from dataclasses import dataclass, replace

from bot.domain.directory import Directory
from bot.domain.model import SessionFacts
from bot.domain.rules import OPERATOR
from bot.domain.viewers import Viewer


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whose sessions an answer covers that shows only part of all, for the sentence that says so.

    `supervised`: how many people the viewer supervises, the viewer included, 0 for none; `former`: how many more who
    are not active, if any is. `departments`: the names of those they manage; `below`: these have sub-departments.
    `observed`: the sessions that they observe too.
    """

    supervised: int = 0
    former: int = 0
    departments: tuple[str, ...] = ()
    below: bool = False
    observed: bool = True


EVERYTHING = AccessScope(everything=True)
NOTHING = AccessScope()
OPERATOR_VIEWER = Viewer(slack_user_id=OPERATOR, person_id=None, is_admin=True, reason="the command line")

MOST_NAMED = 5  # people in the reason that names a chain of supervisors
_UNIDENTIFIED = "Slack could not say for a day, or since their account changed, who they are"
_NO_PEOPLE = "iSpring's people could not be read for too long to tell who may see what"
_NO_DEPARTMENTS = "iSpring's departments could not be read for too long to tell who may see what"


def scope_of(viewer: Viewer, directory: Directory) -> AccessScope:
    """All that a viewer may see, as far as it is proved."""
    # `_right` says the same of one session and `store.conditions.within` in SQL: change all three.
    # `test_scope_and_verdict_agree_for_any_ties` and `test_sql_finds_exactly_what_python_matches` compare them.
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
    return AccessScope(person_id=viewer.person_id, employees=directory.in_charge_of(viewer.person_id))


def coverage_of(viewer: Viewer, directory: Directory) -> Coverage | None:
    """Whose sessions the answers to a viewer cover; None if all, or none at all."""
    scope, me = scope_of(viewer, directory), viewer.person_id
    if scope.everything or scope.is_empty or me is None:
        return None
    if scope.person_id is None:
        return Coverage(observed=False)
    team = directory.supervised_by(me) if viewer.proof.departments else directory.supervised_by_hand(me)
    managed = [
        department
        for one in (directory.people[me].manages_departments if viewer.proof.departments else ())
        if (department := directory.departments.get(one)) is not None
    ]
    active = directory.active_among(team)
    return Coverage(
        supervised=(active or len(team)) + 1 if team else 0,
        former=len(team) - active if active else 0,
        departments=tuple(department.name for department in managed),
        below=any(directory.has_below(department.department_id) for department in managed),
    )


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
        return Verdict(True, _chain_reason(me, employee, directory)), no_people if is_by_hand else no_departments
    if employee in directory.managed_by(me):
        return Verdict(True, "you manage this employee's department"), no_departments
    return Verdict(False, "it is of a person you neither observe, supervise nor manage"), ""


def _chain_reason(supervisor: str, employee: str, directory: Directory) -> str:
    """ "Ana supervises Bo, who supervises Cy"; a long chain without its middle."""
    between = directory.supervisors_of(employee)
    chain = (supervisor, *reversed(between[: between.index(supervisor)]), employee)
    names = [directory.name_of(one) for one in chain]
    if len(names) > MOST_NAMED:
        names[2:-2] = ["…"]
    return " supervises ".join((names[0], ", who supervises ".join(names[1:])))


def may_share(viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """Whether a viewer may show a session to a whole channel: admins may, and the employee it is about."""
    verdict = may_see(viewer, facts, directory)
    if not verdict.allowed or viewer.is_admin or viewer.person_id == facts.key.employee_id:
        return verdict
    return Verdict(False, "only admins of Spotter, and the employee a session is about, may share it")


def may_follow_up(viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """Whether a viewer may take and keep a follow-up on a session: who may see it and is not merely its employee."""
    verdict = may_see(viewer, facts, directory)
    if verdict.allowed and not viewer.is_admin and viewer.person_id == facts.key.employee_id:
        return Verdict(False, "it is your own session: its observer or a supervisor of yours follows it up")
    return verdict


def as_admin(viewer: Viewer, admins: frozenset[str]) -> Viewer:
    """The viewer with admin rights where ADMINS names them; a guest or stranger in it stays without."""
    return replace(viewer, is_admin=viewer.slack_user_id in admins)
