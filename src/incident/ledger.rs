//! Every route on which a finding stands: raised once, cleared once.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::window::RouteKey;
use crate::{
    bgp::{Afi, Asn},
    detect::{Detector, Finds},
};

/// Names an open incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u16);

impl Slot {
    /// No incident.
    pub const NONE: Slot = Slot(0);

    /// Whether there is an incident.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
}

/// What stands on one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was found.
    pub finds: Finds,
    /// The incident it belongs to.
    pub incident: Slot,
    /// The row of its prefix: the route's own, but for those of ADD-PATH.
    pub prefix: u32,
    /// Who is behind a policy finding; AS 0 if nobody is.
    pub culprit: Asn,
}

/// All entries, and the counts that metrics and quieting need.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: HashMap<(u64, Afi), Entry, RandomState>,
    raised: [u64; 16],
    cleared: [u64; 16],
    /// Routes with a policy finding, by who is behind it.
    by_culprit: HashMap<u32, u32, RandomState>,
}

fn key(route: RouteKey) -> (u64, Afi) {
    (
        u64::from(route.view.0) << 32 | u64::from(route.row),
        route.afi,
    )
}

/// Findings that name somebody for the path's shape.
pub const POLICY: Finds = Finds::of(Detector::Valley)
    .with(Finds::of(Detector::NeverTransit))
    .with(Finds::of(Detector::Peerlock))
    .with(Finds::of(Detector::Outbound))
    .with(Finds::BY_ROLE);

impl Ledger {
    /// Enters a finding on a route that has none.
    pub fn raise(&mut self, route: RouteKey, entry: Entry) {
        for detector in entry.finds.detectors() {
            if let Some(count) = self.raised.get_mut(detector as usize) {
                *count += 1;
            }
        }
        self.count_culprit(entry, true);
        self.entries.insert(key(route), entry);
    }

    /// Takes a route's findings back.
    pub fn clear(&mut self, route: RouteKey) -> Option<Entry> {
        let entry = self.entries.remove(&key(route))?;
        for detector in entry.finds.detectors() {
            if let Some(count) = self.cleared.get_mut(detector as usize) {
                *count += 1;
            }
        }
        self.count_culprit(entry, false);
        Some(entry)
    }

    /// Puts other findings on a route that has some; what is in both is left alone.
    pub fn replace(&mut self, route: RouteKey, finds: Finds, culprit: Asn) {
        let Some(entry) = self.entries.get_mut(&key(route)) else {
            return;
        };
        let before = *entry;
        (entry.finds, entry.culprit) = (finds, culprit);
        for detector in finds.without(before.finds).detectors() {
            if let Some(count) = self.raised.get_mut(detector as usize) {
                *count += 1;
            }
        }
        for detector in before.finds.without(finds).detectors() {
            if let Some(count) = self.cleared.get_mut(detector as usize) {
                *count += 1;
            }
        }
        self.count_culprit(before, false);
        let now = Entry {
            finds,
            culprit,
            ..before
        };
        self.count_culprit(now, true);
    }

    fn count_culprit(&mut self, entry: Entry, more: bool) {
        if !entry.finds.any(POLICY) || entry.culprit.0 == 0 {
            return;
        }
        let count = self.by_culprit.entry(entry.culprit.0).or_insert(0);
        *count = if more {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        if *count == 0 {
            self.by_culprit.remove(&entry.culprit.0);
        }
    }

    /// What stands on a route.
    pub fn get(&self, route: RouteKey) -> Option<Entry> {
        self.entries.get(&key(route)).copied()
    }

    /// Puts a route's findings under an incident; false if none stand on it.
    pub fn assign(&mut self, route: RouteKey, incident: Slot) -> bool {
        match self.entries.get_mut(&key(route)) {
            Some(entry) => {
                entry.incident = incident;
                true
            }
            None => false,
        }
    }

    /// Routes with policy findings behind which `culprit` stands.
    pub fn standing(&self, culprit: Asn) -> u32 {
        self.by_culprit.get(&culprit.0).copied().unwrap_or(0)
    }

    /// Most routes of one view with policy findings, by who is behind them, in order.
    pub fn most_standing(&self) -> Vec<(u32, u32)> {
        let mut by_view: HashMap<(u64, u32), u32, RandomState> = HashMap::default();
        for ((packed, _), entry) in &self.entries {
            if entry.finds.any(POLICY) && entry.culprit.0 != 0 && !entry.incident.is_some() {
                *by_view.entry((packed >> 32, entry.culprit.0)).or_insert(0) += 1;
            }
        }
        let mut most = std::collections::BTreeMap::new();
        for ((_, culprit), count) in by_view {
            let known: &mut u32 = most.entry(culprit).or_insert(0);
            *known = count.max(*known);
        }
        most.into_iter().collect()
    }

    /// Findings raised and cleared by `detector` so far.
    pub fn balance(&self, detector: Detector) -> (u64, u64) {
        let at = |counts: &[u64; 16]| counts.get(detector as usize).copied().unwrap_or(0);
        (at(&self.raised), at(&self.cleared))
    }

    /// Routes with a finding.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is found anywhere.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every route of `incident`, in order.
    pub fn routes_of(&self, incident: Slot) -> Vec<RouteKey> {
        let mut routes: Vec<RouteKey> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.incident == incident)
            .map(|(&(packed, afi), _)| RouteKey {
                view: crate::rib::ViewId((packed >> 32) as u16),
                afi,
                row: packed as u32,
            })
            .collect();
        routes.sort_unstable();
        routes
    }
}
