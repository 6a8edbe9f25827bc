ALTER TABLE panel_members DROP COLUMN is_replaced;
ALTER TABLE panel_members DROP COLUMN reminded_at;
