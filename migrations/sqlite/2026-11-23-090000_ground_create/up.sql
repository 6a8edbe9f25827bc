-- One row: what this database is, and where its portal clock stands.
CREATE TABLE portal (
    id              INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    kind            TEXT NOT NULL CHECK (kind IN ('demo', 'live')),
    instance        TEXT NOT NULL,
    clock_offset_us BIGINT NOT NULL DEFAULT 0,
    public_version  BIGINT NOT NULL DEFAULT 0,
    created_at      TIMESTAMP NOT NULL,
    -- A demo's story, told to its end; one that was interrupted is told anew.
    told_at         TIMESTAMP
);
-- When the portal could be reached, in portal time: one row a run, its end moved on by the heartbeat.
CREATE TABLE uptimes (
    id         INTEGER PRIMARY KEY NOT NULL,
    started_at TIMESTAMP NOT NULL,
    last_at    TIMESTAMP NOT NULL
);
CREATE TABLE ledger (
    id           INTEGER PRIMARY KEY NOT NULL,
    seq          BIGINT UNIQUE,
    at           TIMESTAMP NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    what         TEXT NOT NULL,
    from_state   TEXT,
    to_state     TEXT,
    article      TEXT,
    audience     TEXT NOT NULL CHECK (audience IN ('public', 'parties', 'staff', 'sealed')),
    body_id      BIGINT,
    public_from  TIMESTAMP,
    text_hash    TEXT NOT NULL,
    salt         TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    chain_hash   TEXT
);
CREATE INDEX ledger_subject ON ledger (subject_kind, subject_id, id);
CREATE INDEX ledger_unsealed ON ledger (id) WHERE seq IS NULL;
-- The personal and free-text parts of an entry: erasable without breaking the chain.
CREATE TABLE ledger_texts (
    ledger_id BIGINT PRIMARY KEY NOT NULL REFERENCES ledger (id),
    person_id BIGINT,
    who       TEXT NOT NULL,
    reason    TEXT,
    salt      TEXT NOT NULL
);
CREATE TABLE events (
    id           INTEGER PRIMARY KEY NOT NULL,
    topic        TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    payload      TEXT NOT NULL,
    at           TIMESTAMP NOT NULL
);
-- One row for each consumer of an event; its own done mark. `due_at` is machine time.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY NOT NULL,
    event_id   BIGINT NOT NULL REFERENCES events (id),
    consumer   TEXT NOT NULL,
    lane       TEXT NOT NULL,
    due_at     TIMESTAMP NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT,
    done_at    TIMESTAMP,
    failed_at  TIMESTAMP
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL AND failed_at IS NULL;
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE done_at IS NULL AND failed_at IS NULL;
-- A form's hidden token, kept with what the first submission led to: a double submit has one result.
CREATE TABLE once_keys (
    key_hash TEXT PRIMARY KEY NOT NULL,
    location TEXT NOT NULL,
    at       TIMESTAMP NOT NULL
);
CREATE TABLE files (
    id            INTEGER PRIMARY KEY NOT NULL,
    subject_kind  TEXT NOT NULL,
    subject_id    BIGINT NOT NULL,
    purpose       TEXT NOT NULL,
    owner_body_id BIGINT,
    uploaded_by   BIGINT,
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          BIGINT NOT NULL CHECK (size >= 0),
    sha256        TEXT NOT NULL,
    storage_key   TEXT NOT NULL,
    audience      TEXT NOT NULL CHECK (audience IN ('public', 'parties', 'staff')),
    created_at    TIMESTAMP NOT NULL,
    removed_at    TIMESTAMP
);
CREATE INDEX files_subject ON files (subject_kind, subject_id);
CREATE INDEX files_owner ON files (owner_body_id);
CREATE INDEX files_key ON files (storage_key);
