"""Step 1: the tables of the first version, by the names they had then; step 9 renames them."""

from sqlite_utils import Database

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


def m001_first_tables(db: Database) -> None:
    for statement in TABLES:
        db.conn.execute(statement)
