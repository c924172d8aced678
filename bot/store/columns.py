"""How values are stored: instants as whole milliseconds since 1970 (UTC), structures as JSON text, enums as their text.

A row type is a dataclass. Its fields are the columns, so a column list is spelled once: in the type.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from types import GenericAlias, NoneType, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import sqlite_utils
from sqlite_utils.db import Table

from bot.domain.notifications import Destination

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
Row = TypeVar("Row", bound="DataclassInstance")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

# ---- one value -------------------------------------------------------------------------------------------------------


def to_ms(moment: datetime) -> int:
    """An aware datetime in milliseconds, rounded down: a due time is never later than asked for."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000  # a third of a division's cost


def to_ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def to_ms_up(moment: datetime) -> int:
    """Rounded up: for "at or after" against columns that were rounded down."""
    return -((EPOCH - moment) // MILLISECOND)


def from_ms(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def from_ms_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def number(value: float | None) -> float | None:
    """The number, None for NaN and infinity: SQLite would store NaN as NULL without saying so."""
    return value if value is not None and math.isfinite(value) else None


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[T]) -> T:
    return msgspec.json.decode(text, type=kind)


def listed(values: Iterable[object]) -> str:
    """A JSON list of texts: the parameter of `sqlite.IN_LIST`."""
    return to_json(sorted(str(value) for value in values))


# ---- one row ---------------------------------------------------------------------------------------------------------


def to_row(value: "DataclassInstance", *left_out: str, **others: object) -> dict[str, object]:
    """A dataclass as columns by name, without the fields `left_out` and with `others`, which are no fields."""
    layout = _layout(type(value))
    row = {name: getattr(value, name) for name in layout.names if name not in left_out} | others
    for index, write in layout.writers:
        name = layout.names[index]
        if name in row and name not in others and row[name] is not None:
            row[name] = write(row[name])
    return row


def to_values(value: "DataclassInstance", *left_out: str) -> list[object]:
    """A dataclass as the values of its columns, in the order of `column_names`, without the fields `left_out`."""
    layout = _layout(type(value), left_out)
    values = [getattr(value, name) for name in layout.names]
    for index, write in layout.writers:
        if values[index] is not None:
            values[index] = write(values[index])
    return values


def from_row(kind: type[Row], row: Mapping[str, Any] | sqlite3.Row, **others: object) -> Row:
    """The dataclass that a row was made of; `others` are fields that are no columns, or not as they are stored."""
    layout = _layout(kind)
    found = {name: row[name] for name in layout.names if name not in others} | others
    for name, read in layout.readers:
        if name not in others and found[name] is not None:
            found[name] = read(found[name])
    return kind(**found)


def column_names(kind: type) -> tuple[str, ...]:
    """The columns of a row type."""
    return _layout(kind).names


def upsert(table_name: str, columns: Iterable[str], *key: str) -> str:
    """A statement that inserts a row, or updates the row with that key. Its parameters are `columns`, in order."""
    names = tuple(columns)
    return (
        f"INSERT INTO {table_name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    )


class _Layout(NamedTuple):
    """The columns of a row type, and the functions for those that are not stored as they are."""

    names: tuple[str, ...]
    writers: Sequence[tuple[int, Callable[[Any], object]]]  # by position
    readers: Sequence[tuple[str, Callable[[Any], object]]]


@cache
def _layout(kind: type, left_out: tuple[str, ...] = ()) -> _Layout:
    hints = get_type_hints(kind)
    names = tuple(field.name for field in fields(kind) if field.name not in left_out)
    conversions = [_conversion(hints[name]) for name in names]
    return _Layout(
        names,
        [(index, write) for index, (write, _) in enumerate(conversions) if write is not None],
        [(name, read) for name, (_, read) in zip(names, conversions, strict=True) if read is not None],
    )


def _conversion(hint: Any) -> tuple[Callable[[Any], object] | None, Callable[[Any], object] | None]:
    """The functions that write and read a type; None if the column holds the value itself."""
    if isinstance(hint, UnionType):
        options = [option for option in get_args(hint) if option is not NoneType]
        hint = options[0] if len(options) == 1 else hint
    if hint in (str, int, float, bytes):
        return None, None
    if isinstance(hint, type) and issubclass(hint, StrEnum | bool):
        return None, hint
    if hint is datetime:
        return to_ms, from_ms
    if hint is Destination:
        return str, Destination.parse
    if get_origin(hint) is Mapping:  # msgspec decodes no Mapping, only a dict
        hint = GenericAlias(dict, get_args(hint))
    return to_json, partial(from_json, kind=hint)


# ---- the database ----------------------------------------------------------------------------------------------------


def table(connection: sqlite3.Connection, name: str) -> Table:
    """A table with sqlite-utils' verbs. What they write nests in the transaction of the connection."""
    return sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False).table(name)


def value_of(connection: sqlite3.Connection, sql: str, parameters: Iterable[object] = ()) -> Any:
    """The first column of the first row, None if there is no row."""
    row = connection.execute(sql, tuple(parameters)).fetchone()
    return None if row is None else row[0]


class State:
    """Facts of which the database has one each, by name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Any:
        return value_of(self._connection, "SELECT value FROM settings_kv WHERE name = ?", (name,))

    def set(self, name: str, value: str | int | float | bytes | None) -> None:
        table(self._connection, "settings_kv").upsert({"name": name, "value": value}, pk="name")

    def moment(self, name: str) -> datetime | None:
        return from_ms_or_none(self.get(name))
