//! Laws of the core, on random sequences of everything that can happen at a peer.
//!
//! A naive model (an ordered map from view, prefix and path identifier to the path)
//! goes along; the table, its indexes, the findings' ledger and the incidents must
//! agree with it at any time, and nothing may be left when everything is withdrawn.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use leakwatch::{
    bgp::{
        Address, Afi, Asn, Batch, DownReason, Event, EventKind, Nlri, PeerKey, RibView, Span,
        Timestamp,
    },
    config::Config,
    detect::Detector,
    engine::Engine,
    incident::{Incident, Kind, Output, Slot, Step, window::RouteKey},
    rib::{Family, PathTable, Rib, ViewId, ViewKey},
};
use proptest::{prelude::*, test_runner::RngSeed};

mod story;

/// Little is enough for an incident, so that short sequences make many.
const SETTINGS: &str = "
    local_as = 1000000
    [[own]]
    prefixes = [\"20.1.0.0/16^16-24\"]
    origins = [65]
    [[peer]]
    match = { address = \"192.0.2.2\" }
    name = \"customer\"
    local_role = \"provider\"
    maximum_prefix = { ipv4 = 6, ipv6 = 4 }
    [detect.specific]
    prefixes = 2
    [detect.more_specific]
    prefixes = 2
    covers = 1
    origins = 1
    [detect.surge]
    burst = 10
    small_burst = 10
    [detect.withdrawal]
    routes = 3
    [detect.valley]
    prefixes = 2
    origins = 1
    [detect.never_transit]
    prefixes = 2
    [incident]
    page_routes = 2
";

const V4: [&str; 12] = [
    "20.0.0.0/8",
    "20.0.0.0/16",
    "20.0.0.0/24",
    "20.0.0.128/25",
    "20.0.1.0/24",
    "20.1.0.0/16",
    "20.1.7.0/24",
    "20.1.7.7/32",
    "0.0.0.0/0",
    "10.0.0.0/24",
    "30.0.0.0/20",
    "30.0.8.0/21",
];
const V6: [&str; 5] = [
    "2600::/20",
    "2600::/32",
    "2600:0:1::/48",
    "2600:0:1:1::/64",
    "::/0",
];
const PATHS: [&str; 16] = [
    "1000001 65",
    "1000001 3356 65",
    "1000002 1299 66",
    "1000001 701 15169 4713",
    "1000001 701 15169 4713 66",
    "1000001 701 15169 4713 67",
    "1000001 1299 1000003 3356 67",
    "1000001 65*60",
    "1000001 65*12 66",
    "1000001 {65,66}",
    "(65001 65002) 1000001 3356 65",
    "1000001 66 1000001 66",
    "1000001 23456 67",
    "",
    "1000001 3356 65 [65535:666]",
    "1000002 2914 67",
];

/// What may happen.
#[derive(Clone, Debug)]
enum Op {
    Announce {
        peer: u8,
        prefix: u8,
        path_id: u8,
        path: u8,
        dump: bool,
    },
    Withdraw {
        peer: u8,
        prefix: u8,
        path_id: u8,
    },
    Up(u8),
    /// Its router cannot be heard.
    Lost(u8),
    Down(u8),
    EndOfRib(u8),
    /// So many seconds pass.
    Pass(u16),
}

const PEERS: u8 = 3;

fn op() -> impl Strategy<Value = Op> {
    let prefix = 0..(V4.len() + V6.len()) as u8;
    // Most sessions know no path identifiers.
    let path_id = prop_oneof![4 => Just(0_u8), 1 => 1..3_u8];
    let path = 0..PATHS.len() as u8;
    prop_oneof![
        12 => (0..PEERS, prefix.clone(), path_id.clone(), path, proptest::bool::weighted(0.1)).prop_map(
            |(peer, prefix, path_id, path, dump)| Op::Announce { peer, prefix, path_id, path, dump }
        ),
        5 => (0..PEERS, prefix, path_id)
            .prop_map(|(peer, prefix, path_id)| Op::Withdraw { peer, prefix, path_id }),
        1 => (0..PEERS).prop_map(Op::Up),
        1 => (0..PEERS).prop_map(Op::Lost),
        1 => (0..PEERS).prop_map(Op::Down),
        2 => (0..PEERS).prop_map(Op::EndOfRib),
        3 => prop_oneof![Just(0_u16), 1..5_u16, Just(31), Just(700), Just(4000)]
            .prop_map(Op::Pass),
    ]
}

fn peer_key(peer: u8) -> PeerKey {
    PeerKey::mrt([192, 0, 2, peer + 1].into(), Asn(1_000_001))
}

fn begin() -> Timestamp {
    story::at("10:00:00")
}

/// Writes operations down as events, each with its time.
fn write(ops: &[Op], start: Timestamp) -> (Batch, Timestamp) {
    let mut batch = Batch::default();
    for peer in 0..PEERS {
        batch.peer_index(&peer_key(peer));
    }
    let mut time = start;
    for op in ops {
        let (peer, kind) = match *op {
            Op::Pass(seconds) => {
                time = time + Duration::from_secs(seconds.into());
                continue;
            }
            Op::Up(peer) => (peer, EventKind::PeerUp),
            Op::Lost(peer) => (peer, EventKind::PeerLost),
            Op::Down(peer) => (peer, EventKind::PeerDown(DownReason::State)),
            Op::EndOfRib(peer) => (peer, EventKind::EndOfRib(Afi::Ipv4)),
            Op::Announce {
                peer,
                prefix,
                path_id,
                path,
                dump,
            } => {
                let (afi, nlri) = push(&mut batch, prefix, path_id);
                let attributes = story::attributes(&mut batch, PATHS[usize::from(path)]).unwrap();
                let kind = if dump {
                    EventKind::RibEntry {
                        afi,
                        attributes,
                        nlri,
                    }
                } else {
                    EventKind::Announce {
                        afi,
                        attributes,
                        nlri,
                    }
                };
                (peer, kind)
            }
            Op::Withdraw {
                peer,
                prefix,
                path_id,
            } => {
                let (afi, nlri) = push(&mut batch, prefix, path_id);
                (peer, EventKind::Withdraw { afi, nlri })
            }
        };
        batch.events.push(Event {
            time,
            peer: peer.into(),
            rib: RibView::AdjRibInPre,
            kind,
            raw: Span::default(),
        });
        time = time + Duration::from_millis(20);
    }
    (batch, time)
}

fn nlri_v4(prefix: u8, path_id: u8) -> Option<Nlri<u32>> {
    let prefix: ipnet::Ipv4Net = V4.get(usize::from(prefix))?.parse().unwrap();
    Some(Nlri::new(
        prefix.network().to_bits(),
        prefix.prefix_len(),
        path_id.into(),
    ))
}

fn nlri_v6(prefix: u8, path_id: u8) -> Nlri<u128> {
    let prefix: ipnet::Ipv6Net = V6[usize::from(prefix) - V4.len()].parse().unwrap();
    Nlri::new(
        prefix.network().to_bits(),
        prefix.prefix_len(),
        path_id.into(),
    )
}

fn push(batch: &mut Batch, prefix: u8, path_id: u8) -> (Afi, Span) {
    match nlri_v4(prefix, path_id) {
        Some(nlri) => (Afi::Ipv4, batch.push_v4([nlri])),
        None => (Afi::Ipv6, batch.push_v6([nlri_v6(prefix, path_id)])),
    }
}

/// The same events in pieces of at most `size` events.
fn split(batch: &Batch, size: usize) -> Vec<Batch> {
    let pieces = batch.events.chunks(size.max(1));
    pieces
        .map(|events| Batch {
            events: events.to_vec(),
            ..batch.clone()
        })
        .collect()
}

fn engine() -> Engine {
    let config = Config::parse_text(SETTINGS).unwrap();
    Engine::new(config.reference, config.detect, config.incident)
}

/// Other rules than [`SETTINGS`], as a reload may bring.
fn other_rules(which: u8) -> Config {
    let mut config = Config::parse_text(SETTINGS).unwrap();
    let (reference, detect) = (&mut config.reference, &mut config.detect);
    match which {
        0 => reference.never_transit = leakwatch::reference::AsSet::default(),
        1 => {
            reference.own = leakwatch::reference::OwnPrefixes::default();
            reference.peers.clear();
        }
        2 => {
            detect.specific.ipv4 = 20;
            detect.path_repeat.info = 2;
            detect.path_length.warn = 2;
        }
        3 => {
            reference.tier1 = [Asn(66), Asn(701)].into_iter().collect();
            reference.peers[0].address = Some([192, 0, 2, 3].into());
            reference.peers[0].private = true;
        }
        4 => {
            reference.local_as = Some(Asn(701));
            detect.path_length.page = 60;
            detect.path_repeat.separate = 1;
        }
        _ => {
            let own = reference.own.iter().cloned().collect::<Vec<_>>();
            let first = own[0].clone();
            reference.own.insert(leakwatch::reference::Own {
                prefix: "20.0.0.0/8".parse().unwrap(),
                ..first
            });
        }
    }
    config
}

fn renew(engine: &mut Engine, config: Config) {
    engine.renew(config.reference, config.detect, config.incident);
}

/// What stands on every route.
fn findings(engine: &Engine) -> BTreeMap<RouteKey, leakwatch::detect::Finds> {
    let ledger = &engine.folder().ledger;
    let routes = ledger_routes(engine).into_iter();
    routes
        .map(|route| (route, ledger.get(route).unwrap().finds))
        .collect()
}

/// What looking at a path and its prefix shows, by peer, prefix and path identifier.
fn findings_by_looking(engine: &Engine, model: &Model) -> BTreeMap<(u8, u8, u8), Vec<Detector>> {
    let found = |key: &(u8, u8, u8)| {
        let (peer, prefix, path_id) = *key;
        let route = match nlri_v4(prefix, path_id) {
            Some(nlri) => RouteKey {
                view: view_of::<u32>(engine, peer)?,
                afi: Afi::Ipv4,
                row: engine.rib().table::<u32>().row(nlri)?,
            },
            None => RouteKey {
                view: view_of::<u128>(engine, peer)?,
                afi: Afi::Ipv6,
                row: engine.rib().table::<u128>().row(nlri_v6(prefix, path_id))?,
            },
        };
        let finds = engine.folder().ledger.get(route)?.finds;
        let by_change = [Detector::MoreSpecific, Detector::Origin];
        let seen: Vec<Detector> = finds
            .detectors()
            .filter(|detector| !by_change.contains(detector))
            .collect();
        (!seen.is_empty()).then_some((*key, seen))
    };
    model.routes.keys().filter_map(found).collect()
}

/// The naive table: path by peer, prefix and path identifier.
#[derive(Debug, Default)]
struct Model {
    routes: BTreeMap<(u8, u8, u8), u8>,
    /// State of each view that there is, by peer and whether it is IPv4.
    views: BTreeMap<(u8, bool), ModelView>,
}

#[derive(Debug, Default)]
struct ModelView {
    down: bool,
    lost: bool,
    /// A table that is sent over another.
    again: Option<Again>,
}

/// What was in it so far, when it began, when something was last in it for the first time.
#[derive(Debug)]
struct Again {
    heard: BTreeSet<(u8, u8)>,
    began: Timestamp,
    last: Option<Timestamp>,
}

impl Model {
    /// What happens as time passes, before something happens at `time`.
    fn pass(&mut self, time: Timestamp) {
        let tick = Timestamp::from_secs(time.secs());
        let over: Vec<(u8, bool)> = self
            .views
            .iter()
            .filter(|(_, view)| {
                view.again.as_ref().is_some_and(|again| {
                    let quiet = Duration::from_secs(30);
                    again.last.is_some_and(|last| tick.since(last) >= quiet)
                        || tick.since(again.began) >= Duration::from_secs(900)
                })
            })
            .map(|(key, _)| *key)
            .collect();
        for (peer, v4) in over {
            self.end_dump(peer, v4);
        }
    }

    fn end_dump(&mut self, peer: u8, v4: bool) {
        let view = self.views.entry((peer, v4)).or_default();
        if let Some(Again { heard, .. }) = view.again.take() {
            self.routes.retain(|&(of, prefix, path_id), _| {
                of != peer || Self::is_v4(prefix) != v4 || heard.contains(&(prefix, path_id))
            });
        }
    }

    fn begin_dump(&mut self, peer: u8, v4: bool, time: Timestamp) {
        let has = |key: &(u8, u8, u8)| key.0 == peer && Self::is_v4(key.1) == v4;
        let routes = self.routes.keys().any(has);
        let view = self.views.entry((peer, v4)).or_default();
        (view.down, view.lost) = (false, false);
        view.again = routes.then(|| Again {
            heard: BTreeSet::new(),
            began: time,
            last: None,
        });
    }

    fn apply(&mut self, op: &Op, time: Timestamp) {
        if !matches!(op, Op::Pass(_)) {
            self.pass(time);
        }
        match *op {
            Op::Announce {
                peer,
                prefix,
                path_id,
                path,
                ..
            } => {
                let v4 = Self::is_v4(prefix);
                let view = self.views.entry((peer, v4)).or_default();
                if view.down || view.lost {
                    self.begin_dump(peer, v4, time);
                }
                let view = self.views.entry((peer, v4)).or_default();
                if let Some(Again { heard, last, .. }) = &mut view.again
                    && heard.insert((prefix, path_id))
                {
                    *last = Some(time);
                }
                self.routes.insert((peer, prefix, path_id), path);
            }
            Op::Withdraw {
                peer,
                prefix,
                path_id,
            } => {
                self.views.entry((peer, Self::is_v4(prefix))).or_default();
                self.routes.remove(&(peer, prefix, path_id));
            }
            Op::Down(peer) => {
                self.routes.retain(|key, _| key.0 != peer);
                for v4 in [true, false] {
                    if let Some(view) = self.views.get_mut(&(peer, v4)) {
                        *view = ModelView::default();
                        view.down = true;
                    }
                }
            }
            Op::Lost(peer) => {
                for v4 in [true, false] {
                    if let Some(view) = self.views.get_mut(&(peer, v4))
                        && !view.down
                    {
                        (view.lost, view.again) = (true, None);
                    }
                }
            }
            Op::Up(peer) => {
                for v4 in [true, false] {
                    if self.views.contains_key(&(peer, v4)) {
                        self.begin_dump(peer, v4, time);
                    }
                }
            }
            Op::EndOfRib(peer) => self.end_dump(peer, true),
            Op::Pass(_) => {}
        }
    }

    fn is_v4(prefix: u8) -> bool {
        usize::from(prefix) < V4.len()
    }

    /// Routes that hold a prefix, by whatever path identifier.
    fn holders(&self, prefix: u8) -> usize {
        self.routes.keys().filter(|key| key.1 == prefix).count()
    }

    /// The longest prefix that someone has and that covers this one, if not a default.
    fn cover(&self, prefix: u8) -> Option<&'static str> {
        let names: Vec<&'static str> = V4.into_iter().chain(V6).collect();
        let net = |index: usize| names[index].parse::<ipnet::IpNet>().unwrap();
        let own = net(prefix.into());
        (0..names.len())
            .filter(|&other| {
                let wider = net(other);
                self.holders(other as u8) > 0
                    && wider.prefix_len() > 0
                    && wider.prefix_len() < own.prefix_len()
                    && wider.contains(&own)
            })
            .max_by_key(|&other| net(other).prefix_len())
            .map(|other| names[other])
    }
}

/// The path's words and segmentation as the batch would carry them, without marks.
fn words_of(path: u8) -> (Vec<u32>, bool) {
    let text = PATHS[usize::from(path)];
    let path = text.split('[').next().unwrap();
    story::words(path).unwrap()
}

fn view_of<A: Address>(engine: &Engine, peer: u8) -> Option<ViewId> {
    engine.rib().find_view(&ViewKey {
        peer: peer_key(peer),
        rib: RibView::AdjRibInPre,
        afi: A::AFI,
    })
}

/// Every cell, holder count and covering route of one family against the model.
fn check_family<A: Family>(engine: &Engine, model: &Model, keys: &[(u8, Nlri<A>)])
where
    (A, u8): prefix_trie::Prefix,
{
    let rib = engine.rib();
    let table = rib.table::<A>();
    for peer in 0..PEERS {
        let wanted = model
            .routes
            .keys()
            .filter(|key| key.0 == peer && Model::is_v4(key.1) == (A::AFI == Afi::Ipv4))
            .count();
        let view = view_of::<A>(engine, peer);
        let routes = view.map_or(0, |view| rib.routes(view));
        assert_eq!(routes as usize, wanted, "routes of a view");
        let Some(column) = view.and_then(|view| rib.column(view)) else {
            continue;
        };
        assert_eq!(column.rows().len(), wanted, "rows of a view");
        for (prefix, nlri) in keys {
            let cell = table.row(*nlri).map(|row| column.get(row));
            let held = model.routes.get(&(peer, *prefix, nlri.path_id as u8));
            let path = cell
                .map(leakwatch::rib::Cell::path)
                .filter(|path| path.is_some());
            assert_eq!(path.is_some(), held.is_some(), "{nlri:?}");
            if let (Some(path), Some(&held)) = (path, held) {
                let (words, segmented) = words_of(held);
                let path = rib.paths.path(path);
                assert_eq!((path.words, path.segmented), (&words[..], segmented));
            }
        }
    }
    let mut present = 0;
    for (prefix, nlri) in keys.iter().filter(|(_, nlri)| nlri.path_id == 0) {
        let holders = table
            .row(*nlri)
            .and_then(|row| table.get(row))
            .map_or(0, |row| row.holders);
        assert_eq!(holders as usize, model.holders(*prefix), "{nlri:?}");
        present += u32::from(holders > 0);
        let cover = table
            .cover(nlri.addr, nlri.len)
            .and_then(|row| table.nlri(row))
            .map(|nlri| nlri.prefix().to_string());
        assert_eq!(cover.as_deref(), model.cover(*prefix), "{nlri:?}");
    }
    assert_eq!(table.present(), present);
}

fn check_table(engine: &Engine, model: &Model) {
    let ids = 0..3_u8;
    let v4: Vec<_> = (0..V4.len() as u8)
        .flat_map(|prefix| {
            ids.clone()
                .map(move |id| (prefix, nlri_v4(prefix, id).unwrap()))
        })
        .collect();
    let v6: Vec<_> = (V4.len() as u8..(V4.len() + V6.len()) as u8)
        .flat_map(|prefix| ids.clone().map(move |id| (prefix, nlri_v6(prefix, id))))
        .collect();
    check_family(engine, model, &v4);
    check_family(engine, model, &v6);
}

/// Counts per AS edge and AS against a recount; as of the last settlement.
fn check_topology(engine: &Engine, model: &Model) {
    let mut edges: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut ases: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    for &path in model.routes.values() {
        let (words, segmented) = words_of(path);
        let path = leakwatch::bgp::AsPath {
            words: &words,
            segmented,
        };
        let mut hops: Vec<u32> = path.sequence_hops().map(|asn| asn.0).collect();
        hops.dedup();
        for pair in hops.windows(2) {
            *edges.entry((pair[0], pair[1])).or_default() += 1;
            ases.entry(pair[0]).or_default().0 += 1;
        }
        if let Some(&last) = hops.last() {
            ases.entry(last).or_default().1 += 1;
        }
    }
    let topology = &engine.rib().topology;
    assert_eq!(topology.edges(), edges.len());
    for (&(near, far), &count) in &edges {
        assert_eq!(topology.edge(Asn(near), Asn(far)), count, "{near} {far}");
    }
    for (&asn, &(transit, origin)) in &ases {
        let routes = topology.routes(Asn(asn));
        assert_eq!((routes.transit, routes.origin), (transit, origin), "{asn}");
    }
}

/// Every route with an entry in the ledger, by going through all incidents' slots.
fn ledger_routes(engine: &Engine) -> Vec<RouteKey> {
    let ledger = &engine.folder().ledger;
    let routes: Vec<RouteKey> = (0..256)
        .flat_map(|slot| ledger.routes_of(Slot(slot)))
        .collect();
    assert_eq!(routes.len(), ledger.len());
    routes
}

/// Raised less cleared is what stands, and the table's marks say where.
fn check_ledger(engine: &Engine, model: &Model) {
    let ledger = &engine.folder().ledger;
    let routes = ledger_routes(engine);
    for &detector in Detector::ALL {
        let (raised, cleared) = ledger.balance(detector);
        let standing = routes
            .iter()
            .filter(|route| ledger.get(**route).unwrap().finds.has(detector))
            .count();
        assert_eq!(raised - cleared, standing as u64, "{}", detector.name());
    }
    let rib = engine.rib();
    let marked: usize = rib
        .views()
        .map(|(view, _)| {
            let column = rib.column(view).unwrap();
            let rows = column.rows().into_iter();
            rows.filter(|&row| column.get(row).found()).count()
        })
        .sum();
    assert_eq!(marked, routes.len(), "marked routes");
    for route in &routes {
        let cell = rib.column(route.view).unwrap().get(route.row);
        assert!(cell.found() && cell.path().is_some(), "{route:?}");
    }
    assert!(routes.len() <= model.routes.len());
}

/// Whether it is about own prefixes that nobody has: it has no routes, and no end
/// while they are gone.
fn is_loss(incident: &Incident) -> bool {
    incident.key.kind == Kind::Visibility
}

/// What an incident says of its routes is what the ledger says of them.
fn check_incidents(engine: &Engine) {
    let ledger = &engine.folder().ledger;
    for (slot, incident) in engine.folder().places() {
        if is_loss(incident) {
            continue;
        }
        let routes = ledger.routes_of(slot);
        let shares: u32 = incident.views.iter().map(|share| share.active).sum();
        assert_eq!(shares as usize, routes.len(), "routes of {}", incident.id);
        let prefixes: BTreeSet<_> = {
            let rib = engine.rib();
            let primary = |one: &RouteKey| (one.afi, rib.primary(one.afi, one.row));
            routes.iter().map(primary).collect()
        };
        assert_eq!(incident.active as usize, prefixes.len(), "{}", incident.id);
        assert!(incident.active <= incident.peak && incident.peak <= incident.total());
        let by_origin: u32 = incident.victims.values().sum();
        assert_eq!(by_origin, incident.total(), "{}", incident.id);
    }
}

/// Opened once, then updated, resolved, reopened in a sensible order.
fn check_lives(said: &[Output]) {
    let mut last: BTreeMap<&str, (Step, Timestamp)> = BTreeMap::new();
    for output in said {
        let Output::Incident(event) = output else {
            continue;
        };
        let before = last.insert(&event.id, (event.event, event.time));
        let sensible = match (before.map(|(step, _)| step), event.event) {
            (None, step) => step == Step::Opened,
            (Some(Step::Resolved), step) => matches!(step, Step::Reopened | Step::Opened),
            (Some(_), step) => matches!(step, Step::Updated | Step::Resolved),
        };
        assert!(sensible, "{}: {:?} after {before:?}", event.id, event.event);
        assert!(!event.id.is_empty());
        assert!((0.0..=1.0).contains(&event.confidence));
        assert!(event.first_seen <= event.last_seen, "{}", event.id);
    }
}

/// Withdraws everything, lets every incident end and be forgotten.
fn wind_up(engine: &mut Engine, said: &mut Vec<Output>) {
    let mut ops: Vec<Op> = Vec::new();
    for peer in 0..PEERS {
        for prefix in 0..(V4.len() + V6.len()) as u8 {
            for path_id in 0..3 {
                ops.push(Op::Withdraw {
                    peer,
                    prefix,
                    path_id,
                });
            }
        }
        // A session that is up: its silence means something.
        ops.extend([Op::Up(peer), Op::EndOfRib(peer)]);
    }
    let (batch, _) = write(&ops, engine.now());
    engine.apply(&batch, said);
    for pass in [2, 31, 900, 2, 2, 700, 2, 2, 3600, 4, 3600, 4] {
        engine.advance(engine.now() + Duration::from_secs(pass), said);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7908),
        ..ProptestConfig::default()
    }
}

fn sequence(most: usize) -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..most)
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn table_and_indexes_are_what_a_naive_model_says(ops in sequence(120)) {
        let (mut engine, mut said, mut model) = (engine(), Vec::new(), Model::default());
        let mut time = begin();
        for op in &ops {
            let (batch, next) = write(std::slice::from_ref(op), time);
            engine.apply(&batch, &mut said);
            model.apply(op, time);
            time = next;
            check_table(&engine, &model);
        }
        engine.advance(time + Duration::from_secs(2), &mut said);
        model.pass(time + Duration::from_secs(2));
        check_topology(&engine, &model);
    }

    #[test]
    fn raised_and_cleared_balance_at_any_time(ops in sequence(120)) {
        let (mut engine, mut said, mut model) = (engine(), Vec::new(), Model::default());
        let mut time = begin();
        for op in &ops {
            let (batch, next) = write(std::slice::from_ref(op), time);
            engine.apply(&batch, &mut said);
            model.apply(op, time);
            time = next;
            check_ledger(&engine, &model);
        }
    }

    #[test]
    fn incidents_count_the_routes_that_are_theirs(ops in sequence(120)) {
        let (mut engine, mut said) = (engine(), Vec::new());
        let mut time = begin();
        for op in &ops {
            let (batch, next) = write(std::slice::from_ref(op), time);
            time = next;
            engine.apply(&batch, &mut said);
            check_incidents(&engine);
        }
    }

    #[test]
    fn an_incident_is_opened_once_and_ends_once(mut ops in sequence(200)) {
        for op in &mut ops {
            // One family: see the test on names below.
            if let Op::Announce { prefix, .. } | Op::Withdraw { prefix, .. } = op {
                *prefix %= V4.len() as u8;
            }
        }
        let (mut engine, mut said) = (engine(), Vec::new());
        engine.apply(&write(&ops, begin()).0, &mut said);
        wind_up(&mut engine, &mut said);
        check_lives(&said);
    }

    #[test]
    fn withdrawing_everything_leaves_nothing(ops in sequence(200)) {
        let (mut engine, mut said) = (engine(), Vec::new());
        engine.apply(&write(&ops, begin()).0, &mut said);
        wind_up(&mut engine, &mut said);
        let (rib, folder) = (engine.rib(), engine.folder());
        prop_assert_eq!(rib.prefixes(), (0, 0));
        for (view, _) in rib.views() {
            prop_assert_eq!(rib.routes(view), 0);
        }
        prop_assert!(folder.ledger.is_empty());
        for &detector in Detector::ALL {
            let (raised, cleared) = folder.ledger.balance(detector);
            prop_assert_eq!(raised, cleared, "{}", detector.name());
        }
        prop_assert_eq!(rib.topology.edges(), 0);
        prop_assert_eq!(folder.waiting(), 0);
        let open = folder.open().filter(|one| !is_loss(one));
        let open: Vec<_> = open.map(|one| (&one.id, one.active, one.state)).collect();
        prop_assert!(open.is_empty(), "{open:?}");
        prop_assert_eq!(rib.paths.len(), 0);
        prop_assert_eq!(rib.paths.unsettled(), 0);
    }

    #[test]
    fn announcing_what_stands_says_nothing_and_counts_nothing(ops in sequence(80)) {
        let (mut engine, mut said, mut model) = (engine(), Vec::new(), Model::default());
        let (batch, _) = write(&ops, begin());
        engine.apply(&batch, &mut said);
        let mut time = begin();
        for op in &ops {
            model.apply(op, time);
            time = write(std::slice::from_ref(op), time).1;
        }
        // Until all that was coming has come.
        for pass in [31, 901, 2, 700, 2, 5000, 2, 5000, 2] {
            engine.advance(engine.now() + Duration::from_secs(pass), &mut said);
        }
        model.pass(engine.now());
        // What is lost is announced to nobody.
        model.routes.retain(|key, _| !model.views[&(key.0, Model::is_v4(key.1))].lost);
        let again: Vec<Op> = model.routes.iter().map(|(&(peer, prefix, path_id), &path)| {
            Op::Announce { peer, prefix, path_id, path, dump: false }
        }).collect();
        let counts = |engine: &Engine| {
            let balance = |one: &Detector| engine.folder().ledger.balance(*one);
            let rib = engine.rib();
            let columns: Vec<_> = rib.views().map(|(view, _)| rib.routes(view)).collect();
            let findings: Vec<_> = Detector::ALL.iter().map(balance).collect();
            let waiting = engine.folder().waiting();
            (rib.prefixes(), columns, rib.paths.len(), findings, waiting)
        };
        let (before, spoken) = (counts(&engine), said.len());
        engine.apply(&write(&again, engine.now()).0, &mut said);
        prop_assert_eq!(counts(&engine), before);
        engine.advance(engine.now() + Duration::from_secs(2), &mut said);
        prop_assert_eq!(&said[spoken..], &[]);
    }

    #[test]
    fn a_table_sent_once_more_after_whatever_happened_is_all_there_is(
        ops in sequence(120),
        table in proptest::collection::btree_map(
            (0..PEERS, 0..(V4.len() + V6.len()) as u8, prop_oneof![4 => Just(0_u8), 1 => 1..3_u8]),
            0..PATHS.len() as u8,
            0..40,
        ),
        lost in proptest::bool::ANY,
    ) {
        let (mut engine, mut said) = (engine(), Vec::new());
        let (batch, time) = write(&ops, begin());
        engine.apply(&batch, &mut said);
        let each = |op: fn(u8) -> Op| (0..PEERS).map(op);
        let mut again: Vec<Op> = Vec::new();
        if lost {
            again.extend(each(Op::Lost));
        }
        again.extend(each(Op::Up));
        again.extend(table.iter().map(|(&(peer, prefix, path_id), &path)| {
            Op::Announce { peer, prefix, path_id, path, dump: false }
        }));
        again.extend(each(Op::EndOfRib));
        // IPv6 has no End-of-RIB here; it falls silent, or is awaited for long.
        let (batch, time) = write(&again, time);
        engine.apply(&batch, &mut said);
        engine.advance(time + Duration::from_secs(901), &mut said);
        let mut model = Model::default();
        model.routes.extend(table);
        check_table(&engine, &model);
        check_ledger(&engine, &model);
        check_incidents(&engine);
        let counters = engine.counters();
        prop_assert_eq!(
            counters.announced - counters.withdrawn - counters.swept,
            model.routes.len() as u64
        );
    }

    #[test]
    fn the_same_rules_again_change_nothing(ops in sequence(150), every in 1..20_usize) {
        let (batch, _) = write(&ops, begin());
        let (mut plain, mut said) = (engine(), Vec::new());
        let (mut renewed, mut said_too) = (engine(), Vec::new());
        for (nth, piece) in split(&batch, 1).iter().enumerate() {
            plain.apply(piece, &mut said);
            renewed.apply(piece, &mut said_too);
            if nth % every == 0 {
                renew(&mut renewed, Config::parse_text(SETTINGS).unwrap());
            }
        }
        prop_assert_eq!(findings(&plain), findings(&renewed));
        wind_up(&mut plain, &mut said);
        wind_up(&mut renewed, &mut said_too);
        prop_assert_eq!(said, said_too);
    }

    #[test]
    fn other_rules_and_back_leave_the_findings_that_were(
        ops in sequence(150), which in 0..6_u8,
    ) {
        let (mut engine, mut said, mut model) = (engine(), Vec::new(), Model::default());
        let mut time = begin();
        for op in &ops {
            // What a blackhole's cover excused is judged once.
            if matches!(op, Op::Announce { path: 14, .. }) {
                continue;
            }
            let (batch, next) = write(std::slice::from_ref(op), time);
            engine.apply(&batch, &mut said);
            model.apply(op, time);
            time = next;
        }
        let (before, spoken) = (findings(&engine), said.len());
        renew(&mut engine, other_rules(which));
        check_ledger(&engine, &model);
        check_incidents(&engine);
        renew(&mut engine, Config::parse_text(SETTINGS).unwrap());
        check_ledger(&engine, &model);
        check_incidents(&engine);
        let plain = |finds: BTreeMap<RouteKey, leakwatch::detect::Finds>| {
            let of_views = leakwatch::detect::Finds::UNTABLED.with(leakwatch::detect::Finds::CHANGED);
            finds
                .into_iter()
                .map(|(route, finds)| (route, finds.without(of_views)))
                .filter(|(_, finds)| !finds.is_quiet())
                .collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(plain(findings(&engine)), plain(before));
        prop_assert_eq!(spoken, said.len());
        wind_up(&mut engine, &mut said);
        prop_assert!(engine.folder().ledger.is_empty());
        for &detector in Detector::ALL {
            let (raised, cleared) = engine.folder().ledger.balance(detector);
            prop_assert_eq!(raised, cleared, "{}", detector.name());
        }
        prop_assert_eq!(engine.rib().paths.len(), 0);
    }

    #[test]
    fn other_rules_find_in_the_table_what_they_would_have_found(
        ops in sequence(150), which in 0..6_u8,
    ) {
        let (mut old, mut said, mut model) = (engine(), Vec::new(), Model::default());
        let mut time = begin();
        for op in &ops {
            if matches!(op, Op::Announce { path: 14, .. }) {
                continue;
            }
            let (batch, next) = write(std::slice::from_ref(op), time);
            old.apply(&batch, &mut said);
            model.apply(op, time);
            time = next;
        }
        renew(&mut old, other_rules(which));
        let table: Vec<Op> = model.routes.iter().map(|(&(peer, prefix, path_id), &path)| {
            Op::Announce { peer, prefix, path_id, path, dump: true }
        }).collect();
        let config = other_rules(which);
        let mut fresh = Engine::new(config.reference, config.detect, config.incident);
        fresh.apply(&write(&table, time).0, &mut said);
        prop_assert_eq!(
            findings_by_looking(&old, &model),
            findings_by_looking(&fresh, &model)
        );
    }

    #[test]
    fn how_events_are_batched_changes_nothing(ops in sequence(150), size in 1..40_usize) {
        let (batch, _) = write(&ops, begin());
        let (mut once, mut pieces) = (Vec::new(), Vec::new());
        let mut whole = engine();
        whole.apply(&batch, &mut once);
        wind_up(&mut whole, &mut once);
        let mut in_pieces = engine();
        for piece in split(&batch, size) {
            in_pieces.apply(&piece, &mut pieces);
        }
        wind_up(&mut in_pieces, &mut pieces);
        prop_assert_eq!(once, pieces);
    }

    #[test]
    fn a_replay_says_what_living_through_it_said(mut ops in sequence(80)) {
        // Of a pause longer than two hours only the beginning is lived through.
        ops.retain(|op| !matches!(op, Op::Pass(4000)));
        let (batch, _) = write(&ops, begin());
        let (mut replayed, mut lived) = (Vec::new(), Vec::new());
        let mut replay = engine();
        replay.apply(&batch, &mut replayed);
        let mut life = engine();
        for piece in split(&batch, 1) {
            let time = piece.events[0].time;
            // The clock goes on while nothing comes.
            while life.now() > Timestamp::ZERO && life.now() + Duration::from_millis(300) < time {
                life.advance(life.now() + Duration::from_millis(300), &mut lived);
            }
            life.apply(&piece, &mut lived);
        }
        prop_assert_eq!(replayed, lived);
    }

    #[test]
    fn two_engines_say_the_same_whatever_their_hash_seeds(ops in sequence(200)) {
        let (batch, _) = write(&ops, begin());
        let say = || {
            let (mut engine, mut said) = (engine(), Vec::new());
            engine.apply(&batch, &mut said);
            wind_up(&mut engine, &mut said);
            said
        };
        prop_assert_eq!(say(), say());
    }

    #[test]
    fn no_time_panics(ops in sequence(60), times in proptest::collection::vec(
        prop_oneof![
            Just(0), Just(1), Just(u64::MAX), Just(u64::MAX - 1), any::<u64>(),
            Just(1_778_493_600_000_000), 0..4_000_000_000_000_000_u64
        ], 60)) {
        let (mut batch, _) = write(&ops, begin());
        for (event, time) in batch.events.iter_mut().zip(times) {
            event.time = Timestamp::from_micros(time);
        }
        let (mut engine, mut said) = (engine(), Vec::new());
        engine.apply(&batch, &mut said);
        wind_up(&mut engine, &mut said);
        for output in &said {
            match output {
                Output::Incident(event) => drop(serde_json::to_string(event).unwrap()),
                Output::Standing(standing) => drop(serde_json::to_string(standing).unwrap()),
            }
        }
    }
}

#[test]
fn incidents_of_both_families_of_a_peer_have_names_of_their_own() {
    let (mut engine, mut said) = (engine(), Vec::new());
    let announce = |prefix, path| Op::Announce {
        peer: 1,
        prefix,
        path_id: 0,
        path,
        dump: false,
    };
    let v4 = 0..V4.len() as u8;
    let v6 = V4.len() as u8..(V4.len() + V6.len()) as u8;
    let mut ops = vec![
        Op::Up(1),
        announce(0, 0),
        announce(v6.start, 0),
        Op::Pass(31),
    ];
    ops.extend(v4.chain(v6).map(|prefix| announce(prefix, 0)));
    ops.push(Op::Pass(5));
    ops.push(announce(0, 1));
    engine.apply(&write(&ops, begin()).0, &mut said);
    let near: Vec<_> = engine
        .folder()
        .open()
        .filter(|one| one.key.kind == Kind::MaximumPrefix)
        .map(|one| one.id.clone())
        .collect();
    assert_eq!(near.len(), 2, "{near:?}");
    assert_ne!(near[0], near[1]);
}

/// A path of 3 to 9 ASes that no other number gives.
fn unique_path(number: u32, words: &mut Vec<u32>) {
    words.clear();
    words.extend((0..2 + number % 7).map(|hop| 1_000_000 + hop * 7 + number % 13));
    words.push(2_000_000 + number);
}

#[test]
fn churning_unique_paths_stay_flat_in_the_path_table() {
    let mut rib: Rib<u64> = Rib::default();
    let view = rib
        .view(&ViewKey {
            peer: peer_key(0),
            rib: RibView::AdjRibInPre,
            afi: Afi::Ipv4,
        })
        .unwrap();
    let mut words = Vec::new();
    let mut after_first = 0;
    for number in 0..2_000_000_u32 {
        unique_path(number, &mut words);
        let path = rib
            .paths
            .intern(&words, leakwatch::rib::Marks::default(), || 0);
        let nlri = Nlri::new((number % 10_000) << 8 | 0x1400_0000, 24, 0);
        rib.announce(view, nlri, path);
        if number % 5_000 == 0 {
            rib.settle();
        }
        if number == 100_000 {
            after_first = rib.paths.memory();
        }
    }
    rib.settle();
    assert_eq!(rib.paths.len(), 10_000);
    assert_eq!(rib.paths.overflowed(), 0);
    assert!(
        rib.paths.memory() <= after_first * 5 / 4,
        "{} bytes after 100,000 paths, {} after 2 million",
        after_first,
        rib.paths.memory()
    );
}

/// 2,000 prefixes from `first` on, each by a path of its own from its own origin.
fn unique_routes(first: u32, round: u32, time: Timestamp) -> Batch {
    let mut words = Vec::new();
    let mut batch = Batch::default();
    batch.peer_index(&peer_key(0));
    for nth in 0..2_000_u32 {
        unique_path(round * 2_000 + nth, &mut words);
        let attributes = leakwatch::bgp::Attributes {
            path: batch.push_path(&words),
            ..leakwatch::bgp::Attributes::default()
        };
        let nlri = batch.push_v4([Nlri::new((nth << 8) + first, 24, 0)]);
        batch.events.push(Event {
            time,
            peer: 0,
            rib: RibView::AdjRibInPre,
            kind: EventKind::Announce {
                afi: Afi::Ipv4,
                attributes,
                nlri,
            },
            raw: Span::default(),
        });
    }
    batch
}

#[test]
fn churning_unique_paths_stay_flat_in_the_whole_core() {
    let (mut engine, mut said) = (engine(), Vec::new());
    let (mut early, mut time) = (0, begin());
    for round in 0..200_u32 {
        engine.apply(&unique_routes(0x2000_0000, round, time), &mut said);
        time = time + Duration::from_secs(10);
        // The view is live, and its window full.
        if round == 120 {
            early = engine.rib().memory();
        }
    }
    let late = engine.rib().memory();
    // The ASes that no path names any more must be forgotten with their paths.
    assert!(late <= early * 5 / 4, "{early} bytes early, {late} late");
}

#[test]
fn more_hijackers_of_our_space_than_incidents_may_be_open_are_taken() {
    let (mut engine, mut said) = (engine(), Vec::new());
    let mut time = begin();
    for round in 0..40_u32 {
        engine.apply(&unique_routes(0x1400_0000, round, time), &mut said);
        time = time + Duration::from_secs(10);
    }
    assert!(engine.folder().open().count() <= 1_100);
}

#[test]
fn a_table_of_distinct_paths_is_released_in_one_go() {
    let mut paths: PathTable<u8> = PathTable::default();
    let mut words = Vec::new();
    let ids: BTreeSet<_> = (0..10_000)
        .map(|number| {
            unique_path(number, &mut words);
            let id = paths.intern(&words, leakwatch::rib::Marks::default(), || 0);
            paths.acquire(id);
            id
        })
        .collect();
    assert_eq!(ids.len(), 10_000);
    for &id in &ids {
        paths.release(id);
    }
    let mut lost = 0;
    paths.settle(|_, before, now| {
        assert_eq!((before, now), (0, 0));
        lost += 1;
    });
    assert_eq!((paths.len(), lost), (0, 0));
}
