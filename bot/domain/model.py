"""The values that all parts exchange: frozen, with aware UTC datetimes only.

A *listing* is a response of iSpring's; each of its rows is a `SessionFacts`. The stored row is a `Session`. The
difference between the two is a `Change`. What one destination is to get because of it is a `Notification`. One Slack
message that carries one or more notifications is a `Delivery`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from bot.domain.errors import Remedy
from bot.domain.reasons import ReasonCode

# ---- what iSpring says -------------------------------------------------------------------------------------------


class SessionKey(NamedTuple):
    """One employee's part of one session: iSpring may share a session id among several employees. Lower-case ids."""

    # A tuple, as `Moment` and `SessionFacts`: a listing makes millions of them, in half of a frozen class's time.

    session_id: str
    employee_id: str


class Moment(NamedTuple):
    """A date as iSpring spelled it and, where it could be understood, the instant it means (UTC)."""

    raw: str | None = None
    at: datetime | None = None


NO_DATE = Moment()


class SessionFacts(NamedTuple):
    """One row of a listing. `status` is iSpring's own word; `result` is in percent; points may be fractions."""

    key: SessionKey
    checklist_id: str
    checklist_title: str
    observer_id: str
    status: str
    scheduled: Moment = NO_DATE
    started: Moment = NO_DATE
    finished: Moment = NO_DATE
    result: float | None = None
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One line of the checklist. A skipped criterion has neither points nor total points."""

    criterion_id: str
    title: str
    area_id: str
    skipped: bool
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class AreaResult:
    """One competency area (iSpring's API: criterion group)."""

    area_id: str
    title: str
    result: float | None = None
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What only a completed session has: its criteria and competency areas, in iSpring's order.

    `areas_known` is False if the criteria came and the areas could not be read.
    """

    areas: tuple[AreaResult, ...] = ()
    criteria: tuple[CriterionResult, ...] = ()
    areas_known: bool = True

    @property
    def answered(self) -> int:
        """How many criteria were graded."""
        return sum(not criterion.skipped for criterion in self.criteria)

    @property
    def total(self) -> int:
        """How many criteria there are, the skipped ones included."""
        return len(self.criteria)


class PersonStatus(StrEnum):
    """iSpring's 1, 3 and 5; anything else is unknown and counts as not active."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    LEFT = "left"
    UNKNOWN = "unknown"


class Subordination(StrEnum):
    """How a person's supervisor is determined."""

    MANUAL = "manual"
    INHERIT = "inherit"
    NONE = "no_supervisor"


class Supervision(StrEnum):
    """Whom a supervisor supervises: their people and in turn the people of these, or only their people."""

    CHAIN = "chain"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody iSpring knows. `email` is lower-case; `name` is what to show, never empty."""

    person_id: str
    name: str
    email: str | None = None
    job_title: str | None = None
    department_id: str | None = None
    status: PersonStatus = PersonStatus.ACTIVE
    subordination: Subordination = Subordination.INHERIT
    supervisor_id: str | None = None
    manages_departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A place in the tree; the root has no parent. `supervisor_id` only where set by hand."""

    department_id: str
    name: str
    parent_id: str | None = None
    subordination: Subordination = Subordination.INHERIT
    supervisor_id: str | None = None


# ---- what we make of it ------------------------------------------------------------------------------------------


class OutcomeKind(StrEnum):
    """What a result means to us; iSpring's PASSED only says completed."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    MET = "met"
    BELOW = "below"
    CRITICAL = "critical"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether there is a result to tell of."""
        return self in _OVER

    @property
    def is_failing(self) -> bool:
        """Whether `outcome:failed` means it: below target, critical or failed."""
        return self in _FAILING


# Tuples: each member would hash itself in Python, for every row of a listing.
_FAILING = (OutcomeKind.BELOW, OutcomeKind.CRITICAL, OutcomeKind.FAILED)
_OVER = (OutcomeKind.COMPLETED, OutcomeKind.MET, *_FAILING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a result means, and from which numbers. `score` and `target` are percentages, unrounded; `status` is
    iSpring's. `critical`: the titles of the critical criteria that got zero, in iSpring's order, if that is why."""

    kind: OutcomeKind
    score: float | None
    target: float | None
    status: str
    critical: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """See `OutcomeKind.is_over`."""
        return self.kind.is_over

    @property
    def is_failing(self) -> bool:
        """See `OutcomeKind.is_failing`."""
        return self.kind.is_failing


class DetailsState(StrEnum):
    """Whether the criteria of a completed session are here."""

    NONE = "none"  # nothing to fetch: not completed
    PENDING_FETCH = "owed"  # completed, not fetched yet
    FETCHED = "fetched"
    UNAVAILABLE = "unavailable"  # iSpring has none for it, asked often enough


@dataclass(frozen=True, slots=True)
class CriticalCriterion:
    """A criterion of one checklist whose zero fails a session. It is recognised by iSpring's id, "" if it has none, or
    by its exact title: iSpring does not promise that an edited checklist keeps the ids of its criteria."""

    criterion_id: str
    title: str

    def is_this(self, criterion: CriterionResult) -> bool:
        """Whether a line of that checklist is this criterion."""
        return (bool(self.criterion_id) and criterion.criterion_id == self.criterion_id) or (
            bool(self.title) and criterion.title == self.title
        )


class TargetScope(StrEnum):
    """Which target was in force: the one for all checklists, or the checklist's own."""

    ALL = "all"
    CHECKLIST = "checklist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One employee's session as stored.

    `version` rises with every stored change (a result, the criteria, an acknowledgement): a card shows one version.
    `target` is the one in force when the session was completed, None if none was set; `target_scope` says whose it is,
    None if that was not stored. `critical` are the critical criteria in force then, None for none; `critical_failed`
    the titles of those that got zero, as the criteria said that were read last.
    `completed_as` is the outcome of the last completion, kept while the session is re-opened; None if it never was.
    `completion` is the number of the completion that is, or that comes next: it rises when the session is re-opened.
    """

    facts: SessionFacts
    version: int
    target: float | None
    first_seen_at: datetime
    changed_at: datetime
    missing_since: datetime | None = None
    details: DetailsState = DetailsState.NONE
    completed_as: OutcomeKind | None = None
    completion: int = 1
    target_scope: TargetScope | None = None
    critical: tuple[CriticalCriterion, ...] | None = None
    critical_failed: tuple[str, ...] | None = None

    @property
    def key(self) -> SessionKey:
        return self.facts.key


class News(StrEnum):
    """What becomes of a change."""

    NONE = "none"  # stored, no notification
    POST = "post"  # a new card
    EDIT = "edit"  # the cards already posted are edited
    EDIT_AND_POST = "edit_and_post"  # edited, and one new card, because an edit notifies no one
    COUNT = "count"  # counted in one line: too old to be news


class ChangeKind(StrEnum):
    APPEARED = "appeared"  # first seen, not completed
    MOVED = "moved"  # planned, started, rescheduled, renamed: everything before completion
    COMPLETED = "completed"
    CORRECTED = "corrected"
    REOPENED = "reopened"
    RETITLED = "retitled"  # completed and its result is the same, but another field changed
    CHECKED = "checked"  # its criteria came, and with them another verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The step from what we remembered to what a listing says, why it counts as that, and what to do about it.

    `became_failing`: it had been completed before, and only now, or again in a new completion, is below target,
    critical or failed: a card of its own says so.
    """

    kind: ChangeKind
    news: News
    reason: str
    before: Session | None
    after: Session
    became_failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One stored change of a session, for `show` and the card's history line. Scores in percent."""

    at: datetime
    version: int
    kind: ChangeKind
    old: Outcome | None
    new: Outcome


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who said they have seen a bad result, and when."""

    slack_user_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Everything that is stored of one session. `acknowledgements` are those of `session.completion`, while it is not
    completed again those of the completion before. `previous` is this employee's last completed session on the same
    checklist before this one; check `domain.permissions` before showing it."""

    session: Session
    short_id: str
    details: Details | None = None
    history: tuple[HistoryEntry, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    previous: Session | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """What our people expect: a percentage for all, one per checklist id where set, and the critical criteria by
    checklist id."""

    default: float | None = None
    per_checklist: Mapping[str, float] = field(default_factory=dict)
    critical: Mapping[str, tuple[CriticalCriterion, ...]] = field(default_factory=dict)

    def of(self, checklist_id: str) -> float | None:
        """The target in force for a checklist, None if none is set."""
        return self.per_checklist.get(checklist_id, self.default)

    def scope_of(self, checklist_id: str) -> TargetScope | None:
        """Whose target that is, None if none is set."""
        if checklist_id in self.per_checklist:
            return TargetScope.CHECKLIST
        return None if self.default is None else TargetScope.ALL

    def critical_of(self, checklist_id: str) -> tuple[CriticalCriterion, ...] | None:
        """The critical criteria of a checklist, None if there are none."""
        return self.critical.get(checklist_id) or None


# ---- who is notified ---------------------------------------------------------------------------------------------

OPERATOR = "operator"  # owner of what the command line or DEFAULT_CHANNEL made: counts as admin


class DestinationKind(StrEnum):
    CHANNEL = "channel"
    PERSON = "person"  # an iSpring person: their Slack user is looked up when sending
    USER = "user"  # a Slack user


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """Where a notification goes. Its text form `channel:C0123` is stored in rows and logged."""

    kind: DestinationKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Destination":
        kind, _, ident = text.partition(":")
        return cls(DestinationKind(kind), ident)


class RuleState(StrEnum):
    PENDING = "pending"  # its intro is not posted yet
    ACTIVE = "active"
    PAUSED = "paused"  # its channel can't be reached; resumes when the bot is back
    ENDED = "ended"


class RuleForm(StrEnum):
    """What a rule sends."""

    RESULTS = "results"  # a card for each completed session
    DIGEST = "digest"  # the figures of a period
    REMINDER = "reminder"  # what is planned or unfinished


class NamesShown(StrEnum):
    """How the messages of a rule call people."""

    FULL = "full"
    INITIALS = "initials"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """What a rule sends, when and how.

    `schedule`: in its canonical form, `weekly mon 09:00`, in the IANA zone `zone`; None for at once. `edits`: whether a
    correction changes the cards that were posted; what the owner may not see any more is redacted in any case.
    `only_to_act`: a digest comes only when action is needed, and once a month as a sign of life.
    """

    form: RuleForm = RuleForm.RESULTS
    schedule: str | None = None
    zone: str | None = None
    edits: bool = True
    names: NamesShown = NamesShown.FULL
    only_to_act: bool = False


DEFAULT_OPTIONS = RuleOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a channel or a person gets. It matches only listings requested after `active_since`, when its introduction
    was first tried; that of a person's rule is the answer to the command that made it.

    `owner` is a Slack user id or `OPERATOR`; `query` is canonical text of `bot.query` with people by id, ""
    for every completed session. `resumes_at`: the end of a pause made by a person. `offered_to`: the Slack user who
    may take it over. `scheduled_since`: when its schedule was set, None without one.
    """

    rule_id: int
    destination: Destination
    owner: str
    query: str
    state: RuleState
    created_at: datetime
    active_since: datetime | None = None
    reason_code: ReasonCode = ReasonCode.NONE
    reason: str = ""
    options: RuleOptions = DEFAULT_OPTIONS
    resumes_at: datetime | None = None
    offered_to: str | None = None
    scheduled_since: datetime | None = None


class NotificationKind(StrEnum):
    """What a notification is about; each kind has one renderer in `blocks.notifications`."""

    SESSION = "session"  # a session's result
    COUNTED = "counted"  # a digest: completions counted instead of posted one by one
    OUTAGE = "away"  # the digest of an outage of Spotter, iSpring or Slack
    RECAP = "recap"  # what a mute held back; `facts["mute"]` is its number
    INTRO = "intro"  # a rule introduces itself to its channel
    RULE_PAUSED = "rule_paused"  # to a rule's owner
    RULE_OFFERED = "rule_offered"  # to who may take a rule over; `facts["by"]` offers it
    OPS = "ops"  # an alert, to OPS_CHANNEL
    DIGEST = "digest"  # the figures of a period, as a rule's schedule says
    REMINDER = "reminder"  # what is planned, or late
    SHARED = "shared"  # a session shared with a channel by a person; `facts["by"]` is that person


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What one destination is to get. `subject` is its unique key there: enqueueing it twice enqueues it once.

    `facts` holds numbers and ids only; texts are rendered when it is sent. `mutes`: the numbers of the mutes that hold
    it until the last of them is over.
    """

    kind: NotificationKind
    destination: Destination
    subject: str
    reason: str
    session: SessionKey | None = None
    rule_ids: tuple[int, ...] = ()
    mutes: tuple[int, ...] = ()
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)


# The version shown where a card shows nothing of a session: it is not stored any more, or another company reads along.
TAKEN_BACK = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotification:
    """A notification as stored. `shown_version` is the session version that its card shows: None before it is sent, 0
    if it is not known, or `TAKEN_BACK`."""

    notification_id: int
    notification: Notification
    created_at: datetime
    shown_version: int | None = None


@dataclass(frozen=True, slots=True)
class DigestCounts:
    """What a digest counts, as far as its readers may see it. `failing`: below target, critical or failed. `since`: the
    earliest completion among them, None if none has a known date. `waits`: why it can't be said yet what they may see,
    or ""."""

    sessions: int = 0
    failing: int = 0
    since: datetime | None = None
    waits: str = ""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"  # may have been posted: read back before it is sent again
    SENT = "sent"
    FAILED = "failed"  # Slack rejects it, with its reason
    CANCELLED = "cancelled"  # not wanted any more, with its reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One Slack message that carries notifications, and its state.

    `channel` and `ts` are Slack's, None until known (a person's D… id may be known before the first attempt).
    `attempts`: those that count. `read_backs`: complete readings of the conversation since the last attempt.
    `slack_time`: Slack's own clock, in Unix seconds, when the last attempt began. `text_only`: rejected once with
    blocks. `resent_unverified`: sent again once although the conversation may not be read; not a second time.
    `slack_error`: the unknown error that the last attempt ended with, else "".
    """

    delivery_id: str
    destination: Destination
    state: DeliveryState
    notifications: tuple[StoredNotification, ...]
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    read_backs: int = 0
    text_only: bool = False
    channel: str | None = None
    ts: str | None = None
    attempt_started_at: datetime | None = None
    attempt_ended_at: datetime | None = None
    slack_time: float | None = None
    resent_unverified: bool = False
    slack_error: str = ""
    reason_code: ReasonCode = ReasonCode.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack gets: `text` carries the full meaning (push, screen readers), `blocks` the layout. `rich`: the layout
    with kinds of blocks that not every workspace takes yet, shown instead where it does; empty if it is the same."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    rich: tuple[dict[str, Any], ...] = ()


# ---- who asks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackUser:
    """A Slack account. `email` is lower-case; `zone` an IANA name. `is_full_member`: of our own team, a person, not a
    guest, not deactivated, e-mail not known to be unconfirmed."""

    user_id: str
    email: str | None
    zone: str
    is_full_member: bool
    not_allowed_reason: str = (
        ""  # why it is no full member: "guest", "bot", "deactivated", "another company", "e-mail unconfirmed"
    )


BY_EMAIL = "email"  # how a link came about; anything else names the admin who confirmed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That a Slack account is an iSpring person's. `by` is BY_EMAIL or the Slack id of the admin who confirmed it;
    `email` is the address both had when it was tied by e-mail, else None."""

    slack_user_id: str
    person_id: str
    by: str
    email: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is proved of a viewer now. `identity`: Slack said within a day who they are, and no event doubts it since.
    `people`, `departments`: iSpring's were read recently enough for the rights that rest on them."""

    identity: bool = True
    people: bool = True
    departments: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks, and what ties them to iSpring. `reason` says how the link came about or why there is none, `remedy` who
    could change that there is none. `proof`: what a right may rest on; without it, it waits."""

    slack_user_id: str
    person_id: str | None
    is_admin: bool
    zone: str = "UTC"
    reason: str = ""
    remedy: Remedy = Remedy.LINK
    proof: Proof = Proof()


class DirectMessages(StrEnum):
    """What a person wants as direct messages about sessions they are in."""

    ALL = "all"
    BELOW = "below"  # only below target, critical or failed
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's own choices; None means the default of the settings."""

    as_observer: DirectMessages | None = None
    as_employee: DirectMessages | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what and when: ids and numbers only. `old` and `new`: the value before and after, "" for none."""

    at: datetime
    who: str
    verb: str
    subject: str
    old: str = ""
    new: str = ""
