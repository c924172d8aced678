"""A small company and its sessions, built with as few words as a test needs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.changes import remember
from bot.domain.directory import Directory
from bot.domain.model import Moment, Session, SessionFacts, SessionKey, Targets
from bot.domain.staff import Department, Person, PersonStatus, Subordination

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # a Wednesday
EIGHTY = Targets(default=80.0)

DIRECTORY = Directory.of(
    people=[
        Person(person_id="ana", name="Ana López", email="ana@shop.test", department_id="store-12"),
        Person(person_id="joe", name="J. Doe", email="joe@shop.test", department_id="bakery"),
        Person(person_id="joan", name="Joan Doerr", department_id="store-7"),
        Person(person_id="boss", name="Bo Boss", department_id="root", manages_departments=("store-12",)),
        Person(
            person_id="kim",
            name="Kim O'Neill",
            department_id="store-7",
            subordination=Subordination.MANUAL,
            supervisor_id="ana",
        ),
        Person(person_id="gone", name="Gone Person", department_id="store-7", status=PersonStatus.LEFT),
    ],
    departments=[
        Department(department_id="root", name="Company"),
        Department(department_id="store-12", name="Store 12", parent_id="root"),
        Department(department_id="bakery", name="Bakery", parent_id="store-12"),
        Department(department_id="store-7", name="Store 7", parent_id="root"),
    ],
)
CHECKLISTS = {"open": "Opening", "open-late": "Opening, late shift", "close": "Closing", "cafe": "Café au lait"}


def facts(status: str = "PASSED", result: float | None = None, **fields: Any) -> SessionFacts:
    """Joe, observed by Ana, on "Opening", finished an hour ago where it is over."""
    finished = Moment("an hour ago", NOW - timedelta(hours=1)) if status in ("PASSED", "FAILED") else Moment()
    given = {
        "key": SessionKey("5e55107a", "joe"),
        "checklist_id": "open",
        "checklist_title": "Opening",
        "observer_id": "ana",
        "finished": finished,
        **fields,
    }
    return SessionFacts(status=status, result=result, **given)


def session(status: str = "PASSED", result: float | None = None, targets: Targets = EIGHTY, **fields: Any) -> Session:
    """A session as it was first stored a day ago."""
    return remember(facts(status, result, **fields), now=NOW - timedelta(days=1), targets=targets)
