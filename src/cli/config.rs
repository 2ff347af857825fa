//! `leakwatch config check | show | example`.

use std::{io::Write, path::PathBuf};

use clap::Subcommand;

use super::{Failure, Status};
use crate::{
    config::{Config as Settings, EXAMPLE},
    daemon,
};

pub(super) const CHECK: &str = "\
Prints `FILE: ok` and exits 0, or prints every problem with its line and key on standard \
error and exits 2. The files that it names are read too.";

const SHOW: &str = "\
What is printed is itself a configuration that says the same. Without FILE it is the \
defaults.";

/// Check, show or start a configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say all that is wrong in a file, at once.
    #[command(after_help = CHECK)]
    Check {
        /// The configuration.
        file: PathBuf,
    },
    /// Print the settings in force, each with its default and the reason for it.
    #[command(after_help = SHOW)]
    Show {
        /// The configuration.
        file: Option<PathBuf>,
    },
    /// Print a commented file with every key at its default, to start from.
    Example,
}

impl Config {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Status, Failure> {
        match self {
            Config::Check { file } => {
                let settings = daemon::Checked::load(file)?.config;
                writeln!(out, "{}: ok{}", file.display(), holds(&settings))?;
            }
            Config::Show { file } => {
                let settings = file
                    .as_deref()
                    .map_or(Ok(Settings::default()), Settings::load)?;
                out.write_all(settings.to_toml().as_bytes())?;
            }
            Config::Example => out.write_all(EXAMPLE.as_bytes())?,
        }
        out.flush()?;
        Ok(Status::Done)
    }
}

/// What a good file holds, so that an empty one is noticed.
fn holds(settings: &Settings) -> String {
    let reference = &settings.reference;
    let sinks = settings.alert.sinks.len();
    let counts = [
        (reference.own.len(), "own prefix", "own prefixes"),
        (reference.peers.len(), "peer", "peers"),
        (reference.relations.len(), "AS relation", "AS relations"),
        (sinks, "sink of alerts", "sinks of alerts"),
    ];
    let named = counts.iter().filter(|(count, ..)| *count > 0);
    let named: Vec<String> = named
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    if named.is_empty() {
        " (defaults: no own prefixes, peers or AS relations)".to_owned()
    } else {
        format!(" ({})", named.join(", "))
    }
}
