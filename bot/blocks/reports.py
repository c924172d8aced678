"""Answers that count: the line of figures, trends, and what every report says of its scope and the age of its data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from fractions import Fraction

from bot.blocks import actions
from bot.blocks.coverage import coverage_blocks
from bot.blocks.elements import Block, button, context, message, mrkdwn, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import MONTHS, NAME, bare, date_token, escape, format_data_age, safe
from bot.domain.directory import Directory
from bot.domain.notifications import Message
from bot.domain.permissions import Coverage
from bot.domain.report_numbers import format_percent, shown_percent
from bot.domain.report_periods import Window
from bot.domain.reports import Figures
from bot.domain.text import clip, lasting

STALE_AFTER = timedelta(hours=2)
UNITS_SHOWN = 15  # groups, silent units and open sessions in one answer
MOST_SHOWN = 40  # that `limit:` may ask for: with names at their longest they stay within a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is about: the command that was run, the query as canonical text and in words, other ways to read
    it (label and command), the words left out, whose sessions it covers (None: all), and the age of the data.
    `person_id`: who asks, in iSpring."""

    verb: str
    query: str
    words: str
    options: Sequence[tuple[str, str]]
    coverage: Coverage | None
    directory: Directory
    now: datetime
    zone: tzinfo
    data_as_of: datetime | None
    corrected_at: datetime | None = None
    command: str = "/ojt"
    limit: int = UNITS_SHOWN
    person_id: str | None = None
    unused: Sequence[str] = ()


def figures_line(numbers: Figures, *, of_outcomes: bool = False) -> str:
    """The figures of some sessions: "114 completed · 23 below target · 76 % met their target · median 84 %".

    `of_outcomes`: they were chosen by their outcome, so that what is true of all or none of them says nothing.
    """
    of_outcomes = of_outcomes and numbers.failing in (0, numbers.judged)
    if not numbers.completed:
        return "" if of_outcomes else "none completed"
    below, every = numbers.failing - numbers.critical, numbers.sessions
    parts = [] if of_outcomes and numbers.completed == every else [f"{numbers.completed:,} completed"]
    if numbers.judged and not (of_outcomes and below in (0, every)):
        parts.append(f"{below:,} below target")
    if numbers.critical and not (of_outcomes and numbers.critical == every):
        parts.append(f"{numbers.critical:,} critical")
    if numbers.share is not None and not of_outcomes:
        part = f"{format_percent(numbers.share)} met the target"
        parts.append(part if numbers.judged == numbers.completed else f"{part} (of {numbers.judged:,} with one)")
    if numbers.median is not None:
        parts.append(f"median {format_percent(numbers.median)}")
    return " · ".join(parts)


def percent_cell(percent: Fraction | None) -> str | tuple[float, str]:
    """A percentage as a cell of `data_table`, which sorts by what is shown."""
    return "–" if percent is None else (shown_percent(percent), format_percent(percent))


def time_of(window: Window, asked: Asked) -> str:
    """The days of a window: "1 Nov 2026 to 27 Nov 2026 (Europe/London)"."""
    last = (window.end - timedelta(microseconds=1)).astimezone(asked.zone).date()
    return f"{day_text(window.start.astimezone(asked.zone).date())} to {day_text(last)} ({safe(str(asked.zone), 40)})"


# ---- pieces ------------------------------------------------------------------------------------------------------


def report_answer(asked: Asked, parts: Sequence[Block | str]) -> Message:
    """The parts, the scope under the first, how the words were read, and the age of the data."""
    blocks = [section(mrkdwn(part)) if isinstance(part, str) else part for part in parts]
    blocks[1:1] = coverage_blocks(asked.coverage)
    typed = f"{asked.verb} {asked.query}".rstrip()
    blocks.append(context(f"Read as `{asked.command} {escape(clip(typed, 1_500))}`{not_used(asked.unused)}"))
    made = [
        button(actions.action_id(actions.RUN, f"option{number}"), f"Meant: {bare(label, 60)}", command)
        for number, (label, command) in enumerate(asked.options)
    ]
    blocks += [buttons(made)] if made else []
    return message([*blocks, context(age(asked.data_as_of, asked.now, asked.corrected_at))])


def not_used(words: Sequence[str]) -> str:
    """What an answer says of the typed words that it leaves out; "" of none."""
    return f" · I did not use: {', '.join(f'“{safe(one, NAME)}”' for one in words)}" if words else ""


def age(data_as_of: datetime | None, now: datetime, corrected_at: datetime | None = None) -> str:
    """How old the data is; a warning first if it is too old to say how things stand. `corrected_at`: see
    `format_data_age`."""
    if data_as_of is None:
        return "iSpring was not read yet."
    if now - data_as_of > STALE_AFTER:
        return (
            f"*The data is {lasting(now - data_as_of)} old*: newer sessions are missing. Read {date_token(data_as_of)}."
        )
    return format_data_age(data_as_of, corrected_at)


def more_rows(number: int, asked: Asked) -> str:
    """How many rows are not shown, and how to see them."""
    how = []
    if asked.limit < MOST_SHOWN:
        how.append(f"add `limit:{min(MOST_SHOWN, asked.limit + number)}`")
    how.append(f"narrow it, or take all as a file: `{asked.command} export`")
    return f"{number:,} more: {' or '.join(how)}"


def day_text(day: date) -> str:
    """A day in words: "1 Nov 2026"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
