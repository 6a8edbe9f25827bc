-- A token for programs: a session that a secret opens instead of a password. The secret itself is kept nowhere.
CREATE TABLE api_tokens (
    id         INTEGER PRIMARY KEY NOT NULL,
    session_id BIGINT NOT NULL UNIQUE REFERENCES sessions (id),
    name       TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scopes     TEXT NOT NULL
);
-- What a request with an Idempotency-Key was answered; the row is written in the transaction of its act.
CREATE TABLE replies (
    key_hash    TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    status      BIGINT,
    body        TEXT
);
CREATE INDEX replies_at ON replies (at);
