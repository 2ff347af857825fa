//! The incidents as they were last told, and the last things told, in order.
//!
//! Open incidents are kept as long as the engine has them, and it has a cap of its own.
//! Of those that are over the latest are kept. What was told is also kept in a ring, so
//! that a reader of the event stream that was away for a moment misses nothing; one
//! that was away for longer is told so.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::sync::watch;

use crate::{
    bgp::Timestamp,
    feed::intake::Realm,
    incident::{IncidentEvent, Output, Severity, Standing, Step},
};

/// Incidents kept after they are over, the oldest going first.
pub const MOST_RESOLVED: usize = 1000;
/// Steps of one incident that are kept: the first and the latest.
pub const MOST_STAGES: usize = 64;
/// Things told that a reader can still catch up on.
pub const MOST_TOLD: usize = 1024;
/// Summaries of tables that were not clean, the oldest going first.
pub const MOST_STANDING: usize = 1000;

/// A step in an incident's life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// What happened.
    pub event: Step,
    /// When.
    pub time: Timestamp,
    /// How bad it was then.
    pub severity: Severity,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Prefixes affected then.
    pub routes: u32,
}

/// An incident as the board keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Of which Internet.
    pub realm: Realm,
    /// It as last told, or as it stands.
    pub last: IncidentEvent,
    /// When it opened.
    pub opened: Timestamp,
    /// When it was over; none while it is open.
    pub resolved: Option<Timestamp>,
    /// The worst it was.
    pub worst: Severity,
    /// How it got there.
    pub timeline: Vec<Stage>,
    /// Steps left out of the timeline, after the first.
    pub omitted: u32,
}

/// One thing told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its place in the order of all, from 1.
    pub number: u64,
    /// Of which Internet.
    pub realm: Realm,
    /// `incident` or `standing`.
    pub name: &'static str,
    /// As JSON.
    pub data: Arc<str>,
}

impl Stage {
    /// The step that an event tells of.
    pub fn of(event: &IncidentEvent) -> Stage {
        Stage {
            event: event.event,
            time: event.time,
            severity: event.severity,
            confidence: event.confidence,
            routes: event.routes.active,
        }
    }
}

type Key = (Realm, String);

#[derive(Default)]
struct State {
    records: BTreeMap<Key, Arc<Record>>,
    resolved: VecDeque<Key>,
    standing: VecDeque<(Realm, Arc<Standing>)>,
    ring: VecDeque<Told>,
    dropped: u64,
}

struct Shared {
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

/// The board; clones show the same.
#[derive(Clone)]
pub struct Board(Arc<Shared>);

impl Default for Board {
    fn default() -> Self {
        Board(Arc::new(Shared {
            state: Mutex::default(),
            newest: watch::Sender::new(0),
        }))
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board")
            .field("newest", &*self.0.newest.borrow())
            .finish_non_exhaustive()
    }
}

impl Board {
    /// Takes what an engine said.
    pub fn tell(&self, realm: Realm, output: &Output) {
        let (name, data) = match output {
            Output::Incident(event) => ("incident", serde_json::to_string(event)),
            Output::Standing(standing) => ("standing", serde_json::to_string(standing)),
        };
        // Nothing in either can fail to be written; an empty object would say so.
        let data = data.unwrap_or_else(|_| "{}".to_owned());
        let mut state = self.state();
        match output {
            Output::Incident(event) => state.keep(realm, event),
            Output::Standing(standing) => {
                let standing = Arc::new(Standing::clone(standing));
                state.standing.push_back((realm, standing));
                if state.standing.len() > MOST_STANDING {
                    state.standing.pop_front();
                }
            }
        }
        // The ring and the number change under one lock, so nobody can see one without
        // the other.
        self.0.newest.send_modify(|newest| {
            *newest += 1;
            state.ring.push_back(Told {
                number: *newest,
                realm,
                name,
                data: data.into(),
            });
        });
        if state.ring.len() > MOST_TOLD {
            state.ring.pop_front();
        }
    }

    /// Takes an incident that was known before we began; nobody is told of it.
    pub fn restore(&self, record: Record) {
        let key = (record.realm, record.last.id.clone());
        let mut state = self.state();
        if record.resolved.is_some() {
            state.resolved.push_back(key.clone());
        }
        state.records.insert(key, Arc::new(record));
    }

    /// Brings open incidents to what they are now; no step in their lives.
    pub fn refresh(&self, realm: Realm, open: Vec<IncidentEvent>) {
        let mut state = self.state();
        for event in open {
            let key = (realm, event.id.clone());
            if let Some(record) = state.records.get_mut(&key)
                && record.resolved.is_none()
            {
                let record = Arc::make_mut(record);
                let step = record.last.event;
                record.last = event;
                record.last.event = step;
            }
        }
    }

    /// Every incident that is kept.
    pub fn incidents(&self) -> Vec<Arc<Record>> {
        self.state().records.values().cloned().collect()
    }

    /// One incident.
    pub fn incident(&self, realm: Realm, id: &str) -> Option<Arc<Record>> {
        self.state().records.get(&(realm, id.to_owned())).cloned()
    }

    /// Tables that were not clean when they were first complete, the latest last.
    pub fn standing(&self) -> Vec<(Realm, Arc<Standing>)> {
        self.state().standing.iter().cloned().collect()
    }

    /// Incidents that were over and are no longer kept.
    pub fn dropped(&self) -> u64 {
        self.state().dropped
    }

    /// Changes whenever something is told; its value is the number of the newest.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    /// What was told after `number`, oldest first.
    ///
    /// # Errors
    /// If something of it is no longer kept, with the number of the oldest that is.
    pub fn after(&self, number: u64) -> Result<Vec<Told>, u64> {
        let state = self.state();
        let oldest = state.ring.front().map_or(1, |told| told.number);
        if number + 1 < oldest {
            return Err(oldest);
        }
        let from = state.ring.partition_point(|told| told.number <= number);
        Ok(state.ring.range(from..).cloned().collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, realm: Realm, event: &IncidentEvent) {
        let key = (realm, event.id.clone());
        let stage = Stage::of(event);
        let over = event.event == Step::Resolved;
        let record = self.records.entry(key.clone()).or_insert_with(|| {
            Arc::new(Record {
                realm,
                last: event.clone(),
                // Of one whose end is the first that is heard, only that is known.
                opened: if over { event.first_seen } else { event.time },
                resolved: None,
                worst: event.severity,
                timeline: Vec::new(),
                omitted: 0,
            })
        });
        let record = Arc::make_mut(record);
        let was_over = record.resolved.is_some();
        record.last = event.clone();
        record.worst = record.worst.max(event.severity);
        record.resolved = over.then_some(event.time);
        record.timeline.push(stage);
        if record.timeline.len() > MOST_STAGES {
            record.timeline.remove(1);
            record.omitted += 1;
        }
        if was_over {
            self.resolved.retain(|other| *other != key);
        }
        if over {
            self.resolved.push_back(key);
            if self.resolved.len() > MOST_RESOLVED
                && let Some(oldest) = self.resolved.pop_front()
            {
                self.records.remove(&oldest);
                self.dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, step: &str, second: u64) -> Output {
        let time = Timestamp::from_secs(1_500_000_000 + second);
        let json = serde_json::json!({
            "event": step, "id": id, "time": time, "kind": "leak", "severity": "critical",
            "confidence": 0.9, "offender": 64500, "neighbour": null, "views": [],
            "routes": {"active": 7, "peak": 9, "total": 9}, "origins": 1, "covers": 0,
            "first_seen": time, "last_seen": time, "detectors": ["valley"], "victims": [],
            "samples": [], "evidence": [{"family": "policy", "strength": 0.9, "what": "x"}],
            "summary": "AS64500 leaks 9 routes",
        });
        Output::Incident(Box::new(serde_json::from_value(json).unwrap()))
    }

    #[test]
    fn open_incidents_stay_and_of_those_that_are_over_the_latest_do() {
        let board = Board::default();
        board.tell(Realm::Live, &event("open", "opened", 0));
        for number in 0..MOST_RESOLVED as u64 + 10 {
            let id = format!("over-{number}");
            board.tell(Realm::Live, &event(&id, "opened", number));
            board.tell(Realm::Live, &event(&id, "resolved", number + 1));
        }
        assert_eq!(board.incidents().len(), MOST_RESOLVED + 1);
        assert_eq!(board.dropped(), 10);
        assert!(board.incident(Realm::Live, "open").is_some());
        assert!(board.incident(Realm::Live, "over-9").is_none());
        assert!(board.incident(Realm::Live, "over-10").is_some());
        // A drill's incident of the same name is another one.
        assert!(board.incident(Realm::Drill, "open").is_none());
    }

    #[test]
    fn one_that_comes_back_is_open_and_is_not_dropped_for_having_been_over() {
        let board = Board::default();
        board.tell(Realm::Live, &event("back", "opened", 0));
        board.tell(Realm::Live, &event("back", "resolved", 1));
        board.tell(Realm::Live, &event("back", "reopened", 2));
        for number in 0..MOST_RESOLVED as u64 + 5 {
            board.tell(
                Realm::Live,
                &event(&format!("over-{number}"), "resolved", 3),
            );
        }
        let record = board.incident(Realm::Live, "back").unwrap();
        assert_eq!(record.resolved, None);
        let steps: Vec<Step> = record.timeline.iter().map(|stage| stage.event).collect();
        assert_eq!(steps, [Step::Opened, Step::Resolved, Step::Reopened]);
    }

    #[test]
    fn a_timeline_keeps_its_first_and_its_latest_steps() {
        let board = Board::default();
        board.tell(Realm::Live, &event("long", "opened", 0));
        for second in 1..200 {
            board.tell(Realm::Live, &event("long", "updated", second));
        }
        let record = board.incident(Realm::Live, "long").unwrap();
        assert_eq!(record.timeline.len(), MOST_STAGES);
        assert_eq!(record.omitted as usize, 200 - MOST_STAGES);
        assert_eq!(record.timeline.first().unwrap().event, Step::Opened);
        let last = Timestamp::from_secs(1_500_000_199);
        assert_eq!(record.timeline.last().unwrap().time, last);
    }

    #[test]
    fn a_refresh_changes_numbers_and_no_step() {
        let board = Board::default();
        board.tell(Realm::Live, &event("one", "opened", 0));
        let Output::Incident(mut now) = event("one", "updated", 9) else {
            unreachable!()
        };
        now.routes.active = 4711;
        board.refresh(Realm::Live, vec![*now]);
        let record = board.incident(Realm::Live, "one").unwrap();
        assert_eq!(record.last.routes.active, 4711);
        assert_eq!(record.last.event, Step::Opened);
        assert_eq!(record.timeline.len(), 1);
        assert_eq!(*board.watch().borrow(), 1);
    }
}
