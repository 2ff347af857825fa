//! Watched directories, from files to incidents.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot run has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use leakwatch::{
    bgp::{Batch, DownReason, EventKind, Router, Timestamp},
    config::Config,
    drill::{self, Options, Recording, Timing, Vantage},
    engine::Engine,
    feed::{
        clock::Clock,
        intake::{self, Outlet, Realm},
        mrt::{Directory, FeedState, Settings, Step, Watches},
    },
    incident::{IncidentEvent, Output, Severity},
};

const SECOND: Duration = Duration::from_secs(1);
/// A test waits for a condition, this long at most.
const PATIENCE: Duration = Duration::from_secs(60);

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("leakwatch-feed-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // An earlier process of our number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A drill as a collector records it, on a small table.
fn recording(name: &str) -> Recording {
    let options = Options {
        seed: 3,
        routes: Some(3_000),
        rate: Some(500),
        vantage: Vantage::Collector,
        nlri_per_update: None,
        table: Some(40_000),
        timing: Timing::RECORDED,
    };
    drill::play(drill::find(name).unwrap(), &options)
}

/// Updates in files of so many seconds, by when they begin.
fn split(updates: &[u8], seconds: u64) -> BTreeMap<u64, Vec<u8>> {
    let mut files: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut rest = updates;
    while !rest.is_empty() {
        let word = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap());
        let (time, len) = (u64::from(word(0)), word(8) as usize + 12);
        let (record, others) = rest.split_at(len);
        files
            .entry(time / seconds * seconds)
            .or_default()
            .extend(record);
        rest = others;
    }
    files
}

/// A collector, a mirror of it, and whoever watches the mirror.
struct World {
    directory: Directory,
    engine: Engine,
    out: Vec<Output>,
    now: Timestamp,
}

impl World {
    fn new(scratch: &Scratch, now: Timestamp) -> Self {
        let settings = Settings {
            name: "rrc00".to_owned(),
            directory: scratch.0.clone(),
            ..Settings::default()
        };
        let config = Config::default();
        World {
            directory: Directory::new(settings, Router::Directory("rrc00")),
            engine: Engine::new(config.reference, config.detect, config.incident),
            out: Vec::new(),
            now,
        }
    }

    /// Lives through so many seconds.
    fn live(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let until = self.now + SECOND;
            while self.now < until {
                match self.directory.step(self.now, &mut Batch::default) {
                    Step::Hand(batch) => self.engine.apply(&batch, &mut self.out),
                    Step::Wait(wait) => self.now = (self.now + wait).min(until),
                }
            }
            self.engine.advance(self.now, &mut self.out);
        }
    }

    fn told(&self, least: Severity) -> Vec<&IncidentEvent> {
        let events = self.out.iter().filter_map(|output| match output {
            Output::Incident(event) if event.severity >= least => Some(&**event),
            _ => None,
        });
        events.collect()
    }

    fn state(&self) -> &FeedState {
        self.directory.state()
    }
}

/// Lives through a recording whose files of five minutes each come a minute after their
/// end, the first of them before we begin.
fn mirrored(recording: &Recording) -> World {
    let files = split(&recording.updates, 300);
    let start = *files.keys().next().unwrap();
    let scratch = Scratch::new();
    fs::write(scratch.0.join("bview"), &recording.rib).unwrap();
    let began = start + 720;
    let mut world = World::new(&scratch, Timestamp::from_secs(began));
    let mut files = files.into_iter().peekable();
    let end = *split(&recording.updates, 300).keys().last().unwrap() + 900;
    while world.now.secs() < end {
        while let Some((time, bytes)) = files.next_if(|(time, _)| time + 360 <= world.now.secs()) {
            // As a mirror does: under another name until it is whole.
            let (part, name) = (scratch.0.join(".part"), format!("updates.{time}"));
            fs::write(&part, bytes).unwrap();
            fs::rename(part, scratch.0.join(name)).unwrap();
        }
        world.live(30);
    }
    world
}

#[test]
fn a_leak_in_a_mirrored_collector_is_one_incident_and_its_churn_is_none() {
    let recording = recording("allegheny-2019");
    let truth = recording.truth.incidents[0];
    let world = mirrored(&recording);
    let critical = world.told(Severity::Critical);
    let ids: BTreeSet<&str> = critical.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let last = critical.last().unwrap();
    assert_eq!(last.offender, Some(truth.offender));
    assert_eq!(last.neighbour, truth.neighbour);
    let off = last.routes.total.abs_diff(truth.routes);
    assert!(
        off * 10 <= truth.routes,
        "{} of {}",
        last.routes.total,
        truth.routes
    );
    assert!(critical[0].views.iter().all(|view| view.router == "rrc00"));
    let late = critical[0].time.since(truth.first).as_secs();
    assert!((60..900).contains(&late), "told {late} s after it happened");
    let state = world.state();
    assert_eq!((state.files_damaged, state.peers), (0, 6));
    assert_eq!(state.tally.error_count(), 0);
}

#[test]
fn fifteen_minutes_at_once_are_no_burst() {
    let recording = recording("quiet-churn");
    let hour = split(&recording.updates, 900).into_iter().take(4);
    let mut updates = Vec::new();
    for (_, bytes) in hour {
        updates.extend(bytes);
    }
    let world = mirrored(&Recording {
        updates,
        ..recording
    });
    let warnings = world.told(Severity::Warning);
    assert!(warnings.is_empty(), "{:?}", warnings[0]);
    assert!(world.state().has_table && world.state().caught_up);
}

/// Settings for files that were written long ago.
fn settings(name: &str, directory: &Path) -> Settings {
    Settings {
        name: name.to_owned(),
        directory: directory.to_owned(),
        poll: Duration::from_millis(50),
        backlog: Duration::from_secs(100 * 365 * 86_400),
        ..Settings::default()
    }
}

/// Takes what comes until `enough`.
async fn take(outlet: &mut Outlet, engine: &mut Engine, enough: impl Fn(&Engine, &Batch) -> bool) {
    let mut out = Vec::new();
    let all = async {
        while let Some(parcel) = outlet.next().await {
            assert_eq!(parcel.world, Realm::Live);
            engine.apply(&parcel.batch, &mut out);
            let done = enough(engine, &parcel.batch);
            outlet.done(parcel);
            if done {
                return;
            }
        }
        panic!("the watches are gone");
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_directories_are_two_routers_and_one_that_is_left_takes_its_routes_along() {
    let recording = recording("quiet-churn");
    let scratches = [Scratch::new(), Scratch::new()];
    for scratch in &scratches {
        let path = scratch.0.join("rib");
        fs::write(&path, &recording.rib).unwrap();
        let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
    // A queue of far less than a table: the threads wait for the engine, and lose nothing.
    let (intake, mut outlet) = intake::queue(256 << 10);
    let config = Config::default();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let runtime = tokio::runtime::Handle::current();
    let mut watches = Watches::new(intake.clone(), Clock::system(), runtime);
    let both = [
        settings("left", &scratches[0].0),
        settings("right", &scratches[1].0),
    ];
    watches.set(&both).unwrap();
    let routes = |engine: &Engine, name: &'static str| -> u32 {
        let rib = engine.rib();
        let mine = rib
            .views()
            .filter(|(_, key)| key.peer.router == Router::Directory(name));
        mine.map(|(view, _)| rib.routes(view)).sum()
    };
    let all = 6 * 40_000;
    take(&mut outlet, &mut engine, |engine, _| {
        routes(engine, "left") >= all - 12_000
            && routes(engine, "right") >= all - 12_000
            && !engine.is_warming()
    })
    .await;
    assert!(intake.waits() > 0, "the queue was full at times");
    let states = watches.states();
    let names: Vec<&str> = states.iter().map(|state| state.name.as_str()).collect();
    assert_eq!(names, ["left", "right"]);
    watches.set(&both[..1]).unwrap();
    take(&mut outlet, &mut engine, |_, batch| {
        let down = EventKind::PeerDown(DownReason::Unmonitored);
        batch
            .events
            .iter()
            .filter(|event| event.kind == down)
            .count()
            == 6
    })
    .await;
    assert_eq!(routes(&engine, "right"), 0);
    assert!(routes(&engine, "left") >= all - 12_000);
    assert_eq!(watches.states().len(), 1);
}
