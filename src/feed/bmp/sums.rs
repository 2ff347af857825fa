//! Sums over all sessions, and their way into the metrics.

use super::{Ending, Refused, progress::Progress};
use crate::wire::{Tally, bmp::Kind};

/// Which limit on peers was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerLimit {
    /// Of one router.
    Router,
    /// Of all routers together.
    Total,
}

impl PeerLimit {
    /// Both.
    pub const ALL: [PeerLimit; 2] = [PeerLimit::Router, PeerLimit::Total];

    /// The stable name, a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            PeerLimit::Router => "router",
            PeerLimit::Total => "total",
        }
    }
}

/// What all sessions together have read, and what became of connections. They only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Octets received.
    pub bytes: u64,
    /// BMP messages, by type.
    pub messages: [u64; Kind::ALL.len()],
    /// What they held, and what was wrong with them.
    pub tally: Tally,
    /// Connections that were let in.
    pub connections: u64,
    /// Connections that were not, in the order of [`Refused::ALL`].
    pub refused: [u64; Refused::ALL.len()],
    /// Sessions that are over, in the order of [`Ending::NAMES`].
    pub closed: [u64; Ending::NAMES.len()],
    /// Sessions that took over from one that was still up.
    pub take_overs: u64,
    /// Connections we made to routers.
    pub connected: u64,
    /// Attempts to connect to a router that failed.
    pub connect_failures: u64,
    /// Peer Ups not taken because of a limit, in the order of `PeerLimit::ALL`.
    pub peers_refused: [u64; PeerLimit::ALL.len()],
    /// Failures to accept, such as when no file descriptor is left.
    pub accept_errors: u64,
}

impl Sums {
    /// Adds what one session read.
    pub(super) fn add(&mut self, progress: &Progress) {
        self.bytes += progress.bytes;
        for (mine, theirs) in self.messages.iter_mut().zip(progress.messages) {
            *mine += theirs;
        }
        self.tally += &progress.tally;
        for (mine, theirs) in self.peers_refused.iter_mut().zip(progress.peers_refused) {
            *mine += theirs;
        }
    }

    pub(super) fn count_closed(&mut self, ending: &Ending) {
        if let Some(count) = self.closed.get_mut(ending.index()) {
            *count += 1;
        }
    }

    pub(super) fn count_refused(&mut self, refused: Refused) {
        let place = Refused::ALL.iter().position(|&known| known == refused);
        if let Some(count) = place.and_then(|place| self.refused.get_mut(place)) {
            *count += 1;
        }
    }
}
