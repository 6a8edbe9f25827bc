-- How the words of the search index were made; another program makes them anew.
ALTER TABLE portal ADD COLUMN search_version BIGINT NOT NULL DEFAULT 0;
