"""A row type is written to its columns and read from them."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pytest

from bot.domain.notifications import Destination, DestinationKind
from bot.store.columns import column_names, from_row, to_row, to_values, upsert
from tests.store.given import NOON


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One field of every kind that a row type may have."""

    name: str
    size: float | None = None
    is_new: bool = False
    colour: Colour | None = None
    made_at: datetime
    ended_at: datetime | None = None
    parts: tuple[int, ...] = ()
    facts: Mapping[str, str | int | float | None]
    destination: Destination


THINGS = [
    Thing(name="bare", made_at=NOON, facts={}, destination=Destination(DestinationKind.CHANNEL, "C0001")),
    Thing(
        name="full", size=1.5, is_new=True, colour=Colour.RED, made_at=NOON, ended_at=NOON + timedelta(milliseconds=1),
        parts=(2, 1), facts={"a": None, "b": 0.5, "c": "d"}, destination=Destination(DestinationKind.PERSON, "ana"),
    ),
]  # fmt: skip


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as made:
        made.row_factory = sqlite3.Row
        made.execute(f"CREATE TABLE things ({', '.join(column_names(Thing))}, more, UNIQUE (name))")
        yield made


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_a_row_becomes_the_value_that_it_was_made_of(connection: sqlite3.Connection, thing: Thing) -> None:
    connection.execute(upsert("things", column_names(Thing), "name"), to_values(thing))
    assert from_row(Thing, connection.execute("SELECT * FROM things").fetchone()) == thing


def test_instants_are_milliseconds_and_structures_json() -> None:
    assert to_row(THINGS[1], "name", more=1) == {
        "size": 1.5, "is_new": True, "colour": "red", "made_at": int(NOON.timestamp() * 1000),
        "ended_at": int(NOON.timestamp() * 1000) + 1, "parts": "[2,1]", "facts": '{"a":null,"b":0.5,"c":"d"}',
        "destination": "person:ana", "more": 1,
    }  # fmt: skip


def test_other_fields_replace_columns(connection: sqlite3.Connection) -> None:
    connection.execute(upsert("things", column_names(Thing), "name"), to_values(THINGS[1]))
    row = connection.execute("SELECT * FROM things").fetchone()
    assert from_row(Thing, row, parts=(9,)).parts == (9,)


def test_an_upsert_replaces_the_row_with_the_same_key(connection: sqlite3.Connection) -> None:
    statement = upsert("things", ("name", "size"), "name")
    connection.executemany(statement, [("a", 1), ("b", 2), ("a", 3)])
    assert [tuple(row) for row in connection.execute("SELECT name, size FROM things ORDER BY name")] == [
        ("a", 3), ("b", 2)
    ]  # fmt: skip
