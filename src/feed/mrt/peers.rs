//! From the time of a recording to ours: what is handed on, and as what.

use std::collections::HashSet;

use crate::bgp::{
    Afi, Batch, DownReason, Event, EventKind, PeerKey, RibView, Router, Span, Timestamp,
};

/// Peers remembered of a directory; no collector has a hundredth of them.
const MOST_PEERS: usize = u16::MAX as usize;

/// The peers of a directory, and which of them have had a table.
#[derive(Debug)]
pub struct Peers {
    router: Router,
    all: HashSet<PeerKey>,
    tabled: HashSet<(PeerKey, Afi)>,
}

impl Peers {
    /// None yet, of this directory.
    pub fn new(router: Router) -> Self {
        Peers {
            router,
            all: HashSet::new(),
            tabled: HashSet::new(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether any has had a table.
    pub fn have_tables(&self) -> bool {
        !self.tabled.is_empty()
    }

    /// Makes a batch as read one that happens at `now` at this directory's peers.
    ///
    /// While we are `catching_up`, what is announced after a table is part of it, and
    /// that it is complete is not said yet.
    pub fn hand_on(&mut self, batch: &mut Batch, now: Timestamp, catching_up: bool) {
        for peer in &mut batch.peers {
            peer.router = self.router;
            if self.all.len() < MOST_PEERS {
                self.all.insert(*peer);
            }
        }
        let mut tabled: Vec<[bool; 2]> = batch.peers.iter().map(|peer| self.of(peer)).collect();
        let (peers, mine) = (&batch.peers, &mut self.tabled);
        batch.events.retain_mut(|event| {
            event.time = now;
            let index = usize::from(event.peer);
            let (Some(peer), Some(known)) = (peers.get(index), tabled.get_mut(index)) else {
                return false;
            };
            match event.kind {
                EventKind::Announce {
                    afi,
                    attributes,
                    nlri,
                } if catching_up && known[afi as usize] => {
                    event.kind = EventKind::RibEntry {
                        afi,
                        attributes,
                        nlri,
                    };
                }
                EventKind::EndOfRib(afi) => {
                    known[afi as usize] = true;
                    if mine.len() < MOST_PEERS {
                        mine.insert((*peer, afi));
                    }
                    return !catching_up;
                }
                EventKind::PeerDown(_) => {
                    *known = [false; 2];
                    mine.remove(&(*peer, Afi::Ipv4));
                    mine.remove(&(*peer, Afi::Ipv6));
                }
                _ => {}
            }
            true
        });
    }

    fn of(&self, peer: &PeerKey) -> [bool; 2] {
        [Afi::Ipv4, Afi::Ipv6].map(|afi| self.tabled.contains(&(*peer, afi)))
    }

    /// Says of every table that it is complete, as it is now.
    pub fn complete(&self, batch: &mut Batch, now: Timestamp) {
        let mut tabled: Vec<_> = self.tabled.iter().collect();
        tabled.sort_unstable();
        for (peer, afi) in tabled {
            push(batch, peer, EventKind::EndOfRib(*afi), now);
        }
    }

    /// Says of every peer that it is not watched any more.
    pub fn leave(&self, batch: &mut Batch, now: Timestamp) {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_unstable();
        for peer in all {
            push(
                batch,
                peer,
                EventKind::PeerDown(DownReason::Unmonitored),
                now,
            );
        }
    }
}

fn push(batch: &mut Batch, peer: &PeerKey, kind: EventKind, time: Timestamp) {
    if batch.peers.last() != Some(peer) {
        batch.peers.push(*peer);
    }
    let Some(index) = batch.peers.len().checked_sub(1) else {
        return;
    };
    if let Ok(index) = u16::try_from(index) {
        batch.events.push(Event {
            time,
            peer: index,
            rib: RibView::AdjRibInPre,
            kind,
            raw: Span::default(),
        });
    }
}
