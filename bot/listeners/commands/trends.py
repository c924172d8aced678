"""Trends: whether results get better, of what is compared, and what one criterion costs."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.blocks import criteria as criteria_view
from bot.blocks import reports as view
from bot.blocks import session_counts as counts_view
from bot.blocks import trends as trends_view
from bot.domain.errors import AmbiguousQuery, NotAllowed, NotPossibleNow, QueryError
from bot.domain.notifications import Message
from bot.domain.report_periods import By, Window, last_days
from bot.domain.reports import CriterionCost
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.reports import Read, count_completed, report_of
from bot.listeners.context import AppContext
from bot.listeners.questions.wording import COMPARED, COUNT
from bot.listeners.understanding import understand
from bot.query.criteria import criteria_named, split_criterion
from bot.query.days import month_number
from bot.query.keys import SHAPE, Key, Query, Term, without_shape
from bot.query.name_index import words_of
from bot.query.parser import say
from bot.services import reports as counted
from bot.store.conditions import asked_for
from bot.store.database import Tx

MOST_LIKELY = 3  # criteria that are asked about
CRITERION_DAYS = 90  # that an answer about a criterion covers if it names no beginning
_CRITERION = re.compile(r'criterion "([^"]{1,200})"', re.IGNORECASE)


@subcommand(
    "trend [query] [by:week]",
    "Whether results get better",
    examples=("trend by:week", "trend by:month since:365d", "trend by:checklist since:90d"),
    more="By week, month, checklist, dept (whole sites), observer, employee or criterion: the share that met the"
    " target, the median, the change against the time before in points, and the criteria that cost most. Groups under 5"
    " sessions are not ranked. Of sessions chosen by their result (`trend failed by:dept`): how many they are of all."
    " `trend count by:dept` shows the numbers of sessions alone, with their change.",
    on_menu="Trend",
    takes_query=True,
    only_reads=True,
)
async def trend(ctx: AppContext, request: CommandRequest) -> Message:
    """Figures by week, month or unit, compared with the time before; or what one criterion cost."""
    if of_one := _CRITERION.match(request.words):
        return await _of_criterion(ctx, request, of_one[1], request.words[of_one.end() :].strip())
    counts, text = _without_first(request.words, COUNT)
    compares, text = _without_first(text, COMPARED)
    verb = f"trend {COUNT}" if counts else "trend"

    understood: list[Query] = []

    def make(read: Read, asked: view.Asked) -> Message:
        understood.append(read.query)
        if compares:
            read, asked = _by_what_is_named(read, asked, text)
        if counts:
            read, asked = _most_first(read, asked)
        access = read.access
        _refuse_two_groupings(read.query)
        try:
            made = counted.trend(
                read.tx, read.query, access.scope, read.meant.known, access.directory, read.now, access.zone
            )
        except QueryError as error:
            raise QueryError(str(error), [f"{verb} {one}" for one in error.suggestions]) from None
        # A trend of sessions chosen by their result shows their numbers anyway, and criteria have none of their own.
        if counts and not made.is_parted and made.by is not By.CRITERION:
            return counts_view.session_counts(made, asked)
        return trends_view.trend(made, asked)

    try:
        return await report_of(ctx, request, verb, text, make, count_completed)
    except AmbiguousQuery:
        raise
    except QueryError:
        if understood or not (named := await about_criterion(ctx, request.viewer, text)):
            raise
        return await trend.answer(ctx, replace(request, words=named))


def _without_first(text: str, word: str) -> tuple[bool, str]:
    """Whether a text begins with a word, and what is behind it."""
    first, _, others = text.strip().partition(" ")
    return (True, others) if first.lower() == word else (False, text)


def _most_first(read: Read, asked: view.Asked) -> tuple[Read, view.Asked]:
    """The same with the units ordered by their number of sessions, unless the query orders them."""
    keys = {term.key: term.value for term in read.query.terms}
    if Key.SORT in keys or keys.get(Key.BY, "week") in ("week", "month", "criterion"):
        return read, asked
    query = Query((*read.query.terms, Term(Key.SORT, "-count")))
    return replace(read, meant=replace(read.meant, query=query)), replace(asked, query=say(query))


def _refuse_two_groupings(query: Query) -> None:
    """Raises QueryError for a query with `by:` for two kinds of rows."""
    named = list(dict.fromkeys(term.value for term in query.terms if term.key is Key.BY))
    if len(named) < 2:
        return
    others = tuple(term for term in query.terms if term.key is not Key.BY)
    fixes = [f"trend {say(Query((*others, Term(Key.BY, one))))}" for one in named[:3]]
    raise QueryError(f"The rows of a trend are of one kind, and this names {len(named)}.", fixes)


_COMPARED_BY = {Key.DEPT: "dept", Key.CHECKLIST: "checklist", Key.OBSERVER: "observer", Key.EMPLOYEE: "employee"}


def _by_what_is_named(read: Read, asked: view.Asked, text: str) -> tuple[Read, view.Asked]:
    """The same with a row for each of what a query names: "compare Sofia and Arjun"; for each month or week, if it
    names times and at most one of anything else: "sofia this month compared to last month"."""
    keys = [term.key for term in read.query.terms]
    named = [key for key in keys if key in _COMPARED_BY]
    times = re.findall(r"\b(week|month)s?\b", text.lower())
    months = sum(month_number(word) is not None for word in words_of(text))
    times += ["month"] if months > 1 or re.search(r"\b(?:quarters?|years?|q[1-4])\b", text, re.IGNORECASE) else []
    often = max(map(named.count, named), default=0)
    if Key.BY in keys or not (named or times):
        return read, asked
    by = times[0] if times and often < 2 else _COMPARED_BY[max(named, key=named.count)]
    query = Query((*read.query.terms, Term(Key.BY, by)))
    return replace(read, meant=replace(read.meant, query=query)), replace(asked, query=say(query))


# ---- one criterion -------------------------------------------------------------------------------------------------


async def about_criterion(ctx: AppContext, viewer: Viewer, text: str) -> str:
    """The words for `trend` if a text names a criterion that was graded in sessions that the viewer may see: what it
    names, and the other words; "" if it names none, or the other words can't be read."""
    now = ctx.clock.now()

    def work(tx: Tx) -> str:
        access = access_view(tx, viewer)
        nothing = understand(tx, access, "", "trend", now)
        where = asked_for(nothing.query, access.scope, nothing.known, now, access.zone)
        costs, _ = tx.reports.costs(where, last_days(CRITERION_DAYS, now, access.zone))
        titles = [*dict.fromkeys(title for one in costs for title in (one.title, one.area) if title)]
        found = split_criterion(text, titles)
        if found is None:
            return ""
        try:
            understand(tx, access, found.other_text, "trend", now)
        except AmbiguousQuery:
            pass  # it is asked about
        except QueryError:
            return ""
        if found.is_likely:
            likely = sorted(criteria_named(found.named, titles))[:MOST_LIKELY]
            raise AmbiguousQuery(
                f"“{found.named}” is no name that you may see, and only like a word of these criteria.",
                [f'trend criterion "{" ".join(words_of(one))}" {found.other_text}'.strip() for one in likely],
                likely,
            )
        return f'criterion "{found.named}" {found.other_text}'.strip()

    try:
        return await ctx.store.read(work)
    except (NotAllowed, NotPossibleNow):
        return ""


async def _of_criterion(ctx: AppContext, request: CommandRequest, named: str, text: str) -> Message:
    """What the criteria cost whose titles hold some words, and in the two halves of the time."""
    verb = f'trend criterion "{named}"'

    def make(read: Read, asked: view.Asked) -> Message:
        zone = read.access.zone
        window = counted.window_of(read.query, last_days(CRITERION_DAYS, read.now, zone), zone)
        query = counted.without_time(without_shape(read.query))
        where = asked_for(query, read.access.scope, read.meant.known, read.now, zone)
        every, sessions = read.tx.reports.costs(where, window)
        middle = window.start + (window.end - window.start) / 2
        newer, _ = read.tx.reports.costs(where, Window(middle, window.end))
        older, _ = read.tx.reports.costs(where, Window(window.start, middle))
        left_out = [say(Query((one,))) for one in read.query.terms if one.key in SHAPE and one.key is not Key.SORT]
        asked = replace(asked, query=say(without_shape(read.query)), unused=(*asked.unused, *left_out))
        halves = criteria_view.Halves(_named(newer, named), _named(older, named))
        return criteria_view.criterion(named, _named(every, named), halves, sessions, window, asked)

    return await report_of(ctx, request, verb, text, make, count_completed)


def _named(costs: Sequence[CriterionCost], named: str) -> Sequence[CriterionCost]:
    """The criteria whose titles hold some words, and those of the areas whose names do."""
    titles = criteria_named(named, [title for one in costs for title in (one.title, one.area)])
    found = [one for one in costs if one.title in titles or one.area in titles]
    return sorted(found, key=lambda one: (-one.lost, one.title))
