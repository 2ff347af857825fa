//! `leakwatch drill`: a reconstructed leak through the real decoder and engine, with
//! the verdict against what was put in.

mod live;
mod print;
mod verdict;
mod watch;
mod wire;

use std::{
    fmt::Write as _,
    io::{Cursor, IsTerminal, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use clap::{Args, ValueEnum, value_parser};

use super::{
    Failure, Status,
    incident_sheet::{self, Report},
    progress::Progress,
    replay::{nlri, now},
    sheet::Sheet,
    summary::{Summary, per_second},
    told::{Format, Told},
    words::Known,
};
use crate::{
    config::Config,
    drill::{self, Drill as Played, Options, Recording, Vantage},
    engine::Engine,
    feed::replay::Replay as Feed,
    incident::{Output, Severity},
    wire::mrt::{Input, MrtReader},
};

pub(super) use verdict::Outcome;
use watch::Watch;

const NOTES: &str = "\
A drill is a reconstruction from published facts, never a recording: it says which facts those \
are and what is made up. The same seed gives the same bytes.

With --bmp what comes out is the daemon's to tell: `leakwatch incidents`, its page, its metrics. \
All it makes of a drill is marked as one and kept apart from what is real.

Exit status: 0 what had to come out came out (--bmp: all was played); 1 it did not; 2 wrong \
usage.";

/// After the last record event time runs on for at most this long.
const RUN_ON: Duration = Duration::from_secs(3600);

/// Reconstruct a historical leak and see what is made of it.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Drill {
    /// Which one; --list names them.
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Name all drills, and the exercises that must stay quiet.
    #[arg(long)]
    list: bool,
    /// Write the recording and its configuration there, to replay them.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Another seed is another Internet under the same facts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leaked routes, instead of the published number.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=4_000_000))]
    routes: Option<u32>,
    /// Announcements a second on each session.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// IPv4 routes in the table, instead of that day's: for a quick trial.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(20_000..))]
    table: Option<u32>,
    /// From where it is seen.
    #[arg(long, value_enum, default_value = "border")]
    vantage: From,
    #[command(flatten)]
    live: live::ToDaemon,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Tell of incidents that are of information only, too.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// A border router with two transit sessions.
    Border,
    /// A route collector with six full feeds.
    Collector,
}

impl Drill {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        if self.list {
            print::list(&mut out, &Sheet::standard_output())?;
            out.flush()?;
            return Ok(Status::Done);
        }
        let name = self.name.as_deref().unwrap_or_default();
        let drill = drill::find(name).ok_or_else(|| Failure::Usage(unknown(name)))?;
        let quiet = self.format == Format::Json && std::io::stdout().is_terminal();
        let options = Options {
            seed: self.seed,
            routes: self.routes,
            rate: self.rate,
            vantage: match self.vantage {
                From::Border => Vantage::Border,
                From::Collector => Vantage::Collector,
            },
            nlri_per_update: None,
            table: self.table,
            timing: self.live.timing(),
        };
        let target = self.live.bmp.as_deref();
        let wire = target
            .map(|target| self.connect(target, drill))
            .transpose()?;
        let waiting = Progress::waiting("reconstruct", drill.title, quiet);
        let recording = drill::play(drill, &options);
        drop(waiting);
        if let Some(directory) = &self.out {
            recording.write(directory).map_err(|error| {
                let error = anyhow::Error::new(error);
                Failure::Input(error.context(format!("writing to {}", directory.display())))
            })?;
        }
        if let Some(wire) = wire {
            return self.play_to(wire, drill, recording, out, quiet);
        }
        self.play(drill, recording, out, quiet)
    }

    /// From where it is seen, and what was asked for otherwise than usual.
    fn played(&self) -> String {
        let mut text = String::from(match self.vantage {
            From::Border => "Seen from a border router with two transit sessions",
            From::Collector => "Seen from a collector with six full feeds",
        });
        let asked = [
            ("--routes", self.routes),
            ("--rate", self.rate),
            ("--table", self.table),
        ];
        for (option, value) in asked {
            if let Some(value) = value {
                let _ = write!(text, ", {option} {value}");
            }
        }
        if self.seed != 1 {
            let _ = write!(text, ", --seed {}", self.seed);
        }
        text
    }

    fn play(
        &self,
        drill: &Played,
        recording: Recording,
        out: impl Write,
        quiet: bool,
    ) -> Result<Status, Failure> {
        let Recording {
            rib,
            updates,
            truth,
            config,
            sessions: _,
        } = recording;
        let config = Config::parse_text(&config)?;
        let page = (config.incident.page_confidence, config.incident.page_routes);
        let engine = Engine::new(config.reference, config.detect, config.incident);
        let mut feed = Feed::new(engine);
        let mut told = Told::new(out, self.format);
        let mut watch = Watch::new(&truth);

        let started = now();
        read("load table", rib, &mut feed, &mut told, &mut watch, quiet)?;
        let loaded = nlri(&feed.tally);
        let updating = now();
        read("updates", updates, &mut feed, &mut told, &mut watch, quiet)?;
        let rate = per_second(nlri(&feed.tally) - loaded, updating.elapsed());
        let event_seconds = feed.event_seconds();
        feed.run_on(RUN_ON, &mut |output| {
            let _ = told.tell(output);
        });
        told.check()?;
        let elapsed = started.elapsed();

        let verdict = verdict::judge(drill, &truth, &told, &watch, rate);
        let holds = verdict.holds;
        let mut summary = Summary::new(2, &feed, &told, event_seconds, elapsed);
        match self.format {
            Format::Json => {
                summary.drill = Some(verdict);
                told.finish_json(&summary)?;
                if let Some(directory) = &self.out {
                    eprintln!("leakwatch: {}", print::how_to_replay(directory));
                }
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
                print::head(&mut told.out, &sheet, drill, &self.played())?;
                report.incidents(&mut told)?;
                print::background(&mut told.out, &sheet, drill)?;
                print::verdict(&mut told.out, &sheet, &verdict)?;
                sheet.rule(&mut told.out, "Figures")?;
                report.count(&mut told)?;
                summary.print_read(&mut told.out, &sheet)?;
                if let Some(directory) = &self.out {
                    sheet.field(&mut told.out, "Again", &print::how_to_replay(directory))?;
                }
                print::figures(&mut told.out, &sheet, &verdict)?;
                told.out.flush()?;
            }
        }
        Ok(if holds { Status::Done } else { Status::Unmet })
    }
}

/// Reads one of a recording's two files.
fn read<W: Write>(
    prefix: &str,
    bytes: Vec<u8>,
    feed: &mut Feed,
    told: &mut Told<W>,
    watch: &mut Watch,
    quiet: bool,
) -> Result<(), Failure> {
    let size = bytes.len() as u64;
    let input = Input::from_reader(Path::new(prefix), Cursor::new(bytes), Some(size))?;
    let progress = Progress::bytes(prefix, Some(size), quiet);
    let consumed = input.consumed();
    let mut reader = MrtReader::new(input);
    feed.read_by(&mut reader, &mut |reader, engine, batch, out| {
        watch.apply(engine, batch, out);
        progress.at(consumed.load(Ordering::Relaxed), nlri(reader.tally()));
        let mut flow = ControlFlow::Continue(());
        for output in out.drain(..) {
            if let Output::Incident(event) = &output
                && event.severity > Severity::Info
                && told.format == Format::Text
            {
                progress.whisper(&incident_sheet::line(event));
            }
            flow = told.tell(output);
        }
        flow
    });
    told.check()?;
    Ok(())
}

fn unknown(name: &str) -> String {
    let near = drill::all()
        .iter()
        .map(|drill| (strsim::jaro_winkler(name, drill.name), drill.name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.7);
    let name = super::sheet::escape(name);
    match near {
        Some((_, near)) => format!("no drill is called `{name}`; did you mean `{near}`?"),
        None => format!("no drill is called `{name}`; `leakwatch drill --list` names them"),
    }
}
