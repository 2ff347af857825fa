//! The routers' own counts of routes against ours (RFC 7854 §4.8): whoever has lost or
//! kept what it should not is desynchronised, and only this shows it.
//!
//! The two are never taken at the same moment, so a difference counts only when it is
//! more than churn explains and two reports in a row show it.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::routers::{Routers, Table, lock};
use crate::{
    bgp::{Afi, PeerKey, RibView},
    detect::Phase,
    engine::Snapshot,
    feed::intake::Realm,
    wire::bmp::{Gauge, Statistics},
};

/// A difference up to this is churn: a hundredth, and a few routes of a small table.
const SHARE: u64 = 100;
const FEW: u64 = 16;
/// Reports in a row that must disagree.
const ENOUGH: u8 = 2;

/// Peers of one router whose reports disagree.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    by_peer: HashMap<PeerKey, (u64, u8), RandomState>,
}

impl Strikes {
    /// Peers that are desynchronised.
    pub fn count(&self) -> u32 {
        let disagree = |(_, strikes): &&(u64, u8)| *strikes >= ENOUGH;
        self.by_peer.values().filter(disagree).count() as u32
    }
}

/// One peer's report: which it was in its session, and what it says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    pub number: u64,
    pub statistics: Statistics,
}

/// Our count of one RIB of one peer.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    routes: u64,
    known: bool,
    /// Its table is being sent, or held, or it is down: there is nothing to compare.
    unsettled: bool,
}

type Counts = HashMap<(PeerKey, RibView, Afi), Count, RandomState>;

impl Routers {
    /// Compares reports not compared yet with the routes of `snapshot`, the live world's.
    pub fn compare(&self, snapshot: &Snapshot) {
        let mut counts = Counts::default();
        for view in &snapshot.views {
            let count = Count {
                routes: u64::from(view.routes),
                known: true,
                unsettled: view.stale || !matches!(view.phase, Phase::Live | Phase::Warming),
            };
            counts.insert((view.peer, view.rib, view.afi), count);
        }
        compare(&mut self.table(), &counts);
    }
}

fn compare(table: &mut Table, counts: &Counts) {
    for ((realm, ..), entry) in &mut table.entries {
        if *realm != Realm::Live {
            continue;
        }
        let reports = lock(&entry.progress);
        let strikes = &mut entry.strikes.by_peer;
        strikes.retain(|peer, _| reports.reports.contains_key(peer));
        for (peer, report) in &reports.reports {
            let (seen, struck) = strikes.entry(*peer).or_insert((0, 0));
            if *seen == report.number {
                continue;
            }
            *seen = report.number;
            match differs(peer, &report.statistics, counts) {
                Some(true) => *struck = struck.saturating_add(1),
                Some(false) => *struck = 0,
                None => {}
            }
        }
    }
}

/// Whether any gauge says otherwise than we do; none where nothing can be compared.
fn differs(peer: &PeerKey, said: &Statistics, counts: &Counts) -> Option<bool> {
    // Adj-RIB-In is what came before policy; who sends us only what policy left has
    // more of it.
    let gauges = [
        (&said.adj_rib_in, RibView::AdjRibInPre, false),
        (&said.adj_rib_in, RibView::AdjRibInPost, true),
        (&said.loc_rib, RibView::LocRib, false),
        (&said.adj_rib_out_pre, RibView::AdjRibOutPre, false),
        (&said.adj_rib_out_post, RibView::AdjRibOutPost, false),
    ];
    gauges
        .into_iter()
        .filter_map(|(gauge, rib, subset)| one(peer, gauge, rib, subset, counts))
        .reduce(|one, other| one || other)
}

fn one(peer: &PeerKey, gauge: &Gauge, rib: RibView, subset: bool, counts: &Counts) -> Option<bool> {
    let of = |afi| counts.get(&(*peer, rib, afi)).copied().unwrap_or_default();
    let (v4, v6) = (of(Afi::Ipv4), of(Afi::Ipv6));
    if v4.unsettled || v6.unsettled || !(v4.known || v6.known) {
        return None;
    }
    let by_family = [(gauge.ipv4, v4), (gauge.ipv6, v6)]
        .into_iter()
        .filter_map(|(said, count)| Some(is_off(said?, count.routes, subset)))
        .reduce(|one, other| one || other);
    // All families together hold some that are not kept here.
    by_family.or_else(|| Some(is_off(gauge.all?, v4.routes + v6.routes, true)))
}

/// Whether the router's count and ours differ; with `subset`, whether ours is more.
fn is_off(said: u64, ours: u64, subset: bool) -> bool {
    let churn = (said.max(ours) / SHARE).max(FEW);
    ours > said.saturating_add(churn) || (!subset && said > ours.saturating_add(churn))
}
