"""What a digest says, within one transaction: the figures of a period within the scope of its rule's owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.config import zone_named
from bot.domain.digests import Digest, DigestView, digest_subject
from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.model import Session
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.permissions import AccessScope, scope_of
from bot.domain.report_periods import By, Window
from bot.domain.reports import OutcomeCount, figures, most_costly, report
from bot.domain.rules import OPERATOR, NamesShown, Rule, RuleForm, RuleOptions, RuleState
from bot.domain.schedules import Every, Schedule, Slot, instant, next_slot, parse_schedule, usual_period
from bot.domain.viewers import Viewer
from bot.query.by_id import same_meaning, with_labels
from bot.query.keys import Key, Query, without_shape
from bot.query.names import Names
from bot.query.parser import say, words
from bot.services import report_units, reports
from bot.services.export import PERSONAL_COLUMNS, Export
from bot.services.rules import UNREADABLE, read
from bot.services.visible_names import visible_names
from bot.store.conditions import Where, asked_for
from bot.store.database import Tx

ATTENTION_PERIOD = timedelta(days=30)  # in which a low result without an acknowledgement is still named
BELOW_NAMED, OVERDUE_NAMED, FOLLOW_UPS_NAMED, COSTLY = 8, 6, 4, 5
SILENT_PERIOD = timedelta(days=7)  # at least: in one day most sites have no session
_ONE_DAY = timedelta(days=1)
OUTDATED = timedelta(minutes=30)  # age of the data from which it does not show how things are now
NOW_DAYS = 7  # that a digest without a slot covers, today included


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The time that a digest covers, the time before that it is compared with, and how that is called: "the week
    before". `read_until`: it is whole if iSpring was read then or later."""

    window: Window
    before: Window
    called: str
    read_until: datetime


def covered(schedule: Schedule, zone: tzinfo, since: date, until: date) -> Covered:
    """The whole local days of a slot, and as many before them; a whole month is compared with the one before."""
    days = (until - since).days
    first, called = since - timedelta(days=days), f"the {days} days before"
    if schedule.every is Every.MONTH and usual_period(schedule, until)[0] == since:
        first, called = usual_period(schedule, since)[0], "the month before"
    elif days in _CALLED:
        called = _CALLED[days]
    begin = instant(since, time(), zone)
    return Covered(
        window=Window(begin, instant(until, time(), zone)),
        before=Window(instant(first, time(), zone), begin),
        called=called,
        read_until=instant(until, time(), zone),
    )


_CALLED: Mapping[int, str] = {1: "the day before", 7: "the week before"}


def covered_now(now: datetime, zone: tzinfo) -> Covered:
    """The last days up to now, compared with the same part of the days before them."""
    begin = instant(now.astimezone(zone).date() - timedelta(days=NOW_DAYS - 1), time(), zone)
    span = timedelta(days=NOW_DAYS)
    return Covered(
        window=Window(begin, now),
        before=Window(begin - span, now - span),
        called="the week before",
        read_until=now - OUTDATED,
    )


def digest_query(query: Query) -> Query:
    """What a digest may ask for: its time is that of its schedule. Raises QueryError with the query that remains."""
    kept = without_shape(reports.without_time(query))
    if any(term.key in (Key.SINCE, Key.UNTIL) for term in query.terms):
        raise QueryError("A digest covers the time since the one before it, so it names no time.", [say(kept)])
    return kept


def digest(
    tx: Tx,
    query: Query,
    scope: AccessScope,
    names: Names,
    directory: Directory,
    time_of: Covered,
    now: datetime,
    zone: tzinfo,
) -> Digest:
    """The report of a period on the sessions within a scope that a query asks for."""
    where, open_where = _asked_for(query, scope, names, now, zone)
    about = reports.without_results(query)
    window, before = time_of.window, time_of.before
    is_parted = reports.is_of_results(query)
    every_where = open_where if is_parted else None
    counted, then = (_by_department(tx, where, every_where, one, directory) for one in (window, before))
    unit_of = report_units.units_of({one.group for one in (*counted, *then)}, scope, directory)
    sites = report(*(report_units.in_units(one, unit_of) for one in (counted, then)))
    costs, criteria_from = tx.reports.costs(where, window)
    older = Window(_attention(window).start, window.start)
    below, all_below = _unacknowledged(tx, where, window, BELOW_NAMED)
    older_below, all_older_below = _unacknowledged(tx, where, older, BELOW_NAMED - len(below))
    overdue, overdue_counts = tx.reports.overdue(open_where, now, OVERDUE_NAMED)
    without_any = Window(min(window.start, window.end - SILENT_PERIOD), window.end)
    return Digest(
        window=window,
        before=before,
        now=figures(counted),
        then=figures(then),
        below=below,
        all_below=all_below,
        older=older,
        older_below=older_below,
        all_older_below=all_older_below,
        overdue=overdue,
        overdue_counts=overdue_counts,
        costly=most_costly(costs)[:COSTLY],
        criteria_from=criteria_from,
        sites=sites,
        is_parted=is_parted,
        labels=report_units.labels_of(By.DEPT, [row.group for row in sites], directory, {}),
        silent=reports.silent(tx, about, scope, names, directory, without_any, zone),
        data_until=tx.polls.last_good_at(),
        read_until=time_of.read_until,
        follow_ups=tx.follow_ups.counts(where, now.astimezone(zone).date(), FOLLOW_UPS_NAMED),
    )


def _by_department(
    tx: Tx, where: Where, every_where: Where | None, window: Window, directory: Directory
) -> Sequence[OutcomeCount]:
    """The counts of a window; of sessions chosen by their results, those of all, parted."""
    return report_units.counted(
        where, every_where, lambda one: report_units.by_unit(tx, By.DEPT, one, window, directory)
    )


def _asked_for(query: Query, scope: AccessScope, names: Names, now: datetime, zone: tzinfo) -> tuple[Where, Where]:
    """The sessions that a digest asks for; and those of them that have no result yet, too."""
    return (
        asked_for(query, scope, names, now, zone),
        asked_for(reports.without_results(query), scope, names, now, zone),
    )


def _attention(window: Window) -> Window:
    """The time of the low results that a digest may name: not those after its days, which the next one counts."""
    return Window(min(window.start, window.end - ATTENTION_PERIOD), window.end)


def _unacknowledged(tx: Tx, where: Where, window: Window, limit: int) -> tuple[Sequence[Session], int]:
    """The lowest of the low results of a window that are not acknowledged, and how many there are."""
    if window.start >= window.end:
        return (), 0
    return tx.reports.attention(where, window, limit), tx.reports.unacknowledged(where, window)


# ---- of a rule -----------------------------------------------------------------------------------------------------

_TITLES: Mapping[Every, str] = {
    Every.DAY: "Daily digest",
    Every.WEEK: "Weekly digest",
    Every.MONTH: "Monthly digest",
}


def schedule_of(rule: Rule) -> Schedule | None:
    """A rule's schedule, None if it has none that can be read."""
    try:
        return parse_schedule(rule.options.schedule)[0] if rule.options.schedule else None
    except QueryError:
        return None


def zone_of(tx: Tx, rule: Rule) -> tzinfo:
    """The zone of a rule's schedule: the one it was made with, else that of its owner's Slack profile now."""
    if (named := zone_named(rule.options.zone)) is not None:
        return named
    seen = tx.people.slack_user(rule.owner)
    return zone_named(seen[0].zone if seen else None) or UTC


def next_digest_at(tx: Tx, now: datetime) -> datetime | None:
    """When the next digest of an active rule is due, None without any."""
    rules = [rule for rule in tx.rules.all((RuleState.ACTIVE,)) if rule.options.form is RuleForm.DIGEST]
    schedules = [(rule, found) for rule in rules if (found := schedule_of(rule)) is not None]
    return min((next_slot(schedule, zone_of(tx, rule), now) for rule, schedule in schedules), default=None)


def same_digest(tx: Tx, destination: Destination, options: RuleOptions, query: Query, names: Names) -> Rule | None:
    """The rule of a destination that sends the same at the same time, None if there is none."""
    for rule in tx.rules.at(destination):
        is_digest = rule.options.form is RuleForm.DIGEST
        is_then = (rule.options.schedule, rule.options.zone) == (options.schedule, options.zone)
        found = read(rule.query) if is_digest and is_then else None
        if found is not None and same_meaning(found, query, names):
            return rule
    return None


def digest_key(rule: Rule, day: date) -> Notification:
    """What finds the notification of a slot: its destination and subject."""
    return Notification(
        kind=NotificationKind.DIGEST,
        destination=rule.destination,
        subject=digest_subject(rule.rule_id, day),
        reason="",
        rule_ids=(rule.rule_id,),
    )


def digest_notification(rule: Rule, schedule: Schedule, zone: tzinfo, slot: Slot) -> Notification:
    """The notification of a slot: one for each rule and local date."""
    return replace(
        digest_key(rule, slot.day),
        reason=f"rule {rule.rule_id} is due {schedule} ({zone}) on {slot.day.isoformat()}",
        facts={
            "schedule": str(schedule),
            "zone": str(zone),
            "day": slot.day.isoformat(),
            "since": slot.since.isoformat(),
            "missed": len(slot.missed),
            "cut": int(slot.is_cut),
        },
    )


def slot_view(
    tx: Tx, rule: Rule, notification: Notification, viewer: Viewer, directory: Directory, now: datetime, command: str
) -> DigestView:
    """The digest of a slot, as its rule's owner may see it now."""
    facts = notification.facts
    schedule, zone, day, time_of = _slot_of(notification)
    missed = facts.get("missed")
    made = _view(tx, rule.query, time_of, viewer, directory, now, zone, rule.options.names)
    return replace(
        made,
        title=_TITLES[schedule.every],
        slot=f"{schedule} {zone}, due {day:%a} {day.day} {day:%b %Y}",
        owner=_owner(rule),
        foot=f"rule {rule.rule_id}",
        missed=missed if isinstance(missed, int) else 0,
        is_cut=bool(facts.get("cut")),
        command=command,
    )


def _slot_of(notification: Notification) -> tuple[Schedule, tzinfo, date, Covered]:
    facts = notification.facts
    schedule, zone = parse_schedule(str(facts["schedule"]))[0], zone_named(facts["zone"]) or UTC
    day, since = date.fromisoformat(str(facts["day"])), date.fromisoformat(str(facts["since"]))
    return schedule, zone, day, covered(schedule, zone, since, day)


def slot_file(
    tx: Tx, rule: Rule, notification: Notification, viewer: Viewer, directory: Directory, now: datetime
) -> Export | None:
    """The sessions that the digest of a slot counts or may name, as its rule's owner may see them now: without e-mail
    addresses and people's ids, which the digest does not show either. None if its query can't be read any more."""
    query, (_, zone, _, time_of) = read(rule.query), _slot_of(notification)
    if query is None:
        return None
    scope = scope_of(viewer, directory)
    known = visible_names(tx, scope, directory, query, viewer.person_id)
    where, about = _asked_for(query, scope, known, now, zone)
    window, attention = time_of.window, _attention(time_of.window)
    shown_as = directory.with_initials() if rule.options.names is NamesShown.INITIALS else directory
    chosen = tx.reports.of_digest(where, about, window, attention, now)
    return Export(tx, query, scope, known, shown_as, now, zone, chosen, PERSONAL_COLUMNS)


def preview(
    tx: Tx,
    query: Query,
    schedule: Schedule,
    viewer: Viewer,
    directory: Directory,
    now: datetime,
    zone: tzinfo,
    names: NamesShown = NamesShown.FULL,
) -> DigestView:
    """What a rule to be made would have sent at its last slot."""
    day = now.astimezone(zone).date()
    until = day if instant(day, schedule.at, zone) <= now and usual_period(schedule, day + _ONE_DAY)[0] == day else None
    until = until or usual_period(schedule, day)[0]
    time_of = covered(schedule, zone, usual_period(schedule, until)[0], until)
    made = _view(tx, say(query), time_of, viewer, directory, now, zone, names)
    return replace(made, title=f"Preview of a {str(_TITLES[schedule.every]).lower()}")


def digest_now(tx: Tx, query: Query, viewer: Viewer, directory: Directory, now: datetime, zone: tzinfo) -> DigestView:
    """A digest of the last days up to now; it uses no slot."""
    made = _view(tx, say(query), covered_now(now, zone), viewer, directory, now, zone)
    return replace(made, title="Digest of the last 7 days, today included")


def _view(
    tx: Tx,
    text: str,
    time_of: Covered,
    viewer: Viewer,
    directory: Directory,
    now: datetime,
    zone: tzinfo,
    names: NamesShown = NamesShown.FULL,
) -> DigestView:
    scope, query = scope_of(viewer, directory), read(text)
    shown_as = directory.with_initials() if names is NamesShown.INITIALS else directory
    view = DigestView(
        title="", words=UNREADABLE, figures=None, zone=zone, now=now, scope=scope, directory=shown_as,
        called=time_of.called, problem="its query can't be read any more",
    )  # fmt: skip
    if query is None:
        return view
    known = visible_names(tx, scope, directory, query, viewer.person_id)
    return replace(
        view,
        query=text,
        words=words(with_labels(query, visible_names(tx, scope, shown_as, query, viewer.person_id))),
        figures=digest(tx, query, scope, known, shown_as, time_of, now, zone),
        problem="",
    )


def _owner(rule: Rule) -> str:
    """Whose scope the figures have, as a mention; "" in a direct message to them."""
    if rule.owner == OPERATOR:
        return "the operator"
    return f"<@{rule.owner}>" if rule.destination.kind is DestinationKind.CHANNEL else ""
