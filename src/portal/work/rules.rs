//! What a state asks of whom, and in which order tasks stand.

use crate::procurement::contracts::Side;
use chrono::NaiveDateTime;

/// A line of the to-do list before it is worded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub due: Option<NaiveDateTime>,
    /// The message `portal-work-task-<what>`, or `clock-<code>` for a bare statutory clock.
    pub what: What,
    /// The project or contract that it is about.
    pub about: Option<String>,
    pub note: Option<Note>,
    pub link: String,
    pub article: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Task(&'static str),
    Clock(String),
}

/// How far it is, or what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// So many wait.
    Count(i64),
    /// The oldest of so many waits since.
    Since(i64, NaiveDateTime),
    /// Sheets that are in, of how many.
    Sheets(usize, usize),
    /// Sides of a contract that have not signed.
    Unsigned(Vec<Side>),
}

/// A statutory clock that runs against the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The project that it belongs to, where it does.
    pub project: Option<i64>,
    pub code: String,
    pub due: NaiveDateTime,
    pub article: Option<String>,
    pub about: String,
    pub link: String,
}

/// What the purchaser's officer must do, or wait for others to do, in a tender's state; `None` while time passes.
pub fn officer_task(tender: &str, has_panel: bool, contract: Option<&str>) -> Option<&'static str> {
    match (tender, has_panel, contract) {
        ("held", _, _) => Some("held"),
        ("closed", _, _) => Some("open"),
        ("opened", false, _) => Some("panel"),
        ("opened", true, _) => Some("scores"),
        ("evaluated", _, _) => Some("award"),
        ("awarded", _, None) => Some("contract"),
        ("awarded", _, Some("drafted")) => Some("offer"),
        ("awarded", _, Some("signing")) => Some("signing"),
        _ => None,
    }
}

/// The statutory clock that a task stops.
fn clock_of(what: &What) -> Option<&'static str> {
    let What::Task(what) = what else {
        return None;
    };
    match *what {
        "held" | "open" => Some("opening"),
        "answer" => Some("answers"),
        "panel" | "scores" | "award" => Some("decision"),
        "contract" | "offer" | "signing" | "sign" => Some("signing"),
        _ => None,
    }
}

/// Puts each clock to the task of its project that stops it: the earliest gives the task its date and article. A clock
/// that no task stops stands for itself. Sorted by date; what has none comes last.
pub fn merge(mut tasks: Vec<(Option<i64>, Task)>, mut clocks: Vec<Running>) -> Vec<Task> {
    clocks.sort_by_key(|clock| clock.due);
    let mut rest = Vec::new();
    for clock in clocks {
        let task = tasks.iter_mut().find(|(project, task)| {
            project.is_some()
                && *project == clock.project
                && clock_of(&task.what) == Some(clock.code.as_str())
        });
        match task {
            Some((_, task)) if task.due.is_none() => {
                task.due = Some(clock.due);
                task.article = clock.article;
            }
            Some(_) => {}
            None => rest.push(Task {
                due: Some(clock.due),
                what: What::Clock(clock.code),
                about: Some(clock.about),
                note: None,
                link: clock.link,
                article: clock.article,
            }),
        }
    }
    let mut all: Vec<Task> = tasks
        .into_iter()
        .map(|(_, task)| task)
        .chain(rest)
        .collect();
    all.sort_by_key(|task| (task.due.is_none(), task.due));
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(hour: u32) -> NaiveDateTime {
        chrono::NaiveDate::from_ymd_opt(2026, 3, 2)
            .unwrap()
            .and_hms_opt(hour, 0, 0)
            .unwrap()
    }

    fn task(what: &'static str) -> Task {
        Task {
            due: None,
            what: What::Task(what),
            about: None,
            note: None,
            link: String::new(),
            article: None,
        }
    }

    fn clock(project: Option<i64>, code: &str, hour: u32) -> Running {
        Running {
            project,
            code: code.into(),
            due: at(hour),
            article: Some(format!("§{hour}")),
            about: "p".into(),
            link: String::new(),
        }
    }

    #[test]
    fn a_clock_dates_the_task_that_stops_it() {
        let tasks = vec![
            (None, task("checks")),
            (Some(7), task("answer")),
            (Some(8), task("open")),
            (Some(9), task("contract")),
        ];
        let clocks = vec![
            clock(Some(7), "opening", 20),
            clock(Some(7), "answers", 12),
            clock(Some(7), "answers", 10),
            clock(Some(9), "decision", 5),
            clock(Some(9), "signing", 7),
        ];
        let merged = merge(tasks, clocks);
        let words: Vec<String> = merged
            .iter()
            .map(|task| {
                let what = match &task.what {
                    What::Task(what) => (*what).to_owned(),
                    What::Clock(code) => format!("clock {code}"),
                };
                format!("{what} {}", task.article.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            words,
            [
                "clock decision §5",
                "contract §7",
                "answer §10",
                "clock opening §20",
                "checks -",
                "open -"
            ]
        );
    }

    #[test]
    fn every_state_of_a_tender_is_decided() {
        for (state, panel, contract, what) in [
            ("draft", false, None, None),
            ("open", false, None, None),
            ("held", false, None, Some("held")),
            ("closed", false, None, Some("open")),
            ("opened", false, None, Some("panel")),
            ("opened", true, None, Some("scores")),
            ("evaluated", true, None, Some("award")),
            ("awarded", true, None, Some("contract")),
            ("awarded", true, Some("drafted"), Some("offer")),
            ("awarded", true, Some("signing"), Some("signing")),
            ("contracted", true, Some("published"), None),
            ("failed", false, None, None),
            ("cancelled", false, None, None),
        ] {
            assert_eq!(
                officer_task(state, panel, contract),
                what,
                "{state} {panel} {contract:?}"
            );
        }
    }
}
