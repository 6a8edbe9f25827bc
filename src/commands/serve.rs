//! `serve` and `demo`: open, listen, say where, stop cleanly.

use super::Where;
use super::open::{hold_folder, open, open_store};
use crate::demo;
use crate::infra::config::Mode;
use crate::infra::failure::Failure;
use crate::jobs::Runner;
use crate::routes::app;
use actix_web::HttpServer;
use actix_web::web::Data;

pub fn run_server(mode: Mode, place: &Where) -> Result<(), Failure> {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SANSHE_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let config = place.config(mode)?;
    // The port first: a second start must not touch the data of the first.
    let socket = std::net::TcpListener::bind(config.listen).map_err(|error| {
        Failure::internal(format!("cannot listen on {}: {error}", config.listen))
    })?;
    let workers = config.workers;
    let _held = hold_folder(&config)?;
    if mode.is_demo() {
        drop(open_store(&config)?);
        if demo::forget_untold(&config)? {
            println!("the demo was interrupted while it was made: it is made anew");
        }
    }
    let state = Data::new(open(config)?);
    if mode.is_demo() {
        demo::tell(&state)?;
    }
    let runner = Runner::start(state.clone())?;
    println!("Sanshe {} · {}", mode.as_str(), state.config.link("/"));
    if mode.is_demo() {
        print_sign_ins();
    }
    let shared = state.clone();
    actix_web::rt::System::new()
        .block_on(async move {
            HttpServer::new(move || app(shared.clone()))
                .workers(workers)
                .worker_max_blocking_threads(4)
                .shutdown_timeout(10)
                .listen(socket)?
                .run()
                .await
        })
        .map_err(Failure::internal)?;
    drop(runner);
    Ok(())
}

/// The demo's sign-ins, one for each role; each is also one click on the sign-in page.
fn print_sign_ins() {
    println!("sign-ins (password {}):", demo::PASSWORD);
    for part in demo::PEOPLE {
        let roles: Vec<&str> = part
            .roles
            .iter()
            .map(super::super::kernel::roles::Role::as_str)
            .collect();
        println!(
            "  {:<24} {} · {} · {}",
            demo::address(part.account),
            part.name,
            part.body,
            roles.join(", ")
        );
    }
    for (account, name) in demo::PROVIDERS {
        println!("  {:<24} {name} · provider", demo::address(account));
    }
}
