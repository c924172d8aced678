"""`sessions`: stored sessions as a table, JSON or CSV."""

import csv
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from bot.cli.rows import known_names, parsed, with_store
from bot.cli.terminal import json_of, table_of
from bot.domain.directory import Directory
from bot.domain.errors import SpotterError
from bot.domain.model import Session
from bot.domain.outcomes import judge, word
from bot.domain.permissions import EVERYTHING
from bot.domain.ports import Clock
from bot.query import parser as language
from bot.store.database import Store, Tx

COLUMNS = ("id", "outcome", "score", "checklist", "employee", "observer", "site", "completed")
TABLE_LIMIT = 50
PAGE = 10_000  # sessions fetched at a time

Row = dict[str, Any]


@click.command()
@click.argument("query", nargs=-1)
@click.option("--json", "output", flag_value="json", help="One JSON array.")
@click.option("--csv", "output", flag_value="csv", help="CSV with a header line.")
@click.option("--limit", type=click.IntRange(1), default=None, help="At most this many; 50 in a table, else all.")
def sessions(query: Sequence[str], output: str | None, limit: int | None) -> None:
    """Show the sessions that match QUERY, the newest first, e.g.  spotter sessions 'outcome:failed since:30d'"""
    parsed_query = parsed(" ".join(query))
    limit = limit or (sys.maxsize if output else TABLE_LIMIT)
    write = _FORMATS[output or "table"]

    async def export(store: Store, clock: Clock) -> None:
        # Through a file: a pager that stops reading must not keep the read transaction open, and a million rows do not
        # fit into memory. It lies beside the database: a read-only system has no other place for it.
        folder = store.path.resolve().parent
        with (
            _no_room_translated(folder),
            tempfile.TemporaryFile("w+", encoding="utf-8", newline="", dir=folder) as spool,
        ):

            def work(tx: Tx) -> None:
                pages = _Pages(tx, parsed_query, known_names(tx, parsed_query), clock, limit)
                with click.progressbar(
                    length=1, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
                ) as bar:
                    write(spool, _with_progress(pages, bar), pages, parsed_query)

            await store.read(work)
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout)

    with_store(export)


@contextmanager
def _no_room_translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SpotterError(f"The sessions can't be collected in {folder} ({reason}): make room there.") from error


class _Pages:
    """The rows of a query's result, read page by page. `total` is known after the first row; `shown` counts rows."""

    def __init__(self, tx: Tx, query: language.Query, known: language.Names, clock: Clock, limit: int) -> None:
        self._tx = tx
        self._query = query
        self._known = known
        self._now = clock.now()
        self._limit = limit
        self.total = 0
        self.shown = 0

    def __iter__(self) -> Iterator[Row]:
        directory = self._tx.people.directory()
        while self.shown < self._limit:
            wanted = min(PAGE, self._limit - self.shown)
            page = self._tx.search.find(self._query, EVERYTHING, self._known, self._now, wanted, self.shown)
            self.total = page.total
            for session in page.sessions:
                self.shown += 1
                yield _row(self._tx, session, directory)
            if len(page.sessions) < wanted:
                return

    @property
    def expected(self) -> int:
        return min(self.total, self._limit)


def _row(tx: Tx, session: Session, directory: Directory) -> Row:
    facts = session.facts
    outcome = judge(facts, session.target)
    at = facts.finished
    values = (
        tx.search.short_id(session.key),
        word(outcome),
        outcome.score,
        facts.checklist_title,
        directory.name_of(facts.key.employee_id),
        directory.name_of(facts.observer_id),
        directory.site_of(facts.key.employee_id),
        at.at.isoformat() if at.at else at.raw,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _with_progress(pages: _Pages, bar: Any) -> Iterator[Row]:
    """Yields the rows and moves the progress bar, which is written to standard error: an export holds only the rows."""
    for row in pages:
        if pages.shown % 1000 == 1:
            bar.length = pages.expected
            bar.update(min(1000, pages.expected - bar.pos))
        yield row


# ---- formats -----------------------------------------------------------------------------------------------------


def _as_json(out: IO[str], rows: Iterator[Row], _pages: _Pages, _query: language.Query) -> None:
    before = "[\n  "
    for row in rows:
        out.write(before + json_of(row))
        before = ",\n  "
    out.write("[]\n" if before == "[\n  " else "\n]\n")


def _as_csv(out: IO[str], rows: Iterator[Row], _pages: _Pages, _query: language.Query) -> None:
    # Every text is quoted: a spreadsheet that also separates at semicolons or tabs would split an unquoted one.
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows({name: no_formula(without_controls(value)) for name, value in row.items()} for row in rows)


def _as_table(out: IO[str], rows: Iterator[Row], pages: _Pages, query: language.Query) -> None:
    out.write(table_of(COLUMNS, [tuple(row.values()) for row in rows]) + "\n")
    out.write(f"{pages.shown} of {pages.total}: {language.words(query)}\n")


_FORMATS: dict[str, Callable[[IO[str], Iterator[Row], _Pages, language.Query], None]] = {
    "json": _as_json,
    "csv": _as_csv,
    "table": _as_table,
}


def without_controls(value: object) -> object:
    """Returns the cell without control characters, so that a terminal shows it as text; line breaks and tabs stay."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(char for char in value if char in "\t\r\n" or unicodedata.category(char) != "Cc")


def no_formula(value: object) -> object:
    """Returns the cell, with a leading apostrophe if a spreadsheet would take its text for a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
