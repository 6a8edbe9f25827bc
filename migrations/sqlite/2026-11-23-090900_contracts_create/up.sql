CREATE TABLE contracts (
    id             INTEGER PRIMARY KEY NOT NULL,
    number         TEXT NOT NULL UNIQUE,
    award_id       BIGINT UNIQUE REFERENCES awards (id),
    project_id     BIGINT REFERENCES projects (id),
    buyer_id       BIGINT NOT NULL REFERENCES bodies (id),
    provider_id    BIGINT REFERENCES bodies (id),
    provider_name  TEXT NOT NULL,
    provider_code  TEXT,
    title          TEXT NOT NULL,
    catalogue_code TEXT NOT NULL,
    scope          TEXT NOT NULL,
    amount_fen     BIGINT NOT NULL CHECK (amount_fen > 0),
    term_from      DATE NOT NULL,
    term_to        DATE NOT NULL,
    phone          TEXT NOT NULL,
    payment        TEXT NOT NULL,
    duties         TEXT NOT NULL,
    secrets        TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('drafted', 'signing', 'published', 'cancelled')),
    is_entered_afterwards BOOLEAN NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    signed_at      TIMESTAMP,
    published_at   TIMESTAMP,
    version        BIGINT NOT NULL DEFAULT 0,
    CHECK (term_to >= term_from)
);
CREATE INDEX contracts_provider ON contracts (provider_id);
CREATE INDEX contracts_code ON contracts (provider_code) WHERE provider_id IS NULL;
CREATE INDEX contracts_buyer ON contracts (buyer_id);
CREATE INDEX contracts_published ON contracts (published_at, id) WHERE published_at IS NOT NULL;
CREATE TABLE contract_communities (
    contract_id BIGINT NOT NULL REFERENCES contracts (id),
    region_code TEXT NOT NULL REFERENCES regions (code),
    PRIMARY KEY (contract_id, region_code)
);
CREATE INDEX contract_communities_region ON contract_communities (region_code);
CREATE TABLE contract_signatures (
    id          INTEGER PRIMARY KEY NOT NULL,
    contract_id BIGINT NOT NULL REFERENCES contracts (id),
    side        TEXT NOT NULL CHECK (side IN ('buyer', 'provider')),
    method      TEXT NOT NULL CHECK (method IN ('scan', 'password')),
    person_id   BIGINT NOT NULL REFERENCES people (id),
    file_id     BIGINT REFERENCES files (id),
    at          TIMESTAMP NOT NULL,
    UNIQUE (contract_id, side)
);
