"""What each call answers: filters, paging and the reasons to refuse, as strict as the vendor's documents say."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar
from urllib.parse import parse_qsl

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED, Department, Person, Session
from bot.demo.ispring.quirks import Quirks
from bot.demo.ispring.wire import Row, Wire
from bot.demo.world import World

STATUSES = (NOT_STARTED, IN_PROGRESS, PASSED)
DEFAULT_PAGE_SIZE = 1000
_OF_A_RESULT = ("completionDate", "result", "points", "totalPoints")
LONGEST_NUMBER = 18  # digits; Python reads no number of thousands of digits

Item = TypeVar("Item", Person, Department)
Lost = TypeVar("Lost")


class Refused(Exception):
    """An answer with this HTTP status and `{"code", "message"}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Answer:
    """The value to write, and what its items are called in XML."""

    value: object
    item: str = "item"


class Answers:
    """Reads the world at the moment of the call."""

    def __init__(
        self, world: World, quirks: Quirks, wire: Wire, now: Callable[[], datetime], random01: Random | None = None
    ) -> None:
        """`random01`: the dice of filters that lie; without them the same ones each time."""
        self.world = world
        self.quirks = quirks
        self.wire = wire
        self.now = now
        self.random01 = random01 or Random(0)

    # --- job training ------------------------------------------------------------------------------------------

    def sessions(self, body: bytes) -> Answer:
        asked = self._read(body)
        if "sessionStatus" in asked and asked["sessionStatus"] not in STATUSES:
            raise Refused(400, f"sessionStatus must be one of {', '.join(STATUSES)}")
        status = self._heeded(asked).get("sessionStatus")
        sessions = [one for one in self._wanted(asked) if status is None or one.status == status]
        if asked:
            sessions = self._lossy(sessions, self.quirks.left_out_share)[: self.quirks.most_filtered_rows]
        rows = [self._spelled(self.wire.session(session)) for session in sessions]
        return Answer(self._bent(rows), "jobTrainingSessionResult")

    def checklists(self, body: bytes) -> Answer:
        asked = self._read(body)
        checklist_ids, session_ids = self._asked_ids(asked, "checklistIds"), self._asked_ids(asked, "sessionIds")
        self._refuse_bad(session_ids)
        found: dict[str, dict[str, None]] = {one: {} for one in self.world.checklists}
        for session in self.world.stored_sessions:
            if self._among(session.id, session_ids):
                found.setdefault(session.checklist.id, {})[session.id] = None
        rows = [
            self._spelled(
                self.wire.checklist(checklist, self._lossy(list(found[checklist.id]), self.quirks.left_out_ids_share))
            )
            for checklist in self.world.checklists.values()
            if self._among(checklist.id, checklist_ids) and (session_ids is None or found[checklist.id])
        ]
        return Answer(rows, "checklistSessions")

    def areas(self, body: bytes) -> Answer:
        asked = self._read(body)
        group_ids = _ids(asked, "groupIds")
        sessions = self._completed(asked)
        return Answer([row for one in sessions for row in self.wire.areas(one, group_ids)], "criterionGroupResultData")

    def criteria(self, body: bytes) -> Answer:
        asked = self._read(body)
        group_ids, criterion_ids = _ids(asked, "groupIds"), _ids(asked, "criterionIds")
        rows = [row for one in self._completed(asked) for row in self.wire.criteria(one, group_ids, criterion_ids)]
        return Answer(rows, "criterionResultData")

    def _read(self, body: bytes) -> Mapping[str, object]:
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "The request body is not JSON") from None
        if not isinstance(asked, dict):
            raise Refused(400, "The request body must be a JSON object")
        return asked

    def _wanted(self, asked: Mapping[str, object]) -> list[Session]:
        checklist_ids = None
        if "checklistId" in asked:
            _id(asked["checklistId"], "checklistId")  # one, in this call
            checklist_ids = self._asked_ids({"checklistId": [asked["checklistId"]]}, "checklistId")
        session_ids = self._asked_ids(asked, "sessionIds")
        self._refuse_bad(session_ids)
        return [
            session
            for session in self.world.stored_sessions
            if self._among(session.checklist.id, checklist_ids) and self._among(session.id, session_ids)
        ]

    def _heeded(self, asked: Mapping[str, object]) -> Mapping[str, object]:
        """The filters of a request that have an effect."""
        return {name: value for name, value in asked.items() if name not in self.quirks.ignored_filters}

    def _asked_ids(self, asked: Mapping[str, object], name: str) -> set[str] | None:
        """The ids of a filter, None if it is not there or ignored."""
        lowered = _ids(asked, name)
        if lowered is None or name in self.quirks.ignored_filters:
            return None
        values = asked[name]
        return {str(one) for one in values} if self.quirks.exact_ids and isinstance(values, list) else lowered

    def _among(self, value: str, wanted: set[str] | None) -> bool:
        return wanted is None or (value if self.quirks.exact_ids else value.lower()) in wanted

    def _lossy(self, items: list[Lost], share: float) -> list[Lost]:
        return [one for one in items if self.random01.random() >= share] if share else items

    def _spelled(self, row: Row) -> Row:
        """A row with its ids in another case, if the quirk says so."""
        if not self.quirks.changing_case:
            return row
        spell = self.random01.choice((str.upper, str.lower, str.swapcase))
        for name, value in row.items():
            if name.endswith("Id") and isinstance(value, str):
                row[name] = spell(value)
            elif name.endswith("Ids") and isinstance(value, list):
                row[name] = [spell(one) for one in value]
        return row

    def _completed(self, asked: Mapping[str, object]) -> list[Session]:
        ready = self.now() - timedelta(seconds=self.quirks.criteria_lag)
        return [
            session
            for session in self._wanted(asked)
            if session.status == PASSED
            and (not self.quirks.criteria_lag or (session.completed_at is not None and session.completed_at <= ready))
        ]

    def _refuse_bad(self, ids: set[str] | None) -> None:
        if ids is not None and not {one.lower() for one in ids}.isdisjoint(one.lower() for one in self.quirks.bad_ids):
            raise Refused(400, "Invalid identifier")

    def _bent(self, rows: list[Row]) -> list[Row]:
        quirks = self.quirks
        if quirks.empty_listing:
            return []
        if quirks.half_listing:
            rows = rows[::2]
        rows = rows[: quirks.most_rows]
        if rows and quirks.new_status is not None:
            rows[0]["sessionStatus"] = quirks.new_status
        if rows and quirks.duplicate_rows:
            rows.append(dict(rows[0]))
        completed = [row for row in rows if row["sessionStatus"] == PASSED]
        for number, row in enumerate(completed[: quirks.contradicting_rows]):
            other = {name: value for name, value in row.items() if name not in _OF_A_RESULT}
            rows.insert(number % 2 * len(rows), other | {"sessionStatus": IN_PROGRESS})
        for number in range(min(quirks.mistyped_rows, len(rows))):
            row = rows[number * len(rows) // quirks.mistyped_rows]
            row["employeeId"], row["result"] = [row["employeeId"]], {"percent": row.get("result")}
        if quirks.shuffled:
            Random(str(self.now())).shuffle(rows)
        return rows

    # --- people and departments --------------------------------------------------------------------------------

    def people(self, query: str) -> Answer:
        asked = _query(query)
        departments = _uuids(asked, "departments[]")
        groups = _uuids(asked, "groups[]")
        user_ids = _uuids(asked, "userIds[]")
        self._refuse_bad(user_ids)
        logins = _lowered(asked, "logins[]")
        emails = _lowered(asked, "emails[]")
        found = [
            person
            for person in self.world.people.values()
            # Nobody in this world belongs to a group.
            if groups is None
            and _among(person.department_id, departments)
            and _among(person.id, user_ids)
            and _among(person.login, logins)
            and _among(person.email, emails)
        ]
        page, token = self._page(_first(found, self.quirks.people_share), asked)
        rows = [self.wire.person(person, self.now()) for person in page]
        return Answer({"userProfiles": rows} | token)

    def person(self, user_id: str) -> Answer:
        wanted = _id(user_id, "userId")
        for person in self.world.people.values():
            if person.id.lower() == wanted:
                row = self.wire.person(person, self.now())
                return Answer({"response": row} if self.quirks.user_wrapped else row)
        raise Refused(404, "User not found")

    def departments(self, query: str) -> Answer:
        listed = _first(list(self.world.departments.values()), self.quirks.departments_share)
        page, token = self._page(listed, _query(query))
        return Answer({"departments": [self.wire.department(department) for department in page]} | token)

    def _page(self, items: Sequence[Item], asked: Mapping[str, list[str]]) -> tuple[Sequence[Item], Row]:
        """One page and, as a row to merge, the token of the next: base64 of the last id on this page."""
        size = asked.get("pageSize", [str(DEFAULT_PAGE_SIZE)])[-1]
        if not size.isdecimal() or len(size) > LONGEST_NUMBER or int(size) < 1:
            raise Refused(400, "pageSize must be a positive integer")
        begin, given = 0, asked.get("pageToken", [None])[-1]
        if given:
            last = _decoded(given)
            places = [place for place, item in enumerate(items) if item.id == last]
            if not places:
                raise Refused(400, "Invalid pageToken")
            begin = places[0] + 1
        page = items[begin : begin + int(size)]
        if self.quirks.repeated_page_token and page:
            return page, {"nextPageToken": given or _encoded(page[-1].id)}
        if begin + len(page) < len(items):
            return page, {"nextPageToken": _encoded(page[-1].id)}
        return page, self.wire.row({}, {"nextPageToken": None})


def _first(items: list[Item], share: float) -> list[Item]:
    return items[: int(share * len(items))]


def _encoded(item_id: str) -> str:
    return base64.b64encode(item_id.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:  # no base64, no ASCII, or no UTF-8
        raise Refused(400, "Invalid pageToken") from None


def _id(value: object, name: str) -> str:
    """The UUID in lower case. Strict: 32 hex digits with hyphens in their places."""
    if isinstance(value, str) and len(value) == 36:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            pass
    raise Refused(400, f"{name} must be a UUID")


def _ids(asked: Mapping[str, object], name: str) -> set[str] | None:
    if name not in asked:
        return None
    values = asked[name]
    if not isinstance(values, list):
        raise Refused(400, f"{name} must be a list of UUIDs")
    return {_id(value, name) for value in values}


def _query(query: str) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        asked.setdefault(name, []).append(value)
    return asked


def _uuids(asked: Mapping[str, list[str]], name: str) -> set[str] | None:
    return {_id(value, name) for value in asked[name]} if name in asked else None


def _lowered(asked: Mapping[str, Iterable[str]], name: str) -> set[str] | None:
    return {value.strip().lower() for value in asked[name]} if name in asked else None


def _among(value: str, wanted: set[str] | None) -> bool:
    return wanted is None or value.lower() in wanted
