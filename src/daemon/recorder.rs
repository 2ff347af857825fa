//! What the engines say is written down before anybody hears of it.
//!
//! The engine's thread puts it into a box that never makes it wait; one thread takes all that is
//! in the box, writes it to the journal together with what each sink is to be told, and only when
//! that is on the disk shows it: on the board, in the log, to the couriers. So whatever was seen of
//! an incident survives us.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::{canary, told};
use crate::{
    alert::{Dispatcher, Subject, Trouble, is_canary},
    bgp::Timestamp,
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

/// Octets that wait at most, of entries and as many of what is kept of incidents and their
/// messages: an incident of 100,000 prefixes takes half a megabyte.
const MOST_OCTETS: usize = 64 << 20;

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// Octets of those, about.
    octets: usize,
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
    /// can be gone on with too. An eighth at once, since looking for them takes its time. Returns
    /// how many.
    fn make_room(&mut self) -> usize {
        if self.octets <= MOST_OCTETS {
            return 0;
        }
        let before = self.rows.len();
        let mut largest: Vec<_> = (self.rows.iter())
            .map(|(key, row)| (key.0, octets(row), key.clone()))
            .collect();
        largest.sort_unstable();
        while self.octets > MOST_OCTETS / 8 * 7
            && let Some((_, size, key)) = largest.pop()
        {
            self.rows.remove(&key);
            self.octets -= size;
        }
        before - self.rows.len()
    }

    fn drain(&mut self) -> Option<Entry> {
        self.octets = 0;
        let rows: Vec<Write> = std::mem::take(&mut self.rows).into_values().collect();
        (!rows.is_empty()).then_some(Entry::Rows(rows))
    }
}

/// What a row takes beside its name, which is there twice, and what is in it.
const A_ROW: usize = 256;

fn octets(row: &Write) -> usize {
    let (name, content) = match row {
        Write::Kept { incident, kept } => (incident.len(), kept.as_ref().map_or(0, Vec::len)),
        Write::Slice { incident, mrt, .. } => (incident.len(), mrt.len()),
        _ => (0, 0),
    };
    A_ROW + 2 * name + content
}

impl Waiting {
    fn push(&mut self, entry: Entry) {
        self.octets += weight(&entry);
        self.entries.push_back(entry);
    }

    /// Takes out what matters least: what an incident was between its beginning and now. Where
    /// that is not enough, what is oldest; an eighth at once, since it takes its time. Returns
    /// how much.
    fn make_room(&mut self) -> usize {
        let before = self.entries.len();
        let mut later = HashSet::new();
        let mut kept: Vec<Entry> = Vec::with_capacity(before);
        let mut octets = 0;
        for entry in self.entries.drain(..).rev() {
            let incident = match &entry {
                Entry::Said(realm, Output::Incident(event)) => Some((*realm, event)),
                _ => None,
            };
            let step = incident.map(|(realm, event)| (realm, event.id.clone(), event.event));
            if let Some((realm, id, Step::Updated)) = &step
                && later.contains(&(*realm, id.clone()))
            {
                continue;
            }
            octets += weight(&entry);
            if kept.len() >= MOST / 8 * 7 || octets > MOST_OCTETS / 8 * 7 {
                // What is older goes with it: a beginning must not outlive its end.
                octets -= weight(&entry);
                break;
            }
            later.extend(step.map(|(realm, id, _)| (realm, id)));
            kept.push(entry);
        }
        self.octets = octets;
        self.entries.extend(kept.into_iter().rev());
        before - self.entries.len()
    }
}

/// Octets of an entry, about: what of it a stranger may make long.
fn weight(entry: &Entry) -> usize {
    match entry {
        Entry::Said(_, Output::Incident(event)) => 4096 + 128 * event.views.len(),
        Entry::Said(..) | Entry::Trouble(_) => 1024,
        Entry::Rows(rows) => rows.iter().map(octets).sum(),
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
                        waiting.push(Entry::Rows(rest));
                    }
                }
                entry => waiting.push(entry),
            }
        }
        let mut dropped = waiting.states.make_room();
        if waiting.entries.len() > MOST || waiting.octets > MOST_OCTETS {
            dropped += waiting.make_room();
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
            waiting.octets = 0;
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
        // What is to be written with it stands in no store yet.
        let waiting = rows.iter().rev().find_map(|row| match row {
            Write::Incident(one) if one.id == event.id && one.drill == drill => Some(one.opened),
            _ => None,
        });
        let opened = waiting
            .or_else(|| Some(self.store.incident(&event.id, drill)?.opened))
            .unwrap_or_else(|| began(event));
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

/// When an incident was recognised of which this is the first that is known.
fn began(event: &IncidentEvent) -> Timestamp {
    if event.event == Step::Resolved {
        event.first_seen
    } else {
        event.time
    }
}

#[cfg(test)]
mod tests;
