DROP TABLE questions;
DROP TABLE criteria;
DROP TABLE tenders;
DROP TABLE project_communities;
DROP TABLE projects;
