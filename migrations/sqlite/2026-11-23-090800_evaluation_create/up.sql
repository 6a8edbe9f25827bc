CREATE TABLE scores (
    id           INTEGER PRIMARY KEY NOT NULL,
    tender_id    BIGINT NOT NULL REFERENCES tenders (id),
    bid_id       BIGINT NOT NULL REFERENCES bids (id),
    criterion_id BIGINT NOT NULL REFERENCES criteria (id),
    person_id    BIGINT NOT NULL REFERENCES people (id),
    points       BIGINT NOT NULL CHECK (points >= 0 AND points <= 10000),
    note         TEXT NOT NULL,
    -- What stood here when a wide spread brought the sheet back; only such a score may then change.
    asked_points BIGINT,
    UNIQUE (bid_id, criterion_id, person_id)
);
CREATE INDEX scores_member ON scores (tender_id, person_id);
CREATE TABLE score_sheets (
    tender_id    BIGINT NOT NULL REFERENCES tenders (id),
    person_id    BIGINT NOT NULL REFERENCES people (id),
    submitted_at TIMESTAMP,
    -- Brought back once at most (畸高畸低): to be confirmed, or scored again with a reason.
    reopened_at  TIMESTAMP,
    reason       TEXT,
    version      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tender_id, person_id)
);
CREATE TABLE results (
    bid_id       BIGINT PRIMARY KEY NOT NULL REFERENCES bids (id),
    tender_id    BIGINT NOT NULL REFERENCES tenders (id),
    price_points TEXT NOT NULL,
    total_points TEXT NOT NULL,
    rank         BIGINT NOT NULL
);
CREATE INDEX results_tender ON results (tender_id, rank);
CREATE TABLE awards (
    id         INTEGER PRIMARY KEY NOT NULL,
    tender_id  BIGINT NOT NULL REFERENCES tenders (id),
    bid_id     BIGINT NOT NULL REFERENCES bids (id),
    state      TEXT NOT NULL CHECK (state IN ('active', 'cancelled')),
    ground     TEXT,
    reason     TEXT,
    decided_by BIGINT NOT NULL REFERENCES people (id),
    decided_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX awards_active ON awards (tender_id) WHERE state = 'active';
