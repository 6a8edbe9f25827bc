DROP TABLE catalogue_items;
DROP TABLE catalogues;
