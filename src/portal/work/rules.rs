//! What a state asks of whom, and in which order tasks stand.

use chrono::NaiveDateTime;

/// A line of the to-do list before it is worded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub due: Option<NaiveDateTime>,
    /// The message `portal-work-task-<what>`, or `clock-<code>` for a bare statutory clock.
    pub what: What,
    /// The project or contract that it is about.
    pub about: Option<String>,
    pub count: Option<i64>,
    pub link: String,
    pub article: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Task(&'static str),
    Clock(String),
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

/// What the purchaser's officer must do in a tender's state; `None` while others act or time passes.
pub fn officer_task(tender: &str, has_panel: bool, contract: Option<&str>) -> Option<&'static str> {
    match (tender, has_panel, contract) {
        ("held", _, _) => Some("held"),
        ("closed", _, _) => Some("open"),
        ("opened", false, _) => Some("panel"),
        ("evaluated", _, _) => Some("award"),
        ("awarded", _, None) => Some("contract"),
        ("awarded", _, Some("drafted")) => Some("offer"),
        _ => None,
    }
}

/// Puts each clock to the task of its project: the earliest gives the task its date and article, further ones stand
/// for themselves. Sorted by date; what has none comes last.
pub fn merge(mut tasks: Vec<(Option<i64>, Task)>, mut clocks: Vec<Running>) -> Vec<Task> {
    clocks.sort_by_key(|clock| clock.due);
    let mut rest = Vec::new();
    for clock in clocks {
        let task = tasks.iter_mut().find(|(project, task)| {
            project.is_some() && *project == clock.project && task.due.is_none()
        });
        match task {
            Some((_, task)) => {
                task.due = Some(clock.due);
                task.article = clock.article;
            }
            None => rest.push(Task {
                due: Some(clock.due),
                what: What::Clock(clock.code),
                about: Some(clock.about),
                count: None,
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
            count: None,
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
    fn a_clock_dates_the_task_of_its_project() {
        let tasks = vec![
            (None, task("checks")),
            (Some(7), task("award")),
            (Some(8), task("open")),
        ];
        let clocks = vec![
            clock(Some(7), "result-notice", 20),
            clock(Some(7), "decision", 10),
            clock(Some(9), "signing", 5),
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
                "clock signing §5",
                "award §10",
                "clock result-notice §20",
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
            ("opened", true, None, None),
            ("evaluated", true, None, Some("award")),
            ("awarded", true, None, Some("contract")),
            ("awarded", true, Some("drafted"), Some("offer")),
            ("awarded", true, Some("signing"), None),
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
