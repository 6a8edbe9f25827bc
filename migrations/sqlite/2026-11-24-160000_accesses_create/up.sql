-- Who looked at sensitive records, without what was seen; portal time. of_person or of_body is whose record it was.
CREATE TABLE accesses (
    id           INTEGER PRIMARY KEY NOT NULL,
    at           TIMESTAMP NOT NULL,
    person_id    BIGINT NOT NULL REFERENCES people (id),
    body_id      BIGINT REFERENCES bodies (id),
    what         TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    of_person_id BIGINT REFERENCES people (id),
    of_body_id   BIGINT REFERENCES bodies (id)
);
CREATE INDEX accesses_what ON accesses (what, id);
CREATE INDEX accesses_person ON accesses (person_id, id);
CREATE INDEX accesses_of_person ON accesses (of_person_id, id);
CREATE INDEX accesses_of_body ON accesses (of_body_id, id);
CREATE INDEX accesses_at ON accesses (at);
-- When somebody closed the own account: what is left of it is a stub.
ALTER TABLE people ADD COLUMN closed_at TIMESTAMP;
