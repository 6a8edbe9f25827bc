DROP TABLE contract_signatures;
DROP TABLE contract_communities;
DROP TABLE contracts;
