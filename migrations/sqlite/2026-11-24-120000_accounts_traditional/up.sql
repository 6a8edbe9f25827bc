-- SQLite cannot change a check; a column can take another's place.
ALTER TABLE people ADD COLUMN reads TEXT NOT NULL DEFAULT 'zh-CN' CHECK (reads IN ('zh-CN', 'zh-Hant', 'en'));
UPDATE people SET reads = language;
ALTER TABLE people DROP COLUMN language;
ALTER TABLE people RENAME COLUMN reads TO language;
