//! The command line: one line a command.

use clap::Parser;
use sanshe::commands::{self, Command};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "sanshe",
    version,
    about = "三社: the portal where communities and social organizations meet"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match commands::run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A cause may come with line breaks of its own; here it is one line.
            let error = error.to_string();
            let words: Vec<&str> = error.split_whitespace().collect();
            eprintln!("sanshe: {}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}
