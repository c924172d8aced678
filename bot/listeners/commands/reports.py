"""Answers that mean something: trends, a person's history, what is overdue or upcoming, who was silent."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.blocks import report_lists
from bot.blocks import reports as view
from bot.blocks.answers import Needs
from bot.blocks.overview import attention_list
from bot.domain.errors import QueryError
from bot.domain.model import OutcomeKind
from bot.domain.notifications import Message
from bot.domain.report_periods import Window, midnight
from bot.domain.reports import figures
from bot.domain.whole_reports import steps
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.intent import COMPARED
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.sessions import shown
from bot.listeners.context import AppContext
from bot.listeners.understanding import (
    Counting,
    Understood,
    count_sessions,
    fetch_mentioned_users,
    to_its_end,
    understand,
)
from bot.query.by_id import with_labels
from bot.query.keys import Key, Query, Term, without_shape
from bot.query.names import ME, Kind, id_value
from bot.query.parser import say, words
from bot.services import reports as counted
from bot.store.database import Tx
from bot.store.search import Where, asked_for, completed

HISTORY_READ = 500  # of one person's sessions
UPCOMING_DAYS, SILENT_DAYS, ATTENTION_DAYS, MOST_DAYS = 7, 30, 30, 366
ATTENTION_SHOWN = 10  # sessions, each with its buttons
_DAYS = re.compile(r"(?:in |the |next |last |within )*(\d{1,3}) ?(d|day|days|w|week|weeks)\b[ ,]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Read:
    """One report being made: what may be seen, what was asked, and the sessions that this selects."""

    tx: Tx
    access: AccessView
    meant: Understood
    now: datetime

    @property
    def query(self) -> Query:
        return self.meant.query

    @property
    def where(self) -> Where:
        return asked_for(self.query, self.access.scope, self.meant.known, self.now, self.access.zone)

    @property
    def limit(self) -> int:
        found = [int(term.value) for term in self.query.terms if term.key is Key.LIMIT]
        return min(found[-1], view.MOST_SHOWN) if found else view.UNITS_SHOWN


async def _answered(
    ctx: AppContext,
    request: CommandRequest,
    verb: str,
    text: str,
    make: Callable[[_Read, view.Asked], Message],
    counting: Counting = count_sessions,
) -> Message:
    """The answer that `make` gives to a text, in one transaction. Raises QueryError, NotAllowed and NotPossibleNow.

    `counting` says how many sessions the answer would show, for texts that mean several things.
    """
    await fetch_mentioned_users(ctx, text)
    now = ctx.clock.now()

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        read = _Read(tx, access, understand(tx, access, text, verb, now, counting=counting), now)
        return make(read, _asked(ctx, read, verb))

    return await ctx.store.read(work)


def _asked(ctx: AppContext, read: _Read, verb: str) -> view.Asked:
    query = read.query
    about = without_shape(query)
    return view.Asked(
        verb=verb,
        query=say(query),
        words=words(with_labels(about, read.meant.known)),
        options=[(one.label, f"{verb} {one.text}") for one in read.meant.options],
        unused=read.meant.unused,
        coverage=read.access.coverage,
        person_id=read.access.viewer.person_id,
        directory=read.access.directory,
        now=read.now,
        zone=read.access.zone,
        data_as_of=read.tx.polls.last_good_at(),
        corrected_at=read.tx.polls.corrected_at(),
        command=ctx.command,
        limit=read.limit,
    )


@subcommand(
    "trend [query] [by:week]",
    "Whether results get better",
    examples=("trend by:week", "trend by:month since:365d", "trend by:checklist since:90d"),
    more="By week, month, checklist, dept (whole sites), observer, employee or criterion: the share that met the"
    " target, the median, the change against the time before in points, and the criteria that cost most. Groups under 5"
    " sessions are not ranked. Of sessions chosen by their result (`trend failed by:dept`): how many they are of all.",
    on_menu="Trend",
    takes_query=True,
    only_reads=True,
)
async def trend(ctx: AppContext, request: CommandRequest) -> Message:
    """Figures by week, month or unit, compared with the time before."""
    first, _, words = request.words.partition(" ")
    compares = first.lower() == COMPARED
    text = words if compares else request.words

    def make(read: _Read, asked: view.Asked) -> Message:
        if compares:
            read, asked = _by_what_is_named(read, asked, text)
        access = read.access
        _refuse_two_groupings(read.query)
        try:
            made = counted.trend(
                read.tx, read.query, access.scope, read.meant.known, access.directory, read.now, access.zone
            )
        except QueryError as error:
            raise QueryError(str(error), [f"trend {one}" for one in error.suggestions]) from None
        return view.trend(made, asked)

    return await _answered(ctx, request, "trend", text, make, _count_completed)


def _refuse_two_groupings(query: Query) -> None:
    """Raises QueryError for a query with `by:` for two kinds of rows."""
    named = list(dict.fromkeys(term.value for term in query.terms if term.key is Key.BY))
    if len(named) < 2:
        return
    others = tuple(term for term in query.terms if term.key is not Key.BY)
    fixes = [f"trend {say(Query((*others, Term(Key.BY, one))))}" for one in named[:3]]
    raise QueryError(f"The rows of a trend are of one kind, and this names {len(named)}.", fixes)


_COMPARED_BY = {Key.DEPT: "dept", Key.CHECKLIST: "checklist", Key.OBSERVER: "observer", Key.EMPLOYEE: "employee"}


def _by_what_is_named(read: _Read, asked: view.Asked, text: str) -> tuple[_Read, view.Asked]:
    """The same with a row for each of what a query names: "compare Sofia and Arjun"; for each month or week, if it
    names times and at most one of anything else: "sofia this month compared to last month"."""
    keys = [term.key for term in read.query.terms]
    named = [key for key in keys if key in _COMPARED_BY]
    times = re.findall(r"\b(week|month)s?\b", text, re.IGNORECASE)
    often = max(map(named.count, named), default=0)
    if Key.BY in keys or not (named or times):
        return read, asked
    by = times[0].lower() if times and often < 2 else _COMPARED_BY[max(named, key=named.count)]
    query = Query((*read.query.terms, Term(Key.BY, by)))
    return replace(read, meant=replace(read.meant, query=query)), replace(asked, query=say(query))


@subcommand(
    "history PERSON",
    "One person's results, and how they change",
    examples=("history me",),
    more="A name, @name or `me`, and conditions if you like: `history arjun opening`.",
    takes_query=True,
    only_reads=True,
)
async def history(ctx: AppContext, request: CommandRequest) -> Message:
    """The completed sessions of one employee."""

    def make(read: _Read, asked: view.Asked) -> Message:
        read, asked = _of_one_person(read, asked)
        person = _people_asked_for(read)[0]
        newest = read.tx.reports.completed_of(read.where, HISTORY_READ)
        total = figures(read.tx.reports.outcome_counts(read.where))
        return report_lists.history(read.access.directory.name_of(person), steps(newest), total, asked)

    return await _answered(ctx, request, "history", request.words, make, _count_completed)


def _count_completed(tx: Tx, where: Where) -> int:
    return count_sessions(tx, completed(where))


def _of_one_person(read: _Read, asked: view.Asked) -> tuple[_Read, view.Asked]:
    """The same for a query that names exactly one employee: the viewer, if it names none. Raises QueryError."""
    people = _people_asked_for(read)
    if not people and read.access.viewer.person_id is not None:
        query = Query((Term(Key.EMPLOYEE, ME), *read.query.terms))
        return replace(read, meant=replace(read.meant, query=query)), replace(asked, query=say(query))
    if not people:
        raise QueryError("Whose history? Name one person.", ["history me"])
    if len(people) > 1:
        others = tuple(term for term in read.query.terms if term.key is not Key.EMPLOYEE)
        each = [say(Query((Term(Key.EMPLOYEE, id_value(one)), *others))) for one in people[:3]]
        named = ", ".join(read.access.directory.name_of(one) for one in people[:3])
        raise QueryError(
            f"A history is of one person, and this names {len(people)}: {named}{' …' * (len(people) > 3)}.",
            [f"history {one}" for one in each],
        )
    return read, asked


def _people_asked_for(read: _Read) -> list[str]:
    """The ids of the employees that a query names."""
    named = [term.value for term in read.query.terms if term.key is Key.EMPLOYEE and not term.negated]
    return sorted(frozenset[str]().union(*(read.meant.known.meant(Kind.PERSON, value) for value in named)))


@subcommand(
    "overdue [query]",
    "What was not started in time, or not finished",
    examples=("overdue",),
    on_menu="Overdue",
    takes_query=True,
    only_reads=True,
)
async def overdue(ctx: AppContext, request: CommandRequest) -> Message:
    """The open sessions whose time has passed, with their ages, the oldest first."""

    def make(read: _Read, asked: view.Asked) -> Message:
        sessions, counts = read.tx.reports.overdue(read.where, read.now, read.limit)
        return report_lists.overdue(sessions, counts, asked)

    def counting(tx: Tx, where: Where) -> int:
        return sum(tx.reports.overdue(where, ctx.clock.now(), 0)[1].values())

    return await _answered(ctx, request, "overdue", request.words, make, counting)


@subcommand(
    "attention [query]",
    "Unacknowledged low results, and what is overdue",
    examples=("attention", "attention since:7d"),
    more="Of the last 30 days, or of the time that the query names; the lowest result first. An employee's own"
    " acknowledgement does not count: somebody else has to see to a low result.",
    on_menu="Needs attention",
    takes_query=True,
    only_reads=True,
)
async def attention(ctx: AppContext, request: CommandRequest) -> Message:
    """The failing sessions that no one has acknowledged, the lowest first, with buttons; and how many are overdue."""

    def window_of(read: _Read) -> Window:
        first = read.now.astimezone(read.access.zone).date() - timedelta(days=ATTENTION_DAYS)
        return counted.window_of(read.query, Window(midnight(first, read.access.zone), read.now), read.access.zone)

    def make(read: _Read, asked: view.Asked) -> Message:
        tx, access, window = read.tx, read.access, window_of(read)
        where = asked_for(counted.without_time(read.query), access.scope, read.meant.known, read.now, access.zone)
        found = tx.reports.attention(where, window, min(read.limit, ATTENTION_SHOWN))
        failing = figures(tx.reports.outcome_counts_in(where, window)).failing
        overdue = sum(tx.reports.overdue(where, read.now, 0)[1].values())
        about = shown(ctx, tx, access, (one.key for one in found))
        return attention_list(found, failing - tx.reports.acknowledged(where, window), overdue, about, window, asked)

    return await _answered(ctx, request, "attention", request.words, make, _count_completed)


@subcommand(
    "upcoming [7d] [query]",
    "What is planned for the next days",
    examples=("upcoming 7d", "upcoming 30d"),
    takes_query=True,
    only_reads=True,
)
async def upcoming(ctx: AppContext, request: CommandRequest) -> Message:
    """The planned sessions of the next days, the soonest first; a day ends at midnight in the viewer's zone."""
    days, text = _days(request.words, UPCOMING_DAYS)

    def make(read: _Read, asked: view.Asked) -> Message:
        read = replace(read, meant=to_its_end(read.meant))
        has_end = any(term.key is Key.UNTIL and not term.negated for term in read.query.terms)
        last = read.now.astimezone(read.access.zone).date() + timedelta(days=MOST_DAYS if has_end else days)
        window = Window(read.now, midnight(last + timedelta(days=1), read.access.zone))
        sessions, counts = read.tx.reports.upcoming(read.where, window, read.limit)
        total = counts.get(OutcomeKind.PLANNED, 0)
        asked = _asked(ctx, read, "upcoming" if has_end else f"upcoming {days}d")
        return report_lists.upcoming(sessions, total, None if has_end else days, asked)

    def counting(tx: Tx, where: Where) -> int:
        now = ctx.clock.now()
        return sum(tx.reports.upcoming(where, Window(now, now + timedelta(days=days)), 0)[1].values())

    return await _answered(ctx, request, f"upcoming {days}d", text, make, counting)


@subcommand(
    "silent [30d] [dept:…]",
    "Who and which sites had no session",
    examples=("silent 30d", "silent 90d"),
    needs=Needs.TEAM,
    takes_query=True,
    only_reads=True,
)
async def silent(ctx: AppContext, request: CommandRequest) -> Message:
    """The employees, sites and observers that a viewer may see and that had no completed session in the last days."""
    days, text = _days(request.words, SILENT_DAYS)

    def make(read: _Read, asked: view.Asked) -> Message:
        access = read.access
        first = read.now.astimezone(access.zone).date() - timedelta(days=days)
        window = counted.window_of(read.query, Window(midnight(first, access.zone), read.now), access.zone)
        query = counted.without_time(read.query)
        found = counted.silent(read.tx, query, access.scope, read.meant.known, access.directory, window, access.zone)
        has_time = query != read.query
        verb = "silent" if has_time else f"silent {days}d"
        said = words(with_labels(without_shape(query), read.meant.known))
        return report_lists.silent(found, None if has_time else days, replace(asked, verb=verb, words=said))

    return await _answered(ctx, request, f"silent {days}d", text, make)


def _days(text: str, default: int) -> tuple[int, str]:
    """The number of days that a text begins with, and the rest of it. Raises QueryError."""
    found = _DAYS.match(text)
    if found is None:
        return default, text
    days = int(found[1]) * (7 if found[2][0].lower() == "w" else 1)
    if not 1 <= days <= MOST_DAYS:
        raise QueryError(f"The number of days lies between 1 and {MOST_DAYS}.", [])
    return days, text[found.end() :]
