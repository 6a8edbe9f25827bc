//! What the command line can do: one thin file a command.

pub mod clock;
mod open;
mod serve;

pub use open::{open, prepare};
pub use serve::run_server;

use crate::infra::config::Mode;
use crate::infra::failure::Failure;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Args, Clone)]
pub struct Where {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The data folder (./data/demo or ./data/live).
    #[arg(long)]
    pub data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// A living demonstration on invented data.
    Demo(Where),
    /// The portal itself.
    Serve(Where),
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(place) => run_server(Mode::Demo, &place),
        Command::Serve(place) => run_server(Mode::Live, &place),
    }
}
