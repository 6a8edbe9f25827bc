DROP TABLE search_terms;
DROP TABLE search_documents;
DROP TABLE panel_members;
DROP TABLE panels;
DROP TABLE publications;
DROP TABLE clocks;
DROP TABLE rule_sets;
