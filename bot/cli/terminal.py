"""Output for a terminal. Text from outside is shown as text and never acts as a control sequence."""

import json
from collections.abc import Iterable, Sequence

import click
from tabulate import tabulate

from bot.domain.text import clean


def echo(text: str, *, err: bool = False) -> None:
    """Prints text. Line breaks stay; every other character that is not printable becomes a blank.

    Callers pass text from outside through `clean` first, so that it can't add a line.
    """
    click.echo("".join(char if char.isprintable() or char == "\n" else " " for char in text), err=err)


def table_of(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table. Each cell is one line: line breaks in a value become blanks."""
    cells = [[_cell(value) for value in row] for row in rows]
    return str(tabulate(cells, headers=headers, disable_numparse=True))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else clean(str(value))


def json_of(value: object, indent: int | None = None) -> str:
    """Returns JSON in which every character that is not printable is escaped; a program reads the same value."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
