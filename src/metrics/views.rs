//! Series of each peer, and what the engine counts: made at each scrape from the
//! snapshot last handed over, so that a view that is gone has none.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, PoisonError, RwLock},
};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{
    catalogue::{Family, Maker},
    engine,
    routers::flag,
};
use crate::{
    bgp::{Afi, PeerKey, RibView, Timestamp},
    detect::{Detector, Phase},
    engine::{Snapshot, ViewState},
};

/// The snapshots to show: of real routers, and of the running drill.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub live: Arc<Snapshot>,
    pub drill: Option<Arc<Snapshot>>,
}

pub(super) type Snapshots = Arc<RwLock<Shown>>;

const PEER: &[&str] = &["router", "peer", "peer_as", "rd"];
const VIEW: &[&str] = &["router", "peer", "peer_as", "rd", "afi", "safi", "rib"];

struct Views {
    snapshots: Snapshots,
    routes: Family,
    limit: Family,
    synced: Family,
    up: Family,
    stale: Family,
    last_change: Family,
    info: Family,
    incidents: Family,
    findings: Family,
    findings_active: Family,
    findings_cleared: Family,
    changes: Family,
    refused: Family,
    kept: Family,
    rib_routes: Family,
    prefixes: Family,
    paths: Family,
    memory: Family,
    time: Family,
}

impl Views {
    fn new(snapshots: Snapshots) -> Views {
        Views {
            snapshots,
            routes: Family::gauge("leakwatch_routes", "Routes held.", VIEW),
            limit: Family::gauge(
                "leakwatch_routes_limit",
                "Routes at which the session goes down or the hardware is full, where configured.",
                VIEW,
            ),
            synced: Family::gauge(
                "leakwatch_peer_synced",
                "Whether the table is complete, so that what is new in it can be told.",
                VIEW,
            ),
            up: Family::gauge(
                "leakwatch_peer_up",
                "Whether the BGP session is up, as its router last said.",
                PEER,
            ),
            stale: Family::gauge(
                "leakwatch_peer_stale",
                "Whether the routes are held while the router cannot be heard.",
                PEER,
            ),
            last_change: Family::gauge(
                "leakwatch_peer_last_change_timestamp_seconds",
                "When a route of the peer last changed.",
                PEER,
            ),
            info: Family::gauge(
                "leakwatch_peer_info",
                "1; the peer's configured name.",
                &["router", "peer", "peer_as", "rd", "name"],
            ),
            incidents: Family::gauge(
                "leakwatch_incidents_active",
                "Open incidents.",
                &["detector", "severity", "drill"],
            ),
            findings: Family::counter(
                "leakwatch_findings_total",
                "Findings raised on routes.",
                &["detector"],
            ),
            findings_active: Family::gauge(
                "leakwatch_findings_active",
                "Findings that stand on routes held.",
                &["detector"],
            ),
            findings_cleared: Family::counter(
                "leakwatch_findings_cleared_total",
                "Findings taken back.",
                &["detector"],
            ),
            changes: Family::counter(
                "leakwatch_route_changes_total",
                "What announcements and withdrawals did to the table.",
                &["change"],
            ),
            refused: Family::counter(
                "leakwatch_rib_refused_total",
                "Announcements not taken because a limit was reached.",
                &["limit"],
            ),
            kept: Family::gauge(
                "leakwatch_rib_views",
                "Tables kept: one family of one RIB of one peer each.",
                &[],
            ),
            rib_routes: Family::gauge("leakwatch_rib_routes", "Routes kept, of all peers.", &[]),
            prefixes: Family::gauge(
                "leakwatch_rib_prefixes",
                "Distinct prefixes kept.",
                &["afi"],
            ),
            paths: Family::gauge("leakwatch_rib_paths", "Distinct AS paths kept.", &[]),
            memory: Family::gauge(
                "leakwatch_rib_memory_bytes",
                "Memory that the routing table takes.",
                &[],
            ),
            time: Family::gauge(
                "leakwatch_engine_event_timestamp_seconds",
                "The engine's time when it was last looked at.",
                &[],
            ),
        }
    }

    fn families(&self) -> [&Family; 19] {
        [
            &self.routes,
            &self.limit,
            &self.synced,
            &self.up,
            &self.stale,
            &self.last_change,
            &self.info,
            &self.incidents,
            &self.findings,
            &self.findings_active,
            &self.findings_cleared,
            &self.changes,
            &self.refused,
            &self.kept,
            &self.rib_routes,
            &self.prefixes,
            &self.paths,
            &self.memory,
            &self.time,
        ]
    }

    fn of_views(&self, views: &[ViewState]) -> Vec<MetricFamily> {
        // Two views may share every label: a peer that came back with another BGP
        // identifier leaves one behind. Two series with the same labels would cost the
        // whole scrape.
        let mut tables: BTreeMap<[String; 7], Table> = BTreeMap::new();
        let mut peers: BTreeMap<[String; 4], Peer> = BTreeMap::new();
        for view in views {
            let is_down = view.phase == Phase::Down;
            let [router, peer, peer_as, rd] = peer_labels(&view.peer);
            let peer_of = peers
                .entry([router.clone(), peer.clone(), peer_as.clone(), rd.clone()])
                .or_default();
            peer_of.up |= !is_down;
            peer_of.stale |= view.stale;
            peer_of.last_change = peer_of.last_change.max(view.last_change);
            peer_of.name.clone_from(&view.name);
            let labels = [
                router,
                peer,
                peer_as,
                rd,
                afi(view.afi).to_owned(),
                "unicast".to_owned(),
                rib(view.rib).to_owned(),
            ];
            let table = tables.entry(labels).or_default();
            table.routes += view.routes;
            table.limit = table.limit.into_iter().chain(view.limit).min();
            table.synced |= view.phase == Phase::Live && !view.stale;
        }
        let of_tables = |family: &Family, value: &dyn Fn(&Table) -> Option<f64>| {
            family.filled(
                tables
                    .iter()
                    .filter_map(|(labels, table)| Some((labels, value(table)?))),
            )
        };
        let of_peers = |family: &Family, value: &dyn Fn(&Peer) -> Option<f64>| {
            family.filled(
                peers
                    .iter()
                    .filter_map(|(labels, peer)| Some((labels, value(peer)?))),
            )
        };
        vec![
            of_tables(&self.routes, &|table| Some(f64::from(table.routes))),
            of_tables(&self.limit, &|table| table.limit.map(f64::from)),
            of_tables(&self.synced, &|table| Some(flag(table.synced))),
            of_peers(&self.up, &|peer| Some(flag(peer.up))),
            of_peers(&self.stale, &|peer| Some(flag(peer.stale))),
            of_peers(&self.last_change, &|peer| {
                (peer.last_change > Timestamp::ZERO).then(|| seconds(peer.last_change))
            }),
            self.info
                .filled(peers.iter().map(|([router, address, asn, rd], peer)| {
                    let labels = [router, address, asn, rd, &peer.name];
                    (labels, 1.0)
                })),
        ]
    }

    fn of_incidents(&self, shown: &Shown) -> MetricFamily {
        let kinds = engine::sorts();
        let of = |snapshot: &Snapshot, drill: &'static str| {
            kinds
                .clone()
                .map(|(kind, severity)| {
                    let open = snapshot.open.get(&(kind, severity)).copied();
                    let labels = [kind.name(), severity.name(), drill];
                    (labels, f64::from(open.unwrap_or_default()))
                })
                .collect::<Vec<_>>()
        };
        let mut series = of(&shown.live, "false");
        if let Some(drill) = &shown.drill {
            series.extend(of(drill, "true"));
        }
        self.incidents.filled(series)
    }

    fn of_engine(&self, snapshot: &Snapshot) -> Vec<MetricFamily> {
        let counters = &snapshot.counters;
        let routes: u64 = snapshot
            .views
            .iter()
            .map(|view| u64::from(view.routes))
            .sum();
        let by_detector =
            |family: &Family, counts: &dyn Fn(usize) -> Option<f64>| {
                family.filled(Detector::ALL.iter().enumerate().map(|(place, detector)| {
                    ([detector.name()], counts(place).unwrap_or_default())
                }))
            };
        vec![
            by_detector(&self.findings, &|place| {
                Some(*counters.raised.get(place)? as f64)
            }),
            by_detector(&self.findings_active, &|place| {
                Some(f64::from(*snapshot.standing.get(place)?))
            }),
            by_detector(&self.findings_cleared, &|place| {
                Some(*counters.cleared.get(place)? as f64)
            }),
            self.changes.filled([
                (["announced"], counters.announced as f64),
                (["changed"], counters.changed as f64),
                (["unchanged"], counters.unchanged as f64),
                (["withdrawn"], counters.withdrawn as f64),
                (["swept"], counters.swept as f64),
            ]),
            self.refused.filled([
                (["routes"], counters.routes_refused as f64),
                (["views"], counters.views_refused as f64),
                (["paths"], snapshot.paths_overflowed as f64),
                (["edges"], snapshot.edges_overflowed as f64),
            ]),
            self.kept.alone(snapshot.views.len() as f64),
            self.rib_routes.alone(routes as f64),
            self.prefixes.filled([
                (["ipv4"], f64::from(snapshot.prefixes.0)),
                (["ipv6"], f64::from(snapshot.prefixes.1)),
            ]),
            self.paths.alone(snapshot.paths as f64),
            self.memory.alone(snapshot.memory as f64),
            self.time.alone(seconds(snapshot.time)),
        ]
    }
}

#[derive(Default)]
struct Table {
    routes: u32,
    limit: Option<u32>,
    synced: bool,
}

#[derive(Default)]
struct Peer {
    name: String,
    up: bool,
    stale: bool,
    last_change: Timestamp,
}

pub(super) fn register(make: &mut Maker) -> Snapshots {
    let snapshots = Snapshots::default();
    let views = Views::new(Arc::clone(&snapshots));
    let described = views.families().map(|family| family.described);
    make.collector(&described, views);
    snapshots
}

impl Collector for Views {
    fn desc(&self) -> Vec<&Desc> {
        self.families().map(|family| &family.desc).to_vec()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Only the pointers are taken under the lock: whoever hands a snapshot over
        // never waits for a scrape.
        let shown = {
            let shown = self
                .snapshots
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            Shown {
                live: Arc::clone(&shown.live),
                drill: shown.drill.clone(),
            }
        };
        let mut families = self.of_views(&shown.live.views);
        families.push(self.of_incidents(&shown));
        families.extend(self.of_engine(&shown.live));
        families
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.micros() as f64 / 1e6
}

/// The labels that name a peer wherever one is meant.
fn peer_labels(peer: &PeerKey) -> [String; 4] {
    [
        peer.router.to_string(),
        peer.address.to_string(),
        peer.asn.0.to_string(),
        route_distinguisher(peer.distinguisher),
    ]
}

/// A route distinguisher as routers print it (RFC 4364 §4.2); nothing for the global
/// table.
fn route_distinguisher(distinguisher: u64) -> String {
    let kind = distinguisher >> 48;
    let (high, low) = ((distinguisher >> 32) as u16, distinguisher as u32);
    match kind {
        0 if distinguisher == 0 => String::new(),
        0 => format!("{high}:{low}"),
        1 => {
            let address = IpAddr::V4(Ipv4Addr::from_bits((distinguisher >> 16) as u32));
            format!("{address}:{}", distinguisher as u16)
        }
        2 => format!("{}:{}", (distinguisher >> 16) as u32, distinguisher as u16),
        _ => format!("{distinguisher:#018x}"),
    }
}

const fn afi(afi: Afi) -> &'static str {
    match afi {
        Afi::Ipv4 => "ipv4",
        Afi::Ipv6 => "ipv6",
    }
}

const fn rib(rib: RibView) -> &'static str {
    match rib {
        RibView::AdjRibInPre => "adj-rib-in-pre",
        RibView::AdjRibInPost => "adj-rib-in-post",
        RibView::LocRib => "loc-rib",
        RibView::AdjRibOutPre => "adj-rib-out-pre",
        RibView::AdjRibOutPost => "adj-rib-out-post",
    }
}

#[cfg(test)]
mod tests;
