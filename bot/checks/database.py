"""What the database tells: the disk, the last poll, open troubles, what could not be sent, rules and people."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks.alerts import alert_sentence
from bot.blocks.elements import count, lasting
from bot.blocks.rules import format_reason
from bot.checks.results import Finding, fine, warning, wrong
from bot.config import Settings
from bot.domain.alerts import ALERTS, DISK_LEFT, STUCK, ActiveAlert
from bot.domain.model import BY_EMAIL, Link, Rule, RuleState, Targets
from bot.domain.outbox import BlockedDestination, OutboxCounts
from bot.domain.polling import PollState
from bot.domain.reasons import ReasonCode
from bot.services.dm_availability import Reachability, observers
from bot.store.database import Tx

SILENT_FOR = timedelta(hours=1)
NEW_FOR = timedelta(days=1)
PEOPLE_OLD = timedelta(days=1)  # they are read every four hours
NAMED = 10  # destinations told one by one

_SUSPENDED = {
    ReasonCode.OWNER_GONE: "An admin takes it over: `/ojt rules` in its channel lists it; or `spotter rules remove N`.",
    ReasonCode.BECAME_PUBLIC: "Its owner was asked whether to go on in public; else `spotter rules remove N` ends it.",
}


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything the rows say, read at one moment."""

    poll: PollState
    counts: OutboxCounts
    alerts: Sequence[ActiveAlert]
    blocked: Sequence[BlockedDestination]
    rules: Sequence[Rule]
    suspended_links: Sequence[Link]
    observers: Sequence[Reachability]
    people_read_at: datetime | None
    catching_up_since: datetime | None
    targets: Targets


def remembered(tx: Tx, now: datetime) -> Memory:
    """Reads it all in one transaction."""
    return Memory(
        poll=tx.polls.state(),
        counts=tx.deliveries.counts(),
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
        catching_up_since=tx.polls.restored_from(),
        targets=tx.targets.current(),
    )


def findings(known: Memory, settings: Settings, now: datetime, leader: int | None) -> Iterator[Finding]:
    """All of it that needs neither iSpring nor Slack; `leader` is the process that polls and sends, None for none."""
    yield from _database(known, settings, now)
    yield from _process(known, now, leader)
    yield from _alerts(known, settings, now)
    yield from _outbox(known, now, leader)
    yield from _rules(known)
    yield from _people(known, now)


def _database(known: Memory, settings: Settings, now: datetime) -> Iterator[Finding]:
    yield fine(f"Store: {count(known.poll.sessions, 'session')} in {settings.database_path}")
    if now - known.poll.created_at < NEW_FOR:
        yield fine(
            f"Store: made {lasting(now - known.poll.created_at)} ago",
            "If this was no first start, the folder of DATABASE_URL does not survive restarts: put it on a volume.",
        )
    left = shutil.disk_usage(settings.database_path.resolve().parent).free
    if left < DISK_LEFT:
        yield wrong(f"Disk: {left >> 20} MB left beside the database", "Free some space or mount a larger volume.")
    else:
        yield fine(f"Disk: {left >> 20:,} MB left beside the database")
    if known.catching_up_since is not None:
        yield warning(
            f"Catch-up: this database is a copy made {lasting(now - known.catching_up_since)} ago, and no poll has "
            "caught up yet",
            "Start `spotter run`: what was completed since is counted in one summary per channel, not posted.",
        )


def _process(known: Memory, now: datetime, leader: int | None) -> Iterator[Finding]:
    yield fine(f"Process: {leader} polls and sends" if leader else "Process: none polls and sends now")
    poll = known.poll
    if poll.last is not None and poll.last.error:
        yield warning(f"Last poll: {poll.last.error_in_full}", "See the line about iSpring below.")
    elif poll.last_good_at is None:
        yield fine("Last poll: none yet", "Start `spotter run`: the first listing is stored without a word.")
    elif now - poll.last_good_at > SILENT_FOR:
        yield warning(
            f"Last good poll: {lasting(now - poll.last_good_at)} ago", "Start `spotter run`, or look at its log."
        )
    if poll.last is not None and poll.last.rejected:
        yield warning(
            f"Last poll: {count(poll.last.rejected, 'row')} could not be understood",
            "They are left out, the others go on. The log names each row's place and what is wrong with it.",
        )


def _alerts(known: Memory, settings: Settings, now: datetime) -> Iterator[Finding]:
    for alert in known.alerts:
        entry = ALERTS.get(alert.code)
        if entry is None or not entry.is_checked:
            age = lasting(now - alert.since)
            sentence = "" if entry is None else f": {alert_sentence(alert.code, alert.facts)}"
            remedy = "See the log." if entry is None else entry.remedy.format(command=settings.slack_command)
            yield warning(f"Alert: {alert.code} for {age}{sentence}", remedy)


def _outbox(known: Memory, now: datetime, leader: int | None) -> Iterator[Finding]:
    counts = known.counts
    if counts.app_refused:
        yield wrong(
            f"Sending: paused, Slack refuses the app ({counts.app_refused})",
            "Check the token and the scopes, reinstall the app, restart. Nothing is lost.",
        )
    elif counts.oldest_at is not None and now - counts.oldest_at > STUCK:
        yield warning(
            f"Sending: something has waited for {lasting(now - counts.oldest_at)}",
            "`spotter outbox list` says what for." if leader else "Start `spotter run`.",
        )
    if counts.failed:
        yield warning(
            f"Sending: {count(counts.failed, 'message')} refused by Slack for ever",
            "`spotter outbox list --state dead` says why; then `outbox retry ID` or `outbox drop ID`.",
        )
    if counts.edits:
        what = f"Edits: {count(counts.edits, 'message')} posted that show less than is known by now"
        remedy = "A running Spotter edits them, at most 40 a minute."
        yield fine(what, remedy) if leader else warning(what, f"{remedy} Start `spotter run`.")
    for blocked in known.blocked[:NAMED]:
        yield warning(
            f"Held: {blocked.destination} can't be written to ({format_reason(blocked.reason)}), {blocked.waiting} "
            "waiting",
            "Mend that in Slack (invite the bot, unarchive, end the sharing); it goes on by itself. What nobody wants "
            "any more ends with `spotter rules remove N` or `outbox drop ID`.",
        )
    if len(known.blocked) > NAMED:
        yield warning(
            f"Held: {len(known.blocked) - NAMED} destinations more", "See `spotter outbox list --state held`."
        )


def _rules(known: Memory) -> Iterator[Finding]:
    if not known.rules:
        yield warning(
            "Rules: none, so no channel hears anything", "Type /ojt subscribe in a channel, or set DEFAULT_CHANNEL."
        )
    for rule in known.rules:
        if rule.state is RuleState.PAUSED and rule.reason_code in _SUSPENDED:
            yield warning(f"Rule {rule.rule_id}: paused, {format_reason(rule.reason)}", _SUSPENDED[rule.reason_code])
    if known.rules and known.targets.default is None and not known.targets.per_checklist:
        yield warning(
            "Target: none is set, so no result counts as below it", "Type /ojt target 80, or set PASS_TARGET."
        )


def _people(known: Memory, now: datetime) -> Iterator[Finding]:
    read_at = known.people_read_at
    if known.poll.last_good_at is not None and (read_at is None or now - read_at > PEOPLE_OLD):
        age = "never read" if read_at is None else f"read {lasting(now - read_at)} ago"
        yield warning(
            f"People: iSpring's people were {age}",
            "Cards may lack names and rights may be old. The API key needs the right to read users and departments.",
        )
    if known.suspended_links:
        yield warning(
            f"Links: {count(len(known.suspended_links), 'link')} suspended, because an e-mail address changed",
            "`/ojt link` lists them to admins, who link again with `/ojt link @account PERSON`.",
        )
    unmatched = sum(one.is_unmatched for one in known.observers)
    if unmatched:
        yield warning(
            f"People: {unmatched} of {len(known.observers)} who observed within 90 days have no Slack account to use",
            "They get no direct messages. `spotter people --unmatched` says why; `/ojt link` lets an admin link one.",
        )
    elif known.observers:
        yield fine(f"People: none of {len(known.observers)} recent observers is known to lack a Slack account")
