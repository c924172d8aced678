"""What one viewer may see, read in one transaction: their reach, the names they may ask for, single sessions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.directory import Directory
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.model import Rule, SessionKey, SessionRecord, Viewer
from bot.domain.permissions import Reach, may_see, reach
from bot.listeners.context import AppContext
from bot.query.parser import Key, Query, mentioned, parse, say, unmatched
from bot.store.database import Tx

MET_IN = 3_000  # of the newest sessions somebody may see are those they meet as observer or employee
_NAMING = frozenset({Key.OBSERVER, Key.EMPLOYEE, Key.DEPT, Key.CHECKLIST})
_NOUNS = {
    Key.OBSERVER: "observer",
    Key.EMPLOYEE: "employee",
    Key.DEPT: "department",
    Key.CHECKLIST: "checklist",
}


@dataclass(frozen=True, slots=True)
class AccessView:
    """Who asks and what they may see; `directory` is everybody's, for saying the names of what they see."""

    viewer: Viewer
    reach: Reach
    directory: Directory

    @property
    def zone(self) -> ZoneInfo:
        """The viewer's zone; UTC where Slack's name for it is unknown here."""
        try:
            return ZoneInfo(self.viewer.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to us: `told` as a whole sentence with names not yet made safe, `why_not` and `remedy` where they
    are nobody in iSpring ("" and NONE where they are somebody), `sees` whether any session is open to them."""

    status: str
    not_allowed_reason: str
    remedy: Remedy
    sees: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The people, places, checklists and mentioned users a viewer may ask for; for them, nothing else exists."""

    directory: Directory
    checklists: Mapping[str, str]
    mentions: Mapping[str, str]


def access_view(tx: Tx, viewer: Viewer) -> AccessView:
    """What a viewer may see. Raises NotAllowed, with the reason, where that is nothing."""
    directory = tx.people.directory()
    found = reach(viewer, directory)
    if found.is_empty:
        known = identity_of(viewer, directory)
        raise NotAllowed(known.not_allowed_reason, known.remedy)
    return AccessView(viewer, found, directory)


def identity_of(viewer: Viewer, directory: Directory) -> Identity:
    """Who a viewer is in iSpring, else why they are nobody there and who could change that."""
    admin = "You are an admin of Spotter, but " if viewer.is_admin else ""
    if viewer.person_id is None:
        reason = viewer.reason or "your Slack account is not linked to a person in iSpring"
        nobody = "Spotter does not know who you are in iSpring"
        if viewer.remedy is not Remedy.LINK:
            nobody = "Spotter has nothing to show to you"
        elif admin:
            nobody = f"{admin}it does not know who you are in iSpring"
        return Identity(f"{nobody}: {reason}.", reason, viewer.remedy, viewer.is_admin)
    name = directory.name_of(viewer.person_id)
    if not directory.is_active(viewer.person_id):
        reason = "your account in iSpring is not active"
        return Identity(f"You are {name}, but {reason}.", reason, Remedy.ACCOUNT, viewer.is_admin)
    return Identity(f"You are {name} in iSpring{' and an admin of Spotter' if admin else ''}.", "", Remedy.NONE, True)


def names(tx: Tx, seen: AccessView, query: Query, now: datetime) -> Names:
    """The names a viewer may ask for, read only where the query names anything."""
    if not any(term.key in _NAMING for term in query.terms):
        return Names(seen.directory, {}, {})
    directory = seen.directory if seen.reach.everything else _met(tx, seen, now)
    linked = {user: tx.people.linked_person(user) for user in mentioned(query)}
    mentions = {user: person for user, person in linked.items() if person is not None and person in directory.people}
    titles = tx.search.checklist_titles(seen.reach)
    return Names(directory, titles, mentions)


def _met(tx: Tx, seen: AccessView, now: datetime) -> Directory:
    """The part of the directory that a viewer meets in what they may see."""
    people = set(seen.reach.employees)
    if seen.reach.person_id is not None:
        people.add(seen.reach.person_id)
    for session in tx.search.find(Query(), seen.reach, seen.directory, now, MET_IN).sessions:
        people |= {session.key.employee_id, session.facts.observer_id}
    known = [person for one in people if (person := seen.directory.people.get(one)) is not None]
    places = {
        place.department_id: place for person in known for place in seen.directory.department_path(person.department_id)
    }
    return Directory.of(known, places.values())


async def understood(ctx: AppContext, text: str, verb: str, read: Callable[[str], Query] = parse) -> Query:
    """The query in a command. Raises QueryError whose suggestions are whole commands.

    Whom it mentions is looked up first: `names` reads links, and somebody Spotter never met has none yet.
    """
    try:
        query = read(text)
    except QueryError as error:
        raise QueryError(str(error), [f"{verb} {one}" for one in error.suggestions]) from None
    for user_id in sorted(mentioned(query)):
        await ctx.contacts.viewer(user_id)
    return query


def refuse_unknown(query: Query, known: Names, verb: str = "") -> None:
    """Raises QueryError for the first name that nobody and nothing has, with the nearest ones: in whole commands where
    there is a verb, else in queries."""
    for term, like in unmatched(query, known.directory, known.checklists, known.mentions):
        corrected = [
            say(Query(tuple(replace(one, value=name) if one is term else one for one in query.terms))) for name in like
        ]
        if term.value.startswith("<@"):
            raise QueryError(f"{term.value} is not linked to anybody you may see in iSpring.")
        message = f"There is no {_NOUNS[term.key]} “{term.value}” among what you may see."
        raise QueryError(message, [f"{verb} {one}".lstrip() for one in corrected])


def may_read(rule: Rule, known: Names) -> bool:
    """Whether a rule's query names only what a viewer may see; one that can't be read any more says nothing."""
    try:
        query = parse(rule.query)
    except QueryError:
        return False
    return not unmatched(query, known.directory, known.checklists, known.mentions)


def record_of(tx: Tx, seen: AccessView, key: SessionKey) -> SessionRecord | None:
    """A session in full, None where there is none or the viewer may not see it; the previous one only if they may."""
    found = tx.sessions.record(key)
    if found is None or not may_see(seen.viewer, found.session.facts, seen.directory).allowed:
        return None
    return as_seen_by(seen.viewer, tx, found, seen.directory)


def as_seen_by(viewer: Viewer, tx: Tx, record: SessionRecord, directory: Directory) -> SessionRecord:
    """The record as a viewer may have it: neither this employee's previous session nor the length of the short id tells
    of sessions that they may not see."""
    may_have = record.previous is not None and may_see(viewer, record.previous.facts, directory).allowed
    return replace(
        record,
        previous=record.previous if may_have else None,
        short_id=tx.search.short_id(record.session.key, reach(viewer, directory)),
    )
