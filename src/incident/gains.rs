//! Which ASes routes have newly come through in the last minute, and how many.
//!
//! Counted as changes come and go, so that a look at the volume is taken when an AS has
//! gained more than its burst and not over and over while nothing happens.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::window::Candidate;
use crate::{
    bgp::Asn,
    detect::{Finds, Verdict, settings, surge},
    rib::{PathId, Rib},
};

/// Routes by AS number.
pub type Counts = HashMap<u32, u32, RandomState>;

/// Paths are read this deep, in distinct ASes.
pub const DEPTH: usize = 32;

/// A path's distinct ASes in order, at most [`DEPTH`].
pub fn hops(rib: &Rib<Verdict>, path: PathId) -> ([Asn; DEPTH], usize) {
    let mut hops = [Asn(0); DEPTH];
    let mut count = 0;
    for asn in rib.paths.path(path).sequence_hops() {
        if count > 0 && hops.get(count - 1) == Some(&asn) {
            continue;
        }
        let Some(place) = hops.get_mut(count) else {
            break;
        };
        *place = asn;
        count += 1;
    }
    (hops, count)
}

/// Whether `asn` stands on a path.
pub fn contains(rib: &Rib<Verdict>, path: PathId, asn: Asn) -> bool {
    rib.paths.path(path).sequence_hops().any(|hop| hop == asn)
}

/// The counts.
#[derive(Debug, Default)]
pub struct Gains {
    counts: Counts,
    /// An AS went over its burst since this was last reset.
    pub alarm: bool,
}

impl Gains {
    /// What `asn` has gained.
    pub fn of(&self, asn: Asn) -> u32 {
        self.counts.get(&asn.0).copied().unwrap_or(0)
    }

    /// All that gained, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Asn, u32)> {
        self.counts.iter().map(|(&asn, &count)| (Asn(asn), count))
    }

    /// Counts a change.
    pub fn add(&mut self, one: &Candidate, rib: &Rib<Verdict>, settings: &settings::Surge) {
        for asn in gained(one, rib) {
            let count = self.counts.entry(asn.0).or_insert(0);
            *count += 1;
            if *count > settings.small_burst && is_checkpoint(*count) {
                let carried = rib.topology.routes(asn);
                let normal = (carried.transit + carried.origin).saturating_sub(*count);
                self.alarm |= f64::from(*count) > surge::burst(normal, settings);
            }
        }
    }

    /// Takes a change back.
    pub fn remove(&mut self, one: &Candidate, rib: &Rib<Verdict>) {
        for asn in gained(one, rib) {
            if let Some(count) = self.counts.get_mut(&asn.0) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(&asn.0);
                }
            }
        }
    }
}

/// Every eighth part of the way to the next power of two.
const fn is_checkpoint(count: u32) -> bool {
    count.is_multiple_of(count.next_power_of_two() / 8)
}

/// The ASes that are on a route's new path and were not on its old one. Nothing can be
/// said of a view whose table is not known.
fn gained(one: &Candidate, rib: &Rib<Verdict>) -> impl Iterator<Item = Asn> {
    let (path, count) = if one.finds.any(Finds::UNTABLED) {
        ([Asn(0); DEPTH], 0)
    } else {
        hops(rib, one.new)
    };
    let old = one.old;
    path.into_iter()
        .take(count)
        .filter(move |&asn| old.is_none() || !contains(rib, old, asn))
}
