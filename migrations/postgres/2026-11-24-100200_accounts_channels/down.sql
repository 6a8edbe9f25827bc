DROP TABLE digest_items;
DROP TABLE message_settings;
DROP TABLE message_choices;
