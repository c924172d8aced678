"""The JSON of iSpring's answers.

Accepted deviations, each seen in real answers: null for an absent value, numbers as strings, a lone object in place
of a list of one, everything inside `{"response": …}`, unknown keys; and what `tolerant` reads. Sources: the vendor's
OpenAPI files for the names and for which keys are required; public clients for the rest. A checklist, a title or an
observer may be absent although it is required: without it a completion is still news.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from bot.domain.errors import TrainingUnreadable
from bot.domain.model import (
    AreaResult,
    CriterionResult,
    Department,
    Person,
    PersonStatus,
    SessionFacts,
    SessionKey,
    Subordination,
)
from bot.ispring.dates import Dates
from bot.ispring.tolerant import (
    UNREADABLE,
    Id,
    LeftOut,
    MaybeId,
    Number,
    Word,
    finite,
    ids_in,
    items_in,
    read_part,
    text_of,
)

# One escape: a surrogate pair, a lone surrogate, or any other. `\\ud83d` is an escaped backslash and plain text.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone_surrogate>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_CONTROLS_AS_SPACES = bytes.maketrans(bytes(range(32)), b" " * 32)
_BROKEN = "\ufffd"

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

    def drop_broken_ids(self, left_out: LeftOut) -> None:
        """Leaves out an id with a replaced character, which might equal another one's. Raises msgspec.ValidationError
        if the row is identified by it, or if that character is in the status."""
        if _BROKEN in f"{self.session_id} {self.employee_id} {self.session_status}":
            raise msgspec.ValidationError("A broken character in an id or in the status")
        if self.checklist_id and _BROKEN in self.checklist_id:
            self.checklist_id = None
            left_out.note_part("checklistId")
        if self.observer_id and _BROKEN in self.observer_id:
            self.observer_id = None
            left_out.note_part("observerId")

    def lower_ids(self) -> None:
        """Turns the ids to lower case, because iSpring spells one id in different cases."""
        self.session_id = self.session_id.lower()
        self.employee_id = self.employee_id.lower()
        if self.checklist_id:
            self.checklist_id = self.checklist_id.lower()
        if self.observer_id:
            self.observer_id = self.observer_id.lower()

    def facts(self, dates: Dates) -> SessionFacts:
        """Returns the row as a domain value; call `lower_ids` first."""
        # Positional, in the order of the fields: keywords cost half a second per million rows.
        return SessionFacts(
            SessionKey(self.session_id, self.employee_id),
            self.checklist_id or "",
            (self.checklist_title or "")[:LONGEST_TITLE],
            self.observer_id or "",
            self.session_status[:LONGEST_STATUS],
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
    session_ids: Raw = Raw(b"null")

    def ids(self) -> Iterator[str]:
        """Yields the ids as spelled, from a list or a lone id. An id contains no escapes; it may be a number."""
        for text, number in _ID_IN_LIST.findall(self.session_ids):
            yield (text or number).decode()


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
        return SessionKey(self.session_id.lower(), self.employee_id.lower())

    def result_of(self) -> CriterionResult:
        return CriterionResult(
            criterion_id=self.criterion_id.lower(),
            title=(self.criterion_title or "")[:LONGEST_TITLE],
            area_id=(self.group_id or "").lower(),
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
        return SessionKey(self.session_id.lower(), self.employee_id.lower())

    def result_of(self) -> AreaResult:
        return AreaResult(
            area_id=self.group_id.lower(),
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
        if self.kind is not Subordination.MANUAL or not self.supervisor_id:
            return None
        return self.supervisor_id.lower()


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
        return Person(
            person_id=self.user_id.lower(),
            name=(name or fields.get("login") or self.user_id.lower()[:8])[:LONGEST_NAME],
            email=email if 0 < len(email) <= LONGEST_EMAIL else None,
            job_title=fields.get("job_title", "")[:LONGEST_NAME] or None,
            department_id=self.department_id.lower() if self.department_id else None,
            status=PERSON_STATUS.get(str(self.status).strip(), PersonStatus.UNKNOWN),
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
            manages_departments=tuple(dict.fromkeys(self._managed(left_out))),
        )

    def _managed(self, left_out: LeftOut) -> Iterator[str]:
        roles = [read_part(RolePart, item, "userRoles", left_out) for item in items_in(bytes(self.user_roles))]
        for ids in (self.manageable_department_ids, *(role.manageable_department_ids for role in roles)):
            for one in ids_in(bytes(ids), "manageableDepartmentIds", left_out):
                yield one.lower()


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
        return Department(
            department_id=self.department_id.lower(),
            name=(self.name or "").strip()[:LONGEST_NAME] or self.department_id.lower()[:8],
            parent_id=self.parent_department_id.lower() if self.parent_department_id else None,
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
        )


class Token(Struct):
    """The answer of `/api/v3/token`."""

    access_token: Annotated[str, Meta(pattern="^[!-~]{1,8192}$")]  # it becomes part of a header, so ASCII only
    expires_in: Number = None

    @property
    def lifetime(self) -> float:
        """In seconds. A lifetime that is absent or impossible counts as the documented one; if it is too long, the 401
        that follows brings a new token."""
        seconds = finite(self.expires_in)
        return seconds if seconds is not None and seconds > 0 else TOKEN_LIFETIME


TOKEN_LIFETIME = 1800.0  # seconds, as iSpring documents


class ErrorBody(Struct):
    """The body of an error: `message` by the OpenAPI files, the two names of OAuth by one public client."""

    message: str | None = None
    error_description: str | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        return (self.message or self.error_description or self.error or "").strip()


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


def without_mark(text: bytes) -> bytes:
    """Returns JSON text without the white space and byte order marks before it."""
    return text.lstrip(b"\xef\xbb\xbf \t\r\n")


def clean_json(text: bytes) -> bytes:
    """Returns JSON text as valid UTF-8, without a byte order mark.

    U+FFFD replaces each invalid byte sequence and each lone escaped surrogate (half of an emoji that was cut). A space
    replaces each control character. So a broken character in a title costs nothing but that character.
    """
    text = without_mark(text).translate(_CONTROLS_AS_SPACES).decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["lone_surrogate"] else found[0], text)


# ---- answers small enough to hold --------------------------------------------------------------------------------


_NAMED = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])


@dataclass(frozen=True, slots=True)
class Page:
    """The undecoded items of one answer, and the token of the next page if there is one."""

    items: tuple[Raw, ...]
    next_token: str | None = None


def page_of(body: bytes, what: str, list_name: str = "") -> Page:
    """Returns the items of an answer: a bare list, a lone object, the list called `list_name`, or one of these inside
    `response`.

    Raises TrainingUnreadable, which says what came instead; `what` names the call in the message.
    """
    return _page_of(clean_json(body), what, list_name)


def _page_of(body: bytes, what: str, list_name: str) -> Page:
    try:
        if body.lstrip()[:1] != b"{":
            return Page(tuple(_ITEMS.decode(body)))
        named = _NAMED.decode(body)
        if "response" in named:
            return _page_of(bytes(named["response"]), what, list_name)
        if not list_name:
            return Page((Raw(body),))
        if list_name not in named:
            # An empty page may leave its list out. An object with other keys only is not a page.
            if set(named) - {"nextPageToken"}:
                raise TrainingUnreadable(f"iSpring's answer to {what} has no {list_name}.")
            return Page(())
        inner = bytes(named[list_name])
        items = () if inner == b"null" else _page_of(inner, what, "").items
        token = msgspec.json.decode(named["nextPageToken"]) if "nextPageToken" in named else None
    except UNREADABLE as error:
        raise unreadable(body, what, error) from None
    return Page(items, str(token) if token else None)


def unreadable(body: bytes, request: str, error: Exception | None = None) -> TrainingUnreadable:
    """Returns an error that says what the answer is in place of the expected JSON. It quotes nothing of the content."""
    start = _start(body)
    if not start:
        what = "is empty"
    elif is_web_page(body):
        what = "is a web page, not data: check that ISPRING_API_URL is the address of the API (see README)"
    elif start.startswith(b"<"):
        what = "is XML although JSON was asked for"
    elif error is not None and "truncated" in str(error):
        what = "ends in the middle: it was cut off on its way"
    elif isinstance(error, RecursionError):
        what = "is nested too deeply to be an answer"
    else:
        what = "is not what its contract says" + (f" ({error})" if error is not None else "")
    return TrainingUnreadable(f"iSpring's answer to {request} {what}.")


def is_web_page(body: bytes) -> bool:
    """True if an answer is an HTML page."""
    return _start(body).startswith((b"<!doctype", b"<html"))


def _start(body: bytes) -> bytes:
    return without_mark(body[:512]).lower()
