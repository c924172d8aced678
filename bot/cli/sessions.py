"""`sessions`: stored sessions as a table, JSON or CSV."""

import sys
from collections.abc import Callable, Iterator, Sequence
from io import TextIOWrapper
from typing import IO, Any

import click

from bot.cli.rows import understood_by_operator, with_store
from bot.cli.terminal import NUMBER, TEXT, copy_to_output, json_of, table_of
from bot.domain.permissions import EVERYTHING
from bot.domain.ports import Clock
from bot.query import parser as language
from bot.query.by_id import with_labels
from bot.query.keys import Key, Query, Term, without_shape
from bot.services.export import Export, Row, spool_beside, write_csv
from bot.store.database import Store, Tx

TABLE = ("id", "outcome", "result", "checklist", "employee", "observer", "department", "completed")
TABLE_LIMIT = 50
SHORTEST_ID = 8


@click.command()
@click.argument("query", nargs=-1, type=TEXT)
@click.option("--json", "output", flag_value="json", help="One JSON array.")
@click.option("--csv", "output", flag_value="csv", help="CSV with a header line, as `export` in Slack makes it.")
@click.option("--limit", type=NUMBER, default=None, help="At most this many; 50 in a table, else all.")
def sessions(query: Sequence[str], output: str | None, limit: int | None) -> None:
    """Show the sessions that match QUERY, the newest first, e.g.  spotter sessions failed opening last week"""
    text = " ".join(query)
    write: Callable[[IO[str], Export], None] = _FORMATS[output or "table"]
    most = limit or (None if output else TABLE_LIMIT)

    async def export(store: Store, clock: Clock) -> None:
        # Through a file: a pager that stops reading must not keep the read transaction open, and a million rows do not
        # fit into memory.
        encoding = "utf-8" if output == "csv" else sys.stdout.encoding
        with spool_beside(store.path) as spool:
            out = TextIOWrapper(spool, encoding=encoding, errors="replace", newline="")

            def work(tx: Tx) -> None:
                asked, known, zone = understood_by_operator(tx, text, clock.now())
                made = Export(tx, _limited(asked, most), EVERYTHING, known, tx.people.directory(), clock.now(), zone)
                write(out, made)

            await store.read(work)
            out.flush()
            spool.seek(0)
            copy_to_output(spool)

    with_store(export)


def _limited(query: Query, most: int | None) -> Query:
    """The query for at most so many sessions; a `limit:` of its own wins."""
    if most is None or any(term.key is Key.LIMIT for term in query.terms):
        return query
    return Query((*query.terms, Term(Key.LIMIT, str(most))))


def _with_progress(made: Export, total: int) -> Iterator[Row]:
    """Yields the rows and shows the progress on standard error: an export holds only the rows."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(made.rows(), length=total, label="Reading", file=sys.stderr, hidden=hidden) as rows:
        yield from rows


# ---- formats -----------------------------------------------------------------------------------------------------


def _as_json(out: IO[str], made: Export) -> None:
    before = "[\n  "
    for row in _with_progress(made, made.count()):
        out.write(before + json_of(row))
        before = ",\n  "
    out.write("[]\n" if before == "[\n  " else "\n]\n")


def _as_csv(out: IO[str], made: Export) -> None:
    write_csv(out, made)


def _as_table(out: IO[str], made: Export) -> None:
    rows = [[_cell(name, row[name]) for name in TABLE] for row in made.rows()]
    out.write(table_of(TABLE, [tuple(row) for row in rows]) + "\n")
    asked = language.words(with_labels(without_shape(made.query), made.names))
    out.write(f"{len(rows)} of {made.count()}: {asked}\n")


def _cell(name: str, value: Any) -> Any:
    return str(value)[:SHORTEST_ID] if name == "id" else value


_FORMATS: dict[str, Callable[[IO[str], Export], None]] = {"json": _as_json, "csv": _as_csv, "table": _as_table}
