"""Answers that mean something: a person's history, what is overdue or upcoming, who was silent."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.blocks import report_lists
from bot.blocks import reports as view
from bot.blocks.answers import Needs
from bot.blocks.overview import MOST_ATTENTION, attention_list
from bot.domain.errors import QueryError
from bot.domain.model import OutcomeKind
from bot.domain.notifications import Message
from bot.domain.report_periods import Window, last_days, midnight
from bot.domain.reports import figures
from bot.domain.whole_reports import steps
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.sessions import ATTENTION_DAYS, shown
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
from bot.query.units import PLURALS
from bot.services import reports as counted
from bot.store.conditions import Where, asked_for, completed
from bot.store.database import Tx

HISTORY_READ = 500  # of one person's sessions
UPCOMING_DAYS, SILENT_DAYS, MOST_DAYS = 7, 30, 366
ATTENTION_SHOWN = 10  # sessions, each with its buttons
MINE = "mine"  # behind `upcoming`: in which the viewer is the observer or the employee
_IN = r"(?:(?:in|the|next|last|past|within|for|since) )*"
_LENGTH = r"(\d{1,3}) ?(d|day|days|w|week|weeks)\b"
_DAYS = re.compile(rf"{_IN}{_LENGTH}[ ,]*|(?:^|(?<=\s)){_IN}{_LENGTH}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
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


async def report_of(
    ctx: AppContext,
    request: CommandRequest,
    verb: str,
    text: str,
    make: Callable[[Read, view.Asked], Message],
    counting: Counting = count_sessions,
    *,
    is_ahead: bool = False,
) -> Message:
    """The answer that `make` gives to a text, in one transaction. Raises QueryError, NotAllowed and NotPossibleNow.

    `counting` says how many sessions the answer would show, for texts that mean several things. `is_ahead`: it is about
    days to come.
    """
    await fetch_mentioned_users(ctx, text)
    now = ctx.clock.now()

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        read = Read(tx, access, understand(tx, access, text, verb, now, counting=counting, is_ahead=is_ahead), now)
        return make(read, _asked(ctx, read, verb))

    return await ctx.store.read(work)


def _asked(ctx: AppContext, read: Read, verb: str) -> view.Asked:
    query = read.query
    about = without_shape(query)
    return view.Asked(
        verb=verb,
        query=say(query),
        words=words(with_labels(about, read.meant.known)),
        options=[(one.label, f"{verb} {one.text}") for one in read.meant.options],
        unused=(*read.meant.unused, *_groups_unused(query, verb)),
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


def _groups_unused(query: Query, verb: str) -> Sequence[str]:
    """The `by:` of a report that has no groups."""
    return () if verb.startswith("trend") else [say(Query((term,))) for term in query.terms if term.key is Key.BY]


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

    def make(read: Read, asked: view.Asked) -> Message:
        read, asked = _of_one_person(read, asked)
        person = _people_asked_for(read)[0]
        newest = read.tx.reports.completed_of(read.where, HISTORY_READ)
        total = figures(read.tx.reports.outcome_counts(read.where))
        return report_lists.history(read.access.directory.name_of(person), steps(newest), total, asked)

    return await report_of(ctx, request, "history", request.words, make, count_completed)


def count_completed(tx: Tx, where: Where) -> int:
    return count_sessions(tx, completed(where))


def _of_one_person(read: Read, asked: view.Asked) -> tuple[Read, view.Asked]:
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


def _people_asked_for(read: Read) -> list[str]:
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

    def make(read: Read, asked: view.Asked) -> Message:
        sessions, counts = read.tx.reports.overdue(read.where, read.now, read.limit)
        return report_lists.overdue(sessions, counts, asked)

    def counting(tx: Tx, where: Where) -> int:
        return sum(tx.reports.overdue(where, ctx.clock.now(), 0)[1].values())

    return await report_of(ctx, request, "overdue", request.words, make, counting)


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

    def make(read: Read, asked: view.Asked) -> Message:
        tx, access = read.tx, read.access
        window = counted.window_of(read.query, last_days(ATTENTION_DAYS, read.now, access.zone), access.zone)
        where = asked_for(counted.without_time(read.query), access.scope, read.meant.known, read.now, access.zone)
        is_limited = any(term.key is Key.LIMIT for term in read.query.terms)
        most = min(read.limit, MOST_ATTENTION) if is_limited else ATTENTION_SHOWN
        found = tx.reports.attention(where, window, most)
        overdue = sum(tx.reports.overdue(where, read.now, 0)[1].values())
        about = shown(ctx, tx, access, (one.key for one in found))
        return attention_list(found, tx.reports.unacknowledged(where, window), overdue, about, window, asked)

    return await report_of(ctx, request, "attention", request.words, make, count_completed)


@subcommand(
    "upcoming [7d] [query]",
    "What is planned for the next days",
    examples=("upcoming 7d", "upcoming 30d"),
    more="`upcoming mine` shows only what you observe or are observed in.",
    takes_query=True,
    only_reads=True,
)
async def upcoming(ctx: AppContext, request: CommandRequest) -> Message:
    """The planned sessions of the next days, the soonest first; a day ends at midnight in the viewer's zone."""
    first, _, remaining = request.words.strip().partition(" ")
    is_mine = first.lower() == MINE and request.viewer.person_id is not None
    days, text = _days(remaining if is_mine else request.words, UPCOMING_DAYS)
    verb = f"upcoming {MINE}" if is_mine else "upcoming"

    def within(where: Where) -> Where:
        if is_mine:
            where.add("(observer_id = ? OR employee_id = ?)", request.viewer.person_id, request.viewer.person_id)
        return where

    def make(read: Read, asked: view.Asked) -> Message:
        read = replace(read, meant=to_its_end(read.meant))
        has_end = any(term.key is Key.UNTIL and not term.negated for term in read.query.terms)
        last = read.now.astimezone(read.access.zone).date() + timedelta(days=MOST_DAYS if has_end else days)
        window = Window(read.now, midnight(last + timedelta(days=1), read.access.zone))
        sessions, counts = read.tx.reports.upcoming(within(read.where), window, read.limit)
        total = counts.get(OutcomeKind.PLANNED, 0)
        asked = _asked(ctx, read, verb if has_end else f"{verb} {days}d")
        if is_mine:
            others = "" if asked.words == "all sessions" else f", {asked.words}"
            asked = replace(asked, words=f"sessions that you observe or are observed in{others}")
        return report_lists.upcoming(sessions, total, None if has_end else days, asked)

    def counting(tx: Tx, where: Where) -> int:
        now = ctx.clock.now()
        return sum(tx.reports.upcoming(within(where), Window(now, now + timedelta(days=days)), 0)[1].values())

    return await report_of(ctx, request, f"{verb} {days}d", text, make, counting, is_ahead=True)


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

    def make(read: Read, asked: view.Asked) -> Message:
        access = read.access
        window = counted.window_of(read.query, last_days(days, read.now, access.zone), access.zone)
        query = counted.without_time(read.query)
        found = counted.silent(read.tx, query, access.scope, read.meant.known, access.directory, window, access.zone)
        has_time = query != read.query
        verb = "silent" if has_time else f"silent {days}d"
        said = words(with_labels(without_shape(query), read.meant.known))
        named = next((what for what, pattern in _FIRST.items() if re.search(pattern, text, re.IGNORECASE)), "")
        return report_lists.silent(found, None if has_time else days, replace(asked, verb=verb, words=said), named)

    return await report_of(ctx, request, f"silent {days}d", text, make)


_FIRST = {
    "observer": rf"\b{PLURALS['observer']}\b",
    "site": rf"\b{PLURALS['dept']}\b(?! \d)",
}  # which of the silent were asked for


def _days(text: str, default: int) -> tuple[int, str]:
    """The number of days that a text begins or ends with, and the rest of it. Raises QueryError."""
    text = text.strip()
    found = _DAYS.match(text) or next((one for one in _DAYS.finditer(text) if one.end() == len(text)), None)
    if found is None:
        return default, text
    number, unit = found[1] or found[3], found[2] or found[4]
    days = int(number) * (7 if unit[0].lower() == "w" else 1)
    if not 1 <= days <= MOST_DAYS:
        raise QueryError(f"The number of days lies between 1 and {MOST_DAYS}.", [])
    return days, f"{text[: found.start()]}{text[found.end() :]}".strip()
