"""The last days of a team or a company, for the Home tab: what needs attention, and each unit's figures."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.cards import UNTITLED
from bot.blocks.criteria import costly_lines
from bot.blocks.elements import Block, button, context, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.follow_ups import follow_up_button
from bot.blocks.markup import NAME, bare, format_query_text, safe
from bot.blocks.reminders import OVERDUE_WHEN
from bot.blocks.reports import Asked, figures_line, report_answer, time_of
from bot.blocks.session_lists import RenderContext, result_row, span_sites
from bot.domain.model import Session
from bot.domain.notifications import Message
from bot.domain.report_numbers import format_change, format_percent
from bot.domain.report_periods import By, Window
from bot.domain.text import count
from bot.domain.whole_reports import OpenCounts, Overview, UnitRow

UNITS = 10
MOST_ATTENTION = 20  # sessions of an answer, each with its buttons: they stay within a message
_TITLES = {By.CHECKLIST: "By checklist", By.DEPT: "Your sites", By.EMPLOYEE: "Your people"}


def attention_blocks(known: Overview, shown: RenderContext) -> list[Block]:
    """Failing results that no one has acknowledged, the lowest first, with their buttons; and what is overdue."""
    if not known.unacknowledged:
        heading = f"*Needs attention*\nEverything below target in {known.days} days is acknowledged."
        if known.total.completed and not known.total.judged:
            none = f"None of these {count(known.total.completed, 'result')} has a target, so none is below one."
            heading = f"*Needs attention*\n{none} `{shown.command} target` shows the targets."
        elif not known.total.failing:
            heading = f"*Needs attention*\nNothing was below target in {known.days} days."
    else:
        heading = f"*Needs attention*\n{known.unacknowledged:,} below target in {known.days} days, not acknowledged"
    if known.unacknowledged > len(known.attention):
        heading += f"\n{_which(len(known.attention), known.unacknowledged)}; all: `{shown.command} attention`"
    blocks: list[Block] = [section(mrkdwn(heading)), *_attention_rows(known.attention, shown)]
    return [*blocks, *_overdue_row(known.open.overdue, "overdue")]


def attention_list(
    sessions: Sequence[Session], unacknowledged: int, overdue: int, shown: RenderContext, window: Window, asked: Asked
) -> Message:
    """The same as an answer: the first of the unacknowledged failing sessions of a window, and what is overdue."""
    what = f"{unacknowledged:,} below target and not acknowledged"
    if not unacknowledged:
        what = "Nothing below target is left unacknowledged"
    heading = f"*Needs attention: {format_query_text(asked.words, 800)}*\n{what}, {time_of(window, asked)}"
    blocks = [section(mrkdwn(heading)), *_attention_rows(sessions, shown)]
    if unacknowledged > len(sessions):
        next_ones = "the next come up as these are acknowledged"
        if len(sessions) < MOST_ATTENTION:
            next_ones += f", or add `limit:{min(MOST_ATTENTION, unacknowledged)}`"
        blocks[1:1] = [context(f"{_which(len(sessions), unacknowledged)}; {next_ones}")]
    return report_answer(asked, [*blocks, *_overdue_row(overdue, f"overdue {asked.query}".rstrip())])


def _which(listed: int, every: int) -> str:
    return f"{listed:,} of {every:,}, worst first"


def _attention_rows(sessions: Sequence[Session], shown: RenderContext) -> list[Block]:
    blocks, several = [], span_sites(sessions, shown)
    for number, session in enumerate(sessions):
        blocks.append(result_row(session, f"low{number}", shown, names_site=several))
        if session.key.employee_id != shown.own_id:  # one's own is for others to see to
            blocks.append(buttons(_attention_buttons(session, number, shown)))
    return blocks


def _overdue_row(overdue: int, command: str) -> list[Block]:
    if not overdue:
        return []
    run = button(actions.action_id(actions.RUN, "overdue"), "Show", command, label="Show what is overdue")
    return [section(mrkdwn(f"*{overdue:,} overdue*: {OVERDUE_WHEN}"), run)]


def _attention_buttons(session: Session, number: int, shown: RenderContext) -> list[Block]:
    name = bare(shown.directory.name_of(session.key.employee_id), 40)
    action = actions.action_id(actions.ACKNOWLEDGE, f"low{number}")
    seen = button(action, "Acknowledge", actions.session_value(session.key), label=f"Acknowledge: {name}")
    return [seen, follow_up_button(session.key, name, f"low{number}")]


def unit_blocks(known: Overview, command: str) -> list[Block]:
    """Each site, person or checklist: completed, below target, the change against the days before, and what is open."""
    title = f"*{_TITLES[known.by]}, {known.days} days*"
    if not known.units:
        return [section(mrkdwn(title)), context("No session was completed or planned.")]
    lines = [title, figures_line(known.total), *(_unit_line(one) for one in known.units[:UNITS])]
    blocks = [section(mrkdwn("\n".join(lines)))]
    if len(known.units) > UNITS:
        hint = f"`{command} trend by:{known.by} since:{known.days}d` shows all"
        blocks.append(context(f"and {len(known.units) - UNITS} more; {hint}"))
    if known.costly:
        blocks.append(section(mrkdwn("\n".join(["*Criteria that lost most points*", *costly_lines(known.costly)]))))
    return blocks


def _unit_line(unit: UnitRow) -> str:
    now, before = unit.figures.now, unit.figures.before
    parts = [f"*{safe(unit.name, NAME) or UNTITLED}*", f"{now.completed:,} completed"]
    if now.failing:
        parts.append(f"{now.failing:,} below target")
    if now.share is not None and now.is_small:
        parts.append("too few for a percentage")
    elif now.share is not None:
        parts.append(f"{format_percent(now.share)} met the target, {format_change(now.share, before.share)}")
    return " · ".join([*parts, *_open(unit.open)])


def _open(counts: OpenCounts) -> Sequence[str]:
    parts = (
        (counts.planned, f"{counts.planned:,} planned"),
        (counts.in_progress, f"{counts.in_progress:,} in progress"),
        (counts.overdue, f"*{counts.overdue:,} overdue*"),
    )
    return [text for number, text in parts if number]
