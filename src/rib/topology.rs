//! How many routes each AS edge carries, and each AS in transit: exact, all views.
//!
//! This is what tells a leak's edge from one that always carries the world: the
//! session's own edge and a tier-1 "cover" everything, always. Counts move when
//! paths settle, once per path and not per route.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, hash_map::Entry};

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
    overflowed: u64,
    /// ASes left by the last [`tidy`](Self::tidy).
    tidied: usize,
}

/// Edges counted at most; the Internet has about a million. Paths of made-up ASes would
/// fill any memory. What comes beyond is not counted, as if it carried nothing.
const MOST_EDGES: usize = 4 << 20;
/// ASes counted at most; the Internet has about 100,000.
const MOST_ASES: usize = 1 << 20;

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
            let full = self.edges.len() >= MOST_EDGES;
            match self.edges.entry((near.0, far.0)) {
                Entry::Occupied(mut edge) => {
                    let routes = moved(*edge.get());
                    if routes == 0 {
                        edge.remove();
                    } else {
                        *edge.get_mut() = routes;
                    }
                }
                Entry::Vacant(edge) if now > before && !full => {
                    edge.insert(now - before);
                }
                Entry::Vacant(_) => self.overflowed += 1,
            }
            if let Some(carrier) = self.carrier(near) {
                carrier.transit = moved(carrier.transit);
            }
            near = far;
        }
        if let Some(origin) = self.carrier(near) {
            origin.origin = moved(origin.origin);
        }
    }

    /// The counts of an AS, made if there is room.
    fn carrier(&mut self, asn: Asn) -> Option<&mut AsRoutes> {
        let full = self.ases.len() >= MOST_ASES;
        match self.ases.entry(asn.0) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(new) if !full => Some(new.insert(AsRoutes::default())),
            Entry::Vacant(_) => {
                self.overflowed += 1;
                None
            }
        }
    }

    /// How often an edge or an AS was not counted because there are too many.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
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
