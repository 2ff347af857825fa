//! `leakwatch completions`: what a shell needs to complete our commands.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Failure, Status};

const NOTES: &str = "\
Examples:
  leakwatch completions bash > /usr/share/bash-completion/completions/leakwatch
  leakwatch completions zsh  > /usr/share/zsh/vendor-completions/_leakwatch
  leakwatch completions fish > ~/.config/fish/completions/leakwatch.fish";

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Status, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "leakwatch",
            &mut script,
        );
        out.write_all(&script)?;
        out.flush()?;
        Ok(Status::Done)
    }
}
