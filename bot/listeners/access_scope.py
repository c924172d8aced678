"""What one viewer may see, read in one transaction: their scope, the names they may ask for, single sessions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.config import zone_named
from bot.domain.directory import Directory
from bot.domain.errors import NotAllowed, NotPossibleNow, QueryError, Remedy
from bot.domain.model import Rule, SessionKey, SessionRecord, Viewer
from bot.domain.permissions import Reach, may_see, reach
from bot.listeners.context import AppContext
from bot.query.parser import Key, Query, mentioned, parse, say, unmatched
from bot.store.database import Tx

SESSIONS_FOR_NAMES = 3_000  # the newest that a viewer may see: their observers and employees may be asked for
_NAMING = frozenset({Key.OBSERVER, Key.EMPLOYEE, Key.DEPT, Key.CHECKLIST})
_NOUNS = {
    Key.OBSERVER: "observer",
    Key.EMPLOYEE: "employee",
    Key.DEPT: "department",
    Key.CHECKLIST: "checklist",
}


@dataclass(frozen=True, slots=True)
class AccessView:
    """Who asks and what they may see; `directory` holds everybody, for the names in what they see."""

    viewer: Viewer
    reach: Reach
    directory: Directory

    @property
    def zone(self) -> ZoneInfo:
        """The viewer's zone; UTC if Slack's name for it is unknown here."""
        return zone_named(self.viewer.zone) or ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a viewer is in iSpring.

    `text` is a whole sentence; the names in it are not escaped. `not_allowed_reason` and `remedy` say why they are no
    one there, "" and NONE if they are someone. `sees`: whether they may see any session.
    """

    text: str
    not_allowed_reason: str
    remedy: Remedy
    sees: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The people, departments, checklists and mentioned users a viewer may ask for; for them, nothing else exists."""

    directory: Directory
    checklists: Mapping[str, str]
    mentions: Mapping[str, str]


def access_view(tx: Tx, viewer: Viewer) -> AccessView:
    """What a viewer may see. Raises NotAllowed or NotPossibleNow, with the reason, if that is nothing."""
    directory = tx.people.directory()
    found = reach(viewer, directory)
    if found.is_empty:
        raise refusal(identity_of(viewer, directory))
    return AccessView(viewer, found, directory)


def refusal(identity: Identity) -> NotAllowed | NotPossibleNow:
    """The error for a viewer who is no one in iSpring; without a remedy it is Slack that can't say who they are."""
    if identity.remedy is Remedy.NONE:
        return NotPossibleNow(identity.not_allowed_reason)
    return NotAllowed(identity.not_allowed_reason, identity.remedy)


def identity_of(viewer: Viewer, directory: Directory) -> Identity:
    """Who a viewer is in iSpring, or why they are no one there and who could change that."""
    admin = "You are an admin of Spotter, but " if viewer.is_admin else ""
    if viewer.person_id is None:
        reason = viewer.reason or "your Slack account is not linked to a person in iSpring"
        lead = "Spotter does not know who you are in iSpring"
        if viewer.remedy is not Remedy.LINK:
            lead = "Spotter has nothing to show to you"
        elif admin:
            lead = f"{admin}it does not know who you are in iSpring"
        return Identity(f"{lead}: {reason}.", reason, viewer.remedy, viewer.is_admin)
    name = directory.name_of(viewer.person_id)
    if not directory.is_active(viewer.person_id):
        reason = "your account in iSpring is not active"
        return Identity(f"You are {name}, but {reason}.", reason, Remedy.ACCOUNT, viewer.is_admin)
    return Identity(f"You are {name} in iSpring{' and an admin of Spotter' if admin else ''}.", "", Remedy.NONE, True)


def names(tx: Tx, access: AccessView, query: Query, now: datetime) -> Names:
    """The names a viewer may ask for; read only if the query holds a name."""
    if not any(term.key in _NAMING for term in query.terms):
        return Names(access.directory, {}, {})
    directory = access.directory if access.reach.everything else _directory_of(tx, access, now)
    linked = {user: tx.people.linked_person(user) for user in mentioned(query)}
    mentions = {user: person for user, person in linked.items() if person is not None and person in directory.people}
    titles = tx.search.checklist_titles(access.reach)
    return Names(directory, titles, mentions)


def _directory_of(tx: Tx, access: AccessView, now: datetime) -> Directory:
    """The part of the directory that occurs in what a viewer may see."""
    people = set(access.reach.employees)
    if access.reach.person_id is not None:
        people.add(access.reach.person_id)
    for session in tx.search.find(Query(), access.reach, access.directory, now, SESSIONS_FOR_NAMES).sessions:
        people |= {session.key.employee_id, session.facts.observer_id}
    known = [person for one in people if (person := access.directory.people.get(one)) is not None]
    departments = {
        department.department_id: department
        for person in known
        for department in access.directory.department_path(person.department_id)
    }
    return Directory.of(known, departments.values())


async def understood(ctx: AppContext, text: str, verb: str, read: Callable[[str], Query] = parse) -> Query:
    """The query in a command. Raises QueryError whose suggestions are whole commands.

    Users that it mentions are looked up first: `names` reads links, and a user unknown to Spotter has none yet.
    """
    try:
        query = read(text)
    except QueryError as error:
        raise QueryError(str(error), [f"{verb} {one}" for one in error.suggestions]) from None
    for user_id in sorted(mentioned(query)):
        await ctx.contacts.viewer(user_id)
    return query


def refuse_unknown(query: Query, known: Names, verb: str = "") -> None:
    """Raises QueryError for the first unknown name, which suggests the nearest ones: in whole commands if there is a
    verb, else in queries."""
    for term, like in unmatched(query, known.directory, known.checklists, known.mentions):
        corrected = [
            say(Query(tuple(replace(one, value=name) if one is term else one for one in query.terms))) for name in like
        ]
        if term.value.startswith("<@"):
            raise QueryError(f"{term.value} is not linked to anybody you may see in iSpring.")
        message = f"There is no {_NOUNS[term.key]} “{term.value}” among what you may see."
        raise QueryError(message, [f"{verb} {one}".lstrip() for one in corrected])


def may_read(rule: Rule, known: Names) -> bool:
    """Whether a rule's query names only what a viewer may see. False for a query that can't be read any more."""
    try:
        query = parse(rule.query)
    except QueryError:
        return False
    return not unmatched(query, known.directory, known.checklists, known.mentions)


def record_of(tx: Tx, access: AccessView, key: SessionKey) -> SessionRecord | None:
    """A session in full, None if there is none or the viewer may not see it; the previous one only if they may."""
    found = tx.sessions.record(key)
    if found is None or not may_see(access.viewer, found.session.facts, access.directory).allowed:
        return None
    return as_seen_by(access.viewer, tx, found, access.directory)


def as_seen_by(viewer: Viewer, tx: Tx, record: SessionRecord, directory: Directory) -> SessionRecord:
    """The record without what the viewer may not see: neither the employee's previous session nor the length of the
    short id reveals hidden sessions."""
    may_have = record.previous is not None and may_see(viewer, record.previous.facts, directory).allowed
    return replace(
        record,
        previous=record.previous if may_have else None,
        short_id=tx.search.short_id(record.session.key, reach(viewer, directory)),
    )
