//! What exists in demo mode only: the clock that a newcomer moves, and the mails that nobody receives.
//!
//! It stands beside `commands` and above the rooms, because moving the clock runs the runner's rounds.

mod award;
mod bids;
mod cast;
pub mod clock;
mod evaluation;
mod mail;
mod organizations;
mod pages;
mod projects;
mod story;
mod untold;

pub use cast::{PASSWORD, PEOPLE, PROVIDERS, address};
pub use story::tell;
pub use untold::forget_untold;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/demo/clock", web::post().to(pages::move_clock))
        .route("/demo/mail", web::get().to(pages::list_mails))
        .route(
            "/demo/mail/{number:[0-9]+}",
            web::get().to(pages::show_mail),
        );
}
