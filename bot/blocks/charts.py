"""Slack's blocks for charts and tables. Not every workspace takes them yet, so a message that has one has the same in
words too, see `Message.rich`.

Limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block and .../data-table-block, the lower
number where sources differ.
"""

from collections.abc import Sequence

from bot.blocks.elements import Block
from bot.blocks.markup import bare
from bot.domain.notifications import Message

NEWEST = frozenset({"data_table", "data_visualization"})
MOST_POINTS = 20
MOST_ROWS = 100
MOST_CELLS = 10_000  # characters in all cells of a message
_TITLE, _LABEL, _CELL = 50, 20, 80


def line_chart(title: str, series: str, points: Sequence[tuple[str, float]], *, y_label: str) -> Block | None:
    """A line through points of label and value; None if there are too few or too many of them, or two of one label."""
    labels = [bare(label, _LABEL) for label, _ in points]
    if not 2 <= len(points) <= MOST_POINTS or len({*labels}) < len(labels):
        return None
    data = [{"label": label, "value": round(value, 1)} for label, (_, value) in zip(labels, points, strict=True)]
    return {
        "type": "data_visualization",
        "title": bare(title, _TITLE),
        "chart": {
            "type": "line",
            "series": [{"name": bare(series, _LABEL), "data": data}],
            "axis_config": {"categories": labels, "y_label": bare(y_label, _TITLE)},
        },
    }


def data_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str | tuple[float, str]]]) -> Block | None:
    """A table that its reader can sort; a cell is a text, or a number with its text. None if there is no row, or more
    than Slack takes."""
    cells = [[_cell(value) for value in row] for row in (header, *rows)]
    letters = sum(len(str(cell["text"])) for row in cells for cell in row)
    if not 1 <= len(rows) <= MOST_ROWS or letters > MOST_CELLS:
        return None
    return {"type": "data_table", "caption": bare(caption, 150), "page_size": 15, "rows": cells}


def _cell(value: str | tuple[float, str]) -> dict[str, object]:
    if isinstance(value, str):
        return {"type": "raw_text", "text": bare(value, _CELL) or "–"}  # an empty cell loses the whole message
    number, text = value
    return {"type": "raw_number", "value": number, "text": text}


def has_newest(message: Message) -> bool:
    """Whether a message has blocks that not every workspace takes."""
    return any(block.get("type") in NEWEST for block in message.blocks)
