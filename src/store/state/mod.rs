//! The store's two copies, and what is done when one of them fails.
//!
//! Memory has all that is pending (slips, documents, what the engine needs) and the latest of the
//! journal; the disk has all of it. Rows are written to both, and read from the disk where it
//! works. When it fails, what can still be read of it is taken into memory, within bounds, and
//! memory alone goes on. When it works again, what memory has is written to it in one
//! transaction: what is pending in place of what it has, the journal beside what it has.

mod switch;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;

use super::{
    Durability, Figures, OpenError, Settings, Write,
    disk::{self, Disk},
    journal,
    lock::Lock,
    retention,
    schema::MIGRATIONS,
    trouble::{Trouble, is_of_the_row},
};
use crate::bgp::Timestamp;

/// Octets in memory while the disk works.
const MIRROR: u64 = 32 << 20;
/// Octets in memory while it does not.
const ALONE: u64 = 128 << 20;
/// The whole journal is looked through so often.
const THOROUGH: Duration = Duration::from_secs(3600);
/// Sentences that nobody asked for.
const MOST_SAID: usize = 64;
/// Removals remembered while it is not known what the disk has.
const MOST_REMOVED: usize = 10_000;

/// See [`super::Store`].
#[derive(Debug)]
pub struct State {
    pub(super) memory: Connection,
    pub(super) disk: Option<Disk>,
    /// None where nothing is asked to be kept.
    directory: Option<PathBuf>,
    lock: Option<Lock>,
    keep: Duration,
    /// Since when the disk is not used, and why.
    trouble: Option<(Timestamp, String)>,
    /// Memory has all that is pending, and what it does not have is gone.
    complete: bool,
    /// What was removed while that was not so.
    removed: Vec<Write>,
    /// What was found wrong with the database, which is not to be used any more.
    distrusted: Option<String>,
    /// What could be read of it is in memory.
    saved: bool,
    /// There was something on the disk at the start that could not be read.
    unread: bool,
    said: VecDeque<String>,
    /// The latest time we were told.
    now: Timestamp,
    /// When the whole journal was last looked through.
    looked_through: Timestamp,
    figures: Figures,
}

impl State {
    /// Without a disk.
    pub fn in_memory() -> State {
        State {
            memory: disk::in_memory(),
            disk: None,
            directory: None,
            lock: None,
            keep: Settings::default().keep,
            trouble: None,
            complete: false,
            removed: Vec::new(),
            distrusted: None,
            saved: false,
            unread: false,
            said: VecDeque::new(),
            now: Timestamp::ZERO,
            looked_through: Timestamp::ZERO,
            figures: Figures::default(),
        }
    }

    /// See [`super::Store::open`].
    pub fn open(settings: &Settings, now: Timestamp) -> Result<State, OpenError> {
        let mut state = State::in_memory();
        state.keep = settings.keep;
        state.now = now;
        state.directory = settings.directory();
        let Some(directory) = state.directory.clone() else {
            return Ok(state);
        };
        match state.reach(&directory) {
            Ok(()) => {}
            Err(Trouble::InUse(pid)) => {
                return Err(OpenError::InUse {
                    directory: directory.display().to_string(),
                    pid,
                });
            }
            Err(Trouble::Later(found)) => {
                return Err(OpenError::Later {
                    file: file(&directory).display().to_string(),
                    found: u32::try_from(found).unwrap_or(u32::MAX),
                    known: MIGRATIONS.len() as u32,
                });
            }
            Err(trouble) => {
                state.failed(&trouble.words());
                state.read_only(&directory);
                state.degrade(&directory, trouble.words());
            }
        }
        Ok(state)
    }

    pub fn durability(&self) -> Durability {
        match (&self.directory, &self.trouble) {
            (None, _) => Durability::Volatile,
            (Some(_), None) => Durability::Durable,
            (Some(_), Some((since, why))) => Durability::Degraded {
                since: *since,
                why: why.clone(),
            },
        }
    }

    pub fn said(&mut self) -> Vec<String> {
        self.said.drain(..).collect()
    }

    pub fn figures(&self) -> Figures {
        let bytes = retention::bytes(self.rows());
        Figures {
            bytes: bytes.unwrap_or(0),
            ..self.figures.clone()
        }
    }

    pub fn set(&mut self, settings: &Settings) {
        self.keep = settings.keep;
    }

    pub fn write(&mut self, rows: &[Write], now: Timestamp) {
        self.now = self.now.max(now);
        let mirrored = journal::write(&mut self.memory, rows, now);
        let written = self
            .disk
            .as_mut()
            .map(|disk| journal::write(&mut disk.rows, rows, now));
        if let Err(error) = &mirrored {
            // No memory, or a row larger than SQLite takes (a gigabyte).
            self.failed(&error.to_string());
            self.complete = false;
            if !matches!(written, Some(Ok(()))) {
                let count = rows.len();
                self.say(format!(
                    "{count} rows could not be written and are lost: {error}"
                ));
            }
        }
        if mirrored.is_ok() || matches!(written, Some(Ok(()))) {
            self.figures.rows_written += rows.len() as u64;
        }
        if !self.complete {
            let room = MOST_REMOVED.saturating_sub(self.removed.len());
            let removals = rows.iter().filter(|row| row.removes()).take(room);
            self.removed.extend(removals.cloned());
        }
        match written {
            Some(Err(error)) if mirrored.is_err() && is_of_the_row(&error) => {}
            Some(Err(error)) => self.lose(error.into()),
            Some(Ok(())) | None => {}
        }
        // Looked after every half a minute it stays below; a burst of messages is bounded too.
        if retention::bytes(&self.memory).is_ok_and(|bytes| bytes > 2 * self.most_in_memory()) {
            self.forget_in_memory();
        }
    }

    pub fn look_after(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let moved = self.disk.as_ref().is_some_and(|disk| !disk.is_there());
        let unlocked = self.lock.as_ref().is_some_and(|lock| !lock.holds());
        if moved || unlocked {
            self.lose(Trouble::Disk("its files were moved away".to_owned()));
            if unlocked {
                self.lock = None;
            }
        }
        if let Some(disk) = self.disk.take() {
            if let Err(error) = self.mirror(&disk.rows) {
                self.failed(&error.to_string());
            }
            self.disk = Some(disk);
        } else {
            self.come_back();
        }
        self.forget_in_memory();
        let thorough = now.since(self.looked_through) >= THOROUGH;
        if thorough {
            self.looked_through = now;
        }
        let kept = (now, self.keep, retention::MOST_BYTES);
        let forgotten = match &mut self.disk {
            Some(disk) => {
                let gone = forget(&mut disk.rows, kept, thorough);
                gone.and_then(|gone| disk.work_in_the_log().map(|()| gone))
            }
            None => forget(&mut self.memory, kept, thorough),
        };
        match forgotten {
            Ok(gone) => self.figures.rows_forgotten += gone,
            Err(error) if self.disk.is_none() => self.failed(&error.to_string()),
            Err(error) => self.lose(error.into()),
        }
    }

    /// Reads from the disk where it works.
    pub fn read<T: Default>(&mut self, read: impl Fn(&Connection) -> rusqlite::Result<T>) -> T {
        // A disk that fails is read again only if it is another one by then.
        for _ in 0..2 {
            let Some(disk) = &self.disk else {
                break;
            };
            match read(&disk.rows) {
                Ok(found) => return found,
                Err(error) => self.lose(error.into()),
            }
        }
        read(self.rows()).unwrap_or_default()
    }

    fn rows(&self) -> &Connection {
        self.disk.as_ref().map_or(&self.memory, |disk| &disk.rows)
    }

    fn most_in_memory(&self) -> u64 {
        if self.disk.is_some() { MIRROR } else { ALONE }
    }

    fn forget_in_memory(&mut self) {
        let most = self.most_in_memory();
        match retention::forget(&mut self.memory, self.now, self.keep, most) {
            Ok(gone) if self.disk.is_none() => self.figures.rows_forgotten += gone,
            Ok(_) => {}
            Err(error) => self.failed(&error.to_string()),
        }
    }

    fn say(&mut self, line: String) {
        if self.said.len() == MOST_SAID {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }

    fn failed(&mut self, why: &str) {
        self.figures.failures += 1;
        self.figures.last_error = Some(why.to_owned());
    }
}

fn forget(
    rows: &mut Connection,
    (now, keep, most): (Timestamp, Duration, u64),
    thorough: bool,
) -> rusqlite::Result<u64> {
    let mut gone = retention::forget(rows, now, keep, most)?;
    if thorough {
        gone += retention::forget_orphans(rows, now)?;
    }
    Ok(gone)
}

fn file(directory: &Path) -> PathBuf {
    directory.join("state.sqlite")
}
