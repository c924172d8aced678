"""The rows of iSpring's secondary lists: how each is read, what identifies it, which of several with one id counts."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.domain.model import AreaResult, CriterionResult, SessionKey
from bot.domain.staff import Department, Person, PersonStatus
from bot.ispring.tolerant import LeftOut, read_row
from bot.ispring.wire import AreaRow, ChecklistRow, CriterionRow, DepartmentRow, PersonRow

T = TypeVar("T")


def _rank_alike(row: Any) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class RowKind(Generic[T]):
    """`rank`: of rows of one id that differ, the one with the highest counts, else the last."""

    read: Callable[[bytes, LeftOut], T]
    ident: Callable[[T], Hashable]
    rank: Callable[[T], Any] = _rank_alike


def _checklist(raw: bytes, left_out: LeftOut) -> ChecklistRow:
    row = read_row(ChecklistRow, raw, left_out)
    row.check()
    return row


def _criterion(raw: bytes, left_out: LeftOut) -> tuple[SessionKey, CriterionResult]:
    row = read_row(CriterionRow, raw, left_out)
    return row.key, row.result_of()


def _area(raw: bytes, left_out: LeftOut) -> tuple[SessionKey, AreaResult]:
    row = read_row(AreaRow, raw, left_out)
    return row.key, row.result_of()


def _person(raw: bytes, left_out: LeftOut) -> Person:
    return read_row(PersonRow, raw, left_out).person(left_out)


def _department(raw: bytes, left_out: LeftOut) -> Department:
    return read_row(DepartmentRow, raw, left_out).department(left_out)


def _lowest(row: tuple[SessionKey, CriterionResult]) -> tuple[bool, float]:
    return row[1].points is not None, -(row[1].points or 0.0)


CHECKLIST = RowKind(_checklist, id)  # a checklist may come in several rows, each with some of its sessions
# A low grade that is hidden by a better one of the same criterion would hide a critical zero.
CRITERION = RowKind(_criterion, lambda row: (row[0], row[1].area_id, row[1].criterion_id), _lowest)
AREA = RowKind(_area, lambda row: (row[0], row[1].area_id))
# Who is said to be active and to have left has no rights.
PERSON = RowKind(_person, lambda row: row.person_id, lambda row: row.status is not PersonStatus.ACTIVE)
DEPARTMENT = RowKind(_department, lambda row: row.department_id)
