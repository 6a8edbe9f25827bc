//! What several wings need: rule sets, statutory clocks, publications, panels, alarms, retention.

pub mod alarms;
pub mod clocks;
pub mod panels;
pub mod publications;
pub mod redactions;
pub mod retention;
pub mod rulesets;
