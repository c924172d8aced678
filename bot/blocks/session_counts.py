"""Numbers of sessions by week, month or unit, with their change: the answer to "how many"."""

from collections.abc import Sequence

from bot.blocks.charts import data_table, line_chart
from bot.blocks.elements import Block, line_sections, mrkdwn, section, with_fallback
from bot.blocks.markup import bar, format_query_text
from bot.blocks.reports import Asked, more_rows, report_answer
from bot.blocks.trends import row_label, short_label, time_shown, unit, unit_name, units
from bot.domain.notifications import Message
from bot.domain.reports import ReportRow
from bot.domain.text import count
from bot.domain.whole_reports import Trend

_MINUS = "\u2212"


def session_counts(shown: Trend, asked: Asked) -> Message:
    """How many sessions each row has, and how many more or fewer that is than in the time before."""
    title = f"Sessions by {unit(shown.by)}: {format_query_text(asked.words, 800)}"
    if not shown.total.completed:
        return report_answer(asked, [f"*{title}*\nNo session was completed {time_shown(shown, asked)}."])
    rows = _rows(shown)
    listed = rows if shown.by.is_time else rows[: asked.limit]
    lines = [f"*{title}*", f"{count(shown.total.completed, 'session')} completed {time_shown(shown, asked)}"]
    if not shown.by.is_time:
        lines[-1] = f"{units(shown)}, {lines[-1]}"
    lines += [_newest(rows[-1], shown)] if shown.by.is_time else [_COMPARED] if any(map(_change, listed)) else []
    most = max(row.now.completed for row in listed)
    as_lines = line_sections([_line(row, most, shown) for row in listed])
    drawn = _drawn(listed, shown)
    blocks: list[Block] = [section(mrkdwn("\n".join(lines)))]
    blocks += as_lines if drawn is None else [with_fallback([drawn], as_lines)]
    left = 0 if shown.by.is_time else shown.ranked + shown.small - len(listed)
    return report_answer(asked, [*blocks, *([more_rows(left, asked)] if left > 0 else [])])


_COMPARED = "The change is against as long a time before"


def _rows(shown: Trend) -> Sequence[ReportRow]:
    """The rows in their order: of units the small ones among the others, for a number says as much of few sessions."""
    if shown.by.is_time or not shown.sort.endswith("count"):
        return shown.rows
    sign = -1 if shown.sort.startswith("-") else 1
    return sorted(shown.rows, key=lambda row: (sign * row.now.completed, row.group))


def _newest(row: ReportRow, shown: Trend) -> str:
    """The newest week or month against the same part of the one before."""
    name, is_part = unit(shown.by), row.group in shown.partial
    before = f"in the same part of the {name} before" if is_part else f"in the {name} before"
    change = _change(row)
    said = f"{row.before.completed:,} {before} ({change})" if change else f"none {before}"
    return f"*{row.now.completed:,}* in the newest {name}{' so far' * is_part}, {said}"


def _change(row: ReportRow) -> str:
    """ "+4", "\u22122", "no change"; "" if there was nothing before, or it was not counted."""
    if not row.before.completed:
        return ""
    more = row.now.completed - row.before.completed
    return "no change" if not more else f"+{more:,}" if more > 0 else f"{_MINUS}{-more:,}"


def _line(row: ReportRow, most: int, shown: Trend) -> str:
    change = _change(row)
    number = f"{bar(100 * row.now.completed / most)} {row.now.completed:,} completed"
    return f"*{row_label(row, shown)}* · {number}{f' · {change}' if change else ''}"


def _drawn(rows: Sequence[ReportRow], shown: Trend) -> Block | None:
    title = f"Sessions by {unit(shown.by)}"
    if shown.by.is_time:
        points = [(short_label(row, shown), float(row.now.completed)) for row in rows]
        return line_chart(title, "Completed", points, y_label="Completed sessions")
    has_change = any(map(_change, rows))
    cells: list[list[str | tuple[float, str]]] = [
        [
            unit_name(row, shown),
            (row.now.completed, f"{row.now.completed:,}"),
            *([_change(row) or "\u2013"] if has_change else []),
        ]
        for row in rows
    ]
    return data_table(title, [unit(shown.by).capitalize(), "Completed", *(["Change"] if has_change else [])], cells)
