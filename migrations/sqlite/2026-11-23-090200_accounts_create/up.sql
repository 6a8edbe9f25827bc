CREATE TABLE people (
    id            INTEGER PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    language      TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
    confirmed_at  TIMESTAMP,
    disabled_at   TIMESTAMP,
    created_at    TIMESTAMP NOT NULL,
    version       BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY NOT NULL,
    person_id  BIGINT NOT NULL REFERENCES people (id),
    purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset', 'first_administrator')),
    token_hash TEXT NOT NULL UNIQUE,
    -- The browser that asked: a confirmation from another one wants the password too.
    device_hash TEXT,
    expires_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX tokens_person ON tokens (person_id, purpose);
CREATE TABLE bodies (
    id          INTEGER PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('bureau', 'town_government', 'provider', 'community_committee', 'service_center', 'procurement_agency', 'finance_supervisor', 'platform')),
    name        TEXT NOT NULL,
    region_code TEXT REFERENCES regions (code),
    phone       TEXT,
    created_at  TIMESTAMP NOT NULL,
    version     BIGINT NOT NULL DEFAULT 0
);
-- A body keeps its identity through changes of name; notices show the name of their day.
CREATE TABLE body_names (
    id      INTEGER PRIMARY KEY NOT NULL,
    body_id BIGINT NOT NULL REFERENCES bodies (id),
    name    TEXT NOT NULL,
    from_on DATE NOT NULL,
    to_on   DATE
);
CREATE INDEX body_names_body ON body_names (body_id, from_on);
CREATE TABLE memberships (
    id         INTEGER PRIMARY KEY NOT NULL,
    person_id  BIGINT NOT NULL REFERENCES people (id),
    body_id    BIGINT NOT NULL REFERENCES bodies (id),
    role       TEXT NOT NULL CHECK (role IN ('officer', 'reviewer', 'preparer', 'submitter', 'signatory', 'expert', 'supervisor', 'administrator', 'community_worker')),
    created_at TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE UNIQUE INDEX memberships_active ON memberships (person_id, body_id, role) WHERE ended_at IS NULL;
CREATE INDEX memberships_body ON memberships (body_id) WHERE ended_at IS NULL;
-- Offered to an address, whoever holds it: it says nothing about which addresses have accounts.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY NOT NULL,
    body_id    BIGINT NOT NULL REFERENCES bodies (id),
    email      TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('officer', 'reviewer', 'preparer', 'submitter', 'signatory', 'expert', 'supervisor', 'administrator', 'community_worker')),
    invited_by BIGINT NOT NULL REFERENCES people (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE UNIQUE INDEX invitations_open ON invitations (body_id, email, role) WHERE ended_at IS NULL;
CREATE INDEX invitations_email ON invitations (email) WHERE ended_at IS NULL;
CREATE TABLE sessions (
    id          INTEGER PRIMARY KEY NOT NULL,
    person_id   BIGINT NOT NULL REFERENCES people (id),
    body_id     BIGINT REFERENCES bodies (id),
    device      TEXT NOT NULL,
    network     TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    seen_at     TIMESTAMP NOT NULL,
    expires_at  TIMESTAMP NOT NULL,
    verified_at TIMESTAMP NOT NULL,
    ended_at    TIMESTAMP
);
CREATE INDEX sessions_person ON sessions (person_id) WHERE ended_at IS NULL;
-- Browsers that signed in before: guesses from elsewhere never slow these down.
CREATE TABLE known_devices (
    person_id   BIGINT NOT NULL REFERENCES people (id),
    device_hash TEXT NOT NULL,
    seen_at     TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, device_hash)
);
-- The portal's inbox: the place of delivery in law; `at` is when the notice was received (portal clock).
CREATE TABLE messages (
    id           INTEGER PRIMARY KEY NOT NULL,
    -- Random: a number that counts would tell one reader how many notices others got, sealed receipts among them.
    public_id    TEXT NOT NULL UNIQUE,
    body_id      BIGINT REFERENCES bodies (id),
    person_id    BIGINT REFERENCES people (id),
    kind         TEXT NOT NULL,
    args         TEXT NOT NULL,
    link         TEXT NOT NULL,
    at           TIMESTAMP NOT NULL,
    first_read_at TIMESTAMP,
    CHECK ((body_id IS NULL) <> (person_id IS NULL))
);
CREATE INDEX messages_body ON messages (body_id, id);
CREATE INDEX messages_person ON messages (person_id, id);
