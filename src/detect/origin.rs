//! `origin`: the set of ASes that announce a prefix gains one (MOAS).
//!
//! Quiet where the two belong together: configured siblings, provider and customer
//! (by relation or because one is seen behind the other), an origin that has been
//! with the prefix for a week.

use super::{Verdict, settings};
use crate::{
    bgp::{Asn, Timestamp},
    reference::{Reference, Relation},
    rib::{Belongs, Family, Rib, seconds},
};

/// What is to be said of `origin` at a row, and what to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// It belongs there.
    Fine,
    /// It belongs there from now on.
    Learn,
    /// The prefix did not have it.
    New,
    /// The prefix has had it for less than it takes to belong.
    StillNew,
}

/// Judges the origin of a route in a view that is live.
pub fn judge<A: Family>(
    rib: &Rib<Verdict>,
    reference: &Reference,
    row: u32,
    origin: Asn,
    now: Timestamp,
    settings: &settings::Origin,
) -> Opinion
where
    (A, u8): prefix_trie::Prefix,
{
    if origin.0 == 0 {
        return Opinion::Fine;
    }
    let table = rib.table::<A>();
    match table.belongs(row, origin) {
        Belongs::Yes => Opinion::Fine,
        Belongs::Unknown => Opinion::Learn,
        Belongs::Since(since) => {
            let for_secs = u64::from(seconds(now).saturating_sub(since));
            if for_secs >= settings.learned.as_secs() {
                Opinion::Learn
            } else {
                Opinion::StillNew
            }
        }
        Belongs::No => {
            let related = table.known_origin(row).is_some_and(|known| {
                matches!(
                    reference.relation(known, origin),
                    Relation::Sibling | Relation::Customer | Relation::Provider
                ) || rib.topology.edge(known, origin) > 0
                    || rib.topology.edge(origin, known) > 0
            });
            if related {
                Opinion::Learn
            } else {
                Opinion::New
            }
        }
    }
}
