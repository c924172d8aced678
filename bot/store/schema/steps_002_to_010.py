"""Steps 2 to 10: erasure, summaries of outages, alerts, criteria, and today's names for tables and columns (step 9)."""

from sqlite_utils import Database

# Only its ids tell what was erased from what is new. They are kept bare: a hash would hide nothing from a reader who
# has iSpring's list of ids, and without that list an id says nothing about anybody.
FORGETTING = (
    """
    CREATE TABLE erased_people (
        person_id TEXT PRIMARY KEY,
        erased_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE erased_sessions (
        session_id  TEXT NOT NULL,
        employee_id TEXT NOT NULL,
        fingerprint INTEGER NOT NULL,  -- as in sessions: a listing that still has it says nothing new
        erased_at   INTEGER NOT NULL,
        PRIMARY KEY (session_id, employee_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX erased_sessions_fingerprint ON erased_sessions (fingerprint)",
)


def m002_forgetting(db: Database) -> None:
    for statement in FORGETTING:
        db.conn.execute(statement)


def m003_severed_ties(db: Database) -> None:
    db.conn.execute(
        """
        CREATE TABLE severed (
            slack_user_id TEXT PRIMARY KEY,  -- its e-mail address ties it to nobody until an admin links it
            by            TEXT NOT NULL,     -- the account itself, or the admin who unlinked it
            at            INTEGER NOT NULL
        ) WITHOUT ROWID
        """
    )


# Destinations: since when one is blocked, when its channel was last checked, what its rules' owners agreed to.
DESTINATIONS_FARE = (
    "ALTER TABLE destinations ADD COLUMN held_at INTEGER",  # ms; NULL where nothing is held
    "ALTER TABLE destinations ADD COLUMN looked_at INTEGER",  # ms; when Slack was last asked how the channel is
    # 'private' or 'public': which kind of channel the owner last knew it to be; NULL before the first look
    "ALTER TABLE rules ADD COLUMN audience TEXT",
    """
    CREATE TABLE moved_channels (
        old_id TEXT PRIMARY KEY,  -- settings may still name it
        new_id TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)


def m004_destinations_fare(db: Database) -> None:
    for statement in DESTINATIONS_FARE:
        db.conn.execute(statement)


SUMMARIES = (
    # The summary that counts this notice's session instead of a card; `ended` says so too, so that nothing posts it.
    "ALTER TABLE notices ADD COLUMN counted_in INTEGER REFERENCES notices (id)",
    # What a summary counts.
    "CREATE INDEX notices_counted ON notices (counted_in) WHERE counted_in IS NOT NULL",
)


def m005_summaries(db: Database) -> None:
    for statement in SUMMARIES:
        db.conn.execute(statement)


def m006_troubles(db: Database) -> None:
    db.conn.execute(
        """
        CREATE TABLE troubles (
            code  TEXT PRIMARY KEY,  -- of core.troubles, or what a poll finds; a row stands while the trouble does
            since INTEGER NOT NULL,
            facts TEXT NOT NULL      -- JSON: ids and numbers for its sentence
        ) WITHOUT ROWID
        """
    )


# Of the criteria to fetch, the few that a notification shows. Cancelled notices were not sent, or only counted.
PRIORITY_DETAILS = (
    # 1: a card or an answer says that the criteria come, so they are fetched first, however old the session
    "ALTER TABLE sessions ADD COLUMN details_promised INTEGER NOT NULL DEFAULT 0",
    """
    UPDATE sessions SET details_promised = 1 WHERE id IN (
        SELECT sessions.id FROM notices JOIN sessions USING (session_id, employee_id) WHERE notices.ended IS NULL
    )
    """,
    "CREATE INDEX sessions_details_promised ON sessions (coalesce(finished_at, changed_at))"
    " WHERE details = 'owed' AND details_promised = 1",
)


def m007_promised_details(db: Database) -> None:
    for statement in PRIORITY_DETAILS:
        db.conn.execute(statement)


def m008_unknown_refusals(db: Database) -> None:
    # Slack's word for no, where the last attempt ended with an unknown one; '' elsewhere.
    db.conn.execute("ALTER TABLE deliveries ADD COLUMN refused TEXT NOT NULL DEFAULT ''")


# The field's terms, in place of the words of the first eight steps. SQLite carries columns through indexes; an index
# that a query names (INDEXED BY) is made again under its new name.
RENAME = (
    "ALTER TABLE state RENAME TO settings_kv",
    "ALTER TABLE ledger RENAME TO audit_log",
    "ALTER TABLE severed RENAME TO link_blocks",
    "ALTER TABLE no_slack_users RENAME TO email_misses",
    "ALTER TABLE statuses RENAME TO seen_statuses",
    "ALTER TABLE troubles RENAME TO alerts",
    "ALTER TABLE notices RENAME TO notifications",
    "ALTER TABLE notifications RENAME COLUMN owed_at TO created_at",
    "ALTER TABLE notifications RENAME COLUMN ended TO cancelled_reason",
    "ALTER TABLE notifications RENAME COLUMN rank TO priority",
    "ALTER TABLE notifications RENAME COLUMN counted_in TO digest_id",
    "ALTER TABLE destinations RENAME COLUMN held TO blocked_reason",
    "ALTER TABLE destinations RENAME COLUMN held_at TO blocked_at",
    "ALTER TABLE destinations RENAME COLUMN looked_at TO checked_at",
    "ALTER TABLE deliveries RENAME COLUMN plain TO text_only",
    "ALTER TABLE deliveries RENAME COLUMN looks TO read_backs",
    "ALTER TABLE deliveries RENAME COLUMN resent_blind TO resent_unverified",
    "ALTER TABLE deliveries RENAME COLUMN refused TO slack_error",
    "ALTER TABLE deliveries RENAME COLUMN why TO reason",
    "ALTER TABLE attempts RENAME COLUMN why TO reason",
    "ALTER TABLE rules RENAME COLUMN why TO reason",
    "ALTER TABLE slack_users RENAME COLUMN why_not TO not_allowed_reason",
    "ALTER TABLE sessions RENAME COLUMN details_promised TO details_prioritised",
    "ALTER TABLE people RENAME COLUMN manages TO manages_departments",
    "UPDATE settings_kv SET name = 'last_retention_at' WHERE name = 'tidied_at'",
    "UPDATE settings_kv SET name = 'completeness_checked_at' WHERE name = 'roll_called_at'",
    "UPDATE settings_kv SET name = 'restored_from' WHERE name = 'catch_up_since'",
    "DROP INDEX sessions_details_promised",
    "CREATE INDEX sessions_details_prioritised ON sessions (coalesce(finished_at, changed_at))"
    " WHERE details = 'owed' AND details_prioritised = 1",
    "DROP INDEX notices_next",
    "CREATE INDEX notifications_next ON notifications (destination, priority, id)"
    " WHERE delivery IS NULL AND cancelled_reason IS NULL",
    "DROP INDEX notices_due",
    "CREATE INDEX notifications_due ON notifications (destination, due_at)"
    " WHERE delivery IS NULL AND cancelled_reason IS NULL",
    "DROP INDEX notices_delivery",
    "CREATE INDEX notifications_delivery ON notifications (delivery) WHERE delivery IS NOT NULL",
    "DROP INDEX notices_session",
    "CREATE INDEX notifications_session ON notifications (session_id, employee_id) WHERE session_id IS NOT NULL",
    "DROP INDEX notices_counted",
    "CREATE INDEX notifications_counted ON notifications (digest_id) WHERE digest_id IS NOT NULL",
    "UPDATE alerts SET code = 'rows_rejected' WHERE code = 'rows_set_aside'",
    "UPDATE alerts SET code = 'socket_disconnected' WHERE code = 'socket_deaf'",
    "UPDATE notifications SET facts = replace(replace(facts, '\"rows_set_aside\"', '\"rows_rejected\"'),"
    " '\"socket_deaf\"', '\"socket_disconnected\"') WHERE kind = 'ops'",
    # The fact that alerts name is called as everywhere else.
    "UPDATE alerts SET facts = json_remove(json_set(facts, '$.reason', json_extract(facts, '$.why')), '$.why')"
    " WHERE json_extract(facts, '$.why') IS NOT NULL",
    "UPDATE notifications SET facts = json_remove(json_set(facts, '$.reason', json_extract(facts, '$.why')), '$.why')"
    " WHERE json_extract(facts, '$.why') IS NOT NULL",
)


def m009_rename(db: Database) -> None:
    for statement in RENAME:
        db.conn.execute(statement)


# States in the field's terms, and no copy of a pause: eligibility is computed from rules and destinations.
_FOR_NOW_NEVER = 253_370_764_800_000  # ms; 9999-01-01, the due time that stood for a paused rule
ELIGIBILITY = (
    "ALTER TABLE deliveries ADD COLUMN reason_code TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE notifications ADD COLUMN cancelled_code TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE rules ADD COLUMN reason_code TEXT NOT NULL DEFAULT ''",
    # The sentences that decided something until now.
    "UPDATE deliveries SET reason_code = 'posted_and_deleted'"
    " WHERE reason = 'was posted by an earlier try, and is gone from Slack since'",
    "UPDATE notifications SET cancelled_code = CASE WHEN digest_id IS NOT NULL THEN 'counted'"
    " WHEN cancelled_reason = 'the card that stands there shows it' THEN 'shown_by_other_card' ELSE 'cancelled' END"
    " WHERE cancelled_reason IS NOT NULL",
    "UPDATE rules SET reason_code = CASE reason WHEN 'owner_gone' THEN 'owner_gone'"
    " WHEN 'turned_public' THEN 'turned_public' WHEN 'the person who made it was erased' THEN 'owner_erased'"
    " ELSE '' END WHERE state = 'paused'",
    # A rule that was paused only because its destination is blocked.
    "UPDATE rules SET state = 'active', reason = '' WHERE state = 'paused' AND reason_code = ''",
    f"UPDATE notifications SET due_at = created_at WHERE due_at >= {_FOR_NOW_NEVER}",
    "DROP INDEX deliveries_waiting",
    "UPDATE deliveries SET state = CASE state WHEN 'waiting' THEN 'pending' WHEN 'held' THEN 'pending'"
    " WHEN 'unsure' THEN 'ambiguous' WHEN 'dead' THEN 'failed' WHEN 'dropped' THEN 'cancelled' ELSE state END",
    "UPDATE attempts SET what = 'read_back' WHERE what = 'look'",
    # Messages that were tried before, by destination.
    "CREATE INDEX deliveries_pending ON deliveries (destination, due_at) WHERE state = 'pending'",
    "DROP INDEX destinations_due",
    "ALTER TABLE destinations DROP COLUMN due_at",
    "DROP INDEX notifications_due",
    # Groups of the eligibility pass, answered by the index alone: so it holds what its own condition names, too.
    "CREATE INDEX notifications_groups ON notifications"
    " (destination, rule_ids, kind, due_at, created_at, delivery, cancelled_reason)"
    " WHERE delivery IS NULL AND cancelled_reason IS NULL",
)


def m010_computed_eligibility(db: Database) -> None:
    for statement in ELIGIBILITY:
        db.conn.execute(statement)
