//! `leakwatch replay`: recorded MRT through the engine, incidents out.

use std::{
    io::{IsTerminal, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};

use super::{
    Failure, Status,
    incident_sheet::{self, Report},
    inputs::{Inputs, name},
    progress::Progress,
    sheet::{Sheet, lasting},
    summary::Summary,
    told::{Format, Told},
    words::Known,
};
use crate::{
    config::Config,
    engine::Engine,
    feed::replay::Replay as Feed,
    incident::{Output, Severity},
    wire::mrt::{Input, MrtReader},
};

const NOTES: &str = "\
FILE is an MRT recording, plain or compressed with gzip, bzip2, xz or zstd; a directory, whose \
regular files are read; or `-` for standard input. Files are read in the order of their first \
records. A table dump is the baseline with which updates are compared, whether it is named with \
--rib or not; --rib puts it first whatever its time.

JSON (--format json) is one object per line on standard output: `incident` and `standing` as they \
come, `summary` last. Problems with the input go to standard error with the byte they are at.

Exit status: 0 done; 1 an input, or part of it, could not be read, and the rest was processed; 2 \
wrong usage or configuration; 3 what --fail-on names was found (this outranks 1).";

/// Event time runs on for at most this long, or twice as long as resolving takes.
const LEAST_RUN_ON: Duration = Duration::from_secs(3600);

/// Put recorded MRT through the engine and say what it was.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Replay {
    /// What should hold, and thresholds.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A table dump to start from; may be given more than once.
    #[arg(long, value_name = "FILE")]
    rib: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// After the last record let event time run on until what is gone is resolved.
    #[arg(long)]
    until_resolved: bool,
    /// Exit 3 if an incident was at least so bad.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Tell of incidents that are of information only, and of every table, too.
    #[arg(long)]
    all: bool,
    /// Recordings and directories.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something that pages.
    Critical,
    /// That, or something that warns.
    Warning,
}

impl Replay {
    pub(super) fn run(&self, out: impl Write) -> Result<Status, Failure> {
        let config = self
            .config
            .as_deref()
            .map_or(Ok(Config::default()), Config::load)?;
        let warming = config.detect.gate.warming;
        let page = (config.incident.page_confidence, config.incident.page_routes);
        let run_on = LEAST_RUN_ON.max(config.incident.resolve_after * 2);
        let mut told = Told::new(out, self.format);
        let mut feed = Feed::new(Engine::new(
            config.reference,
            config.detect,
            config.incident,
        ));

        let inputs = Inputs::gather(&self.rib, &self.files);
        let quiet = self.format == Format::Json && std::io::stdout().is_terminal();
        let progress = Progress::bytes("replay", inputs.bytes, quiet);
        for note in &inputs.notes {
            progress.say(&format!("leakwatch: {note}"));
        }
        let mut partly = inputs.incomplete;
        let mut files = 0;
        let started = now();
        for (path, before) in inputs.files.iter().zip(&inputs.before) {
            match read(path, *before, &mut feed, &mut told, &progress) {
                Ok(whole) => {
                    files += 1;
                    partly |= !whole;
                }
                Err(error) => {
                    partly = true;
                    progress.say(&format!("leakwatch: {}: not read: {error}", name(path)));
                }
            }
            told.check()?;
        }
        let event_seconds = feed.event_seconds();
        if self.until_resolved {
            feed.run_on(run_on, &mut |output| {
                let _ = told.tell(output);
            });
        }
        let elapsed = started.elapsed();
        drop(progress);

        let summary = Summary::new(files, &feed, &told, event_seconds, elapsed);
        let blind = (summary.rib_entries == 0 && summary.announced > 0).then(|| {
            format!(
                "No table came before these updates, so every view was warming for its first {}: \
                 until then only what needs no memory spoke (bogons, absurd paths, configured \
                 roles, own prefixes), and what was new, surged or moved went unseen. Give the \
                 table of that time with --rib.",
                lasting(warming)
            )
        });
        match self.format {
            Format::Json => {
                if let Some(blind) = blind {
                    eprintln!("leakwatch: {blind}");
                }
                told.finish_json(&summary)?;
            }
            Format::Text => {
                let sheet = Sheet::standard_output();
                told.refresh(&feed.engine);
                let report = Report {
                    sheet,
                    words: &Known {
                        engine: &feed.engine,
                    },
                    page: Some(page),
                    all: self.all,
                    live: false,
                };
                if let Some(blind) = blind {
                    sheet.paragraph(&mut told.out, &blind)?;
                    writeln!(told.out)?;
                }
                let standing = std::mem::take(&mut told.standing);
                report.standing(&mut told.out, &standing)?;
                report.incidents(&mut told)?;
                report.count(&mut told)?;
                summary.print(&mut told.out, &sheet)?;
                told.out.flush()?;
            }
        }
        Ok(self.status(partly, &told))
    }

    fn status<W: Write>(&self, partly: bool, told: &Told<W>) -> Status {
        let found = |severity| told.count(severity) > 0;
        let failed = match self.fail_on {
            None => false,
            Some(FailOn::Critical) => found(Severity::Critical),
            Some(FailOn::Warning) => found(Severity::Critical) || found(Severity::Warning),
        };
        match (failed, partly) {
            (true, _) => Status::Found,
            (false, true) => Status::Partly,
            (false, false) => Status::Done,
        }
    }
}

/// Reads one input; returns whether all of it could be read.
fn read<W: Write>(
    path: &Path,
    before: u64,
    feed: &mut Feed,
    told: &mut Told<W>,
    progress: &Progress,
) -> std::io::Result<bool> {
    let input = Input::open(path)?;
    let consumed = input.consumed();
    let mut reader = MrtReader::new(input);
    let so_far = nlri(&feed.tally);
    feed.read_by(&mut reader, &mut |reader, engine, batch, out| {
        engine.apply(batch, out);
        progress.at(
            before + consumed.load(Ordering::Relaxed),
            so_far + nlri(reader.tally()),
        );
        let mut flow = ControlFlow::Continue(());
        for output in out.drain(..) {
            if told.format == Format::Text
                && let Output::Incident(event) = &output
                && event.severity > Severity::Info
            {
                progress.whisper(&incident_sheet::line(event));
            }
            flow = told.tell(output);
        }
        flow
    });
    for problem in reader.problems() {
        progress.say(&format!("leakwatch: {}: {problem}", name(path)));
    }
    let more = reader.problem_count() - reader.problems().len() as u64;
    if more > 0 {
        progress.say(&format!(
            "leakwatch: {}: and {more} more such problems",
            name(path)
        ));
    }
    Ok(!reader.damaged())
}

/// NLRI of all kinds.
pub(super) fn nlri(tally: &crate::wire::Tally) -> u64 {
    tally.announced + tally.withdrawn + tally.rib_entries
}

/// The wall clock, for figures of speed alone: nothing the engine sees comes from it.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line measures how long its own work takes"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
