-- A notice to those who hold a role in a body; NULL: to all its members.
ALTER TABLE messages ADD COLUMN role TEXT;
UPDATE messages SET role = 'officer'
WHERE kind IN ('question-asked', 'tender-closed', 'panel-short', 'tender-evaluated');
