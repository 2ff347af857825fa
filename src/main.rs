//! Parses arguments, runs one command, maps its error to an exit code.

use std::process::ExitCode;

use clap::Parser;
use leakwatch::cli::Arguments;

fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(status) => status.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                eprintln!("leakwatch: {failure}");
            }
            ExitCode::from(&failure)
        }
    }
}
