//! Peers whose routes are kept while their router is away.
//!
//! A router that is not heard says nothing of its peers, so their routes stay, stale.
//! What is held stands behind a lock that is also the right to speak for the router:
//! one session has it, or the keeper once the time is up, and nobody else sends a batch
//! in the router's name. So a late *down* never overtakes the *up* of a newer session.


use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::bgp::{Batch, DownReason, Event, EventKind, PeerKey, RibView, Span, Timestamp};

/// What is held of one router.
#[derive(Debug, Default)]
pub struct Hold {
    stale: HashSet<PeerKey, RandomState>,
    /// When those not heard of again are down; none while nobody counts.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// The session of these peers is lost.
    pub fn lose(&mut self, peers: impl IntoIterator<Item = PeerKey>) {
        self.stale.extend(peers);
    }

    /// `peer` is up again, or down for sure. Returns whether it was held.
    pub fn release(&mut self, peer: &PeerKey) -> bool {
        let held = self.stale.remove(peer);
        if self.stale.is_empty() {
            self.stale = HashSet::default();
            self.until = None;
        }
        held
    }

    /// Peers held.
    pub fn len(&self) -> usize {
        self.stale.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.stale.is_empty()
    }

    /// Whether time is up at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Declares peers down that were held to the end, as far as one batch takes them.
    /// Returns how many; call it until it returns 0.
    pub fn give_up(&mut self, now: Timestamp, batch: &mut Batch) -> usize {
        let room = usize::from(u16::MAX).saturating_sub(batch.peers.len());
        let gone: Vec<_> = self.stale.iter().take(room).copied().collect();
        for peer in &gone {
            self.stale.remove(peer);
            down(peer, now, batch);
        }
        if self.stale.is_empty() {
            self.stale = HashSet::default();
            self.until = None;
        }
        gone.len()
    }
}

/// Appends that `peer` is no longer monitored. The place in the batch is new: asking for
/// an earlier one would be a search for each of thousands of peers.
fn down(peer: &PeerKey, now: Timestamp, batch: &mut Batch) {
    let Ok(index) = u16::try_from(batch.peers.len()) else {
        return;
    };
    batch.peers.push(*peer);
    batch.events.push(Event {
        time: now,
        peer: index,
        rib: RibView::AdjRibInPre,
        kind: EventKind::PeerDown(DownReason::Unmonitored),
        raw: Span::default(),
    });
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::bgp::{Asn, Router};

    fn peer(number: u32) -> PeerKey {
        PeerKey {
            router: Router::bmp(IpAddr::from([192, 0, 2, 1])),
            distinguisher: 0,
            address: IpAddr::from(number.to_be_bytes()),
            asn: Asn(64500),
            bgp_id: 0,
        }
    }

    #[test]
    fn who_is_not_heard_of_again_is_down_and_the_others_are_not() {
        let mut hold = Hold::default();
        hold.lose((0..3).map(peer));
        assert!(hold.release(&peer(1)));
        assert!(!hold.release(&peer(1)));
        let mut batch = Batch::default();
        assert_eq!(hold.give_up(Timestamp::from_secs(1), &mut batch), 2);
        assert_eq!(hold.give_up(Timestamp::from_secs(1), &mut batch), 0);
        let mut down = batch.peers.clone();
        down.sort_unstable();
        assert_eq!(down, [peer(0), peer(2)]);
        assert!(
            batch
                .events
                .iter()
                .all(|event| event.kind == EventKind::PeerDown(DownReason::Unmonitored))
        );
        assert!(hold.is_empty());
    }

    #[test]
    fn more_peers_than_a_batch_holds_take_several() {
        let mut hold = Hold::default();
        hold.lose((0..100_000).map(peer));
        let mut told = 0;
        loop {
            let mut batch = Batch::default();
            let some = hold.give_up(Timestamp::ZERO, &mut batch);
            assert_eq!(some, batch.events.len());
            if some == 0 {
                break;
            }
            told += some;
        }
        assert_eq!(told, 100_000);
    }
}
