-- A role for dates, and one in a colleague's stead. What has begun has its membership; a membership without a row here
-- runs until somebody ends it.
CREATE TABLE appointments (
    id            INTEGER PRIMARY KEY NOT NULL,
    body_id       BIGINT NOT NULL REFERENCES bodies (id),
    person_id     BIGINT NOT NULL REFERENCES people (id),
    role          TEXT NOT NULL,
    membership_id BIGINT REFERENCES memberships (id),
    deputy_for    BIGINT REFERENCES people (id),
    from_on       DATE NOT NULL,
    -- The last day.
    until_on      DATE,
    made_by       BIGINT NOT NULL REFERENCES people (id),
    made_at       TIMESTAMP NOT NULL,
    noticed_at    TIMESTAMP,
    ended_at      TIMESTAMP,
    CHECK (until_on IS NULL OR until_on >= from_on),
    CHECK (deputy_for IS NULL OR (deputy_for <> person_id AND until_on IS NOT NULL))
);
CREATE UNIQUE INDEX appointments_membership ON appointments (membership_id) WHERE ended_at IS NULL;
CREATE INDEX appointments_body ON appointments (body_id) WHERE ended_at IS NULL;
CREATE INDEX appointments_due ON appointments (until_on) WHERE ended_at IS NULL;
