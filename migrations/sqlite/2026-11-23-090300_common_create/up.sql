CREATE TABLE rule_sets (
    id          INTEGER PRIMARY KEY NOT NULL,
    region_code TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    valid_from  DATE NOT NULL,
    valid_to    DATE,
    rules       TEXT NOT NULL,
    source      TEXT NOT NULL,
    is_verified BOOLEAN NOT NULL,
    UNIQUE (region_code, kind, name, valid_from)
);
CREATE TABLE clocks (
    id           INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    code         TEXT NOT NULL,
    article      TEXT,
    body_id      BIGINT REFERENCES bodies (id),
    starts_at    TIMESTAMP NOT NULL,
    due_at       TIMESTAMP NOT NULL,
    done_at      TIMESTAMP,
    paused_at    TIMESTAMP,
    is_public    BOOLEAN NOT NULL,
    UNIQUE (subject_kind, subject_id, code)
);
CREATE INDEX clocks_due ON clocks (body_id, due_at) WHERE done_at IS NULL;
CREATE TABLE publications (
    id           INTEGER PRIMARY KEY NOT NULL,
    kind         TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    revision     BIGINT NOT NULL,
    region_code  TEXT,
    title        TEXT NOT NULL,
    content      TEXT NOT NULL,
    hash         TEXT NOT NULL,
    link         TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    UNIQUE (kind, subject_kind, subject_id, revision)
);
CREATE INDEX publications_newest ON publications (published_at, id);
CREATE INDEX publications_subject ON publications (subject_kind, subject_id);
CREATE TABLE panels (
    id           INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    UNIQUE (subject_kind, subject_id)
);
CREATE TABLE panel_members (
    id          INTEGER PRIMARY KEY NOT NULL,
    panel_id    BIGINT NOT NULL REFERENCES panels (id),
    person_id   BIGINT NOT NULL REFERENCES people (id),
    capacity    TEXT NOT NULL CHECK (capacity IN ('expert', 'purchaser')),
    declared_at TIMESTAMP,
    recused_at  TIMESTAMP,
    reason      TEXT,
    UNIQUE (panel_id, person_id)
);
CREATE INDEX panel_members_person ON panel_members (person_id);
-- What the one search box finds; segmented terms live in the full-text table beside it.
CREATE TABLE search_documents (
    id         INTEGER PRIMARY KEY NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('catalogue', 'organization', 'project', 'contract', 'community')),
    subject_id BIGINT NOT NULL,
    title      TEXT NOT NULL,
    summary    TEXT NOT NULL,
    link       TEXT NOT NULL,
    at         TIMESTAMP NOT NULL,
    UNIQUE (kind, subject_id)
);
CREATE INDEX search_documents_newest ON search_documents (at, id);
CREATE VIRTUAL TABLE search_terms USING fts5 (terms, content = '', contentless_delete = 1, tokenize = 'unicode61');
