-- A published mistake to be covered: one administrator asks, another one decides; the passage goes with the decision.
CREATE TABLE redactions (
    id           INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('project', 'contract', 'provider')),
    subject_id   BIGINT NOT NULL,
    passage      TEXT,
    ground       TEXT NOT NULL CHECK (ground IN ('personal', 'secret', 'wrong')),
    reason       TEXT NOT NULL,
    asked_by     BIGINT NOT NULL REFERENCES people (id),
    asked_at     TIMESTAMP NOT NULL,
    decided_by   BIGINT REFERENCES people (id),
    decided_at   TIMESTAMP,
    places       BIGINT,
    -- Whoever asked may take it back, never cover it.
    CHECK (places IS NULL OR decided_by <> asked_by),
    CHECK ((decided_at IS NULL) = (passage IS NOT NULL))
);
