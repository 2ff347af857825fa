//! Quiet that somebody asked for: mutes, acknowledgements and expected changes.
//!
//! All of it ends by itself, all of it says who asked for it and why, and none of it hides
//! anything: it only keeps alerts from sinks. It survives a restart, since it is written to
//! the store before whoever asked is told that it holds; what happened to it is kept on
//! record for a year.
//!
//! Whoever says until when goes by the clock on the wall, so that all that asks here for a time
//! means that. Incidents are stamped by the engine's, which is behind it after a pause: their
//! times are compared with theirs.

mod acknowledgement;
mod expected;
mod judgement;
mod mute;
mod ranges;
mod record;
mod shelf;
mod words;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use acknowledgement::{Acknowledgement, MOST_DAYS as MOST_ACKNOWLEDGED_DAYS};
pub use expected::{Announced, Course, Expected, MOST_RANGES, State as CourseState};
pub use judgement::{Hush, Judgement, Seen, Sentence};
pub use mute::{MOST_DAYS as MOST_MUTED_DAYS, Matches, Mute, Wanted};
pub use record::{Entry, Event};
pub use words::{Asked, Refusal};

use judgement::Rules;
use shelf::{Shelf, Writing};

use super::{Subject, Trouble};
use crate::{
    bgp::{Asn, Timestamp},
    incident::IncidentEvent,
    store::Store,
};

/// Mutes, acknowledgements and expected changes, of each at most.
pub const MOST: usize = 1000;

/// All quiet that was asked for; clones are the same.
#[derive(Clone)]
pub struct Quiet(Arc<Shared>);

struct Shared {
    store: Store,
    /// Held while the store writes, so that its rows stand in the order of the changes; whoever
    /// only asks does not wait for the disk.
    turn: Mutex<()>,
    shelf: Mutex<Shelf>,
}

impl fmt::Debug for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shelf().fmt(f)
    }
}

impl Quiet {
    /// What the store kept. What ended meanwhile is put on record as ended.
    pub fn load(store: Store, now: Timestamp) -> Quiet {
        let shelf = Shelf::read(&store);
        let quiet = Quiet(Arc::new(Shared {
            store,
            turn: Mutex::default(),
            shelf: Mutex::new(shelf),
        }));
        quiet.expire(now);
        quiet
    }

    /// Whether `subject` is told at `sink` at that time.
    pub fn judge(&self, subject: &Subject, sink: &str, now: Timestamp) -> Judgement {
        self.shelf().rules().judge(subject, sink, now)
    }

    /// What is to be said beside a subject that is told, a sentence each.
    pub fn notes(&self, subject: &Subject, now: Timestamp) -> Vec<String> {
        match subject {
            Subject::Incident(event) => self.shelf().rules().notes(event, now),
            Subject::Trouble(_) => Vec::new(),
        }
    }

    /// What keeps an incident from being told, for showing it.
    pub fn hush(&self, event: &IncidentEvent, now: Timestamp) -> Hush {
        self.shelf().rules().hush(event, now)
    }

    /// Mutes.
    ///
    /// # Errors
    /// If what is asked for cannot be had, with the field that is wrong.
    pub fn mute(&self, wanted: Wanted, asked: &Asked) -> Result<Mute, Refusal> {
        self.change(asked.now, |shelf, writing| {
            let mute = wanted.granted(shelf.next_mute(), asked)?;
            shelf.add_mute(mute, writing)
        })
    }

    /// Takes a mute back.
    ///
    /// # Errors
    /// If there is none of this name, or who asks is not said.
    pub fn unmute(&self, id: &str, asked: &Asked) -> Result<Mute, Refusal> {
        self.change(asked.now, |shelf, writing| {
            shelf.remove_mute(id, asked, writing)
        })
    }

    /// Acknowledges an incident as it stands. What was said of it before is replaced.
    ///
    /// # Errors
    /// If what is asked for cannot be had, with the field that is wrong.
    pub fn acknowledge(
        &self,
        event: &IncidentEvent,
        until: Timestamp,
        asked: &Asked,
    ) -> Result<Acknowledgement, Refusal> {
        self.change(asked.now, |shelf, writing| {
            let id = shelf.next_acknowledgement();
            let one = Acknowledgement::of(event, id, until, asked)?;
            shelf.add_acknowledgement(one, writing)
        })
    }

    /// Takes an acknowledgement back.
    ///
    /// # Errors
    /// If the incident is not acknowledged, or who asks is not said.
    pub fn take_back(
        &self,
        incident: &str,
        drill: bool,
        asked: &Asked,
    ) -> Result<Acknowledgement, Refusal> {
        self.change(asked.now, |shelf, writing| {
            shelf.take_back(incident, drill, asked, writing)
        })
    }

    /// An incident is over, and so is its acknowledgement.
    pub fn ended(&self, incident: &str, drill: bool, now: Timestamp) {
        self.keep(now, |shelf, writing| {
            shelf.incident_ended(incident, drill, writing);
        });
    }

    /// Announces a change.
    ///
    /// # Errors
    /// If what is asked for cannot be had, with the field that is wrong.
    pub fn expect(&self, announced: Announced, asked: &Asked) -> Result<Expected, Refusal> {
        self.change(asked.now, |shelf, writing| {
            let change = announced.granted(shelf.next_expected(), asked)?;
            shelf.add_expected(change, writing)
        })
    }

    /// Takes an announced change back.
    ///
    /// # Errors
    /// If there is none of this name, or who asks is not said.
    pub fn expect_no_more(&self, id: &str, asked: &Asked) -> Result<Expected, Refusal> {
        self.change(asked.now, |shelf, writing| {
            shelf.remove_expected(id, asked, writing)
        })
    }

    /// What is to be done every second or so: ends what is over, and looks how expected changes
    /// go by how many routes a network has now (`counts`; none where nobody knows) and by the
    /// `incidents` that are known. Returns what is to be told of them.
    pub fn tick(
        &self,
        now: Timestamp,
        counts: &dyn Fn(Asn) -> Option<u32>,
        incidents: &[&IncidentEvent],
    ) -> Vec<Trouble> {
        // Counting may take a while, and is not done under the lock.
        let watched = self.shelf().watched(now);
        let counted: Vec<(Asn, Option<u32>)> =
            watched.into_iter().map(|asn| (asn, counts(asn))).collect();
        let mut troubles = Vec::new();
        self.keep(now, |shelf, writing| {
            troubles = shelf.look(&counted, incidents, writing);
            shelf.expire(writing);
        });
        troubles
    }

    /// Expected changes that are missing, as that is told.
    pub fn missing(&self, now: Timestamp) -> Vec<Trouble> {
        let shelf = self.shelf();
        let missing =
            (shelf.expected.iter()).filter(|one| one.course.state == CourseState::Missing);
        missing.map(|one| one.missing(now)).collect()
    }

    /// Networks whose routes have to be counted now.
    pub fn watched(&self, now: Timestamp) -> Vec<Asn> {
        self.shelf().watched(now)
    }

    /// Mutes that hold or will, oldest first.
    pub fn mutes(&self) -> Vec<Mute> {
        self.shelf().mutes.clone()
    }

    /// Acknowledgements that hold, oldest first.
    pub fn acknowledgements(&self) -> Vec<Acknowledgement> {
        self.shelf().acknowledgements.clone()
    }

    /// Expected changes that hold or will, and those that ended within a day; oldest first.
    pub fn expected(&self) -> Vec<Expected> {
        self.shelf().expected.clone()
    }

    /// The record, the latest first: at most so many entries, and how many there are.
    pub fn record(&self, most: usize) -> (Vec<Entry>, usize) {
        let shelf = self.shelf();
        let entries = shelf.record.iter().rev().take(most).cloned().collect();
        (entries, shelf.record.len())
    }

    fn expire(&self, now: Timestamp) {
        self.keep(now, Shelf::expire);
    }

    fn keep(&self, now: Timestamp, change: impl FnOnce(&mut Shelf, &mut Writing)) {
        let always = self.change(now, |shelf, writing| {
            change(shelf, writing);
            Ok(())
        });
        debug_assert!(always.is_ok());
    }

    /// Changes what is on the shelf, and returns when the store has it. A change that is
    /// refused must have changed nothing.
    fn change<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Shelf, &mut Writing) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _turn = lock(&self.0.turn);
        let mut writing = Writing::new(now);
        let done = change(&mut self.shelf(), &mut writing)?;
        if !writing.rows.is_empty() {
            self.0.store.write(&writing.rows, now);
        }
        Ok(done)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.0.shelf)
    }
}

/// What a panic elsewhere left is whole: every change is made of single steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
