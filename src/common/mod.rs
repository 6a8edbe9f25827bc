//! What several wings need: rule sets, statutory clocks, publications, panels, alarms.

pub mod alarms;
pub mod clocks;
pub mod panels;
pub mod publications;
pub mod rulesets;
