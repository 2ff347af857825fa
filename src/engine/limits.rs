//! What a stranger may make us keep.
//!
//! Beyond a limit what is known stays and goes on being judged; what is new is not taken,
//! and counted. Distinct paths, AS edges and ASes have limits of their own in `rib`.

use std::time::Duration;

use serde::Serialize;

use super::Engine;
use crate::{
    bgp::{Nlri, Timestamp},
    detect::Phase,
    rib::{Family, ViewId},
};

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Routes of all views. One more view of a full table costs four bytes a route, so the
    /// default, 64 million, is 60 full tables or more, in 2 GB with their prefixes and paths.
    pub routes: u64,
    /// Prefixes of both families, those included that nobody has any more and that are
    /// remembered. The default, 8 million, is six times the Internet's; it is what bounds a
    /// flood of made-up prefixes, in about 1 GB.
    pub prefixes: usize,
    /// Views: at most 65,534, which is the default. One costs about half a kilobyte.
    pub views: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            routes: 64_000_000,
            prefixes: 8_000_000,
            views: 65_534,
        }
    }
}

/// Views of peers that are down are kept this long, for people to see.
const KEEP_PARTED: Duration = Duration::from_secs(3600);
/// As many of them are kept; with more, those that went first go.
const MOST_PARTED: usize = 4096;

impl Engine {
    /// Sets its limits; what it has beyond them stays.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = Limits {
            views: limits.views.min(Limits::default().views),
            ..limits
        };
    }

    /// Routes of all views.
    pub fn routes_held(&self) -> u64 {
        let counters = &self.counters;
        counters
            .announced
            .saturating_sub(counters.withdrawn + counters.swept)
    }

    /// Whether so many new routes might not all fit.
    pub(super) fn is_nearly_full(&self, more: usize) -> bool {
        self.routes_held() + more as u64 > self.limits.routes
            || self.rib.known() + more > self.limits.prefixes
    }

    /// Whether a route can be taken: it is known, or there is room for it.
    pub(super) fn has_room<A: Family>(&self, view: ViewId, nlri: Nlri<A>) -> bool
    where
        (A, u8): prefix_trie::Prefix,
    {
        let row = self.rib.table::<A>().row(nlri);
        let known = row.is_some_and(|row| {
            let column = self.rib.column(view);
            column.is_some_and(|column| column.get(row).path().is_some())
        });
        // A prefix with a path identifier may need a row for the prefix too.
        let rows = self.rib.known() + 1 + usize::from(nlri.path_id != 0);
        known
            || (self.routes_held() < self.limits.routes
                && (row.is_some() || rows <= self.limits.prefixes))
    }

    /// Whether there is room for one more view; makes some if it can.
    pub(super) fn has_room_for_a_view(&mut self) -> bool {
        if self.rib.view_count() >= self.limits.views && self.reaped < self.next_tick {
            self.reaped = self.next_tick;
            self.forget_parted(0);
        }
        self.rib.view_count() < self.limits.views
    }

    /// A view's peer went down.
    pub(super) fn parted(&mut self, view: ViewId) {
        self.parted.push_back((self.now, view));
        if self.parted.len() > 2 * MOST_PARTED && self.reaped < self.next_tick {
            self.reaped = self.next_tick;
            self.forget_parted(MOST_PARTED);
        }
    }

    /// Forgets views whose peers have been down for long; peers that come under ever new
    /// names would use up the numbers of views.
    pub(super) fn reap(&mut self) {
        self.forget_parted(MOST_PARTED);
    }

    fn forget_parted(&mut self, keep: usize) {
        let due = |parted: &std::collections::VecDeque<(Timestamp, ViewId)>, now: Timestamp| {
            parted
                .front()
                .is_some_and(|(since, _)| parted.len() > keep || now.since(*since) >= KEEP_PARTED)
        };
        if !due(&self.parted, self.now) {
            return;
        }
        let spoken_of = self.folder.views_spoken_of();
        let mut gone = Vec::new();
        for _ in 0..self.parted.len() {
            if !due(&self.parted, self.now) {
                break;
            }
            let Some((since, view)) = self.parted.pop_front() else {
                break;
            };
            // It may have come back, and gone again, meanwhile.
            let is_down = self
                .views
                .get(view.index())
                .is_some_and(|state| state.gate.phase == Phase::Down && state.gate.since == since);
            if !is_down || self.rib.view_key(view).is_none() || self.rib.routes(view) > 0 {
                continue;
            }
            if spoken_of.contains(&view) {
                self.parted.push_back((since, view));
            } else {
                gone.push(view);
            }
        }
        if gone.is_empty() {
            return;
        }
        gone.sort_unstable();
        for &view in &gone {
            self.rib.forget_view(view);
        }
        let is_gone = |view: ViewId| gone.binary_search(&view).is_ok();
        self.visibility.forget(is_gone);
        self.folder.forget_views(is_gone, &mut self.rib);
        // What the batch at hand calls by these numbers is somebody else now.
        self.resolved.fill(super::UNRESOLVED);
    }
}
