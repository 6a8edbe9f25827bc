DROP TABLE email_changes;
DROP TABLE recoveries;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
