//! `leakwatch run`: the daemon.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Status};
use crate::{config::LogLevel, daemon};

const NOTES: &str = "\
Without --config, and without LEAKWATCH_CONFIG in the environment, it runs on the defaults: routers \
are heard on 127.0.0.1:11019, and http://127.0.0.1:11080/ shows what is going on. No file is looked \
for.

SIGHUP reads the configuration anew: all of it is checked before any of it is used, and sessions, \
routes and incidents stay. SIGTERM or SIGINT ends it within ten seconds; a second SIGINT at once.

Exit status: 0 ended by a signal; 1 it could not start or go on; 2 wrong usage or configuration.";

/// Watch live routers (this is the default).
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = NOTES)]
pub(super) struct Run {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The least that is logged, whatever the configuration says: error, warn, info, debug
    /// or trace.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
}

/// Names the configuration where `--config` does not.
const CONFIG: &str = "LEAKWATCH_CONFIG";

/// The configuration that the environment names.
pub(super) fn named() -> Option<PathBuf> {
    let name = std::env::var_os(CONFIG).filter(|name| !name.is_empty());
    name.map(PathBuf::from)
}

impl Run {
    pub(super) fn run(self) -> Result<Status, Failure> {
        daemon::run(daemon::Options {
            config: self.config.or_else(named),
            log_level: self.log_level,
        })?;
        Ok(Status::Done)
    }
}
