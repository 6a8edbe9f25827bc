UPDATE people SET language = 'zh-CN' WHERE language = 'zh-Hant';
ALTER TABLE people DROP CONSTRAINT people_language_check;
ALTER TABLE people ADD CONSTRAINT people_language_check CHECK (language IN ('zh-CN', 'en'));
