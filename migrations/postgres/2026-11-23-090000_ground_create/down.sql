DROP TABLE files;
DROP TABLE once_keys;
DROP TABLE jobs;
DROP TABLE events;
DROP TABLE ledger_texts;
DROP TABLE ledger;
DROP TABLE uptimes;
DROP TABLE portal;
