DELETE FROM jobs WHERE event_id IN (SELECT id FROM events WHERE payload = '{"reindex":1}');
DELETE FROM events WHERE payload = '{"reindex":1}';
