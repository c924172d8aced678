"""How values are stored: instants as whole milliseconds since 1970 (UTC), structures as JSON text, enums as their text.

A row type is a dataclass. Its fields are the columns, so a column list is spelled once: in the type.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache, partial
from types import GenericAlias, NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import sqlite_utils

from bot.domain.model import Destination

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


def to_row(value: "DataclassInstance", **others: object) -> dict[str, object]:
    """A dataclass as columns by name; `others` are columns that it does not hold."""
    return {name: _stored(getattr(value, name)) for name, _ in _columns(type(value))} | others


def from_row(kind: type[Row], row: Mapping[str, Any] | sqlite3.Row, **others: object) -> Row:
    """The dataclass that a row was made of; `others` are fields that are no columns, or not as they are stored."""
    found = {
        name: value if (value := row[name]) is None or read is None else read(value)
        for name, read in _columns(kind)
        if name not in others
    }
    return kind(**found, **others)


def upsert(table: str, columns: Iterable[str], *key: str) -> str:
    """A statement that inserts a row, or updates the row with that key. Its parameters are `columns`, in order."""
    names = tuple(columns)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    )


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, Destination):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bytes) else to_json(value)


@cache
def _columns(kind: type) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """The fields of a row type, each with the function that reads its column; None if the column is the value."""
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(kind))


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if isinstance(hint, UnionType):
        options = [option for option in get_args(hint) if option is not NoneType]
        hint = options[0] if len(options) == 1 else hint
    if hint is datetime:
        return from_ms
    if hint is Destination:
        return Destination.parse
    if isinstance(hint, type) and (hint is bool or issubclass(hint, Enum)):
        return hint
    if hint in (str, int, float, bytes):
        return None
    if get_origin(hint) is Mapping:  # msgspec decodes no Mapping, only a dict
        hint = GenericAlias(dict, get_args(hint))
    return partial(from_json, kind=hint)


# ---- the database ----------------------------------------------------------------------------------------------------


def tables(connection: sqlite3.Connection) -> sqlite_utils.Database:
    """The tables of a connection. What is written through them nests in its transaction."""
    return sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False)


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
        tables(self._connection).table("settings_kv").upsert({"name": name, "value": value}, pk="name")

    def moment(self, name: str) -> datetime | None:
        return from_ms_or_none(self.get(name))
