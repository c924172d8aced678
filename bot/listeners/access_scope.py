"""What one viewer may see, read in one transaction: their scope, the names they may ask for, single sessions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot.config import zone_named
from bot.domain.directory import Directory
from bot.domain.errors import NotAllowed, NotPossibleNow, QueryError, Remedy
from bot.domain.model import SessionKey, SessionRecord
from bot.domain.permissions import AccessScope, Coverage, coverage_of, may_see, scope_of
from bot.domain.viewers import Viewer
from bot.listeners.context import AppContext
from bot.query.keys import KEYS
from bot.query.names import id_of
from bot.query.parser import Names, Query, mentioned, parse, say, unmatched
from bot.services.visible_names import visible_names
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class AccessView:
    """Who asks and what they may see; `directory` holds everybody, for the names in what they see."""

    viewer: Viewer
    scope: AccessScope
    directory: Directory

    @property
    def coverage(self) -> Coverage | None:
        """Whose sessions the answers cover, None if all."""
        return coverage_of(self.viewer, self.directory)

    @property
    def zone(self) -> ZoneInfo:
        """The viewer's zone; UTC if Slack's name for it is unknown here."""
        return zone_of(self.viewer)


def zone_of(viewer: Viewer) -> ZoneInfo:
    """A viewer's zone; UTC if Slack's name for it is unknown here."""
    return zone_named(viewer.zone) or ZoneInfo("UTC")


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


def access_view(tx: Tx, viewer: Viewer) -> AccessView:
    """What a viewer may see. Raises NotAllowed or NotPossibleNow, with the reason, if that is nothing."""
    directory = tx.people.directory()
    found = scope_of(viewer, directory)
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


def names(tx: Tx, access: AccessView, query: Query) -> Names:
    """The names a viewer may ask for; for them, nothing else exists. Read only if the query holds a name."""
    return visible_names(tx, access.scope, access.directory, query, access.viewer.person_id)


async def parsed_for(ctx: AppContext, text: str, verb: str, read: Callable[[str], Query] = parse) -> Query:
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
    for term, like in unmatched(query, known):
        corrected = [
            say(Query(tuple(replace(one, value=name) if one is term else one for one in query.terms))) for name in like
        ]
        if term.value.startswith("<@"):
            raise QueryError(f"{term.value} is not linked to anybody you may see in iSpring.")
        name = "with this id" if id_of(term.value) is not None else f"“{term.value}”"
        message = f"There is no {KEYS[term.key].noun} {name} among what you may see."
        raise QueryError(message, [f"{verb} {one}".lstrip() for one in corrected])


def may_read(access: AccessView, query: Query, known: Names) -> bool:
    """Whether a rule's query names only what a viewer may see."""
    return access.scope.everything or not unmatched(query, known)


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
        short_id=tx.search.short_id(record.session.key, scope_of(viewer, directory)),
    )
