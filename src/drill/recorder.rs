//! From what the feeds do to the update file: order, packing, times.
//!
//! Streams of moves, each in the order of time, are merged. Moves of one feed that
//! follow each other with the same attributes share an UPDATE, as a real speaker
//! would pack them; a record is stamped when it is complete, so times never go back.

use super::{
    Incident,
    feed::{Feed, Written},
};
use crate::{
    bgp::{Nlri, Timestamp},
    wire::encode,
};

/// How long a speaker waits for more of the same, in microseconds.
const PATIENCE: u64 = 60_000;

/// What a feed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Announce(Written),
    Withdraw,
    EndOfRib,
    Down,
    Up,
}

/// Which incident a move belongs to, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Ordinary,
    /// The leak itself, of the incident with this index.
    Leak(u8),
    /// Its end.
    Retreat(u8),
}

/// One thing that one feed does to one prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// Microseconds since the recording began.
    pub at: u64,
    pub feed: u8,
    pub what: What,
    pub prefix: Nlri<u32>,
    pub mark: Mark,
}

/// Moves in the order of time.
pub(super) trait Stream {
    /// When the next move comes; None at the end.
    fn next_at(&self) -> Option<u64>;
    /// The next move.
    fn advance(&mut self, feeds: &[Feed]) -> Option<Move>;
}

/// Moves that were written down beforehand, sorted by time.
#[derive(Debug)]
pub(super) struct Script {
    moves: Vec<Move>,
    next: usize,
}

impl Script {
    pub(super) fn new(mut moves: Vec<Move>) -> Self {
        moves.sort_by_key(|one| one.at);
        Script { moves, next: 0 }
    }
}

impl Stream for Script {
    fn next_at(&self) -> Option<u64> {
        self.moves.get(self.next).map(|one| one.at)
    }

    fn advance(&mut self, _: &[Feed]) -> Option<Move> {
        let one = self.moves.get(self.next).copied();
        self.next += 1;
        one
    }
}

/// How many NLRI an UPDATE takes at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    pub announced: usize,
    pub withdrawn: usize,
}

struct Pending {
    what: Option<What>,
    mark: Mark,
    since: u64,
    count: usize,
    nlri: Vec<u8>,
}

/// Writes the update file.
pub(super) struct Recorder<'a> {
    feeds: &'a [Feed],
    start: Timestamp,
    packing: Packing,
    pending: Vec<Pending>,
    out: Vec<u8>,
    incidents: Vec<Incident>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(
        feeds: &'a [Feed],
        start: Timestamp,
        packing: Packing,
        incidents: Vec<Incident>,
    ) -> Self {
        let idle = || Pending {
            what: None,
            mark: Mark::Ordinary,
            since: 0,
            count: 0,
            nlri: Vec::with_capacity(1_024),
        };
        Recorder {
            feeds,
            start,
            packing,
            pending: feeds.iter().map(|_| idle()).collect(),
            out: Vec::with_capacity(16 << 20),
            incidents,
        }
    }

    /// Plays all streams to their end; the update file, and the incidents with the
    /// times at which they began and ended in it.
    pub(super) fn record(
        mut self,
        streams: &mut [Box<dyn Stream + '_>],
    ) -> (Vec<u8>, Vec<Incident>) {
        let mut now = 0;
        while let Some(stream) = streams
            .iter_mut()
            .filter(|stream| stream.next_at().is_some())
            .min_by_key(|stream| stream.next_at())
        {
            if let Some(one) = stream.advance(self.feeds) {
                now = one.at.max(now);
                self.flush_older(now);
                self.take(&one, now);
            }
        }
        for feed in 0..self.pending.len() {
            self.flush(feed, now + PATIENCE);
        }
        (self.out, self.incidents)
    }

    fn take(&mut self, one: &Move, now: u64) {
        let feed = usize::from(one.feed);
        let Some(pending) = self.pending.get_mut(feed) else {
            return;
        };
        let room = match one.what {
            What::Announce(_) => self.packing.announced,
            What::Withdraw => self.packing.withdrawn,
            What::EndOfRib | What::Down | What::Up => 0,
        };
        let joins = pending.what == Some(one.what) && pending.mark == one.mark;
        if pending.what.is_some() && (!joins || pending.count >= room) {
            self.flush(feed, now);
        }
        let Some(pending) = self.pending.get_mut(feed) else {
            return;
        };
        if pending.what.is_none() {
            pending.what = Some(one.what);
            pending.mark = one.mark;
            pending.since = now;
        }
        pending.count += 1;
        if room > 0 {
            encode::nlri(&mut pending.nlri, &one.prefix);
        } else {
            self.flush(feed, now);
        }
    }

    fn flush_older(&mut self, now: u64) {
        for feed in 0..self.pending.len() {
            let waiting = self.pending.get(feed);
            if waiting.is_some_and(|p| p.what.is_some() && p.since + PATIENCE < now) {
                self.flush(feed, now);
            }
        }
    }

    fn flush(&mut self, index: usize, now: u64) {
        let (Some(pending), Some(feed)) = (self.pending.get_mut(index), self.feeds.get(index))
        else {
            return;
        };
        let Some(what) = pending.what.take() else {
            return;
        };
        let time = Timestamp::from_micros(self.start.micros() + now);
        let incident = match pending.mark {
            Mark::Ordinary => None,
            Mark::Leak(incident) | Mark::Retreat(incident) => {
                self.incidents.get_mut(usize::from(incident))
            }
        };
        if let Some(incident) = incident {
            match pending.mark {
                Mark::Leak(_) => {
                    if incident.first == Timestamp::ZERO {
                        incident.first = time;
                    }
                    incident.last = time;
                }
                Mark::Retreat(_) => incident.last_withdrawn = time,
                Mark::Ordinary => {}
            }
        }
        let session = &feed.session;
        let nlri = pending.nlri.as_slice();
        let out = &mut self.out;
        match what {
            What::Announce(written) => encode::message(out, time, session, |out| {
                encode::update(out, &[], feed.attributes(written), nlri);
            }),
            What::Withdraw => {
                encode::message(out, time, session, |out| {
                    encode::update(out, nlri, &[], &[]);
                });
            }
            What::EndOfRib => {
                encode::message(out, time, session, |out| encode::update(out, &[], &[], &[]));
            }
            // RFC 4271 §8.2.2: 6 Established, 1 Idle, 5 OpenConfirm.
            What::Down => encode::state_change(out, time, session, 6, 1),
            What::Up => encode::state_change(out, time, session, 5, 6),
        }
        pending.nlri.clear();
        pending.count = 0;
    }
}
