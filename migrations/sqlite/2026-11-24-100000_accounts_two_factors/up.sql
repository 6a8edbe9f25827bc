-- A one-time code's key, sealed to the server; `pending` is one that its owner has not proved yet.
CREATE TABLE second_factors (
    person_id  BIGINT PRIMARY KEY NOT NULL REFERENCES people (id),
    secret     BLOB,
    pending    BLOB,
    -- The newest step whose code was accepted: no code is good twice.
    last_step  BIGINT NOT NULL DEFAULT 0,
    enabled_at TIMESTAMP,
    CHECK ((secret IS NULL) = (enabled_at IS NULL))
);
CREATE TABLE recovery_codes (
    id        INTEGER PRIMARY KEY NOT NULL,
    person_id BIGINT NOT NULL REFERENCES people (id),
    code_hash TEXT NOT NULL UNIQUE,
    used_at   TIMESTAMP
);
CREATE INDEX recovery_codes_person ON recovery_codes (person_id);
-- Somebody's second factor is taken off by two administrators: one proposes, another one confirms.
CREATE TABLE recoveries (
    id           INTEGER PRIMARY KEY NOT NULL,
    person_id    BIGINT NOT NULL REFERENCES people (id),
    reason       TEXT NOT NULL,
    proposed_by  BIGINT NOT NULL REFERENCES people (id),
    proposed_at  TIMESTAMP NOT NULL,
    confirmed_by BIGINT REFERENCES people (id),
    ended_at     TIMESTAMP,
    CHECK (confirmed_by IS NULL OR (confirmed_by <> proposed_by AND ended_at IS NOT NULL)),
    CHECK (person_id <> proposed_by)
);
CREATE UNIQUE INDEX recoveries_open ON recoveries (person_id) WHERE ended_at IS NULL;
-- An address that waits for its owner's word; the newest wish counts.
CREATE TABLE email_changes (
    person_id  BIGINT PRIMARY KEY NOT NULL REFERENCES people (id),
    email      TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    expires_at TIMESTAMP NOT NULL
);
