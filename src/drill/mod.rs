//! Drills: reconstructions of historical leaks, and exercises that must stay quiet.
//!
//! A drill writes what a router or a collector would have recorded, as MRT, and says
//! the truth about it. The prefixes and the ordinary churn are real (the table of RIS
//! peer AS3333 on 2026-05-11, `data/README.md`); the networks that an account of the
//! event names are themselves; all paths, every other network (AS1000000 and up, which
//! no registry has given out), and the times within the event are made up, from a seed:
//! the same seed gives the same bytes. No drill is the recording of an event.
//!
//! From top to bottom: the prefixes are dealt out (`holdings`), the networks
//! joined (`topology`), each feed's routes found (`tree`) and written (`feed`); a `leak`
//! or an `exercise` is staged and recorded together with the `churn` (`recorder`).

mod catalogue;
mod churn;
mod exercise;
mod feed;
mod holdings;
mod leak;
mod names;
mod random;
mod recorder;
mod selection;
mod speaker;
mod stage;
mod table;
mod topology;
mod tree;

use std::{fs, io, path::Path};

use crate::{
    bgp::{Asn, Timestamp},
    wire::encode::Session,
};

pub use catalogue::{all, find};
use churn::Reserved;
use leak::{Leak, Schedule, Staged};
use recorder::{Packing, Recorder, Script, Stream};
pub use speaker::{Speaker, Updates};
use stage::Stage;

const SECOND: u64 = 1_000_000;
/// How long the ordinary parts of a drill take, in microseconds. What a leak itself does
/// keeps its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the table dump to the event.
    pub before: u64,
    /// A leak stays so long once it is complete.
    pub hold: u64,
    /// The recording goes on so long after the end.
    pub after: u64,
    /// What an exercise waits for takes so long at most.
    pub longest: u64,
}

impl Timing {
    /// As an hour of a collector's files would show it.
    pub const RECORDED: Timing = Timing {
        before: 20 * 60 * SECOND,
        hold: 4 * 60 * SECOND,
        after: 30 * 60 * SECOND,
        longest: u64::MAX,
    };

    /// For somebody who watches.
    pub const WATCHED: Timing = Timing {
        before: 5 * SECOND,
        hold: 20 * SECOND,
        after: 10 * SECOND,
        longest: 60 * SECOND,
    };
}

/// What a watcher must make of a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// So many incidents that page, each of [`Truth::incidents`] once.
    Incidents(usize),
    /// No page.
    Quiet,
}

/// One reconstruction or exercise.
#[derive(Debug)]
pub struct Drill {
    /// As given on the command line.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// When the event begins in the drill, RFC 3339. The story says where the time of
    /// day is not a published one.
    pub date: &'static str,
    /// Leak types of RFC 7908 §3, in words; empty where it is none.
    pub rfc7908: &'static str,
    /// What happened, from which published facts, and what is made up.
    pub story: &'static str,
    /// The accounts that the facts are from.
    pub sources: &'static [&'static str],
    /// What an operator would have seen on a router.
    pub on_a_router: &'static str,
    /// What must out come.
    pub expected: Expected,
    plot: Plot,
}

#[derive(Debug)]
struct Plot {
    /// Size of that day's IPv4 table, if it was smaller.
    table: Option<u32>,
    border: &'static [u32],
    collector: &'static [u32],
    act: Act,
}

#[derive(Debug)]
enum Act {
    Leaks(&'static [Leak]),
    Exercise(exercise::Exercise),
}

/// From where it is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vantage {
    /// A border router of AS64500 with two transit sessions.
    #[default]
    Border,
    /// A route collector with six full feeds.
    Collector,
}

/// How to play a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed is another Internet under the same facts.
    pub seed: u64,
    /// Leaked routes (or an exercise's), instead of the published number.
    pub routes: Option<u32>,
    /// Announcements a second from each feed, instead of the drill's.
    pub rate: Option<u32>,
    /// From where.
    pub vantage: Vantage,
    /// NLRI in an UPDATE at most; None packs as speakers do.
    pub nlri_per_update: Option<usize>,
    /// Size of the IPv4 table, instead of that day's: for quick tests.
    pub table: Option<u32>,
    /// How long the ordinary parts take.
    pub timing: Timing,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            routes: None,
            rate: None,
            vantage: Vantage::Border,
            nlri_per_update: None,
            table: None,
            timing: Timing::RECORDED,
        }
    }
}

/// One incident that a drill contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Who leaked.
    pub offender: Asn,
    /// Who accepted it; None where many did or the leaker is a direct neighbour.
    pub neighbour: Option<Asn>,
    /// Distinct prefixes.
    pub routes: u32,
    /// When the first leaked route was recorded.
    pub first: Timestamp,
    /// When the last one was first recorded.
    pub last: Timestamp,
    /// When the last one was withdrawn or gave way to the ordinary route.
    pub last_withdrawn: Timestamp,
}

/// The truth about a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// What must be found; empty for an exercise.
    pub incidents: Vec<Incident>,
}

/// A drill, played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The table at the beginning: an MRT file of `TABLE_DUMP_V2` records.
    pub rib: Vec<u8>,
    /// What followed: an MRT file of `BGP4MP_ET` records.
    pub updates: Vec<u8>,
    /// What is in it.
    pub truth: Truth,
    /// Settings (TOML) that a watcher at this vantage would have.
    pub config: String,
    /// The sessions of the recording router.
    pub sessions: Vec<Session>,
}

impl Recording {
    /// Writes `rib.mrt`, `updates.mrt` and `leakwatch.toml` into a directory, which is
    /// made if need be.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        fs::write(directory.join("rib.mrt"), &self.rib)?;
        fs::write(directory.join("updates.mrt"), &self.updates)?;
        fs::write(directory.join("leakwatch.toml"), &self.config)
    }
}

/// Plays a drill. Takes about a second for a full table and two sessions.
pub fn play(drill: &Drill, options: &Options) -> Recording {
    let plot = &drill.plot;
    let feeds = match options.vantage {
        Vantage::Border => plot.border,
        Vantage::Collector => plot.collector,
    };
    let table = options.table.or(plot.table);
    let mut stage = Stage::new(options.seed, table, options.vantage, feeds);
    let start = beginning(drill, options.timing.before);
    let rib = stage.dump(start, options.vantage);
    let config = config(&stage, options.vantage);
    let packing = Packing {
        announced: options.nlri_per_update.unwrap_or(6).max(1),
        withdrawn: options.nlri_per_update.unwrap_or(40).max(1),
    };
    let (updates, incidents) = match &plot.act {
        Act::Leaks(leaks) => play_leaks(leaks, &mut stage, options, start, packing),
        Act::Exercise(exercise) => exercise.play(&mut stage, options, start, packing),
    };
    Recording {
        rib,
        updates,
        truth: Truth { incidents },
        config,
        sessions: stage.feeds.iter().map(|feed| feed.session).collect(),
    }
}

/// Time of the table dump.
fn beginning(drill: &Drill, before: u64) -> Timestamp {
    let event = drill.date.parse::<jiff::Timestamp>().unwrap_or_default();
    let event = u64::try_from(event.as_microsecond()).unwrap_or_default();
    Timestamp::from_micros(event.saturating_sub(before))
}

fn play_leaks(
    leaks: &[Leak],
    stage: &mut Stage,
    options: &Options,
    start: Timestamp,
    packing: Packing,
) -> (Vec<u8>, Vec<Incident>) {
    let staged: Vec<(&Leak, Staged)> = leaks
        .iter()
        .map(|leak| {
            let routes = options.routes.unwrap_or(leak.routes);
            (leak, Staged::new(leak, stage, routes))
        })
        .collect();
    let mut streams: Vec<Box<dyn Stream + '_>> = Vec::new();
    let mut reserved: Vec<Reserved> = Vec::new();
    let mut incidents = Vec::new();
    let mut end = 0;
    let Timing {
        before,
        hold,
        after,
        ..
    } = options.timing;
    for ((leak, staged), index) in staged.iter().zip(0_u8..) {
        let gap = SECOND / u64::from(options.rate.unwrap_or(leak.rate).max(1));
        let routes = u64::from(staged.routes());
        let schedule = Schedule {
            begins: before,
            gap,
            retreats: before + gap * routes + hold,
            retreat_gap: gap / 2,
        };
        end = end.max(schedule.retreats + schedule.retreat_gap * routes);
        streams.extend(staged.streams(stage, &schedule, index));
        reserved.push(staged.reserved(&schedule));
        incidents.push(Incident {
            offender: Asn(leak.offender),
            neighbour: leak
                .neighbours
                .first()
                .copied()
                .map(Asn)
                .filter(|_| leak.one_neighbour),
            routes: staged.routes(),
            first: Timestamp::ZERO,
            last: Timestamp::ZERO,
            last_withdrawn: Timestamp::ZERO,
        });
    }
    let noise = churn::moves(stage, end + after, &reserved);
    streams.push(Box::new(Script::new(noise)));
    Recorder::new(&stage.feeds, start, packing, incidents).record(&mut streams)
}

/// Settings of whoever runs the recording router: the sessions and their limits, two
/// fifths above what they carry, so that the warning at 75 % is above an ordinary day.
fn config(stage: &Stage, vantage: Vantage) -> String {
    use std::fmt::Write;
    let Asn(local) = stage::LOCAL_AS;
    let mut text = format!("local_as = {local}\n");
    if vantage == Vantage::Border {
        let limit = (stage.holdings.v4.prefixes.len() * 7 / 50_000 + 1) * 10_000;
        for (feed, name) in stage.feeds.iter().zip(["transit-a", "transit-b"]) {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n[[peer]]\nmatch = {{ address = \"{}\" }}\nname = \"{name}\"\nlocal_role = \"customer\"\nmaximum_prefix = {limit}\nwarning_percent = 75\n",
                feed.session.peer
            );
        }
    }
    text
}
