-- The index learned telephone numbers, parts of numbers and what people call a service: all of it is made anew.
INSERT INTO events (topic, subject_kind, subject_id, payload, at)
SELECT 'catalogue.published', 'catalogue', id, '{"reindex":1}', published_at FROM catalogues WHERE state = 'published';
INSERT INTO events (topic, subject_kind, subject_id, payload, at)
SELECT 'provider.changed', 'provider', id, '{"reindex":1}', created_at FROM providers;
INSERT INTO events (topic, subject_kind, subject_id, payload, at)
SELECT 'project.changed', 'project', id, '{"reindex":1}', published_at FROM projects WHERE published_at IS NOT NULL;
INSERT INTO events (topic, subject_kind, subject_id, payload, at)
SELECT 'contract.published', 'contract', id, '{"reindex":1}', published_at FROM contracts WHERE published_at IS NOT NULL;
INSERT INTO jobs (event_id, consumer, lane, due_at)
SELECT id, 'search', 'search/' || subject_kind || '/' || subject_id, at FROM events WHERE payload = '{"reindex":1}';
