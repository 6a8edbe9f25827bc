-- The backup of each day, claimed by whoever inserts or raises its attempts first; machine time.
CREATE TABLE backups (
    id         INTEGER PRIMARY KEY NOT NULL,
    day        DATE NOT NULL UNIQUE,
    started_at TIMESTAMP NOT NULL,
    attempts   BIGINT NOT NULL,
    done_at    TIMESTAMP,
    failed_at  TIMESTAMP,
    path       TEXT,
    error      TEXT
);
-- What is wrong with the portal itself; one row a kind, ended when it is well again. Machine time.
CREATE TABLE alarms (
    kind      TEXT PRIMARY KEY NOT NULL,
    detail    TEXT NOT NULL,
    raised_at TIMESTAMP NOT NULL,
    ended_at  TIMESTAMP
);
