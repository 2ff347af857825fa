//! From the disk to memory when it fails, and back when it works again.

use std::{
    fs::DirBuilder,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;

use super::{ALONE, MIRROR, State, file};
use crate::store::{
    copy::{self, Budget, Copied, HISTORY, Meets, OPEN, PENDING},
    damage,
    disk::{self, Disk},
    journal,
    lock::Lock,
    reading, retention,
    trouble::Trouble,
};

/// A disk that fails is read for so long.
const RESCUE: Duration = Duration::from_secs(2);
/// A damaged database is read for so long.
const SALVAGE: Duration = Duration::from_secs(20);
/// Bringing memory to the disk ends by itself; this is a bound all the same.
const RETURN: Duration = Duration::from_secs(600);
/// Added to why the disk is not used, until it is.
const UNREAD: &str = "; what was written there last could not be read, and is not known now";

impl State {
    /// The disk failed: goes on in memory, or with a new database where the old one is damaged.
    pub(super) fn lose(&mut self, trouble: Trouble) {
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

    pub(super) fn degrade(&mut self, directory: &Path, mut why: String) {
        if self.unread {
            why.push_str(UNREAD);
        }
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
    pub(super) fn come_back(&mut self) {
        let Some(directory) = self.directory.clone() else {
            return;
        };
        // A large database is looked through before it is used, while everybody waits for us: not
        // before anything can be written at all.
        let tried = disk::try_out(&directory, retention::bytes(&self.memory).unwrap_or(0));
        match tried.and_then(|()| self.reach(&directory)) {
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
    pub(super) fn reach(&mut self, directory: &Path) -> Result<(), Trouble> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| Trouble::Disk(format!("{}: {error}", directory.display())))?;
        if self.lock.is_none() {
            self.lock = Some(Lock::take(directory)?);
        }
        let path = file(directory);
        let half = damage::half_saved(&path);
        // One that was moved away is nobody's trouble any more.
        let there = half.is_some() || path.symlink_metadata().is_ok();
        let distrusted = self.distrusted.take().filter(|_| there);
        let damaged = match (distrusted, &half) {
            (Some(what), _) => what,
            (None, Some(_)) => "we ended before all of it was saved".to_owned(),
            (None, None) => match Disk::open(&path, self.now) {
                Err(Trouble::Damaged(what)) => what,
                disk => {
                    let disk = disk?;
                    damage::remove(&damage::fresh(&path));
                    return self.join(disk);
                }
            },
        };
        self.failed(&damaged);
        let disk = match self.replace(&path, &damaged, half) {
            Ok(disk) => disk,
            Err(trouble) => {
                self.distrusted = Some(damaged);
                return Err(trouble);
            }
        };
        self.join(disk)
    }

    /// Another database in the place of a damaged one, or of the one `aside` of which not all was
    /// saved, with what can be read of that.
    ///
    /// It takes its place when it is complete, and lies beside it from before the damaged one
    /// leaves: whoever finds it alone begins once more with saving.
    fn replace(
        &mut self,
        path: &Path,
        damaged: &str,
        aside: Option<PathBuf>,
    ) -> Result<Disk, Trouble> {
        let fresh = damage::fresh(path);
        if aside.is_none() {
            damage::remove(&fresh);
        }
        let opened = Disk::open(&fresh, self.now).or_else(|_| {
            damage::remove(&fresh);
            Disk::open(&fresh, self.now)
        });
        let mut disk = match opened {
            Ok(disk) => disk,
            Err(trouble) => {
                self.save_into_memory(aside.as_deref().unwrap_or(path));
                return Err(trouble);
            }
        };
        let aside = match aside.map_or_else(|| damage::set_aside(path, self.now), Ok) {
            Ok(aside) => aside,
            Err(error) => {
                drop(disk);
                damage::remove(&fresh);
                self.save_into_memory(path);
                return Err(Trouble::Disk(format!(
                    "it is damaged and cannot be set aside: {error}"
                )));
            }
        };
        let saved = damage::salvage(&aside, &mut disk.rows, SALVAGE, retention::MOST_BYTES);
        if let Err(trouble) = disk.move_to(path) {
            // No room for it beside the other, most likely. What was saved makes room, what is left
            // of it says that saving is to begin once more, and memory has what matters.
            damage::remove(&fresh);
            let _ = disk::prepare_file(&fresh);
            self.save_into_memory(&aside);
            return Err(trouble);
        }
        self.say(set_aside(path, &aside, damaged, saved));
        Disk::open(path, self.now)
    }

    /// What can be read of a damaged database; once, since what is removed from memory later must
    /// not come back.
    fn save_into_memory(&mut self, damaged: &Path) {
        if !std::mem::replace(&mut self.saved, true) {
            damage::salvage(damaged, &mut self.memory, SALVAGE, ALONE);
        }
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
        (self.saved, self.unread) = (false, false);
        Ok(())
    }

    /// Takes what is pending on the disk into memory, and the latest of the journal.
    pub(super) fn mirror(&mut self, from: &Connection) -> rusqlite::Result<()> {
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
    pub(super) fn read_only(&mut self, directory: &Path) {
        if self.lock.is_none() && !directory.exists() {
            return;
        }
        let path = file(directory);
        let opened = reading::open(&path);
        let whole = matches!(opened, Ok((_, true)));
        // What never was is not missed.
        let never = matches!(
            path.symlink_metadata(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        );
        self.unread = !whole && !never;
        if let Ok((from, _)) = opened {
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
