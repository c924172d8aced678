-- A database as version 0.1.0 left it: sent, ambiguous and failed deliveries, one being sent, a blocked channel,
-- a paused rule, a digest, alerts, an erased person, rules with names and since:.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'spotter','m001_first_tables','2026-11-27 15:41:27.410547+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'spotter','m002_forgetting','2026-11-27 15:41:27.411016+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'spotter','m003_severed_ties','2026-11-27 15:41:27.411336+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'spotter','m004_destinations_fare','2026-11-27 15:41:27.412631+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'spotter','m005_summaries','2026-11-27 15:41:27.413230+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'spotter','m006_troubles','2026-11-27 15:41:27.413501+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'spotter','m007_promised_details','2026-11-27 15:41:27.414187+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'spotter','m008_unknown_refusals','2026-11-27 15:41:27.414750+00:00');
CREATE TABLE acknowledgements (
        session       INTEGER NOT NULL REFERENCES sessions (id),
        slack_user_id TEXT NOT NULL,
        at            INTEGER NOT NULL,
        PRIMARY KEY (session, slack_user_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE attempts (
        id         INTEGER PRIMARY KEY,
        delivery   INTEGER NOT NULL REFERENCES deliveries (id),
        started_at INTEGER NOT NULL,
        ended_at   INTEGER NOT NULL,
        what       TEXT NOT NULL,  -- post, look, edit
        result     TEXT NOT NULL,
        why        TEXT NOT NULL
    );
INSERT INTO "attempts" VALUES(1,1,1795435200000,1795435200000,'post','sent','');
INSERT INTO "attempts" VALUES(2,2,1795435200000,1795435200000,'post','unsure','');
INSERT INTO "attempts" VALUES(3,4,1795435200000,1795435200000,'post','destination gone','');
INSERT INTO "attempts" VALUES(4,5,1795435200000,1795435200000,'post','message refused','');
CREATE TABLE checklists (
        checklist_id TEXT PRIMARY KEY,
        title        TEXT NOT NULL      -- as the sessions last named it
    ) WITHOUT ROWID
    ;
INSERT INTO "checklists" VALUES('opening','Opening');
CREATE TABLE default_channels (
        channel_id TEXT PRIMARY KEY  -- DEFAULT_CHANNEL had its rule here once; it is not made again
    ) WITHOUT ROWID
    ;
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
    , refused TEXT NOT NULL DEFAULT '');
INSERT INTO "deliveries" VALUES(1,'sent','channel:C0001','sent',1795435200000,1795435200000,1,0,0,0,'C0001','171.1',1795435200000,1795435200000,1.5,'',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(2,'unsure','channel:C0001','unsure',1795435200000,1795435205000,1,0,0,0,NULL,NULL,1795435200000,1795435200000,1.5,'unsure whether it was posted: reply lost',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(3,'sending','channel:C0002','sending',1795435200000,1795435200000,0,0,0,0,NULL,NULL,1795435200000,NULL,1.5,'',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(4,'held','channel:C0ARCHIVED','held',1795435200000,1795435200000,1,0,0,0,NULL,NULL,1795435200000,1795435200000,1.5,'is_archived',NULL,NULL,'');
INSERT INTO "deliveries" VALUES(5,'dead','person:ana','dead',1795435200000,1795435200000,1,0,1,0,NULL,NULL,1795435200000,1795435200000,1.5,'Slack refused the message, also as plain text: no_text',NULL,NULL,'');
CREATE TABLE departments (
        department_id TEXT PRIMARY KEY,
        name          TEXT NOT NULL,
        parent_id     TEXT,
        subordination TEXT NOT NULL,
        supervisor_id TEXT
    ) WITHOUT ROWID
    ;
INSERT INTO "departments" VALUES('shop','Shop',NULL,'inherit',NULL);
CREATE TABLE destinations (
        destination TEXT PRIMARY KEY,  -- channel:C0123, person:..., user:U0123
        due_at      INTEGER,           -- ms; when something can be posted there, NULL where nothing waits
        held        TEXT               -- why nothing can be posted there for now, else NULL
    , held_at INTEGER, looked_at INTEGER) WITHOUT ROWID
    ;
INSERT INTO "destinations" VALUES('channel:C0001',1795435200000,NULL,NULL,NULL);
INSERT INTO "destinations" VALUES('channel:C0002',1795435200000,NULL,NULL,NULL);
INSERT INTO "destinations" VALUES('channel:C0ARCHIVED',1795435200000,'is_archived',1795435200000,NULL);
INSERT INTO "destinations" VALUES('channel:C0PUBLIC',253370764800000,NULL,NULL,NULL);
INSERT INTO "destinations" VALUES('person:ana',NULL,NULL,NULL,NULL);
CREATE TABLE details (
        session    INTEGER PRIMARY KEY REFERENCES sessions (id),
        body       TEXT NOT NULL,    -- criteria and areas as JSON, in iSpring's order
        fetched_at INTEGER NOT NULL
    );
CREATE TABLE erased_people (
        person_id TEXT PRIMARY KEY,
        erased_at INTEGER NOT NULL
    ) WITHOUT ROWID
    ;
INSERT INTO "erased_people" VALUES('eve',1795435200000);
CREATE TABLE erased_sessions (
        session_id  TEXT NOT NULL,
        employee_id TEXT NOT NULL,
        fingerprint INTEGER NOT NULL,  -- as in sessions: a listing that still has it says nothing new
        erased_at   INTEGER NOT NULL,
        PRIMARY KEY (session_id, employee_id)
    ) WITHOUT ROWID
    ;
INSERT INTO "erased_sessions" VALUES('c9f0f895-fb98-ab91-59f5-1fd0297e236d','eve',-250314817111430243,1795435200000);
CREATE TABLE history (
        session INTEGER NOT NULL REFERENCES sessions (id),
        version INTEGER NOT NULL,  -- that this change led to
        at      INTEGER NOT NULL,
        kind    TEXT NOT NULL,     -- of core.model.ChangeKind
        old     TEXT,              -- outcome before, as JSON
        new     TEXT NOT NULL,     -- outcome after, as JSON
        PRIMARY KEY (session, version)
    ) WITHOUT ROWID
    ;
INSERT INTO "history" VALUES(1,1,1795435200000,'completed',NULL,'{"kind":"below","score":55.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(2,1,1795435200000,'completed',NULL,'{"kind":"below","score":60.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(3,1,1795435200000,'completed',NULL,'{"kind":"below","score":65.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(4,1,1795435200000,'completed',NULL,'{"kind":"below","score":70.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(5,1,1795435200000,'completed',NULL,'{"kind":"below","score":75.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(6,1,1795435200000,'completed',NULL,'{"kind":"met","score":80.0,"target":80.0,"status":"PASSED"}');
INSERT INTO "history" VALUES(7,1,1795435200000,'completed',NULL,'{"kind":"met","score":85.0,"target":80.0,"status":"PASSED"}');
CREATE TABLE ledger (
        id      INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        who     TEXT NOT NULL,
        verb    TEXT NOT NULL,
        subject TEXT NOT NULL
    );
INSERT INTO "ledger" VALUES(1,1795435200000,'U0ANA','subscribe','rule:1');
CREATE TABLE links (
        slack_user_id TEXT PRIMARY KEY,
        person_id     TEXT NOT NULL UNIQUE,
        by            TEXT NOT NULL,  -- 'email', or the admin who confirmed it
        email         TEXT,           -- that both had: the link rests while either has another
        at            INTEGER NOT NULL
    ) WITHOUT ROWID
    ;
INSERT INTO "links" VALUES('U0ANA','ana','email','ana@bakery.example',1795435200000);
CREATE TABLE moved_channels (
        old_id TEXT PRIMARY KEY,  -- settings may still name it
        new_id TEXT NOT NULL
    ) WITHOUT ROWID
    ;
CREATE TABLE no_slack_users (
        email TEXT PRIMARY KEY,  -- Slack knows nobody by it
        at    INTEGER NOT NULL
    ) WITHOUT ROWID
    ;
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
        ended         TEXT, counted_in INTEGER REFERENCES notices (id),              -- why it will not be sent, else NULL
        UNIQUE (destination, subject)    -- owing it twice owes it once
    );
INSERT INTO "notices" VALUES(1,'channel:C0001','session:c4ca4238-a0b9-2382-0dcc-509a6f75849b:employee1','session','rule matched','c4ca4238-a0b9-2382-0dcc-509a6f75849b','employee1','[1,2]','{"version":1}',1795435200000,1795435200000,1,1,1,NULL,NULL);
INSERT INTO "notices" VALUES(2,'channel:C0001','session:c81e728d-9d4c-2f63-6f06-7f89cc14862c:employee2','session','rule matched','c81e728d-9d4c-2f63-6f06-7f89cc14862c','employee2','[2]','{"version":1}',1795435200000,1795435200000,1,2,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(3,'channel:C0001','session:c81e728d-9d4c-2f63-6f06-7f89cc14862c:employee2:v2','session','rule matched','c81e728d-9d4c-2f63-6f06-7f89cc14862c','employee2','[2]','{"version":1}',1795435200000,1795435500000,1,NULL,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(4,'channel:C0002','session:eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3:employee3','session','rule matched','eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3','employee3','[]','{"version":1}',1795435200000,1795435200000,1,3,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(5,'channel:C0ARCHIVED','session:a87ff679-a2f3-e71d-9181-a67b7542122c:employee4','session','rule matched','a87ff679-a2f3-e71d-9181-a67b7542122c','employee4','[3]','{"version":1}',1795435200000,1795435200000,1,4,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(6,'channel:C0ARCHIVED','session:e4da3b7f-bbce-2345-d777-2b0674a318d5:employee5','session','rule matched','e4da3b7f-bbce-2345-d777-2b0674a318d5','employee5','[3]','{"version":1}',1795435200000,1795435200000,1,NULL,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(7,'channel:C0PUBLIC','session:c4ca4238-a0b9-2382-0dcc-509a6f75849b:employee1','session','rule matched','c4ca4238-a0b9-2382-0dcc-509a6f75849b','employee1','[4]','{"version":1}',1795435200000,253370764800000,1,NULL,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(8,'person:ana','session:1679091c-5a88-0faf-6fb5-e6087eb1b2dc:employee6','session','rule matched','1679091c-5a88-0faf-6fb5-e6087eb1b2dc','employee6','[]','{"version":1}',1795435200000,1795435200000,2,5,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(9,'channel:C0002','session:8f14e45f-ceea-167a-5a36-dedd4bea2543:employee7','session','rule matched','8f14e45f-ceea-167a-5a36-dedd4bea2543','employee7','[]','{"version":1}',1795435200000,1795435200000,2,NULL,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(10,'channel:C0001','away:1','away','outage',NULL,NULL,'[2]','{"code":"ours","from":1,"to":2,"follow":0}',1795435200000,1795435200000,0,NULL,NULL,NULL,NULL);
INSERT INTO "notices" VALUES(11,'channel:C0001','session:e4da3b7f-bbce-2345-d777-2b0674a318d5:employee5','session','rule matched; counted: outage','e4da3b7f-bbce-2345-d777-2b0674a318d5','employee5','[2]','{"version":1}',1795435200000,1795435200000,2,NULL,NULL,'counted in a summary',10);
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
    ;
INSERT INTO "people" VALUES('ana','Ana Silva','ana@bakery.example',NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee1','Employee 1',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee2','Employee 2',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee3','Employee 3',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee4','Employee 4',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee5','Employee 5',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee6','Employee 6',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee7','Employee 7',NULL,NULL,NULL,'active','inherit',NULL,'[]');
INSERT INTO "people" VALUES('employee8','Employee 8',NULL,NULL,NULL,'active','inherit',NULL,'[]');
CREATE TABLE preferences (
        slack_user_id TEXT PRIMARY KEY,
        as_observer   TEXT,
        as_employee   TEXT
    ) WITHOUT ROWID
    ;
CREATE TABLE rules (
        rule_id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- people know it by number: never used again
        destination  TEXT NOT NULL,
        owner        TEXT NOT NULL,     -- Slack user id, or operator
        query        TEXT NOT NULL,     -- canonical text of core.query
        state        TEXT NOT NULL,     -- of core.model.RuleState
        created_at   INTEGER NOT NULL,
        active_since INTEGER,           -- ms; hears only of listings requested after
        why          TEXT NOT NULL DEFAULT ''
    , audience TEXT);
INSERT INTO "rules" VALUES(1,'channel:C0001','U0ANA','employee:"Employee 1" since:30d','active',1795435200000,1795435200000,'',NULL);
INSERT INTO "rules" VALUES(2,'channel:C0001','operator','observer:"Ana Silva" -employee:"erased person"','active',1795435200000,1795435200000,'',NULL);
INSERT INTO "rules" VALUES(3,'channel:C0ARCHIVED','U0ANA','','paused',1795435200000,1795435200000,'is_archived',NULL);
INSERT INTO "rules" VALUES(4,'channel:C0PUBLIC','U0ANA','outcome:failed','paused',1795435200000,1795435200000,'turned_public',NULL);
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
    , details_promised INTEGER NOT NULL DEFAULT 0);
INSERT INTO "sessions" VALUES(1,'c4ca4238-a0b9-2382-0dcc-509a6f75849b','employee1','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,55.0,NULL,NULL,80.0,'below',55.0,'below',-8226795534652351972,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(2,'c81e728d-9d4c-2f63-6f06-7f89cc14862c','employee2','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,60.0,NULL,NULL,80.0,'below',60.0,'below',-7244609622464355827,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(3,'eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3','employee3','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,65.0,NULL,NULL,80.0,'below',65.0,'below',7591914128767048936,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(4,'a87ff679-a2f3-e71d-9181-a67b7542122c','employee4','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,70.0,NULL,NULL,80.0,'below',70.0,'below',-7460539422695870144,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(5,'e4da3b7f-bbce-2345-d777-2b0674a318d5','employee5','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,75.0,NULL,NULL,80.0,'below',75.0,'below',4251209451185168216,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(6,'1679091c-5a88-0faf-6fb5-e6087eb1b2dc','employee6','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,80.0,NULL,NULL,80.0,'met',80.0,'met',-1029493595776232978,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
INSERT INTO "sessions" VALUES(7,'8f14e45f-ceea-167a-5a36-dedd4bea2543','employee7','ana','opening','Opening','PASSED','23-11-2026, 10:00:00',1795428000000,NULL,NULL,'a day',1795435200000,85.0,NULL,NULL,80.0,'met',85.0,'met',-4040177441109288073,1,1795435200000,1795435200000,NULL,'owed',0,0,1);
CREATE TABLE severed (
            slack_user_id TEXT PRIMARY KEY,  -- its e-mail address ties it to nobody until an admin links it
            by            TEXT NOT NULL,     -- the account itself, or the admin who unlinked it
            at            INTEGER NOT NULL
        ) WITHOUT ROWID
        ;
CREATE TABLE slack_users (
        user_id        TEXT PRIMARY KEY,
        email          TEXT,
        zone           TEXT NOT NULL,
        is_full_member INTEGER NOT NULL,
        why_not        TEXT NOT NULL,
        seen_at        INTEGER NOT NULL
    ) WITHOUT ROWID
    ;
CREATE TABLE state (
        name  TEXT PRIMARY KEY,  -- facts of which there is one each: created_at, baseline_at, app_refused, ...
        value                    -- whatever fits: milliseconds, text, bytes
    ) WITHOUT ROWID
    ;
INSERT INTO "state" VALUES('created_at',1795435200000);
INSERT INTO "state" VALUES('directory_at',1795435200000);
INSERT INTO "state" VALUES('directory_version',2);
INSERT INTO "state" VALUES('initial_target',80.0);
CREATE TABLE statuses (
        status TEXT PRIMARY KEY  -- spellings the admin has been told of
    ) WITHOUT ROWID
    ;
CREATE TABLE targets (
        checklist_id TEXT PRIMARY KEY,  -- '' for all
        percent      REAL,              -- NULL: expressly none
        set_by       TEXT NOT NULL,     -- Slack user id
        set_at       INTEGER NOT NULL
    ) WITHOUT ROWID
    ;
CREATE TABLE troubles (
            code  TEXT PRIMARY KEY,  -- of core.troubles, or what a poll finds; a row stands while the trouble does
            since INTEGER NOT NULL,
            facts TEXT NOT NULL      -- JSON: ids and numbers for its sentence
        ) WITHOUT ROWID
        ;
INSERT INTO "troubles" VALUES('socket_deaf',1795435200000,'{"minutes":5}');
INSERT INTO "troubles" VALUES('training_refused',1795435200000,'{"why":"HTTP 401"}');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX sessions_key ON sessions (session_id, employee_id);
CREATE INDEX destinations_due ON destinations (due_at) WHERE due_at IS NOT NULL AND held IS NULL;
CREATE INDEX deliveries_waiting ON deliveries (destination, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_state ON deliveries (state, due_at);
CREATE INDEX deliveries_edits ON deliveries (edit_due_at) WHERE edit_due_at IS NOT NULL;
CREATE INDEX deliveries_message ON deliveries (channel, ts) WHERE ts IS NOT NULL;
CREATE INDEX notices_next ON notices (destination, rank, id) WHERE delivery IS NULL AND ended IS NULL;
CREATE INDEX notices_due ON notices (destination, due_at) WHERE delivery IS NULL AND ended IS NULL;
CREATE INDEX notices_delivery ON notices (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX notices_session ON notices (session_id, employee_id) WHERE session_id IS NOT NULL;
CREATE INDEX attempts_delivery ON attempts (delivery);
CREATE INDEX slack_users_email ON slack_users (email) WHERE email IS NOT NULL;
CREATE INDEX erased_sessions_fingerprint ON erased_sessions (fingerprint);
CREATE INDEX notices_counted ON notices (counted_in) WHERE counted_in IS NOT NULL;
CREATE INDEX sessions_details_promised ON sessions (coalesce(finished_at, changed_at)) WHERE details = 'owed' AND details_promised = 1;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('rules',4);
COMMIT;
