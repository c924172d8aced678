"""Output for a terminal, a file or a pipe. Text from outside is shown as text and never acts as a control sequence."""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

import click
from tabulate import tabulate

from bot.domain.text import clean

S = TypeVar("S", bound=io.TextIOWrapper)

# ---- what is typed ---------------------------------------------------------------------------------------------------

NUMBER = click.IntRange(1, 2**31 - 1)  # a count or a number of a row: more than the database can take is a mistake


class _Text(click.types.StringParamType):
    """Text that may be compared, stored and shown: bytes that are no characters stand for nothing."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(super().convert(value, param, ctx))
        if any("\ud800" <= one <= "\udfff" for one in text):
            self.fail("it is not in the terminal's encoding: type it anew.", param, ctx)
        return text


TEXT = _Text()


# ---- the streams of the process --------------------------------------------------------------------------------------


class OutputFailed(Exception):
    """Standard output can't be written; the cause is an OSError."""


class _Output(io.TextIOWrapper):
    """Standard output: tells its own errors from those of the work. click would end the process at a broken pipe."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputFailed from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputFailed from error


class _Messages(io.TextIOWrapper):
    """Standard error: a line that can't be written is lost. A log's reader may leave, or its disk be full, and the work
    goes on."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Replaces the process's streams: a closed one is silent, and `?` stands for what the encoding has no sign for."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened, perhaps the database, would get what is printed.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _replaced(sys.stdout, 1, _Output)
    sys.stderr = _replaced(sys.stderr, 2, _Messages)


def _replaced(stream: object, number: int, kind: type[S]) -> S:
    if not isinstance(stream, io.TextIOWrapper):  # it was closed when Python started
        return kind(open(number, "wb", closefd=False), encoding="utf-8", errors="replace")
    encoding, line_buffering, write_through = stream.encoding, stream.line_buffering, stream.write_through
    return kind(
        stream.detach(),
        encoding=encoding,
        errors="replace",
        line_buffering=line_buffering,
        write_through=write_through,
    )


def output_name() -> str:
    """Returns the file behind standard output, as far as the system tells."""
    try:
        return str(Path("/proc/self/fd/1").readlink())
    except OSError:
        return "standard output"


def copy_to_output(file: IO[bytes]) -> None:
    """Copies a file's bytes to standard output. Raises OutputFailed."""
    sys.stdout.flush()
    try:
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputFailed from error


def discard_output() -> None:
    """Sends what is still to be written to the null device: Python flushes once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


# ---- text ------------------------------------------------------------------------------------------------------------


def echo(text: str, *, err: bool = False) -> None:
    """Prints text. Line breaks stay; every other character that is not printable becomes a blank.

    Callers pass text from outside through `clean` first, so that it can't add a line. Raises OutputFailed.
    """
    shown = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    # Without `file`, click replaces an ASCII stream by one in UTF-8.
    click.echo(shown, file=sys.stderr if err else sys.stdout)


def confirm(question: str, yes: bool) -> None:
    """Asks at the terminal, unless `yes`; another answer than yes ends the command. Raises click.UsageError if there is
    no terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to confirm it: add --yes.")
    click.confirm(question, abort=True)


def table_of(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table. Each cell is one line: line breaks in a value become blanks."""
    cells = [[_cell(value) for value in row] for row in rows]
    return str(tabulate(cells, headers=headers, disable_numparse=True))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else clean(str(value))


def json_of(value: object, indent: int | None = None) -> str:
    """Returns JSON in which every character that is not printable, or that standard output's encoding lacks, is
    escaped; a program reads the same value."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    encoding = sys.stdout.encoding or "utf-8"
    if text.isprintable() and _is_encodable(text, encoding):
        return text
    return "".join(char if _is_plain(char, encoding) else json.dumps(char)[1:-1] for char in text)


def _is_plain(char: str, encoding: str) -> bool:
    return (char.isprintable() or char == "\n") and _is_encodable(char, encoding)


def _is_encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
