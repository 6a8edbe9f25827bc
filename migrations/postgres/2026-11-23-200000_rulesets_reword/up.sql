-- A basis that says what it is: a rule of the purchaser's own, not an article of law.
UPDATE rule_sets SET rules = replace(rules, '比选规则（默认，未核实）', '比选规则（内部规则，未核实）') WHERE kind = 'method';
UPDATE clocks SET article = '比选规则（内部规则，未核实）' WHERE article = '比选规则（默认，未核实）';
