-- The time for a challenge, in the rule sets that were brought in before it was one of their numbers.
UPDATE rule_sets SET rules = ('{"challenge":{"days":7,"unit":"working_days","article":"政府采购法 §52、政府采购法实施条例 §53"}}'::jsonb || rules::jsonb)::text
WHERE kind = 'method' AND name = 'open_tender';
UPDATE rule_sets SET rules = ('{"challenge":{"days":7,"unit":"working_days","article":"比选规则（默认，未核实）"}}'::jsonb || rules::jsonb)::text
WHERE kind = 'method' AND name = 'comparison';
