use std::net::Ipv4Addr;

use super::*;
use crate::bgp::{Asn, Router};
use crate::incident::{Kind, Severity};
use crate::metrics::Metrics;

fn view(router: u8, peer: u8, afi: Afi, routes: u32) -> ViewState {
    ViewState {
        peer: PeerKey {
            router: Router::bmp(IpAddr::from([192, 0, 2, router])),
            distinguisher: 0,
            address: IpAddr::from([198, 51, 100, peer]),
            asn: Asn(64500 + u32::from(peer)),
            bgp_id: 0,
        },
        name: String::new(),
        rib: RibView::AdjRibInPre,
        afi,
        routes,
        phase: Phase::Live,
        had_table: true,
        since: Timestamp::from_secs(1),
        last_change: Timestamp::from_secs(1_700_000_000),
        stale: false,
        limit: None,
        days_to_limit: None,
    }
}

fn shown(views: Vec<ViewState>) -> String {
    let metrics = Metrics::new();
    metrics.observe(&Arc::new(Snapshot {
        views,
        ..Snapshot::default()
    }));
    metrics.text().unwrap()
}

#[test]
fn a_view_has_its_series_until_it_is_gone() {
    let metrics = Metrics::new();
    let seen = |text: &str| text.matches("peer=\"198.51.100.1\"").count();
    metrics.observe(&Arc::new(Snapshot {
        views: vec![view(1, 1, Afi::Ipv4, 7)],
        ..Snapshot::default()
    }));
    let text = metrics.text().unwrap();
    assert!(
        text.contains(
            "leakwatch_routes{router=\"192.0.2.1\",peer=\"198.51.100.1\",peer_as=\"64501\",\
         afi=\"ipv4\",safi=\"unicast\",rib=\"adj-rib-in-pre\"} 7\n"
        ),
        "{text}"
    );
    assert_eq!(seen(&text), 6, "{text}");
    metrics.observe(&Arc::new(Snapshot::default()));
    assert_eq!(seen(&metrics.text().unwrap()), 0);
}

#[test]
fn no_two_series_have_the_same_labels_whatever_tells_peers_apart() {
    let mut twice = view(1, 1, Afi::Ipv4, 5);
    twice.peer.bgp_id = 77;
    twice.phase = Phase::Down;
    let mut in_vrf = view(1, 1, Afi::Ipv4, 3);
    in_vrf.peer.distinguisher = 64500 << 32 | 9;
    let text = shown(vec![view(1, 1, Afi::Ipv4, 7), twice, in_vrf]);
    let series: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.rsplit_once(' ')?.0))
        .collect();
    let mut distinct = series.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(series.len(), distinct.len());
    assert!(
        text.contains(
            "peer_as=\"64501\",afi=\"ipv4\",safi=\"unicast\",rib=\"adj-rib-in-pre\"} 12\n"
        )
    );
    assert!(
        text.contains("rd=\"64500:9\",afi=\"ipv4\",safi=\"unicast\",rib=\"adj-rib-in-pre\"} 3\n")
    );
    assert!(text.contains(
        "leakwatch_peer_up{router=\"192.0.2.1\",peer=\"198.51.100.1\",peer_as=\"64501\"} 1\n"
    ));
}

#[test]
fn route_distinguishers_print_as_routers_print_them() {
    assert_eq!(route_distinguisher(0), "");
    assert_eq!(route_distinguisher(64500 << 32 | 1), "64500:1");
    let address = u64::from(u32::from(Ipv4Addr::new(192, 0, 2, 1)));
    assert_eq!(
        route_distinguisher(1 << 48 | address << 16 | 7),
        "192.0.2.1:7"
    );
    assert_eq!(
        route_distinguisher(2 << 48 | 4_200_000_001 << 16 | 8),
        "4200000001:8"
    );
    assert_eq!(route_distinguisher(u64::MAX), "0xffffffffffffffff");
}

#[test]
fn a_drills_incidents_are_marked_and_its_peers_have_no_series() {
    let metrics = Metrics::new();
    let drill = Arc::new(Snapshot {
        views: vec![view(9, 9, Afi::Ipv4, 7)],
        open: BTreeMap::from([((Kind::Leak, Severity::Critical), 1)]),
        ..Snapshot::default()
    });
    metrics.observe_drill(Some(&drill));
    let text = metrics.text().unwrap();
    let marked = "leakwatch_incidents_active{detector=\"leak\",severity=\"critical\",drill=";
    assert!(text.contains(&format!("{marked}\"true\"}} 1\n")));
    assert!(text.contains(&format!("{marked}\"false\"}} 0\n")));
    assert!(!text.contains("198.51.100.9"));
    metrics.observe_drill(None);
    let open = format!("{marked}\"true\"");
    assert!(!metrics.text().unwrap().contains(&open));
}

#[test]
fn a_name_from_the_configuration_cannot_break_a_line() {
    let mut named = view(1, 1, Afi::Ipv4, 1);
    named.name = "a\"b\\c\nd".to_owned();
    let text = shown(vec![named]);
    assert!(text.contains("name=\"a\\\"b\\\\c\\nd\"} 1\n"), "{text}");
}

/// 500 routers, each with four peers of both families: what a scrape is then.
#[test]
fn many_routers_make_a_scrape_of_known_size() {
    let mut views = Vec::new();
    for router in 0..500_u32 {
        for peer in 0..4 {
            for afi in [Afi::Ipv4, Afi::Ipv6] {
                let mut one = view(0, peer, afi, 1_000_000);
                one.peer.router = Router::bmp(Ipv4Addr::from_bits(0x0A00_0000 + router).into());
                one.limit = Some(1_300_000);
                views.push(one);
            }
        }
    }
    let text = shown(views);
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    let per_view = 3 * 4000;
    let per_peer = 4 * 2000;
    assert!(
        (per_view + per_peer..per_view + per_peer + 500).contains(&series),
        "{series} series, {} bytes",
        text.len()
    );
}
