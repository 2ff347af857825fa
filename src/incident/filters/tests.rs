//! What the filters look like, in every router's words.

use std::fmt::Write as _;

use super::*;
use crate::{
    bgp::Timestamp,
    incident::{
        Severity, Step,
        report::{Routes, Sample},
    },
    reference::{Own, PeerPolicy},
};

fn event(kind: Kind) -> IncidentEvent {
    let view = |router: &str, peer: &str, asn| ViewName {
        router: router.to_owned(),
        peer: peer.to_owned(),
        peer_as: Asn(asn),
        rib: RibView::AdjRibInPre,
    };
    let sample = |prefix: &str| Sample {
        prefix: prefix.parse().unwrap(),
        time: Timestamp::from_secs(1_503_631_321),
        before: None,
        after: "701 15169 4713".to_owned(),
    };
    IncidentEvent {
        event: Step::Opened,
        drill: false,
        number: 1,
        id: "x".to_owned(),
        time: Timestamp::from_secs(1_503_631_321),
        kind,
        severity: Severity::Critical,
        confidence: 0.9,
        offender: Some(Asn(15169)),
        neighbour: Some(Asn(701)),
        views: vec![
            view("192.0.2.1", "198.51.100.1", 701),
            view("192.0.2.1", "2001:db8::1", 1299),
        ],
        routes: Routes {
            active: 123_456,
            peak: 123_456,
            total: 123_456,
        },
        origins: 2,
        covers: 1,
        normal: Some(640),
        first_seen: Timestamp::from_secs(1_503_631_321),
        last_seen: Timestamp::from_secs(1_503_631_321),
        detectors: Vec::new(),
        victims: Vec::new(),
        samples: vec![sample("192.0.2.128/25"), sample("2001:db8:1::/64")],
        evidence: Vec::new(),
        summary: String::new(),
    }
}

fn reference(platform: Platform) -> Reference {
    let policy = |name: &str, address: &str| PeerPolicy {
        name: name.to_owned(),
        address: Some(address.parse().unwrap()),
        platform: Some(platform),
        ..PeerPolicy::default()
    };
    let mut reference = Reference {
        local_as: Some(Asn(64500)),
        peers: vec![policy("transit-a", "198.51.100.1")],
        ..Reference::default()
    };
    reference.own.insert(Own {
        prefix: "192.0.2.0/24".parse().unwrap(),
        min_len: 24,
        max_len: 24,
        origins: vec![Asn(64500)],
        upstreams: Vec::new(),
    });
    reference
}

/// Every sort of filter, for one platform.
fn all(platform: Platform) -> String {
    let mut text = String::new();
    for kind in [
        Kind::Leak,
        Kind::Origin,
        Kind::OwnPrefix,
        Kind::Path,
        Kind::Specific,
        Kind::MaximumPrefix,
    ] {
        let suggested = suggest(&event(kind), &reference(platform));
        assert_eq!(suggested.unknown, ["AS1299 (2001:db8::1)"]);
        let [one] = &suggested.filters[..] else {
            panic!("one session has a platform: {suggested:?}")
        };
        assert_eq!(one.session, "transit-a");
        let _ = writeln!(text, "--- {}\n{}\n({})", kind.name(), one.text, one.caution);
    }
    let across = IncidentEvent {
        neighbour: None,
        ..event(Kind::Leak)
    };
    let suggested = suggest(&across, &reference(platform));
    let _ = writeln!(text, "--- across\n{}", suggested.filters[0].text);
    text
}

#[test]
fn every_router_has_its_own_words() {
    for (name, platform, _) in Platform::NAMES {
        insta::assert_snapshot!(name, all(platform));
    }
}

#[test]
fn a_neighbour_that_leaks_itself_is_limited_and_not_cut_off() {
    let mut reference = reference(Platform::Frr);
    let direct = IncidentEvent {
        offender: Some(Asn(701)),
        neighbour: Some(Asn(64500)),
        ..event(Kind::Leak)
    };
    let text = &suggest(&direct, &reference).filters[0].text;
    assert!(text.contains("maximum-prefix 960 75"), "{text}");
    reference.peers[0].maximum_prefix_ipv4 = Some(1000);
    let text = &suggest(&direct, &reference).filters[0].text;
    assert!(text.contains("maximum-prefix 1000 75"), "{text}");
    let unmeasured = IncidentEvent {
        normal: None,
        ..direct
    };
    reference.peers[0].maximum_prefix_ipv4 = None;
    assert_eq!(suggest(&unmeasured, &reference), Suggested::default());
}

#[test]
fn nothing_is_suggested_where_a_filter_would_not_help() {
    for kind in [Kind::Surge, Kind::Withdrawal, Kind::Visibility] {
        let suggested = suggest(&event(kind), &reference(Platform::Junos));
        assert_eq!(suggested, Suggested::default(), "{kind:?}");
    }
}

#[test]
fn words_of_strangers_and_of_the_configuration_are_never_in_a_command() {
    let mut hostile = event(Kind::Leak);
    hostile.views[0].router = "x\nreload".to_owned();
    hostile.samples[0].after = "701; reload".to_owned();
    hostile.summary = "reload".to_owned();
    hostile.id = "reload".to_owned();
    for (_, platform, _) in Platform::NAMES {
        let mut reference = reference(platform);
        reference.peers[0].name = "reload\nnow".to_owned();
        for kind in Kind::ALL {
            hostile.kind = *kind;
            for one in suggest(&hostile, &reference).filters {
                assert!(!one.text.contains("reload"), "{}", one.text);
                assert!(!one.session.contains('\n'));
            }
        }
    }
    let unreadable = IncidentEvent {
        views: vec![ViewName {
            peer: "198.51.100.1\nreload".to_owned(),
            ..hostile.views[0].clone()
        }],
        ..event(Kind::Leak)
    };
    let suggested = suggest(&unreadable, &reference(Platform::Frr));
    assert!(suggested.filters.is_empty());
}

#[test]
fn what_is_sent_out_or_chosen_by_us_gets_no_inbound_filter() {
    let mut sent = event(Kind::Leak);
    for view in &mut sent.views {
        view.rib = RibView::AdjRibOutPost;
    }
    assert_eq!(
        suggest(&sent, &reference(Platform::Eos)),
        Suggested::default()
    );
}

#[test]
fn limits_are_numbers_that_people_type() {
    assert_eq!(round(164_608), 170_000);
    assert_eq!(round(960), 960);
    assert_eq!(round(7), 7);
    assert_eq!(round(0), 0);
    assert_eq!(round(u32::MAX), u32::MAX);
}
