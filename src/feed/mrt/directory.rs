//! A watched directory as a state machine: time in, batches out. It reads files and
//! sleeps nowhere.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use foldhash::fast::RandomState;

use super::{
    Settings,
    listing::{self, FileId, Listed},
    pace::Pace,
    recording::{self, Reading, Recording, Stage},
    state::{FeedState, Passed},
    table::Peers,
};
use crate::{
    bgp::{Batch, Router, Timestamp, UntrustedText},
    wire::mrt::{Peek, Status},
};

/// Files remembered, so that none is read twice; those that are gone are forgotten
/// first. What is forgotten and comes back is older than what was read.
const MOST_REMEMBERED: usize = 2 * listing::MOST_FILES;
/// How often a growing file is looked at.
const TAIL: Duration = Duration::from_secs(1);
/// A table says something new where nothing was read of its last quarter of an hour.
const GAP: Duration = Duration::from_secs(900);
/// A feed so far behind takes what it missed as a table.
const FAR_BEHIND: Duration = Duration::from_secs(3600);
/// A recording's clock may be ahead of ours by so much.
const MOST_AHEAD: Duration = Duration::from_secs(3600);
/// Problems of one file that are told one by one.
const TOLD: usize = 3;

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Hand this on.
    Hand(Batch),
    /// Nothing to do for so long.
    Wait(Duration),
}

/// A directory that is being watched.
#[derive(Debug)]
pub struct Directory {
    settings: Settings,
    /// When we began; none before the first step.
    started: Option<Timestamp>,
    next_look: Timestamp,
    known: HashMap<FileId, Recording, RandomState>,
    heads: HashSet<u64, RandomState>,
    hasher: RandomState,
    odd: HashSet<std::path::PathBuf, RandomState>,
    reading: Option<Reading>,
    /// A batch that waits for its time.
    held: Option<(Batch, Timestamp, Timestamp)>,
    /// The table with which catching up begins.
    table: Option<FileId>,
    catching_up: bool,
    /// First record of the youngest file of updates that was begun.
    frontier: Timestamp,
    pace: Pace,
    peers: Peers,
    state: FeedState,
}

impl Directory {
    /// A directory not yet looked at; `router` is what its peers are said to belong to.
    pub fn new(settings: Settings, router: Router) -> Self {
        let state = FeedState {
            name: settings.name.clone(),
            directory: settings.directory.clone(),
            reachable: true,
            ..FeedState::default()
        };
        Directory {
            settings,
            started: None,
            next_look: Timestamp::ZERO,
            known: HashMap::default(),
            heads: HashSet::default(),
            hasher: RandomState::default(),
            odd: HashSet::default(),
            reading: None,
            held: None,
            table: None,
            catching_up: true,
            frontier: Timestamp::ZERO,
            pace: Pace::default(),
            peers: Peers::new(router),
            state,
        }
    }

    /// What is known of it.
    pub fn state(&self) -> &FeedState {
        &self.state
    }

    /// Other settings for the same directory.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.next_look = Timestamp::ZERO;
    }

    /// Says of every peer that it is not watched any more.
    pub fn leave(&self, now: Timestamp) -> Batch {
        let mut batch = Batch::default();
        self.peers.leave(&mut batch, now);
        batch
    }

    /// Does the next thing there is to do at `now`; batches are made by `spare`.
    pub fn step(&mut self, now: Timestamp, spare: &mut dyn FnMut() -> Batch) -> Step {
        self.started.get_or_insert(now);
        loop {
            if now >= self.next_look {
                self.next_look = now + self.settings.poll;
                self.look(now);
            }
            if let Some((batch, recorded, due)) = self.held.take() {
                if due > now {
                    let wait = due.min(self.next_look).since(now);
                    self.held = Some((batch, recorded, due));
                    return Step::Wait(wait);
                }
                return Step::Hand(self.hand_on(batch, Some(recorded), now));
            }
            let mut wait = self.next_look.since(now);
            if self.reading.is_some() {
                match self.read(now, spare()) {
                    Read::Batch(batch) => return Step::Hand(batch),
                    Read::Again => continue,
                    Read::Awaited => wait = wait.min(TAIL),
                }
            } else if self.begin(now) {
                continue;
            }
            if self.catching_up {
                let mut batch = spare();
                self.caught_up(&mut batch, now);
                if !batch.events.is_empty() {
                    return Step::Hand(batch);
                }
            }
            return Step::Wait(wait.max(Duration::from_millis(1)));
        }
    }

    fn hand_on(&mut self, mut batch: Batch, recorded: Option<Timestamp>, now: Timestamp) -> Batch {
        self.peers.hand_on(&mut batch, now, self.catching_up);
        self.state.peers = self.peers.len();
        if let Some(recorded) = recorded {
            let last = self.state.last_record.unwrap_or_default();
            self.state.last_record = Some(last.max(recorded));
            self.state.last_update = Some(now);
            self.state.lag_seconds = now.since(recorded).as_secs_f64();
        }
        batch
    }

    /// What lay there has been read: the tables are complete, and news begins.
    fn caught_up(&mut self, batch: &mut Batch, now: Timestamp) {
        self.catching_up = false;
        self.state.caught_up = true;
        self.pace.reset();
        self.peers.complete(batch, now);
        tracing::info!(
            feed = %self.settings.name,
            directory = %shown(&self.settings.directory),
            files = self.state.files_read,
            peers = self.state.peers,
            table = self.state.has_table,
            "directory of recordings read up to now"
        );
    }

    /// Looks at the directory, and at files that have become complete.
    fn look(&mut self, now: Timestamp) {
        let listing = match listing::list(&self.settings.directory) {
            Ok(listing) => listing,
            Err(error) => {
                if std::mem::take(&mut self.state.reachable) {
                    tracing::warn!(
                        feed = %self.settings.name,
                        directory = %shown(&self.settings.directory),
                        %error,
                        "directory of recordings cannot be listed"
                    );
                }
                return;
            }
        };
        if !std::mem::replace(&mut self.state.reachable, true) {
            tracing::info!(feed = %self.settings.name, "directory of recordings is back");
        }
        for (path, oddity) in listing.odd {
            if self.odd.len() < listing::MOST_FILES && self.odd.insert(path.clone()) {
                self.passed(&path, Passed::Odd, oddity.words());
            }
        }
        if listing.cut {
            let path = self.settings.directory.clone();
            self.passed(&path, Passed::Excess, "too many files to look at all");
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
        self.settle(now);
        let waiting = |recording: &&Recording| {
            recording.there && matches!(recording.stage, Stage::Settling | Stage::Ready)
        };
        self.state.files_waiting = self.known.values().filter(waiting).count();
        if !self.catching_up {
            self.check_distance();
        }
    }

    fn found(&mut self, listed: Listed, now: Timestamp) {
        let Some(known) = self.known.get_mut(&listed.id) else {
            // What was last written so long ago is complete at first sight.
            let modified = Timestamp::from_secs(u64::try_from(listed.stamp.modified).unwrap_or(0));
            let recording = Recording {
                path: listed.path,
                stamp: listed.stamp,
                since: modified.min(now),
                peek: None,
                head: 0,
                offset: 0,
                plain: false,
                there: true,
                stage: Stage::Settling,
            };
            self.known.insert(listed.id, recording);
            return;
        };
        known.path = listed.path;
        known.there = true;
        if known.stamp == listed.stamp {
            return;
        }
        let grown = listed.stamp.size > known.stamp.size;
        known.stamp = listed.stamp;
        known.since = now;
        if known.stage == Stage::Open {
            return;
        }
        if known.stage != Stage::Read || !grown {
            known.offset = 0;
        }
        known.peek = None;
        known.stage = Stage::Settling;
    }

    /// Looks into files that have not changed for long enough, or that may be read
    /// while they grow.
    fn settle(&mut self, now: Timestamp) {
        let (stable, follow) = (self.settings.stable, self.settings.follow);
        let settling: Vec<FileId> = self
            .known
            .iter()
            .filter(|(_, one)| one.there && one.stage == Stage::Settling && one.stamp.size > 0)
            .filter(|(_, one)| now.since(one.since) >= stable || (follow && one.peek.is_none()))
            .map(|(id, _)| *id)
            .collect();
        for id in settling {
            self.settled(id, now);
        }
    }

    fn settled(&mut self, id: FileId, now: Timestamp) {
        let Some(recording) = self.known.get(&id) else {
            return;
        };
        let whole = now.since(recording.since) >= self.settings.stable;
        let (path, offset, before) = (recording.path.clone(), recording.offset, recording.head);
        let wanted = self.wanted_since();
        let written = u64::try_from(recording.stamp.modified).unwrap_or(0);
        if whole && offset == 0 && Timestamp::from_secs(written) < wanted {
            // Not opened: an archive of years may lie here.
            return self.pass(id, Passed::Backlog);
        }
        let opening = match recording::look_into(&path, id, &self.hasher) {
            Ok(opening) => opening,
            Err(error) => {
                if whole {
                    self.passed(&path, Passed::Unreadable, &error.to_string());
                    self.stage(id, Stage::Passed);
                }
                return;
            }
        };
        let Some(peek) = opening.peek else {
            if whole {
                self.passed(&path, Passed::Unreadable, "it does not begin as MRT does");
                self.stage(id, Stage::Passed);
            }
            return;
        };
        // A table half read would be taken for the whole.
        if !whole && (!opening.plain || peek.table_dump) {
            return;
        }
        if peek.time.since(now) > MOST_AHEAD {
            let what = format!("its first record is of {}", peek.time);
            self.passed(&path, Passed::Future, &what);
            return self.stage(id, Stage::Passed);
        }
        if whole && opening.head != before && self.heads.contains(&opening.head) {
            return self.pass(id, Passed::Duplicate);
        }
        if let Some(recording) = self.known.get_mut(&id) {
            recording.peek = Some(peek);
            recording.head = opening.head;
            recording.plain = opening.plain;
            recording.stage = Stage::Ready;
        }
    }

    /// Recordings that begin before are left alone.
    fn wanted_since(&self) -> Timestamp {
        let started = self.started.unwrap_or_default().micros();
        let backlog = u64::try_from(self.settings.backlog.as_micros()).unwrap_or(u64::MAX);
        Timestamp::from_micros(started.saturating_sub(backlog))
    }

    /// Begins the next file; returns whether there was one.
    fn begin(&mut self, now: Timestamp) -> bool {
        if !self.state.has_table && self.table.is_none() {
            self.begin_with_table();
        }
        while let Some((id, peek)) = self.next() {
            let first = self.table == Some(id);
            if let Some(why) = self.why_not(peek, first) {
                self.pass(id, why);
                continue;
            }
            let Some(recording) = self.known.get(&id) else {
                continue;
            };
            let growing =
                !peek.table_dump && now.since(recording.since) < self.settings.stable;
            match Reading::begin(id, recording, growing) {
                Ok(mut reading) => {
                    reading
                        .reader
                        .pass_over(recording.offset, &mut Batch::default());
                    let name = recording.path.to_string_lossy().into_owned();
                    self.state.reading = Some(UntrustedText::new(name.as_bytes()));
                    self.reading = Some(reading);
                    self.stage(id, Stage::Open);
                    if first {
                        self.table = None;
                    }
                    if peek.table_dump {
                        self.state.has_table = true;
                    } else {
                        self.frontier = self.frontier.max(peek.time);
                    }
                    return true;
                }
                Err(error) => {
                    let path = recording.path.clone();
                    self.passed(&path, Passed::Unreadable, &error.to_string());
                    self.stage(id, Stage::Passed);
                    if first {
                        self.table = None;
                    }
                }
            }
        }
        false
    }

    /// Plans to begin with the youngest table, and with the updates from it on: those
    /// that were read already too, since the table came after them.
    fn begin_with_table(&mut self) {
        let wanted = self.wanted_since();
        let tables = self.known.iter().filter_map(|(id, one)| {
            let peek = one.peek.filter(|peek| peek.table_dump)?;
            (one.there && one.stage == Stage::Ready && peek.time >= wanted)
                .then_some((peek.time, *id))
        });
        let Some((time, id)) = tables.max() else {
            return;
        };
        let updates = |one: &Recording| one.peek.filter(|peek| !peek.table_dump);
        let base = self
            .known
            .values()
            .filter(|one| one.there)
            .filter_map(|one| updates(one).map(|peek| peek.time))
            .filter(|first| *first <= time)
            .max()
            .unwrap_or(time);
        for one in self.known.values_mut() {
            let wanted = one.there && updates(one).is_some_and(|peek| peek.time >= base);
            if wanted && matches!(one.stage, Stage::Read | Stage::Passed) {
                one.stage = Stage::Ready;
                one.offset = 0;
            }
        }
        self.table = Some(id);
        self.frontier = base;
        self.catching_up = true;
    }

    /// The first of the files that are to be read.
    fn next(&self) -> Option<(FileId, Peek)> {
        if let Some(id) = self.table {
            let peek = self.known.get(&id).and_then(|one| one.peek);
            if let Some(peek) = peek {
                return Some((id, peek));
            }
        }
        self.known
            .iter()
            .filter(|(_, one)| one.there && one.stage == Stage::Ready)
            .filter_map(|(id, one)| Some((one.peek?, &one.path, *id)))
            .min_by_key(|(peek, path, id)| (peek.time, !peek.table_dump, *path, *id))
            .map(|(peek, _, id)| (id, peek))
    }

    fn why_not(&self, peek: Peek, first: bool) -> Option<Passed> {
        if first {
            return None;
        }
        let read = self.state.last_record.unwrap_or_default();
        if peek.table_dump {
            let news = self.state.has_table && peek.time.since(read) > GAP;
            return (!news).then_some(Passed::Table);
        }
        if peek.time < self.frontier {
            return Some(Passed::Late);
        }
        (self.frontier == Timestamp::ZERO && peek.time < self.wanted_since())
            .then_some(Passed::Backlog)
    }

    /// Reads on in the open file.
    fn read(&mut self, now: Timestamp, mut batch: Batch) -> Read {
        let Some(reading) = &mut self.reading else {
            return Read::Again;
        };
        let before = reading.reader.tally().clone();
        let status = reading.reader.read_batch(&mut batch);
        self.state.tally += &reading.reader.tally().since(&before);
        let recorded = batch.events.last().map(|event| event.time);
        let awaited = status == Status::End && !self.is_over(now);
        if status == Status::End && !awaited {
            self.end();
        }
        let Some(recorded) = recorded else {
            return if awaited { Read::Awaited } else { Read::Again };
        };
        if self.catching_up {
            return Read::Batch(self.hand_on(batch, Some(recorded), now));
        }
        let more = self.known.values().any(|one| {
            one.there
                && one.stage == Stage::Ready
                && one.peek.is_some_and(|peek| !peek.table_dump)
        });
        self.pace.set_fast(more);
        let due = self.pace.due(recorded, now);
        self.held = Some((batch, recorded, due));
        Read::Again
    }

    /// Whether the open file, read to its end, has no more to come.
    fn is_over(&mut self, now: Timestamp) -> bool {
        let Some(reading) = &mut self.reading else {
            return true;
        };
        if !reading.growing || reading.is_truncated() || !reading.reader.resume() {
            return true;
        }
        let Some(recording) = self.known.get(&reading.id) else {
            return true;
        };
        let younger = self
            .known
            .values()
            .any(|one| one.there && one.stage == Stage::Ready);
        if now.since(recording.since) < self.settings.stable || (recording.there && !younger) {
            return false;
        }
        // Once more, with what is torn at its end.
        reading.complete();
        false
    }

    /// The open file has been read.
    fn end(&mut self) {
        let Some(reading) = self.reading.take() else {
            return;
        };
        self.state.reading = None;
        self.state.files_read += 1;
        let truncated = reading.is_truncated();
        let reader = &reading.reader;
        let name = shown(reader.input().name());
        if truncated || reader.damaged() {
            self.state.files_damaged += 1;
        }
        for problem in reader.problems().iter().take(TOLD) {
            tracing::warn!(
                feed = %self.settings.name,
                file = %name,
                %problem,
                problems = reader.problem_count(),
                "part of a recording cannot be read"
            );
        }
        if truncated {
            tracing::warn!(
                feed = %self.settings.name,
                file = %name,
                offset = reader.offset(),
                "recording became shorter while it was read"
            );
        }
        tracing::debug!(
            feed = %self.settings.name,
            file = %name,
            records = reader.tally().records,
            "recording read"
        );
        let Some(recording) = self.known.get_mut(&reading.id) else {
            return;
        };
        if truncated && reading.growing {
            // Written anew in its place: another recording, to be read from its start.
            recording.offset = 0;
            recording.peek = None;
            recording.stage = Stage::Settling;
            return;
        }
        recording.offset = reader.offset();
        recording.stage = Stage::Read;
        if self.heads.len() >= listing::MOST_FILES {
            self.heads.clear();
        }
        self.heads.insert(recording.head);
    }

    /// A feed that has fallen far behind takes what it missed as a table.
    fn check_distance(&mut self) {
        let Some(last) = self.state.last_record else {
            return;
        };
        let youngest = self
            .known
            .values()
            .filter(|one| one.there && one.stage == Stage::Ready)
            .filter_map(|one| one.peek.filter(|peek| !peek.table_dump))
            .map(|peek| peek.time)
            .max();
        let behind = youngest.map_or(Duration::ZERO, |youngest| youngest.since(last));
        if behind > FAR_BEHIND {
            self.catching_up = true;
            self.state.caught_up = false;
            tracing::warn!(
                feed = %self.settings.name,
                seconds = behind.as_secs(),
                "directory of recordings is far behind; what was missed is taken as the table"
            );
        }
    }

    fn stage(&mut self, id: FileId, stage: Stage) {
        if let Some(recording) = self.known.get_mut(&id) {
            recording.stage = stage;
        }
    }

    /// Leaves a file alone, as is usual.
    fn pass(&mut self, id: FileId, why: Passed) {
        self.state.files_passed.count(why);
        self.stage(id, Stage::Passed);
        if why == Passed::Late
            && let Some(recording) = self.known.get(&id)
        {
            tracing::warn!(
                feed = %self.settings.name,
                file = %shown(&recording.path),
                "recording came after younger ones; not read"
            );
        }
    }

    /// Leaves something alone that somebody should know of.
    fn passed(&mut self, path: &Path, why: Passed, what: &str) {
        self.state.files_passed.count(why);
        tracing::warn!(
            feed = %self.settings.name,
            file = %shown(path),
            reason = what,
            "not read as a recording"
        );
    }
}

/// What came of reading on.
enum Read {
    /// To be handed on now.
    Batch(Batch),
    /// There may be more to do.
    Again,
    /// The file may grow.
    Awaited,
}

fn shown(path: &Path) -> UntrustedText {
    UntrustedText::new(path.as_os_str().as_encoded_bytes())
}
