UPDATE rule_sets SET rules = json_remove(rules, '$.challenge') WHERE kind = 'method';
