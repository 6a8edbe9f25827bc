DROP TABLE bid_contents;
DROP TABLE openers;
DROP TABLE bid_files;
DROP TABLE bids;
DROP TABLE bid_drafts;
