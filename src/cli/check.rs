//! `leakwatch check`: `config check` by the name under which people look for it.

use std::{io::Write, path::PathBuf};

use clap::Args;

use super::{Failure, Status, config};

/// Say all that is wrong in a configuration, at once.
#[derive(Debug, Args)]
#[command(after_help = config::CHECK)]
pub(super) struct Check {
    /// The configuration.
    file: PathBuf,
}

impl Check {
    pub(super) fn run(self, out: &mut impl Write) -> Result<Status, Failure> {
        config::Config::Check { file: self.file }.run(out)
    }
}
