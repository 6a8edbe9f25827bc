DROP TABLE messages;
DROP TABLE known_devices;
DROP TABLE sessions;
DROP TABLE memberships;
DROP TABLE body_names;
DROP TABLE bodies;
DROP TABLE tokens;
DROP TABLE people;
