"""What the duties need of the world, as protocols: iSpring, Slack, the database and time.

`jobs/` and `chat/` know these and nothing behind them; `service.py` introduces who fulfils them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol, TypeVar

from bot.core.access import Reach
from bot.core.delivery import (
    AppRefused,
    DestinationGone,
    EditResult,
    LookResult,
    NotSent,
    PostResult,
    Throttled,
)
from bot.core.directory import Directory
from bot.core.keeping import KeepingRows
from bot.core.model import (
    Change,
    ChecklistSummary,
    Delivery,
    DeliveryState,
    Department,
    Destination,
    Details,
    Link,
    Message,
    Notice,
    Person,
    Preferences,
    Rule,
    RuleState,
    Session,
    SessionFacts,
    SessionKey,
    SessionRecord,
    SlackUser,
    Targets,
    Viewer,
)
from bot.core.query import Query

T = TypeVar("T")


# ---- time --------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """The wall for what is stored, a monotonic second for waits inside the process."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None: ...


# ---- iSpring -----------------------------------------------------------------------------------------------------


class Slice(Protocol):
    """A piece of a listing. Making facts of a row costs far more than comparing it: ask only for those that changed."""

    @property
    def rows(self) -> Sequence[tuple[str, str, bytes]]:
        """(session id, employee id, fingerprint) of each row understood, in iSpring's order; ids in lower case.

        The fingerprint (8 bytes) stands for every field and for how dates are read.
        """
        ...

    @property
    def set_aside(self) -> Sequence[str]:
        """One line per row that could not be understood: where and why, no names."""
        ...

    def facts(self, index: int) -> SessionFacts:
        """What `rows[index]` says, its dates read."""
        ...


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What the dates read so far prove about their order, and how many of them can't be true.

    `day_first` and `month_first` count dates that allow one order only; `unreadable` those no rule fits;
    `backwards` sessions that end before they start; `ahead` completions more than a day in the future.
    """

    order: str  # the setting: "dmy" or "mdy"
    day_first: int = 0
    month_first: int = 0
    unreadable: int = 0
    backwards: int = 0
    ahead: int = 0

    @property
    def contradicts_order(self) -> bool:
        """Whether some date proves that the other order is in use."""
        return (self.month_first if self.order == "dmy" else self.day_first) > 0


class Listing(Protocol):
    """One answer of iSpring's list of sessions, spooled to a file; leaving its context deletes it.

    `requested_at` is from before the request went out; `digest` is of its bytes and of how dates are read.
    """

    @property
    def requested_at(self) -> datetime: ...

    @property
    def digest(self) -> bytes: ...

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    @property
    def date_evidence(self) -> DateEvidence:
        """Of the rows asked for their facts so far."""
        ...

    def slices(self) -> Iterator[Slice]:
        """The rows, a few thousand at a time. Plain and slow: for a store's thread, never for the event loop.

        Raises TrainingUnreadable where it is no list of sessions: nothing of it may be applied, slices that came
        before included.
        """
        ...


class Training(Protocol):
    """Reads iSpring Learn. Every method raises TrainingError's branches and nothing else."""

    def list_sessions(self) -> AbstractAsyncContextManager[Listing]: ...

    async def details(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        """Criteria and areas of completed sessions; a session iSpring has none for yet is absent from the answer."""
        ...

    async def people(self) -> Sequence[Person]: ...

    async def departments(self) -> Sequence[Department]: ...


# ---- Slack -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation as Slack describes it to the bot."""

    channel_id: str
    name: str
    is_member: bool
    is_private: bool
    is_archived: bool
    is_shared_outside: bool
    is_direct: bool = False  # a direct message, of two or of several


class Messenger(Protocol):
    """Speaks to Slack's Web API. Posts, edits and looks answer with values; questions raise MessengerError."""

    async def post(self, channel: str, message: Message, *, delivery_id: str) -> PostResult: ...

    async def edit(self, channel: str, ts: str, message: Message) -> EditResult: ...

    async def look(self, channel: str, *, delivery_id: str, since: float) -> LookResult:
        """Whether a delivery is in a conversation; `since` is in Slack's own Unix seconds."""
        ...

    def slack_time(self) -> float:
        """Slack's own clock now, in Unix seconds, from the Date of its answers; ours until it has answered once."""
        ...

    async def check_token(self) -> None:
        """Asks Slack whether it still takes our token; raises MessengerError where not."""
        ...

    async def open_dm(self, user_id: str) -> str:
        """The conversation with a person (D…); idempotent."""
        ...

    async def user(self, user_id: str) -> SlackUser: ...

    async def user_by_email(self, email: str) -> SlackUser | None: ...

    async def channel(self, channel_id: str) -> Channel: ...

    async def members(self, channel_id: str) -> frozenset[str]: ...

    async def permalink(self, channel: str, ts: str) -> str | None: ...

    async def open_modal(self, trigger_id: str, view: Mapping[str, object]) -> str:
        """The id of the view opened. A trigger is good once and for three seconds."""
        ...

    async def update_modal(self, view_id: str, view: Mapping[str, object]) -> None: ...

    async def publish_home(self, user_id: str, view: Mapping[str, object]) -> None: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """The Slack user an iSpring person is, or None, and why."""

    user: SlackUser | None
    why: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody in Slack is behind this destination; `why` is fit for `outbox why`."""

    why: str


class Contacts(Protocol):
    """Who is who between Slack and iSpring, remembered in the store so that Slack is asked once a day at most."""

    async def user(self, user_id: str) -> SlackUser:
        """Somebody as Slack describes them. Raises MessengerError where they are not known and can't be asked for."""
        ...

    async def viewer(self, user_id: str) -> Viewer:
        """Who asks and what ties them to iSpring, with the reason; never an error."""
        ...

    async def user_of(self, person_id: str) -> Contact:
        """The Slack user an iSpring person is. Raises MessengerError where Slack must be asked and can't be."""
        ...

    async def conversation(
        self, destination: Destination
    ) -> str | Nobody | Throttled | NotSent | DestinationGone | AppRefused:
        """Slack's id of the conversation a destination means: the channel, or D… for people."""
        ...


# ---- the database ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of a listing once everything we already know is taken out."""

    changed: Sequence[tuple[SessionFacts, bytes]]  # with its fingerprint; a key listed twice counts once, last wins
    missing: Sequence[SessionKey]  # known, not marked missing, not in this listing; none where rows were set aside
    back: Sequence[SessionKey]  # marked missing, in this listing again
    listed: int  # different sessions in this listing
    known: int  # sessions stored and not marked missing
    set_aside: Sequence[str]
    duplicates: int
    left_over: int = 0  # rows that differ too, beyond the most that were asked for


@dataclass(frozen=True, slots=True)
class PollReport:
    """How one poll went. `error` is fit to be shown to an admin; empty where it went well."""

    started_at: datetime
    ended_at: datetime
    listed: int = 0
    changed: int = 0
    unchanged: bool = False
    set_aside: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class PollState:
    """What `/ojt status` says about reading: the last try, the last that went well, and the baseline."""

    last: PollReport | None
    last_good_at: datetime | None
    baseline_at: datetime | None
    sessions: int
    created_at: datetime  # of the database


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer: the sessions asked for and how many match in all."""

    sessions: Sequence[Session]
    total: int


class SessionRows(Protocol):
    """Sessions and everything that hangs on one."""

    def listing_digest(self) -> bytes | None: ...

    def narrow(self, slices: Iterable[Slice], *, most: int | None = None, is_part: bool = False) -> Narrowed:
        """Compares a listing, or a part of one, with what is stored; writes nothing.

        Of more than `most` changed sessions the rest are only counted; then, and of a part, nobody is called missing.
        """
        ...

    def write_baseline(self, rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime) -> None:
        """Stores a slice of the first listing: no change, no notice. Doing it again is harmless."""
        ...

    def finish_baseline(self, digest: bytes, now: datetime) -> None: ...

    def get(self, key: SessionKey) -> Session | None: ...

    def save(self, change: Change, fingerprint: bytes) -> None:
        """Stores what a change leads to, its history line, and the edits its cards owe."""
        ...

    def note_unchanged(self, key: SessionKey, fingerprint: bytes) -> None:
        """A row that looks different but says the same (dates read in another way): it is not to be asked of again."""
        ...

    def mark_missing(self, keys: Collection[SessionKey], now: datetime) -> None: ...

    def mark_back(self, keys: Collection[SessionKey]) -> None: ...

    def remember_listing(self, digest: bytes) -> None: ...

    def record(self, key: SessionKey) -> SessionRecord | None: ...

    def starting_with(self, prefix: str, reach: Reach) -> Sequence[Session]:
        """The sessions whose id starts like this (any case) and that the asker may see; at most 25."""
        ...

    def search(
        self,
        query: Query,
        reach: Reach,
        directory: Directory,
        now: datetime,
        limit: int,
        offset: int = 0,
        zone: tzinfo = UTC,
    ) -> Found:
        """What matches and the asker may see, newest completion first, or as the query sorts; without what iSpring no
        longer lists. `zone` is the asker's: their days begin there."""
        ...

    def to_do(self, observer_id: str, limit: int) -> Sequence[Session]:
        """Sessions this observer has planned or in progress, the longest due first."""
        ...

    def short_id(self, key: SessionKey) -> str: ...

    def owe_details(self, keys: Collection[SessionKey]) -> None: ...

    def details_owed(self, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
        """Whose criteria to fetch next: completed since then, newest first, not asked for in vain just now."""
        ...

    def save_details(self, key: SessionKey, details: Details, now: datetime) -> None: ...

    def details_in_vain(self, key: SessionKey, now: datetime) -> None:
        """Counts a fetch that brought nothing; after enough of them the details are given up."""
        ...

    def acknowledge(self, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
        """False where this person already had."""
        ...

    def targets(self) -> Targets: ...

    def set_target(self, checklist_id: str | None, percent: float | None, who: str, now: datetime) -> None: ...

    def initial_target(self, percent: float | None) -> None:
        """PASS_TARGET: counts only while nobody set one from Slack."""
        ...

    def checklists(self, reach: Reach) -> Sequence[ChecklistSummary]: ...

    def is_new_status(self, status: str) -> bool:
        """True once per spelling, the first time it is asked about."""
        ...

    def catch_up(self) -> datetime | None:
        """When the copy was made that this database was restored from, until a poll has caught up; else None. What was
        completed since then may have been told: it is recorded and counted, not posted."""
        ...

    def end_catch_up(self) -> None: ...

    def note_poll(self, report: PollReport) -> None: ...

    def poll_state(self) -> PollState: ...


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Deliveries and notices by what is to become of them; `oldest_at` is of the oldest still waiting."""

    waiting: int
    sending: int
    unsure: int
    held: int
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
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice and where it stands, for `why` and `outbox list`.

    A session that a summary counts instead of a card stands where the summary stands: `delivery`, `ended` and
    `attempts` are the summary's, which is `counted_in`.
    """

    notice: Notice
    owed_at: datetime
    delivery: Delivery | None
    ended: str  # why it will not be sent, "" while it may be
    attempts: Sequence[Attempt]
    counted_in: Notice | None = None


@dataclass(frozen=True, slots=True)
class CountedSession:
    """A session that a summary counts, as it is now, and the rules it was counted for."""

    session: Session
    rule_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A destination that can't be written to for now, and how many notices wait for it."""

    destination: Destination
    why: str
    since: datetime | None  # None for what was held before this was noted
    waiting: int


class OutboxRows(Protocol):
    """What is owed and what became of it. Times are the caller's; only stored ones are compared."""

    def owe(self, notice: Notice, now: datetime, not_before: datetime | None = None) -> bool:
        """False where the same subject is already owed to or told at this destination: its rules are added to it.

        A session's second subject (its turn to below target or failed) is not owed while a card of that session waits
        at the destination, for that will show it; and waits itself while it is unsure whether one was posted.
        """
        ...

    def count_in(
        self, summary: Notice, members: Collection[Notice], now: datetime, not_before: datetime | None = None
    ) -> int:
        """Owes one summary instead of these cards, all at one destination; how many it counts that nothing told.

        A member that is owed or told there already is left alone; where none is left and nothing follows
        (`facts["follow"]`), nothing is owed. What an outage counts joins the summary of an outage that still waits.
        """
        ...

    def fold_late(
        self, summary: Notice, owed_before: datetime, now: datetime, not_before: datetime | None = None
    ) -> int:
        """Counts in a summary the cards that wait at its destination since before then and that nobody has tried to
        post; not those that were already left to be posted when an earlier outage was summed up. How many."""
        ...

    def waits_since(self, destination: Destination) -> datetime | None:
        """Since when a session's card waits there that nobody has tried to post, None where none does."""
        ...

    def counted(self, notice_id: int) -> Iterable[CountedSession]:
        """What a summary counts."""
        ...

    def recover(self, now: datetime) -> int:
        """At the start: what was being sent when a process died becomes unsure. How many."""
        ...

    def retime(self, now: datetime, by: timedelta) -> None:
        """The time of day was turned by so much: looks come neither early nor late, and nothing else late. Zero where
        it is not known whether it was turned (at the start): what seems to be of the future is brought back."""
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
        """A sent delivery whose card shows less than is known by now; not claimed again for a minute."""
        ...

    def looks_due(self, now: datetime, limit: int) -> Sequence[Delivery]: ...

    def next_due_at(self) -> datetime | None:
        """When something will be due that is not yet: a wait, a look, an edit."""
        ...

    def save(self, delivery: Delivery, attempt: Attempt | None) -> None:
        """Stores what became of a delivery (as `core.delivery` decided) unless it is final by now."""
        ...

    def save_edit(
        self, delivery_id: str, versions: Mapping[int, int], due_at: datetime | None, ended: str, attempt: Attempt
    ) -> None:
        """Stores an edit: the version each notice id now shows; or when to try again; or why never again."""
        ...

    def place(self, delivery_id: str, channel: str) -> None:
        """Remembers the conversation a person's delivery goes to, before its first attempt."""
        ...

    def drop_notices(self, notice_ids: Collection[int], why: str) -> None:
        """Ends notices that nobody wants any more or may see; a delivery left without any is dropped."""
        ...

    def hold(self, destination: Destination, why: str, now: datetime) -> None:
        """Nothing goes there until it is released; the rules that post there pause with the same reason."""
        ...

    def release(self, destination: Destination, now: datetime) -> int:
        """What waited goes out, the rules that paused with it go on. How much was released."""
        ...

    def held(self) -> Sequence[Held]:
        """The longest held first."""
        ...

    def look_due(self, asked_before: datetime, limit: int) -> Sequence[str]:
        """Channels that rules post to or that are held, of which Slack was not asked since; the longest ago first."""
        ...

    def note_look(self, destination: Destination, now: datetime) -> None: ...

    def move(self, old_channel: str, new_channel: str, now: datetime) -> None:
        """A channel has another id: everything stored under the old one follows it, also what is owed to it later."""
        ...

    def told_before(self, destination: Destination, delivery_id: str) -> bool:
        """Whether any message was posted there before this one."""
        ...

    def refuse_app(self, why: str) -> None:
        """Pauses all sending with its reason; "" lifts the pause."""
        ...

    def app_refused(self) -> str: ...

    def get(self, delivery_id: str) -> Delivery | None: ...

    def at(self, channel: str, ts: str) -> Delivery | None:
        """The delivery behind a message, for the buttons on it."""
        ...

    def find(self, destination: Destination, subject: str) -> Told | None: ...

    def list(self, states: Collection[DeliveryState], limit: int) -> Sequence[Told]: ...

    def why(self, key: SessionKey) -> Sequence[Told]: ...

    def retry(self, delivery_id: str, now: datetime) -> bool:
        """Puts a dead or held delivery back in line; False where there is none such."""
        ...

    def drop(self, delivery_id: str, why: str) -> bool: ...

    def counts(self) -> OutboxCounts: ...


class RuleRows(Protocol):
    def add(self, destination: Destination, owner: str, query: str, state: RuleState, now: datetime) -> Rule: ...

    def get(self, rule_id: int) -> Rule | None: ...

    def all(self, states: Collection[RuleState] = ()) -> Sequence[Rule]:
        """By number; every state where none is named."""
        ...

    def at(self, destination: Destination) -> Sequence[Rule]:
        """The rules of a destination that are not ended."""
        ...

    def set_state(self, rule_id: int, state: RuleState, why: str, now: datetime) -> None:
        """Becoming active the first time sets `active_since`; a pause and its end leave it."""
        ...

    def rest(self, rule_id: int, why: str) -> None:
        """Pauses one rule while others of its channel go on: what only it carries waits until it is resumed."""
        ...

    def resume(self, rule_id: int, now: datetime) -> None:
        """Goes on with a paused rule; where its destination is held, together with that."""
        ...

    def take_over(self, rule_id: int, owner: str, now: datetime) -> None:
        """As `resume`, with another owner."""
        ...

    def audience(self, rule_id: int) -> str:
        """ "private" or "public": what its owner knows its channel to be; "" while that was not noted."""
        ...

    def note_audience(self, rule_id: int, audience: str) -> None: ...

    def default_channel_made(self, channel_id: str) -> bool:
        """Whether DEFAULT_CHANNEL's rule was ever made for this channel."""
        ...

    def note_default_channel(self, channel_id: str) -> None: ...


class PeopleRows(Protocol):
    """iSpring's people and places, Slack's users, and the ties between them."""

    def replace_directory(self, people: Sequence[Person], departments: Sequence[Department], now: datetime) -> None: ...

    def directory(self) -> Directory:
        """Kept in memory and read anew only when it changed."""
        ...

    def directory_at(self) -> datetime | None: ...

    def observers_since(self, since: datetime) -> Collection[str]:
        """Ids of the active people who observed a session completed since then."""
        ...

    def save_slack_user(self, user: SlackUser, now: datetime) -> None: ...

    def slack_user(self, user_id: str) -> tuple[SlackUser, datetime] | None:
        """As last seen, and when."""
        ...

    def slack_users_with(self, email: str) -> Sequence[SlackUser]: ...

    def note_no_slack_user(self, email: str, now: datetime) -> None: ...

    def no_slack_user_since(self, email: str) -> datetime | None: ...

    def link(self, slack_user_id: str, person_id: str, by: str, email: str | None, now: datetime) -> None: ...

    def unlink(self, slack_user_id: str) -> None: ...

    def linked_person(self, slack_user_id: str) -> str | None: ...

    def linked_user(self, person_id: str) -> str | None: ...

    def links(self) -> Sequence[Link]:
        """Every link, by Slack user id; those that rest because an address changed too."""
        ...

    def link_of(self, slack_user_id: str) -> Link | None: ...

    def link_to(self, person_id: str) -> Link | None: ...

    def sever(self, slack_user_id: str, by: str, now: datetime) -> None:
        """Ends an account's link, and ties it to nobody by e-mail until an admin links it again."""
        ...

    def severed_by(self, slack_user_id: str) -> str | None:
        """Who said that an account's e-mail address ties it to nobody, None where nobody did."""
        ...

    def preferences(self, slack_user_id: str) -> Preferences: ...

    def set_preferences(self, slack_user_id: str, preferences: Preferences) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrouble:
    """Something that is wrong now: its code, since when, and what its sentence needs."""

    code: str
    since: datetime
    facts: Mapping[str, str | int | float | None]


class TroubleRows(Protocol):
    """What is wrong at the moment, one row per code."""

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> OpenTrouble | None:
        """Remembers a trouble with its newest facts; answers it where it is new, None where it was there before."""
        ...

    def end(self, code: str) -> OpenTrouble | None:
        """Forgets a trouble; answers it, None where there was none."""
        ...

    def all(self) -> Sequence[OpenTrouble]:
        """The oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Who did what and when: ids only."""

    at: datetime
    who: str
    verb: str
    subject: str


class LedgerRows(Protocol):
    def write(self, who: str, verb: str, subject: str, now: datetime) -> None: ...

    def entries(self, limit: int) -> Sequence[LedgerEntry]:
        """Newest first."""
        ...


class Tx(Protocol):
    """One transaction's view of the database: everything done through it commits together or not at all."""

    @property
    def sessions(self) -> SessionRows: ...
    @property
    def outbox(self) -> OutboxRows: ...
    @property
    def rules(self) -> RuleRows: ...
    @property
    def people(self) -> PeopleRows: ...
    @property
    def ledger(self) -> LedgerRows: ...
    @property
    def keeping(self) -> KeepingRows: ...
    @property
    def troubles(self) -> TroubleRows: ...


class Store(Protocol):
    """The one door to the database. `work` is a plain function: no await can sit inside a transaction.

    Raises StoreBusy or StoreUnusable; what `work` raises comes through and rolls back.
    """

    async def transact(self, work: Callable[[Tx], T]) -> T: ...

    async def read(self, work: Callable[[Tx], T]) -> T: ...


# ---- people who ask, as Slack brings them ---------------------------------------------------------------------------


class Reply(Protocol):
    """Answers whoever asked, privately: through `response_url` while it lasts."""

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        """False where Slack did not take it; asking again is up to the person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Somebody typed the slash command; `text` is what stands behind it."""

    user_id: str
    channel_id: str
    text: str
    trigger_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody used a button or menu; `value` comes from the client and proves nothing about rights."""

    user_id: str
    action: str
    value: str
    trigger_id: str
    channel_id: str | None = None
    message_ts: str | None = None
    view_id: str | None = None
    is_ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Somebody submitted a modal; `values` maps input names to what was entered."""

    user_id: str
    form: str
    values: Mapping[str, str]
    private: str
    view_id: str


class Reception(Protocol):
    """Where people's requests arrive, after Slack has been told that they did."""

    async def command(self, asked: Command, reply: Reply) -> None: ...

    async def press(self, pressed: Press, reply: Reply) -> None: ...

    async def submit(self, submitted: Submission) -> Mapping[str, str]:
        """Mistakes by input name; empty where all is well. Answered before Slack is told: no network in here."""
        ...

    async def home(self, user_id: str) -> None: ...

    async def said(self, user_id: str, channel_id: str, text: str, thread_ts: str | None) -> Message | None:
        """The answer to a mention or a direct message; None where there is nothing to say."""
        ...

    async def channel_changed(self, channel_id: str, says: str) -> None:
        """Something became of a channel: Slack is asked how it is now.

        `says` is why nothing can be posted there according to the event, "" where it says no such thing; it counts
        only while Slack can't be asked.
        """
        ...

    async def channel_moved(self, old_id: str, new_id: str) -> None:
        """A channel has another id from now on."""
        ...

    async def person_changed(self, user_id: str) -> None:
        """Something in a Slack account changed: address, rights, or that it is no longer there."""
        ...
