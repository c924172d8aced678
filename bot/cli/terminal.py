"""What a person reads in their terminal: other people's words come to it as text, and never as orders to it."""

import json
from collections.abc import Iterable, Sequence

import click
from tabulate import tabulate

from bot.blocks.elements import clean


def echo(words: str, *, err: bool = False) -> None:
    """Prints words whose line breaks are ours; any other sign that can't be seen becomes a blank.

    Others' words within them go through `clean` before, so that they can't make up a line of their own.
    """
    click.echo("".join(sign if sign.isprintable() or sign == "\n" else " " for sign in words), err=err)


def table_of(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose cells stay on one line each, whatever is written in them."""
    cells = [[_cell(value) for value in row] for row in rows]
    return str(tabulate(cells, headers=headers, disable_numparse=True))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else clean(str(value))


def json_of(value: object, indent: int | None = None) -> str:
    """JSON for people and programs: whatever can't be seen is escaped, which says the same to a program."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)
