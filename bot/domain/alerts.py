"""Every alert: what is wrong with Spotter itself, when it is raised, and what to do about it.

An alert is stored while it is active. OPS_CHANNEL gets one message when it begins and one when it ends; `status`,
`check` and `/metrics` read the same registry. An entry with a `condition` is evaluated by the monitor; the others are
raised where they are seen: by a poll, a completeness check, a send, or a process that waits for the leader's lock. An
entry without `resolved` is an event that has no end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.directory_readings import DirectoryAges
from bot.domain.outbox import SHADOW_WEEK

POLL_LATE = timedelta(minutes=15)  # or five intervals if that is longer: shorter gaps end by themselves
STUCK = timedelta(minutes=30)  # that a due message may wait: more than the longest back-off, less than a shift
DISCONNECTED = timedelta(minutes=2)  # without commands: reconnecting takes seconds
UNNAMED_FOR = timedelta(hours=1)  # that results may wait for their observer's name: each poll may bring it
LEADER_SILENT = timedelta(minutes=2)  # without a sign of life, which is given every few seconds
DISK_LEFT = 200 * 1024 * 1024  # bytes; a listing of a large account is spooled beside the database
DISK_ENOUGH = 300 * 1024 * 1024  # bytes at which the alert ends: at DISK_LEFT it would come and go

Facts: TypeAlias = Mapping[str, str | int | float | None]  # ids and numbers that fill an alert's sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """An alert that is active now, since when, and the facts for its sentence."""

    code: str
    since: datetime
    facts: Facts


@dataclass(frozen=True, slots=True)
class MonitorInput:
    """What the monitor reads at one moment.

    `reading_since`: when this process began to poll. `last_poll_at`: when a poll last ended, None if none has.
    `waiting_since`: creation of the oldest message that can be sent and has no clear result yet. `disconnected_for`: in
    seconds. `disk_left`: in bytes, None if unknown. `directory`: when iSpring's people and departments were read.
    `shadow_since`: since when shadow mode is on, None if it is off; `shadow_closed`: why nothing can be shown in it.
    `unnamed`: the sessions whose observer iSpring has not named for UNNAMED_FOR, and for whom somebody waits.
    `shadow_unresolved`: what earlier shadow modes may have shown in a channel that can't be read back, None if nothing.
    """

    now: datetime
    reading_since: datetime
    last_poll_at: datetime | None
    poll_interval: float
    waiting_since: datetime | None
    waiting: int
    app_refused: str
    disconnected_for: float
    disk_left: int | None
    directory: DirectoryAges = field(default_factory=DirectoryAges)
    unnamed: int = 0
    shadow_since: datetime | None = None
    shadow_closed: str = ""
    shadow_unresolved: Facts | None = None


# From (input, facts if the alert is active) to its facts, None if it is not active. An active alert ends only on proof:
# a process that just began can't tell yet.
Condition: TypeAlias = Callable[[MonitorInput, Facts | None], Facts | None]


def poll_overdue_after(interval: timedelta) -> timedelta:
    """The age from which on the last good poll is late, at this interval."""
    return max(POLL_LATE, 5 * interval)


def _poll_stale(seen: MonitorInput, before: Facts | None) -> Facts | None:
    last = seen.last_poll_at
    if before is None:
        last = max(last or seen.reading_since, seen.reading_since)
    if last is None:
        return before
    is_late = seen.now - last > poll_overdue_after(timedelta(seconds=seen.poll_interval))
    return {"minutes": _minutes(seen.now - last)} if is_late else None


def _deliveries_stuck(seen: MonitorInput, before: Facts | None) -> Facts | None:
    since = seen.waiting_since
    if since is None:
        return None
    if before is None and seen.app_refused:
        return None  # app_refused says so already, and its messages wait by intention
    is_stuck = seen.now - since > STUCK
    return {"messages": seen.waiting, "minutes": _minutes(seen.now - since)} if is_stuck else None


def _app_refused(seen: MonitorInput, before: Facts | None) -> Facts | None:
    return {"reason": seen.app_refused} if seen.app_refused else None


def _socket_disconnected(seen: MonitorInput, before: Facts | None) -> Facts | None:
    if seen.disconnected_for > DISCONNECTED.total_seconds():
        return {"minutes": int(seen.disconnected_for // 60)}
    return before if seen.disconnected_for > 0 else None


def _disk_nearly_full(seen: MonitorInput, before: Facts | None) -> Facts | None:
    if seen.disk_left is None:
        return before
    is_low = seen.disk_left < (DISK_LEFT if before is None else DISK_ENOUGH)
    return {"megabytes": seen.disk_left // (1024 * 1024)} if is_low else None


def is_silent(signed_at: datetime | None, now: datetime) -> bool:
    """True if the process that leads has given no sign of life for too long; None: none is known."""
    return signed_at is not None and now - signed_at > LEADER_SILENT


def _directory_old(seen: MonitorInput, before: Facts | None) -> Facts | None:
    old = seen.directory.old_parts(seen.now)
    if not old:
        return None
    oldest = min(at for _, at in old)
    return {"parts": " and ".join(name for name, _ in old), "hours": int((seen.now - oldest).total_seconds() // 3600)}


def _observers_unnamed(seen: MonitorInput, before: Facts | None) -> Facts | None:
    return {"sessions": seen.unnamed} if seen.unnamed else None


def _shadow_closed(seen: MonitorInput, before: Facts | None) -> Facts | None:
    return {"reason": seen.shadow_closed} if seen.shadow_since is not None and seen.shadow_closed else None


def _shadow_unresolved(seen: MonitorInput, before: Facts | None) -> Facts | None:
    return seen.shadow_unresolved


def _shadow_week(seen: MonitorInput, before: Facts | None) -> Facts | None:
    if seen.shadow_since is None or seen.now - seen.shadow_since < SHADOW_WEEK:
        return None
    return {"days": (seen.now - seen.shadow_since).days}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


SHADOW_WEEK_CODE = "shadow_week"
LEADER_IS_SILENT = "leader_silent"  # raised by a process that waits for its turn


class Severity(StrEnum):
    """How an alert is logged: an error needs a person, a warning may end by itself, info needs nothing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One entry of the registry. `{name}` in a sentence is filled with the fact of that name, `{name:is|are}` with the
    word that agrees with it; `{command}` in a remedy with the slash command.

    `resolved`: what is true again once it ended, "" for an event; `past`: what was so until then, "" for an event too.
    `remedy`: what a person should do. `has_own_line`: `status` says it in its first lines from newer facts than the
    alert's. `is_checked`: `check` tests the cause itself. `ended_by_monitor`: another process raises it, while the
    leader is silent; the monitor is a part of the leader, so it is over once the monitor runs.
    """

    sentence: str
    remedy: str
    resolved: str = ""
    past: str = ""
    severity: Severity = Severity.ERROR
    condition: Condition | None = None
    ended_by_monitor: bool = False
    has_own_line: bool = False
    is_checked: bool = True


def _unread(what: str, effect_and_remedy: str) -> Alert:
    """The alert of a part of iSpring that can't be read."""
    return Alert(
        sentence=f"iSpring's {what} can't be read ({{reason}}).",
        remedy=f"{effect_and_remedy} It is tried again by itself, after a refusal once an hour.",
        resolved=f"iSpring's {what} can be read again",
        past="they could not be read",
        severity=Severity.WARNING,
    )


def _shortened(what: str) -> Alert:
    """The alert of a list of iSpring's that is too short to be believed."""
    return Alert(
        sentence=f"iSpring's list of {what} is not believed: it names {{entries}}, while {{entries_known}} "
        "{entries_known:is|are} known, and these stay.",
        remedy="Check that the API account still sees all departments. If it is true, it is believed after 24 hours; "
        "an empty list never is.",
        resolved=f"iSpring's list of {what} is believed again",
        past="it was too short",
        is_checked=False,
    )


ALERTS: Mapping[str, Alert] = MappingProxyType(
    {
        "database_created": Alert(
            sentence="A new database was created: the first listing is stored and nothing of it is posted.",
            remedy="If Spotter ran before, the folder of DATABASE_URL is wiped at restarts: put it on a volume.",
            severity=Severity.WARNING,
        ),
        "baseline_done": Alert(
            sentence="The first listing is stored: {sessions}. From now on new completions are posted.",
            remedy="Try `{command} results since:30d` to see what is there.",
            severity=Severity.INFO,
        ),
        "supervision_widened": Alert(
            sentence="SUPERVISION is `chain` now: the results of {employees} can also be seen further up, by "
            "{supervisors} in all.",
            remedy="If that is not meant, set SUPERVISION to `direct` and restart.",
            severity=Severity.WARNING,
        ),
        "poll_failing": Alert(
            sentence="iSpring could not be read ({reason}).",
            remedy="It is tried again by itself; `{command} status` says since when.",
            resolved="iSpring can be read again",
            past="it could not be read",
            severity=Severity.WARNING,
            has_own_line=True,
        ),
        "training_refused": Alert(
            sentence="iSpring refuses Spotter's requests ({reason}).",
            remedy="Check ISPRING_API_URL, ISPRING_CLIENT_ID and ISPRING_CLIENT_SECRET; reading is tried again by "
            "itself.",
            resolved="iSpring answers Spotter's requests again",
            past="they were refused",
            has_own_line=True,
        ),
        "suspicious_listing": Alert(
            sentence="iSpring listed {listed} although {known} {known:is|are} stored. Nothing was marked missing and "
            "nothing is lost.",
            remedy="Check that the API key still sees all departments.",
            resolved="iSpring lists its sessions again",
            past="most were left out",
        ),
        "listing_incomplete": Alert(
            sentence="iSpring's checklists name {sessions} that its list of sessions leaves out: Spotter can't post "
            "them.",
            remedy="Ask iSpring's support what limits that list; `spotter check` compares the two again.",
            resolved="iSpring lists every session that its checklists name",
            past="some were left out",
        ),
        "filters_unreliable": Alert(
            sentence="iSpring's filters can't be relied on: {problem}. Full listings are read until a day passes "
            "without; nothing is lost, but results may come later.",
            remedy="Please report it to iSpring's support; a larger FULL_LISTING_LIMIT lets each poll list everything.",
            resolved="iSpring's filters can be relied on again",
            past="they could not",
            severity=Severity.WARNING,
            is_checked=False,
        ),
        "full_listing_unread": Alert(
            sentence="iSpring's whole list of sessions could not be read for two days ({reason}). What is completed is "
            "read all the same; what is deleted is not noticed.",
            remedy="It is tried again by itself. If it stays so, ask iSpring's support what limits that list.",
            resolved="iSpring's whole list of sessions can be read again",
            past="it could not be read",
            severity=Severity.WARNING,
            is_checked=False,
        ),
        "corrections_late": Alert(
            sentence="Comparing all completed sessions takes more than a day: the oldest were compared {hours} h ago. "
            "Until then corrections of them come with the daily full listing only.",
            remedy="Raise POLL_BYTES, or lower POLL_INTERVAL.",
            resolved="all completed sessions are compared within a day",
            past="it took longer",
            severity=Severity.WARNING,
            is_checked=False,
        ),
        "round_count": Alert(
            sentence="iSpring listed exactly {sessions}. A number so round may be chance, or the limit of its list.",
            remedy="Compare it with a report in iSpring; `spotter check` compares it with what the checklists name.",
            resolved="iSpring lists another number of sessions",
            past="the number was round",
            severity=Severity.WARNING,
        ),
        "results_flapping": Alert(
            sentence="iSpring keeps changing the results of {sessions}: {sessions:it|each} changed {changes} or "
            "more within a day. Their cards are edited once an hour at most, and one new card a day says that a result "
            "is below target.",
            remedy="See `{command} show` of a session whose card changes; look in iSpring for who or what corrects it.",
            resolved="the results in iSpring stay as they are",
            past="they kept changing",
            severity=Severity.WARNING,
            is_checked=False,
        ),
        "unknown_status": Alert(
            sentence="iSpring uses {statuses} that Spotter does not know: {status}. Such sessions show that word and "
            "count neither as completed nor as failed.",
            remedy="Please report it, so that it gets a meaning.",
            severity=Severity.WARNING,
        ),
        "date_order": Alert(
            sentence="Dates from iSpring contradict ISPRING_DATE_ORDER, which is {order}.",
            remedy="Set it to `dmy` or `mdy` as iSpring writes them, and restart; `spotter check` shows the evidence.",
            resolved="dates agree with ISPRING_DATE_ORDER again",
            past="some did not",
        ),
        "rows_rejected": Alert(
            sentence="{rows} of a listing could not be understood and {rows:was|were} left out; the others were read.",
            remedy="The log says of each what is wrong with it; please report it. `spotter check` counts them again.",
            resolved="every row of iSpring's listing can be read again",
            past="some could not",
        ),
        "rows_duplicated": Alert(
            sentence="iSpring lists {rows} more than once; of each session the completed row counts.",
            remedy="Please report it to iSpring's support if it stays so.",
            resolved="iSpring lists each session once",
            past="some came more than once",
            severity=Severity.WARNING,
            is_checked=False,
        ),
        "observers_unnamed": Alert(
            sentence="iSpring does not say who observed {sessions}. Cards are posted; the observer's message, and what "
            "rules that ask for an observer send, wait up to 7 days for the name.",
            remedy="Give each such session an observer in iSpring; if it has one, ask iSpring's support why its list "
            "leaves it out.",
            resolved="nothing waits for an observer's name any more",
            past="results waited",
            severity=Severity.WARNING,
            condition=_observers_unnamed,
            is_checked=False,
        ),
        "parts_left_out": Alert(
            sentence="{rows} of iSpring's answers could not be read, or not as a whole ({parts}). What could be read "
            "is used.",
            remedy="The log names the place; please report it. `spotter check` reads everything again.",
            resolved="everything that iSpring answers can be read as a whole",
            past="some of it could not",
            severity=Severity.WARNING,
        ),
        "people_unread": _unread(
            "people",
            "Those known stay; what needs others waits. If iSpring refuses: give the API account the right to read "
            "users (role Account Owner or Account Administrator).",
        ),
        "departments_unread": _unread(
            "departments",
            "People stay known; sites and what needs departments wait. If iSpring refuses: give the API account the "
            "right to read departments (role Account Owner or Account Administrator).",
        ),
        "criteria_unread": _unread(
            "criteria",
            "Cards go out without them and are edited when they come. If iSpring refuses: give the API account the "
            "right to read results of on-the-job training.",
        ),
        "areas_unread": _unread(
            "competency areas",
            "Criteria are shown without them. If iSpring refuses: give the API account the right to read results of "
            "on-the-job training.",
        ),
        "checklists_unread": _unread(
            "checklists",
            "Results go on; only the daily comparison with the list of sessions fails. If iSpring refuses: give the "
            "API account the right to read on-the-job training.",
        ),
        "people_shortened": _shortened("people"),
        "departments_shortened": _shortened("departments"),
        "poll_stale": Alert(
            sentence="iSpring has not been polled for {minutes} min, although it should be.",
            remedy="Look at the log; a restart loses nothing.",
            resolved="iSpring is polled again",
            past="it was not polled",
            condition=_poll_stale,
        ),
        "directory_old": Alert(
            sentence="iSpring's {parts} could not be read for {hours} h. Nobody new is linked; after RIGHTS_MAX_AGE "
            "what supervisors, managers and observers see of others closes, and their messages wait.",
            remedy="`spotter check` says why; the key's owner must be an Account Owner or Administrator.",
            resolved="iSpring's people and departments can be read again",
            past="they could not",
            condition=_directory_old,
            is_checked=False,
        ),
        "message_refused": Alert(
            sentence="Slack rejected a message ({reason}), even as plain text.",
            remedy="See `spotter outbox list`; send it again with `spotter outbox retry` once the cause is fixed.",
        ),
        "not_redacted": Alert(
            sentence="The message {ts} in <#{channel}> shows what may not be shown any more, and Slack lets Spotter "
            "neither edit nor delete it ({reason}).",
            remedy="Delete it there. `spotter audit` names every such message.",
            is_checked=False,
        ),
        "app_refused": Alert(
            sentence="Slack refuses the app itself ({reason}): nothing is sent until that is fixed, and nothing is "
            "lost.",
            remedy="Check the token and the scopes, reinstall the app, and restart.",
            resolved="Slack accepts the app again",
            past="the app was refused",
            condition=_app_refused,
            has_own_line=True,
        ),
        "workspace_throttled": Alert(
            sentence="Slack accepts no messages in the whole workspace for now ({reason}). Nothing is lost; sending is "
            "tried again by itself.",
            remedy="`message_limit_exceeded`: the workspace sends more than its plan allows; let its other apps send "
            "less, or change the plan. Any other word: Slack is moving the workspace; wait.",
            resolved="Slack accepts messages again",
            past="messages were refused",
            is_checked=False,
        ),
        "direct_messages_closed": Alert(
            sentence="Slack lets Spotter send no direct messages ({reason}); they wait, channels go on.",
            remedy="Put what `spotter manifest` prints in the app's place (App Manifest at api.slack.com/apps) and "
            "reinstall the app; waiting messages are tried again once a day.",
            resolved="direct messages are sent again",
            past="they were refused",
            is_checked=False,
        ),
        "destination_gone": Alert(
            sentence="A destination can't be written to ({reason}). Its messages wait.",
            remedy="`spotter outbox list` names it: invite Spotter there again, unarchive it, or end its sharing.",
        ),
        "deliveries_stuck": Alert(
            sentence="{messages} could not be sent, the oldest for {minutes} min. Nothing is lost.",
            remedy="`spotter outbox list` says why: a destination to mend, or a limit of Slack's that ends by itself.",
            resolved="messages are sent again",
            past="some were stuck",
            condition=_deliveries_stuck,
        ),
        "socket_disconnected": Alert(
            sentence="Spotter has not been connected to Slack for {minutes} min: commands and buttons do not arrive.",
            remedy="It reconnects by itself; if it stays so, check SLACK_BOT_TOKEN, SLACK_APP_TOKEN and the network.",
            resolved="commands and buttons arrive again",
            past="none arrived",
            condition=_socket_disconnected,
            is_checked=False,
        ),
        LEADER_IS_SILENT: Alert(
            sentence="Process {process}, which polls and sends, has given no sign of life since {since}: nothing is "
            "polled or sent.",
            remedy="If it was paused, let it go on; else kill it: another `spotter run` takes over at once, and "
            "nothing is lost.",
            resolved="the process that polls and sends works again",
            past="it gave no sign of life",
            ended_by_monitor=True,
        ),
        "shadow_closed": Alert(
            sentence="Shadow mode can show nothing in its channel ({reason}): what it would show waits, and goes "
            "nowhere else.",
            remedy="Make the channel private and internal and invite Spotter to it, or go live with `{command} shadow "
            "off`.",
            resolved="shadow mode can show messages in its channel, or is over",
            past="messages waited",
            condition=_shadow_closed,
            is_checked=False,
        ),
        "shadow_unresolved": Alert(
            sentence="{messages} that shadow mode may have shown in <#{channel}> can't be looked for there ({reason}), "
            "and so can't be sent where {messages:it belongs|they belong}.",
            remedy="Invite Spotter to that channel again: it looks, and goes on. Or give each up: `spotter outbox "
            "list` names them, `spotter outbox drop ID` ends one.",
            resolved="nothing that shadow mode may have shown waits",
            past="messages waited",
            condition=_shadow_unresolved,
            is_checked=False,
        ),
        SHADOW_WEEK_CODE: Alert(
            sentence="Shadow mode has run for {days} days: nothing goes to its real channels and people.",
            remedy="If that was long enough, go live: `{command} shadow off` says what it has shown, and asks first.",
            resolved="Spotter is live",
            past="everything was shown in shadow mode",
            severity=Severity.WARNING,
            condition=_shadow_week,
            is_checked=False,
        ),
        "clock_wrong": Alert(
            sentence="This machine's clock is {hours} h away from Slack's: nothing old is deleted while it is.",
            remedy="Set this machine's clock by NTP.",
            resolved="this machine's clock agrees with Slack's",
            past="nothing old was deleted",
        ),
        "disk_nearly_full": Alert(
            sentence="Only {megabytes} MB {megabytes:is|are} left on the disk of the database.",
            remedy="Free some space or mount a larger volume: on a full disk nothing is polled or sent.",
            resolved="there is space on the disk again",
            past="there was too little",
            condition=_disk_nearly_full,
        ),
    }
)

# The code of the message that says that an alert ended; its fact `code_before` names the alert.
RESOLVED = "over"
# The alerts that answers to messages raise.
WORKSPACE_THROTTLED = "workspace_throttled"
DIRECT_MESSAGES_CLOSED = "direct_messages_closed"


def monitored(seen: MonitorInput, before: Mapping[str, Facts] = MappingProxyType({})) -> Mapping[str, Facts | None]:
    """Facts, or None if it is not active, of every alert that the monitor begins or ends, by code. `before`: the active
    ones."""
    return {
        code: alert.condition(seen, before.get(code)) if alert.condition is not None else None
        for code, alert in ALERTS.items()
        if alert.condition is not None or alert.ended_by_monitor
    }
