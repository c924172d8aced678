"""What a digest says, within one transaction: the figures of a period within the scope of its rule's owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import By, Window
from bot.domain.reports import Digest, figures, most_costly, report
from bot.domain.schedules import Every, Schedule, instant, usual_period
from bot.query.keys import Key, Query, without_shape
from bot.query.names import Names
from bot.query.parser import say
from bot.services import reports
from bot.store.database import Tx
from bot.store.search import asked_for

ATTENTION_PERIOD = timedelta(days=30)  # in which a low result without an acknowledgement is still named
BELOW_NAMED, OVERDUE_NAMED, COSTLY = 8, 6, 5
SILENT_PERIOD = timedelta(days=7)  # at least: in one day most sites have no session
_OF_RESULTS = frozenset({Key.OUTCOME, Key.SCORE})
NOW_DAYS = 7  # that a digest without a slot covers, today included


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The time that a digest covers, the time before that it is compared with, and how that is called: "the week
    before"."""

    window: Window
    before: Window
    called: str


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
    )


_CALLED: Mapping[int, str] = {1: "the day before", 7: "the week before"}


def covered_now(now: datetime, zone: tzinfo) -> Covered:
    """The last days up to now, compared with the same part of the days before them."""
    begin = instant(now.astimezone(zone).date() - timedelta(days=NOW_DAYS - 1), time(), zone)
    span = timedelta(days=NOW_DAYS)
    return Covered(window=Window(begin, now), before=Window(begin - span, now - span), called="the week before")


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
    where = asked_for(query, scope, names, now, zone)
    about = Query(tuple(term for term in query.terms if term.key not in _OF_RESULTS))  # what has no result yet, too
    window, before = time_of.window, time_of.before
    counted, then = (reports.by_unit(tx, By.DEPT, where, one, directory) for one in (window, before))
    sites = report(counted, then)
    costs, criteria_from = tx.reports.costs(where, window)
    attention = Window(min(window.start, window.end - ATTENTION_PERIOD), max(window.end, now))
    overdue, overdue_counts = tx.reports.overdue(asked_for(about, scope, names, now, zone), now, OVERDUE_NAMED)
    without_any = Window(min(window.start, window.end - SILENT_PERIOD), window.end)
    return Digest(
        window=window,
        before=before,
        now=figures(counted),
        then=figures(then),
        below=tx.reports.unacknowledged_sessions(where, attention, BELOW_NAMED),
        all_below=tx.reports.unacknowledged(where, attention),
        below_since=attention.start,
        overdue=overdue,
        overdue_counts=overdue_counts,
        costly=most_costly(costs, COSTLY),
        criteria_from=criteria_from,
        sites=sites,
        labels={row.group: reports.label(By.DEPT, row.group, directory, {}) for row in sites},
        silent=reports.silent(tx, about, scope, names, directory, without_any, zone),
        data_until=tx.polls.last_good_at(),
    )
