//! What is due when: rows of `clocks`.

use crate::kernel::people::BodyId;
use crate::schema::clocks;
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// What starts a clock; `subject` is the thing's kind and id, `body` whose duty it is.
#[derive(Clone, Copy, Debug)]
pub struct Period<'a> {
    pub subject: (&'a str, i64),
    pub code: &'a str,
    pub article: Option<&'a str>,
    pub body: Option<BodyId>,
    pub starts_at: NaiveDateTime,
    pub due_at: NaiveDateTime,
    pub is_public: bool,
}

/// One period: `code` is worded by the message `clock-<code>`.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = clocks)]
pub struct Clock {
    pub id: i64,
    pub subject_kind: String,
    pub subject_id: i64,
    pub code: String,
    pub article: Option<String>,
    pub body_id: Option<BodyId>,
    pub starts_at: NaiveDateTime,
    pub due_at: NaiveDateTime,
    pub done_at: Option<NaiveDateTime>,
    pub is_public: bool,
}

impl Clock {
    /// How the clock partial shows it at `now`: `done`, `late`, `now` (running) or `next`.
    pub fn state(&self, now: NaiveDateTime) -> &'static str {
        match self.done_at {
            Some(_) => "done",
            None if self.due_at <= now => "late",
            None if self.starts_at <= now => "now",
            None => "next",
        }
    }
}
