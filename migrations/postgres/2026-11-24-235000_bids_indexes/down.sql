DROP INDEX contracts_project;
DROP INDEX bid_files_bid;
DROP INDEX bids_bidder;
