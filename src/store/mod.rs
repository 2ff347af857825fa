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
//!
//! # Two copies
//!
//! Everything lately written is in memory too ([`state`](self)), in a database of the same form,
//! and so is all that must not be lost: open incidents, what is still to be told, documents. A
//! disk that fails, is full or cannot be read costs no more than what it alone had. The file is
//! locked while we run, so that nobody holds up a write: other programs read it after we ended.
//!
//! **What it does not do.** A disk that hangs (a dead NFS server) hangs whoever writes: there is
//! no way out of a system call that does not return. Put the state directory on a local disk.
//! Content is not checksummed: a flipped bit inside a text is found by whoever reads the text. A
//! write-ahead log torn by the disk itself ends where it is torn; what SQLite had moved into the
//! database before that is whole.

mod baseline;
mod copy;
mod damage;
mod disk;
mod journal;
mod lock;
mod reading;
mod retention;
mod row;
mod schema;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use baseline::{Baseline, BaselineError, Generation};
pub use row::{Incident, StepRow, Write};
pub use settings::Settings;
use state::State;

use crate::bgp::Timestamp;

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

/// What is counted of a store, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Octets of the database in pages that hold something: on the disk, or in memory where the
    /// disk fails.
    pub bytes: u64,
    /// Rows written since the start.
    pub rows_written: u64,
    /// Rows that retention or a cap has removed since the start.
    pub rows_forgotten: u64,
    /// Times that the disk failed us since the start.
    pub failures: u64,
    /// The last of them, in words.
    pub last_error: Option<String>,
}

/// The store; clones are the same one.
#[derive(Clone, Debug)]
pub struct Store(Arc<Mutex<State>>);

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
        Store::of(State::in_memory())
    }

    /// Opens the state directory, which is made where it is missing. A second daemon on it is
    /// refused for as long as the first one's process lives, however it ends.
    ///
    /// # Errors
    /// Only for what a person must put right. A corrupt database is set aside and a new one
    /// begun; a disk that cannot be written is gone without: both are in the durability and
    /// in `said`, which is for the log and an alert.
    pub fn open(settings: &Settings, now: Timestamp) -> Result<(Store, Vec<String>), OpenError> {
        let mut state = State::open(settings, now)?;
        let said = state.said();
        Ok((Store::of(state), said))
    }

    fn of(state: State) -> Store {
        Store(Arc::new(Mutex::new(state)))
    }

    /// A thread that died while it held the store left it whole: what it wrote is a transaction.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes whoever writes or reads wait, as a disk that hangs does, for as long as what is
    /// returned is there.
    #[cfg(test)]
    pub fn hang(&self) -> MutexGuard<'_, State> {
        self.state()
    }

    /// Whether what is written outlives us.
    pub fn durability(&self) -> Durability {
        self.state().durability()
    }

    /// What happened since it was last asked that people should know of, a line each: the disk
    /// failed or works again, a database was set aside. For the log and an alert. The latest 64.
    pub fn said(&self) -> Vec<String> {
        self.state().said()
    }

    /// What is counted.
    pub fn figures(&self) -> Figures {
        self.state().figures()
    }

    /// Writes all of `rows` or none, and returns when they are on the disk, or in memory where
    /// the disk fails.
    pub fn write(&self, rows: &[Write], now: Timestamp) {
        self.state().write(rows, now);
    }

    /// What is to be done now and then (every 30 s or so): tries the disk again where it failed,
    /// forgets what is older than the settings keep, gives space back. A fraction of a second at
    /// most; what is left is done the next time.
    pub fn look_after(&self, now: Timestamp) {
        self.state().look_after(now);
    }

    /// Other settings: how long things are kept. The directory stays until the next start.
    pub fn set(&self, settings: &Settings) {
        self.state().set(settings);
    }

    /// Incidents that are open, and the latest `most_resolved` that are over, oldest first.
    pub fn incidents(&self, most_resolved: usize) -> Vec<Incident> {
        self.state()
            .read(|rows| journal::incidents(rows, most_resolved))
    }

    /// One incident.
    pub fn incident(&self, id: &str, drill: bool) -> Option<Incident> {
        self.state().read(|rows| journal::incident(rows, id, drill))
    }

    /// The steps of one incident, first one first. Of very many those in the middle are not kept:
    /// the first 300 are, and the latest 300.
    pub fn steps(&self, id: &str, drill: bool) -> Vec<StepRow> {
        self.state().read(|rows| journal::steps(rows, id, drill))
    }

    /// What the engine wrote down of incidents to go on with.
    pub fn kept(&self) -> Vec<(String, Vec<u8>)> {
        self.state().read(journal::kept)
    }

    /// BGP messages of an incident, as an MRT file.
    pub fn slice(&self, id: &str, drill: bool) -> Option<Vec<u8>> {
        self.state().read(|rows| journal::slice(rows, id, drill))
    }

    /// Every slip of every sink, as `(sink, subject, JSON)`, in the order first written.
    pub fn slips(&self) -> Vec<(String, String, String)> {
        self.state().read(journal::slips)
    }

    /// Documents of a kind, as `(name, JSON)`, in the order first written.
    pub fn documents(&self, kind: &str) -> Vec<(String, String)> {
        self.state().read(|rows| journal::documents(rows, kind))
    }

    /// One document.
    pub fn document(&self, kind: &str, name: &str) -> Option<String> {
        self.state()
            .read(|rows| journal::document(rows, kind, name))
    }
}
