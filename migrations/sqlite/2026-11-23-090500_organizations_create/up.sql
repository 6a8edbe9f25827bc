CREATE TABLE providers (
    id          INTEGER PRIMARY KEY NOT NULL,
    body_id     BIGINT NOT NULL UNIQUE REFERENCES bodies (id),
    kind        TEXT NOT NULL CHECK (kind IN ('association', 'social_service', 'foundation', 'enterprise', 'institution', 'other')),
    credit_code TEXT NOT NULL,
    legal_head  TEXT NOT NULL,
    address     TEXT NOT NULL,
    phone       TEXT NOT NULL,
    summary     TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('unproven', 'proven', 'refused')),
    checked_by  BIGINT REFERENCES people (id),
    checked_at  TIMESTAMP,
    reason      TEXT,
    sort_key    TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    version     BIGINT NOT NULL DEFAULT 0
);
-- Rival claims may coexist; only one can be proven.
CREATE UNIQUE INDEX providers_proven_code ON providers (credit_code) WHERE state = 'proven';
CREATE TABLE provider_scopes (
    provider_id    BIGINT NOT NULL REFERENCES providers (id),
    catalogue_code TEXT NOT NULL,
    PRIMARY KEY (provider_id, catalogue_code)
);
CREATE INDEX provider_scopes_code ON provider_scopes (catalogue_code);
CREATE TABLE provider_areas (
    provider_id BIGINT NOT NULL REFERENCES providers (id),
    region_code TEXT NOT NULL REFERENCES regions (code),
    PRIMARY KEY (provider_id, region_code)
);
CREATE INDEX provider_areas_region ON provider_areas (region_code);
-- One application for, and then entry in, the directory of qualified organizations.
CREATE TABLE qualifications (
    id           INTEGER PRIMARY KEY NOT NULL,
    provider_id  BIGINT NOT NULL UNIQUE REFERENCES providers (id),
    state        TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'listed', 'suspended', 'withdrawn')),
    statement    TEXT NOT NULL,
    declarations TEXT NOT NULL,
    submitted_at TIMESTAMP,
    decided_by   BIGINT REFERENCES people (id),
    decided_at   TIMESTAMP,
    reason       TEXT,
    listed_at    TIMESTAMP,
    version      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX qualifications_state ON qualifications (state, submitted_at);
