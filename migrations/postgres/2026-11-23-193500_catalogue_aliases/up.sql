-- What people call it, beside the name that the catalogue gives it.
ALTER TABLE catalogue_items ADD COLUMN aliases TEXT NOT NULL DEFAULT '';
