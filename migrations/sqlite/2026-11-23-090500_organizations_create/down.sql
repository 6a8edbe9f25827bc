DROP TABLE qualifications;
DROP TABLE provider_areas;
DROP TABLE provider_scopes;
DROP TABLE providers;
