//! How many routes each AS edge carries, and each AS in transit: exact, all views.
//!
//! This is what tells a leak's edge from one that always carries the world: the
//! session's own edge and a tier-1 "cover" everything, always. Counts move when
//! paths settle, once per path and not per route.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::bgp::{AsPath, Asn};

/// What one AS carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsRoutes {
    /// Routes with it between two other ASes, or nearest us before another.
    pub transit: u32,
    /// Routes it originates.
    pub origin: u32,
}

/// Exact counts per directed edge and per AS.
#[derive(Debug, Default)]
pub struct Topology {
    edges: HashMap<(u32, u32), u32, RandomState>,
    ases: HashMap<u32, AsRoutes, RandomState>,
    /// ASes left by the last [`tidy`](Self::tidy).
    tidied: usize,
}

impl Topology {
    /// Accounts for a path whose routes went from `before` to `now`.
    pub fn settle(&mut self, path: AsPath<'_>, before: u32, now: u32) {
        let moved = |count: u32| {
            if now >= before {
                count.saturating_add(now - before)
            } else {
                count.saturating_sub(before - now)
            }
        };
        let mut hops = path.sequence_hops();
        let Some(mut near) = hops.next() else { return };
        for far in hops {
            if far == near {
                continue;
            }
            let edge = self.edges.entry((near.0, far.0)).or_insert(0);
            *edge = moved(*edge);
            if *edge == 0 {
                self.edges.remove(&(near.0, far.0));
            }
            let carrier = self.ases.entry(near.0).or_default();
            carrier.transit = moved(carrier.transit);
            near = far;
        }
        let origin = self.ases.entry(near.0).or_default();
        origin.origin = moved(origin.origin);
    }

    /// Routes on the edge from `near` (towards us) to `far` (towards the origin).
    pub fn edge(&self, near: Asn, far: Asn) -> u32 {
        self.edges.get(&(near.0, far.0)).copied().unwrap_or(0)
    }

    /// Routes of one AS.
    pub fn routes(&self, asn: Asn) -> AsRoutes {
        self.ases.get(&asn.0).copied().unwrap_or_default()
    }

    /// Edges that carry a route.
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.edges.capacity() * 13 + self.ases.capacity() * 13
    }

    /// Forgets ASes that no path names any more, once they may be half of those kept:
    /// a stranger can name four billion.
    pub fn tidy(&mut self) {
        const FEW: usize = 4096;
        if self.ases.len() < (2 * self.tidied).max(FEW) {
            return;
        }
        self.ases
            .retain(|_, routes| routes.transit > 0 || routes.origin > 0);
        self.tidied = self.ases.len();
    }
}
