"""How values lie in columns: instants as whole milliseconds since 1970 (UTC), small structures as JSON text."""

import math
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """An aware datetime in milliseconds, rounded down, so that what is due is due no later than asked."""
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
    """SQLite has no NaN: it would store NULL, which reads as "not there"; so does an infinity here."""
    return value if value is not None and math.isfinite(value) else None


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[T]) -> T:
    return msgspec.json.decode(text, type=kind)


def listed(values: Iterable[object]) -> str:
    """A JSON list for `IN (SELECT value FROM json_each(?))`: one parameter whatever the number of values."""
    return to_json(sorted(str(value) for value in values))


def value_of(connection: sqlite3.Connection, sql: str, parameters: Iterable[object] = ()) -> Any:
    """The first column of the first row, None where there is no row."""
    row = connection.execute(sql, tuple(parameters)).fetchone()
    return None if row is None else row[0]


class State:
    """Facts of which the database has one each, by name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Any:
        return value_of(self._connection, "SELECT value FROM settings_kv WHERE name = ?", (name,))

    def set(self, name: str, value: str | int | float | bytes | None) -> None:
        self._connection.execute("INSERT OR REPLACE INTO settings_kv (name, value) VALUES (?, ?)", (name, value))

    def moment(self, name: str) -> datetime | None:
        return from_ms_or_none(self.get(name))
