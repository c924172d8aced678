"""Steps from 18: rule options, critical criteria, digests, reminders, Home tabs, follow-ups, shadow mode. New ones come
last."""

import msgspec
from sqlite_utils import Database

from bot.domain.outcomes import judge
from bot.store.schema.steps_011_to_017 import numbers_only
from bot.store.sqlite import has_table

# What a rule sends, when and how; and what is held back until a chosen moment.
RULE_OPTIONS = (
    "ALTER TABLE rules ADD COLUMN form TEXT NOT NULL DEFAULT 'results'",
    "ALTER TABLE rules ADD COLUMN schedule TEXT",  # as 'weekly mon 09:00'; NULL for at once
    "ALTER TABLE rules ADD COLUMN zone TEXT",  # an IANA name, of the schedule
    "ALTER TABLE rules ADD COLUMN edits INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE rules ADD COLUMN names TEXT NOT NULL DEFAULT 'full'",  # or 'initials'
    "ALTER TABLE rules ADD COLUMN resumes_at INTEGER",  # ms; the end of a pause made by a person
    "ALTER TABLE rules ADD COLUMN offered_to TEXT",  # the Slack user who may take it over
    """
    CREATE TABLE mutes (
        mute_id     INTEGER PRIMARY KEY,
        destination TEXT NOT NULL,
        query       TEXT NOT NULL,     -- canonical, with people by id; '' for everything
        ends_at     INTEGER NOT NULL,  -- ms
        created_by  TEXT NOT NULL,     -- a Slack user
        reason      TEXT NOT NULL,     -- as typed, '' for none
        created_at  INTEGER NOT NULL,
        ended_at    INTEGER,           -- ms; NULL until its recap is queued
        ended_by    TEXT               -- who ended it before its time
    )
    """,
    "CREATE INDEX mutes_running ON mutes (destination, ends_at) WHERE ended_at IS NULL",
    # JSON: the numbers of the mutes that hold it.
    "ALTER TABLE notifications ADD COLUMN mutes TEXT NOT NULL DEFAULT '[]'",
    # The recap that it is posted with.
    "ALTER TABLE notifications ADD COLUMN recap INTEGER REFERENCES notifications (id)",
    "CREATE INDEX notifications_recap ON notifications (recap) WHERE recap IS NOT NULL",
    "DROP INDEX notifications_groups",
    "CREATE INDEX notifications_groups ON notifications"
    " (destination, rule_ids, kind, mutes, recap, due_at, created_at, delivery, cancelled_reason)"
    " WHERE delivery IS NULL AND cancelled_reason IS NULL",
)


def m018_rule_options(db: Database) -> None:
    for statement in RULE_OPTIONS:
        db.conn.execute(statement)


# What fails a session whatever its result, and what of that is stored with a completion.
CRITICAL_CRITERIA = (
    """
    CREATE TABLE critical_criteria (
        checklist_id TEXT NOT NULL,
        criterion_id TEXT NOT NULL,  -- iSpring's; '' if it has none: then the exact title within the checklist
        title        TEXT NOT NULL,
        set_by       TEXT NOT NULL,  -- Slack user id
        set_at       INTEGER NOT NULL,
        PRIMARY KEY (checklist_id, criterion_id, title)
    )
    """,
    # Which criteria the sessions of a checklist had: what can be made critical.
    """
    CREATE TABLE checklist_criteria (
        checklist_id TEXT NOT NULL,
        criterion_id TEXT NOT NULL,
        title        TEXT NOT NULL,  -- as sessions last named it
        PRIMARY KEY (checklist_id, criterion_id, title)
    )
    """,
    "ALTER TABLE sessions ADD COLUMN target_scope TEXT",  # all or checklist: whose the target is; NULL: not stored
    "ALTER TABLE sessions ADD COLUMN critical TEXT",  # JSON: those in force at the completion; NULL for none
    "ALTER TABLE sessions ADD COLUMN critical_failed TEXT",  # JSON: the titles of those that got zero; NULL for none
)
_CRITERIA_READ = 5_000  # sessions: the newest, whose criteria the checklists have today


def m020_critical_criteria(db: Database) -> None:
    for statement in CRITICAL_CRITERIA:
        db.conn.execute(statement)
    found: dict[tuple[str, str, str], str] = {}
    for checklist_id, body in db.conn.execute(
        "SELECT checklist_id, body FROM details JOIN sessions ON sessions.id = details.session"
        " WHERE checklist_id <> '' ORDER BY details.session DESC LIMIT ?",
        (_CRITERIA_READ,),
    ):
        for one in msgspec.json.decode(body)["criteria"]:
            ident, title = one["criterion_id"], one["title"]
            found.setdefault((checklist_id, ident, "" if ident else title), title)  # the newest title of an id
    rows = [(checklist_id, ident, title) for (checklist_id, ident, _), title in found.items()]
    db.conn.executemany("INSERT INTO checklist_criteria VALUES (?, ?, ?)", rows)


# What rules with a schedule sent, what people were reminded of, and when they want quiet.
DIGESTS = (
    # A digest only when action is needed, with a sign of life once a month.
    "ALTER TABLE rules ADD COLUMN only_to_act INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE rules ADD COLUMN scheduled_since INTEGER",  # ms; when its schedule was set, NULL without one
    """
    CREATE TABLE slots (
        rule_id     INTEGER NOT NULL REFERENCES rules (rule_id),
        day         TEXT NOT NULL,     -- ISO; the local date in the rule's zone
        planned_at  INTEGER NOT NULL,  -- ms
        since       TEXT NOT NULL,     -- ISO; the first local day that it covers
        ends_at     INTEGER NOT NULL,  -- ms; the end of what it covers
        zone        TEXT NOT NULL,     -- IANA name
        result      TEXT NOT NULL,     -- of domain.schedules.SlotResult
        data_at     INTEGER,           -- ms; the reading of iSpring that its figures are of, NULL if it has none
        recorded_at INTEGER NOT NULL,
        PRIMARY KEY (rule_id, day)
    )
    """,
    """
    CREATE TABLE reminders (
        session     INTEGER NOT NULL REFERENCES sessions (id),
        clock       TEXT NOT NULL,     -- of domain.reminders.ReminderClock
        since       INTEGER NOT NULL,  -- ms; when the clock began to run: another planned time is another clock
        step        INTEGER NOT NULL,  -- 0 the observer, 1 the supervisor, 2 OPS_CHANNEL
        destination TEXT NOT NULL,
        subject     TEXT NOT NULL,     -- of the notification that lists it
        at          INTEGER NOT NULL,  -- ms
        PRIMARY KEY (session, clock, since, step)
    )
    """,
    "CREATE INDEX reminders_subject ON reminders (subject)",
    "CREATE TABLE quiet_times (slack_user_id TEXT PRIMARY KEY, quiet TEXT NOT NULL, holidays INTEGER NOT NULL)",
    "CREATE TABLE reminder_choices (slack_user_id TEXT PRIMARY KEY, late INTEGER NOT NULL, planned INTEGER NOT NULL)",
    "CREATE TABLE holidays (day TEXT PRIMARY KEY)",  # ISO
    """
    CREATE TABLE nudges (
        person_id TEXT NOT NULL,  -- who was nudged
        day       TEXT NOT NULL,  -- ISO; the local date of who pressed
        by        TEXT NOT NULL,  -- a Slack user
        at        INTEGER NOT NULL,
        PRIMARY KEY (person_id, day)
    )
    """,
)


def m024_digests(db: Database) -> None:
    for statement in DIGESTS:
        db.conn.execute(statement)


def m022_supervision(db: Database) -> None:
    """Where people were read before supervision followed the chain, the next start says what that widens."""
    db.conn.execute(
        "INSERT INTO settings_kv (name, value) SELECT 'supervision', 'direct' FROM settings_kv"
        " WHERE name = 'directory_at'"
    )


# Polls that do not grow with history: how far the comparison of each checklist has come, which open sessions an answer
# lacked, and how iSpring spells the ids that it does not spell in lower case.
INCREMENTAL_POLLING = (
    """
    CREATE TABLE sweeps (
        checklist_id TEXT PRIMARY KEY,             -- lower case; '' for the sessions without one
        named_round  INTEGER NOT NULL DEFAULT 0,   -- in which its session ids were last asked for
        swept_at     INTEGER,                      -- ms; when its last whole comparison began
        cursor       TEXT,                         -- the session id after which the next part begins; NULL: no parts
        began_at     INTEGER,                      -- ms; when the comparison in parts began
        active_at    INTEGER                       -- ms; when a session of it last changed
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE absences (
        session INTEGER PRIMARY KEY REFERENCES sessions (id),
        at      INTEGER NOT NULL                   -- ms; the request whose whole answer lacked this open session
    )
    """,
    """
    CREATE TABLE id_spellings (
        id      TEXT PRIMARY KEY,                  -- lower case, of a session or a checklist
        spelled TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    # Those that no filter of iSpring's lists.
    "CREATE INDEX sessions_unknown ON sessions (outcome) WHERE outcome = 'unknown'",
    # What was completed lately.
    "CREATE INDEX history_at ON history (at)",
)


def m021_incremental_polling(db: Database) -> None:
    for statement in INCREMENTAL_POLLING:
        db.conn.execute(statement)


def m028_home_views(db: Database) -> None:
    """Whose Home tab is open, and a fingerprint of what it shows, so that it is published again when that changes."""
    db.table("home_views").create(
        {"user_id": str, "opened_at": int, "checked_at": int, "fingerprint": str},
        pk="user_id",
        not_null={"opened_at", "checked_at", "fingerprint"},
    )


# Who observed whom last, of a team, is counted without a look at the table too.
REPLACED_TEAM_INDEX = "sessions_team"
INDEX_OF_MEMBERS = (
    "CREATE INDEX IF NOT EXISTS sessions_members ON sessions"
    " (employee_id, checklist_id, finished_at, scheduled_at, outcome, score, missing_since, observer_id)"
)


def m030_index_of_members(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes it."""
    if has_table(db.conn, REPLACED_TEAM_INDEX):
        db.conn.execute(f"DROP INDEX {REPLACED_TEAM_INDEX}")
        db.conn.execute(INDEX_OF_MEMBERS)


# Who sees to a low result, by when; one open one for each session and person. And the files of digests.
FOLLOW_UPS = (
    """
    CREATE TABLE follow_ups (
        follow_up_id INTEGER PRIMARY KEY,
        session      INTEGER NOT NULL REFERENCES sessions (id),
        owner        TEXT NOT NULL,     -- a Slack user
        criterion    TEXT,              -- JSON: id and title; NULL for the whole session
        due          TEXT NOT NULL,     -- ISO; a local date of the owner's
        note         TEXT NOT NULL,     -- as typed, '' for none
        taken_at     INTEGER NOT NULL,  -- ms
        closed_at    INTEGER,           -- ms; NULL while it is open
        ended_as     TEXT,              -- of domain.model.FollowUpEnd; NULL while it is open
        told_in      TEXT               -- subject of the reminder that tells its owner that it ended by itself
    )
    """,
    # Whether the sessions of a digest follow as a file in its thread.
    "ALTER TABLE rules ADD COLUMN csv INTEGER NOT NULL DEFAULT 1",
    # What became of that file: sending, sent, none, or why not; NULL while it is due. Digests of before get none.
    "ALTER TABLE slots ADD COLUMN file TEXT",
    "UPDATE slots SET file = 'none'",
    "CREATE UNIQUE INDEX follow_ups_open ON follow_ups (session, owner) WHERE closed_at IS NULL",
    "CREATE INDEX follow_ups_owner ON follow_ups (owner, due) WHERE closed_at IS NULL",
    "CREATE INDEX follow_ups_session ON follow_ups (session)",
    "CREATE INDEX follow_ups_untold ON follow_ups (owner) WHERE told_in IS NULL AND closed_at IS NOT NULL",
)


def m031_follow_ups(db: Database) -> None:
    for statement in FOLLOW_UPS:
        db.conn.execute(statement)


# What a person wants at once about sessions they are in: only lower scores, and whether about what they did themselves.
NARROWER_PREFERENCES = (
    "ALTER TABLE preferences ADD COLUMN observer_below REAL",  # percent; NULL: by the target
    "ALTER TABLE preferences ADD COLUMN employee_below REAL",
    "ALTER TABLE preferences ADD COLUMN own_actions INTEGER NOT NULL DEFAULT 1",
)


def m032_narrower_preferences(db: Database) -> None:
    for statement in NARROWER_PREFERENCES:
        db.conn.execute(statement)


# Where shadow mode shows what would go elsewhere.
SHADOW_MODE = (
    # The channel that a delivery is shown in instead, as a destination; NULL: it goes to its destination.
    "ALTER TABLE deliveries ADD COLUMN shadow TEXT",
    "CREATE INDEX deliveries_shadow ON deliveries (shadow, created_at) WHERE shadow IS NOT NULL",
    # A channel as it was seen last.
    "ALTER TABLE destinations ADD COLUMN name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE destinations ADD COLUMN is_public INTEGER NOT NULL DEFAULT 0",
)


def m033_shadow_mode(db: Database) -> None:
    for statement in SHADOW_MODE:
        db.conn.execute(statement)


# Figures without a site, an observer or an employee, and those of a long time, are counted in the order of scores; and
# those of observers in their order. Both without a look at the table.
WIDER_INDEXES = {
    "sessions_score": "CREATE INDEX IF NOT EXISTS sessions_by_score ON sessions"
    " (score, outcome, missing_since, finished_at, scheduled_at, checklist_id, employee_id, observer_id)",
    "sessions_observer": "CREATE INDEX IF NOT EXISTS sessions_by_observer ON sessions"
    " (observer_id, finished_at, scheduled_at, outcome, score, missing_since)",
}  # by the index that each replaces


def m034_wider_indexes(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes them."""
    for replaced, statement in WIDER_INDEXES.items():
        if has_table(db.conn, replaced):
            db.conn.execute(f"DROP INDEX {replaced}")
            db.conn.execute(statement)


# What a correction of points alone changed.
POINTS_OF_CORRECTIONS = (
    "ALTER TABLE history ADD COLUMN old_points TEXT",  # JSON: points and their total; NULL if the outcome changed
    "ALTER TABLE history ADD COLUMN new_points TEXT",
)


def m035_points_of_corrections(db: Database) -> None:
    for statement in POINTS_OF_CORRECTIONS:
        db.conn.execute(statement)


def m036_points_of_no_total(db: Database) -> None:
    """Judges what is over once more where the points are no share of their total: they decide nothing now."""
    rows = db.conn.execute(
        "SELECT id, status, result, points, total_points, target, critical_failed, outcome, score, completed_as"
        " FROM sessions WHERE score IS NOT NULL AND total_points > 0 AND (points > total_points OR points < 0)"
    ).fetchall()
    for number, status, result, points, total, target, critical, was, score, completed_as in rows:
        titles = tuple(msgspec.json.decode(critical, type=list[str])) if critical else ()
        outcome = judge(numbers_only(status, result, points, total), target, titles)
        if (outcome.kind, outcome.score) == (was, score):
            continue
        db.conn.execute(
            "UPDATE sessions SET outcome = ?, score = ?, completed_as = ?, version = version + 1 WHERE id = ?",
            (outcome.kind, outcome.score, outcome.kind if completed_as == was else completed_as, number),
        )
        db.conn.execute(
            "UPDATE deliveries SET edit_due_at = coalesce(edit_due_at, created_at), edit_is_cosmetic = 0"
            " WHERE state = 'sent' AND edit_ended IS NULL AND id IN (SELECT delivery FROM notifications JOIN sessions"
            " USING (session_id, employee_id) WHERE sessions.id = ? AND delivery IS NOT NULL)",
            (number,),
        )


# Figures of weeks and months are counted in the order of days, outcomes and scores: nothing is sorted, and a few rows
# stand for each day.
INDEX_OF_DAYS = (
    "CREATE INDEX IF NOT EXISTS sessions_by_day ON sessions (coalesce(finished_at, scheduled_at) / 86400000, outcome,"
    " score, missing_since, finished_at, scheduled_at)"
)


def m037_index_of_days(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes it."""
    if has_table(db.conn, "sessions_by_score"):
        db.conn.execute(INDEX_OF_DAYS)


# In the order in which they run; a new one is appended.
STEPS_FROM_018 = (
    m018_rule_options,
    m020_critical_criteria,
    m024_digests,
    m022_supervision,
    m021_incremental_polling,
    m028_home_views,
    m030_index_of_members,
    m031_follow_ups,
    m032_narrower_preferences,
    m033_shadow_mode,
    m034_wider_indexes,
    m035_points_of_corrections,
    m036_points_of_no_total,
    m037_index_of_days,
)
