//! What is looked after every second by a thread of its own, since it may have to wait for the
//! disk: the journal, the queues of sinks, troubles of our own, expected changes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    blindness::{self, Seen},
    canary::Canary,
    directories::Directories,
    engine_thread::Command,
    heard::Heard,
    recorder::{Entry, Recorder},
};
use crate::{
    alert::{Dispatcher, Quiet, Trouble},
    bgp::{Asn, Timestamp},
    engine::Carried,
    feed::{
        bmp::{RouterState, Routers, Standing},
        clock::{Clock, wall},
        intake::Realm,
    },
    http::{Board, Telling},
    incident::{IncidentEvent, Step},
    metrics::{Metrics, raise},
    store::{Durability, Store},
};

/// What it looks after.
#[derive(Debug)]
pub struct Upkeep {
    /// The journal.
    pub store: Store,
    /// The sinks' queues.
    pub dispatcher: Dispatcher,
    /// What somebody asked to be quiet about.
    pub quiet: Quiet,
    /// What HTTP shows.
    pub board: Board,
    /// Where troubles are written down.
    pub recorder: Recorder,
    /// Routers.
    pub routers: Routers,
    /// Watched directories.
    pub directories: Directories,
    /// Our own test leak.
    pub canary: Canary,
    /// Where routes are counted.
    pub engine: mpsc::Sender<Command>,
    /// Where it shows how telling goes.
    pub telling: watch::Sender<Arc<Telling>>,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

const TURN: Duration = Duration::from_secs(1);
/// The journal is tidied, and a disk that failed is tried again, so often.
const JOURNAL: Duration = Duration::from_secs(30);
/// Slips of what is over are looked through so often.
const SLIPS: Duration = Duration::from_secs(3600);
/// What was asked to be quiet about is looked at so often: counting an AS's prefixes takes the
/// engine some milliseconds.
const QUIET: Duration = Duration::from_secs(10);
/// Before this has passed since the start nothing is well again: feeds take their time to come
/// back, and what was wrong before is not mended by our own restart.
const SETTLES: Duration = Duration::from_secs(90);
/// A router that has not come back so long after the start is counted without.
const RETURNS: Duration = Duration::from_secs(1800);

impl Upkeep {
    /// Starts the thread, which ends when `stop` turns true.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(self, stop: Arc<AtomicBool>) -> std::io::Result<()> {
        thread::Builder::new()
            .name("upkeep".to_owned())
            .spawn(move || self.run(&stop))?;
        Ok(())
    }

    fn run(self, stop: &AtomicBool) {
        let started = self.clock.now();
        let (mut journal, mut slips, mut quiet) = (started, started, started);
        let mut heard = Heard::load(self.store.clone(), started);
        let mut known: BTreeMap<String, Trouble> = self
            .dispatcher
            .standing_troubles()
            .into_iter()
            .filter(|trouble| blindness::CHAPTERS.contains(&&*trouble.chapter))
            .map(|trouble| (trouble.id.clone(), trouble))
            .collect();
        while !stop.load(Ordering::Relaxed) {
            let now = self.clock.now();
            if now.since(journal) >= JOURNAL {
                self.store.look_after(now);
                journal = now;
            }
            if now.since(slips) >= SLIPS {
                self.dispatcher.tidy();
                slips = now;
            }
            let settled = now.since(started) >= SETTLES;
            let mut telling = self.look(now);
            let mut routers = self.routers.list();
            routers.extend(heard.missed(&routers));
            heard.keep(&routers, now);
            for trouble in self.compare(&mut known, &telling, &routers, settled) {
                self.recorder.put(Entry::Trouble(Box::new(trouble)));
            }
            telling.troubles = known.values().cloned().collect();
            self.telling.send_replace(Arc::new(telling));
            if now.since(quiet) >= QUIET {
                self.look_after_quiet(wall(), now.since(started));
                quiet = now;
            }
            thread::sleep(TURN);
        }
    }

    /// Ends what was asked to be quiet for a while, and looks how announced changes go.
    fn look_after_quiet(&self, wall: Timestamp, up: Duration) {
        for one in self.quiet.acknowledgements() {
            let realm = if one.drill { Realm::Drill } else { Realm::Live };
            let record = self.board.incident(realm, &one.incident);
            if record.is_some_and(|record| record.resolved.is_some()) {
                self.quiet.ended(&one.incident, one.drill, wall);
            }
        }
        let records = self.board.incidents();
        // A change is announced by the clock on the wall.
        let behind = wall.since(self.clock.now());
        let by_the_wall = |mut event: IncidentEvent| {
            event.first_seen = event.first_seen + behind;
            event
        };
        let events = records.iter().map(|record| record.last.clone());
        let incidents: Vec<IncidentEvent> = events.map(by_the_wall).collect();
        let incidents: Vec<&IncidentEvent> = incidents.iter().collect();
        let count = |asn| self.count(asn, up);
        for trouble in self.quiet.tick(wall, &count, &incidents) {
            self.recorder.put(Entry::Trouble(Box::new(trouble)));
        }
    }

    /// Prefixes that an AS originates or carries, as the engine counts them; none while not all
    /// of them may be there, so long after the start.
    fn count(&self, asn: Asn, up: Duration) -> Option<u32> {
        let connecting =
            |router: &RouterState| !router.drill && router.state == Standing::Connecting;
        let expects =
            !self.directories.waiting().is_empty() || self.routers.list().iter().any(connecting);
        let (answer, asked) = oneshot::channel();
        let order = Command::Count(asn, answer);
        self.engine.blocking_send(order).ok()?;
        let carried = asked.blocking_recv().ok()?;
        counted(&carried, expects, up)
    }

    /// How the journal and the sinks do; also shows it in the metrics.
    fn look(&self, now: Timestamp) -> Telling {
        let durability = self.store.durability();
        let degraded = matches!(durability, Durability::Degraded { .. });
        let (journal, figures) = (&self.metrics.journal, self.store.figures());
        journal.durable.set(i64::from(!degraded));
        journal.bytes.set(figures.bytes as i64);
        raise(&journal.rows, figures.rows_written);
        raise(&journal.failures, figures.failures);
        for problem in self.store.said() {
            tracing::warn!(problem, "the journal");
        }
        Telling {
            sinks: self.dispatcher.states(),
            ..Telling::new(now, durability)
        }
    }

    fn compare(
        &self,
        known: &mut BTreeMap<String, Trouble>,
        telling: &Telling,
        routers: &[RouterState],
        settled: bool,
    ) -> Vec<Trouble> {
        let seen = Seen {
            now: telling.time,
            durability: &telling.journal,
            sinks: &telling.sinks,
            routers,
            directories: &self.directories.states(),
            canary: self.canary.lost(),
        };
        let over = |trouble: &Trouble| blindness::over(trouble, &seen, settled);
        compare(known, blindness::troubles(&seen), seen.now, &over)
    }
}

/// What was counted, where the tables it was counted in are whole: while they arrive, every count
/// looks like a change. `expects` is whether a router or a directory has yet to be
/// read.
fn counted(carried: &Carried, expects: bool, up: Duration) -> Option<u32> {
    let absent = (expects || carried.awaited > 0) && up < RETURNS;
    let whole = up >= SETTLES && carried.views > 0 && carried.filling == 0 && !absent;
    whole.then(|| carried.originates.saturating_add(carried.transits))
}

/// What has changed between what was wrong and what is: troubles that began, got worse or ended.
/// `over` says of one that is not found what is told of its end, if it is over.
fn compare(
    known: &mut BTreeMap<String, Trouble>,
    found: Vec<Trouble>,
    now: Timestamp,
    over: &dyn Fn(&Trouble) -> Option<String>,
) -> Vec<Trouble> {
    let mut changes = Vec::new();
    let found: BTreeMap<String, Trouble> = found
        .into_iter()
        .map(|trouble| (trouble.id.clone(), trouble))
        .collect();
    let ended: Vec<(String, String)> = (known.values())
        .filter(|trouble| !found.contains_key(&trouble.id))
        .filter_map(|trouble| Some((trouble.id.clone(), over(trouble)?)))
        .collect();
    for (id, summary) in ended {
        changes.extend(known.remove(&id).map(|trouble| Trouble {
            event: Step::Resolved,
            time: now,
            summary,
            actions: Vec::new(),
            ..trouble
        }));
    }
    for (id, trouble) in found {
        match known.get(&id) {
            Some(before) if before.severity >= trouble.severity => {}
            Some(_) => {
                let worse = Trouble {
                    event: Step::Updated,
                    ..trouble.clone()
                };
                changes.push(worse);
                known.insert(id, trouble);
            }
            None => {
                changes.push(trouble.clone());
                known.insert(id, trouble);
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Severity;

    fn trouble(id: &str, severity: Severity) -> Trouble {
        Trouble {
            id: id.to_owned(),
            event: Step::Opened,
            severity,
            since: Timestamp::ZERO,
            time: Timestamp::ZERO,
            summary: format!("{id} is wrong"),
            details: Vec::new(),
            actions: Vec::new(),
            chapter: id.to_owned(),
        }
    }

    /// What is told when this is found, as `id step`.
    fn told(
        known: &mut BTreeMap<String, Trouble>,
        found: &[(&str, Severity)],
        settled: bool,
    ) -> Vec<String> {
        let found = found
            .iter()
            .map(|(id, severity)| trouble(id, *severity))
            .collect();
        let over = |one: &Trouble| settled.then(|| format!("over: {}", one.summary));
        let changes = compare(known, found, Timestamp::ZERO, &over);
        let named = |one: Trouble| format!("{} {:?}", one.id, one.event);
        changes.into_iter().map(named).collect()
    }

    #[test]
    fn a_trouble_is_told_once_and_again_when_it_is_worse_or_over() {
        use Severity::{Critical, Warning};
        let mut known = BTreeMap::new();
        assert_eq!(told(&mut known, &[("a", Warning)], true), ["a Opened"]);
        assert!(told(&mut known, &[("a", Warning)], true).is_empty());
        assert_eq!(
            told(&mut known, &[("a", Critical), ("b", Warning)], true),
            ["a Updated", "b Opened"]
        );
        assert_eq!(told(&mut known, &[("b", Warning)], true), ["a Resolved"]);
        assert_eq!(told(&mut known, &[], true), ["b Resolved"]);
        assert!(told(&mut known, &[], true).is_empty());
    }

    #[test]
    fn routes_are_counted_only_where_every_table_is_there() {
        let whole = Carried {
            originates: 30,
            transits: 12,
            views: 2,
            ..Carried::default()
        };
        let hour = Duration::from_secs(3600);
        assert_eq!(counted(&whole, false, hour), Some(42));
        assert_eq!(
            counted(&whole, false, Duration::ZERO),
            None,
            "who will come?"
        );
        let none = Carried::default();
        assert_eq!(counted(&none, false, hour), None, "nothing was heard yet");
        let filling = Carried {
            filling: 1,
            ..whole
        };
        assert_eq!(counted(&filling, false, hour), None, "a table arrives");
        let awaited = Carried {
            awaited: 1,
            ..whole
        };
        let minutes = Duration::from_secs(300);
        for (carried, expects) in [(awaited, false), (whole, true)] {
            assert_eq!(counted(&carried, expects, minutes), None);
            let later = counted(&carried, expects, hour);
            assert_eq!(later, Some(42), "it may never come back");
        }
    }

    #[test]
    fn what_was_wrong_before_a_restart_is_not_over_because_of_it() {
        let before = trouble("a", Severity::Warning);
        let mut known = BTreeMap::from([(before.id.clone(), before)]);
        assert!(told(&mut known, &[], false).is_empty());
        assert!(told(&mut known, &[("a", Severity::Warning)], true).is_empty());
        assert_eq!(told(&mut known, &[], true), ["a Resolved"]);
    }
}
