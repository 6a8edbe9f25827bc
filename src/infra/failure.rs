//! Why an action did not happen: one error for every room, so that the page and the API word it in one place.

pub use crate::kernel::refusal::{Refusal, Rule};
use diesel::result::{DatabaseErrorKind, Error as DbError};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 422: the law or our rules refuse it.
    #[error("refused: {}", .0.key)]
    Refused(Refusal),
    /// 422 at several fields at once.
    #[error("refused at {} places", .0.len())]
    RefusedAll(Vec<Refusal>),
    /// 404: it does not exist, or not for this person.
    #[error("not found")]
    NotFound,
    /// 403: it exists for this person, but not this act.
    #[error("forbidden")]
    Forbidden,
    /// 409: somebody else saved it first.
    #[error("changed meanwhile")]
    Changed,
    /// 409: a request with the same Idempotency-Key was here first.
    #[error("repeated")]
    Repeated,
    /// The same closure must run again, in a new transaction.
    #[error("again")]
    Again,
    /// 503: the store could not say that it is durable; nothing was acknowledged.
    #[error("unavailable")]
    Unavailable,
    #[error("database: {0}")]
    Db(DbError),
    #[error("{0}")]
    Internal(String),
}

impl<R: Rule> From<R> for Failure {
    fn from(rule: R) -> Self {
        Self::Refused(rule.refusal())
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NotFound => Self::NotFound,
            other => Self::Db(other),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("json: {error}"))
    }
}

impl Failure {
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }

    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Db(DbError::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                _
            ))
        )
    }

    /// `PostgreSQL`'s 40001 and 40P01: the same closure may simply be run again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Again
            | Self::Db(DbError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Db(DbError::DatabaseError(_, info)) => {
                info.message().contains("deadlock detected")
            }
            _ => false,
        }
    }
}
