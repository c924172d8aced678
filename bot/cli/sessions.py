"""`sessions`: what is remembered, as a table, JSON or CSV."""

import csv
import json
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import click
from tabulate import tabulate

from bot.cli.rows import parsed, refuse_unknown_names, with_store
from bot.core import query as language
from bot.core.access import EVERYTHING
from bot.core.directory import Directory
from bot.core.model import Session
from bot.core.outcome import judge, word
from bot.core.ports import Clock, Store, Tx

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
        self._asked = asked
        self._now = clock.now()
        self._most = most
        self.total = 0
        self.shown = 0

    def __iter__(self) -> Iterator[Row]:
        directory = self._tx.people.directory()
        while self.shown < self._most:
            wanted = min(PAGE, self._most - self.shown)
            page = self._tx.sessions.search(self._asked, EVERYTHING, directory, self._now, wanted, self.shown)
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
        tx.sessions.short_id(session.key),
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


def _as_json(out: IO[str], rows: Iterator[Row], _pages: _Pages, _asked: language.Query) -> None:
    before = "[\n  "
    for row in rows:
        out.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n  "
    out.write("[]\n" if before == "[\n  " else "\n]\n")


def _as_csv(out: IO[str], rows: Iterator[Row], _pages: _Pages, _asked: language.Query) -> None:
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: no_formula(value) for name, value in row.items()} for row in rows)


def _as_table(out: IO[str], rows: Iterator[Row], pages: _Pages, asked: language.Query) -> None:
    shown = [[_one_line(value) for value in row.values()] for row in rows]
    out.write(tabulate(shown, headers=list(COLUMNS), disable_numparse=True) + "\n")
    out.write(f"{pages.shown} of {pages.total}: {language.words(asked)}\n")


_FORMS: dict[str, Callable[[IO[str], Iterator[Row], _Pages, language.Query], None]] = {
    "json": _as_json,
    "csv": _as_csv,
    "table": _as_table,
}


def no_formula(value: object) -> object:
    """A cell no spreadsheet takes for a formula: text that begins like one gets a leading apostrophe.

    Spreadsheets overlook blanks and invisible signs before a formula and take wide signs for narrow ones.
    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    first = next((sign for sign in value if sign.isprintable() and not sign.isspace()), "")
    begins_like_one = value.startswith(("\t", "\r", "\n")) or unicodedata.normalize("NFKC", first)[:1] in _STARTS
    return "'" + value if first and begins_like_one else value


# The minus of typography is no hyphen to Unicode, but one to some spreadsheets.
_STARTS = frozenset("=+-@\u2212")


def _one_line(value: object) -> object:
    """A cell of a table: a title from iSpring must neither break lines nor send the terminal its own orders."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return "".join(sign if sign.isprintable() else " " for sign in value)
    return value
