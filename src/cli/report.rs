//! `leakwatch report`: what other operators, an authority and customers are told.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{
    Failure, Status,
    client::{Daemon, encoded},
    sheet::escape,
};
use crate::report::{Audience, Cause, Format, Language, MOST_NOTE, Sort};

const NOTES: &str = "\
The first quick report is worth more early than complete: what is not known yet says so, and what \
[report] of the configuration does not set is left to be filled in. Without --sort the incident's \
state decides: the first report, a follow-up, or the restoration notice once it is over.

Examples:
  leakwatch report ID                                       to other operators, in English
  leakwatch report ID --audience authority --lang ja        to the ministry
  leakwatch report ID --audience customers --lang ja        the mere fact
  leakwatch report ID --note \"12:25 Refused it on transit-a.\"
  leakwatch report ID --bundle evidence.tar.gz              everything, in one archive";

/// Write a report on an incident for others, or pack everything on it.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub(super) struct Report {
    /// Which incident.
    #[arg(value_name = "ID")]
    id: String,
    /// In which form [default: text]
    #[arg(long, value_parser = words(Format::ALL))]
    format: Option<String>,
    /// In which language [default: en]
    #[arg(long, value_parser = words(Language::ALL))]
    lang: Option<String>,
    /// For whom [default: operators]
    #[arg(long, value_parser = words(Audience::ALL))]
    audience: Option<String>,
    /// Which of the reports on it [default: by its state]
    #[arg(long, value_parser = words(Sort::ALL))]
    sort: Option<String>,
    /// Its number among them [default: by its steps]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
    /// The cause as you found it; without it one is presumed, where one can be.
    #[arg(long, value_parser = words(Cause::ALL))]
    cause: Option<String>,
    /// What you add: what was done, whom you called. In an archive, not to customers.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Whether the public may know [default: as configured]
    #[arg(long, value_parser = yes_or_no())]
    public: Option<bool>,
    /// Whether consumer bodies may [default: as configured]
    #[arg(long, value_parser = yes_or_no())]
    consumers: Option<bool>,
    /// Whether other operators may [default: as configured]
    #[arg(long, value_parser = yes_or_no())]
    operators: Option<bool>,
    /// Only one of a drill.
    #[arg(long, conflicts_with = "no_drill")]
    drill: bool,
    /// Only one that is not of a drill.
    #[arg(long)]
    no_drill: bool,
    /// Pack the reports for all, the course and the messages into this file (tar, gzip).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "lang", "audience", "json"])]
    bundle: Option<PathBuf>,
    /// Write over FILE.
    #[arg(long, requires = "bundle")]
    force: bool,
    #[command(flatten)]
    daemon: Daemon,
}

fn words<T>(all: &'static [(&'static str, T)]) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|(name, _)| *name))
}

fn yes_or_no() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["yes", "no"]).map(|word| word == "yes")
}

impl Report {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        let many = self.note.as_ref().map_or(0, |note| note.chars().count());
        if many > MOST_NOTE {
            return Err(Failure::Usage(format!(
                "--note has {many} characters, and {MOST_NOTE} at most are taken: say the most \
                 important and send the rest after it"
            )));
        }
        let path = format!("/api/v1/incidents/{}", encoded(&self.id));
        if let Some(file) = &self.bundle {
            // Before anything is packed for nothing.
            self.refuse_to_overwrite(file)?;
            let archive = self
                .daemon
                .octets(&format!("{path}/bundle"), &self.query())?;
            self.refuse_to_overwrite(file)?;
            keep(file, &archive)
                .map_err(|error| Failure::Input(anyhow!("{}: {error}", file.display())))?;
            let size = archive.len().div_ceil(1024);
            writeln!(out, "{}: {size} KiB", escape(&file.display().to_string()))?;
        } else {
            let text = self.daemon.text(&format!("{path}/report"), &self.query())?;
            out.write_all(text.as_bytes())?;
        }
        out.flush()?;
        Ok(Status::Done)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let format = self.format.clone();
        let format = format.or_else(|| self.daemon.json.then(|| Format::Json.name().to_owned()));
        let flag = |value: Option<bool>| value.map(|value| value.to_string());
        let drill = match (self.drill, self.no_drill) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        [
            ("format", format),
            ("lang", self.lang.clone()),
            ("audience", self.audience.clone()),
            ("sort", self.sort.clone()),
            ("number", self.number.map(|number| number.to_string())),
            ("cause", self.cause.clone()),
            ("note", self.note.clone()),
            ("public", flag(self.public)),
            ("consumers", flag(self.consumers)),
            ("operators", flag(self.operators)),
            ("drill", flag(drill)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    fn refuse_to_overwrite(&self, file: &Path) -> Result<(), Failure> {
        if !self.force && fs::symlink_metadata(file).is_ok() {
            return Err(Failure::Usage(format!(
                "{} is there already; --force writes over it",
                file.display()
            )));
        }
        Ok(())
    }
}

/// Writes a file that is whole or not there: beside its place first, then moved.
fn keep(file: &Path, octets: &[u8]) -> io::Result<()> {
    let Some(name) = file.file_name() else {
        return Err(io::Error::other("is not the name of a file"));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = File::create_new(&beside).and_then(|mut new| {
        new.write_all(octets)?;
        new.sync_all()?;
        fs::rename(&beside, file)
    });
    if written.is_err() {
        // Nothing half-written is left; should that fail too, the first reason is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}
