-- A bidder's page lists replaced and withdrawn bids too, which the index of the current ones does not hold.
CREATE INDEX bids_bidder ON bids (tender_id, bidder_id);
CREATE INDEX bid_files_bid ON bid_files (bid_id);
CREATE INDEX contracts_project ON contracts (project_id);
