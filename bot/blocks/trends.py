"""Trends: figures by week, month or unit, with the change against the time before and the most costly criteria."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.blocks.cards import UNTITLED
from bot.blocks.charts import data_table, line_chart
from bot.blocks.criteria import costly_beside, costly_blocks
from bot.blocks.elements import Block, line_sections, mrkdwn, section, with_fallback
from bot.blocks.markup import MONTHS, NAME, bar, format_query_text, safe
from bot.blocks.reports import (
    Asked,
    day_text,
    figures_line,
    more_rows,
    percent_cell,
    report_answer,
    time_of,
)
from bot.domain.notifications import Message
from bot.domain.report_numbers import format_change, format_percent, shown_percent
from bot.domain.report_periods import By
from bot.domain.reports import SMALLEST_GROUP, Figures, ReportRow
from bot.domain.text import count
from bot.domain.whole_reports import Trend


def trend(shown: Trend, asked: Asked) -> Message:
    """A report by week, month or unit: figures, change against the time before, most costly criteria."""
    title = f"Trend by {_UNIT[shown.by]}: {format_query_text(asked.words, 800)}"
    if not shown.total.completed:
        hint = "A trend counts completed sessions: try a longer time, or fewer conditions."
        return report_answer(asked, [f"*{title}*\nNo session was completed {time_shown(shown, asked)}. {hint}"])
    is_ranked = not shown.by.is_time and any(not row.now.is_small for row in shown.rows)
    orders = _PARTED_ORDERS if shown.is_parted else _ORDERS
    order = f", {orders.get(shown.sort, orders['score'])}" if is_ranked else ""
    lines = [f"*{title}{order}*", *_verdict(shown), _total_line(shown), f"Completed {time_shown(shown, asked)}"]
    listed, more = _rows_shown(shown, asked)
    blocks = [section(mrkdwn("\n".join(lines))), *_listed(listed, shown)]
    after = [section(mrkdwn("\n".join(more)))] if more else []
    return report_answer(asked, [*blocks, *after, *_criteria(shown, asked)])


def _criteria(shown: Trend, asked: Asked) -> list[Block]:
    """The criteria that lost points: as the rows of an answer, or the first few beside its rows."""
    costs, number = shown.costly, shown.criteria_from
    if shown.by is not By.CRITERION:
        return costly_beside(costs, number, f"{asked.command} trend {shown.criteria_query}")
    if not costs:
        return [section(mrkdwn(_no_criteria(shown)))]
    left = len(costs) - asked.limit
    more = [section(mrkdwn(more_rows(left, asked)))] if left > 0 else []
    return [*costly_blocks(costs[: asked.limit], number), *more]


def _rows_shown(shown: Trend, asked: Asked) -> tuple[Sequence[ReportRow], list[str]]:
    """The rows of an answer, the small groups behind the ranked ones; and what is to be said of them."""
    if shown.by.is_time or not shown.rows:
        return shown.rows, []
    ranked = [row for row in shown.rows if not row.now.is_small]
    small = [row for row in shown.rows if row.now.is_small]
    listed, more = [*ranked, *small][: asked.limit], []
    if (left := shown.ranked + shown.small - len(listed)) > 0:
        more.append(more_rows(left, asked))
    if shown.small:
        more.append(
            f"Rows of fewer than {SMALLEST_GROUP} sessions are not ranked" + (": they are last" if ranked else "")
        )
    if shown.by is By.DEPT and shown.has_parts:
        place = f'{asked.command} trend by:dept dept:"…"'
        more.append(f"Each site counts with the departments below it; `{place}` of one site shows them apart")
    elif shown.by is By.DEPT:
        more.append("Each row counts the people of that department itself; a department below it has its own row")
    return listed, more


def _total_line(shown: Trend) -> str:
    total = shown.total
    if not shown.is_parted or total.share is None:
        return figures_line(total)
    of_units = f", of {units(shown)}" if shown.sort == "-count" and not shown.by.is_time else ""
    return f"*{total.met:,} of {total.completed:,} completed sessions*, {format_percent(total.share)}{of_units}"


def _no_criteria(shown: Trend) -> str:
    if not shown.criteria_from:
        return "The criteria of these sessions were not read yet, or iSpring has none of them."
    of = count(shown.criteria_from, "session")
    return f"No criterion lost points in the {of} whose criteria were read."


_ORDERS: Mapping[str, str] = {
    "score": "the lowest share first",
    "-score": "the highest share first",
    "change": "the largest loss against the time before first",
    "-change": "the largest gain against the time before first",
    "count": "the fewest sessions first",
    "-count": "the most sessions first",
}  # by what `sort:` says
_PARTED_ORDERS: Mapping[str, str] = {
    **_ORDERS,
    "count": "the fewest of these first",
    "-count": "the most of these first",
}
_NO_CHANGE = 3  # points: less is said to be about the same


def _verdict(shown: Trend) -> list[str]:
    """Whether results get better, in one sentence."""
    found = shown.verdict
    if found is None:
        return []
    now, before = found.now, found.before
    change, then = found.change, "in the older half of this time" if found.is_within else "in the time before"
    if found.is_within and len(shown.rows) == 2:
        then = f"the {_UNIT[shown.by]} before"
    if not before.completed:
        return [f"Better or worse? Nothing to compare with: no session was completed {then}"]
    if change is None or now.share is None or before.share is None:
        return [f"Better or worse? Too few sessions to say: {now.completed:,}, and {before.completed:,} {then}"]
    more, less = ("More", "Fewer") if shown.is_parted else ("Getting better", "Getting worse")
    said = "About the same" if abs(change) < _NO_CHANGE else more if change > 0 else less
    if said in (more, less) and not found.is_clear:
        said = f"No clear change in {now.judged + before.judged:,} sessions"
    shares = f"{format_percent(now.share)} met the target, {format_percent(before.share)} {then}"
    if shown.is_parted:
        shares = f"{_part(now)} completed, {_part(before)} {then}"
    return [f"*{said}*: {shares} ({format_change(now.share, before.share)})"]


def _part(numbers: Figures) -> str:
    """ "21 of 50 (42 %)": the sessions asked for among all."""
    assert numbers.share is not None
    return f"{numbers.met:,} of {numbers.completed:,} ({format_percent(numbers.share)})"


def _change(row: ReportRow) -> str:
    """A row's change, "" if there is none to say: against a few sessions it says nothing."""
    if row.change is None or row.now.is_small or row.before.is_small:
        return ""
    return format_change(row.now.share, row.before.share)


def _listed(rows: Sequence[ReportRow], shown: Trend) -> list[Block]:
    """The rows as a chart or as a table; as lines where that can't be drawn."""
    as_lines = line_sections([_row(row_label(row, shown), row, is_parted=shown.is_parted) for row in rows])
    drawn = _drawn(rows, shown)
    return as_lines if drawn is None else [with_fallback([drawn], as_lines)]


def _drawn(rows: Sequence[ReportRow], shown: Trend) -> Block | None:
    """The rows as a chart over time or as a table of units; None if they are too few or too many for one."""
    share = "Of completed" if shown.is_parted else "Met target"
    if shown.by.is_time:
        points = [(short_label(row, shown), shown_percent(row.now.share)) for row in rows if row.now.share is not None]
        return line_chart(f"{share} by {_UNIT[shown.by]}", share, points, y_label=f"% {share[0].lower()}{share[1:]}")
    # A column in which every row says that there was nothing before says nothing.
    has_change = any(_change(row) for row in rows)
    has_median = any(row.now.median is not None for row in rows)
    header = [_UNIT[shown.by].capitalize(), share]
    header += [*(["Change"] if has_change else []), *(["Median"] if has_median else []), "Completed"]
    cells = [_cells(row, shown, has_change=has_change, has_median=has_median) for row in rows]
    return data_table(f"Trend by {_UNIT[shown.by]}", header, cells)


def _cells(row: ReportRow, shown: Trend, *, has_change: bool, has_median: bool) -> list[str | tuple[float, str]]:
    now = row.now
    share = percent_cell(now.share)
    if now.share is not None and now.is_small:
        share = f"{now.met:,} of {now.judged:,}"
    elif now.share is not None and shown.is_parted:
        share = shown_percent(now.share), _part(now)
    cells: list[str | tuple[float, str]] = [unit_name(row, shown), share]
    cells += [_change(row) or "–"] if has_change else []
    cells += [percent_cell(now.median)] if has_median else []
    return [*cells, (now.completed, f"{now.completed:,}{', few' if now.is_small else ''}")]


def short_label(row: ReportRow, shown: Trend) -> str:
    """A week or month as a label of a chart."""
    day = date.fromisoformat(row.group)
    return f"{MONTHS[day.month - 1]} {day.year}" if shown.by is By.MONTH else day_text(day)


_UNIT: Mapping[By, str] = {
    By.WEEK: "week",
    By.MONTH: "month",
    By.CHECKLIST: "checklist",
    By.DEPT: "site",
    By.OBSERVER: "observer",
    By.EMPLOYEE: "employee",
    By.CRITERION: "criterion",
}


def unit(by: By) -> str:
    """What the rows of a report are, in a word."""
    return _UNIT[by]


def units(shown: Trend) -> str:
    """How many rows a report by unit has: "12 employees"."""
    one = unit(shown.by)
    return count(shown.ranked + shown.small, one, "criteria" if shown.by is By.CRITERION else f"{one}s")


def row_label(row: ReportRow, shown: Trend) -> str:
    """The name of a row, as mrkdwn."""
    return _time_label(row, shown) if shown.by.is_time else _unit_label(row, shown)


def unit_name(row: ReportRow, shown: Trend) -> str:
    """The name of a unit as raw text, for a cell of a table."""
    return shown.labels.get(row.group, "") or UNTITLED


def time_shown(shown: Trend, asked: Asked) -> str:
    """The days that a report covers, and how to ask for others if these are the default."""
    text = time_of(shown.window, asked)
    return f"{text}; another time with `since:`" if shown.has_default_start else text


def _time_label(row: ReportRow, shown: Trend) -> str:
    day = date.fromisoformat(row.group)
    label = f"{MONTHS[day.month - 1]} {day.year}" if shown.by is By.MONTH else f"Week of {day_text(day)}"
    return f"{label} (part)" if row.group in shown.partial else label


def _unit_label(row: ReportRow, shown: Trend) -> str:
    return safe(shown.labels.get(row.group, ""), NAME) or UNTITLED


def _row(label: str, row: ReportRow, *, is_parted: bool = False) -> str:
    """A group's figures. Of a small one the numbers themselves: of three sessions a percentage says too much."""
    now = row.now
    if not now.completed:
        return f"*{label}* · none completed"
    parts = [f"*{label}*"]
    what = "" if is_parted else " met the target"
    if now.share is None:
        parts.append(f"{bar(float(now.median))} no target" if now.median is not None else "no target")
    elif now.is_small:
        parts.append(f"{now.met:,} of {now.judged:,}{what}")
    else:
        parts.append(f"{bar(float(now.share))} {_part(now) if is_parted else format_percent(now.share) + what}")
        parts += [change] if (change := _change(row)) else []
    if now.median is not None:
        parts.append(f"median {format_percent(now.median)}")
    if not is_parted or now.is_small:
        parts.append(f"{now.completed:,} completed")
    if now.is_small:
        parts.append(f"fewer than {SMALLEST_GROUP}")
    return " · ".join(parts)
