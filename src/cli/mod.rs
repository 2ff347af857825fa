//! The command line: one file per subcommand, each a struct with `run`.

mod ack;
mod alert;
mod author;
mod check;
mod client;
mod columns;
mod completions;
mod config;
mod cover;
mod drill;
mod expect;
mod incident_sheet;
mod incidents;
mod inputs;
mod man;
mod moment;
mod mute;
mod peers;
mod progress;
mod replay;
mod report;
mod routes;
mod run;
mod sheet;
mod status;
mod summary;
mod told;
mod words;

use std::{
    io::{self, BufWriter},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{config::ConfigError, daemon};

const EXAMPLES: &str = "\
Examples:
  leakwatch                                    the daemon, on the defaults
  leakwatch run --config leakwatch.toml        the daemon
  leakwatch drill google-2017                  a leak of 160,000 routes, reconstructed
  leakwatch status                             how a running daemon does
  leakwatch incidents                          what is open, and what was lately
  leakwatch ack ID --why 'called Verizon'      somebody works on an incident
  leakwatch report ID --lang ja                what others are told of one
  leakwatch replay rib.gz updates.gz           what was in a recording
  leakwatch replay --format json - < updates   the same for programs
  leakwatch alert test --config leakwatch.toml  whether alerts arrive
  leakwatch config example > leakwatch.toml    start a configuration
  leakwatch config check leakwatch.toml        all that is wrong in it, at once
  leakwatch config show leakwatch.toml         the settings in force, with their reasons

Exit status:
  0  done
  1  an input, or part of it, could not be read; the rest was processed
     (drill: what came out is not what had to)
  2  wrong usage or configuration; nothing was processed
  3  what --fail-on names was found";

/// Watches BGP for route leaks and turns each one into a single incident that says
/// who, what and what to do.
#[derive(Debug, Parser)]
#[command(name = "leakwatch", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Run,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Status(status::Status),
    Incidents(incidents::Incidents),
    Report(report::Report),
    Peers(peers::Peers),
    Routes(routes::Routes),
    Ack(ack::Ack),
    Mute(mute::Mute),
    Expect(expect::Expect),
    Replay(replay::Replay),
    Drill(drill::Drill),
    /// Try where alerts go.
    #[command(subcommand)]
    Alert(alert::Alert),
    /// Check, show or start a configuration.
    #[command(subcommand)]
    Config(config::Config),
    Check(check::Check),
    Completions(completions::Completions),
    Man(man::Manual),
}

/// How a command that could do its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it was done.
    Done,
    /// An input, or part of it, could not be read.
    Partly,
    /// A drill did not come out as it had to.
    Unmet,
    /// What `--fail-on` names was found.
    Found,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::Partly | Status::Unmet => 1,
            Status::Found => 3,
        })
    }
}

/// Why a command could not do its work, by what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Give another input.
    #[error("{0:#}")]
    Input(anyhow::Error),
    /// Put the configuration right.
    #[error("{0}")]
    Configuration(#[from] ConfigError),
    /// The daemon could not start or go on.
    #[error("{0}")]
    Daemon(daemon::Fault),
    /// Call it otherwise.
    #[error("{0}")]
    Usage(String),
    /// What was to be printed could not be.
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
}

impl From<daemon::Fault> for Failure {
    fn from(fault: daemon::Fault) -> Self {
        match fault {
            daemon::Fault::Configuration(error) => Failure::Configuration(error),
            unusable @ daemon::Fault::Unusable { .. } => Failure::Usage(unusable.to_string()),
            other => Failure::Daemon(other),
        }
    }
}

impl Failure {
    /// Whether the reader of the output went away (`| head`), which is no error.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> ExitCode {
        match failure {
            Failure::Configuration(_) | Failure::Usage(_) => ExitCode::from(2),
            failure if failure.is_closed_pipe() => ExitCode::SUCCESS,
            Failure::Input(_) | Failure::Daemon(_) | Failure::Output(_) => ExitCode::from(1),
        }
    }
}

impl Arguments {
    /// Runs the command that was named.
    ///
    /// # Errors
    /// If it could not do its work at all.
    pub fn run(self) -> Result<Status, Failure> {
        match self.command.unwrap_or(Command::Run(self.run)) {
            Command::Run(command) => command.run(),
            Command::Replay(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Drill(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Status(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Incidents(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Report(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Peers(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Routes(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Ack(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Mute(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Expect(command) => command.run(BufWriter::new(io::stdout().lock())),
            Command::Alert(command) => command.run(&mut io::stdout().lock()),
            Command::Config(command) => command.run(&mut io::stdout().lock()),
            Command::Check(command) => command.run(&mut io::stdout().lock()),
            Command::Completions(command) => command.run(&mut io::stdout().lock()),
            Command::Man(command) => command.run(&mut io::stdout().lock()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_says_its_exit_statuses() {
        let mut command = Arguments::command();
        command.clone().debug_assert();
        let help = command.render_help().to_string();
        assert!(help.contains("Exit status:") && help.contains("Examples:"));
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let closed = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert!(closed.is_closed_pipe());
        assert!(!Failure::Output(io::ErrorKind::StorageFull.into()).is_closed_pipe());
    }
}
