CREATE TABLE catalogues (
    id           INTEGER PRIMARY KEY NOT NULL,
    year         BIGINT NOT NULL,
    title        TEXT NOT NULL,
    issued_no    TEXT,
    source       TEXT NOT NULL,
    is_verified  BOOLEAN NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('staging', 'draft', 'published', 'replaced')),
    imported_by  BIGINT REFERENCES people (id),
    -- The body whose draft it is; none where the command line brought it in.
    body_id      BIGINT REFERENCES bodies (id),
    imported_at  TIMESTAMP NOT NULL,
    published_at TIMESTAMP,
    version      BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX catalogues_published ON catalogues (year) WHERE state = 'published';
CREATE TABLE catalogue_items (
    id           INTEGER PRIMARY KEY NOT NULL,
    catalogue_id BIGINT NOT NULL REFERENCES catalogues (id),
    code         TEXT NOT NULL,
    name         TEXT NOT NULL,
    level        BIGINT NOT NULL CHECK (level BETWEEN 1 AND 3),
    parent_code  TEXT,
    description  TEXT NOT NULL DEFAULT '',
    UNIQUE (catalogue_id, code)
);
