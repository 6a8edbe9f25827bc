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
    /// A program's request is not one: status, and the code that words it as `api-<code>`.
    #[error("{1}")]
    Api(StatusCode, &'static str),
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
            Self::Api(status, _) => *status,
            Self::Failed(failure) => match failure {
                Failure::Refused(_) | Failure::RefusedAll(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Failure::NotFound => StatusCode::NOT_FOUND,
                Failure::Changed | Failure::Repeated => StatusCode::CONFLICT,
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
            Self::Api(_, code) => Why::Api(code),
            Self::Failed(Failure::Refused(refusal)) => Why::Refused(vec![refusal.clone()]),
            Self::Failed(Failure::RefusedAll(refusals)) => Why::Refused(refusals.clone()),
            Self::Failed(Failure::Repeated) => Why::Repeated,
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
    /// The same Idempotency-Key is being carried out.
    Repeated,
    Api(&'static str),
    /// The first is what a page says; a program is given all.
    Refused(Vec<Refusal>),
}

/// Marks a response whose body is already for the reader, though its status is an error.
pub struct Worded;

/// Marks a page that holds this browser's form token: it is nobody else's.
pub struct Personal;

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
