"""What iSpring's JSON looks like, tolerated as it was seen: null for absent, numbers as strings, a lone object for a
list of one, everything possibly inside `{"response": …}`, unknown keys ignored.

Sources: the vendor's OpenAPI files for the names and what is required; public clients for the rest. Where a required
text only serves to be shown (a title, an observer), its absence costs nobody the row.
"""

import codecs
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

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

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises over what it can't read: bytes that are no UTF-8 are a ValueError to it, and no DecodeError."""

# Up to the next half of an escaped surrogate pair, escape by escape: `\\ud83d` is a backslash and text.
_WHOLE = re.compile(
    rb"(?:[^\\]++|\\(?:[^u]|u(?![dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+",
    re.DOTALL,
)
_HALF = b"\xff" * len(rb"\ud83d")  # what is written over one: no UTF-8 either, so that its row is read by itself
_CONTROLS_AS_SPACES = bytes.maketrans(bytes(range(32)), b" " * 32)
_AT_ONCE = 1 << 20

# Characters. Names and titles are folded, matched and shown again and again: with one of megabytes each of these would
# take seconds. What identifies is never cut, for two could become one: a row with too long an id is set aside.
LONGEST_ID = 200  # theirs have 36
LONGEST_NAME = 200
LONGEST_TITLE = 500
LONGEST_STATUS = 60
LONGEST_EMAIL = 254  # no longer one can be delivered to

Word = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
MaybeId = Annotated[str, Meta(max_length=LONGEST_ID)]  # empty for absent
Number = float | None
PLAIN_TEXT = re.compile(rb'"([^"\\]+)"')


class SessionRow(Struct, gc=False, rename="camel"):
    """One row of `/job-training/sessions/result/list`."""

    session_id: Id
    employee_id: Id
    checklist_id: Id
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
    def is_known_by_broken_characters(self) -> bool:
        """Whether some id or the status was mended."""
        return "\ufffd" in (
            f"{self.session_id} {self.employee_id} {self.checklist_id} {self.observer_id} {self.session_status}"
        )

    def lower_ids(self) -> None:
        """Ids are compared in any case; from here on in lower case."""
        self.session_id = self.session_id.lower()
        self.employee_id = self.employee_id.lower()
        self.checklist_id = self.checklist_id.lower()
        if self.observer_id:
            self.observer_id = self.observer_id.lower()

    def facts(self, dates: Dates) -> SessionFacts:
        """What the row says, once its ids are in lower case."""
        # In the order of its fields: names would cost a listing of a million rows half a second.
        return SessionFacts(
            SessionKey(self.session_id, self.employee_id),
            self.checklist_id,
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
    """One row of `/job-training/checklist/sessions/list`, of which only the ids of its sessions are of use.

    They stay undecoded: of a million the texts alone would take 90 MB.
    """

    session_ids: Raw = Raw(b"null")

    def ids(self) -> Iterator[str]:
        """The ids in lower case, whether they came as a list or a lone one came bare; an id holds no escapes."""
        for match in PLAIN_TEXT.finditer(self.session_ids):
            yield match[1].decode().lower()


class CriterionRow(Struct, rename="camel"):
    """One row of `/job-training/completed-session/criterion/result/list`; points only where graded."""

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
        """Named only where the supervisor was set by hand."""
        if self.kind is not Subordination.MANUAL or not self.supervisor_id:
            return None
        return self.supervisor_id.lower()


class RolePart(Struct, rename="camel"):
    manageable_department_ids: list[MaybeId] | MaybeId | None = None


class FieldPart(Struct):
    """One entry of a person's `fields`; the value may be missing, empty or of any type."""

    name: str
    value: object = None


class PersonRow(Struct, rename="camel"):
    """One of `userProfiles`. Real accounts send `fields` as a list of name and value, the vendor's file says object."""

    user_id: Id
    department_id: MaybeId | None = None
    status: int | str | None = None
    fields: Raw = Raw(b"null")
    subordination: SubordinationPart | None = None
    manageable_department_ids: list[MaybeId] | MaybeId | None = None
    user_roles: list[RolePart] | RolePart | None = None

    def person(self) -> Person:
        """Raises msgspec.ValidationError where `fields` is neither a list nor an object."""
        fields = fields_of(self.fields)
        name = f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip()
        email = fields.get("email", "").lower()
        subordination = self.subordination or SubordinationPart()
        return Person(
            person_id=self.user_id.lower(),
            name=(name or fields.get("login") or self.user_id.lower()[:8])[:LONGEST_NAME],
            email=email if 0 < len(email) <= LONGEST_EMAIL else None,
            job_title=fields.get("job_title", "")[:LONGEST_NAME] or None,
            department_id=self.department_id.lower() if self.department_id else None,
            status=PERSON_STATUS.get(str(self.status).strip(), PersonStatus.UNKNOWN),
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
            manages_departments=tuple(dict.fromkeys(self._managed())),
        )

    def _managed(self) -> Iterator[str]:
        roles = self.user_roles if isinstance(self.user_roles, list) else [self.user_roles] if self.user_roles else []
        for ids in (self.manageable_department_ids, *(role.manageable_department_ids for role in roles)):
            for one in [ids] if isinstance(ids, str) else ids or ():
                yield one.lower()


# Source: help page "Getting User Info"; only the v2 calls tell 3 from 5.
PERSON_STATUS = {"1": PersonStatus.ACTIVE, "3": PersonStatus.INACTIVE, "5": PersonStatus.LEFT}


class DepartmentRow(Struct, rename="camel"):
    department_id: Id
    name: str | None = None
    parent_department_id: MaybeId | None = None
    subordination: SubordinationPart | None = None

    def department(self) -> Department:
        subordination = self.subordination or SubordinationPart()
        return Department(
            department_id=self.department_id.lower(),
            name=(self.name or "").strip()[:LONGEST_NAME] or self.department_id.lower()[:8],
            parent_id=self.parent_department_id.lower() if self.parent_department_id else None,
            subordination=subordination.kind,
            supervisor_id=subordination.supervisor,
        )


class Token(Struct):
    """The answer of `/api/v3/token`; documented to live 1800 s."""

    access_token: Id
    expires_in: float = 1800.0


class ErrorBody(Struct):
    """`{"code", "message"}` by the vendor's files, OAuth's names by one public client."""

    message: str | None = None
    error_description: str | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        return (self.message or self.error_description or self.error or "").strip()


def finite(number: float | None) -> float | None:
    """The number; None for what is none ("NaN" and "inf" pass as numbers in texts)."""
    return number if number is None or math.isfinite(number) else None


def fields_of(fields: Raw) -> dict[str, str]:
    """A person's fields as texts, trimmed, by lower-case name, whichever of its shapes iSpring chose."""
    value = msgspec.json.decode(fields)
    if isinstance(value, dict) and not (set(value) <= {"name", "value"} and isinstance(value.get("name"), str)):
        pairs: list[tuple[str, object]] = list(value.items())
    else:
        entries = msgspec.convert([value] if isinstance(value, dict) else value or [], list[FieldPart])
        pairs = [(entry.name, entry.value) for entry in entries]
    return {name.strip().lower(): str(text).strip() for name, text in pairs if text is not None}


# ---- broken characters -------------------------------------------------------------------------------------------


def readable(read: Callable[[bytes], T], text: bytes) -> T:
    """What `read` makes of a text as it came, or, where it can't be read so, with its broken characters mended.

    Only a name or a title is hurt by one: that is no reason to see nothing of the rest. Raises one of UNREADABLE.
    """
    try:
        return read(text)
    except UNREADABLE:
        return read(mended(text))


def mended(text: bytes) -> bytes:
    """JSON with U+FFFD for what is no character: bytes that are no UTF-8, and halves of an escaped surrogate pair, as
    they are left of an emoji that was cut. Bare control characters become spaces."""
    whole = bytearray(text)
    mark_halves(whole)
    whole = whole.replace(_HALF, "\ufffd".encode())
    # Some at a time: held as text, the longest answers would take four times their size.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parts = [decoder.decode(whole[start : start + _AT_ONCE]).encode() for start in range(0, len(whole), _AT_ONCE)]
    return b"".join((*parts, decoder.decode(b"", final=True).encode()))


def mark_halves(text: bytearray | memoryview) -> None:
    """Turns what keeps a whole array from being taken apart into what hurts one row: each half of an escaped pair
    becomes bytes that are no UTF-8, each bare control character a space. In place: who tries again pays once."""
    text[:] = bytes(text).translate(_CONTROLS_AS_SPACES)
    at = 0
    while (match := _WHOLE.match(text, at)) and (at := match.end()) + len(_HALF) <= len(text):
        text[at : at + len(_HALF)] = _HALF


# ---- answers small enough to hold --------------------------------------------------------------------------------


_NAMED = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])


@dataclass(frozen=True, slots=True)
class Page:
    """The items of one answer, each undecoded, and the token of the next page, if there is one."""

    items: tuple[Raw, ...]
    next_token: str | None = None


def page_of(body: bytes, what: str, list_name: str = "") -> Page:
    """The items of an answer: a bare list, a lone object, the list called `list_name`, or one of these in `response`.

    Raises TrainingUnreadable, saying what came instead; `place` names the call in the message.
    """
    named = as_object(body, what)
    if named is None:
        return Page(tuple(as_list(body, what)))
    if "response" in named:
        return page_of(bytes(named["response"]), what, list_name)
    if not list_name:
        return Page((Raw(body),))
    if list_name not in named:
        # An empty page may leave its list out; an object of quite another kind may not pass for one.
        if set(named) - {"nextPageToken"}:
            raise TrainingUnreadable(f"iSpring's answer to {what} has no {list_name}.")
        return Page(())
    inner = bytes(named[list_name])
    items = () if inner == b"null" else page_of(inner, what).items
    try:
        token = msgspec.json.decode(named["nextPageToken"]) if "nextPageToken" in named else None
    except UNREADABLE as error:
        raise unreadable(body, what, error) from None  # a mended one would lead nowhere
    return Page(items, str(token) if token else None)


def as_object(body: bytes, what: str) -> Mapping[str, Raw] | None:
    if body.lstrip()[:1] != b"{":
        return None
    try:
        return readable(_NAMED.decode, body)
    except UNREADABLE as error:
        raise unreadable(body, what, error) from None


def as_list(body: bytes, what: str) -> list[Raw]:
    try:
        return readable(_ITEMS.decode, body)
    except UNREADABLE as error:
        raise unreadable(body, what, error) from None


def decoded(items: tuple[Raw, ...], read: Callable[[bytes], T]) -> tuple[list[T], list[str]]:
    """What could be understood, and one line for each item that could not: where and why."""
    understood: list[T] = []
    rejected: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            understood.append(readable(read, bytes(item)))
        except UNREADABLE as error:
            rejected.append(f"row {number}: {error}")
    return understood, rejected


def unreadable(body: bytes, request: str, error: Exception | None = None) -> TrainingUnreadable:
    """What an answer is instead of the JSON it should be. Nothing of its content is quoted."""
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
    """Whether an answer is a page for people."""
    return _start(body).startswith((b"<!doctype", b"<html"))


def _start(body: bytes) -> bytes:
    return body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
