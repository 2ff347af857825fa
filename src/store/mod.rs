//! What survives a restart, in one SQLite database of the state directory.
//!
//! The store knows rows and texts, not what they mean: an incident is a name and two
//! documents, a slip of the outbox is a sink, a subject and a document. Whoever writes a
//! document also reads it. That keeps what must survive apart from what it is for, and a
//! version that does not understand a document loses that document and nothing else.
//!
//! [`Store::write`] takes all that belongs to one moment and has it synced to the disk when
//! it returns. It cannot fail: where the disk does, the store goes on in memory, says so
//! ([`Store::durability`]), and comes back to the disk when that works again.

mod baseline;
mod settings;

pub use baseline::{Baseline, BaselineError, Generation};
pub use settings::Settings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};

use crate::bgp::Timestamp;

/// One row to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// An incident as it now stands; replaces what was known of it.
    Incident(Incident),
    /// A step in an incident's life, numbered from 1 within it.
    Step {
        /// Whose.
        incident: String,
        /// Whether it is a drill's.
        drill: bool,
        /// Its place among the steps of this incident.
        number: u32,
        /// When, in event time.
        time: Timestamp,
        /// The event, complete in itself, as JSON.
        event: String,
    },
    /// What the engine needs to go on with an incident after a restart; opaque here.
    Kept {
        /// Whose.
        incident: String,
        /// What is needed; none once nothing is.
        kept: Option<Vec<u8>>,
    },
    /// BGP messages of an incident as an MRT file; replaces what was known, and goes with the
    /// incident.
    Slice {
        /// Whose.
        incident: String,
        /// Whether it is a drill's.
        drill: bool,
        /// The file.
        mrt: Vec<u8>,
    },
    /// What is to be told of a subject at a sink, and what was.
    Slip {
        /// The queue.
        sink: String,
        /// The incident or trouble.
        subject: String,
        /// The slip as JSON; none removes it.
        slip: Option<String>,
    },
    /// A document of another kind: a mute, an expected change, a file that was read.
    Document {
        /// What it is, such as `mute`.
        kind: String,
        /// Its name among its kind.
        name: String,
        /// Itself as JSON; none removes it.
        document: Option<String>,
        /// It may be forgotten after this.
        until: Option<Timestamp>,
    },
}

/// An incident of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its deterministic name.
    pub id: String,
    /// Whether it is a drill's.
    pub drill: bool,
    /// When it opened.
    pub opened: Timestamp,
    /// When it was over; none while it is open.
    pub resolved: Option<Timestamp>,
    /// It as last told (an `IncidentEvent` as JSON).
    pub event: String,
}

/// A step read back.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRow {
    /// From 1.
    pub number: u32,
    /// When.
    pub time: Timestamp,
    /// The event as JSON.
    pub event: String,
}

/// Whether what is written outlives us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk.
    Durable,
    /// There is no state directory: nothing was asked to be kept.
    Volatile,
    /// It should be on the disk and is only in memory.
    Degraded {
        /// Since when.
        since: Timestamp,
        /// What the disk said.
        why: String,
    },
}

/// The store; clones are the same one.
#[derive(Clone, Debug)]
pub struct Store(Arc<Mutex<Connection>>);

/// Why a state directory cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another daemon has it.
    #[error("{directory} is in use by another leakwatch, process {pid}")]
    InUse {
        /// Which directory.
        directory: String,
        /// Whose; `unknown` if the other did not write it down yet.
        pid: String,
    },
    /// It was written by a later version.
    #[error(
        "{file} is of a later leakwatch (schema {found}; this one knows {known}); use that one, or move the file away"
    )]
    Later {
        /// The database.
        file: String,
        /// Its schema.
        found: u32,
        /// The latest known here.
        known: u32,
    },
}

impl Store {
    /// A store that keeps nothing beyond the process.
    pub fn in_memory() -> Store {
        todo!("STORE helper")
    }

    /// Opens the state directory.
    ///
    /// # Errors
    /// Only for what a person must put right. A corrupt database is set aside and a new one
    /// begun; a disk that cannot be written is gone without: both are in the durability and
    /// in `said`, which is for the log and an alert.
    pub fn open(_settings: &Settings, _now: Timestamp) -> Result<(Store, Vec<String>), OpenError> {
        todo!("STORE helper")
    }

    /// Whether what is written outlives us.
    pub fn durability(&self) -> Durability {
        todo!("STORE helper")
    }

    /// Writes all of `rows` or none, and returns when they are on the disk, or in memory where
    /// the disk fails.
    pub fn write(&self, _rows: &[Write], _now: Timestamp) {
        todo!("STORE helper")
    }

    /// What is to be done now and then (every 30 s or so): tries the disk again where it failed,
    /// forgets what is older than the settings keep.
    pub fn look_after(&self, _now: Timestamp) {
        todo!("STORE helper")
    }

    /// Incidents that are open, and the latest `most_resolved` that are over, oldest first.
    pub fn incidents(&self, _most_resolved: usize) -> Vec<Incident> {
        todo!("STORE helper")
    }

    /// One incident.
    pub fn incident(&self, _id: &str, _drill: bool) -> Option<Incident> {
        todo!("STORE helper")
    }

    /// The steps of one incident, first one first.
    pub fn steps(&self, _id: &str, _drill: bool) -> Vec<StepRow> {
        todo!("STORE helper")
    }

    /// What the engine wrote down of incidents to go on with.
    pub fn kept(&self) -> Vec<(String, Vec<u8>)> {
        todo!("STORE helper")
    }

    /// BGP messages of an incident, as an MRT file.
    pub fn slice(&self, _id: &str, _drill: bool) -> Option<Vec<u8>> {
        todo!("STORE helper")
    }

    /// Every slip of every sink, as `(sink, subject, JSON)`, in the order first written.
    pub fn slips(&self) -> Vec<(String, String, String)> {
        todo!("STORE helper")
    }

    /// Documents of a kind, as `(name, JSON)`, in the order first written.
    pub fn documents(&self, _kind: &str) -> Vec<(String, String)> {
        todo!("STORE helper")
    }
}

#[allow(dead_code, reason = "the skeleton")]
fn lock(store: &Store) -> MutexGuard<'_, Connection> {
    let _ = params![1];
    store.0.lock().unwrap_or_else(PoisonError::into_inner)
}
