-- How somebody is reminded of what lies in the inbox, by kind of notice; without a row by mail, at once.
CREATE TABLE message_choices (
    person_id BIGINT NOT NULL REFERENCES people (id),
    kind      TEXT NOT NULL,
    mail      TEXT NOT NULL CHECK (mail IN ('at_once', 'digest', 'none')),
    has_sms   BOOLEAN NOT NULL,
    PRIMARY KEY (person_id, kind)
);
CREATE TABLE message_settings (
    person_id       BIGINT PRIMARY KEY NOT NULL REFERENCES people (id),
    -- The hour of the daily digest, in China.
    digest_hour     BIGINT NOT NULL DEFAULT 8 CHECK (digest_hour BETWEEN 0 AND 23),
    mobile          TEXT,
    -- A number that waits for its code.
    asked_mobile    TEXT,
    code_hash       TEXT,
    code_expires_at TIMESTAMP,
    code_tries      BIGINT NOT NULL DEFAULT 0
);
-- Notices that wait for the next digest.
CREATE TABLE digest_items (
    id        INTEGER PRIMARY KEY NOT NULL,
    person_id BIGINT NOT NULL REFERENCES people (id),
    at        TIMESTAMP NOT NULL
);
CREATE INDEX digest_items_person ON digest_items (person_id, at);
