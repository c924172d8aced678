"""Decodes a row of any of iSpring's answers: only a part that identifies the row can cost the row.

Every other part is optional. One that is null or "" is absent. A number is read from a text ("80", "80%", "80,5"), a
text or an id from a number. A part that can't be read in any of these ways is left out, and counted.
"""

import math
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import Meta, Raw, Struct

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for unreadable input. For invalid UTF-8 that is a UnicodeDecodeError, not a DecodeError."""

LONGEST_ID = 200  # characters; iSpring's have 36. Ids are not cut, because two could become equal

Word = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
MaybeId = Annotated[str, Meta(max_length=LONGEST_ID)]  # empty for absent
Number = float | None

BLANK_ID = "an id is nothing but blanks"
SHORT = 100  # bytes of a part

_NAMED = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])
_NOTHING = Raw(b"")
_ABSENT = (b"null", b'""')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'](?=\d{3}(?!\d))")  # between thousands
_PLACE = re.compile(r"at `\$\.(\w+)")  # in msgspec's messages
_PERCENT_SIGNS = "%\uff05\u066a"


@dataclass(slots=True)
class LeftOut:
    """What of one answer could not be read: whole rows, and rows that lack a part. `first` says where and why."""

    rows: int = 0
    parts: int = 0
    first: str = ""

    def note_row(self, reason: str) -> None:
        self.rows += 1
        self.first = self.first or reason

    def add(self, other: "LeftOut") -> None:
        self.rows += other.rows
        self.parts += other.parts
        self.first = self.first or other.first

    def note_part(self, name: str) -> None:
        self.parts += 1
        self.first = self.first or f"`{name}` of a row"


def read_row(kind: type[S], raw: bytes, left_out: LeftOut) -> S:
    """Returns a row without the parts that can't be read, and counts these once. Raises one of UNREADABLE if that is
    no object, or if a part that identifies it can't be read."""
    decoder = _decoder(kind)
    try:
        row: S = decoder.decode(raw)
        return row
    except UNREADABLE as error:
        unfit = error
    named = _NAMED.decode(raw)
    unread = ""
    # msgspec names the first part that does not fit. It is mended, and the row is decoded again.
    mended_parts: set[str] = set()
    while found := _PLACE.search(str(unfit)):
        name = found[1]
        if name not in named or name in mended_parts:
            raise unfit
        mended_parts.add(name)
        part = bytes(named[name])
        mended = _mended_often(kind, name, part) if len(part) < SHORT else _mended(kind, name, part)
        if mended is None:
            unread = unread or name
        if mended is None or mended == _NOTHING:
            del named[name]
        else:
            named[name] = mended
        try:
            row = decoder.decode(msgspec.json.encode(named))
        except UNREADABLE as error:
            unfit = error
        else:
            if unread:
                left_out.note_part(unread)
            return row
    raise unfit


def read_part(kind: type[S], raw: bytes, name: str, left_out: LeftOut) -> S:
    """Returns an object inside a row, an empty one if it is absent or can't be read; `name` is the part's."""
    if raw in _ABSENT:
        return kind()
    try:
        return read_row(kind, raw, left_out)
    except UNREADABLE:
        left_out.note_part(name)
        return kind()


def ids_in(raw: bytes, name: str, left_out: LeftOut) -> list[str]:
    """Returns the ids of a list, or a lone id, without those that are absent or can't be read."""
    found = []
    for item in items_in(raw):
        if item in _ABSENT:
            continue
        try:
            found.append(_read_part(Id, item))
        except (*UNREADABLE, ValueError):
            left_out.note_part(name)
    return found


def items_in(raw: bytes) -> Sequence[bytes]:
    """Returns the items of a list, or a lone one."""
    if raw.lstrip()[:1] != b"[":
        return (raw,)
    try:
        return [bytes(item) for item in _ITEMS.decode(raw)]
    except UNREADABLE:
        return (raw,)


def read_rows(items: Sequence[bytes], read: Callable[[bytes, LeftOut], T]) -> tuple[list[T], LeftOut]:
    """Returns the items that `read` accepts, and what was left out."""
    left_out = LeftOut()
    understood: list[T] = []
    for number, item in enumerate(items, 1):
        try:
            understood.append(read(bytes(item), left_out))
        except UNREADABLE as error:
            left_out.note_row(f"row {number}: {error}")
    return understood, left_out


def one_each(rows: Sequence[T], ident: Callable[[T], Hashable], left_out: LeftOut, rank: Callable[[T], Any]) -> list[T]:
    """Returns one row of each id. Of rows that contradict each other the one with the highest rank counts, else the
    last; each such row is counted as one that could not be read."""
    kept: dict[Hashable, T] = {}
    for row in rows:
        before = kept.setdefault(ident(row), row)
        if before == row:
            continue
        left_out.note_row("one id in several rows that differ")
        if rank(row) >= rank(before):
            kept[ident(row)] = row
    return list(kept.values())


def number_of(text: str) -> float:
    """Returns the number that a text holds: "80", "80%", "80,5", "1 234.5". Raises ValueError if it holds none.

    A lone comma is a decimal comma. Of a comma and a point the last is the decimal one.
    """
    digits = _GROUPS.sub("", text.strip().strip(_PERCENT_SIGNS).strip())
    if "," in digits and "." in digits:
        grouping = "," if digits.rfind(",") < digits.rfind(".") else "."
        digits = digits.replace(grouping, "")
    digits = digits.replace(",", ".")
    if _NUMBER.fullmatch(digits) is None:
        raise ValueError("no number")
    return float(digits)


def finite(number: float | None) -> float | None:
    """Returns the number; None if it is absent, infinite or not a number ("NaN" and "inf" are read from texts)."""
    return number if number is None or math.isfinite(number) else None


def folded(ident: str) -> str:
    """Returns what an id is compared by: iSpring spells one id in different cases, and may send blanks around it."""
    return ident.strip().lower()


def required(ident: str) -> str:
    """Returns the same of an id that identifies a row. Raises msgspec.ValidationError if it is nothing but blanks."""
    if found := folded(ident):
        return found
    raise msgspec.ValidationError(BLANK_ID)


def text_of(value: object) -> str:
    """Returns a text, or a number as a text: 12.0 is "12". Raises ValueError for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no text")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_part(kind: Any, raw: bytes) -> Any:
    """Raises one of UNREADABLE, or ValueError."""
    try:
        return _decoder(kind).decode(raw)
    except UNREADABLE:
        value = msgspec.json.decode(raw)
    if float in _options(kind) and isinstance(value, str):
        return number_of(value) if value.strip() else None
    if str in _options(kind):
        return msgspec.convert(text_of(value), kind)
    return msgspec.convert(value, kind, strict=False)


@cache
def _options(kind: Any) -> frozenset[Any]:
    """Returns the plain types of a part: str of `Annotated[str, …] | None`."""
    arguments = get_args(kind)
    if not arguments:
        return frozenset({kind})
    if hasattr(kind, "__metadata__"):
        return _options(arguments[0])
    return frozenset().union(*(_options(one) for one in arguments))


def _mended(kind: type[Struct], name: str, part: bytes) -> Raw | None:
    """Returns a part as JSON that fits; an empty one if it is absent; None if it can't be read. Raises
    msgspec.ValidationError if the row is identified by it."""
    (field,) = (one for one in msgspec.structs.fields(kind) if one.encode_name == name)
    if part in _ABSENT and not field.required:
        return _NOTHING
    try:
        return Raw(msgspec.json.encode(_read_part(field.type, part)))
    except (*UNREADABLE, ValueError):
        if field.required:
            raise msgspec.ValidationError(f"`{name}` can't be read") from None
        return None


# Odd parts repeat: without it a long listing of odd rows would take three times as long.
_mended_often = lru_cache(maxsize=1_000)(_mended)


@cache
def _decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    # Not strict: a number may come as a text.
    return msgspec.json.Decoder(kind, strict=False)
