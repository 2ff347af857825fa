//! Every filter that is suggested for FRR, read by FRR itself where it is installed.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::{
    io::{self, Write as _},
    path::Path,
    process::Command,
};

use leakwatch::{
    incident::{IncidentEvent, Kind, filters::suggest},
    reference::{PeerPolicy, Platform, Reference},
};

fn event(kind: Kind) -> IncidentEvent {
    serde_json::from_value(serde_json::json!({
        "event": "opened",
        "id": "x",
        "time": "2017-08-25T03:22:10Z",
        "kind": kind,
        "severity": "critical",
        "confidence": 0.9,
        "offender": 15169,
        "neighbour": 701,
        "views": [{
            "router": "192.0.2.1", "peer": "198.51.100.1", "peer_as": 701,
            "rib": "adj-rib-in-pre"
        }],
        "routes": { "active": 160_000, "peak": 160_000, "total": 160_000 },
        "origins": 2,
        "covers": 1,
        "normal": 640,
        "first_seen": "2017-08-25T03:22:01Z",
        "last_seen": "2017-08-25T03:22:10Z",
        "detectors": [],
        "victims": [],
        "samples": [
            {
                "prefix": "192.0.2.0/24", "time": "2017-08-25T03:22:01Z", "before": null,
                "after": format!("701{}", " 1".repeat(120)),
            },
            { "prefix": "198.51.100.9/32", "time": "2017-08-25T03:22:01Z", "before": null, "after": "701 1" },
            { "prefix": "2001:db8::/48", "time": "2017-08-25T03:22:01Z", "before": null, "after": "701 1" },
        ],
        "evidence": [],
        "summary": "",
    }))
    .unwrap()
}

#[test]
fn frr_takes_every_filter() {
    let reference = Reference {
        local_as: Some("64500".parse().unwrap()),
        peers: vec![PeerPolicy {
            address: Some("198.51.100.1".parse().unwrap()),
            platform: Some(Platform::Frr),
            ..PeerPolicy::default()
        }],
        ..Reference::default()
    };
    let mut events: Vec<IncidentEvent> = Kind::ALL.iter().map(|kind| event(*kind)).collect();
    let mut across = event(Kind::Leak);
    across.neighbour = None;
    across.views[0].peer_as = "1299".parse().unwrap();
    events.push(across);
    let filters: Vec<String> = events
        .iter()
        .flat_map(|event| suggest(event, &reference).filters)
        .map(|one| one.text)
        .collect();
    assert_eq!(filters.len(), 9, "all kinds but three, and one more");
    let bgpd = Path::new("/usr/lib/frr/bgpd");
    if !bgpd.exists() {
        // Past what is captured of a test that passes.
        let _ = writeln!(io::stderr(), "skipped: FRR is not here to read the filters");
        return;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frr-filters.conf");
    for filter in filters {
        // What the router has already.
        let filter = filter.replace(
            "router bgp 64500\n",
            "router bgp 64500\n neighbor 198.51.100.1 remote-as 701\n",
        );
        std::fs::write(&file, format!("{filter}\n")).unwrap();
        let read = Command::new(bgpd)
            .arg("-C")
            .arg("-f")
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&read.stderr) + String::from_utf8_lossy(&read.stdout);
        assert!(
            read.status.success() && said.trim().is_empty(),
            "{said}\n{filter}"
        );
    }
}
