ALTER TABLE people ADD COLUMN reads TEXT NOT NULL DEFAULT 'zh-CN' CHECK (reads IN ('zh-CN', 'en'));
UPDATE people SET reads = CASE language WHEN 'zh-Hant' THEN 'zh-CN' ELSE language END;
ALTER TABLE people DROP COLUMN language;
ALTER TABLE people RENAME COLUMN reads TO language;
