"""Answers about sessions: a page of results, one session in full, and what an observer still has to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions
from bot.blocks.details import session_blocks, session_text
from bot.blocks.elements import (
    NAME,
    Block,
    bare,
    button,
    context,
    count,
    date_token,
    format_moment,
    format_query_text,
    instant,
    link_button,
    message,
    moment_token,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.results import verdict
from bot.blocks.sharing import share_button
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import Message, OutcomeKind, Session, SessionKey, SessionRecord

ROWS = 25  # sessions in one answer at most: with names at their longest they stay within a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of an answer. `query` is canonical text, `words` the same for people; `size` is the full page's length."""

    sessions: Sequence[Session]
    total: int
    offset: int
    size: int
    query: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderContext:
    """What answers about sessions have in common: who is who, the short ids, and how old the data is."""

    directory: Directory
    short_ids: Mapping[SessionKey, str]
    data_as_of: datetime | None
    command: str = "/ojt"
    account_url: str | None = None


def results(page: Page, shown: RenderContext, *, may_share: bool = False) -> Message:
    """One page of sessions, the query in words, and buttons to the pages beside it and to sharing it."""
    query = format_query_text(page.words, 1_000) or "all sessions"
    age = _age(shown)
    if not page.sessions:
        lead = f"Nothing found: {query}."
        hint = f"Try fewer conditions, or `{shown.command} help results`."
        if not page.query:
            lead = "There is no session yet that you may see."
            hint = (
                "Once you observe somebody or are observed in iSpring, it appears here by itself. "
                f"`{shown.command} link` shows who Spotter takes you for."
            )
        return message(f"{lead} {hint}", [section(mrkdwn(f"{lead}\n{hint}")), *age_block(shown)])
    sessions = page.sessions[:ROWS]
    first, last = page.offset + 1, page.offset + len(sessions)
    heading = f"{page.total:,} found: {query}."
    if len(sessions) < page.total:
        heading += f" Showing {first:,} to {last:,}."
    blocks: list[Block] = [section(mrkdwn(heading))]
    blocks += [result_row(session, number, shown) for number, session in enumerate(sessions)]
    turn = _page_buttons(page) + (share_button(actions.Share(query=page.query)) if may_share else [])
    if turn:
        blocks.append(buttons(turn))
    text = "\n".join([heading, *(_row_text(session, shown) for session in sessions), *([age] if age else [])])
    return message(text, [*blocks, *age_block(shown)])


def show(record: SessionRecord, shown: RenderContext, *, with_previous: bool, may_share: bool = False) -> Message:
    """One session in full. `with_previous`: the viewer may see this employee's previous session too."""
    key = record.session.key
    blocks = session_blocks(record, shown.directory, with_previous=with_previous)
    made = []
    if outcome_of(record.session).is_failing:
        text = "Acknowledge too" if record.acknowledgements else "Acknowledge"
        made.append(button(actions.ACKNOWLEDGE, text, actions.session_value(key)))
    if shown.account_url:
        made.append(link_button(actions.OPEN, "Open in iSpring", shown.account_url))
    made += share_button(actions.Share(session=key)) if may_share else []
    if made:
        blocks.append(buttons(made))
    text = session_text(record, shown.directory, with_previous=with_previous)
    return message(text, [*blocks, *age_block(shown)])


def which_session(prefix: str, sessions: Sequence[Session], shown: RenderContext) -> Message:
    """More than one session's id starts like what was typed: which of them?"""
    if not sessions:
        lead = f"No session you may see has an id starting with `{safe(prefix, NAME)}`."
        hint = f"The id is at the foot of each card; `{shown.command} results` lists what you may see."
        return message(f"{lead} {hint}", [section(mrkdwn(f"{lead}\n{hint}"))])
    lead = f"{count(len(sessions), 'session')} have an id starting with `{safe(prefix, NAME)}`. Which one?"
    blocks = [section(mrkdwn(lead)), *(result_row(one, number, shown) for number, one in enumerate(sessions[:ROWS]))]
    return message("\n".join([lead, *(_row_text(one, shown) for one in sessions[:ROWS])]), blocks)


def to_do(sessions: Sequence[Session], shown: RenderContext, *, now: datetime) -> Message:
    """What an observer has to finish (started) and to conduct (planned), the longest due first."""
    if not sessions:
        lead = "Nothing to do: no session waits for you to conduct or finish it."
        hint = (
            f"Sessions planned for you in iSpring appear here by themselves; `{shown.command} results` shows past ones."
        )
        return message(f"{lead} {hint}", [section(mrkdwn(f"{lead}\n{hint}")), *age_block(shown)])
    listed = sessions[:ROWS]
    started = [one for one in listed if outcome_of(one).kind is OutcomeKind.IN_PROGRESS]
    planned = [one for one in listed if one not in started]
    heading = f"{count(len(sessions), 'session')} to do as an observer"
    blocks: list[Block] = [section(mrkdwn(f"*{heading}*"))]
    texts = [heading]
    number = 0
    for title, those in (("To finish", started), ("To conduct", planned)):
        if not those:
            continue
        blocks.append(section(mrkdwn(f"*{title}*")))
        texts.append(f"{title}:")
        for one in those:
            blocks.append(to_do_row(one, number, shown, now))
            texts.append(_to_do_text(one, shown, now))
            number += 1
    if len(sessions) > len(listed):
        blocks.append(context(f"and {len(sessions) - len(listed)} more"))
    return message("\n".join(texts), [*blocks, *age_block(shown)])


def result_row(session: Session, suffix: str | int, shown: RenderContext) -> Block:
    """One session with its result, and a button to its details; `suffix` keeps look-alike buttons apart."""
    row = session.facts
    who = safe(shown.directory.name_of(row.key.employee_id), NAME)
    what = safe(row.checklist_title, NAME) or "checklist without a title"
    when = moment_token(row.finished if row.finished.raw or row.finished.at else row.scheduled)
    lead = f"*{safe(verdict(outcome_of(session)), NAME)}*\n{who} · {what} · {when} · {_short(row.key, shown)}"
    return section(mrkdwn(lead), _details_button(session, suffix, shown))


def _row_text(session: Session, shown: RenderContext) -> str:
    row = session.facts
    who = safe(shown.directory.name_of(row.key.employee_id), NAME)
    what = safe(row.checklist_title, NAME) or "checklist without a title"
    when = format_moment(row.finished if row.finished.raw or row.finished.at else row.scheduled)
    return f"{safe(verdict(outcome_of(session)), NAME)}, {who}, {what}, {when}, session {_short(row.key, shown)}"


def to_do_row(session: Session, suffix: str | int, shown: RenderContext, now: datetime) -> Block:
    """One session to conduct or finish, with a button to its details."""
    row = session.facts
    who = safe(shown.directory.name_of(row.key.employee_id), NAME)
    site = safe(shown.directory.site_of(row.key.employee_id) or "site unknown", NAME)
    what = safe(row.checklist_title, NAME) or "checklist without a title"
    started = outcome_of(session).kind is OutcomeKind.IN_PROGRESS
    when = f"started {moment_token(row.started)}" if started else _due(session, now, moment_token(row.scheduled))
    lead = f"*{what}*\n{who}, {site} · {when} · {_short(row.key, shown)}"
    return section(mrkdwn(lead), _details_button(session, suffix, shown))


def _to_do_text(session: Session, shown: RenderContext, now: datetime) -> str:
    row = session.facts
    who = safe(shown.directory.name_of(row.key.employee_id), NAME)
    what = safe(row.checklist_title, NAME) or "checklist without a title"
    started = outcome_of(session).kind is OutcomeKind.IN_PROGRESS
    when = f"started {format_moment(row.started)}" if started else _due(session, now, format_moment(row.scheduled))
    return f"{what}, {who}, {when}, session {_short(row.key, shown)}"


def _due(session: Session, now: datetime, when: str) -> str:
    due = session.facts.scheduled.at
    return f"overdue since {when}" if due and due < now else f"planned for {when}"


def _details_button(session: Session, suffix: str | int, shown: RenderContext) -> Block:
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


def _short(key: SessionKey, shown: RenderContext) -> str:
    return safe(shown.short_ids.get(key, key.session_id[:8]), NAME)


def _age(shown: RenderContext) -> str:
    return f"Data as of {instant(shown.data_as_of)}" if shown.data_as_of else "iSpring was not read yet"


def age_block(shown: RenderContext) -> list[Block]:
    """How old the data is."""
    if shown.data_as_of is None:
        return [context("iSpring was not read yet.")]
    return [context(f"Data as of {date_token(shown.data_as_of)}")]
