-- Members who are silent: when they were last reminded, and whether the purchaser replaced them.
ALTER TABLE panel_members ADD COLUMN reminded_at TIMESTAMP;
ALTER TABLE panel_members ADD COLUMN is_replaced BOOLEAN NOT NULL DEFAULT FALSE;
