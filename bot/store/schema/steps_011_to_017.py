"""Steps 11 to 17: people by id in queries, rights, completions, parts of a listing, indexes of reports."""

from sqlite_utils import Database

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.model import SessionFacts, SessionKey
from bot.domain.outcomes import judge
from bot.domain.staff import Person
from bot.query.by_id import by_id
from bot.query.parser import Names, parse, say
from bot.store.sqlite import has_table


def m011_people_by_id(db: Database) -> None:
    """Ids instead of people's names in stored queries, so that erasing a person rewrites none. Only where a name means
    exactly one person: every other text stays and goes on matching."""
    connection = db.conn
    people = connection.execute("SELECT person_id, name FROM people").fetchall()
    linked = connection.execute(
        "SELECT links.slack_user_id, links.person_id FROM links"
        " LEFT JOIN slack_users ON slack_users.user_id = links.slack_user_id"
        " LEFT JOIN people ON people.person_id = links.person_id WHERE links.email IS NULL OR"
        " ((slack_users.user_id IS NULL OR slack_users.email = links.email)"
        " AND (people.person_id IS NULL OR people.email = links.email))"
    )
    directory = Directory.of((Person(person_id=ident, name=name) for ident, name in people), ())
    names = Names(directory, mentions=dict(linked.fetchall()))
    for number, query in connection.execute("SELECT rule_id, query FROM rules").fetchall():
        connection.execute("UPDATE rules SET query = ? WHERE rule_id = ?", (_people_by_id(query, names), number))
    shared = connection.execute(
        "SELECT id, json_extract(facts, '$.query') FROM notifications"
        " WHERE kind = 'shared' AND json_extract(facts, '$.query') IS NOT NULL"
    )
    for number, query in shared.fetchall():
        connection.execute(
            "UPDATE notifications SET facts = json_set(facts, '$.query', ?) WHERE id = ?",
            (_people_by_id(query, names), number),
        )


def _people_by_id(text: str, names: Names) -> str:
    try:
        query = parse(text)
    except QueryError:
        return text
    changed = by_id(query, names, at_most=1)
    return text if changed == query else say(changed)


# Corrections and redactions are edited before what is only cosmetic, such as another name of a checklist.
EDIT_PRIORITY = (
    "ALTER TABLE deliveries ADD COLUMN edit_is_cosmetic INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX deliveries_next_edit ON deliveries (edit_is_cosmetic, edit_due_at) WHERE edit_due_at IS NOT NULL",
)


def m012_edit_priority(db: Database) -> None:
    for statement in EDIT_PRIORITY:
        db.conn.execute(statement)


# What events said of accounts and channels; why a notification waits; sessions that were given to another employee.
RIGHTS = (
    # The number of the last event that took something away: an answer to a question asked before it is older.
    "ALTER TABLE slack_users ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE destinations ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE notifications ADD COLUMN waiting_reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN reassigned_at INTEGER",  # ms; NULL unless another employee has it now
)


def m013_rights(db: Database) -> None:
    for statement in RIGHTS:
        db.conn.execute(statement)


# Each part of iSpring fails alone: its age, what is read of it later, and the changes that wait for it.
PARTS = (
    "INSERT INTO settings_kv (name, value) SELECT 'departments_at', value FROM settings_kv WHERE name = 'directory_at'",
    # ms; when competency areas are asked for that could not be read with their criteria, NULL if they are known
    "ALTER TABLE details ADD COLUMN areas_due_at INTEGER",
    "CREATE INDEX details_areas ON details (areas_due_at) WHERE areas_due_at IS NOT NULL",
    """
    CREATE TABLE unrouted (
        id             INTEGER PRIMARY KEY,
        session        INTEGER NOT NULL REFERENCES sessions (id),
        version        INTEGER NOT NULL,  -- of the session, that the change led to
        news           TEXT NOT NULL,     -- of domain.model.News
        became_failing INTEGER NOT NULL,
        reason         TEXT NOT NULL,     -- of the change
        requested_at   INTEGER NOT NULL,  -- ms; when the listing was asked for
        created_at     INTEGER NOT NULL,
        waiting        TEXT NOT NULL,     -- JSON: who is not decided, as "rule 3" or "observer"
        reason_code    TEXT NOT NULL,     -- what is missing; of domain.reasons
        tried_version  INTEGER NOT NULL,  -- of the directory
        UNIQUE (session, version)
    )
    """,
)

COMPLETIONS = (
    # The number of the completion that is, or that comes next.
    "ALTER TABLE sessions ADD COLUMN completion INTEGER NOT NULL DEFAULT 1",
    "UPDATE sessions SET completion = 2 WHERE completed_as IS NOT NULL"
    " AND outcome NOT IN ('completed', 'met', 'below', 'failed')",
    # The completion that was acknowledged. What was acknowledged before the last one says nothing about it.
    "ALTER TABLE acknowledgements ADD COLUMN completion INTEGER NOT NULL DEFAULT 1",
    "DELETE FROM acknowledgements WHERE at < (SELECT max(history.at) FROM history"
    " WHERE history.session = acknowledgements.session AND history.kind = 'completed')"
    " AND session IN (SELECT id FROM sessions WHERE completion = 1)",
    # What was changed, before and after: ids and numbers.
    "ALTER TABLE audit_log ADD COLUMN old TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE audit_log ADD COLUMN new TEXT NOT NULL DEFAULT ''",
    # The notices of a rule's pause: who got one is notified when the rule goes on.
    "CREATE INDEX notifications_pauses ON notifications (subject) WHERE kind = 'rule_paused'",
)


def m014_completions(db: Database) -> None:
    for statement in COMPLETIONS:
        db.conn.execute(statement)


def m015_settled_scores(db: Database) -> None:
    """Judges what is over once more: some scores had remainders of float arithmetic, and missed a target they meet."""
    last = 0
    while rows := db.conn.execute(
        "SELECT id, status, result, points, total_points, target, outcome, score, completed_as FROM sessions"
        " WHERE id > ? AND score IS NOT NULL ORDER BY id LIMIT 10000",
        (last,),
    ).fetchall():
        last, changed, turned = rows[-1][0], [], []
        for number, status, result, points, total, target, was, score, completed_as in rows:
            outcome = judge(numbers_only(status, result, points, total), target)
            if (outcome.kind, outcome.score) == (was, score):
                continue
            changed.append((outcome.kind, outcome.score, outcome.kind if completed_as == was else completed_as, number))
            if outcome.kind != was:
                turned.append((number,))
        db.conn.executemany("UPDATE sessions SET outcome = ?, score = ?, completed_as = ? WHERE id = ?", changed)
        # The cards that say the other verdict are edited.
        db.conn.executemany("UPDATE sessions SET version = version + 1 WHERE id = ?", turned)
        db.conn.executemany(
            "UPDATE deliveries SET edit_due_at = created_at WHERE state = 'sent' AND edit_ended IS NULL"
            " AND edit_due_at IS NULL AND id IN (SELECT delivery FROM notifications JOIN sessions"
            " USING (session_id, employee_id) WHERE sessions.id = ? AND delivery IS NOT NULL)",
            turned,
        )


def numbers_only(status: str, result: float | None, points: float | None, total_points: float | None) -> SessionFacts:
    """What a verdict depends on, beside the target."""
    return SessionFacts(SessionKey("", ""), "", "", "", status, result=result, points=points, total_points=total_points)


def m016_parts(db: Database) -> None:
    for statement in PARTS:
        db.conn.execute(statement)


# Figures are counted from these indexes alone: with a million rows the table itself takes seconds to read.
INDEXES_OF_REPORTS = (
    # A person's own sessions, a team's, and the session before this one on the same checklist; the last columns so that
    # the figures of a department are counted without a look at the table.
    "CREATE INDEX IF NOT EXISTS sessions_team ON sessions"
    " (employee_id, checklist_id, finished_at, scheduled_at, outcome, score, missing_since)",
    # The figures of a period, by any unit.
    "CREATE INDEX IF NOT EXISTS sessions_happened ON sessions (coalesce(finished_at, scheduled_at), outcome, score,"
    " missing_since, checklist_id, employee_id, observer_id, finished_at, scheduled_at)",
    # The figures of all sessions in the order of scores: nothing is sorted for the median.
    "CREATE INDEX IF NOT EXISTS sessions_score ON sessions (score, outcome, missing_since, finished_at, scheduled_at)",
    # The figures of a checklist.
    "CREATE INDEX IF NOT EXISTS sessions_checklist ON sessions"
    " (checklist_id, score, outcome, missing_since, finished_at, scheduled_at)",
    # The few that are planned or in progress.
    "CREATE INDEX IF NOT EXISTS sessions_open ON sessions (outcome, scheduled_at, started_at)"
    " WHERE outcome IN ('planned', 'in_progress')",
)
REPLACED_INDEX = "sessions_employee"  # sessions_team begins with the same columns


def m017_indexes_of_reports(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes them."""
    if has_table(db.conn, REPLACED_INDEX):
        db.conn.execute(f"DROP INDEX {REPLACED_INDEX}")
        for statement in INDEXES_OF_REPORTS:
            db.conn.execute(statement)
