ALTER TABLE catalogue_items DROP COLUMN aliases;
