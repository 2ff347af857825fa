//! What one session has read so far, for those who look on.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{compare::Report, sums::PeerLimit};
use crate::{
    bgp::{PeerKey, Timestamp},
    wire::{Tally, bmp::Kind},
};

/// Sums of one session, written by its task after each read and looked at from outside.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Octets read.
    pub bytes: u64,
    /// Messages, by type.
    pub messages: [u64; Kind::ALL.len()],
    /// What the messages held, and what was wrong with them.
    pub tally: Tally,
    /// Peer Ups not taken because of a limit, in the order of [`PeerLimit::ALL`].
    pub peers_refused: [u64; PeerLimit::ALL.len()],
    /// Peers that are up.
    pub peers: u32,
    /// Peers of an earlier session not heard of in this one yet.
    pub stale: u32,
    /// When the last message came.
    pub last_message: Option<Timestamp>,
    /// When the last Route Monitoring came.
    pub last_update: Option<Timestamp>,
    /// The router's clock before ours, in microseconds, by the last header with a time.
    pub skew: Option<i64>,
    /// What each peer's last Statistics Report said, of peers that are up.
    pub(super) reports: HashMap<PeerKey, Report, RandomState>,
}

impl Progress {
    /// Adds what a later session read, and takes its last word where it had one.
    pub fn absorb(&mut self, later: &Progress) {
        self.bytes += later.bytes;
        for (mine, theirs) in self.messages.iter_mut().zip(later.messages) {
            *mine += theirs;
        }
        self.tally += &later.tally;
        self.last_message = later.last_message.or(self.last_message);
        self.last_update = later.last_update.or(self.last_update);
        self.skew = later.skew.or(self.skew);
    }
}
