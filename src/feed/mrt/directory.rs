//! A watched directory as a state machine: time in, batches out. It reads files and
//! sleeps nowhere.

use std::time::Duration;

use super::{
    Settings,
    bookmark::{self, Bookmark},
    pace::Pace,
    peers::Peers,
    recording::{Reading, Stage},
    shelf::{Shelf, pass_over, shown},
    state::{FeedState, Passed},
};
use crate::{
    bgp::{Batch, Router, Timestamp, UntrustedText},
    store::Store,
    wire::{
        Tally,
        mrt::{MrtReader, Status},
    },
};

/// How often a growing file is looked at.
const TAIL: Duration = Duration::from_secs(1);
/// A feed with more waiting than this takes what it missed as a table.
const FAR_BEHIND: Duration = Duration::from_secs(2 * 3600);
/// Problems of one file that are told one by one.
const TOLD: usize = 3;

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Hand this on.
    Hand(Batch),
    /// Nothing to do for so long; zero where only somebody else should be let in.
    Wait(Duration),
}

/// A directory that is being watched.
#[derive(Debug)]
pub struct Directory {
    settings: Settings,
    /// None before the first step.
    shelf: Option<Shelf>,
    next_look: Timestamp,
    reading: Option<Reading>,
    /// A batch, the time it was recorded and the time it is due.
    held: Option<(Batch, Timestamp, Timestamp)>,
    catching_up: bool,
    /// The latest record that was judged the last time we ran.
    before: Option<Timestamp>,
    /// What was recorded later is news, even while we are catching up; none where that is not
    /// known.
    news_after: Option<Timestamp>,
    /// Whether a table is being read, or updates.
    reading_table: bool,
    pace: Pace,
    peers: Peers,
    state: FeedState,
    /// What finished files held.
    tally: Tally,
    bytes: u64,
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
            shelf: None,
            next_look: Timestamp::ZERO,
            reading: None,
            held: None,
            catching_up: true,
            before: None,
            news_after: None,
            reading_table: false,
            pace: Pace::default(),
            peers: Peers::new(router),
            state,
            tally: Tally::default(),
            bytes: 0,
        }
    }

    /// Begins where `store` says that it was left.
    #[must_use]
    pub fn begin_as_left(mut self, store: &Store) -> Self {
        self.before = bookmark::find(store, &self.settings.name);
        self.news_after = self.before;
        self
    }

    /// How far it was read with all that was handed on; none where it was further the last time.
    pub fn bookmark(&self, now: Timestamp) -> Option<Bookmark> {
        let read = self.state.last_record?;
        (Some(read) > self.before).then(|| Bookmark::new(&self.settings, read, now))
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

    /// Does the next thing there is to do at `now`; `spare` makes an empty batch.
    pub fn step(&mut self, now: Timestamp, spare: &mut dyn FnMut() -> Batch) -> Step {
        let mut shelf = self.shelf.take().unwrap_or_else(|| {
            let backlog = u64::try_from(self.settings.backlog.as_micros()).unwrap_or(u64::MAX);
            Shelf::new(Timestamp::from_micros(now.micros().saturating_sub(backlog)))
        });
        let step = self.step_with(&mut shelf, now, spare);
        self.shelf = Some(shelf);
        step
    }

    fn step_with(
        &mut self,
        shelf: &mut Shelf,
        now: Timestamp,
        spare: &mut dyn FnMut() -> Batch,
    ) -> Step {
        if now >= self.next_look {
            self.next_look = now + self.settings.poll;
            self.look(shelf, now);
        }
        if let Some((batch, recorded, due)) = self.held.take() {
            if due > now {
                self.held = Some((batch, recorded, due));
                return Step::Wait(due.min(self.next_look).since(now));
            }
            return Step::Hand(self.hand_on(batch, recorded, now));
        }
        let mut wait = self.next_look.since(now);
        if self
            .reading
            .as_ref()
            .is_some_and(|reading| reading.checking)
        {
            self.check(shelf, &mut spare());
            return Step::Wait(Duration::ZERO);
        } else if self.reading.is_some() {
            match self.read(shelf, now, spare) {
                Read::Batch(batch) => return Step::Hand(batch),
                Read::Again => return Step::Wait(Duration::ZERO),
                Read::Awaited => wait = wait.min(TAIL),
            }
        } else if self.begin(shelf, now) {
            return Step::Wait(Duration::ZERO);
        }
        if self.catching_up {
            let mut batch = spare();
            self.caught_up(&mut batch, now);
            if !batch.events.is_empty() {
                return Step::Hand(batch);
            }
        }
        Step::Wait(wait)
    }

    fn look(&mut self, shelf: &mut Shelf, now: Timestamp) {
        shelf.look(&self.settings, now, &mut self.state);
        if !self.state.has_table && shelf.plan() {
            // The updates being read are read again, after the table.
            self.reading = None;
            self.held = None;
            self.state.has_table = true;
            if !self.catching_up {
                self.news_after = None;
            }
            self.catching_up = true;
            self.state.caught_up = false;
        }
        let waiting = (shelf.updates_waiting().min(), shelf.updates_waiting().max());
        if let (Some(after), (_, Some(last))) = (self.news_after, waiting)
            && last.since(after) > FAR_BEHIND
            && self.catching_up
        {
            // We were away for hours.
            self.news_after = None;
        }
        if let (Some(first), Some(last)) = waiting
            && !self.catching_up
            && last.since(first) > FAR_BEHIND
        {
            self.catching_up = true;
            self.news_after = None;
            self.state.caught_up = false;
            tracing::warn!(
                feed = %self.settings.name,
                seconds = last.since(first).as_secs(),
                "directory of recordings is far behind; what was missed is taken as the table"
            );
        }
    }

    fn hand_on(&mut self, mut batch: Batch, recorded: Timestamp, now: Timestamp) -> Batch {
        self.peers.hand_on(&mut batch, now, self.catching_up);
        self.state.peers = self.peers.len();
        let last = self.state.last_record.unwrap_or_default();
        self.state.last_record = Some(last.max(recorded));
        self.state.last_update = Some(now);
        self.state.lag_seconds = now.since(recorded).as_secs_f64();
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

    /// Begins the next file; returns whether there was one.
    fn begin(&mut self, shelf: &mut Shelf, now: Timestamp) -> bool {
        let read = self.state.last_record.unwrap_or_default();
        let has_table = self.state.has_table;
        let Some((id, peek)) = shelf.next(has_table, read, &self.settings, &mut self.state) else {
            return false;
        };
        self.reading_table = peek.table_dump;
        if let Some(after) = &mut self.news_after {
            if peek.table_dump {
                // What was recorded before the table was is in it.
                *after = (*after).max(peek.time);
            } else if peek.time <= *after && shelf.get(id).is_some_and(|one| one.offset == 0) {
                // Judged before we were started.
                self.catching_up = true;
                self.state.caught_up = false;
            }
        }
        let younger = shelf.has_younger(peek.time);
        let Some(recording) = shelf.get_mut(id) else {
            return false;
        };
        let may_grow = self.settings.follow && recording.plain && !peek.table_dump;
        let growing = may_grow && !(younger && recording.is_whole(&self.settings, now));
        match Reading::begin(id, recording, peek, growing) {
            Ok(mut reading) => {
                let offset = recording.offset;
                reading.reader.pass_over(offset, &mut Batch::default());
                recording.stage = Stage::Open;
                let name = recording.path.as_os_str().as_encoded_bytes();
                self.state.reading = Some(UntrustedText::new(name));
                self.reading = Some(reading);
            }
            Err(error) => {
                recording.stage = Stage::Passed;
                let what = error.to_string();
                pass_over(&recording.path, Passed::Unreadable, &what, &mut self.state);
            }
        }
        true
    }

    /// Looks through a table: one that is torn would be taken for the whole, and all
    /// that it lacks for news.
    fn check(&mut self, shelf: &mut Shelf, batch: &mut Batch) {
        let Some(reading) = &mut self.reading else {
            return;
        };
        if reading.reader.read_batch(batch) == Status::More {
            return;
        }
        let whole = reading.reader.resume();
        if whole && reading.checked().is_ok() {
            return;
        }
        let name = reading.reader.input().name().to_owned();
        let problem = reading.reader.problems().last().map(ToString::to_string);
        let what = problem.unwrap_or_else(|| "it cannot be read twice".to_owned());
        self.state.files_damaged += 1;
        self.state.reading = None;
        // Another table may come, or this one may only have seemed complete.
        self.state.has_table = self.peers.have_tables();
        pass_over(&name, Passed::Unreadable, &what, &mut self.state);
        if let Some(reading) = self.reading.take() {
            self.tally += reading.reader.tally();
            self.state.tally.clone_from(&self.tally);
            if let Some(recording) = shelf.get_mut(reading.id) {
                recording.stage = Stage::Passed;
            }
        }
    }

    /// Reads on in the open file.
    fn read(
        &mut self,
        shelf: &mut Shelf,
        now: Timestamp,
        spare: &mut dyn FnMut() -> Batch,
    ) -> Read {
        let mut batch = spare();
        let Some(reading) = &mut self.reading else {
            return Read::Again;
        };
        let status = reading.reader.read_batch(&mut batch);
        self.state.tally.clone_from(&self.tally);
        self.state.tally += reading.reader.tally();
        self.state.bytes_read = self.bytes + consumed(&reading.reader);
        let recorded = batch.events.last().map(|event| event.time);
        let mut awaited = false;
        if status == Status::End {
            if self.is_over(shelf, now) {
                self.end(shelf);
            } else {
                awaited = true;
            }
        }
        let Some(recorded) = recorded else {
            return if awaited { Read::Awaited } else { Read::Again };
        };
        let mut complete = None;
        if self.catching_up {
            let judged = self.news_after.is_none_or(|after| recorded <= after);
            if judged || self.reading_table {
                return Read::Batch(self.hand_on(batch, recorded, now));
            }
            let said = complete.insert(spare());
            self.caught_up(said, now);
        }
        self.pace.set_fast(shelf.updates_waiting().next().is_some());
        let due = self.pace.due(recorded, now);
        self.held = Some((batch, recorded, due));
        match complete {
            Some(said) if !said.events.is_empty() => Read::Batch(said),
            _ => Read::Again,
        }
    }

    /// Whether the open file, read to its end, has no more to come.
    fn is_over(&mut self, shelf: &Shelf, now: Timestamp) -> bool {
        let Some(reading) = &mut self.reading else {
            return true;
        };
        if !reading.growing || reading.is_truncated() || !reading.reader.resume() {
            return true;
        }
        let Some(recording) = shelf.get(reading.id) else {
            return true;
        };
        let left = !recording.there || shelf.has_younger(reading.first);
        if left && recording.is_whole(&self.settings, now) {
            // Once more, with what is torn at its end.
            reading.complete();
        }
        false
    }

    /// The open file has been read.
    fn end(&mut self, shelf: &mut Shelf) {
        let Some(reading) = self.reading.take() else {
            return;
        };
        let truncated = reading.is_truncated();
        let reader = &reading.reader;
        let name = shown(reader.input().name());
        self.state.reading = None;
        self.state.files_read += 1;
        self.state.files_damaged += u64::from(truncated || reader.damaged());
        self.tally += reader.tally();
        self.bytes += consumed(reader);
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
        let records = reader.tally().records;
        tracing::debug!(feed = %self.settings.name, file = %name, records, "recording read");
        let Some(recording) = shelf.get_mut(reading.id) else {
            return;
        };
        // The torn record at its end may be completed yet.
        recording.offset = reader.offset().max(1);
        recording.size_read = if recording.plain {
            consumed(reader)
        } else {
            reading.size()
        };
        let changed = truncated || recording.stamp.size > recording.size_read;
        recording.stage = if changed && recording.updates().is_some() {
            Stage::Settling
        } else {
            Stage::Read
        };
    }
}

fn consumed(reader: &MrtReader) -> u64 {
    let consumed = reader.input().consumed();
    consumed.load(std::sync::atomic::Ordering::Relaxed)
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
