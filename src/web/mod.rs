//! The HTTP toolbox: what a handler needs to read a request, prove a right and word an answer.

pub mod actor;
pub mod api;
pub mod assets;
pub mod cache;
pub mod context;
pub mod cookies;
pub mod error;
pub mod error_pages;
pub mod export;
pub mod fields;
pub mod form;
pub mod guard;
pub mod imports;
pub mod kept;
pub mod multipart;
pub mod page;
pub mod patience;
pub mod qr;
pub mod state;
pub mod throttle;
pub mod view;

pub use actor::{May, Permission, SignedIn, Verified};
pub use error::AppError;
pub use form::Form;
pub use state::State;
pub use view::View;

use actix_web::HttpResponse;

/// What handlers return.
pub type Answer = Result<HttpResponse, AppError>;
