//! What a handler may fail with. The guard words it; nobody is shown a cause.

use crate::infra::failure::{Failure, Refusal};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("sign in first")]
    SignInFirst,
    /// Signed in, but the password must be typed again before this act.
    #[error("verify first")]
    VerifyFirst,
    /// The form's token is not of this session.
    #[error("form out of date")]
    StaleForm,
    #[error("forbidden")]
    Forbidden,
    #[error("too many tries")]
    TooMany,
    #[error("too large")]
    TooLarge,
    #[error("bad request")]
    BadRequest,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl AppError {
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Failed(Failure::internal(what))
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignInFirst => StatusCode::UNAUTHORIZED,
            Self::VerifyFirst
            | Self::StaleForm
            | Self::Forbidden
            | Self::Failed(Failure::Forbidden) => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Failed(failure) => match failure {
                Failure::Refused(_) | Failure::RefusedAll(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Failure::NotFound => StatusCode::NOT_FOUND,
                Failure::Changed => StatusCode::CONFLICT,
                Failure::Unavailable | Failure::Again => StatusCode::SERVICE_UNAVAILABLE,
                Failure::Db(_) | Failure::Internal(_) | Failure::Forbidden => {
                    StatusCode::INTERNAL_SERVER_ERROR
                }
            },
        }
    }

    /// The refusals to show at the fields of a form, if that is what this is; anything else goes on up.
    pub fn refusals(self) -> Result<Vec<Refusal>, Self> {
        match self {
            Self::Failed(Failure::Refused(refusal)) => Ok(vec![refusal]),
            Self::Failed(Failure::RefusedAll(refusals)) => Ok(refusals),
            other => Err(other),
        }
    }

    fn why(&self) -> Why {
        match self {
            Self::SignInFirst => Why::SignIn,
            Self::VerifyFirst => Why::Verify,
            Self::StaleForm => Why::StaleForm,
            Self::Failed(Failure::Refused(refusal)) => Why::Refused(refusal.clone()),
            Self::Failed(Failure::RefusedAll(refusals)) => refusals
                .first()
                .map_or(Why::Status, |refusal| Why::Refused(refusal.clone())),
            _ => Why::Status,
        }
    }
}

/// What the guard needs to word an error; `error_response` cannot see the request.
#[derive(Clone, Debug)]
pub enum Why {
    Status,
    SignIn,
    Verify,
    StaleForm,
    Refused(Refusal),
}

/// Marks a response whose body is already for the reader, though its status is an error.
pub struct Worded;

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        if self.status().is_server_error() {
            tracing::error!(error = %self, "a request failed");
        }
        let mut response = HttpResponse::build(self.status()).finish();
        response.extensions_mut().insert(self.why());
        response
    }
}
