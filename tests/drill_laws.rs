//! Laws that every drill obeys, checked with an independent decoder.
//!
//! Played on a table thinned to 60,000 prefixes and with a few thousand leaked routes,
//! which keeps them quick; nothing but the sizes differs from a full drill.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    io::Cursor,
    net::IpAddr,
};

use bgpkit_parser::{
    BgpElem, BgpkitParser,
    models::{AsPathSegment, ElemType},
};
use ipnet::IpNet;
use leakwatch::{
    bgp::Asn,
    drill::{self, Drill, Expected, Options, Recording, Timing, Vantage},
};

const SMALL: Options = Options {
    seed: 5,
    routes: Some(3_000),
    rate: Some(500),
    vantage: Vantage::Border,
    nlri_per_update: None,
    table: Some(60_000),
    timing: Timing::RECORDED,
};

type Routes = HashMap<(IpAddr, IpNet), Vec<u32>>;

fn play(name: &str, vantage: Vantage) -> (&'static Drill, Recording) {
    let drill = drill::find(name).unwrap();
    (drill, drill::play(drill, &Options { vantage, ..SMALL }))
}

/// Every element of a file; fails on any record that does not decode.
fn elements(bytes: &[u8]) -> Vec<BgpElem> {
    let parser = BgpkitParser::from_reader(Cursor::new(bytes.to_vec()));
    parser
        .into_fallible_elem_iter()
        .map(|element| element.expect("every record decodes"))
        .collect()
}

/// The ASes of a path's sequences, prepending included.
fn path(element: &BgpElem) -> Vec<u32> {
    let segments = element.as_path.iter().flat_map(|path| path.iter_segments());
    segments
        .filter_map(|segment| match segment {
            AsPathSegment::AsSequence(ases) => Some(ases),
            _ => None,
        })
        .flatten()
        .map(bgpkit_parser::models::Asn::to_u32)
        .collect()
}

fn baseline(recording: &Recording) -> Routes {
    elements(&recording.rib)
        .iter()
        .map(|e| ((e.peer_ip, e.prefix.prefix), path(e)))
        .collect()
}

fn apply(routes: &mut Routes, element: &BgpElem) {
    let key = (element.peer_ip, element.prefix.prefix);
    match element.elem_type {
        ElemType::ANNOUNCE => routes.insert(key, path(element)),
        ElemType::WITHDRAW => routes.remove(&key),
    };
}

fn has_run(path: &[u32], run: &[u32]) -> bool {
    path.windows(run.len()).any(|window| window == run)
}

/// Neighbour and offender, then somebody else: what a leaked path has and no other.
fn leaked(path: &[u32], neighbour: u32, offender: u32) -> bool {
    let mut once = path.to_vec();
    once.dedup();
    has_run(&once, &[neighbour, offender]) && once.last() != Some(&offender)
}

fn check_paths(routes: &Routes) {
    for ((_, prefix), path) in routes {
        let mut once = path.clone();
        once.dedup();
        let distinct: BTreeSet<_> = once.iter().collect();
        assert_eq!(distinct.len(), once.len(), "{prefix}: a loop in {path:?}");
        assert!(
            path.iter().all(|asn| !Asn(*asn).is_bogon()),
            "{prefix}: a bogon in {path:?}"
        );
    }
}

/// Closest covering route of one peer in the table.
fn cover<'a>(table: &'a Routes, peer: IpAddr, prefix: &IpNet) -> Option<&'a Vec<u32>> {
    let mut wider = prefix.supernet();
    while let Some(candidate) = wider {
        if let Some(path) = table.get(&(peer, candidate)) {
            return Some(path);
        }
        wider = candidate.supernet();
    }
    None
}

/// Plays a drill whose leaker has no customers, and checks all there is to know.
fn check_leak(name: &str, vantage: Vantage, neighbour: u32, new_prefixes: bool) {
    let (_, recording) = play(name, vantage);
    let truth = recording.truth.incidents[0];
    let before = baseline(&recording);
    check_paths(&before);
    let is_leaked = |path: &[u32]| leaked(path, neighbour, truth.offender.0);
    assert!(!before.values().any(|path| is_leaked(path)), "before");

    let mut now = before.clone();
    let mut prefixes = BTreeMap::new();
    let mut last = 0.0;
    for element in elements(&recording.updates) {
        assert!(element.timestamp >= last, "time goes back");
        last = element.timestamp;
        apply(&mut now, &element);
        if element.elem_type == ElemType::ANNOUNCE && is_leaked(&path(&element)) {
            let prefix = element.prefix.prefix;
            prefixes.entry(prefix).or_insert(element.timestamp);
            assert_eq!(
                before.contains_key(&(element.peer_ip, prefix)),
                !new_prefixes
            );
            if new_prefixes {
                let covered = cover(&before, element.peer_ip, &prefix).expect("a covering route");
                assert_eq!(
                    covered.last(),
                    path(&element).last(),
                    "true origin of {prefix}"
                );
            }
        }
    }
    check_paths(&now);
    assert_eq!(prefixes.len(), truth.routes as usize);
    assert!(truth.routes > 2_500, "{}", truth.routes);
    let first = prefixes.values().copied().fold(f64::MAX, f64::min);
    assert!((first - truth.first.micros() as f64 / 1e6).abs() < 0.001);
    assert!(truth.last_withdrawn > truth.first);
    assert!(last - truth.last_withdrawn.secs() as f64 > 25.0 * 60.0);
    assert!(!now.values().any(|path| is_leaked(path)), "after");
    if new_prefixes {
        let after: HashSet<IpNet> = now.keys().map(|(_, prefix)| *prefix).collect();
        assert!(prefixes.keys().all(|prefix| !after.contains(prefix)));
    }
}

#[test]
fn leaked_more_specifics_are_new_have_true_origins_and_go_away() {
    check_leak("google-2017", Vantage::Border, 701, true);
}

#[test]
fn a_collector_sees_the_leak_over_the_paths_that_were_published() {
    check_leak("google-2017", Vantage::Collector, 701, true);
    let (_, recording) = play("google-2017", Vantage::Collector);
    let paths: HashSet<Vec<u32>> = elements(&recording.updates)
        .iter()
        .filter(|element| element.prefix.prefix.to_string() == "171.5.0.0/17")
        .map(path)
        .collect();
    for published in [
        &[1103, 286, 701, 15169, 45629][..],
        &[13335, 9498, 5511, 701, 15169, 45629],
        &[202_140, 29075, 5511, 701, 15169, 45629],
        &[52342, 20299, 262_206, 701, 15169, 45629],
    ] {
        assert!(paths.contains(published), "{published:?}");
    }
}

#[test]
fn an_optimizers_routes_appear_behind_a_stub() {
    check_leak("allegheny-2019", Vantage::Border, 701, true);
    let (_, recording) = play("allegheny-2019", Vantage::Border);
    for prefix in ["104.20.0.0/21", "104.20.8.0/21"] {
        assert!(elements(&recording.updates).iter().any(|element| {
            element.prefix.prefix.to_string() == prefix
                && has_run(&path(element), &[701, 396_531, 33154])
                && path(element).last() == Some(&13335)
        }));
    }
}

#[test]
fn leaked_paths_of_known_prefixes_give_way_to_the_old_ones() {
    check_leak("dery-2012", Vantage::Border, 577, false);
    check_leak("dodo-2012", Vantage::Collector, 1221, false);
}

#[test]
fn a_table_is_reoriginated_and_comes_back() {
    let (_, recording) = play("dodo-2012-reoriginated", Vantage::Border);
    let before = baseline(&recording);
    let mut now = before.clone();
    let mut stolen = BTreeSet::new();
    for element in elements(&recording.updates) {
        apply(&mut now, &element);
        let (key, path) = ((element.peer_ip, element.prefix.prefix), path(&element));
        if path.last() == Some(&38285) && before.get(&key).is_some_and(|p| p.last() != path.last())
        {
            stolen.insert(element.prefix.prefix);
        }
    }
    assert_eq!(stolen.len(), recording.truth.incidents[0].routes as usize);
    let own = |routes: &Routes| routes.values().filter(|p| p.last() == Some(&38285)).count();
    assert_eq!(own(&before), own(&now));
}

#[test]
fn the_path_of_2009_has_252_prepends_in_two_segments() {
    let (_, recording) = play("supronet-2009", Vantage::Border);
    let lengths: BTreeSet<usize> = elements(&recording.updates)
        .iter()
        .filter(|element| element.prefix.prefix.to_string() == "94.125.216.0/21")
        .map(|element| path(element).len())
        .collect();
    assert!(lengths.contains(&256), "{lengths:?}");
}

#[test]
fn every_drill_decodes_and_keeps_its_word() {
    let mut names = HashSet::new();
    for drill in drill::all() {
        assert!(names.insert(drill.name), "{} twice", drill.name);
        let options = Options {
            table: Some(30_000),
            routes: Some(1_500),
            ..SMALL
        };
        let recording = drill::play(drill, &options);
        let incidents = match drill.expected {
            Expected::Incidents(count) => count,
            Expected::Quiet => 0,
        };
        assert_eq!(recording.truth.incidents.len(), incidents, "{}", drill.name);
        for incident in &recording.truth.incidents {
            assert!(incident.routes > 0, "{}", drill.name);
            assert!(incident.first < incident.last_withdrawn, "{}", drill.name);
            assert!(
                incident.first.to_string().starts_with(&drill.date[..15]),
                "{}: {}",
                drill.name,
                incident.first
            );
        }
        let table: toml::Table = recording.config.parse().unwrap();
        assert_eq!(table["local_as"].as_integer(), Some(64500));
        assert_eq!(table["peer"].as_array().unwrap().len(), 2);
        check_paths(&baseline(&recording));
        assert!(!elements(&recording.updates).is_empty());
    }
    assert!(drill::find("no-such-drill").is_none());
}

#[test]
fn two_leaks_have_nothing_in_common() {
    let (_, recording) = play("two-leaks", Vantage::Border);
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for element in elements(&recording.updates) {
        for (incident, found) in recording.truth.incidents.iter().zip(&mut found) {
            let neighbour = incident.neighbour.unwrap().0;
            if leaked(&path(&element), neighbour, incident.offender.0) {
                found.insert(element.prefix.prefix);
            }
        }
    }
    for (incident, found) in recording.truth.incidents.iter().zip(&found) {
        assert_eq!(found.len(), incident.routes as usize);
    }
}

#[test]
fn a_refresh_and_a_reset_bring_what_stood_there() {
    for name in ["route-refresh", "session-reset"] {
        let (drill, recording) = play(name, Vantage::Border);
        let begins: jiff::Timestamp = drill.date.parse().unwrap();
        let begins = begins.as_second() as f64 + 2.0;
        let mut now = baseline(&recording);
        let mut again: HashSet<IpNet> = HashSet::new();
        let mut routes = usize::MAX;
        for element in elements(&recording.updates) {
            let key = (element.peer_ip, element.prefix.prefix);
            if element.timestamp > begins && element.peer_asn.to_u32() == 3356 {
                if routes == usize::MAX {
                    routes = now.keys().filter(|(peer, _)| *peer == key.0).count();
                }
                assert_eq!(now.get(&key), Some(&path(&element)), "{name}");
                again.insert(key.1);
                if again.len() == routes {
                    break;
                }
            } else {
                apply(&mut now, &element);
            }
        }
        assert_eq!(again.len(), routes, "{name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let drill = drill::find("telekom-malaysia-2015").unwrap();
    let once = drill::play(drill, &SMALL);
    assert!(once == drill::play(drill, &SMALL));
    let other = drill::play(drill, &Options { seed: 6, ..SMALL });
    assert!(once.rib != other.rib);
    assert!(once.updates != other.updates);
}

#[test]
fn nlri_per_update_is_respected() {
    let drill = drill::find("google-2017").unwrap();
    let options = Options {
        nlri_per_update: Some(1),
        ..SMALL
    };
    let recording = drill::play(drill, &options);
    let parser = BgpkitParser::from_reader(Cursor::new(recording.updates.clone()));
    let records = parser.into_record_iter().count();
    assert_eq!(records, elements(&recording.updates).len());
}
