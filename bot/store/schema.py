"""The tables, as steps that are only ever appended to: a step that has been released never changes again (but for its
comments, which old files keep as they were).

Each step runs inside the one transaction that `opening` holds; none may use `executescript`, which commits.
"""

import sqlite3

import msgspec
from sqlite_utils import Database, Migrations

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.model import Person, SessionFacts, SessionKey
from bot.domain.outcomes import judge
from bot.query.by_id import by_id
from bot.query.parser import Names, parse, say
from bot.store.sqlite import has_table

APPLICATION_ID = 0x53505431  # "SPT1": tells `file` and us whose database this is

migrations = Migrations("spotter")

TABLES = (
    """
    CREATE TABLE state (
        name  TEXT PRIMARY KEY,  -- facts of which there is one each: created_at, baseline_at, app_refused, ...
        value                    -- whatever fits: milliseconds, text, bytes
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE sessions (
        id              INTEGER PRIMARY KEY,
        session_id      TEXT NOT NULL,     -- lower case
        employee_id     TEXT NOT NULL,     -- lower case
        observer_id     TEXT NOT NULL,
        checklist_id    TEXT NOT NULL,
        checklist_title TEXT NOT NULL,
        status          TEXT NOT NULL,     -- iSpring's own word
        scheduled_raw   TEXT,              -- the three dates as iSpring spelled them
        scheduled_at    INTEGER,           -- ms; NULL where the spelling could not be understood
        started_raw     TEXT,
        started_at      INTEGER,
        finished_raw    TEXT,
        finished_at     INTEGER,
        result          REAL,              -- percent, as iSpring says
        points          REAL,
        total_points    REAL,
        target          REAL,              -- percent, in force at the completion
        outcome         TEXT NOT NULL,     -- of core.outcome, kept so that SQL can ask for it
        score           REAL,              -- percent, of core.outcome
        completed_as    TEXT,              -- the outcome of the last completion, kept while re-opened
        fingerprint     INTEGER NOT NULL,  -- of the row in the listing, the eight bytes as a little-endian number
        version         INTEGER NOT NULL,  -- rises with every stored change
        first_seen_at   INTEGER NOT NULL,
        changed_at      INTEGER NOT NULL,
        missing_since   INTEGER,           -- ms; the row stays, until it is erased
        details         TEXT NOT NULL,     -- none, owed, fetched, unavailable
        details_tries   INTEGER NOT NULL DEFAULT 0,  -- fetches that brought nothing
        details_due_at  INTEGER NOT NULL DEFAULT 0   -- ms; not to be asked for before
    )
    """,
    # A session is one employee's part of it. Also answers "ids that begin with", for short ids.
    "CREATE UNIQUE INDEX sessions_key ON sessions (session_id, employee_id)",
    """
    CREATE TABLE checklists (
        checklist_id TEXT PRIMARY KEY,
        title        TEXT NOT NULL      -- as the sessions last named it
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE history (
        session INTEGER NOT NULL REFERENCES sessions (id),
        version INTEGER NOT NULL,  -- that this change led to
        at      INTEGER NOT NULL,
        kind    TEXT NOT NULL,     -- of core.model.ChangeKind
        old     TEXT,              -- outcome before, as JSON
        new     TEXT NOT NULL,     -- outcome after, as JSON
        PRIMARY KEY (session, version)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE details (
        session    INTEGER PRIMARY KEY REFERENCES sessions (id),
        body       TEXT NOT NULL,    -- criteria and areas as JSON, in iSpring's order
        fetched_at INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE acknowledgements (
        session       INTEGER NOT NULL REFERENCES sessions (id),
        slack_user_id TEXT NOT NULL,
        at            INTEGER NOT NULL,
        PRIMARY KEY (session, slack_user_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE targets (
        checklist_id TEXT PRIMARY KEY,  -- '' for all
        percent      REAL,              -- NULL: expressly none
        set_by       TEXT NOT NULL,     -- Slack user id
        set_at       INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE statuses (
        status TEXT PRIMARY KEY  -- spellings the admin has been told of
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE destinations (
        destination TEXT PRIMARY KEY,  -- channel:C0123, person:..., user:U0123
        due_at      INTEGER,           -- ms; when something can be posted there, NULL where nothing waits
        held        TEXT               -- why nothing can be posted there for now, else NULL
    ) WITHOUT ROWID
    """,
    # The destinations with something to post now, without reading the notices. Blocked ones are not in it.
    "CREATE INDEX destinations_due ON destinations (due_at) WHERE due_at IS NOT NULL AND held IS NULL",
    """
    CREATE TABLE deliveries (
        id                 INTEGER PRIMARY KEY,
        delivery_id        TEXT NOT NULL UNIQUE,
        destination        TEXT NOT NULL,
        state              TEXT NOT NULL,     -- of core.model.DeliveryState
        created_at         INTEGER NOT NULL,
        due_at             INTEGER NOT NULL,  -- waiting: the next try; unsure: the next look
        attempts           INTEGER NOT NULL DEFAULT 0,
        looks              INTEGER NOT NULL DEFAULT 0,
        plain              INTEGER NOT NULL DEFAULT 0,
        resent_blind       INTEGER NOT NULL DEFAULT 0,
        channel            TEXT,
        ts                 TEXT,
        attempt_started_at INTEGER,
        attempt_ended_at   INTEGER,
        slack_time         REAL,              -- Unix seconds of Slack's own clock
        why                TEXT NOT NULL DEFAULT '',
        edit_due_at        INTEGER,           -- ms; NULL where the message shows what is known
        edit_ended         TEXT               -- why it is never edited again, else NULL
    )
    """,
    # What was tried before comes first at its destination.
    "CREATE INDEX deliveries_waiting ON deliveries (destination, due_at) WHERE state = 'waiting'",
    # Read-backs that are due, what was being sent when a process died, and the counts by state.
    "CREATE INDEX deliveries_state ON deliveries (state, due_at)",
    # Edits that are due: a handful among all that was ever sent.
    "CREATE INDEX deliveries_edits ON deliveries (edit_due_at) WHERE edit_due_at IS NOT NULL",
    # The delivery behind a message, for the buttons on it.
    "CREATE INDEX deliveries_message ON deliveries (channel, ts) WHERE ts IS NOT NULL",
    """
    CREATE TABLE notices (
        id            INTEGER PRIMARY KEY,
        destination   TEXT NOT NULL,
        subject       TEXT NOT NULL,
        kind          TEXT NOT NULL,     -- of core.model.NoticeKind
        reason        TEXT NOT NULL,
        session_id    TEXT,
        employee_id   TEXT,
        rule_ids      TEXT NOT NULL,     -- JSON list of numbers
        facts         TEXT NOT NULL,     -- JSON: ids and numbers, no words
        owed_at       INTEGER NOT NULL,
        due_at        INTEGER NOT NULL,
        rank          INTEGER NOT NULL,  -- 0: goes alone; 1: a session below target or failed; 2: another session
        delivery      INTEGER REFERENCES deliveries (id),  -- the message that carries it, once claimed
        shown_version INTEGER,           -- of the session, that the message shows
        ended         TEXT,              -- why it will not be sent, else NULL
        UNIQUE (destination, subject)    -- owing it twice owes it once
    )
    """,
    # The next message for a destination, below target first; small, because only what waits is in it.
    "CREATE INDEX notices_next ON notices (destination, rank, id) WHERE delivery IS NULL AND ended IS NULL",
    # When the next notice of a destination is due.
    "CREATE INDEX notices_due ON notices (destination, due_at) WHERE delivery IS NULL AND ended IS NULL",
    # What a message carries.
    "CREATE INDEX notices_delivery ON notices (delivery) WHERE delivery IS NOT NULL",
    # Who is notified of a session: for edits when it changes, and for "why".
    "CREATE INDEX notices_session ON notices (session_id, employee_id) WHERE session_id IS NOT NULL",
    """
    CREATE TABLE attempts (
        id         INTEGER PRIMARY KEY,
        delivery   INTEGER NOT NULL REFERENCES deliveries (id),
        started_at INTEGER NOT NULL,
        ended_at   INTEGER NOT NULL,
        what       TEXT NOT NULL,  -- post, look, edit
        result     TEXT NOT NULL,
        why        TEXT NOT NULL
    )
    """,
    # The attempts of one delivery, the oldest of which are forgotten.
    "CREATE INDEX attempts_delivery ON attempts (delivery)",
    """
    CREATE TABLE rules (
        rule_id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- people know it by number: never used again
        destination  TEXT NOT NULL,
        owner        TEXT NOT NULL,     -- Slack user id, or operator
        query        TEXT NOT NULL,     -- canonical text of core.query
        state        TEXT NOT NULL,     -- of core.model.RuleState
        created_at   INTEGER NOT NULL,
        active_since INTEGER,           -- ms; hears only of listings requested after
        why          TEXT NOT NULL DEFAULT ''
    )
    """,
    """
    CREATE TABLE default_channels (
        channel_id TEXT PRIMARY KEY  -- DEFAULT_CHANNEL had its rule here once; it is not made again
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE people (
        person_id     TEXT PRIMARY KEY,
        name          TEXT NOT NULL,
        email         TEXT,
        job_title     TEXT,
        department_id TEXT,
        status        TEXT NOT NULL,
        subordination TEXT NOT NULL,
        supervisor_id TEXT,
        manages       TEXT NOT NULL  -- JSON list of department ids
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE departments (
        department_id TEXT PRIMARY KEY,
        name          TEXT NOT NULL,
        parent_id     TEXT,
        subordination TEXT NOT NULL,
        supervisor_id TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE slack_users (
        user_id        TEXT PRIMARY KEY,
        email          TEXT,
        zone           TEXT NOT NULL,
        is_full_member INTEGER NOT NULL,
        why_not        TEXT NOT NULL,
        seen_at        INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    # Which Slack accounts share an address.
    "CREATE INDEX slack_users_email ON slack_users (email) WHERE email IS NOT NULL",
    """
    CREATE TABLE no_slack_users (
        email TEXT PRIMARY KEY,  -- Slack knows nobody by it
        at    INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE links (
        slack_user_id TEXT PRIMARY KEY,
        person_id     TEXT NOT NULL UNIQUE,
        by            TEXT NOT NULL,  -- 'email', or the admin who confirmed it
        email         TEXT,           -- that both had: the link rests while either has another
        at            INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE preferences (
        slack_user_id TEXT PRIMARY KEY,
        as_observer   TEXT,
        as_employee   TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE ledger (
        id      INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        who     TEXT NOT NULL,
        verb    TEXT NOT NULL,
        subject TEXT NOT NULL
    )
    """,
)

# Made when the baseline is finished: each row of it would else dirty a page of every index (seen with a million rows:
# minutes instead of seconds). Until then the same questions are answered by scans of what is there.
INDEXES_OF_BASELINE = (
    # Comparing a listing reads this index instead of the table: some 16 bytes a session instead of 350.
    "CREATE INDEX IF NOT EXISTS sessions_fingerprint ON sessions (fingerprint)",
    # The newest completions first; the last three so that the matches are counted without reading the table.
    "CREATE INDEX IF NOT EXISTS sessions_newest ON sessions (finished_at, scheduled_at, missing_since, outcome, score)",
    # A person's own sessions, a team's, and the session before this one on the same checklist.
    "CREATE INDEX IF NOT EXISTS sessions_employee ON sessions (employee_id, checklist_id, finished_at)",
    # What an observer conducted or has to conduct.
    "CREATE INDEX IF NOT EXISTS sessions_observer ON sessions (observer_id, finished_at)",
    # The few that iSpring no longer lists: each comparison asks for them.
    "CREATE INDEX IF NOT EXISTS sessions_missing ON sessions (missing_since) WHERE missing_since IS NOT NULL",
    # Whose criteria to fetch next; it empties as they come.
    "CREATE INDEX IF NOT EXISTS sessions_details_owed ON sessions (coalesce(finished_at, changed_at))"
    " WHERE details = 'owed'",
)


@migrations()
def m001_first_tables(db: Database) -> None:
    for statement in TABLES:
        db.conn.execute(statement)


# What was erased is told from what is new by its ids alone. They are kept bare: a hash would hide nothing from whoever
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


@migrations()
def m002_forgetting(db: Database) -> None:
    for statement in FORGETTING:
        db.conn.execute(statement)


@migrations()
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


@migrations()
def m004_destinations_fare(db: Database) -> None:
    for statement in DESTINATIONS_FARE:
        db.conn.execute(statement)


SUMMARIES = (
    # The summary that counts this notice's session instead of a card; `ended` says so too, so that nothing posts it.
    "ALTER TABLE notices ADD COLUMN counted_in INTEGER REFERENCES notices (id)",
    # What a summary counts.
    "CREATE INDEX notices_counted ON notices (counted_in) WHERE counted_in IS NOT NULL",
)


@migrations()
def m005_summaries(db: Database) -> None:
    for statement in SUMMARIES:
        db.conn.execute(statement)


@migrations()
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


@migrations()
def m007_promised_details(db: Database) -> None:
    for statement in PRIORITY_DETAILS:
        db.conn.execute(statement)


@migrations()
def m008_unknown_refusals(db: Database) -> None:
    # Slack's word for no, where the last attempt ended with one that nobody knows; '' elsewhere.
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


@migrations()
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


@migrations()
def m010_computed_eligibility(db: Database) -> None:
    for statement in ELIGIBILITY:
        db.conn.execute(statement)


@migrations()
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


@migrations()
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


@migrations()
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


@migrations()
def m014_completions(db: Database) -> None:
    for statement in COMPLETIONS:
        db.conn.execute(statement)


@migrations()
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
            outcome = judge(_numbers_only(status, result, points, total), target)
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


def _numbers_only(status: str, result: float | None, points: float | None, total_points: float | None) -> SessionFacts:
    """What a verdict depends on, beside the target."""
    return SessionFacts(SessionKey("", ""), "", "", "", status, result=result, points=points, total_points=total_points)


@migrations()
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
_REPLACED = "sessions_employee"  # sessions_team begins with the same columns


@migrations()
def m017_indexes_of_reports(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes them."""
    if has_table(db.conn, _REPLACED):
        db.conn.execute(f"DROP INDEX {_REPLACED}")
        for statement in INDEXES_OF_REPORTS:
            db.conn.execute(statement)


# What a rule sends, when and how; and what is held back until a moment that somebody chose.
RULE_OPTIONS = (
    "ALTER TABLE rules ADD COLUMN form TEXT NOT NULL DEFAULT 'results'",
    "ALTER TABLE rules ADD COLUMN schedule TEXT",  # as 'weekly mon 09:00'; NULL for at once
    "ALTER TABLE rules ADD COLUMN zone TEXT",  # an IANA name, of the schedule
    "ALTER TABLE rules ADD COLUMN edits INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE rules ADD COLUMN names TEXT NOT NULL DEFAULT 'full'",  # or 'initials'
    "ALTER TABLE rules ADD COLUMN resumes_at INTEGER",  # ms; the end of a pause that somebody made
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


@migrations()
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


@migrations()
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
    # A digest only when somebody has to act, with a sign of life once a month.
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


@migrations()
def m024_digests(db: Database) -> None:
    for statement in DIGESTS:
        db.conn.execute(statement)


@migrations()
def m022_supervision(db: Database) -> None:
    """Where people were read before supervision followed the chain, the next start says what that widens."""
    db.conn.execute(
        "INSERT INTO settings_kv (name, value) SELECT 'supervision', 'direct' FROM settings_kv"
        " WHERE name = 'directory_at'"
    )


@migrations()
def m028_home_views(db: Database) -> None:
    """Whose Home tab is open, and a fingerprint of what it shows, so that it is published again when that changes."""
    db.table("home_views").create(
        {"user_id": str, "opened_at": int, "checked_at": int, "fingerprint": str},
        pk="user_id",
        not_null={"opened_at", "checked_at", "fingerprint"},
    )


# Who observed whom last, of a team, is counted without a look at the table too.
_TEAM_REPLACED = "sessions_team"
INDEX_OF_MEMBERS = (
    "CREATE INDEX IF NOT EXISTS sessions_members ON sessions"
    " (employee_id, checklist_id, finished_at, scheduled_at, outcome, score, missing_since, observer_id)"
)


@migrations()
def m030_index_of_members(db: Database) -> None:
    """Where a baseline is finished; elsewhere its end makes it."""
    if has_table(db.conn, _TEAM_REPLACED):
        db.conn.execute(f"DROP INDEX {_TEAM_REPLACED}")
        db.conn.execute(INDEX_OF_MEMBERS)


def finish_indexes(connection: sqlite3.Connection) -> None:
    """Makes the indexes of a finished baseline, once."""
    for statement in (*INDEXES_OF_BASELINE, *INDEXES_OF_REPORTS, INDEX_OF_MEMBERS):
        if not any(f" {name} " in statement for name in (_REPLACED, _TEAM_REPLACED)):
            connection.execute(statement)
