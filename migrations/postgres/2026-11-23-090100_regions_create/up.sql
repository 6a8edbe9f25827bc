CREATE TABLE regions (
    code        TEXT PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('county', 'town', 'community', 'village')),
    name        TEXT NOT NULL,
    parent_code TEXT,
    phone       TEXT,
    sort_key    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX regions_parent ON regions (parent_code, sort_key);
CREATE TABLE calendar_days (
    day      DATE PRIMARY KEY NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('holiday', 'makeup_workday')),
    occasion TEXT NOT NULL,
    source   TEXT NOT NULL
);
