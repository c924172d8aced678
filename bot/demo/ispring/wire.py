"""How answers are written: the world's facts as the vendor's objects, then JSON or XML, as the quirks will have it."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from random import Random
from typing import TypeAlias
from xml.etree import ElementTree

from bot.demo.company import PASSED, Checklist, Department, Person, Session, percent_of, score
from bot.demo.ispring.quirks import Quirks

Row: TypeAlias = dict[str, object]

DATE_FORMATS = {"dmy": "%d-%m-%Y, %H:%M:%S", "mdy": "%m-%d-%Y, %H:%M:%S", "iso_naive": "%Y-%m-%dT%H:%M:%S"}
MIXED_STYLES = ("dmy", "iso", "iso_naive")

WRONG: tuple[object, ...] = ({"value": 1}, [], [7], True, "", None, "not given", {})

HALF_AN_EMOJI = "\ud83d"

# The vendor's XML names for the items of lists; anything else is an <item>.
XML_ITEMS = {
    "userProfiles": "userProfile",
    "departments": "department",
    "fields": "field",
    "userRoles": "userRole",
    "sessionIds": "id",
    "groups": "id",
}


class Wire:
    """Writes rows in one zone with one set of quirks."""

    def __init__(self, quirks: Quirks, zone: tzinfo) -> None:
        self.quirks = quirks
        self.zone = zone

    # --- values ------------------------------------------------------------------------------------------------

    def date(self, moment: datetime | None) -> str | None:
        """A moment in the account's zone, as the date style has it."""
        if moment is None:
            return None
        local = moment.astimezone(self.zone)
        style: str = self.quirks.date_style
        if style == "unreadable":
            return "soon"
        if style == "mixed":
            style = MIXED_STYLES[int(moment.timestamp()) % len(MIXED_STYLES)]
        return local.isoformat(timespec="seconds") if style == "iso" else local.strftime(DATE_FORMATS[style])

    def row(self, required: Row, optional: Row) -> Row:
        """One object; optional values that are not there are left out, or null if the quirk says so."""
        return required | {key: value for key, value in optional.items() if value is not None or self.quirks.nulls}

    def bent(self, row: Row, seed: str, numbers: Sequence[str], others: Sequence[str]) -> Row:
        """The row with optional parts in odd shapes, if the quirk says so; the same each time for one seed."""
        if self.quirks.odd_shapes:
            lots = Random(seed)
            row |= {name: lots.choice(_written_oddly(row[name]) + WRONG) for name in numbers if name in row}
            row |= {name: lots.choice(WRONG) for name in others if name in row}
        return row

    def shown(self, text: str) -> str:
        """A title or a name, as it ends where somebody counts UTF-16."""
        return text + HALF_AN_EMOJI if self.quirks.half_characters else text

    # --- job training ------------------------------------------------------------------------------------------

    def session(self, session: Session) -> Row:
        scored = (session.result, session.total_points, session.points)
        if self.quirks.zero_total_points and session.status == PASSED:
            scored = (0.0, 0.0, 0.0)
        result, total_points, points = scored
        row = self.row(
            {
                "checklistId": session.checklist.id,
                "checklistTitle": self.shown(session.checklist.title),
                "sessionId": session.id,
                "sessionStatus": session.status,
                "startDate": self.date(session.starts_at),
                "employeeId": session.employee.id,
                "observerId": session.observer.id,
            },
            {
                "actualStartDate": self.date(session.started_at),
                "completionDate": self.date(session.completed_at),
                "result": number(result),
                "totalPoints": number(total_points),
                "points": number(points),
            },
        )
        return self.bent(row, session.id, ("result",), ("startDate", "actualStartDate"))

    def checklist(self, checklist: Checklist, session_ids: Sequence[str]) -> Row:
        return {
            "checklistId": checklist.id,
            "checklistTitle": checklist.title,
            "checklistStatus": "PUBLISHED" if checklist.published else "HIDDEN",
            "sessionIds": list(session_ids),
        }

    def areas(self, session: Session, group_ids: set[str] | None) -> list[Row]:
        rows = []
        for area in session.checklist.areas:
            if group_ids is not None and area.id.lower() not in group_ids:
                continue
            points, total_points = score(area.criteria, session.grades)
            graded = total_points > 0
            row = self.row(
                {"groupId": area.id, "groupTitle": self.shown(area.title)} | self._whose(session),
                {
                    "result": number(percent_of(points, total_points)),
                    "totalPoints": number(total_points if graded else None),
                    "points": number(points if graded else None),
                },
            )
            rows.append(self.bent(row, session.id + area.id, ("result", "points"), ()))
        return rows

    def criteria(self, session: Session, group_ids: set[str] | None, criterion_ids: set[str] | None) -> list[Row]:
        rows = []
        for area in session.checklist.areas:
            if group_ids is not None and area.id.lower() not in group_ids:
                continue
            for criterion in area.criteria:
                grade = session.grades.get(criterion.id)
                if grade is None or (criterion_ids is not None and criterion.id.lower() not in criterion_ids):
                    continue
                row = self.row(
                    {
                        "criterionId": criterion.id,
                        "criterionTitle": self.shown(criterion.title),
                        "groupId": area.id,
                        "skipped": grade.skipped,
                    }
                    | self._whose(session),
                    {
                        "totalPoints": None if grade.skipped else criterion.points,
                        "points": number(grade.points),
                    },
                )
                rows.append(self.bent(row, session.id + criterion.id, ("points", "totalPoints"), ("skipped",)))
        return rows

    def _whose(self, session: Session) -> Row:
        return {
            "checklistId": session.checklist.id,
            "sessionId": session.id,
            "employeeId": session.employee.id,
            "observerId": session.observer.id,
        }

    # --- people and departments --------------------------------------------------------------------------------

    def person(self, person: Person, last_login: datetime) -> Row:
        role_id = f"{sum(person.role.encode()):08x}-0000-4000-8000-000000000000"
        role = self.row(
            {"roleId": role_id, "roleType": person.role},
            {"manageableDepartmentIds": list(person.manages) or None},
        )
        row = self.row(
            {
                "userId": person.id,
                "role": person.role,
                "roleId": role_id,
                "departmentId": person.department_id,
                "status": person.status,
                "fields": self._fields(person),
                "addedDate": person.added_on.isoformat(),
                "lastLoginDate": last_login.astimezone(UTC).isoformat(timespec="seconds"),
                "userRoles": [role],
                "subordination": self._subordination(person),
                "coSubordination": {"subordinationType": "no_supervisor"},
            },
            {
                "groups": None,
                "manageableDepartmentIds": list(person.manages) or None,
                "workLeaveStatus": None,
            },
        )
        return self.bent(row, person.id, (), ("roleId", "addedDate", "lastLoginDate", "coSubordination", "groups"))

    def _fields(self, person: Person) -> object:
        fields = {
            "LOGIN": person.login,
            "EMAIL": person.email,
            "FIRST_NAME": person.first_name,
            "LAST_NAME": self.shown(person.last_name),
            "JOB_TITLE": person.job_title,
        }
        if self.quirks.fields_lower_case:
            fields = {name.lower(): value for name, value in fields.items()}
        if self.quirks.fields_as_object:
            return fields
        return [{"name": name, "value": value} for name, value in fields.items()]

    def department(self, department: Department) -> Row:
        row = self.row(
            {
                "departmentId": department.id,
                "name": self.shown(department.name),
                "subordination": self._subordination(department),
                "coSubordination": {"subordinationType": "no_supervisor"},
            },
            {"parentDepartmentId": department.parent_id, "code": department.code or None},
        )
        return self.bent(row, department.id, (), ("code", "coSubordination"))

    def _subordination(self, subordinate: Person | Department) -> Row:
        supervisor_id = subordinate.supervisor_id if subordinate.subordination == "manual" else None
        return self.row({"subordinationType": subordinate.subordination}, {"supervisorId": supervisor_id})

    # --- the text ----------------------------------------------------------------------------------------------

    def text(self, answer: object, *, xml: bool, item: str) -> bytes:
        """The body: JSON, or XML whose outermost list holds elements called `item`."""
        if self.quirks.numbers_as_strings:
            answer = _numbers_as_strings(answer)
        if self.quirks.ids_as_numbers:
            answer = _ids_as_numbers(answer)
        if xml:
            root = ElementTree.Element("response")
            _grow(root, answer, item)
            return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
        if self.quirks.lone_item_as_object:
            answer = _lone_items_as_objects(answer)
        escaped = self.quirks.half_characters == "escaped"
        text = json.dumps(answer, ensure_ascii=escaped).encode(errors="surrogatepass")
        return BOM_UTF8 + text if self.quirks.byte_order_mark else text


def _written_oddly(value: object) -> tuple[object, ...]:
    """A number as people write it."""
    text = str(value)
    return (f"{text}%", f"{text} %", text.replace(".", ","), f" {text.replace('.', ',')} ")


def number(value: float | None) -> float | int | None:
    """Whole numbers without a fraction, as in the vendor's samples."""
    return int(value) if value is not None and value == int(value) else value


def _numbers_as_strings(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _numbers_as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_strings(item) for item in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _ids_as_numbers(value: object, name: str = "") -> object:
    if isinstance(value, Mapping):
        return {key: _ids_as_numbers(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_ids_as_numbers(item, name) for item in value]
    is_id = name.endswith(("Id", "Ids")) and isinstance(value, str) and value.isdecimal() and value[:1] != "0"
    return int(str(value)) if is_id else value


def _lone_items_as_objects(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _lone_items_as_objects(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_lone_items_as_objects(item) for item in value]
        return items[0] if len(items) == 1 else items
    return value


def _grow(parent: ElementTree.Element, value: object, item: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _grow(ElementTree.SubElement(parent, key), inner, XML_ITEMS.get(key, "item"))
    elif isinstance(value, list):
        for inner in value:
            _grow(ElementTree.SubElement(parent, item), inner, "item")
    elif isinstance(value, bool):
        parent.text = "true" if value else "false"
    elif value is not None:
        parent.text = str(value)
