"""Questions about sessions: results, show, todo."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.blocks import answers, session_lists, to_do_lists
from bot.blocks.answers import Needs, Topic
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.errors import QueryError, StoreBusy
from bot.domain.filters import Range
from bot.domain.model import DetailsState, Session, SessionKey, SessionRecord
from bot.domain.notifications import Message
from bot.domain.permissions import may_follow_up, may_share, scope_of
from bot.domain.report_periods import last_days
from bot.domain.reports import figures
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import (
    AccessView,
    access_view,
    identity_of,
    record_of,
    refusal,
)
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import WRITER_TIMEOUT, AppContext, next_step
from bot.listeners.understanding import fetch_mentioned_users, to_its_end, understand
from bot.query.by_id import with_labels
from bot.query.keys import SHAPE, Key, Term, without_shape
from bot.query.names import ME
from bot.query.parser import Query, say, words
from bot.query.values import score_range
from bot.store.conditions import asked_for, completed
from bot.store.database import Tx

PAGE_SIZE = 10
TO_DO_READ = 200
ATTENTION_DAYS = 30
LAST = "last"  # behind `show`: the newest session of a query

QUERY_HELP = "Its words are a query: a name, a day, a result in your own words, or conditions with keys."
_SESSION_ID = re.compile(r"[0-9a-fA-F]{8}[0-9a-fA-F-]*")
_MAY_BEGIN_ID = re.compile(r"(?=.*\d)[0-9a-zA-Z-]+")


def is_session_id(text: str) -> bool:
    """Whether a text alone can be nothing but the id of a session."""
    return _SESSION_ID.fullmatch(text) is not None


def may_be_id(text: str) -> bool:
    """Whether a text behind `show` may be the beginning of an id: a name has no digit, or a space."""
    return _MAY_BEGIN_ID.fullmatch(_id_in(text)) is not None


def _id_in(text: str) -> str:
    return text.strip("`“”\"'#<> ").removeprefix("session ").strip()


def what_viewer_has(tx: Tx, viewer: Viewer) -> frozenset[Needs]:
    """What a viewer has of what subcommands need."""
    directory = tx.people.directory()
    identity, scope = identity_of(viewer, directory), scope_of(viewer, directory)
    return frozenset(
        need
        for need, holds in (
            (Needs.NOTHING, True),
            (Needs.SESSIONS, identity.sees),
            (Needs.PERSON, viewer.person_id is not None and not identity.not_allowed_reason),
            (Needs.TEAM, scope.everything or bool(scope.employees)),
        )
        if holds
    )


async def menu(ctx: AppContext, viewer: Viewer, topics: Sequence[Topic]) -> Message:
    """What this viewer can do, with buttons; `topics` are the subcommands that they may use."""

    def work(tx: Tx) -> Message:
        identity, to_do = identity_of(viewer, tx.people.directory()), 0
        has = what_viewer_has(tx, viewer)
        if viewer.person_id is not None and Needs.PERSON in has:
            to_do = len(tx.search.to_do(viewer.person_id, TO_DO_READ))
        return answers.menu(
            topics,
            command=ctx.command,
            who=identity.text,
            has=has,
            what_next=next_step(ctx, identity.remedy, viewer.slack_user_id),
            data_as_of=tx.polls.last_good_at(),
            corrected_at=tx.polls.corrected_at(),
            to_do=to_do,
        )

    return await ctx.store.read(work)


@subcommand(
    "results [query]",
    "Sessions that match, newest first",
    examples=("results outcome:failed since:30d", "results score:<80 since:7d"),
    more=QUERY_HELP,
    on_menu="Last results",
    takes_query=True,
    only_reads=True,
)
async def results(ctx: AppContext, request: CommandRequest) -> Message:
    """The first page of the sessions that match and the viewer may see; one session in full if its id was typed."""
    if is_session_id(request.words):
        return await show.answer(ctx, request)
    return await page(ctx, request.viewer, request.words, 0)


async def page(ctx: AppContext, viewer: Viewer, text: str, offset: int) -> Message:
    """One page of them. Raises QueryError or NotAllowed."""
    await fetch_mentioned_users(ctx, text)
    now = ctx.clock.now()

    def work(tx: Tx) -> Message:
        access = access_view(tx, viewer)
        meant = understand(tx, access, text, "results", now)
        query, known = meant.query, meant.known
        ordered = _soonest_first(query)
        where = asked_for(query, access.scope, known, now, access.zone)
        sessions = tx.search.rows(ordered, where, PAGE_SIZE, offset)
        values = {term.key: term.value for term in ordered.terms}
        status = session_lists.Page(
            sessions=sessions,
            figures=figures(tx.reports.outcome_counts(where)),
            limit=int(values[Key.LIMIT]) if Key.LIMIT in values else None,
            sort=values.get(Key.SORT, "-date"),
            offset=offset,
            size=PAGE_SIZE,
            query=say(query),
            words=words(with_labels(without_shape(query), known)),
            options=[(one.label, f"results {one.text}") for one in meant.options],
            unused=meant.unused,
        )
        about = replace(
            shown(ctx, tx, access, (one.key for one in sessions)),
            beside=_percentages_in(query),
            names_observers=any(term.key is Key.EMPLOYEE and not term.negated for term in query.terms),
        )
        return session_lists.results(status, about, may_share=may_share_here(viewer, None, tx))

    return await ctx.store.read(work)


def _soonest_first(query: Query) -> Query:
    """A query for planned sessions alone with the soonest first, unless it orders them."""
    outcomes = {term.value for term in query.terms if term.key is Key.OUTCOME and not term.negated}
    if outcomes != {"planned"} or any(term.key is Key.SORT for term in query.terms):
        return query
    return Query((*query.terms, Term(Key.SORT, "date")))


def _percentages_in(query: Query) -> list[float]:
    """The ends of the ranges of scores that a query names."""
    wanted = [score_range(term.value) for term in query.terms if term.key is Key.SCORE]
    ranges = [one for one in wanted if isinstance(one, Range)]
    return [end for one in ranges for end in (one.low, one.high) if end is not None]


@subcommand(
    "show ID",
    "One session in full: criteria, competency areas, history",
    examples=("show 4f2a91c0",),
    more="The id is at the foot of each card; its first few characters are enough. `show last` and conditions show the "
    "newest completed session of them: `show last my failed`.",
    only_reads=True,
    takes=lambda words: not words or words.split()[0].lower() == LAST or may_be_id(words),
)
async def show(ctx: AppContext, request: CommandRequest) -> Message:
    """One session, or those whose ids start like what was typed."""
    first, _, text = request.words.strip().partition(" ")
    if first.lower() == LAST:
        await fetch_mentioned_users(ctx, text)

    def work(tx: Tx) -> tuple[Message, SessionRecord | None]:
        access = access_view(tx, request.viewer)
        asked: session_lists.Newest | None = None
        if first.lower() == LAST:
            meant, asked = _newest(ctx, tx, access, text)
        else:
            meant = session_meant(ctx, tx, access, "show", request.words)
        if isinstance(meant, Message):
            return meant, None
        about = shown(ctx, tx, access, [meant.session.key])
        may_share = may_share_here(request.viewer, meant.session, tx)
        answer = session_lists.show(
            meant,
            about,
            with_previous=meant.previous is not None,
            may_share=may_share,
            may_act=may_act_here(request.viewer, meant.session, access.directory),
            asked=asked,
        )
        return answer, meant

    answer, record = await ctx.store.read(work)
    await prioritise_details(ctx, record)
    return answer


def _newest(
    ctx: AppContext, tx: Tx, access: AccessView, text: str
) -> tuple[SessionRecord | Message, session_lists.Newest]:
    """The newest completed session that a text selects, a message if there is none; and how the text was read. Raises
    QueryError."""
    now = ctx.clock.now()
    meant = understand(tx, access, text, f"show {LAST}", now)
    query = without_shape(meant.query)
    where = completed(asked_for(query, access.scope, meant.known, now, access.zone))
    asked = session_lists.Newest(say(query), words(with_labels(query, meant.known)), meant.unused)
    found = tx.search.rows(Query((*query.terms, Term(Key.SORT, "-date"))), where, 1, 0)
    record = record_of(tx, access, found[0].key) if found else None
    return record or session_lists.no_newest(asked, shown(ctx, tx, access, ())), asked


async def prioritise_details(ctx: AppContext, record: SessionRecord | None) -> None:
    """Has the criteria of a session that is about to be shown fetched next, if they are still to be fetched.

    Does nothing while the database is busy: the next answer about the session asks again.
    """
    if record is None or record.session.details is not DetailsState.PENDING_FETCH:
        return
    try:
        async with asyncio.timeout(WRITER_TIMEOUT):
            await ctx.store.transact(lambda tx: tx.details.prioritise([record.session.key]))
    except (StoreBusy, TimeoutError):
        return


def may_share_here(viewer: Viewer, session: Session | None, tx: Tx) -> bool:
    """Whether a viewer gets the button "Share here": for one session, or for a list if `session` is None."""
    if session is None:
        return viewer.is_admin
    return may_share(viewer, session.facts, tx.people.directory()).allowed


def may_act_here(viewer: Viewer, session: Session, directory: Directory) -> bool:
    """Whether a viewer gets “Acknowledge” and “Follow up” for a session: a low result, and not their own."""
    return outcome_of(session).is_failing and may_follow_up(viewer, session.facts, directory).allowed


def session_meant(ctx: AppContext, tx: Tx, access: AccessView, verb: str, words: str) -> SessionRecord | Message:
    """The session whose id starts with the words behind a verb; a message that says so if there is none or several.

    Raises QueryError if no id was typed.
    """
    prefix = _id_in(words).lower()
    if not prefix:
        raise QueryError(f"Which session? Type {ctx.command} {verb} and the id at the foot of a card.", ["results"])
    found = tx.search.starting_with(prefix, access.scope)
    record = record_of(tx, access, found[0].key) if len(found) == 1 else None
    return record or session_lists.which_session(prefix, found, shown(ctx, tx, access, (one.key for one in found)))


@subcommand(
    "todo [query]",
    "What you must conduct or finish as an observer",
    examples=("todo", "todo tomorrow"),
    on_menu="My to-do",
    needs=Needs.PERSON,
    takes_query=True,
    only_reads=True,
)
async def todo(ctx: AppContext, request: CommandRequest) -> Message:
    """The viewer's planned and started sessions, the longest due first; what is overdue is to do in any time ahead."""
    await fetch_mentioned_users(ctx, request.words)
    now = ctx.clock.now()

    def work(tx: Tx) -> Message:
        access = access_view(tx, request.viewer)
        if request.viewer.person_id is None:
            raise refusal(identity_of(request.viewer, access.directory))
        meant = to_its_end(understand(tx, access, request.words, "todo", now, is_ahead=True))
        query = Query(tuple(term for term in meant.query.terms if not _says_nothing_of_to_do(term)))
        where = asked_for(query, access.scope, meant.known, now, access.zone)
        open_sessions = tx.search.to_do(request.viewer.person_id, TO_DO_READ, where if query.terms else None)
        about = shown(ctx, tx, access, (one.key for one in open_sessions))
        asked = to_do_lists.ToDoAsked(
            say(query), words(with_labels(query, meant.known)) if query.terms else "", meant.unused
        )
        return to_do_lists.to_do(open_sessions, about, asked, now=now, unacknowledged=_unacknowledged(tx, access, now))

    return await ctx.store.read(work)


def _unacknowledged(tx: Tx, access: AccessView, now: datetime) -> int:
    """How many low results of the last days wait for a person in charge; 0 for people without a team."""
    if not access.scope.everything and not access.scope.employees:
        return 0
    window, nothing = last_days(ATTENTION_DAYS, now, access.zone), understand(tx, access, "", "todo", now)
    where = asked_for(nothing.query, access.scope, nothing.known, now, access.zone)
    return tx.reports.unacknowledged(where, window)


def _says_nothing_of_to_do(term: Term) -> bool:
    """A beginning, for what was planned before it is still to do; and "me", who observes."""
    return term.key is Key.SINCE or term.key in SHAPE or (term.value == ME and not term.negated)


def shown(ctx: AppContext, tx: Tx, access: AccessView, keys: Iterable[SessionKey]) -> session_lists.RenderContext:
    """What an answer about these sessions needs to render them."""
    return session_lists.RenderContext(
        directory=access.directory,
        short_ids={key: tx.search.short_id(key, access.scope) for key in keys},
        data_as_of=tx.polls.last_good_at(),
        corrected_at=tx.polls.corrected_at(),
        command=ctx.command,
        account_url=ctx.settings.ispring_account_url or None,
        coverage=access.coverage,
        own_id=None if access.viewer.is_admin else access.viewer.person_id,
    )
