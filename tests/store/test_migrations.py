"""Databases of every earlier Spotter become one of today's: real files, written with the steps that made them."""

import contextlib
import hashlib
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from bot.domain.errors import StoreUnusable
from bot.domain.model import OutcomeKind
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.outbox import NotificationState
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.domain.staff import Supervision
from bot.domain.viewers import DirectMessages, Preferences
from bot.services.rules import rule_filters
from bot.store.database import Store, Tx
from bot.store.migrate import before_migration
from bot.store.schema import APPLICATION_ID, migrations
from bot.store.schema.first_tables import INDEXES_OF_BASELINE
from bot.store.schema.steps_011_to_017 import INDEXES_OF_REPORTS
from tests.store.given import NOON, a_session, minutes

NOTHING_APPLIED = sqlite_utils.Database(memory=True, execute_plugins=False)
STEPS = tuple(step.name for step in migrations.pending(NOTHING_APPLIED))
NOTHING_APPLIED.close()
RENAMED_BY = STEPS.index("m009_rename")
TABLES_NOW = {
    "state": "settings_kv", "ledger": "audit_log", "no_slack_users": "email_misses", "statuses": "seen_statuses",
    "notices": "notifications",
}  # fmt: skip
COLUMNS_NOW = {
    ("notices", "owed_at"): "created_at", ("notices", "rank"): "priority", ("attempts", "why"): "reason",
    ("slack_users", "why_not"): "not_allowed_reason", ("people", "manages"): "manages_departments",
}  # fmt: skip
GONE = {("destinations", "due_at")}  # computed since
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
    # Only the first eight steps know the tables by the names below: later ones rename them.
    migrations.apply(old, stop_before=STEPS[min(steps, RENAMED_BY)])
    for statement in INDEXES_OF_BASELINE:
        connection.execute(statement)
    for table, rows in FIRST_ROWS.items():
        for row in rows:
            connection.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
            )
    migrations.apply(old, stop_before=STEPS[steps] if steps < len(STEPS) else None)
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
        is_renamed = ("table", "notifications") in schema_of(path)
        found = {}
        for table, rows in FIRST_ROWS.items():
            columns = [
                column for column in dict.fromkeys(c for row in rows for c in row) if (table, column) not in GONE
            ]
            now = TABLES_NOW.get(table, table) if is_renamed else table
            names = {column: COLUMNS_NOW.get((table, column), column) if is_renamed else column for column in columns}
            chosen = ", ".join(f"{name} AS {column}" for column, name in names.items())
            found[table] = [dict(row) for row in connection.execute(f"SELECT {chosen} FROM {now} ORDER BY 1")]
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
        assert (await database.transact(lambda tx: tx.erasure.erase("eve", NOON))).sessions == 1
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
        queued = await database.read(lambda tx: tx.details.pending(NOON - timedelta(days=90), NOON, 9))
        assert queued == [FACTS.key]
    finally:
        database.close()


def test_an_old_database_does_not_count_as_newly_made(path: Path) -> None:
    write_old(path, 1)
    database = Store.open(path, now=NOON)
    database.close()
    assert not database.created


@pytest.mark.promise("old_database")
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


@pytest.mark.promise("old_database")
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


# ---- a database of version 0.1.0 -------------------------------------------------------------------------------------

VERSION_0_1 = Path(__file__).with_name("version_0_1.sql")


@pytest.fixture
def old(path: Path) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_0_1.read_text())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.commit()
    return path


async def test_everything_that_version_0_1_had_to_send_is_sent_once_and_nothing_twice(old: Path) -> None:
    database = Store.open(old, now=NOON)

    def states(tx: Tx) -> dict[tuple[str, str], tuple[NotificationState, ReasonCode]]:
        found = tx.deliveries.in_states(tuple(NotificationState), 100)
        return {
            (str(one.notification.destination), one.notification.subject): (one.state, one.cancelled_code)
            for one in found
        }

    def work(tx: Tx) -> None:
        assert tx.outbox.recover(NOON) == 1
        found = states(tx)
        count = {state: sum(1 for one, _ in found.values() if one is state) for state in NotificationState}
        # Blocked: a message and a notification for the archived channel, one of the paused rule.
        assert count == {
            NotificationState.PENDING: 3, NotificationState.BLOCKED: 3, NotificationState.SENDING: 0,
            NotificationState.AMBIGUOUS: 2, NotificationState.SENT: 1, NotificationState.FAILED: 1,
            NotificationState.CANCELLED: 0,  # what a summary counts is in no list
        }  # fmt: skip
        rules = {rule.rule_id: (rule.state, rule.reason, rule.reason_code) for rule in tx.rules.all()}
        assert rules[3] == (RuleState.PAUSED, "is_archived", ReasonCode.NONE)
        assert rules[4] == (RuleState.PAUSED, "turned_public", ReasonCode.BECAME_PUBLIC)
        archived = Destination(DestinationKind.CHANNEL, "C0ARCHIVED")
        public = Destination(DestinationKind.CHANNEL, "C0PUBLIC")
        assert tx.destinations.unblock(archived, NOON) == 2
        tx.rules.resume(4)
        assert {str(one) for one in tx.outbox.schedule().due(NOON, 9)} == {
            "channel:C0001", "channel:C0002", "channel:C0ARCHIVED", "channel:C0PUBLIC"
        }  # fmt: skip
        assert claim_id(tx, archived) == "held"
        assert claim_id(tx, public) == "new"
        assert tx.rules.get(3) is not None and tx.rules.all()[2].state is RuleState.ACTIVE

    try:
        await database.transact(work)
        later = NOON + minutes(1)
        looked_for = await database.read(lambda tx: tx.outbox.read_backs_due(later, 9))
        assert {one.delivery_id for one in looked_for} == {"unsure", "sending"}
        alerts = await database.read(lambda tx: {one.code: one.facts for one in tx.alerts.all()})
        assert alerts == {"socket_disconnected": {"minutes": 5}, "training_refused": {"reason": "HTTP 401"}}
        assert await database.read(lambda tx: list(tx.erasure.erased_people())) == ["eve"]
    finally:
        database.close()


def claim_id(tx: Tx, destination: Destination) -> str | None:
    claimed = tx.outbox.claim(destination, NOON, 1.0, "new")
    return None if claimed is None else claimed.delivery_id


def test_the_file_is_copied_before_it_is_migrated(old: Path) -> None:
    with reading(old) as connection:
        before = list(connection.iterdump())
    opened_and_closed(old)
    [copy] = old.parent.glob(f"{old.name}.before-*")
    assert copy == before_migration(old, "m009_rename")
    assert copy.stat().st_mode & 0o077 == 0
    with reading(copy) as connection:
        assert list(connection.iterdump()) == before
    opened_and_closed(old)
    assert list(old.parent.glob(f"{old.name}.before-*")) == [copy], "only a migration is preceded by a copy"


def test_without_room_for_the_copy_nothing_is_migrated(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows_of(old)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**40, 2**40, 4096))
    with pytest.raises(StoreUnusable, match="has to be migrated, and 0 MB beside it are too few"):
        opened_and_closed(old)
    assert (steps_of(old), rows_of(old)) == (list(STEPS[:RENAMED_BY]), before)
    assert [*old.parent.glob(f"{old.name}.before-*")] == []


def test_the_version_before_works_with_the_copy(old: Path) -> None:
    """The way back: the copy in the database's place is again what the version before left."""
    before = rows_of(old)
    opened_and_closed(old)
    before_migration(old, "m009_rename").replace(old)
    assert (steps_of(old), rows_of(old)) == (list(STEPS[:RENAMED_BY]), before)
    opened_and_closed(old)
    assert steps_of(old) == list(STEPS)


async def test_names_that_mean_one_person_become_ids_and_every_other_text_stays(old: Path) -> None:
    shared = '{"by":"U0ANA","query":"observer:silva checklist:Opening","total":7}'
    with reading(old) as connection:
        connection.execute(
            "INSERT INTO people SELECT 'ana2', 'Ana Souza', NULL, NULL, NULL, status, subordination, NULL,"
            " manages FROM people WHERE person_id = 'ana'"
        )
        for number, query in enumerate(TEXTS, 5):
            connection.execute(
                "INSERT INTO rules (rule_id, destination, owner, query, state, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (number, "channel:C0001", "U0ANA", query, "ended" if number == 5 else "active", AT),
            )
        connection.execute(
            "INSERT INTO notices (destination, subject, kind, reason, rule_ids, facts, owed_at, due_at, rank)"
            " VALUES ('channel:C0001', 'shared:1', 'shared', '', '[]', ?, ?, ?, 0)",
            (shared, AT, AT),
        )
        connection.commit()
    database = Store.open(old, now=NOON)
    try:
        rules = await database.read(lambda tx: tx.rules.all())
        filters = await database.read(lambda tx: rule_filters(tx, rules, NOON))
    finally:
        database.close()
    assert [rule.query for rule in rules] == [
        "employee:<id:employee1> since:30d",
        'observer:<id:ana> -employee:"erased person"',
        "",
        "outcome:failed",
        *TEXTS.values(),
    ]
    assert [[condition.accepted for condition in filters[number].conditions] for number in (6, 7)] == [
        [frozenset({"ana", "ana2"})], [frozenset({"opening"}), frozenset({"ana"})]
    ]  # fmt: skip
    with reading(old) as connection:
        [(facts,)] = connection.execute("SELECT facts FROM notifications WHERE kind = 'shared'")
        assert facts == shared.replace("silva", "<id:ana>")


# What rules of a version with names as typed ask for, and what is made of it.
TEXTS = {
    "-observer:silva": "-observer:<id:ana>",
    "observer:ana": "observer:ana",  # two people
    "checklist:Opening observer:<@U0ANA>": "checklist:Opening observer:<id:ana>",
    "employee:employee": "employee:employee",
    "employee:nobody dept:Shop": "employee:nobody dept:Shop",
    'employee:<@U0NOBODY> employee:"Employee 2"': "employee:<@U0NOBODY> employee:<id:employee2>",
    "employee:((": "employee:((",
    "no query": "no query",
}


def test_a_step_that_fails_after_it_leaves_every_name_as_typed(old: Path) -> None:
    """In a process of its own, which dies in the step behind: all steps of an update commit together."""
    before, schema = rows_of(old), schema_of(old)
    victim = multiprocessing.get_context("spawn").Process(target=die_in_the_last_step, args=(old,))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert (rows_of(old), schema_of(old), steps_of(old)) == (before, schema, list(STEPS[:RENAMED_BY]))


async def test_erasing_somebody_from_a_database_of_version_0_1_leaves_no_name_in_it(old: Path) -> None:
    database = Store.open(old, now=NOON)
    try:
        done = await database.transact(lambda tx: tx.erasure.erase("ana", NOON))
        assert done.rules_naming == (2,)
        assert await database.truncate_log()
    finally:
        database.close()
    assert b"Ana Silva" not in old.read_bytes()


# ---- scores with remainders of float arithmetic, and acknowledgements of an earlier completion -----------------------


@pytest.mark.parametrize("due", [None, AT - 1])
def test_points_that_are_no_share_of_their_total_met_a_target_and_do_not_any_more(path: Path, due: int | None) -> None:
    """The card of 250 % is edited too, before cosmetic edits, also if one of them waits already."""
    write_old(path, STEPS.index("m036_points_of_no_total"))
    change = [
        "UPDATE sessions SET result = NULL, points = 50, total_points = 20, target = 80, outcome = 'met', score = 250,"
        " completed_as = 'met'",
        "UPDATE deliveries SET state = 'sent', edit_is_cosmetic = 1, edit_ended = NULL",
    ]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("SELECT version FROM sessions").fetchone()
        for statement in change:
            connection.execute(statement)
        connection.execute("UPDATE deliveries SET edit_due_at = ?", (due,))
        connection.commit()
    opened_and_closed(path)
    with reading(path) as connection:
        row = connection.execute("SELECT outcome, score, completed_as, version FROM sessions").fetchone()
        assert tuple(row) == ("completed", None, "completed", version + 1)
        edits = connection.execute(
            "SELECT edit_due_at = coalesce(?, created_at) FROM deliveries WHERE edit_is_cosmetic = 0", (due,)
        ).fetchall()
        assert [tuple(one) for one in edits] == [(1,)], "of two messages one shows the session"


async def test_a_verdict_that_a_float_got_wrong_is_corrected_and_its_card_edited(path: Path) -> None:
    write_old(path, STEPS.index("m014_completions"))
    change = [
        "UPDATE sessions SET result = NULL, points = 23, total_points = 40, target = 57.5, outcome = 'below',"
        " score = 57.49999999999999, completed_as = 'below'",
        "UPDATE deliveries SET state = 'sent', edit_due_at = NULL, edit_ended = NULL",
    ]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in change:
            connection.execute(statement)
        connection.commit()
    database = Store.open(path, now=NOON + minutes(60))
    try:
        session = await database.read(lambda tx: tx.sessions.get(FACTS.key))
        assert session is not None and (session.version, session.completed_as) == (4, OutcomeKind.MET)
        with reading(path) as connection:
            [row] = connection.execute("SELECT outcome, score, completion FROM sessions").fetchall()
            edits = connection.execute("SELECT count(*) FROM deliveries WHERE edit_due_at IS NOT NULL").fetchone()[0]
        assert tuple(row) == ("met", 57.5, 1)
        assert edits == 1
    finally:
        database.close()


@pytest.mark.parametrize(
    ("completed_at", "outcome", "kept", "completion"),
    [(AT - 1, "below", 1, 1), (AT + 1, "below", 0, 1), (AT - 1, "in_progress", 1, 2)],
)
def test_an_acknowledgement_of_an_earlier_completion_is_none_of_the_last(
    path: Path, completed_at: int, outcome: str, kept: int, completion: int
) -> None:
    write_old(path, STEPS.index("m014_completions"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM history")
        connection.execute(
            "INSERT INTO history (session, version, at, kind, old, new) VALUES (1, 9, ?, 'completed', NULL, '{}')",
            (completed_at,),
        )
        connection.execute("UPDATE sessions SET outcome = ?, score = NULL, completed_as = 'below'", (outcome,))
        connection.commit()
    opened_and_closed(path)
    with reading(path) as connection:
        assert connection.execute("SELECT count(*) FROM acknowledgements").fetchone()[0] == kept
        assert connection.execute("SELECT completion FROM sessions").fetchone()[0] == completion


# ---- critical criteria -----------------------------------------------------------------------------------------------


async def test_a_database_without_critical_criteria_knows_which_its_checklists_have(path: Path) -> None:
    write_old(path, STEPS.index("m020_critical_criteria"))
    body = (
        '{"areas":[],"criteria":[{"criterion_id":"c1","title":"Cold room logged","area_id":"a","skipped":false,'
        '"points":0.0,"total_points":1.0},{"criterion_id":"","title":"Boards clean","area_id":"a","skipped":true,'
        '"points":null,"total_points":null}],"areas_known":true}'
    )
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE details SET body = ?", (body,))
        connection.commit()
    database = Store.open(path, now=NOON + minutes(60))
    try:
        session, targets, criteria = await database.read(
            lambda tx: (tx.sessions.get(FACTS.key), tx.targets.current(), tx.targets.criteria_of(["opening"]))
        )
    finally:
        database.close()
    # Judged as before: nothing was critical then, and whose target it was is not known.
    assert session is not None and (session.completed_as, session.target) == (OutcomeKind.MET, 80.0)
    assert (session.target_scope, session.critical, session.critical_failed) == (None, None, None)
    assert (targets.default, targets.critical) == (80.0, {})
    assert {one.title for one in criteria["opening"]} == {"Cold room logged", "Boards clean"}


async def test_a_database_that_was_used_before_the_chain_counted_says_that_it_ran_direct(path: Path) -> None:
    write_old(path, STEPS.index("m022_supervision"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO settings_kv (name, value) VALUES ('directory_at', ?)", (AT,))
        connection.commit()
    with contextlib.closing(Store.open(path, now=NOON)) as store:
        assert await store.read(lambda tx: tx.people.supervision()) is Supervision.DIRECT
        assert (await store.read(lambda tx: tx.people.directory())).supervision is Supervision.DIRECT
    with contextlib.closing(Store.open(path.with_name("new.db"), now=NOON)) as store:
        assert await store.read(lambda tx: tx.people.supervision()) is Supervision.CHAIN


@pytest.mark.parametrize("is_finished", [True, False])
def test_the_index_of_days_is_made_where_the_first_listing_is_stored(path: Path, is_finished: bool) -> None:
    write_old(path, STEPS.index("m037_index_of_days"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        if not is_finished:
            connection.execute("DROP INDEX IF EXISTS sessions_by_score")
            connection.commit()
        was_finished = "sessions_by_score" in indexes_of(connection)
    store = Store.open(path, now=NOON)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert ("sessions_by_day" in indexes_of(connection)) == was_finished == is_finished
        store._write_now(lambda tx: tx.listings.finish_baseline(b"digest", NOON))
        assert "sessions_by_day" in indexes_of(connection)
    store.close()


@pytest.mark.parametrize("is_finished", [True, False])
@pytest.mark.parametrize(
    ("step", "replaced", "index"),
    [
        ("m030_index_of_members", "sessions_team", "sessions_members"),
        ("m034_wider_indexes", "sessions_score", "sessions_by_score"),
        ("m034_wider_indexes", "sessions_observer", "sessions_by_observer"),
    ],
)
def test_an_index_is_replaced_where_there_is_one_and_the_end_of_the_first_listing_makes_it_elsewhere(
    path: Path, step: str, replaced: str, index: str, is_finished: bool
) -> None:
    write_old(path, STEPS.index(step))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in (*INDEXES_OF_BASELINE, *INDEXES_OF_REPORTS):
            if f" {replaced} " in statement:
                connection.execute(statement if is_finished else f"DROP INDEX IF EXISTS {replaced}")
        connection.commit()
    store = Store.open(path, now=NOON)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert (replaced in indexes_of(connection), index in indexes_of(connection)) == (False, is_finished)
        store._write_now(lambda tx: tx.listings.finish_baseline(b"digest", NOON))
        assert (replaced in indexes_of(connection), index in indexes_of(connection)) == (False, True)
    store.close()


def indexes_of(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


async def test_a_database_without_follow_ups_takes_one_on_a_session_it_has(path: Path) -> None:
    write_old(path, STEPS.index("m031_follow_ups"))
    with contextlib.closing(Store.open(path, now=NOON)) as store:
        before = await store.read(lambda tx: tx.sessions.record(FACTS.key))
        assert before is not None and before.follow_ups == ()
        await store.transact(lambda tx: tx.follow_ups.take(FACTS.key, "U1", None, NOON.date(), "", NOON))
        after = await store.read(lambda tx: tx.sessions.record(FACTS.key))
    assert after is not None and after.acknowledgements == before.acknowledgements
    assert [(one.owner, one.due) for one in after.follow_ups] == [("U1", NOON.date())]


async def test_what_people_chose_before_there_was_a_percentage_is_kept(path: Path) -> None:
    write_old(path, STEPS.index("m032_narrower_preferences"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM preferences")
        connection.execute("INSERT INTO preferences VALUES ('U0OLGA', 'below', NULL), ('U0EVE', 'none', 'all')")
        connection.commit()
    with contextlib.closing(Store.open(path, now=NOON)) as store:
        olga, eve = await store.read(lambda tx: (tx.people.preferences("U0OLGA"), tx.people.preferences("U0EVE")))
    assert olga == Preferences(DirectMessages.BELOW)
    assert eve == Preferences(DirectMessages.NONE, DirectMessages.ALL)
    assert (olga.observer_below, olga.own_actions) == (None, True)
