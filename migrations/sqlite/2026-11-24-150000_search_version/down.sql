ALTER TABLE portal DROP COLUMN search_version;
