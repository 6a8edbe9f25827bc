DROP TABLE replies;
DROP TABLE api_tokens;
