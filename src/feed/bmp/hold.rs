//! Peers whose routes are kept while their router is away.
//!
//! A router that is not heard says nothing of its peers, so their routes stay, stale.
//! What is held stands behind a lock that is also the right to speak for the router:
//! one session has it, or the keeper once the time is up, and nobody else sends a batch
//! in the router's name. So a late *down* never overtakes the *up* of a newer session.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::bgp::{PeerKey, Timestamp};

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

    /// All of them, to be declared down.
    pub fn take(&mut self) -> Vec<PeerKey> {
        self.until = None;
        std::mem::take(&mut self.stale).into_iter().collect()
    }
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
    fn who_is_heard_of_again_is_held_no_more() {
        let mut hold = Hold::default();
        hold.lose((0..3).map(peer));
        hold.until = Some(Timestamp::from_secs(10));
        assert!(hold.release(&peer(1)));
        assert!(!hold.release(&peer(1)));
        assert_eq!(
            (hold.len(), hold.until),
            (2, Some(Timestamp::from_secs(10)))
        );
        hold.release(&peer(0));
        hold.release(&peer(2));
        assert_eq!((hold.len(), hold.until), (0, None));
    }

    #[test]
    fn who_is_not_is_given_up() {
        let mut hold = Hold::default();
        hold.lose((0..3).map(peer));
        hold.until = Some(Timestamp::from_secs(10));
        let mut gone = hold.take();
        gone.sort_unstable();
        assert_eq!(gone, [peer(0), peer(1), peer(2)]);
        assert_eq!((hold.len(), hold.until), (0, None));
    }
}
