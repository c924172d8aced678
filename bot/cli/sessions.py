"""`sessions`: what is remembered, as a table, JSON or CSV."""

import csv
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import click

from bot.cli.rows import parsed, refuse_unknown_names, with_store
from bot.cli.terminal import json_of, table_of
from bot.domain.directory import Directory
from bot.domain.model import Session
from bot.domain.outcomes import judge, word
from bot.domain.permissions import EVERYTHING
from bot.domain.ports import Clock
from bot.query import parser as language
from bot.store.database import Store, Tx

COLUMNS = ("id", "outcome", "score", "checklist", "employee", "observer", "site", "completed")
IN_A_TABLE = 50
PAGE = 10_000  # sessions fetched at a time

Row = dict[str, Any]


@click.command()
@click.argument("query", nargs=-1)
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header line.")
@click.option("--limit", type=click.IntRange(1), default=None, help="At most this many; 50 in a table, else all.")
def sessions(query: Sequence[str], form: str | None, limit: int | None) -> None:
    """Show the sessions that match QUERY, the newest first, e.g.  spotter sessions 'outcome:failed since:30d'"""
    asked = parsed(" ".join(query))
    most = limit or (sys.maxsize if form else IN_A_TABLE)
    write = _FORMS[form or "table"]

    async def export(store: Store, clock: Clock) -> None:
        # Through a file: a reader of our output that pauses, as a pager does, must not keep the database's old pages,
        # and a million rows do not fit into memory.
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as spool:

            def work(tx: Tx) -> None:
                refuse_unknown_names(tx, asked, clock)
                pages = _Pages(tx, asked, clock, most)
                with click.progressbar(
                    length=1, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
                ) as bar:
                    write(spool, _counted(pages, bar), pages, asked)

            await store.read(work)
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout)

    with_store(export)


class _Pages:
    """The rows a query finds, fetched page by page; `total` is known after the first."""

    def __init__(self, tx: Tx, asked: language.Query, clock: Clock, most: int) -> None:
        self._tx = tx
        self._request = asked
        self._now = clock.now()
        self._most = most
        self.total = 0
        self.shown = 0

    def __iter__(self) -> Iterator[Row]:
        directory = self._tx.people.directory()
        while self.shown < self._most:
            wanted = min(PAGE, self._most - self.shown)
            page = self._tx.search.find(self._request, EVERYTHING, directory, self._now, wanted, self.shown)
            self.total = page.total
            for session in page.sessions:
                self.shown += 1
                yield _row(self._tx, session, directory)
            if len(page.sessions) < wanted:
                return

    @property
    def expected(self) -> int:
        return min(self.total, self._most)


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


def _counted(pages: _Pages, bar: Any) -> Iterator[Row]:
    """The rows; on a terminal a bar says how many are read (to standard error, so that it is no part of an export)."""
    for row in pages:
        if pages.shown % 1000 == 1:
            bar.length = pages.expected
            bar.update(min(1000, pages.expected - bar.pos))
        yield row


# ---- forms -------------------------------------------------------------------------------------------------------


def _as_json(out: IO[str], rows: Iterator[Row], _pages: _Pages, _request: language.Query) -> None:
    before = "[\n  "
    for row in rows:
        out.write(before + json_of(row))
        before = ",\n  "
    out.write("[]\n" if before == "[\n  " else "\n]\n")


def _as_csv(out: IO[str], rows: Iterator[Row], _pages: _Pages, _request: language.Query) -> None:
    # Every text is quoted: a spreadsheet that also separates by semicolons or tabs would split an unquoted one.
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows({name: no_formula(without_orders(value)) for name, value in row.items()} for row in rows)


def _as_table(out: IO[str], rows: Iterator[Row], pages: _Pages, asked: language.Query) -> None:
    out.write(table_of(COLUMNS, [tuple(row.values()) for row in rows]) + "\n")
    out.write(f"{pages.shown} of {pages.total}: {language.words(asked)}\n")


_FORMS: dict[str, Callable[[IO[str], Iterator[Row], _Pages, language.Query], None]] = {
    "json": _as_json,
    "csv": _as_csv,
    "table": _as_table,
}


def without_orders(value: object) -> object:
    """A cell that gives no terminal orders when it is printed; line breaks and tabs stay, for CSV can hold them."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(sign for sign in value if sign in "\t\r\n" or unicodedata.category(sign) != "Cc")


def no_formula(value: object) -> object:
    """The cell, with a leading apostrophe where a spreadsheet would take its text for a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
