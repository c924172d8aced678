"""Checks of what the database stores: disk, last poll, alerts, outbox, rules and people."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks.alerts import alert_sentence
from bot.blocks.rules import format_reason
from bot.checks import CheckResult, fine, warning, wrong
from bot.config import Settings
from bot.domain.alerts import ALERTS, DISK_LEFT, LEADER_IS_SILENT, STUCK, ActiveAlert, is_silent
from bot.domain.model import Targets
from bot.domain.outbox import BlockedDestination, OutboxCounts
from bot.domain.outcomes import exact
from bot.domain.polling import PollState
from bot.domain.reasons import ReasonCode
from bot.domain.routing import NAMED_WITHIN
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.domain.text import count, lasting
from bot.domain.viewers import BY_EMAIL, Link
from bot.services.dm_availability import Reachability, observers
from bot.store.database import Tx

POLL_OLD = timedelta(hours=1)
DATABASE_NEW = timedelta(days=1)
PEOPLE_OLD = timedelta(days=1)  # they are read every four hours
MAX_BLOCKED = 10  # blocked destinations that have a line of their own

# The remedies of rules that go on only after a person decides.
_UNDECIDED = {
    ReasonCode.OWNER_GONE: "An admin takes it over: `/ojt rules` in its channel lists it; or `spotter rules remove N`.",
    ReasonCode.OWNER_ERASED: "An admin takes it over: `/ojt rules all` lists it; or `spotter rules remove N`.",
    ReasonCode.BECAME_PUBLIC: "Its owner was asked whether to go on in public; `spotter rules remove N` ends it.",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database stores at one moment, as far as a check uses it.

    `suspended_links`: links by e-mail address that hold no more, because an address changed. `restored_at`: when the
    copy was made that this database was restored from, None after the first poll since then.
    """

    poll: PollState
    counts: OutboxCounts
    alerts: Sequence[ActiveAlert]
    blocked: Sequence[BlockedDestination]
    rules: Sequence[Rule]
    suspended_links: Sequence[Link]
    observers: Sequence[Reachability]
    people_read_at: datetime | None
    departments_read_at: datetime | None
    unrouted: Mapping[ReasonCode, int]
    restored_at: datetime | None
    targets: Targets
    is_target_set_in_slack: bool


def read_stored(tx: Tx, now: datetime) -> Stored:
    """Reads it in one transaction, so that its parts fit together."""
    return Stored(
        poll=tx.polls.state(),
        counts=tx.deliveries.counts(now),
        alerts=tx.alerts.all(),
        blocked=tx.destinations.blocked(),
        rules=tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)),
        suspended_links=[
            link
            for link in tx.people.links()
            if link.by == BY_EMAIL and tx.people.linked_person(link.slack_user_id) is None
        ],
        observers=observers(tx, now),
        people_read_at=tx.people.directory_at(),
        departments_read_at=tx.people.departments_at(),
        unrouted=tx.unrouted.counts(),
        restored_at=tx.polls.restored_from(),
        targets=tx.targets.current(),
        is_target_set_in_slack=tx.targets.is_set_for_all(),
    )


def check_stored(
    stored: Stored, settings: Settings, now: datetime, leader: int | None, signed_at: datetime | None = None
) -> Iterator[CheckResult]:
    """Yields the results that need neither iSpring nor Slack. `leader`: id of the process that polls and sends, None if
    there is none; `signed_at`: its last sign of life."""
    yield from _database(stored, settings, now)
    yield from _process(stored, now, leader, signed_at)
    yield from _alerts(stored, settings, now)
    yield from _outbox(stored, now, leader)
    yield from _rules(stored, settings)
    yield from _people(stored, now)


def _database(stored: Stored, settings: Settings, now: datetime) -> Iterator[CheckResult]:
    yield fine(f"Store: {count(stored.poll.sessions, 'session')} in {settings.database_path}")
    if now - stored.poll.created_at < DATABASE_NEW:
        yield fine(
            f"Store: created {lasting(now - stored.poll.created_at)} ago",
            "If Spotter ran before that, the folder of DATABASE_URL does not survive restarts: put it on a volume.",
        )
    left = shutil.disk_usage(settings.database_path.resolve().parent).free
    if left < DISK_LEFT:
        yield wrong(f"Disk: {left >> 20} MB left beside the database", "Free some space or mount a larger volume.")
    else:
        yield fine(f"Disk: {left >> 20:,} MB left beside the database")
    if stored.restored_at is not None:
        yield warning(
            f"Store: restored from a copy made {lasting(now - stored.restored_at)} ago, and no poll has ended since",
            "Start `spotter run`: sessions completed since then are counted in one summary per channel, not posted.",
        )


def _process(stored: Stored, now: datetime, leader: int | None, signed_at: datetime | None) -> Iterator[CheckResult]:
    if leader is None:
        yield fine("Process: none polls and sends")
    elif signed_at is None:
        yield fine(f"Process: {leader} polls and sends")
    elif is_silent(signed_at, now):
        yield wrong(
            f"Process: {leader}, which polls and sends, has given no sign of life for {lasting(now - signed_at)}",
            ALERTS[LEADER_IS_SILENT].remedy,
        )
    else:
        seconds = max(0, round((now - signed_at).total_seconds()))
        yield fine(f"Process: {leader} polls and sends (last sign of life {seconds} s ago)")
    poll = stored.poll
    if poll.last is not None and poll.last.error:
        yield warning(f"Last poll: {poll.last.error_in_full}", "See the line about iSpring below.")
    elif poll.last_good_at is None:
        yield fine(
            "Last poll: none yet", "Start `spotter run`: the first listing is stored and nothing of it is posted."
        )
    elif now - poll.last_good_at > POLL_OLD:
        yield warning(
            f"Last good poll: {lasting(now - poll.last_good_at)} ago", "Start `spotter run`, or read its log."
        )
    if poll.last is not None and poll.last.rejected:
        yield warning(
            f"Last poll: {count(poll.last.rejected, 'row')} could not be understood",
            "They are left out, the others are read. The log names each row's position and what is wrong with it.",
        )


def _alerts(stored: Stored, settings: Settings, now: datetime) -> Iterator[CheckResult]:
    for alert in stored.alerts:
        entry = ALERTS.get(alert.code)
        if entry is None or not entry.is_checked:
            age = lasting(now - alert.since)
            sentence = "" if entry is None else f": {alert_sentence(alert.code, alert.facts)}"
            remedy = "See the log." if entry is None else entry.remedy.format(command=settings.slack_command)
            yield warning(f"Alert: {alert.code} for {age}{sentence}", remedy)


def _outbox(stored: Stored, now: datetime, leader: int | None) -> Iterator[CheckResult]:
    counts = stored.counts
    if counts.paused is not None:
        by = "on the command line" if counts.paused.by == OPERATOR else f"by {counts.paused.by}"
        yield warning(
            f"Sending: all of it was paused {by} {lasting(now - counts.paused.at)} ago",
            "`spotter resume` lets it go on; nothing is lost.",
        )
    if counts.shadow is not None:
        yield fine(
            f"Sending: in shadow mode for {lasting(now - counts.shadow.at)}, shown in {counts.shadow.channel}",
            "`spotter shadow off` goes live.",
        )
    if counts.app_refused:
        yield wrong(
            f"Sending: paused, Slack refuses the app ({counts.app_refused})",
            "Check the token and the scopes, reinstall the app, restart. Nothing is lost.",
        )
    elif counts.oldest_at is not None and now - counts.oldest_at > STUCK:
        yield warning(
            f"Sending: a message has waited for {lasting(now - counts.oldest_at)}",
            "`spotter outbox list` says what it waits for." if leader else "Start `spotter run`.",
        )
    if counts.failed:
        yield warning(
            f"Sending: {count(counts.failed, 'message')} failed, because Slack rejects their content",
            "`spotter outbox list --state failed` says why; then `outbox retry ID` or `outbox drop ID`.",
        )
    if counts.edits:
        what = f"Edits: {count(counts.edits, 'posted message')} out of date"
        remedy = "A running Spotter edits them, at most 40 a minute."
        yield fine(what, remedy) if leader else warning(what, f"{remedy} Start `spotter run`.")
    for blocked in stored.blocked[:MAX_BLOCKED]:
        yield warning(
            f"Blocked: {blocked.destination} can't be written to ({format_reason(blocked.reason)}), {blocked.waiting} "
            "waiting",
            "Mend that in Slack (invite the bot, unarchive, end the sharing); sending goes on by itself. "
            "`spotter rules remove N` or `spotter outbox drop ID` ends a rule or message that is not needed any more.",
        )
    if len(stored.blocked) > MAX_BLOCKED:
        yield warning(
            f"Blocked: {len(stored.blocked) - MAX_BLOCKED} more destinations",
            "See `spotter outbox list --state blocked`.",
        )


def _rules(stored: Stored, settings: Settings) -> Iterator[CheckResult]:
    is_made_at_start = bool(settings.default_channel) and stored.poll.last_good_at is None
    if not stored.rules and not is_made_at_start:
        other = "." if settings.default_channel else ", or set DEFAULT_CHANNEL."
        yield warning(
            "Rules: none, so nothing is posted to a channel",
            f"Type {settings.slack_command} subscribe in a channel{other}",
        )
    for rule in stored.rules:
        if rule.state is RuleState.PAUSED and rule.reason_code in _UNDECIDED:
            yield warning(f"Rule {rule.rule_id}: paused, {format_reason(rule.reason)}", _UNDECIDED[rule.reason_code])
    yield from _targets(stored, settings)


def _targets(stored: Stored, settings: Settings) -> Iterator[CheckResult]:
    set_in_slack = stored.is_target_set_in_slack
    general = stored.targets.default
    if general is None and not set_in_slack:  # PASS_TARGET is stored at the next start
        general = settings.pass_target
    if set_in_slack and settings.pass_target is not None:
        known = "no target" if general is None else f"the target {exact(general)}"
        yield fine(f"Target: {known} for all was set in Slack and wins over PASS_TARGET")
    if stored.rules and general is None and not stored.targets.per_checklist:
        yield warning(
            "Target: none is set, so no result counts as below it", "Type /ojt target 80, or set PASS_TARGET."
        )


def _routing(unrouted: Mapping[ReasonCode, int]) -> Iterator[CheckResult]:
    """What changes wait for. What iSpring may never name is given up after some days."""
    days, why = NAMED_WITHIN.days, "`spotter outbox why ID` says who waits."
    unnamed = unrouted.get(ReasonCode.OBSERVER_UNNAMED, 0)
    unowned = unrouted.get(ReasonCode.OWNER_UNKNOWN, 0)
    if unread := sum(unrouted.values()) - unnamed - unowned:
        yield warning(
            f"Routing: {count(unread, 'change')} of sessions {_wait(unread)} until people and departments are known",
            "They are routed when iSpring's lists were read as a whole. Whom these do not name is given up after "
            f"{days} days. {why}",
        )
    if unnamed:
        yield warning(
            f"Routing: {count(unnamed, 'change')} of sessions {_wait(unnamed)} for the name of the observer",
            "iSpring lists them without one. Rules that need no observer are followed at once; the others, and the "
            f"observer's message, are given up after {days} days. See in iSpring who observes them. {why}",
        )
    if unowned:
        yield warning(
            f"Routing: {count(unowned, 'change')} of sessions {_wait(unowned)} until Slack says who owns a rule",
            f"It is asked again by itself; nothing is lost. {why}",
        )


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _people(stored: Stored, now: datetime) -> Iterator[CheckResult]:
    read_at = stored.people_read_at
    if stored.poll.last_good_at is not None and (read_at is None or now - read_at > PEOPLE_OLD):
        age = "never read" if read_at is None else f"read {lasting(now - read_at)} ago"
        yield warning(
            f"People: iSpring's people were {age}",
            "Cards may lack names and rights may be old. The API key needs the right to read users and departments.",
        )
    read_at = stored.departments_read_at
    if stored.poll.last_good_at is not None and (read_at is None or now - read_at > PEOPLE_OLD):
        age = "never read" if read_at is None else f"read {lasting(now - read_at)} ago"
        yield warning(
            f"People: iSpring's departments were {age}",
            "Sites and rights by department may be old. The API key needs the right to read departments.",
        )
    yield from _routing(stored.unrouted)
    if stored.suspended_links:
        yield warning(
            f"Links: {count(len(stored.suspended_links), 'link')} suspended, because an e-mail address changed",
            "`/ojt link` shows them to admins, who link again with `/ojt link @account PERSON`.",
        )
    unmatched = sum(one.is_unmatched for one in stored.observers)
    if unmatched:
        yield warning(
            f"People: {unmatched} of {len(stored.observers)} who observed within 90 days have no usable Slack account",
            "They get no direct messages. `spotter people --unmatched` says why; `/ojt link` lets an admin link one.",
        )
    elif stored.observers:
        yield fine(f"People: no Slack account is known to be missing among {len(stored.observers)} recent observers")
