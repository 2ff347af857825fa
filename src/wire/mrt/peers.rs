//! The peers of one file: found by key or by peer index, numbered per batch.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::bgp::{Afi, Batch, PeerKey};

/// Peers told apart in one file; a collector has some hundreds. No more than a
/// batch's peer numbers can name.
const MAX_PEERS: usize = u16::MAX as usize;

/// A peer's place in [`Peers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerId(u16);

#[derive(Clone, Copy, Debug)]
struct Peer {
    key: PeerKey,
    /// Which batch `slot` is of.
    batch: u64,
    slot: u16,
    /// Families with table dump entries since the last End-of-RIB.
    dumped: [bool; 2],
    /// A NOTIFICATION went by, and the state change that follows it is no news.
    notified: bool,
}

/// Every peer met.
#[derive(Debug, Default)]
pub struct Peers {
    all: Vec<Peer>,
    by_key: HashTable<u16>,
    hasher: foldhash::fast::RandomState,
    last: usize,
    batch: u64,
    dumped: bool,
}

impl Peers {
    /// The batch was emptied: no peer is in it.
    pub fn new_batch(&mut self) {
        self.batch += 1;
    }

    /// The peer of this key, added if new; None once the table is full.
    pub fn id(&mut self, key: &PeerKey) -> Option<PeerId> {
        if self.all.get(self.last).is_some_and(|last| last.key == *key) {
            return u16::try_from(self.last).ok().map(PeerId);
        }
        let hash = self.hasher.hash_one(key);
        let peers = &self.all;
        let is_it = |&index: &u16| {
            peers
                .get(usize::from(index))
                .is_some_and(|peer| peer.key == *key)
        };
        let index = match self.by_key.find(hash, is_it) {
            Some(&index) => index,
            None => self.add(key, hash)?,
        };
        self.last = usize::from(index);
        Some(PeerId(index))
    }

    fn add(&mut self, key: &PeerKey, hash: u64) -> Option<u16> {
        if self.all.len() >= MAX_PEERS {
            return None;
        }
        let index = u16::try_from(self.all.len()).ok()?;
        self.all.push(Peer {
            key: *key,
            batch: 0,
            slot: 0,
            dumped: [false; 2],
            notified: false,
        });
        let (peers, hasher) = (&self.all, &self.hasher);
        self.by_key.insert_unique(hash, index, |&index| {
            peers
                .get(usize::from(index))
                .map_or(0, |peer| hasher.hash_one(peer.key))
        });
        Some(index)
    }

    /// The peer's number in `batch`, where it is put if need be.
    pub fn slot(&mut self, id: PeerId, batch: &mut Batch) -> Option<u16> {
        let peer = self.all.get_mut(usize::from(id.0))?;
        if peer.batch != self.batch {
            peer.slot = u16::try_from(batch.peers.len()).ok()?;
            peer.batch = self.batch;
            batch.peers.push(peer.key);
        }
        Some(peer.slot)
    }

    /// Remembers whether the peer's session was ended by a NOTIFICATION; returns
    /// what was remembered before.
    pub fn set_notified(&mut self, id: PeerId, notified: bool) -> bool {
        self.all
            .get_mut(usize::from(id.0))
            .is_some_and(|peer| std::mem::replace(&mut peer.notified, notified))
    }

    /// Remembers that a table dump held routes of this peer and family.
    pub fn set_dumped(&mut self, id: PeerId, afi: Afi) {
        self.dumped = true;
        if let Some(peer) = self.all.get_mut(usize::from(id.0)) {
            let [v4, v6] = &mut peer.dumped;
            match afi {
                Afi::Ipv4 => *v4 = true,
                Afi::Ipv6 => *v6 = true,
            }
        }
    }

    /// Forgets and returns the peers and families that had table dump entries.
    pub fn take_dumped(&mut self) -> Vec<(PeerId, Afi)> {
        let mut ended = Vec::new();
        if !std::mem::take(&mut self.dumped) {
            return ended;
        }
        for (index, peer) in (0_u16..).zip(&mut self.all) {
            let [v4, v6] = std::mem::take(&mut peer.dumped);
            ended.extend(v4.then_some((PeerId(index), Afi::Ipv4)));
            ended.extend(v6.then_some((PeerId(index), Afi::Ipv6)));
        }
        ended
    }
}
