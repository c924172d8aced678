"""What is owed, in the database, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.model import Delivery, DeliveryState, Destination, Notification, Session, SessionKey


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Deliveries and notices by what is to become of them; `oldest_at` is of the oldest that waits, is being sent or is
    unsure, and not held."""

    waiting: int
    sending: int
    unsure: int
    blocked: int
    dead: int
    sent: int
    edits: int
    oldest_at: datetime | None
    app_refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery, as kept for `why`."""

    started_at: datetime
    ended_at: datetime
    what: str  # "post", "look", "edit"
    result: str  # "sent", "throttled", "unsure", ...
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationStatus:
    """One notice and where it stands, for `why` and `outbox list`.

    A session that a summary counts instead of a card stands where the summary stands: `delivery`, `ended` and
    `attempts` are the summary's, which is `counted_in`.
    """

    notification: Notification
    created_at: datetime
    delivery: Delivery | None
    cancelled: str  # why it will not be sent, "" while it may be
    attempts: Sequence[Attempt]
    counted_in: Notification | None = None


@dataclass(frozen=True, slots=True)
class CountedSession:
    """A session that a summary counts, as it is now, and the rules it was counted for."""

    session: Session
    rule_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedDestination:
    """A destination that can't be written to for now, and how many notices wait for it."""

    destination: Destination
    reason: str
    since: datetime | None  # None for what was held before this was noted
    waiting: int


class OutboxRows(Protocol):
    """What is owed and what became of it. Times are the caller's; only stored ones are compared."""

    def enqueue(self, notification: Notification, now: datetime, not_before: datetime | None = None) -> bool:
        """False where the same subject is already owed to or told at this destination: its rules are added to it.

        A session's second subject (its turn to below target or failed) is not owed while a card of that session waits
        at the destination, for that will show it; and waits itself while it is unsure whether one was posted.
        """
        ...

    def count_in(
        self,
        summary: Notification,
        members: Collection[Notification],
        now: datetime,
        not_before: datetime | None = None,
    ) -> int:
        """Owes one summary instead of these cards, all at one destination; how many it counts that nothing told.

        A member that is owed or told there already is left alone; where none is left and nothing follows
        (`facts["follow"]`), nothing is owed. What an outage counts joins the summary of an outage that still waits.
        """
        ...

    def digest_overdue(
        self, summary: Notification, created_before: datetime, now: datetime, not_before: datetime | None = None
    ) -> int:
        """Counts in a summary the cards that wait at its destination since before then and that nobody has tried to
        post; not those that were already left to be posted when an earlier outage was summed up. How many."""
        ...

    def waits_since(self, destination: Destination) -> datetime | None:
        """Since when a session's card waits there that nobody has tried to post, None where none does."""
        ...

    def counted(self, notification_id: int) -> Iterable[CountedSession]:
        """What a summary counts."""
        ...

    def recover(self, now: datetime) -> int:
        """At the start: what was being sent when a process died becomes unsure, how many; all that is unsure is looked
        for twice from now on."""
        ...

    def clamp_due_times(self, now: datetime) -> None:
        """Moves each due time further away than `delivery.LONGEST_WAIT` to the end of that wait: it was written before
        the clock jumped back."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Destination]:
        """Destinations with something to post now, the longest waiting first."""
        ...

    def claim(self, destination: Destination, now: datetime, slack_time: float, new_id: str) -> Delivery | None:
        """Takes the next message for a destination and marks it `sending`, or None.

        A delivery that was tried before comes first, with its own id and notices. Else more than three waiting
        notices (two, for a person) become one grouped delivery of at most 25, below target first; its membership
        never changes again. `new_id` names a delivery made here.
        """
        ...

    def claim_edit(self, now: datetime) -> Delivery | None:
        """A sent delivery whose card shows less than is known by now, or what is not to be shown any more; not claimed
        again for a minute. None in a held channel, but for what is taken back where another company reads along."""
        ...

    def read_backs_due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """What is unsure and may be looked for now; at a destination that is held, only once it is released."""
        ...

    def next_due_at(self) -> datetime | None:
        """When something will be due that is not yet: a wait, a look, an edit."""
        ...

    def save(self, delivery: Delivery, attempt: Attempt | None) -> None:
        """Stores what became of a delivery (as `core.delivery` decided) unless it is final by now."""
        ...

    def save_edit(
        self, delivery_id: str, versions: Mapping[int, int], due_at: datetime | None, cancelled: str, attempt: Attempt
    ) -> None:
        """Stores an edit: the version each notice id now shows; or when to try again; or why never again."""
        ...

    def set_channel(self, delivery_id: str, channel: str) -> None:
        """Remembers the conversation a person's delivery goes to, before its first attempt."""
        ...

    def drop_notifications(self, notification_ids: Collection[int], reason: str) -> None:
        """Ends notices that nobody wants any more or may see; a delivery left without any is dropped."""
        ...

    def block(self, destination: Destination, reason: str, now: datetime) -> None:
        """Nothing goes there until it is released; the rules that post there pause with the same reason. What was seen
        at the last look counts no more."""
        ...

    def unblock(self, destination: Destination, now: datetime) -> int:
        """What waited goes out, the rules that paused with it go on. How much was released."""
        ...

    def blocked_reason(self, destination: Destination) -> str:
        """Why nothing goes to a destination for now, "" where it may."""
        ...

    def blocked(self) -> Sequence[BlockedDestination]:
        """The longest held first."""
        ...

    def checks_due(self, checked_before: datetime, limit: int) -> Sequence[str]:
        """Channels that rules post to or that are held, of which Slack was not asked since; the longest ago first."""
        ...

    def record_check(self, destination: Destination, now: datetime) -> None:
        """Slack said how a channel is, or that there is none."""
        ...

    def checked_at(self, destination: Destination) -> datetime | None:
        """When Slack last said how a channel is, None where it never did."""
        ...

    def concerns(self, destination: Destination) -> bool:
        """Whether anything is owed to a destination, or was told there."""
        ...

    def move(self, old_channel: str, new_channel: str, now: datetime) -> None:
        """A channel has another id: everything stored under the old one is rewritten."""
        ...

    def has_message_before(self, destination: Destination, delivery_id: str) -> bool:
        """Whether any message was posted there before this one."""
        ...

    def refuse_app(self, reason: str) -> None:
        """Pauses all sending with its reason; "" lifts the pause."""
        ...

    def app_refused(self) -> str: ...

    def get(self, delivery_id: str) -> Delivery | None: ...

    def at(self, channel: str, ts: str) -> Delivery | None:
        """The delivery behind a message, for the buttons on it."""
        ...

    def find(self, destination: Destination, subject: str) -> NotificationStatus | None: ...

    def list(
        self, states: Collection[DeliveryState], limit: int, *, newest_first: bool = False
    ) -> Sequence[NotificationStatus]: ...

    def number_in(self, states: Collection[DeliveryState]) -> int:
        """How many notices `list` would give without a limit."""
        ...

    def reason(self, key: SessionKey) -> Sequence[NotificationStatus]: ...

    def retry(self, delivery_id: str, now: datetime) -> bool:
        """Puts a dead or held delivery back in line; False where there is none such."""
        ...

    def drop(self, delivery_id: str, reason: str) -> bool: ...

    def counts(self) -> OutboxCounts: ...
