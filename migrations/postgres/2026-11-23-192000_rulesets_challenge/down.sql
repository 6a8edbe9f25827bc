UPDATE rule_sets SET rules = (rules::jsonb - 'challenge')::text WHERE kind = 'method';
