//! The one `app(state)`, for the server and for the tests.

use crate::web::api::Api;
use crate::web::{State, assets, cache, guard};
use crate::{accounts, catalogue, common, communities, demo, organizations, portal, procurement};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, middleware::from_fn};

fn routes(cfg: &mut ServiceConfig) {
    assets::routes(cfg);
    accounts::routes(cfg);
    common::redactions::routes(cfg);
    catalogue::routes(cfg);
    organizations::routes(cfg);
    procurement::projects::routes(cfg);
    procurement::tenders::routes(cfg);
    procurement::bids::routes(cfg);
    procurement::evaluation::routes(cfg);
    procurement::awards::routes(cfg);
    procurement::contracts::routes(cfg);
    communities::routes(cfg);
    demo::routes(cfg);
    portal::routes(cfg);
}

/// The second face: what programs may ask, room by room.
fn api(cfg: &mut ServiceConfig) {
    let mut api = Api::default();
    accounts::operations(&mut api);
    common::redactions::operations(&mut api);
    catalogue::operations(&mut api);
    organizations::registry::operations(&mut api);
    organizations::qualification::operations(&mut api);
    procurement::projects::operations(&mut api);
    procurement::tenders::operations(&mut api);
    procurement::bids::operations(&mut api);
    procurement::evaluation::operations(&mut api);
    procurement::awards::operations(&mut api);
    procurement::contracts::operations(&mut api);
    communities::directory::operations(&mut api);
    portal::search::operations(&mut api);
    portal::notices::operations(&mut api);
    portal::organization::operations(&mut api);
    portal::privacy::operations(&mut api);
    portal::work::operations(&mut api);
    portal::operations::operations(&mut api);
    api.routes(cfg);
}

pub fn app(
    state: Data<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let prefix = state.config.prefix.clone();
    App::new()
        .app_data(state)
        .wrap(from_fn(guard::guard))
        .wrap(from_fn(cache::shared))
        .service(web::scope(&prefix).configure(routes).configure(api))
}
