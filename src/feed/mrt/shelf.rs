//! The files of a watched directory: which there are, which are complete, which is next.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    time::Duration,
};

use foldhash::fast::RandomState;

use super::{
    Settings,
    listing::{self, FileId, Listed},
    recording::{self, Recording, Stage},
    state::{FeedState, Passed},
};
use crate::{
    bgp::{Timestamp, UntrustedText},
    wire::mrt::Peek,
};

/// Files remembered, so that none is read twice; those that are gone are forgotten
/// first. What is forgotten and comes back is older than what was read.
const MOST_REMEMBERED: usize = 2 * listing::MOST_FILES;
/// A table says something new where nothing was read of its last quarter of an hour.
const GAP: Duration = Duration::from_secs(900);
/// A recording's clock may be ahead of ours by so much.
const MOST_AHEAD: Duration = Duration::from_secs(3600);

/// Every file seen.
#[derive(Debug, Default)]
pub struct Shelf {
    known: HashMap<FileId, Recording, RandomState>,
    odd: HashSet<PathBuf, RandomState>,
    /// First record of the youngest file of updates that was begun.
    frontier: Timestamp,
    /// Recordings that begin before are left alone.
    wanted_since: Timestamp,
    /// The table with which catching up begins.
    table: Option<FileId>,
}

impl Shelf {
    /// Of a directory in which recordings that begin before `wanted_since` are left alone.
    pub fn new(wanted_since: Timestamp) -> Self {
        Shelf {
            wanted_since,
            ..Shelf::default()
        }
    }

    /// A file.
    pub fn get(&self, id: FileId) -> Option<&Recording> {
        self.known.get(&id)
    }

    /// A file, to change it.
    pub fn get_mut(&mut self, id: FileId) -> Option<&mut Recording> {
        self.known.get_mut(&id)
    }

    fn on_it(&self) -> impl Iterator<Item = (FileId, &Recording)> {
        let there = self.known.iter().filter(|(_, one)| one.there);
        there.map(|(id, one)| (*id, one))
    }

    /// Files of updates that wait to be read, by their first record.
    pub fn updates_waiting(&self) -> impl Iterator<Item = Timestamp> {
        self.on_it()
            .filter(|(_, one)| one.stage == Stage::Ready)
            .filter_map(|(_, one)| one.updates())
    }

    /// Looks at the directory, and into files that have become complete.
    pub fn look(&mut self, settings: &Settings, now: Timestamp, state: &mut FeedState) {
        let listing = match listing::list(&settings.directory) {
            Ok(listing) => listing,
            Err(error) => {
                if std::mem::take(&mut state.reachable) {
                    tracing::warn!(
                        feed = %settings.name,
                        directory = %shown(&settings.directory),
                        %error,
                        "directory of recordings cannot be listed"
                    );
                }
                return;
            }
        };
        if !std::mem::replace(&mut state.reachable, true) {
            tracing::info!(feed = %settings.name, "directory of recordings can be listed again");
        }
        for (path, oddity) in listing.odd {
            if self.odd.len() < listing::MOST_FILES && self.odd.insert(path.clone()) {
                pass_over(&path, Passed::Odd, oddity.words(), state);
            }
        }
        if listing.cut && self.odd.insert(settings.directory.clone()) {
            let what = "more files than are looked at";
            pass_over(&settings.directory, Passed::Excess, what, state);
        }
        for recording in self.known.values_mut() {
            recording.there = false;
        }
        for listed in listing.files {
            self.found(listed, now);
        }
        if self.known.len() > MOST_REMEMBERED {
            self.known.retain(|_, recording| recording.there);
        }
        let follow = settings.follow;
        let settling: Vec<FileId> = self
            .on_it()
            .filter(|(_, one)| one.stage == Stage::Settling && one.stamp.size > 0)
            .filter(|(_, one)| follow || one.is_whole(settings, now))
            .map(|(id, _)| id)
            .collect();
        for id in settling {
            self.settled(id, settings, now, state);
        }
        let waits = |one: &Recording| matches!(one.stage, Stage::Settling | Stage::Ready);
        state.files_waiting = self
            .on_it()
            .filter(|(_, one)| one.stamp.size > 0 && waits(one))
            .count();
    }

    fn found(&mut self, listed: Listed, now: Timestamp) {
        let Some(known) = self.known.get_mut(&listed.id) else {
            self.known
                .insert(listed.id, Recording::new(listed.path, listed.stamp, now));
            return;
        };
        known.path = listed.path;
        known.there = true;
        if known.stamp == listed.stamp {
            return;
        }
        known.stamp = listed.stamp;
        known.since = now;
        known.told = false;
        if known.stage != Stage::Open {
            known.stage = Stage::Settling;
        }
    }

    /// Looks into a file that may be complete, or may be read while it grows.
    fn settled(&mut self, id: FileId, settings: &Settings, now: Timestamp, state: &mut FeedState) {
        let Some(recording) = self.known.get_mut(&id) else {
            return;
        };
        let whole = recording.is_whole(settings, now);
        if whole && recording.offset == 0 && recording.stamp.time() < self.wanted_since {
            // Not opened: an archive of years may lie here.
            recording.stage = Stage::Passed;
            state.files_passed.count(Passed::Backlog);
            return;
        }
        let opening = match recording::look_into(&recording.path, id) {
            Ok(opening) => opening,
            Err(error) if whole => {
                // It may be permitted later.
                recording.since = now;
                if !std::mem::replace(&mut recording.told, true) {
                    let what = error.to_string();
                    pass_over(&recording.path, Passed::Unreadable, &what, state);
                }
                return;
            }
            Err(_) => return,
        };
        let fault = match opening.peek {
            None => Some((Passed::Unreadable, "it does not begin as MRT does")),
            Some(peek) if peek.time.since(now) > MOST_AHEAD => {
                Some((Passed::Future, "its first record is of the future"))
            }
            Some(_) => None,
        };
        if let (Some((why, what)), true) = (fault, whole) {
            recording.stage = Stage::Passed;
            pass_over(&recording.path, why, what, state);
            return;
        }
        let Some(peek) = opening.peek.filter(|_| fault.is_none()) else {
            return;
        };
        // A table half read would be taken for the whole.
        if !whole && (!opening.plain || peek.table_dump) {
            return;
        }
        if recording.peek != Some(peek) {
            // Another recording, in the same place: the system numbers files anew.
            recording.offset = 0;
        } else if recording.offset > 0 && recording.size_read == recording.stamp.size {
            // It was only touched.
            recording.stage = Stage::Read;
            return;
        }
        recording.peek = Some(peek);
        recording.plain = opening.plain;
        recording.stage = Stage::Ready;
    }

    /// Plans to begin with the youngest table and with the updates from it on: those
    /// that were read already too, since the table came after them. Returns whether
    /// there is one.
    pub fn plan(&mut self) -> bool {
        let wanted = self.wanted_since;
        let tables = self.on_it().filter_map(|(id, one)| {
            let peek = one.peek.filter(|peek| peek.table_dump)?;
            (one.stage == Stage::Ready && peek.time >= wanted).then_some((peek.time, id))
        });
        let Some((time, id)) = tables.max() else {
            return false;
        };
        let base = self
            .on_it()
            .filter_map(|(_, one)| one.updates())
            .filter(|first| *first <= time)
            .max()
            .unwrap_or(time);
        for one in self.known.values_mut() {
            let wanted = one.there && one.updates().is_some_and(|first| first >= base);
            if wanted && matches!(one.stage, Stage::Read | Stage::Passed | Stage::Open) {
                one.stage = Stage::Ready;
                one.offset = 0;
            } else if one.stage == Stage::Open {
                one.stage = Stage::Read;
            }
        }
        self.table = Some(id);
        self.frontier = base;
        true
    }

    /// The next file to be read. `read` is the last record read, `has_table` whether a
    /// table was.
    pub fn next(
        &mut self,
        has_table: bool,
        read: Timestamp,
        settings: &Settings,
        state: &mut FeedState,
    ) -> Option<(FileId, Peek)> {
        if let Some(id) = self.table.take()
            && let Some(one) = self.known.get(&id)
            && let Some(peek) = one.peek
        {
            return Some((id, peek));
        }
        loop {
            let (peek, id) = self
                .on_it()
                .filter(|(_, one)| one.stage == Stage::Ready)
                .filter_map(|(id, one)| Some((one.peek?, &one.path, id)))
                .min_by_key(|(peek, path, _)| (peek.time, !peek.table_dump, *path))
                .map(|(peek, _, id)| (peek, id))?;
            let why = if peek.table_dump {
                let news = has_table && peek.time.since(read) > GAP;
                (!news).then_some(Passed::Table)
            } else if peek.time < self.frontier {
                Some(Passed::Late)
            } else if self.was_read(peek.time) {
                Some(Passed::Duplicate)
            } else {
                let unwanted = self.frontier == Timestamp::ZERO && peek.time < self.wanted_since;
                unwanted.then_some(Passed::Backlog)
            };
            let Some(why) = why else {
                if !peek.table_dump {
                    self.frontier = peek.time;
                }
                return Some((id, peek));
            };
            state.files_passed.count(why);
            if let Some(one) = self.known.get_mut(&id) {
                one.stage = Stage::Passed;
                if why == Passed::Late {
                    tracing::warn!(
                        feed = %settings.name,
                        file = %shown(&one.path),
                        "recording came after younger ones; not read"
                    );
                }
            }
        }
    }

    /// Whether a file began after `first`.
    pub fn has_younger(&self, first: Timestamp) -> bool {
        self.on_it().any(|(_, one)| {
            matches!(one.stage, Stage::Ready | Stage::Settling)
                && one.updates().is_some_and(|other| other > first)
        })
    }

    /// Whether updates from this time on were read, perhaps before they were renamed or
    /// compressed.
    fn was_read(&self, first: Timestamp) -> bool {
        self.known.values().any(|one| {
            matches!(one.stage, Stage::Read | Stage::Open) && one.updates() == Some(first)
        })
    }
}

/// Leaves something alone that somebody should know of.
pub fn pass_over(path: &Path, why: Passed, what: &str, state: &mut FeedState) {
    state.files_passed.count(why);
    tracing::warn!(
        feed = %state.name,
        file = %shown(path),
        reason = what,
        "not read as a recording"
    );
}

/// A name that somebody else chose, to be printed.
pub fn shown(path: &Path) -> UntrustedText {
    UntrustedText::new(path.as_os_str().as_encoded_bytes())
}
