//! What the engine shows of itself to those who look on: a copy, made in a few
//! milliseconds, that nobody has to lock.

use std::collections::BTreeMap;

use serde::Serialize;

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
    /// Events not taken because 65,534 views exist.
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
    /// Last time a route of it changed.
    pub last_change: Timestamp,
    /// Its routes are held while the router cannot be heard.
    pub stale: bool,
    /// Routes it may have, where a limit is known.
    pub limit: Option<u32>,
}

/// The engine at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Event time.
    pub time: Timestamp,
    /// Every view, in the order they were first seen.
    pub views: Vec<ViewState>,
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
