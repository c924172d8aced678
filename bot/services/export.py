"""Sessions as a file for spreadsheets and programs: the same columns and bytes from Slack and from the command line."""

import csv
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import IO

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.errors import NoRoom
from bot.domain.model import Details, Moment, OutcomeKind, Session
from bot.domain.permissions import AccessScope
from bot.query.keys import Key, Query
from bot.query.names import Names
from bot.store.conditions import Where, asked_for
from bot.store.database import Tx

COLUMNS = (
    "id", "outcome", "result", "target", "points", "total_points", "checklist", "employee", "employee_email",
    "observer", "observer_email", "department", "scheduled", "started", "completed", "employee_id", "observer_id",
    "checklist_id",
)  # fmt: skip
PERSONAL_COLUMNS = frozenset({"employee_email", "observer_email", "employee_id", "observer_id"})
CRITERIA = "criteria"  # a last column if the query has `criteria:yes`
BOM = "\ufeff"  # else a spreadsheet takes UTF-8 for the code page of its machine
PAGE = 5_000  # sessions in memory at a time

Row = dict[str, object]

_OUTCOMES: Mapping[OutcomeKind, str] = {
    OutcomeKind.PLANNED: "Planned",
    OutcomeKind.IN_PROGRESS: "In progress",
    OutcomeKind.COMPLETED: "Completed",
    OutcomeKind.MET: "Met target",
    OutcomeKind.BELOW: "Below target",
    OutcomeKind.CRITICAL: "Critical criterion failed",
    OutcomeKind.FAILED: "Failed",
}  # any other has iSpring's own word


@dataclass(frozen=True, slots=True)
class Export:
    """Which sessions to export: those that a query selects within a scope; or those of `where`, in the query's order.
    Without the columns `left_out`."""

    tx: Tx
    query: Query
    scope: AccessScope
    names: Names
    directory: Directory
    now: datetime
    zone: tzinfo
    where: Where | None = None
    left_out: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        every = (*COLUMNS, CRITERIA) if self.has_criteria else COLUMNS
        return tuple(one for one in every if one not in self.left_out)

    @property
    def has_criteria(self) -> bool:
        return any(term.key is Key.CRITERIA and term.value == "yes" for term in self.query.terms)

    def count(self) -> int:
        """How many sessions there are, `limit:` aside."""
        found = self.tx.search.find(self.query, self.scope, self.names, self.now, 0, 0, self.zone)
        return found.total

    def rows(self) -> Iterator[Row]:
        """Every row, in the order that the query asks for; read page by page."""
        where = self.where or asked_for(self.query, self.scope, self.names, self.now, self.zone)
        done = 0
        while page := self.tx.search.rows(self.query, where, PAGE, done):
            criteria = self.tx.reports.details_of([one.key for one in page]) if self.has_criteria else {}
            for session in page:
                yield self._row(session) | (
                    {CRITERIA: _criteria(criteria.get(session.key))} if self.has_criteria else {}
                )
            done += len(page)

    def _row(self, session: Session) -> Row:
        facts, people = session.facts, self.directory.people
        outcome = outcome_of(session)
        employee, observer = people.get(facts.key.employee_id), people.get(facts.observer_id)
        path = self.directory.department_path(employee.department_id) if employee else ()
        values = (
            facts.key.session_id,
            _OUTCOMES.get(outcome.kind) or facts.status,
            outcome.score,
            session.target,
            facts.points,
            facts.total_points,
            facts.checklist_title,
            self.directory.name_of(facts.key.employee_id),
            employee.email if employee else None,
            self.directory.name_of(facts.observer_id),
            observer.email if observer else None,
            " / ".join(department.name for department in reversed(path)),
            _date(facts.scheduled),
            _date(facts.started),
            _date(facts.finished),
            facts.key.employee_id,
            facts.observer_id,
            facts.checklist_id,
        )
        return dict(zip(COLUMNS, values, strict=True))


@contextmanager
def spool_beside(database: Path) -> Iterator[IO[bytes]]:
    """A file without a name for an export: a million rows do not fit into memory. It lies beside the database, for a
    read-only system has no other place for it. Raises NoRoom if it, or what is done with it, fails as a file."""
    folder = database.resolve().parent
    try:
        with tempfile.TemporaryFile(dir=folder) as spool:
            yield spool
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NoRoom(f"The sessions can't be collected in {folder} ({reason}): make room there.") from error


def write_csv(out: IO[str], export: Export) -> int:
    """Writes every row, and returns how many there are. `out` must not translate line ends."""
    out.write(BOM)
    # Every text is quoted: a spreadsheet that also separates at semicolons or tabs would split an unquoted one.
    writer = csv.DictWriter(
        out, export.columns, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC, extrasaction="ignore"
    )
    writer.writeheader()
    count = 0
    for row in export.rows():
        writer.writerow({name: no_formula(without_controls(value)) for name, value in row.items()})
        count += 1
    return count


def _date(moment: Moment) -> str | None:
    """ISO 8601 in UTC; as iSpring spelled it if that could not be understood."""
    return moment.at.isoformat() if moment.at else moment.raw


def _criteria(details: Details | None) -> str:
    """ "Counts the float: 1/5; Wears gloves: skipped"."""
    if details is None:
        return ""
    return "; ".join(
        f"{one.title}: {'skipped' if one.skipped else f'{one.points or 0:g}/{one.total_points or 0:g}'}"
        for one in details.criteria
    )


def without_controls(value: object) -> object:
    """Returns the cell without control characters, so that a terminal shows it as text; line breaks and tabs stay."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(char for char in value if char in "\t\r\n" or unicodedata.category(char) != "Cc")


def no_formula(value: object) -> object:
    """Returns the cell, with a leading apostrophe if a spreadsheet may take its text for a formula: also behind blanks
    and signs that nobody sees, and in full width.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    start = next((char for char in value if not (char.isspace() or unicodedata.category(char) == "Cf")), "")
    is_formula = value.startswith(_FIELD_BREAKS) or unicodedata.normalize("NFKC", start) in _OPERATORS
    return "'" + value if is_formula else value


_FIELD_BREAKS = ("\t", "\r", "\n")
_OPERATORS = ("=", "+", "-", "@")
