DROP TABLE awards;
DROP TABLE results;
DROP TABLE score_sheets;
DROP TABLE scores;
