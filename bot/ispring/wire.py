"""The rows of iSpring's answers.

Accepted deviations, each seen in real answers: null for an absent value, numbers as strings, a lone object in place
of a list of one, everything inside `{"response": …}`, unknown keys; and what `tolerant` reads. Sources: the vendor's
OpenAPI files for the names and for which keys are required; public clients for the rest. A checklist, a title or an
observer may be absent although it is required: without it a completion is still news.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from bot.domain.model import AreaResult, CriterionResult, SessionFacts, SessionKey
from bot.domain.staff import Department, Person, PersonStatus, Subordination
from bot.ispring.body import BROKEN
from bot.ispring.dates import Dates
from bot.ispring.tolerant import (
    BLANK_ID,
    UNREADABLE,
    Id,
    LeftOut,
    MaybeId,
    Number,
    Word,
    finite,
    folded,
    ids_in,
    items_in,
    read_part,
    required,
    text_of,
)

# In characters. Names and titles are cut, because they are matched and shown often, which would take seconds with a
# title of megabytes.
LONGEST_NAME = 200
LONGEST_TITLE = 500
LONGEST_STATUS = 60
LONGEST_EMAIL = 254  # RFC 5321: no longer address can be delivered to

_ID_IN_LIST = re.compile(rb'"([^"\\]+)"|(-?\d+)')
_ABSENT = Raw(b"null")


class SessionRow(Struct, gc=False, rename="camel", kw_only=True):
    """One row of `/job-training/sessions/result/list`. The order of the fields is part of every stored fingerprint."""

    session_id: Id
    employee_id: Id
    checklist_id: MaybeId | None = None
    session_status: Word
    checklist_title: str | None = None
    observer_id: MaybeId | None = None
    start_date: str | None = None
    actual_start_date: str | None = None
    completion_date: str | None = None
    result: Number = None
    total_points: Number = None
    points: Number = None

    @property
    def has_blank_id(self) -> bool:
        """Whether an id that identifies the row is nothing but blanks."""
        return self.session_id.isspace() or self.employee_id.isspace()

    def drop_broken_ids(self, left_out: LeftOut) -> None:
        """Leaves out an id with a replaced character, which might equal another one's. Raises msgspec.ValidationError
        if the row is identified by it or by a blank one, or if that character is in the status."""
        if self.has_blank_id:
            raise msgspec.ValidationError(BLANK_ID)
        if BROKEN in f"{self.session_id} {self.employee_id} {self.session_status}":
            raise msgspec.ValidationError("A broken character in an id or in the status")
        if self.checklist_id and BROKEN in self.checklist_id:
            self.checklist_id = None
            left_out.note_part("checklistId")
        if self.observer_id and BROKEN in self.observer_id:
            self.observer_id = None
            left_out.note_part("observerId")

    def fold_ids(self) -> None:
        """Turns the ids to what they are compared by (`folded`)."""
        self.session_id = folded(self.session_id)
        self.employee_id = folded(self.employee_id)
        if self.checklist_id:
            self.checklist_id = folded(self.checklist_id)
        if self.observer_id:
            self.observer_id = folded(self.observer_id)

    @property
    def status(self) -> str:
        return self.session_status.strip()[:LONGEST_STATUS]

    def facts(self, dates: Dates) -> SessionFacts:
        """Returns the row as a domain value; call `fold_ids` first."""
        # Positional, in the order of the fields: keywords cost half a second per million rows.
        return SessionFacts(
            SessionKey(self.session_id, self.employee_id),
            self.checklist_id or "",
            (self.checklist_title or "")[:LONGEST_TITLE],
            self.observer_id or "",
            self.status,
            dates.read(self.start_date),
            dates.read(self.actual_start_date),
            dates.read(self.completion_date),
            finite(self.result),
            finite(self.points),
            finite(self.total_points),
        )


class ChecklistRow(Struct, rename="camel"):
    """One row of `/job-training/checklist/sessions/list`. The ids stay undecoded: a million texts take 90 MB."""

    checklist_id: MaybeId | None = None
    session_ids: Raw = Raw(b"")

    def check(self) -> None:
        """Raises msgspec.ValidationError if nothing says that this is a checklist: an error in place of the list is an
        object too."""
        if not self.session_ids and not self.checklist_id:
            raise msgspec.ValidationError("Object has neither `checklistId` nor `sessionIds`")

    def ids(self) -> Iterator[str]:
        """Yields the ids as spelled, without blanks around them, from a list or a lone id. An id contains no escapes;
        it may be a number."""
        for text, number in _ID_IN_LIST.findall(self.session_ids):
            if found := (text or number).decode().strip():
                yield found


class CriterionRow(Struct, rename="camel"):
    """One row of `/job-training/completed-session/criterion/result/list`; has points only if it was graded."""

    session_id: Id
    employee_id: Id
    criterion_id: Id
    criterion_title: str | None = None
    group_id: MaybeId | None = None
    skipped: bool = False
    points: Number = None
    total_points: Number = None

    @property
    def key(self) -> SessionKey:
        return SessionKey(required(self.session_id), required(self.employee_id))

    def result_of(self) -> CriterionResult:
        return CriterionResult(
            criterion_id=required(self.criterion_id),
            title=(self.criterion_title or "")[:LONGEST_TITLE],
            area_id=folded(self.group_id or ""),
            skipped=self.skipped,
            points=None if self.skipped else finite(self.points),
            total_points=None if self.skipped else finite(self.total_points),
        )


class AreaRow(Struct, rename="camel"):
    """One row of `/job-training/completed-session/criterion-group/result/list`."""

    session_id: Id
    employee_id: Id
    group_id: Id
    group_title: str | None = None
    result: Number = None
    points: Number = None
    total_points: Number = None

    @property
    def key(self) -> SessionKey:
        return SessionKey(required(self.session_id), required(self.employee_id))

    def result_of(self) -> AreaResult:
        return AreaResult(
            area_id=required(self.group_id),
            title=(self.group_title or "")[:LONGEST_TITLE],
            result=finite(self.result),
            points=finite(self.points),
            total_points=finite(self.total_points),
        )


class SubordinationPart(Struct, rename="camel"):
    subordination_type: str | None = None
    supervisor_id: MaybeId | None = None

    @property
    def kind(self) -> Subordination:
        word = (self.subordination_type or "").strip().lower()
        return Subordination(word) if word in set(Subordination) else Subordination.INHERIT

    @property
    def supervisor(self) -> str | None:
        """The supervisor's id; None unless the supervisor was set by hand."""
        return folded(self.supervisor_id or "") or None if self.kind is Subordination.MANUAL else None


class RolePart(Struct, rename="camel"):
    manageable_department_ids: Raw = _ABSENT


class PersonRow(Struct, rename="camel"):
    """One of `userProfiles`. Real accounts send `fields` as a list of name and value; the OpenAPI file says object."""

    user_id: Id
    department_id: MaybeId | None = None
    status: int | str | None = None
    fields: Raw = _ABSENT
    subordination: Raw = _ABSENT
    manageable_department_ids: Raw = _ABSENT
    user_roles: Raw = _ABSENT

    def person(self, left_out: LeftOut) -> Person:
        fields = fields_of(bytes(self.fields), left_out)
        name = f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip()
        email = fields.get("email", "").lower()
        subordination = read_part(SubordinationPart, bytes(self.subordination), "subordination", left_out)
        person_id = required(self.user_id)
        return Person(
            person_id=person_id,
            name=(name or fields.get("login") or person_id[:8])[:LONGEST_NAME],
            email=email if 0 < len(email) <= LONGEST_EMAIL else None,
            job_title=fields.get("job_title", "")[:LONGEST_NAME] or None,
            department_id=folded(self.department_id or "") or None,
            status=PERSON_STATUS.get(str(self.status).strip(), PersonStatus.UNKNOWN),
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
            manages_departments=tuple(dict.fromkeys(self._managed(left_out))),
        )

    def _managed(self, left_out: LeftOut) -> Iterator[str]:
        roles = [read_part(RolePart, item, "userRoles", left_out) for item in items_in(bytes(self.user_roles))]
        for ids in (self.manageable_department_ids, *(role.manageable_department_ids for role in roles)):
            for one in ids_in(bytes(ids), "manageableDepartmentIds", left_out):
                if found := folded(one):
                    yield found


_FIELDS_READ = ("first_name", "last_name", "login", "email", "job_title")

# Source: help page "Getting User Info"; only the v2 calls distinguish 3 and 5.
PERSON_STATUS = {"1": PersonStatus.ACTIVE, "3": PersonStatus.INACTIVE, "5": PersonStatus.LEFT}


class DepartmentRow(Struct, rename="camel"):
    department_id: Id
    name: str | None = None
    parent_department_id: MaybeId | None = None
    subordination: Raw = _ABSENT

    def department(self, left_out: LeftOut) -> Department:
        subordination = read_part(SubordinationPart, bytes(self.subordination), "subordination", left_out)
        department_id = required(self.department_id)
        return Department(
            department_id=department_id,
            name=(self.name or "").strip()[:LONGEST_NAME] or department_id[:8],
            parent_id=folded(self.parent_department_id or "") or None,
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
        )


def fields_of(raw: bytes, left_out: LeftOut) -> dict[str, str]:
    """Returns a person's fields as trimmed texts by lower-case name, from a list of entries, a lone entry or an
    object."""
    try:
        value = msgspec.json.decode(raw)
    except UNREADABLE:
        left_out.note_part("fields")
        return {}
    if isinstance(value, dict) and not (set(value) <= {"name", "value"} and isinstance(value.get("name"), str)):
        pairs: list[tuple[object, object]] = list(value.items())
    else:
        entries = value if isinstance(value, list) else [value] if value not in (None, "") else []
        pairs = [(one.get("name"), one.get("value")) if isinstance(one, dict) else (None, one) for one in entries]
    fields = {}
    for name, text in pairs:
        if text in (None, "") or not isinstance(name, str):
            continue
        key = name.strip().lower()
        try:
            fields[key] = text_of(text).strip()
        except ValueError:
            if key in _FIELDS_READ:  # an account has fields of its own, of any type
                left_out.note_part(name)
    return fields


# ---- broken characters -------------------------------------------------------------------------------------------


# ---- answers small enough to hold --------------------------------------------------------------------------------
