"""Databases of every earlier Spotter become one of today's: real files, written with the steps that made them."""

import contextlib
import hashlib
import multiprocessing
import os
import re
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from bot.domain.errors import StoreUnusable
from bot.store.database import Store
from bot.store.schema import APPLICATION_ID, INDEXES_OF_BASELINE, migrations
from tests.store.given import NOON, a_session, minutes

NOTHING_APPLIED = sqlite_utils.Database(memory=True, execute_plugins=False)
STEPS = tuple(step.name for step in migrations.pending(NOTHING_APPLIED))
NOTHING_APPLIED.close()
AT = int(NOON.timestamp() * 1000)
FACTS = a_session(1)
KEY = (FACTS.key.session_id, FACTS.key.employee_id)

# A row of every table as the very first Spotter had them, written out: its own code is no longer here to write them.
FIRST_ROWS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "state": [
        {"name": "created_at", "value": AT},
        {"name": "baseline_at", "value": AT},
        {"name": "directory_version", "value": 1},
        {"name": "listing_digest", "value": b"digest"},
    ],
    "sessions": [
        {
            "id": 1, "session_id": KEY[0], "employee_id": KEY[1], "observer_id": "ana", "checklist_id": "opening",
            "checklist_title": "Opening", "status": "PASSED", "finished_raw": "a day", "finished_at": AT,
            "result": 90.0, "target": 80.0, "outcome": "met", "score": 90.0, "completed_as": "met",
            "fingerprint": -77, "version": 3, "first_seen_at": AT, "changed_at": AT, "details": "fetched",
        }
    ],
    "checklists": [{"checklist_id": "opening", "title": "Opening"}],
    "history": [
        {
            "session": 1, "version": 3, "at": AT, "kind": "completed",
            "new": '{"kind":"met","score":90.0,"target":80.0,"status":"PASSED"}',
        }
    ],
    "details": [{"session": 1, "body": '{"areas":[],"criteria":[]}', "fetched_at": AT}],
    "acknowledgements": [{"session": 1, "slack_user_id": "U1", "at": AT}],
    "targets": [{"checklist_id": "", "percent": 80.0, "set_by": "U1", "set_at": AT}],
    "statuses": [{"status": "ODD"}],
    "destinations": [{"destination": "channel:C0001", "due_at": AT}],
    "deliveries": [
        {"id": 1, "delivery_id": "d1", "destination": "channel:C0001", "state": "sent", "created_at": AT,
         "due_at": AT, "channel": "C0001", "ts": "1.1", "slack_time": 1.5},
        {"id": 2, "delivery_id": "d2", "destination": "channel:C0001", "state": "sending", "created_at": AT,
         "due_at": AT, "attempt_started_at": AT, "slack_time": 2.5},
    ],
    "notices": [
        {"id": 1, "destination": "channel:C0001", "subject": "session:1", "kind": "session", "reason": "rule matched",
         "session_id": KEY[0], "employee_id": KEY[1], "rule_ids": "[1]", "facts": "{}", "owed_at": AT, "due_at": AT,
         "rank": 2, "delivery": 1, "shown_version": 3},
        {"id": 2, "destination": "channel:C0001", "subject": "session:2", "kind": "session", "reason": "rule matched",
         "session_id": "gone", "employee_id": "joe", "rule_ids": "[1]", "facts": "{}", "owed_at": AT, "due_at": AT,
         "rank": 2, "delivery": 2},
        {"id": 3, "destination": "channel:C0001", "subject": "intro:1", "kind": "intro", "reason": "new",
         "rule_ids": "[1]", "facts": "{}", "owed_at": AT, "due_at": AT, "rank": 0},
    ],
    "attempts": [
        {"id": 1, "delivery": 1, "started_at": AT, "ended_at": AT, "what": "post", "result": "sent", "why": ""}
    ],
    "rules": [
        {"rule_id": 1, "destination": "channel:C0001", "owner": "U1", "query": "outcome:failed", "state": "active",
         "created_at": AT, "active_since": AT}
    ],
    "default_channels": [{"channel_id": "C0001"}],
    "people": [
        {"person_id": "ana", "name": "Ana", "email": "ana@bakery.example", "status": "active",
         "subordination": "inherit", "manages": "[]"}
    ],
    "departments": [{"department_id": "shop", "name": "Shop", "subordination": "inherit"}],
    "slack_users": [
        {"user_id": "U1", "email": "ana@bakery.example", "zone": "UTC", "is_full_member": 1, "why_not": "",
         "seen_at": AT}
    ],
    "no_slack_users": [{"email": "eve@bakery.example", "at": AT}],
    "links": [{"slack_user_id": "U1", "person_id": "ana", "by": "email", "email": "ana@bakery.example", "at": AT}],
    "preferences": [{"slack_user_id": "U1", "as_observer": "below"}],
    "ledger": [{"id": 1, "at": AT, "who": "U1", "verb": "subscribe", "subject": "rule:1"}],
}  # fmt: skip


def write_old(path: Path, steps: int) -> None:
    """A file as the Spotter with only these many steps left it, with a row in every table the first one had."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("BEGIN")
    old = sqlite_utils.Database(connection, execute_plugins=False)
    migrations.apply(old, stop_before=STEPS[steps] if steps < len(STEPS) else None)
    for statement in INDEXES_OF_BASELINE:
        connection.execute(statement)
    for table, rows in FIRST_ROWS.items():
        for row in rows:
            connection.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
            )
    connection.execute("COMMIT")
    connection.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """What the tables of the first Spotter hold, in the columns that it wrote."""
    with reading(path) as connection:
        found = {}
        for table, rows in FIRST_ROWS.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            chosen = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1").fetchall()
            found[table] = [dict(row) for row in chosen]
        return found


def steps_of(path: Path) -> list[str]:
    with reading(path) as connection:
        return [row["name"] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid")]


def schema_of(path: Path) -> set[tuple[str, str]]:
    with reading(path) as connection:
        return {(row["type"], row["name"]) for row in connection.execute("SELECT type, name FROM sqlite_master")}


def opened_and_closed(path: Path) -> None:
    Store.open(path, now=NOON + minutes(60)).close()


def test_the_old_rows_stand_for_every_table_of_the_first_spotter(path: Path) -> None:
    write_old(path, 1)
    tables = {name for kind, name in schema_of(path) if kind == "table" and not name.startswith(("_", "sqlite"))}
    assert tables == set(FIRST_ROWS)


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_every_row_of_an_old_database_is_still_there(path: Path, steps: int) -> None:
    write_old(path, steps)
    before = rows_of(path)
    assert steps_of(path) == list(STEPS[:steps])
    opened_and_closed(path)
    assert steps_of(path) == list(STEPS)
    assert rows_of(path) == before


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_a_migrated_database_has_the_tables_of_a_new_one(path: Path, tmp_path: Path, steps: int) -> None:
    write_old(path, steps)
    opened_and_closed(path)
    write_old(tmp_path / "new.db", len(STEPS))
    opened_and_closed(tmp_path / "new.db")
    assert schema_of(path) == schema_of(tmp_path / "new.db")
    with reading(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
async def test_todays_spotter_works_with_an_old_database(path: Path, steps: int) -> None:
    write_old(path, steps)
    database = Store.open(path, now=NOON)
    try:
        record = await database.read(lambda tx: tx.sessions.record(FACTS.key))
        assert record is not None and record.session.version == 3
        assert await database.transact(lambda tx: tx.outbox.recover(NOON)) == 1
        assert [rule.query for rule in await database.read(lambda tx: tx.rules.all())] == ["outcome:failed"]
        assert await database.read(lambda tx: tx.people.linked_user("ana")) == "U1"
        assert (await database.transact(lambda tx: tx.retention.erase("eve", NOON))).sessions == 1
    finally:
        database.close()


async def test_criteria_that_old_cards_promised_are_fetched_first(path: Path) -> None:
    """They were fetched for sessions of the last 90 days only, whatever their cards said."""
    write_old(path, 1)
    with reading(path) as connection:
        connection.execute("UPDATE sessions SET details = 'owed', finished_at = ?", (AT - 100 * 86_400_000,))
        connection.commit()
    database = Store.open(path, now=NOON)
    try:
        queued = await database.read(lambda tx: tx.sessions.details_pending(NOON - timedelta(days=90), NOON, 9))
        assert queued == [FACTS.key]
    finally:
        database.close()


def test_an_old_database_does_not_count_as_made_anew(path: Path) -> None:
    write_old(path, 1)
    database = Store.open(path, now=NOON)
    database.close()
    assert not database.created


def test_a_newer_schema_is_refused_and_nothing_is_changed(path: Path) -> None:
    write_old(path, 1)
    with reading(path) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('spotter', 'm999', '')"
        )
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="written by a newer Spotter"):
        opened_and_closed(path)
    assert path.read_bytes() == before


# ---- several at once, and a death in the middle ----------------------------------------------------------------------


def open_with_others(path: Path, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait(30)
    opened_and_closed(path)


def test_several_processes_that_migrate_at_once_do_it_once(path: Path) -> None:
    write_old(path, 1)
    before = rows_of(path)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    starters = [context.Process(target=open_with_others, args=(path, barrier)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)
    assert [starter.exitcode for starter in starters] == [0, 0, 0]
    assert (steps_of(path), rows_of(path)) == (list(STEPS), before)


def die_in_the_last_step(path: Path) -> None:
    """Opens the database as a Spotter whose last step never gets further than its first half."""

    @migrations()
    def m998_half_way(db: sqlite_utils.Database) -> None:
        db.conn.execute("CREATE TABLE half_way (a)")
        db.conn.execute("UPDATE sessions SET version = version + 1")
        os.kill(os.getpid(), signal.SIGKILL)

    opened_and_closed(path)


def test_a_death_in_the_middle_leaves_the_old_schema(path: Path) -> None:
    write_old(path, 1)
    before, schema = rows_of(path), schema_of(path)
    victim = multiprocessing.get_context("spawn").Process(target=die_in_the_last_step, args=(path,))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert (rows_of(path), schema_of(path), steps_of(path)) == (before, schema, [STEPS[0]])
    opened_and_closed(path)
    assert (rows_of(path), steps_of(path)) == (before, list(STEPS))


FIRST_SCHEMA = "5b40060a074a693a"


def test_the_first_step_is_never_changed_again(path: Path) -> None:
    """What it makes is what databases out there have; whoever wants it otherwise appends a step."""
    write_old(path, 1)
    with reading(path) as connection:
        made = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_%' ESCAPE '\\'"
        )
        statements = sorted(" ".join(re.sub("--.*", "", row["sql"]).split()) for row in made)
    assert hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16] == FIRST_SCHEMA
