-- The time for a challenge, in the rule sets that were brought in before it was one of their numbers.
UPDATE rule_sets SET rules = json_set(rules, '$.challenge', json('{"days":7,"unit":"working_days","article":"政府采购法 §52、政府采购法实施条例 §53"}'))
WHERE kind = 'method' AND name = 'open_tender' AND json_extract(rules, '$.challenge') IS NULL;
UPDATE rule_sets SET rules = json_set(rules, '$.challenge', json('{"days":7,"unit":"working_days","article":"比选规则（默认，未核实）"}'))
WHERE kind = 'method' AND name = 'comparison' AND json_extract(rules, '$.challenge') IS NULL;
