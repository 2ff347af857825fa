//! What the filters look like, in every router's words.

use std::fmt::Write as _;

use super::{choice::round, *};
use crate::{
    bgp::{RibView, Timestamp},
    incident::{
        Severity, Step,
        report::{Routes, Sample},
    },
    reference::{Own, PeerPolicy},
};

/// A path of so many ASes.
fn path(length: usize) -> String {
    format!("701{}", " 15169".repeat(length - 1))
}

/// A leak of 15169's through 701, or what else an incident may be.
pub fn event(kind: Kind) -> IncidentEvent {
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
        after: match kind {
            Kind::Path => path(120),
            _ => "701 15169 4713".to_owned(),
        },
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
        afi: None,
        unobservable: false,
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
    for (name, takers) in [("spread", 2), ("across", 4)] {
        let suggested = suggest(&spread(takers), &reference(platform));
        let _ = writeln!(text, "--- {name}\n{}", suggested.filters[0].text);
    }
    text
}

/// A leak that has come in behind this many networks.
fn spread(takers: u32) -> IncidentEvent {
    let mut spread = event(Kind::Leak);
    let one = spread.samples[0].clone();
    let taken = (0..takers).map(|number| Sample {
        after: format!("{} 15169 4713", 701 + number),
        ..one.clone()
    });
    spread.samples = taken.collect();
    spread
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
    let one = &suggest(&direct, &reference).filters[0];
    assert!(one.text.contains("maximum-prefix 960 75"), "{one:?}");
    assert!(
        one.caution
            .ends_with("it goes down as soon as this is entered.")
    );
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
fn a_leak_that_has_spread_is_refused_behind_each_that_took_it() {
    let one = &suggest(&spread(2), &reference(Platform::Frr)).filters[0];
    for line in ["seq 5 permit _701_15169_", "seq 10 permit _702_15169_"] {
        assert!(one.text.contains(line), "{}", one.text);
    }
    let said = "Refuses every route with 701 15169 or 702 15169 in its path";
    assert!(one.caution.starts_with(said), "{}", one.caution);
}

#[test]
fn long_paths_are_counted_in_words_and_not_in_digits() {
    // glibc, which FRR takes its expressions from, finds 101 times `[0-9]+_` in the digits of
    // twenty ASes.
    let text = &suggest(&event(Kind::Path), &reference(Platform::Frr)).filters[0].text;
    assert!(text.contains("seq 5 permit ^([^ ]+ ){100}\n"), "{text}");
}

#[test]
fn nothing_is_refused_between_our_own_routers_or_when_it_is_we_who_leak() {
    let reference = reference(Platform::Frr);
    let mut internal = event(Kind::Leak);
    internal.views.truncate(1);
    assert_eq!(suggest(&internal, &reference).filters.len(), 1);
    let ours = IncidentEvent {
        offender: Some(Asn(64500)),
        ..internal.clone()
    };
    assert_eq!(suggest(&ours, &reference), Suggested::default());
    internal.views[0].peer_as = Asn(64500);
    assert_eq!(suggest(&internal, &reference), Suggested::default());
}

#[test]
fn a_session_is_limited_in_the_family_that_it_has() {
    let mut reference = reference(Platform::Frr);
    reference.peers[0].address = Some("2001:db8::1".parse().unwrap());
    let direct = IncidentEvent {
        offender: Some(Asn(1299)),
        neighbour: Some(Asn(64500)),
        ..event(Kind::Leak)
    };
    let text = &suggest(&direct, &reference).filters[0].text;
    assert!(text.contains("address-family ipv6 unicast"), "{text}");
    let near = IncidentEvent {
        afi: Some(crate::bgp::Afi::Ipv4),
        samples: Vec::new(),
        offender: None,
        neighbour: None,
        ..event(Kind::MaximumPrefix)
    };
    let text = &suggest(&near, &reference).filters[0].text;
    assert!(text.contains("address-family ipv4 unicast"), "{text}");
}

#[test]
fn a_limit_is_for_no_other_session_than_that_of_the_neighbour_that_leaks() {
    let mut reference = reference(Platform::Junos);
    reference.peers.push(PeerPolicy {
        address: Some("2001:db8::1".parse().unwrap()),
        platform: Some(Platform::Junos),
        ..PeerPolicy::default()
    });
    let direct = IncidentEvent {
        offender: Some(Asn(701)),
        neighbour: Some(Asn(64500)),
        ..event(Kind::Leak)
    };
    let suggested = suggest(&direct, &reference);
    let [one] = &suggested.filters[..] else {
        panic!("one neighbour leaks: {suggested:?}")
    };
    assert!(one.text.contains("neighbor 198.51.100.1 "), "{}", one.text);
}

#[test]
fn good_prefixes_behind_a_bogon_as_are_not_refused() {
    let reference = reference(Platform::IosXr);
    let mut bogon = event(Kind::Bogon);
    bogon.samples.truncate(1);
    bogon.samples[0].prefix = "193.0.0.0/21".parse().unwrap();
    bogon.samples[0].after = "701 64512".to_owned();
    assert_eq!(suggest(&bogon, &reference), Suggested::default());
    // All of IPv6 that is in use lies in it.
    bogon.samples[0].prefix = "::/1".parse().unwrap();
    assert_eq!(suggest(&bogon, &reference), Suggested::default());
    let mut special = bogon.samples[0].clone();
    special.prefix = "10.0.0.0/8".parse().unwrap();
    bogon.samples.push(special);
    let text = &suggest(&bogon, &reference).filters[0].text;
    assert!(
        text.contains("\n  10.0.0.0/8 ge 8 le 32\nend-set"),
        "{text}"
    );
}

#[test]
fn paths_are_limited_to_what_an_example_exceeds() {
    let reference = reference(Platform::IosXr);
    let limit = |after: String| {
        let mut long = event(Kind::Path);
        long.samples[0].after = after;
        long.samples.truncate(1);
        let filters = suggest(&long, &reference).filters;
        let text = filters.first().map(|one| one.text.clone());
        text.map(|text| text.lines().nth(1).unwrap_or_default().trim().to_owned())
    };
    let at = |most: u32| Some(format!("if as-path length ge {} then", most + 1));
    assert_eq!(limit(path(101)), at(100));
    assert_eq!(limit(path(100)), at(50));
    assert_eq!(limit(path(51)), at(50));
    assert_eq!(
        limit(path(50)),
        None,
        "one AS over and over, in a short path"
    );
    let set = format!("{} {{1,2,3}}", path(49));
    assert_eq!(limit(set), None, "a set counts one");
    let confederation = format!("(65001 65002) [65003,65004] {}", path(50));
    assert_eq!(limit(confederation), None, "a confederation counts none");
}

#[test]
fn the_last_filter_says_how_many_sessions_need_the_same() {
    let mut reference = reference(Platform::Vrp);
    let mut wide = event(Kind::Leak);
    wide.views.clear();
    for number in 1..=5_u8 {
        let peer = format!("198.51.100.{number}");
        reference.peers.push(PeerPolicy {
            address: Some(peer.parse().unwrap()),
            platform: Some(Platform::Vrp),
            ..PeerPolicy::default()
        });
        wide.views.push(ViewName {
            peer,
            ..event(Kind::Leak).views[0].clone()
        });
    }
    let filters = suggest(&wide, &reference).filters;
    assert_eq!(filters.len(), MOST_SESSIONS);
    let end = "The same on 2 more sessions; `leakwatch incidents x` names them.";
    let told = filters.iter().map(|one| one.caution.ends_with(end));
    assert_eq!(told.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn vrp_asks_for_the_routes_of_the_family_at_stake() {
    let reference = reference(Platform::Vrp);
    let mut six = event(Kind::Leak);
    let said = |event: &IncidentEvent| suggest(event, &reference).filters[0].caution.clone();
    assert!(said(&six).contains("`refresh bgp 198.51.100.1 import`"));
    six.samples.remove(0);
    assert!(said(&six).contains("`refresh bgp ipv6 198.51.100.1 import`"));
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
