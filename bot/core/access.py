"""May this viewer see this session, and why: every verdict about rights is given here.

iSpring's key sees everything, so what a person may see is ours to decide: sessions they are in, those of the people
they supervise or whose departments they manage; admins see all; everybody else nothing.
"""

from dataclasses import dataclass, replace

from bot.core.directory import Directory
from bot.core.model import OPERATOR, Person, SessionFacts, SlackUser, Viewer


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed or not, with the reason in words fit to be shown to the viewer."""

    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Reach:
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


EVERYTHING = Reach(everything=True)
NOTHING = Reach()
OPERATOR_VIEWER = Viewer(slack_user_id=OPERATOR, person_id=None, is_admin=True, why="the command line")


def reach(viewer: Viewer, directory: Directory) -> Reach:
    """All that a viewer may see."""
    if viewer.is_admin:
        return Reach(everything=True, person_id=viewer.person_id)
    if viewer.person_id is None or not directory.is_active(viewer.person_id):
        return NOTHING
    team = directory.supervised_by(viewer.person_id) | directory.managed_by(viewer.person_id)
    return Reach(person_id=viewer.person_id, employees=team)


def may_see(viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """Whether a viewer may see one session, and why."""
    if viewer.is_admin:
        return Verdict(True, "you are an admin of Spotter")
    me = viewer.person_id
    if me is None:
        return Verdict(False, viewer.why or "your Slack account is not linked to a person in iSpring")
    if not directory.is_active(me):
        return Verdict(False, "your account in iSpring is not active")
    if me == facts.key.employee_id:
        return Verdict(True, "it is your own session")
    if me == facts.observer_id:
        return Verdict(True, "you are its observer")
    if facts.key.employee_id in directory.supervised_by(me):
        return Verdict(True, "you supervise this employee")
    if facts.key.employee_id in directory.managed_by(me):
        return Verdict(True, "you manage this employee's department")
    return Verdict(False, "it is of somebody you neither observe, supervise nor manage")


@dataclass(frozen=True, slots=True)
class Tie:
    """The person a Slack account belongs to, or None, and why."""

    person: Person | None
    why: str


def tie_by_email(user: SlackUser, same_address: int, directory: Directory) -> Tie:
    """Which person an account belongs to by its e-mail alone; `same_address` counts the Slack accounts that have it.

    A shop's shared mailbox proves nothing, so the address must be of exactly one account and one active person.
    """
    if not user.is_full_member:
        return Tie(None, f"your Slack account is not a full member of this workspace ({user.why_not})")
    if not user.email:
        return Tie(None, "Slack does not tell your e-mail address")
    people = directory.with_email(user.email)
    if not people:
        return Tie(None, "nobody active in iSpring has the e-mail address of your Slack account")
    if len(people) > 1 or same_address > 1:
        return Tie(None, "more than one person shares the e-mail address of your Slack account")
    return Tie(people[0], "your Slack account and your iSpring account have the same e-mail address")


def as_admin(viewer: Viewer, admins: frozenset[str]) -> Viewer:
    """The viewer with admin rights where ADMINS names them; a guest or stranger in it stays without."""
    return replace(viewer, is_admin=viewer.slack_user_id in admins)
