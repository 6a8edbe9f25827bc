CREATE TABLE projects (
    id             INTEGER PRIMARY KEY NOT NULL,
    number         TEXT NOT NULL UNIQUE,
    buyer_id       BIGINT NOT NULL REFERENCES bodies (id),
    region_code    TEXT NOT NULL REFERENCES regions (code),
    catalogue_id   BIGINT NOT NULL REFERENCES catalogues (id),
    catalogue_code TEXT NOT NULL,
    title          TEXT NOT NULL,
    requirement    TEXT NOT NULL,
    budget_fen     BIGINT NOT NULL CHECK (budget_fen > 0),
    term_from      DATE NOT NULL,
    term_to        DATE NOT NULL,
    term_grounds   TEXT NOT NULL,
    forbidden      TEXT NOT NULL,
    phone          TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('draft', 'tendering', 'failed', 'awarded', 'contracted', 'cancelled')),
    created_by     BIGINT NOT NULL REFERENCES people (id),
    created_at     TIMESTAMP NOT NULL,
    published_at   TIMESTAMP,
    version        BIGINT NOT NULL DEFAULT 0,
    CHECK (term_to >= term_from)
);
CREATE INDEX projects_buyer ON projects (buyer_id, id);
CREATE INDEX projects_published ON projects (published_at, id) WHERE published_at IS NOT NULL;
CREATE TABLE project_communities (
    project_id  BIGINT NOT NULL REFERENCES projects (id),
    region_code TEXT NOT NULL REFERENCES regions (code),
    PRIMARY KEY (project_id, region_code)
);
CREATE INDEX project_communities_region ON project_communities (region_code);
CREATE TABLE tenders (
    id               INTEGER PRIMARY KEY NOT NULL,
    project_id       BIGINT NOT NULL REFERENCES projects (id),
    round            BIGINT NOT NULL,
    method           TEXT NOT NULL,
    rule_set_id      BIGINT NOT NULL REFERENCES rule_sets (id),
    state            TEXT NOT NULL CHECK (state IN ('draft', 'open', 'held', 'closed', 'opened', 'evaluated', 'awarded', 'contracted', 'failed', 'cancelled')),
    published_at     TIMESTAMP,
    questions_until  TIMESTAMP,
    closes_at        TIMESTAMP,
    closed_at        TIMESTAMP,
    opened_at        TIMESTAMP,
    held_minutes     BIGINT,
    next_check       TIMESTAMP,
    recipient        TEXT,
    wrapped_identity TEXT,
    version          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (project_id, round)
);
CREATE INDEX tenders_due ON tenders (next_check) WHERE next_check IS NOT NULL;
CREATE INDEX tenders_open ON tenders (closes_at, id) WHERE state = 'open';
CREATE TABLE criteria (
    id        INTEGER PRIMARY KEY NOT NULL,
    tender_id BIGINT NOT NULL REFERENCES tenders (id),
    position  BIGINT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('quality', 'price')),
    name      TEXT NOT NULL,
    measure   TEXT NOT NULL,
    weight    BIGINT NOT NULL CHECK (weight > 0 AND weight <= 100),
    UNIQUE (tender_id, position)
);
CREATE UNIQUE INDEX criteria_one_price ON criteria (tender_id) WHERE kind = 'price';
CREATE TABLE questions (
    id          INTEGER PRIMARY KEY NOT NULL,
    tender_id   BIGINT NOT NULL REFERENCES tenders (id),
    asker_id    BIGINT NOT NULL REFERENCES bodies (id),
    question    TEXT NOT NULL,
    asked_at    TIMESTAMP NOT NULL,
    answer      TEXT,
    answered_by BIGINT REFERENCES people (id),
    answered_at TIMESTAMP,
    version     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX questions_tender ON questions (tender_id, id);
