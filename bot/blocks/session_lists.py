"""Answers about sessions: a page of results, and one session in full."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions
from bot.blocks.cards import UNTITLED, acknowledge_button
from bot.blocks.coverage import coverage_blocks
from bot.blocks.details import session_blocks
from bot.blocks.elements import Block, button, context, link_button, message, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_ups import follow_up_button
from bot.blocks.markup import (
    NAME,
    TITLE,
    bare,
    code,
    format_data_age,
    format_query_text,
    moment_token,
    safe,
)
from bot.blocks.reports import figures_line, not_used
from bot.blocks.results import headline, observed_by, unchecked
from bot.blocks.sharing import share_button
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import Session, SessionKey, SessionRecord
from bot.domain.notifications import Message
from bot.domain.permissions import Coverage
from bot.domain.reports import Figures
from bot.domain.text import count

ROWS = 25  # sessions in one answer at most: with names at their longest they stay within a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of an answer. `query` is canonical text, `words` for people what it selects; `size` is the full page's
    length. `figures` are of all that match, `limit` is how many of them were asked for, `sort` in which order.

    `options` are what the typed words may have meant instead: what it would be in words, and the command for it;
    `unused` are the words that the query leaves out.
    """

    sessions: Sequence[Session]
    figures: Figures
    offset: int
    size: int
    query: str
    words: str
    options: Sequence[tuple[str, str]] = ()
    unused: Sequence[str] = ()
    limit: int | None = None
    sort: str = "-date"

    @property
    def total(self) -> int:
        """How many sessions all pages show."""
        return self.figures.sessions if self.limit is None else min(self.limit, self.figures.sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderContext:
    """What all answers about sessions need: names and sites, the short ids, and how old the data is.

    `beside`: the percentages that the query names; no score may read as if it were on their other side. `coverage`:
    whose sessions the answer covers, None if all. `names_observers`: the rows of results name who observed.
    `own_id`: the person whose own low results are for others to see to; None for an admin.
    """

    directory: Directory
    short_ids: Mapping[SessionKey, str]
    data_as_of: datetime | None
    corrected_at: datetime | None = None
    command: str = "/ojt"
    account_url: str | None = None
    beside: Sequence[float] = ()
    coverage: Coverage | None = None
    names_observers: bool = False
    own_id: str | None = None


def results(page: Page, shown: RenderContext, *, may_share: bool = False) -> Message:
    """One page of sessions, the query in words, and buttons to the pages beside it and to sharing it."""
    if not page.sessions:
        return _nothing_found(page, shown)
    sessions = page.sessions[:ROWS]
    several = span_sites(sessions, shown)
    every = page.figures.sessions
    found = f"{every:,} found" if page.total == every else _limited(page)
    heading = f"{found}: {format_query_text(page.words, 1_000) or 'all sessions'}."
    if len(sessions) < page.total:
        heading += f" Showing {page.offset + 1:,} to {page.offset + len(sessions):,}."
    whole = "" if page.total == every else f"All {every:,}: "
    numbers = figures_line(page.figures, of_outcomes=_JUDGED.search(page.query) is not None)
    heading += f"\n{whole}{numbers}" if numbers else ""
    made = _page_buttons(page) + (share_button(actions.Share(query=page.query)) if may_share else [])
    return message(
        [
            section(mrkdwn(heading)),
            *coverage_blocks(shown.coverage),
            *_read_as(page, shown),
            *(result_row(session, number, shown, names_site=several) for number, session in enumerate(sessions)),
            *([buttons(made)] if made else []),
            age_block(shown),
        ]
    )


_JUDGED = re.compile(r"(?:^| )outcome:(?!completed)")  # then the share that met the target says nothing
_ORDERS: Mapping[str, str] = {
    "score": "with the lowest score",
    "-score": "with the highest score",
    "date": "oldest",
    "-date": "newest",
    "name": "first by name",
}  # by what `sort:` says


def _limited(page: Page) -> str:
    """ "The 3 with the lowest score of 128"."""
    order = _ORDERS.get(page.sort, "newest")
    which = f"{page.total:,} {order}" if page.total > 1 else f"one {order}"
    return f"The {which} of {page.figures.sessions:,}"


def _read_as(page: Page, shown: RenderContext) -> list[Block]:
    """The query as it was understood, ready to copy, and what else it may have meant."""
    typed = code(f"{shown.command} results {page.query}", 1_500)
    left_out = not_used(page.unused)
    blocks = [context(f"Read as {typed}{left_out}")] if page.query or left_out else []
    if "outcome:passed" in page.query:
        blocks.append(
            context("iSpring calls every completed session “passed”; here it means completed without a low result.")
        )
    made = [
        button(actions.action_id(actions.RUN, f"option{number}"), f"Meant: {bare(label, 60)}", command)
        for number, (label, command) in enumerate(page.options)
    ]
    return [*blocks, *([buttons(made)] if made else [])]


def _nothing_found(page: Page, shown: RenderContext) -> Message:
    text = f"Nothing found: {format_query_text(page.words, 1_000) or 'all sessions'}."
    hint = f"Try fewer conditions, or `{shown.command} help results`."
    if not page.query:
        text = "There is no session yet that you may see."
        hint = (
            "Sessions that you observe, or in which you are observed, appear here by themselves. "
            f"`{shown.command} link` shows which person in iSpring you are."
        )
    blocks = [section(mrkdwn(f"{text} {hint}")), *coverage_blocks(shown.coverage), *_read_as(page, shown)]
    return message([*blocks, age_block(shown)])


@dataclass(frozen=True, slots=True)
class Newest:
    """What the newest session was asked of: canonical text, in words, and the typed words that are in neither."""

    query: str
    words: str
    unused: Sequence[str] = ()

    def read_as(self, command: str) -> Block:
        typed = code(f"{command} show last {self.query}".rstrip(), 1_500)
        return context(
            f"The newest completed one of {format_query_text(self.words, 800)}. Read as {typed}{not_used(self.unused)}"
        )


def no_newest(asked: Newest, shown: RenderContext) -> Message:
    """There is no completed session that the viewer may see and that was asked for."""
    text = f"Nothing found: {format_query_text(asked.words, 1_000)}, completed."
    return message([section(mrkdwn(text)), *coverage_blocks(shown.coverage), asked.read_as(shown.command)])


def show(
    record: SessionRecord,
    shown: RenderContext,
    *,
    with_previous: bool,
    may_share: bool = False,
    may_act: bool = False,
    asked: Newest | None = None,
) -> Message:
    """One session in full. `with_previous`: the viewer may see this employee's previous session too. `may_act`: it is
    a low result that is theirs to see to. `asked`: it is the newest of these."""
    made = [acknowledge_button(record), follow_up_button(record.session.key, "this session")] if may_act else []
    if shown.account_url:
        made.append(link_button(actions.OPEN, "Open in iSpring", shown.account_url))
    made += share_button(actions.Share(session=record.session.key)) if may_share else []
    return message(
        [
            *session_blocks(record, shown.directory, with_previous=with_previous),
            *([buttons(made)] if made else []),
            *([asked.read_as(shown.command)] if asked is not None else []),
            age_block(shown),
        ]
    )


def which_session(prefix: str, sessions: Sequence[Session], shown: RenderContext) -> Message:
    """The sessions whose ids begin with what was typed, if they are not exactly one."""
    if not sessions:
        text = (
            f"No session you may see has an id starting with `{safe(prefix, NAME)}`. The id is at the foot of each "
            f"card; `{shown.command} results` lists what you may see."
        )
        return message([section(mrkdwn(text))])
    text = f"{count(len(sessions), 'session')} have an id starting with `{safe(prefix, NAME)}`. Which one?"
    rows = [result_row(one, number, shown) for number, one in enumerate(sessions[:ROWS])]
    return message([section(mrkdwn(text)), *rows])


def span_sites(sessions: Sequence[Session], shown: RenderContext) -> bool:
    """Whether sessions are of more than one site, so that each row has to say which."""
    return len({shown.directory.site_of(one.key.employee_id) for one in sessions}) > 1


def result_row(
    session: Session, suffix: str | int, shown: RenderContext, *, is_own: bool = False, names_site: bool = False
) -> Block:
    """One session with its result, and a button to its details; `suffix` keeps look-alike buttons apart. `is_own`: its
    employee reads it, who needs the checklist and the observer rather than their own name."""
    row = session.facts
    name = bare(shown.directory.name_of(row.key.employee_id), NAME)
    checklist = safe(row.checklist_title, NAME) or UNTITLED
    if is_own:
        name = bare(row.checklist_title, NAME) or UNTITLED
        checklist = observed_by(shown.directory.name_of(row.observer_id), begins=True)
    parts = (
        checklist,
        safe(shown.directory.site_of(row.key.employee_id) or "site unknown", NAME) if names_site else "",
        moment_token(row.finished if row.finished.raw or row.finished.at else row.scheduled),
        observed_by(shown.directory.name_of(row.observer_id)) if shown.names_observers else "",
        unchecked(session),
        short_id_of(row.key, shown),
    )
    first = safe(headline(name, outcome_of(session), *shown.beside), TITLE + NAME)
    text = f"*{first}*\n{' · '.join(filter(None, parts))}"
    return section(mrkdwn(text), details_button(session, suffix, shown))


def details_button(session: Session, suffix: str | int, shown: RenderContext) -> Block:
    """The button that opens a session; `suffix` keeps look-alike ones apart."""
    who = bare(shown.directory.name_of(session.key.employee_id), 30)
    what = bare(session.facts.checklist_title, 30)
    action = actions.action_id(actions.DETAILS, suffix)
    return button(action, "Details", actions.session_value(session.key), label=f"Details: {who}, {what}")


def _page_buttons(page: Page) -> list[Block]:
    made = []
    if page.offset > 0:
        made.append(("previous", "Previous", max(0, page.offset - page.size)))
    if page.offset + len(page.sessions) < page.total:
        made.append(("next", "Next", page.offset + page.size))
    return [
        button(actions.action_id(actions.PAGE, suffix), text, value)
        for suffix, text, offset in made
        if (value := actions.encode(actions.Page(offset, page.query)))
    ]


def short_id_of(key: SessionKey, shown: RenderContext) -> str:
    """The short id of a session, for mrkdwn."""
    return safe(shown.short_ids.get(key, key.session_id[:8]), NAME)


def age_block(shown: RenderContext) -> Block:
    """How old the data is, as a block at the end."""
    return context(age_text(shown))


def age_text(shown: RenderContext) -> str:
    """How old the data is."""
    if shown.data_as_of is None:
        return "iSpring was not read yet."
    return format_data_age(shown.data_as_of, shown.corrected_at)
