"""Answers that count: the line of figures, trends, and what every report says of its scope and the age of its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from fractions import Fraction

from bot.blocks import actions
from bot.blocks.cards import UNTITLED
from bot.blocks.charts import data_table, line_chart
from bot.blocks.coverage import coverage_blocks
from bot.blocks.elements import Block, button, context, message, mrkdwn, newest, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import MONTHS, NAME, bar, bare, date_token, escape, format_data_age, format_query_text, safe
from bot.domain.directory import Directory
from bot.domain.notifications import Message
from bot.domain.permissions import Coverage
from bot.domain.report_numbers import format_percent, format_points, rounded
from bot.domain.report_periods import By, Window
from bot.domain.reports import SMALLEST_GROUP, CriterionCost, Figures, ReportRow, Trend
from bot.domain.text import clip, lasting

STALE_AFTER = timedelta(hours=2)
UNITS_SHOWN = 15  # groups, silent units and open sessions in one answer
MOST_SHOWN = 40  # that `limit:` may ask for: with names at their longest they stay within a message
LINES_PER_SECTION = 10


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


# ---- trend -------------------------------------------------------------------------------------------------------


def trend(shown: Trend, asked: Asked) -> Message:
    """A report by week, month or unit: figures, change against the time before, most costly criteria."""
    title = f"Trend by {_UNIT[shown.by]}: {format_query_text(asked.words, 800)}"
    if not shown.total.completed:
        hint = "A trend counts completed sessions: try a longer time, or fewer conditions."
        return report_answer(asked, [f"*{title}*\nNo session was completed {_time_of(shown, asked)}. {hint}"])
    order = "" if shown.by.is_time or shown.by is By.CRITERION else f", {_ORDERS.get(shown.sort, _ORDERS['score'])}"
    lines = [f"*{title}{order}*", figures_line(shown.total), *_verdict(shown), f"Completed {_time_of(shown, asked)}"]
    lines += _to_do_lines(shown, asked)
    rows = [*shown.rows] if shown.by.is_time else [row for row in shown.rows if not row.now.is_small]
    listed = rows if shown.by.is_time else rows[: asked.limit]
    texts = [_time_row(row, shown) if shown.by.is_time else _unit_row(row, shown) for row in listed]
    blocks = [section(mrkdwn("\n".join(lines))), *_listed(listed, texts, shown)]
    more = [more_rows(shown.ranked - len(listed), asked)] if shown.ranked > len(listed) else []
    if shown.by is By.DEPT:
        more.append("Each row counts the people of that department itself; a department below it has its own row")
    if not shown.by.is_time:
        more += _small(shown)
    after = [*([section(mrkdwn("\n".join(more)))] if more else []), *costly_blocks(shown.costly, shown.criteria_from)]
    if shown.by is By.CRITERION and not shown.costly:
        after = [section(mrkdwn("No criterion lost points, or the criteria of these sessions were not read yet."))]
    return report_answer(asked, [*blocks, *after])


_ORDERS: Mapping[str, str] = {
    "score": "the lowest share first",
    "-score": "the highest share first",
    "change": "the largest loss against the time before first",
    "-change": "the largest gain against the time before first",
    "count": "the fewest sessions first",
    "-count": "the most sessions first",
}  # by what `sort:` says
_NO_CHANGE = 3  # points: less is said to be about the same


def _verdict(shown: Trend) -> list[str]:
    """Whether results get better, in one sentence."""
    found = shown.verdict
    if found is None:
        return []
    change, then = found.change, "in the older half of this time" if found.is_within else "in the time before"
    if change is None:
        return [
            f"Better or worse? Too few sessions to say: {found.now.completed:,}, and {found.before.completed:,} {then}"
        ]
    assert found.now.share is not None and found.before.share is not None
    said = "Getting better" if change >= _NO_CHANGE else "Getting worse" if change <= -_NO_CHANGE else "About the same"
    shares = f"{format_percent(found.now.share)} met the target, {format_percent(found.before.share)} {then}"
    return [f"{said}: {shares} ({format_points(change)})"]


def _listed(rows: Sequence[ReportRow], texts: Sequence[str], shown: Trend) -> list[Block]:
    """The rows as a chart beside their figures, or as a table; as lines where that can't be drawn."""
    as_lines, drawn = line_sections(texts), _drawn(rows, shown)
    if drawn is None:
        return as_lines
    beside = line_sections([_time_row(row, shown, has_bar=False) for row in rows]) if shown.by.is_time else []
    return [newest([drawn, *beside], as_lines)]


def _drawn(rows: Sequence[ReportRow], shown: Trend) -> Block | None:
    """The rows as a chart over time or as a table of units; None if they are too few or too many for one."""
    if shown.by.is_time:
        points = [(_short_label(row, shown), float(row.now.share)) for row in rows if row.now.share is not None]
        return line_chart(f"Met target by {_UNIT[shown.by]}", "Met target", points, y_label="% met target")
    named = [(shown.labels.get(row.group, "") or UNTITLED, row.now, row.change) for row in rows]
    cells = [
        [name, _number(now.share), format_points(change), _number(now.median), (now.completed, f"{now.completed:,}")]
        for name, now, change in named
    ]
    header = (_UNIT[shown.by].capitalize(), "Met target", "Change", "Median", "Completed")
    return data_table(f"Trend by {_UNIT[shown.by]}", header, cells)


def _number(percent: Fraction | None) -> str | tuple[float, str]:
    return "–" if percent is None else (round(float(percent), 1), format_percent(percent))


def _short_label(row: ReportRow, shown: Trend) -> str:
    day = date.fromisoformat(row.group)
    return f"{MONTHS[day.month - 1]} {day.year}" if shown.by is By.MONTH else _day(day)


_UNIT: Mapping[By, str] = {
    By.WEEK: "week",
    By.MONTH: "month",
    By.CHECKLIST: "checklist",
    By.DEPT: "site",
    By.OBSERVER: "observer",
    By.EMPLOYEE: "employee",
    By.CRITERION: "criterion",
}


def time_of(window: Window, asked: Asked) -> str:
    """The days of a window: "1 Nov 2026 to 27 Nov 2026 (Europe/London)"."""
    last = (window.end - timedelta(microseconds=1)).astimezone(asked.zone).date()
    return f"{_day(window.start.astimezone(asked.zone).date())} to {_day(last)} ({safe(str(asked.zone), 40)})"


def _time_of(shown: Trend, asked: Asked) -> str:
    text = time_of(shown.window, asked)
    return f"{text}; another time with `since:`" if shown.has_default_start else text


def _to_do_lines(shown: Trend, asked: Asked) -> list[str]:
    parts = []
    if shown.unacknowledged:
        what = "below target or critical" if shown.total.critical else "below target"
        parts.append(f"{shown.unacknowledged:,} {what} and not acknowledged")
    if shown.overdue:
        parts.append(f"{shown.overdue:,} overdue now (`{asked.command} overdue`)")
    return [" · ".join(parts)] if parts else []


def _time_row(row: ReportRow, shown: Trend, *, has_bar: bool = True) -> str:
    day = date.fromisoformat(row.group)
    label = f"{MONTHS[day.month - 1]} {day.year}" if shown.by is By.MONTH else f"Week of {_day(day)}"
    if row.group in shown.partial:
        label += " (part)"
    return _row(label, row, has_bar=has_bar)


def _unit_row(row: ReportRow, shown: Trend) -> str:
    return _row(safe(shown.labels.get(row.group, ""), NAME) or UNTITLED, row)


def _row(label: str, row: ReportRow, *, has_bar: bool = True) -> str:
    """A group's figures; without a bar beside a chart, which draws the same and would make the line wrap."""
    now = row.now
    if not now.completed:
        return f"*{label}* · none completed"
    share = now.share if now.share is not None else now.median
    parts = [f"*{label}*"]
    if now.share is not None:
        drawn = f"{bar(float(now.share))} " if has_bar else ""
        parts.append(f"{drawn}{format_percent(now.share)} met the target")
        parts.append(format_points(row.change))
    elif share is not None:
        parts.append(f"{bar(float(share))} no target" if has_bar else "no target")
    if now.median is not None:
        parts.append(f"median {format_percent(now.median)}")
    parts.append(f"{now.completed:,} completed")
    if now.is_small:
        parts.append(f"fewer than {SMALLEST_GROUP}")
    return " · ".join(parts)


def _small(shown: Trend) -> list[str]:
    """The groups too small to be ranked, in one line."""
    small = [row for row in shown.rows if row.now.is_small]
    if not small:
        return []
    named = [f"{safe(shown.labels.get(row.group, ''), NAME) or UNTITLED} ({row.now.completed})" for row in small]
    more = f" and {shown.small - len(named):,} more" if shown.small > len(named) else ""
    return [f"Fewer than {SMALLEST_GROUP} sessions, not ranked: {', '.join(named)}{more}"]


def costly_blocks(costs: Sequence[CriterionCost], criteria_from: int) -> list[Block]:
    """The criteria that lost most, under their heading; nothing if there are none."""
    if not costs:
        return []
    of = f"the newest {criteria_from:,} sessions" if criteria_from > 1 else "1 session"
    heading = f"*Criteria that lost most points, in {of} with criteria*"
    return [section(mrkdwn("\n".join([heading, *costly_lines(costs)])))]


def costly_lines(costs: Sequence[CriterionCost]) -> list[str]:
    """A line for each criterion: in how many sessions it lost points, and which part of its points."""
    return [
        f"• {safe(one.title, NAME) or UNTITLED}: lost in {one.failed:,} of {one.graded:,},"
        f" {rounded(_percent(one.lost, one.total))} % of its points"
        for one in costs
    ]


def _percent(part: float, whole: float) -> Fraction:
    return Fraction(repr(float(part))) * 100 / Fraction(repr(float(whole)))


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


def line_sections(lines: Sequence[str]) -> list[Block]:
    starts = range(0, len(lines), LINES_PER_SECTION)
    return [section(mrkdwn("\n".join(lines[at : at + LINES_PER_SECTION]))) for at in starts]


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
