//! `leakwatch man`: the manual pages, from the definitions that `--help` is from.

use std::{fs, io::Write, path::PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Arguments, Failure, Status};

/// Print the manual page, or write all of them into a directory.
#[derive(Debug, Args)]
pub(super) struct Manual {
    /// Write `leakwatch.1` and one page for each command here.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Manual {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Status, Failure> {
        let mut command = Arguments::command();
        // So that every page names the whole command, `leakwatch config check`.
        command.build();
        match &self.out {
            None => out.write_all(&page(&command, "leakwatch")?)?,
            Some(directory) => {
                let said = |error: std::io::Error| {
                    let error = anyhow::Error::new(error);
                    Failure::Input(error.context(directory.display().to_string()))
                };
                fs::create_dir_all(directory).map_err(said)?;
                for (name, page) in pages(&command, "leakwatch")? {
                    fs::write(directory.join(format!("{name}.1")), page).map_err(said)?;
                }
            }
        }
        out.flush()?;
        Ok(Status::Done)
    }
}

/// The page of `command` and those of the commands in it, by name.
fn pages(command: &Command, name: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut all = vec![(name.to_owned(), page(command, name)?)];
    for inner in command.get_subcommands() {
        if inner.get_name() == "help" || inner.is_hide_set() {
            continue;
        }
        all.extend(pages(inner, &format!("{name}-{}", inner.get_name()))?);
    }
    Ok(all)
}

fn page(command: &Command, name: &str) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = command.clone().display_name(name);
    Man::new(command)
        .manual("leakwatch")
        .title(name)
        .render(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_of_its_own() {
        let mut command = Arguments::command();
        command.build();
        let pages = pages(&command, "leakwatch").unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "leakwatch",
            "leakwatch-run",
            "leakwatch-replay",
            "leakwatch-drill",
            "leakwatch-config",
            "leakwatch-config-check",
        ] {
            assert!(names.contains(&name), "{name} of {names:?}");
        }
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH SYNOPSIS"), "{name}");
            assert!(text.contains(".SH DESCRIPTION"), "{name}");
        }
    }
}
