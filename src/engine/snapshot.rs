//! What the engine shows of itself to those who look on: a copy, made in a few
//! milliseconds, that nobody has to lock.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Engine, Limits, view::View};
use crate::{
    bgp::{Afi, PeerKey, RibView, Timestamp},
    detect::{Detector, Phase},
    incident::{Kind, Severity},
};

/// Sums since the engine began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Routes that a view had not.
    pub announced: u64,
    /// Routes whose path changed.
    pub changed: u64,
    /// Announcements that changed nothing.
    pub unchanged: u64,
    /// Routes that went away, one by one or with their peer.
    pub withdrawn: u64,
    /// Routes that a router no longer had when it was heard again.
    pub swept: u64,
    /// Findings raised, by detector.
    pub raised: [u64; Detector::ALL.len()],
    /// Findings cleared, by detector.
    pub cleared: [u64; Detector::ALL.len()],
    /// Announcements not taken because a limit on routes was reached.
    pub routes_refused: u64,
    /// Events not taken because there are as many views as may be.
    pub views_refused: u64,
}

/// One view.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewState {
    /// Whose.
    pub peer: PeerKey,
    /// The configured name of the peer, or nothing.
    pub name: String,
    /// Which RIB.
    pub rib: RibView,
    /// Family.
    pub afi: Afi,
    /// Routes in it.
    pub routes: u32,
    /// What it may do.
    pub phase: Phase,
    /// Since when it may.
    pub since: Timestamp,
    /// Its table was complete once.
    pub had_table: bool,
    /// Last time a route of it changed.
    pub last_change: Timestamp,
    /// Its routes, or some of them, are held from before: the router cannot be heard, or
    /// is sending its table once more.
    pub stale: bool,
    /// Routes it may have, where a limit is known.
    pub limit: Option<u32>,
    /// Days until it has as many, as it has grown; known after a day, if it grows.
    pub days_to_limit: Option<u32>,
}

/// The engine at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Event time.
    pub time: Timestamp,
    /// Every view that is kept, in no particular order.
    pub views: Vec<ViewState>,
    /// What may be kept.
    pub limits: Limits,
    /// Prefixes that count against the limit: those present, those remembered, and one
    /// for each path identifier (RFC 7911).
    pub known: usize,
    /// Announcements kept as if without a path, because there are too many paths.
    pub paths_overflowed: u64,
    /// AS edges and ASes not counted, because there are too many.
    pub edges_overflowed: u64,
    /// Changes that wait until they explain one another, of 65,536.
    pub waiting: usize,
    /// Those that were pushed out by newer ones before their time.
    pub waiting_dropped: u64,
    /// Distinct prefixes, IPv4 and IPv6.
    pub prefixes: (u32, u32),
    /// Distinct AS paths kept.
    pub paths: usize,
    /// Bytes held by the routing table.
    pub memory: usize,
    /// Findings that stand, by detector.
    pub standing: [u32; Detector::ALL.len()],
    /// Open incidents, by kind and severity.
    pub open: BTreeMap<(Kind, Severity), u32>,
    /// Sums.
    pub counters: Counters,
}

impl Engine {
    /// Whether the table of any view that may be judged was complete once.
    pub fn has_a_table(&self) -> bool {
        let live = |view: &View| view.gate.phase == Phase::Live && view.gate.had_table;
        self.views.iter().any(live)
    }

    /// Sums since it began.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        let ledger = &self.folder.ledger;
        let sums = counters.raised.iter_mut().zip(&mut counters.cleared);
        for (&detector, (raised, cleared)) in Detector::ALL.iter().zip(sums) {
            (*raised, *cleared) = ledger.balance(detector);
        }
        counters
    }

    /// Itself at this moment. It costs a few hundred nanoseconds a view.
    pub fn snapshot(&self) -> Snapshot {
        let views = self
            .rib
            .views()
            .filter_map(|(view, key)| Some((view, key, self.views.get(view.index())?)))
            .map(|(view, key, state)| ViewState {
                peer: key.peer,
                name: state.policy.name.clone(),
                rib: key.rib,
                afi: key.afi,
                routes: self.rib.routes(view),
                phase: state.gate.phase,
                since: state.gate.since,
                had_table: state.gate.had_table,
                last_change: state.last_change,
                stale: state.lost.is_some() || state.redump.is_some(),
                limit: state.policy.limit,
                days_to_limit: state.policy.limit.and_then(|limit| {
                    let routes = self.rib.routes(view);
                    state.growth.days_to(self.now, routes, limit)
                }),
            })
            .collect();
        let counters = self.counters();
        let mut standing = [0; Detector::ALL.len()];
        let sums = counters.raised.iter().zip(&counters.cleared);
        for (count, (raised, cleared)) in standing.iter_mut().zip(sums) {
            *count = u32::try_from(raised.saturating_sub(*cleared)).unwrap_or(u32::MAX);
        }
        let mut open = BTreeMap::new();
        for incident in self.folder.open() {
            *open
                .entry((incident.key.kind, incident.severity))
                .or_insert(0) += 1;
        }
        Snapshot {
            time: self.now,
            views,
            limits: self.limits,
            known: self.rib.known(),
            paths_overflowed: self.rib.paths.overflowed(),
            edges_overflowed: self.rib.topology.overflowed(),
            waiting: self.folder.waiting(),
            waiting_dropped: self.folder.waiting_dropped(),
            prefixes: self.rib.prefixes(),
            paths: self.rib.paths.len(),
            memory: self.rib.memory(),
            standing,
            open,
            counters,
        }
    }
}
