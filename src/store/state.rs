//! The store's two copies, and what is done when one of them fails.
//!
//! Memory has all that is pending (slips, documents, what the engine needs) and the latest of the
//! journal; the disk has all of it. Rows are written to both, and read from the disk where it
//! works. When it fails, what can still be read of it is taken into memory, within bounds, and
//! memory alone goes on. When it works again, what memory has is written to it in one
//! transaction: what is pending in place of what it has, the journal beside what it has.

use std::{
    collections::VecDeque,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;

use super::{
    Durability, Figures, OpenError, Settings, Write,
    copy::{self, Budget, Copied, HISTORY, Meets, OPEN, PENDING},
    damage,
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
/// A disk that fails is read for so long.
const RESCUE: Duration = Duration::from_secs(2);
/// A damaged database is read for so long.
const SALVAGE: Duration = Duration::from_secs(20);
/// Bringing memory to the disk ends by itself; this is a bound all the same.
const RETURN: Duration = Duration::from_secs(600);
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
    said: VecDeque<String>,
    /// The latest time we were told.
    now: Timestamp,
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
            said: VecDeque::new(),
            now: Timestamp::ZERO,
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
            None if retention::bytes(&self.memory).is_ok_and(|bytes| bytes > 2 * ALONE) => {
                self.forget_in_memory();
            }
            Some(Ok(())) | None => {}
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
        if let Some(disk) = &mut self.disk {
            match retention::forget(&mut disk.rows, now, self.keep, retention::MOST_BYTES) {
                Ok(gone) => self.figures.rows_forgotten += gone,
                Err(error) => self.lose(error.into()),
            }
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

    fn forget_in_memory(&mut self) {
        let most = if self.disk.is_some() { MIRROR } else { ALONE };
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

    /// The disk failed: goes on in memory, or with a new database where the old one is damaged.
    fn lose(&mut self, trouble: Trouble) {
        let (Some(disk), Some(directory)) = (self.disk.take(), self.directory.clone()) else {
            return;
        };
        let mut why = trouble.words();
        self.failed(&why);
        if let Trouble::Damaged(what) = trouble {
            drop(disk);
            self.distrusted = Some(what);
            match self.reach(&directory) {
                Ok(()) => return,
                Err(trouble) => why = trouble.words(),
            }
        } else {
            self.rescue(&disk.rows);
        }
        self.degrade(&directory, why);
    }

    fn degrade(&mut self, directory: &Path, why: String) {
        let since = self.trouble.as_ref().map(|(since, _)| *since);
        if since.is_none() {
            self.say(format!(
                "state is only in memory: {why}. Watching and alerting go on, but what happens \
                 from now on would be forgotten if leakwatch ended. Make {} writable again; it \
                 is tried every half a minute.",
                directory.display()
            ));
        }
        self.trouble = Some((since.unwrap_or(self.now), why));
    }

    /// Tries the disk again.
    fn come_back(&mut self) {
        let Some(directory) = self.directory.clone() else {
            return;
        };
        match self.reach(&directory) {
            Ok(()) => {
                if let Some((since, _)) = self.trouble.take() {
                    let directory = directory.display();
                    self.say(format!(
                        "state is on the disk again, in {directory}: what happened since {since} \
                         is there too."
                    ));
                }
            }
            Err(trouble) => {
                self.figures.last_error = Some(trouble.words());
                self.degrade(&directory, trouble.words());
            }
        }
    }

    /// Makes the disk ours and both copies agree.
    fn reach(&mut self, directory: &Path) -> Result<(), Trouble> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| Trouble::Disk(format!("{}: {error}", directory.display())))?;
        if self.lock.is_none() {
            self.lock = Some(Lock::take(directory)?);
        }
        let path = file(directory);
        let damaged = match self.distrusted.take() {
            Some(what) => what,
            None => match Disk::open(&path, self.now) {
                Err(Trouble::Damaged(what)) => what,
                disk => return self.join(disk?),
            },
        };
        self.failed(&damaged);
        let aside = match damage::set_aside(&path, self.now) {
            Ok(aside) => aside,
            Err(error) => {
                damage::salvage(&path, &mut self.memory, SALVAGE, ALONE);
                self.distrusted = Some(damaged);
                return Err(Trouble::Disk(format!(
                    "it is damaged and cannot be set aside: {error}"
                )));
            }
        };
        let opened = Disk::open(&path, self.now);
        let (disk, saved) = match opened {
            Ok(mut disk) => {
                let saved = damage::salvage(&aside, &mut disk.rows, SALVAGE, retention::MOST_BYTES);
                (Ok(disk), saved)
            }
            Err(trouble) => {
                let saved = damage::salvage(&aside, &mut self.memory, SALVAGE, ALONE);
                (Err(trouble), saved)
            }
        };
        self.say(set_aside(&path, &aside, &damaged, saved));
        self.join(disk?)
    }

    /// Brings both copies together, in one transaction each.
    fn join(&mut self, mut disk: Disk) -> Result<(), Trouble> {
        let mut budget = Budget::new(RETURN, u64::MAX);
        journal::write(&mut disk.rows, &self.removed, self.now)?;
        let change = disk.rows.transaction()?;
        for table in &PENDING {
            if self.complete {
                copy::replace(table, &self.memory, &change)?;
            } else {
                copy::table(table, &self.memory, &change, Meets::Yields, &mut budget)?;
            }
        }
        for table in &HISTORY {
            copy::table(table, &self.memory, &change, Meets::Yields, &mut budget)?;
        }
        change.commit()?;
        self.mirror(&disk.rows)?;
        self.disk = Some(disk);
        Ok(())
    }

    /// Takes what is pending on the disk into memory, and the latest of the journal.
    fn mirror(&mut self, from: &Connection) -> rusqlite::Result<()> {
        if self.complete {
            return Ok(());
        }
        let change = self.memory.transaction()?;
        for table in &PENDING {
            copy::replace(table, from, &change)?;
        }
        let mut budget = Budget::new(RESCUE, MIRROR / 2);
        for table in [&OPEN].into_iter().chain(&HISTORY[..2]) {
            copy::table(table, from, &change, Meets::Stays, &mut budget)?;
        }
        change.commit()?;
        self.complete = true;
        self.removed.clear();
        Ok(())
    }

    /// Takes what can be read of a disk that fails into memory.
    fn rescue(&mut self, from: &Connection) {
        let mut budget = Budget::new(RESCUE, ALONE / 2);
        let Ok(change) = self.memory.transaction() else {
            return;
        };
        let pending = if self.complete { &[][..] } else { &PENDING[..] };
        let tables = pending.iter().chain([&OPEN]).chain(&HISTORY);
        for table in tables {
            // As much as there is.
            let _ = copy::table(table, from, &change, Meets::Stays, &mut budget);
        }
        if let Err(error) = change.commit() {
            self.failed(&error.to_string());
        }
    }

    /// At the start, where the disk cannot be written: what lies there is read.
    fn read_only(&mut self, directory: &Path) {
        if self.lock.is_none() && !directory.exists() {
            return;
        }
        if let Ok((from, whole)) = disk::open_to_read(&file(directory)) {
            let change = self.memory.transaction();
            let read = change.and_then(|change| {
                for table in &PENDING {
                    copy::replace(table, &from, &change)?;
                }
                change.commit()
            });
            self.complete = whole && read.is_ok();
            self.rescue(&from);
        }
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("state.sqlite")
}

fn set_aside(path: &Path, aside: &Path, what: &str, saved: Copied) -> String {
    let Copied { rows, odd, .. } = saved;
    let mut line = format!(
        "the database {} was damaged ({what}) and is set aside as {}. {rows} rows were saved out \
         of it",
        path.display(),
        aside.display(),
    );
    if saved.gaps || saved.cut || odd > 0 {
        line.push_str(
            ", others could not be read: an open incident may be told once more, and one that \
             is over may be missing from the list",
        );
    }
    line.push_str(
        ". Look for errors of the disk (`dmesg`, `smartctl -a`); the file that was set aside may \
         be deleted once nobody wants to look into it.",
    );
    line
}
