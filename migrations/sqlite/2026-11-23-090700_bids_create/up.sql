-- What a bidder is still writing: encrypted under the server's key, erased at submission.
CREATE TABLE bid_drafts (
    id         INTEGER PRIMARY KEY NOT NULL,
    tender_id  BIGINT NOT NULL REFERENCES tenders (id),
    bidder_id  BIGINT NOT NULL REFERENCES bodies (id),
    sealed     BLOB NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (tender_id, bidder_id)
);
CREATE TABLE bids (
    id             INTEGER PRIMARY KEY NOT NULL,
    tender_id      BIGINT NOT NULL REFERENCES tenders (id),
    bidder_id      BIGINT NOT NULL REFERENCES bodies (id),
    state          TEXT NOT NULL CHECK (state IN ('submitted', 'replaced', 'withdrawn')),
    receipt_no     TEXT NOT NULL UNIQUE,
    submitted_by   BIGINT NOT NULL REFERENCES people (id),
    submitted_at   TIMESTAMP NOT NULL,
    ended_at       TIMESTAMP,
    sealed         BLOB NOT NULL,
    cipher_sha256  TEXT NOT NULL,
    receipt        TEXT NOT NULL,
    invalid_reason TEXT
);
-- One valid bid for each bidder, whatever races.
CREATE UNIQUE INDEX bids_one_current ON bids (tender_id, bidder_id) WHERE state = 'submitted';
-- A file of a draft or bid: its bytes sealed to the tender's key on arrival, its name sealed under the server's key.
CREATE TABLE bid_files (
    id            INTEGER PRIMARY KEY NOT NULL,
    tender_id     BIGINT NOT NULL REFERENCES tenders (id),
    bidder_id     BIGINT NOT NULL REFERENCES bodies (id),
    bid_id        BIGINT REFERENCES bids (id),
    sealed_name   BLOB NOT NULL,
    size          BIGINT NOT NULL CHECK (size >= 0),
    cipher_sha256 TEXT NOT NULL,
    storage_key   TEXT NOT NULL,
    uploaded_at   TIMESTAMP NOT NULL,
    removed_at    TIMESTAMP
);
CREATE INDEX bid_files_bidder ON bid_files (tender_id, bidder_id);
CREATE TABLE openers (
    tender_id BIGINT NOT NULL REFERENCES tenders (id),
    person_id BIGINT NOT NULL REFERENCES people (id),
    at        TIMESTAMP NOT NULL,
    PRIMARY KEY (tender_id, person_id)
);
-- What the opening brought to light.
CREATE TABLE bid_contents (
    bid_id    BIGINT PRIMARY KEY NOT NULL REFERENCES bids (id),
    price_fen BIGINT NOT NULL CHECK (price_fen > 0),
    breakdown TEXT NOT NULL,
    proposal  TEXT NOT NULL
);
