//! What is advised, in which words.

use super::*;

/// A leak seen on these sessions: peer, its AS, table.
fn leak(neighbour: u32, offender: u32, views: &[(&str, u32, &str)]) -> IncidentEvent {
    let views: Vec<_> = views
        .iter()
        .map(|(peer, asn, rib)| {
            serde_json::json!({
                "router": "192.0.2.1", "peer": peer, "peer_as": asn, "rib": rib
            })
        })
        .collect();
    serde_json::from_value(serde_json::json!({
        "event": "opened",
        "id": "x",
        "time": "2017-08-25T03:22:10Z",
        "kind": "leak",
        "severity": "critical",
        "confidence": 0.9,
        "offender": offender,
        "neighbour": neighbour,
        "views": views,
        "routes": { "active": 1000, "peak": 1000, "total": 1000 },
        "origins": 2,
        "covers": 0,
        "normal": 640,
        "first_seen": "2017-08-25T03:22:01Z",
        "last_seen": "2017-08-25T03:22:10Z",
        "detectors": [],
        "victims": [],
        "samples": [],
        "evidence": [],
        "summary": "",
    }))
    .unwrap()
}

fn reference() -> Reference {
    Reference {
        local_as: Some(Asn(64500)),
        ..Reference::default()
    }
}

fn first(event: &IncidentEvent) -> String {
    measures(event, &reference()).swap_remove(0)
}

fn called(event: &IncidentEvent) -> Vec<u32> {
    let callees = callees(event, &reference());
    callees.into_iter().map(|(asn, _)| asn.0).collect()
}

fn sample(path: &str) -> crate::incident::report::Sample {
    serde_json::from_value(serde_json::json!({
        "prefix": "192.0.2.0/24",
        "time": "2017-08-25T03:22:01Z",
        "before": null,
        "after": path,
    }))
    .unwrap()
}

#[test]
fn a_session_on_which_we_send_or_choose_is_not_one_to_filter_on() {
    let mut views = vec![
        ("198.51.100.1", 701, "adj-rib-in-pre"),
        ("198.51.100.2", 1299, "adj-rib-out-post"),
        ("198.51.100.3", 64500, "loc-rib"),
        ("198.51.100.1", 701, "adj-rib-in-post"),
    ];
    let said = first(&leak(701, 15169, &views));
    assert!(
        said.starts_with("On AS701 (198.51.100.1), refuse"),
        "{said}"
    );
    views.retain(|(_, _, rib)| !rib.starts_with("adj-rib-in"));
    let said = first(&leak(701, 15169, &views));
    let begins = "On the sessions on which they come in, refuse";
    assert!(said.starts_with(begins), "{said}");
}

#[test]
fn when_it_is_we_who_leak_nothing_that_comes_in_is_refused() {
    let views = [("198.51.100.1", 701, "adj-rib-in-pre")];
    let said = first(&leak(701, 64500, &views));
    assert!(said.starts_with("It is our own network."), "{said}");
    assert!(said.contains("most of all to AS701:"), "{said}");
    let called = called(&leak(701, 64500, &views));
    assert_eq!(called, [701], "not ourselves");
}

#[test]
fn a_leak_that_has_spread_is_refused_behind_all_and_all_are_called() {
    let views = [("198.51.100.1", 701, "adj-rib-in-pre")];
    let mut event = leak(701, 15169, &views);
    for path in ["701 15169 4713", "2914 15169 4713"] {
        event.samples.push(sample(path));
    }
    let said = first(&event);
    assert!(said.contains("matches _(701|2914)_15169_, until"), "{said}");
    assert_eq!(called(&event), [701, 2914, 15169]);
}

#[test]
fn between_our_own_routers_nothing_is_refused() {
    let views = [("10.0.0.1", 64500, "adj-rib-in-pre")];
    let mut event = leak(64500, 15169, &views);
    event.samples.push(sample("15169 4713"));
    let said = first(&event);
    assert!(
        said.starts_with("On the sessions with AS15169, take in only"),
        "{said}"
    );
    event.neighbour = None;
    let ours = Some(Asn(64500));
    let who = crate::incident::telling::who(&event, &|asn| asn.to_string(), ours);
    assert_eq!(who, "AS15169, our neighbour");
}

#[test]
fn for_what_a_session_shows_as_a_whole_its_other_end_is_called() {
    let views = [("198.51.100.1", 701, "adj-rib-in-pre")];
    let mut event = leak(0, 0, &views);
    (event.kind, event.offender, event.neighbour) = (Kind::Withdrawal, None, None);
    assert_eq!(called(&event), [701]);
}

#[test]
fn a_limit_on_the_length_is_advised_against_long_paths_only() {
    let views = [("198.51.100.1", 701, "adj-rib-in-pre")];
    let mut event = leak(701, 15169, &views);
    event.kind = Kind::Path;
    event.samples.push(sample("701 15169 3356 15169 4713"));
    assert!(first(&event).starts_with("The paths are not long"));
    event
        .samples
        .push(sample(&format!("701{}", " 15169".repeat(120))));
    assert!(first(&event).starts_with("Refuse such routes on AS701"));
}

#[test]
fn many_sessions_are_counted_each_once() {
    let mut views: Vec<(&str, u32, &str)> = ["1", "2", "3", "4"]
        .map(|asn| (asn, asn.parse().unwrap(), "adj-rib-in-pre"))
        .to_vec();
    views.extend(views.clone());
    let said = first(&leak(701, 15169, &views));
    let begins = "On all 4 sessions on which they come in, refuse";
    assert!(said.starts_with(begins), "{said}");
}

#[test]
fn only_the_session_of_a_neighbour_that_leaks_itself_may_be_shut() {
    let views = [
        ("198.51.100.1", 701, "adj-rib-in-pre"),
        ("198.51.100.2", 64500, "adj-rib-in-pre"),
    ];
    let said = first(&leak(64500, 701, &views));
    assert!(
        said.starts_with("On AS701 (198.51.100.1), take in"),
        "{said}"
    );
}
