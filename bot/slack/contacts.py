"""Who is who between Slack and iSpring, as `domain.ports.Contacts`: kept in the store, proved once a day.

An e-mail address links two accounts only while both sides have it (`domain.email_matching.match_by_email`); a link that
an admin confirmed does not depend on addresses.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.delivery import AppRefused, DestinationGone, NotSent, Throttled
from bot.domain.directory_readings import RIGHTS_MAX_AGE
from bot.domain.email_matching import (
    LINK_REJECTED,
    LINKED_BY_ADMIN,
    LINKED_ELSEWHERE,
    NO_NEW_LINKS,
    UNLINKED_BY_ADMIN,
    is_unproved,
    match_by_email,
    no_member,
)
from bot.domain.errors import MessengerError, MessengerRefused, MessengerUnavailable, Remedy, StoreBusy
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import as_admin
from bot.domain.ports import Channel, Clock, Contact, Messenger, NoSlackUser
from bot.domain.viewers import BY_EMAIL, SlackUser, Viewer, is_identity_proved
from bot.slack.errors import DECISIONS, Decision
from bot.slack.shared_reading import ChannelMembers, SharedReading
from bot.store.database import Store, Tx

NOBODY_FRESH = timedelta(hours=6)
QUESTIONS = 3  # about one user, if events come while Slack is asked
# A user who exists but takes no messages (`cannot_dm_bot`, `user_disabled`, ...) may take them later.
_NO_SUCH_PERSON = frozenset({"user_not_found", "users_not_found", "user_not_in_channel"})


class SlackContacts:
    """Implements `domain.ports.Contacts` for one workspace. `admins` are the Slack user ids of ADMINS;
    `rights_max_age` is how old a reading of iSpring's people or departments may be that proves rights."""

    def __init__(
        self,
        messenger: Messenger,
        store: Store,
        clock: Clock,
        admins: AbstractSet[str],
        rights_max_age: timedelta = RIGHTS_MAX_AGE,
    ) -> None:
        self._messenger = messenger
        self._store = store
        self._clock = clock
        self._admins = frozenset(admins)
        self._rights_max_age = rights_max_age
        self._questions: SharedReading[SlackUser] = SharedReading()
        self._members = ChannelMembers(messenger, clock)

    async def user(self, user_id: str) -> SlackUser:
        """A user as Slack described them within the last day, and no event since. Raises MessengerError if they have to
        be looked up and can't be: an older description proves nothing."""
        remembered = await self._store.read(lambda tx: tx.people.slack_user(user_id))
        if remembered is not None and is_identity_proved(remembered[1], self._clock.now()):
            return remembered[0]
        return await self.prove(user_id)

    async def prove(self, user_id: str) -> SlackUser:
        """A user as Slack describes them now. Callers meanwhile wait for the same answer. Raises
        MessengerError."""
        return await self._questions.of(user_id, lambda: self._ask_about(user_id))

    async def _ask_about(self, user_id: str) -> SlackUser:
        for _ in range(QUESTIONS):
            asked_at = self._clock.now()
            doubts = await self._store.read(lambda tx: tx.people.doubts())
            try:
                user = await self._messenger.user(user_id)
            except MessengerRefused as refusal:
                if refusal.is_unknown_user:
                    await self._store.transact(lambda tx: _doubt_unknown(tx, user_id))
                raise
            if await self._store.transact(partial(_save, user, asked_at, doubts)):
                return user
        raise MessengerUnavailable("This account keeps changing in Slack; it is asked about again later.")

    async def doubt(self, described: Mapping[str, object]) -> bool:
        """Takes in what an event says of a user: what it takes away counts at once. Returns whether Slack has to be
        asked about the rest. Raises StoreError."""
        user = self._messenger.described(described)
        return bool(user.user_id) and await self._store.transact(lambda tx: tx.people.doubt_slack_user(user))

    async def is_in(self, channel_id: str, user_id: str) -> bool:
        """Whether a user is in a channel, proved within the last minutes. Raises MessengerError."""
        return await self._members.has(channel_id, user_id)

    async def members(self, channel_id: str) -> frozenset[str]:
        """Everybody in a channel now. Raises MessengerError."""
        return await self._members.all(channel_id)

    def left(self, channel_id: str, user_id: str) -> None:
        """Takes in an event that a user left a channel."""
        self._members.left(channel_id, user_id)

    async def viewer(self, user_id: str) -> Viewer:
        """Who asks and their link to iSpring, with the reason; never an error."""
        try:
            user = await self.user(user_id)
        except MessengerError as error:
            if isinstance(error, MessengerRefused) and error.is_unknown_user:
                return _nobody(user_id, "Slack does not know your account", Remedy.MEMBERSHIP)
            return _nobody(user_id, "Slack can't say who you are just now; try again in a minute", Remedy.NONE)
        if not user.is_full_member:
            return _nobody(user_id, no_member(user), Remedy.MEMBERSHIP, user.zone)
        person_id, reason = await self._person_of(user)
        return await self._store.read(lambda tx: self._viewer(tx, user, person_id, reason))

    async def known_viewer(self, user_id: str) -> Viewer | None:
        """The viewer from what the store holds, if Slack described the user less than a day ago and the stored link is
        right; else None. Raises StoreError."""

        def read(tx: Tx) -> Viewer | None:
            stored = tx.people.slack_user(user_id)
            if stored is None or not is_identity_proved(stored[1], self._clock.now()):
                return None
            user = stored[0]
            if not user.is_full_member:
                return _nobody(user_id, no_member(user), Remedy.MEMBERSHIP, user.zone)
            found = _email_match(tx, user, self._clock.now())
            return self._viewer(tx, user, found.person_id, found.reason) if found.is_stored else None

        return await self._store.read(read)

    async def user_of(self, person_id: str, *, anew: bool = False) -> Contact:
        """The Slack user of an iSpring person. Raises MessengerError if Slack must be asked and can't be; with `anew`
        it must be, whatever it said of their address before."""
        directory, linked_to = await self._store.read(
            lambda tx: (tx.people.directory(), tx.people.linked_user(person_id))
        )
        person = directory.people.get(person_id)
        if person is None or not directory.is_active(person_id):
            return Contact(None, "not active in iSpring")
        if linked_to is not None:
            contact = await self._linked(linked_to, person_id)
            if contact is not None:
                return contact
        if not person.email:
            return Contact(None, "iSpring has no e-mail address for this person")
        if len(directory.with_email(person.email)) > 1:
            return Contact(None, "more than one person in iSpring has this e-mail address")
        user = await self._user_with(person.email, anew=anew)
        if user is None:
            return Contact(None, "no Slack account has this person's e-mail address")
        found, reason = await self._person_of(user)
        return Contact(user, reason) if found == person_id else Contact(None, reason)

    async def conversation(
        self, destination: Destination, *, shadow: Destination | None = None
    ) -> str | NoSlackUser | Throttled | NotSent | DestinationGone | AppRefused:
        """Slack's id of a destination's conversation: the channel, or D… for people. With `shadow` that channel's, if
        the destination has a reader: no conversation with them is opened."""
        try:
            user_id = destination.id
            if destination.kind is DestinationKind.PERSON:
                contact = await self.user_of(destination.id)
                if contact.user is None:
                    return NoSlackUser(contact.reason)
                user_id = contact.user.user_id
            if shadow is not None:
                return shadow.id
            if destination.kind is DestinationKind.CHANNEL:
                return destination.id
            return await self._messenger.open_dm(user_id)
        except MessengerUnavailable as problem:
            return _later(problem)
        except MessengerRefused as refusal:
            if refusal.code in _NO_SUCH_PERSON:
                return NoSlackUser(refusal.code)
            closed = _closed(refusal)
            if isinstance(closed, DestinationGone):
                # A missing im:write closes direct messages only: channels must go on.
                all_direct = DECISIONS.get(refusal.code) in (Decision.NO_DIRECT, Decision.RIGHTS)
                closed = replace(closed, all_direct=all_direct)
            return closed
        except StoreBusy:
            return NotSent("the database was busy")

    async def channel(self, channel_id: str) -> Channel | Throttled | NotSent | DestinationGone | AppRefused:
        """A channel as Slack describes it; if Slack does not, what that means for a message to it."""
        try:
            return await self._messenger.channel(channel_id)
        except MessengerUnavailable as problem:
            return _later(problem)
        except MessengerRefused as refusal:
            return _closed(refusal)

    # ---- links ---------------------------------------------------------------------------------------------------

    def _viewer(self, tx: Tx, user: SlackUser, person_id: str | None, reason: str) -> Viewer:
        viewer = Viewer(
            slack_user_id=user.user_id,
            person_id=person_id,
            is_admin=False,
            zone=user.zone,
            reason=reason,
            proof=tx.people.ages().proof(self._clock.now(), self._rights_max_age),
        )
        return as_admin(viewer, self._admins)

    async def _linked(self, user_id: str, person_id: str) -> Contact | None:
        """The contact of a stored link, None if the link is no longer valid."""
        try:
            user = await self.user(user_id)
        except MessengerRefused as refusal:
            if refusal.is_unknown_user:
                return None
            raise
        if not user.is_full_member:
            return Contact(
                None, f"their Slack account is not a full member of this workspace ({user.not_allowed_reason})"
            )
        found, reason = await self._person_of(user)
        return Contact(user, reason) if found == person_id else None

    async def _person_of(self, user: SlackUser) -> tuple[str | None, str]:
        """The iSpring person of a full member, and the reason; stores or ends a link by e-mail if that changed."""

        found = await self._store.read(lambda tx: _email_match(tx, user, self._clock.now()))
        if not found.is_stored:
            await self._store.transact(lambda tx: self._relink(tx, user))
        return found.person_id, found.reason

    def _relink(self, tx: Tx, user: SlackUser) -> None:
        # Asked again: an admin may have linked this account since it was read.
        found = _email_match(tx, user, self._clock.now())
        if found.is_stored:
            return
        if found.person_id is not None:
            tx.people.link(user.user_id, found.person_id, BY_EMAIL, user.email, self._clock.now())
        else:
            tx.people.unlink(user.user_id)

    async def _user_with(self, email: str, *, anew: bool) -> SlackUser | None:
        """The Slack user with an address, None if there is none. Slack is asked once a day, if there is none every six
        hours."""

        def known(tx: Tx) -> tuple[SlackUser | None, bool]:
            now = self._clock.now()
            for user in tx.people.slack_users_with(email):
                seen = tx.people.slack_user(user.user_id)
                if user.is_full_member and seen is not None and is_identity_proved(seen[1], now):
                    return user, True
            since = tx.people.no_slack_user_since(email)
            return None, since is not None and abs(now - since) < NOBODY_FRESH

        user, is_certain = await self._store.read(known)
        if is_certain and not anew:
            return user
        asked_at, doubts = self._clock.now(), await self._store.read(lambda tx: tx.people.doubts())
        user = await self._messenger.user_by_email(email)
        if user is None:
            await self._store.transact(lambda tx: tx.people.note_no_slack_user(email, asked_at))
            return None
        is_stored = await self._store.transact(partial(_save, user, asked_at, doubts))
        return user if is_stored else await self.user(user.user_id)


def _save(user: SlackUser, asked_at: datetime, doubts: int, tx: Tx) -> bool:
    return tx.people.save_slack_user(user, asked_at, doubts)


def _doubt_unknown(tx: Tx, user_id: str) -> None:
    known = tx.people.slack_user(user_id)
    if known is not None:
        tx.people.doubt_slack_user(replace(known[0], is_full_member=False, not_allowed_reason="unknown to Slack"))


def _later(problem: MessengerUnavailable) -> Throttled | NotSent:
    return Throttled(problem.retry_after) if problem.retry_after else NotSent(str(problem))


def _closed(refusal: MessengerRefused) -> DestinationGone | AppRefused:
    if DECISIONS.get(refusal.code) is Decision.TOKEN:
        return AppRefused(refusal.code)
    # A missing im:write closes direct messages only, a missing groups:read private channels: the others must go on.
    return DestinationGone(refusal.code + (f" (needs {refusal.needed})" if refusal.needed else ""))


def _nobody(user_id: str, reason: str, remedy: Remedy, zone: str = "UTC") -> Viewer:
    return Viewer(slack_user_id=user_id, person_id=None, is_admin=False, zone=zone, reason=reason, remedy=remedy)


@dataclass(frozen=True, slots=True)
class _Found:
    """The person that a full member is now, None if there is none, and why. `is_stored`: the stored link stays."""

    person_id: str | None
    reason: str
    is_stored: bool


def _email_match(tx: Tx, user: SlackUser, now: datetime) -> _Found:
    link = tx.people.link_of(user.user_id)
    if link is not None and link.by != BY_EMAIL:
        return _Found(link.person_id, LINKED_BY_ADMIN, is_stored=True)
    link_blocked_by = tx.people.link_blocked_by(user.user_id)
    if link_blocked_by is not None:
        reason = LINK_REJECTED if link_blocked_by == user.user_id else UNLINKED_BY_ADMIN
        return _Found(None, reason, is_stored=link is None)
    directory = tx.people.directory()
    email_match = match_by_email(user, _same_address(tx, user), directory)
    if email_match.person is None:
        is_kept = link is None or is_unproved(link, user, directory)
        return _Found(None, email_match.reason, is_stored=is_kept)
    person_id = email_match.person.person_id
    other = tx.people.link_to(person_id)
    if other is not None and other.by != BY_EMAIL:
        return _Found(None, LINKED_ELSEWHERE, is_stored=link is None)
    is_stored = link is not None and link.person_id == person_id
    if not is_stored and tx.people.ages().old_parts(now):
        return _Found(None, NO_NEW_LINKS, is_stored=link is None)
    return _Found(person_id, email_match.reason, is_stored=is_stored)


def _same_address(tx: Tx, user: SlackUser) -> int:
    """How many Slack accounts are known to have this user's address, deactivated ones aside."""
    if not user.email:
        return 0
    others = {one.user_id for one in tx.people.slack_users_with(user.email) if one.not_allowed_reason != "deactivated"}
    return len(others | {user.user_id})
