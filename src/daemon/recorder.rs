//! What the engines say is written down before anybody hears of it.
//!
//! The engine's thread puts it into a box that never makes it wait; one thread takes all that is
//! in the box, writes it to the journal together with what each sink is to be told, and only when
//! that is on the disk shows it: on the board, in the log, to the couriers. So whatever was seen of
//! an incident survives us.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::{canary, told};
use crate::{
    alert::{Dispatcher, Subject, Trouble, is_canary},
    feed::intake::Realm,
    http::Board,
    incident::{IncidentEvent, Output, Step},
    metrics::Metrics,
    store::{Incident, Store, Write},
};

/// What is to be written down.
#[derive(Debug)]
pub enum Entry {
    /// An engine said this.
    Said(Realm, Output),
    /// What is needed to go on with incidents.
    Rows(Vec<Write>),
    /// Something is wrong with the watch itself, or well again.
    Trouble(Box<Trouble>),
}

/// Entries that wait at most. The engine opens a few hundred incidents a second at the worst, and
/// a disk takes as many entries at once as wait.
const MOST: usize = 16_384;

/// Octets of what is kept of incidents, and of their messages, that wait at most: an incident of
/// 100,000 prefixes takes half a megabyte.
const MOST_OCTETS: usize = 64 << 20;

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    states: States,
    /// Nothing more will come.
    closed: bool,
    /// The thread has ended.
    done: bool,
}

/// What is to be kept of incidents to go on with them, and their messages. Only the latest of each
/// matters, however often they change while the disk does not answer.
#[derive(Debug, Default)]
struct States {
    /// By whether they are messages, by a drill's, by incident.
    rows: BTreeMap<(bool, bool, String), Write>,
    octets: usize,
}

impl States {
    /// Takes what is of this kind; gives back what is not.
    fn put(&mut self, row: Write) -> Option<Write> {
        let key = match &row {
            Write::Kept { incident, .. } => (false, false, incident.clone()),
            Write::Slice {
                incident, drill, ..
            } => (true, *drill, incident.clone()),
            _ => return Some(row),
        };
        self.octets += octets(&row);
        if let Some(before) = self.rows.insert(key, row) {
            self.octets -= octets(&before);
        }
        None
    }

    /// Drops messages first, then the largest states: what is on the disk of those is older, and
    /// can be gone on with too. Returns how many.
    fn make_room(&mut self) -> usize {
        let mut dropped = 0;
        while self.octets > MOST_OCTETS {
            let largest = self.rows.iter().max_by_key(|((message, ..), row)| {
                let size = octets(row);
                (*message && size > 0, size)
            });
            let Some(key) = largest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some(row) = self.rows.remove(&key) {
                self.octets -= octets(&row);
            }
            dropped += 1;
        }
        dropped
    }

    fn drain(&mut self) -> Option<Entry> {
        self.octets = 0;
        let rows: Vec<Write> = std::mem::take(&mut self.rows).into_values().collect();
        (!rows.is_empty()).then_some(Entry::Rows(rows))
    }
}

fn octets(row: &Write) -> usize {
    match row {
        Write::Kept { kept, .. } => kept.as_ref().map_or(0, Vec::len),
        Write::Slice { mrt, .. } => mrt.len(),
        _ => 0,
    }
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    metrics: Arc<Metrics>,
}

/// The box; clones are the same one.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

impl Recorder {
    /// An empty box.
    pub fn new(metrics: Arc<Metrics>) -> Recorder {
        Recorder(Arc::new(Shared {
            waiting: Mutex::default(),
            bell: Condvar::new(),
            metrics,
        }))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in. Never waits.
    pub fn put(&self, entry: Entry) {
        self.put_all([entry]);
    }

    /// Puts several things in, which are written at once. Never waits.
    pub fn put_all(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut waiting = self.waiting();
        for entry in entries {
            match entry {
                Entry::Rows(rows) => {
                    let rest: Vec<Write> = rows
                        .into_iter()
                        .filter_map(|row| waiting.states.put(row))
                        .collect();
                    if !rest.is_empty() {
                        waiting.entries.push_back(Entry::Rows(rest));
                    }
                }
                entry => waiting.entries.push_back(entry),
            }
        }
        let mut dropped = waiting.states.make_room();
        if waiting.entries.len() > MOST {
            dropped += make_room(&mut waiting.entries);
        }
        self.0.metrics.journal.dropped.inc_by(dropped as u64);
        drop(waiting);
        self.0.bell.notify_one();
    }

    /// Starts the thread that takes things out.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(&self, clerk: Clerk) -> std::io::Result<()> {
        let shared = self.clone();
        thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                while let Some(entries) = shared.take() {
                    clerk.record(entries);
                }
                shared.waiting().done = true;
                shared.0.bell.notify_all();
            })?;
        Ok(())
    }

    /// All that waits, once something does; none at the end.
    pub(super) fn take(&self) -> Option<Vec<Entry>> {
        let mut waiting = self.waiting();
        loop {
            let states = waiting.states.drain();
            let all: Vec<Entry> = waiting.entries.drain(..).chain(states).collect();
            if !all.is_empty() {
                return Some(all);
            }
            if waiting.closed {
                return None;
            }
            waiting = self
                .0
                .bell
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all is written, for `most` at the longest. Returns whether it is.
    pub fn end(&self, most: Duration) -> bool {
        let mut waiting = self.waiting();
        waiting.closed = true;
        self.0.bell.notify_all();
        let (waiting, _) = self
            .0
            .bell
            .wait_timeout_while(waiting, most, |waiting| !waiting.done)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.done
    }
}

/// Takes out what matters least: what an incident was between its beginning and now. Where that
/// is not enough, what is oldest. Returns how much.
fn make_room(entries: &mut VecDeque<Entry>) -> usize {
    let before = entries.len();
    let mut later = std::collections::HashSet::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(before);
    for entry in entries.drain(..).rev() {
        if let Entry::Said(realm, Output::Incident(event)) = &entry {
            let known = !later.insert((*realm, event.id.clone()));
            if known && event.event == Step::Updated {
                continue;
            }
        }
        kept.push(entry);
    }
    kept.truncate(MOST);
    entries.extend(kept.into_iter().rev());
    before - entries.len()
}

/// Writes down and tells.
#[derive(Debug)]
pub struct Clerk {
    /// The journal.
    pub store: Store,
    /// Who is told.
    pub dispatcher: Dispatcher,
    /// What HTTP shows.
    pub board: Board,
}

impl Clerk {
    fn record(&self, entries: Vec<Entry>) {
        let mut rows = Vec::new();
        let mut subjects = Vec::new();
        for entry in &entries {
            match entry {
                Entry::Said(realm, Output::Incident(event)) => {
                    if is_canary(event) {
                        subjects.push(Subject::Incident(Box::new(canary::mark(event))));
                        continue;
                    }
                    self.journal(*realm, event, &mut rows);
                    subjects.push(Subject::Incident(event.clone()));
                }
                Entry::Said(_, Output::Standing(_)) => {}
                Entry::Rows(more) => rows.extend(more.iter().cloned()),
                Entry::Trouble(trouble) => subjects.push(Subject::Trouble(trouble.clone())),
            }
        }
        self.dispatcher.tell(&subjects, rows);
        for entry in entries {
            match entry {
                Entry::Said(_, Output::Incident(event)) if is_canary(&event) => {}
                Entry::Said(realm, output) => told::show(&self.board, realm, &output),
                Entry::Rows(_) => {}
                Entry::Trouble(trouble) => told::show_trouble(&trouble),
            }
        }
    }

    fn journal(&self, realm: Realm, event: &IncidentEvent, rows: &mut Vec<Write>) {
        let drill = realm == Realm::Drill;
        // Nothing in an event can fail to be written.
        let json = serde_json::to_string(event).unwrap_or_default();
        let known = self.store.incident(&event.id, drill);
        let opened = known.map_or(event.time, |known| known.opened);
        rows.push(Write::Incident(Incident {
            id: event.id.clone(),
            drill,
            opened,
            resolved: (event.event == Step::Resolved).then_some(event.time),
            event: json.clone(),
        }));
        rows.push(Write::Step {
            incident: event.id.clone(),
            drill,
            number: event.number,
            time: event.time,
            event: json,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(incident: u32, octets: usize) -> Write {
        Write::Kept {
            incident: incident.to_string(),
            kept: Some(vec![1; octets]),
        }
    }

    fn slice(incident: u32, octets: usize) -> Write {
        Write::Slice {
            incident: incident.to_string(),
            drill: false,
            mrt: vec![2; octets],
        }
    }

    fn gone(incident: u32) -> Write {
        Write::Kept {
            incident: incident.to_string(),
            kept: None,
        }
    }

    fn rows(recorder: &Recorder) -> Vec<Write> {
        let mut rows = Vec::new();
        for entry in recorder.take().unwrap() {
            match entry {
                Entry::Rows(more) => rows.extend(more),
                entry => panic!("{entry:?}"),
            }
        }
        rows
    }

    #[test]
    fn of_what_is_kept_of_an_incident_only_the_latest_waits() {
        let recorder = Recorder::new(Arc::new(Metrics::new()));
        for octets in 0..1000 {
            let all = vec![kept(1, octets), slice(1, octets), kept(2, 7)];
            recorder.put(Entry::Rows(all));
        }
        recorder.put(Entry::Rows(vec![gone(2)]));
        assert_eq!(recorder.waiting().states.octets, 2 * 999);
        assert_eq!(rows(&recorder), [kept(1, 999), gone(2), slice(1, 999)]);
        assert_eq!(recorder.waiting().states.octets, 0);
        assert_eq!(recorder.0.metrics.journal.dropped.get(), 0);
        // Others wait as they came.
        let other = Write::Slip {
            sink: "a".to_owned(),
            subject: "b".to_owned(),
            slip: None,
        };
        recorder.put(Entry::Rows(vec![other.clone(), kept(1, 1)]));
        recorder.put(Entry::Rows(vec![other.clone()]));
        assert_eq!(rows(&recorder), [other.clone(), other, kept(1, 1)]);
    }

    #[test]
    fn what_waits_is_bounded_in_octets_and_messages_go_first() {
        let recorder = Recorder::new(Arc::new(Metrics::new()));
        recorder.put(Entry::Rows(vec![gone(9), slice(1, 100)]));
        for incident in 1..=3 {
            recorder.put(Entry::Rows(vec![kept(
                incident,
                (20 << 20) + incident as usize,
            )]));
        }
        assert_eq!(recorder.0.metrics.journal.dropped.get(), 0);
        recorder.put(Entry::Rows(vec![kept(4, 5 << 20), slice(2, 200)]));
        let left: Vec<(bool, bool, String)> =
            recorder.waiting().states.rows.keys().cloned().collect();
        let names: Vec<&str> = left.iter().map(|(.., name)| name.as_str()).collect();
        assert_eq!(names, ["1", "2", "4", "9"], "no messages, not the largest");
        assert!(left.iter().all(|(message, ..)| !message));
        assert_eq!(recorder.0.metrics.journal.dropped.get(), 3);
    }
}
