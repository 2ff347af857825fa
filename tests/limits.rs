//! What strangers may make the engine keep: routes, prefixes, views.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{net::Ipv4Addr, time::Duration};

use leakwatch::{
    bgp::{
        Afi, Asn, Attributes, Batch, DownReason, Event, EventKind, Nlri, PeerKey, RibView, Router,
        Span,
    },
    config::Config,
    detect::Detector,
    engine::{Engine, Limits},
};

mod story;

use story::{Stage, at};

const TABLE: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/16*100 1000010 3356 1000+/10
    10:00:00 rib $b 20.0.0.0/16*100 1000020 1299 1000+/10
    10:00:00 eor $a
    10:00:00 eor $b
";

fn limited(limits: Limits) -> Stage {
    let mut stage = Stage::default();
    stage.engine.limit(limits);
    stage.tell(TABLE);
    stage
}

fn routes(stage: &Stage) -> Vec<u32> {
    let views = stage.engine.snapshot().views;
    let v4 = views.iter().filter(|view| view.afi == Afi::Ipv4);
    v4.map(|view| view.routes).collect()
}

#[test]
fn beyond_the_limit_on_routes_new_ones_are_refused_and_known_ones_go_on() {
    let mut stage = limited(Limits {
        routes: 210,
        ..Limits::default()
    });
    stage.tell("10:05:00 A $a 30.0.0.0/16*50 1000010 3356 1000");
    assert_eq!(routes(&stage), [110, 100]);
    let counters = stage.engine.counters();
    assert_eq!((counters.routes_refused, counters.announced), (40, 210));
    // Known ones may change, be repeated, go, and make room.
    stage.tell(
        "10:05:01 A $a 20.0.0.0/16*100 1000010 174 1000
         10:05:02 A $a 20.0.0.0/16*100 1000010 174 1000
         10:05:03 W $b 20.0.0.0/16*5
         10:05:04 A $b 40.0.0.0/16*9 1000020 1299 1000",
    );
    assert_eq!(routes(&stage), [110, 100]);
    let counters = stage.engine.counters();
    assert_eq!((counters.changed, counters.unchanged), (100, 100));
    assert_eq!((counters.routes_refused, counters.withdrawn), (44, 5));
    assert_eq!(stage.engine.routes_held(), 210);
}

#[test]
fn a_leak_on_known_prefixes_is_found_with_the_table_full() {
    let mut stage = limited(Limits {
        routes: 200,
        ..Limits::default()
    });
    stage
        .tell("10:20:00 100/s A $a 20.0.0.0/16*100 1000010 701 15169 4713 1000+/10\n10:20:30 wait");
    let critical: Vec<_> = stage.critical().into_iter().collect();
    assert!(
        critical[0].starts_with("leak-15169-via-701"),
        "{critical:?}"
    );
}

#[test]
fn a_flood_of_prefixes_and_path_identifiers_is_refused_and_forgotten() {
    let mut stage = limited(Limits {
        prefixes: 1_000,
        ..Limits::default()
    });
    stage.tell("10:05:00 A $a 30.0.0.0/24*3000 1000010 3356 1000");
    assert!(stage.engine.rib().known() <= 1_000);
    stage.tell("10:05:01 A $b 20.0.0.0/16#7 1000020 1299 1000\n10:05:01 A $b 99.0.0.0/16#7 1000020 1299 1000");
    assert!(stage.engine.rib().known() <= 1_000);
    assert_eq!(stage.engine.counters().routes_refused, 2_100 + 2);
    // Another view of known prefixes needs no new ones.
    stage.tell("10:05:02 A $b 30.0.0.0/24*900 1000020 1299 1000");
    assert_eq!(routes(&stage), [1_000, 1_000]);
    // When the flood is over, there is room again in ten minutes.
    stage.tell("10:05:03 W $a 30.0.0.0/24*900\n10:05:03 W $b 30.0.0.0/24*900\n10:15:10 wait");
    stage.tell("10:15:11 A $b 99.0.0.0/16*800 1000020 1299 1000");
    assert_eq!(routes(&stage), [100, 900]);
}

#[test]
fn more_views_than_may_be_are_refused_and_those_there_go_on() {
    let mut stage = limited(Limits {
        views: 4,
        ..Limits::default()
    });
    stage.tell(
        "10:05:00 A 192.0.2.3/1000030 20.0.0.0/16*10 1000030 3356 1000
         10:05:01 A $a 30.0.0.0/16 1000010 3356 1000
         10:05:02 A $a 2600::/32 1000010 3356 1000
         10:05:03 A $a@loc-rib 20.0.0.0/16*10 1000010 3356 1000",
    );
    assert_eq!(
        routes(&stage),
        [101, 100],
        "End-of-RIB has made two IPv6 views"
    );
    assert_eq!(stage.engine.counters().views_refused, 2);
    // Room is made by what is down and has nothing.
    stage.tell(
        "10:06:00 down $b
         10:06:01 up 192.0.2.3/1000030
         10:06:02 A 192.0.2.3/1000030 20.0.0.0/16*10 1000030 3356 1000
         10:06:03 eor 192.0.2.3/1000030",
    );
    let mut all = routes(&stage);
    all.sort_unstable();
    assert_eq!(all, [10, 101]);
    stage
        .tell("10:20:00 100/s A $a 20.0.0.0/16*100 1000010 701 15169 4713 1000+/10\n10:20:30 wait");
    let critical: Vec<_> = stage.critical().into_iter().collect();
    assert!(
        critical[0].starts_with("leak-15169-via-701"),
        "{critical:?}"
    );
}

#[test]
fn a_view_that_is_down_stays_to_be_seen_for_an_hour() {
    let mut stage = limited(Limits::default());
    stage.tell("10:05:00 down $a\n11:04:59 wait");
    assert_eq!(routes(&stage), [0, 100]);
    stage.tell("11:05:01 wait");
    assert_eq!(routes(&stage), [100]);
    // It is back, under whatever number.
    stage.tell("11:06:00 up $a\n11:06:01 A $a 20.0.0.0/16*7 1000010 3356 1000\n11:06:02 eor $a");
    let mut all = routes(&stage);
    all.sort_unstable();
    assert_eq!(all, [7, 100]);
}

#[test]
fn a_view_that_an_incident_tells_of_is_kept_until_that_is_forgotten() {
    let mut stage = limited(Limits::default());
    stage.tell(
        "10:20:00 100/s A $a 20.0.0.0/16*100 1000010 701 15169 4713 1000+/10\n10:20:30 down $a",
    );
    stage.tell("13:00:00 wait");
    let open = stage.engine.incidents();
    assert_eq!(open[0].views[0].peer, "192.0.2.1");
    assert_eq!(routes(&stage).len(), 2);
    stage.tell("19:00:00 wait");
    assert!(stage.engine.incidents().is_empty());
    assert_eq!(routes(&stage), [100]);
}

fn fake_peer(number: u32) -> PeerKey {
    PeerKey {
        router: Router::bmp([192, 0, 2, 9].into()),
        distinguisher: 0,
        address: Ipv4Addr::from_bits(0x0A00_0000 + number % 1000).into(),
        asn: Asn(1_000_000 + number % 1000),
        bgp_id: number,
    }
}

#[test]
fn peers_that_come_and_go_under_ever_new_names_leave_memory_flat() {
    let config = Config::default();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let (mut said, mut time) = (Vec::new(), at("10:00:00"));
    let (mut number, mut early) = (0, 0);
    for round in 0..40 {
        let mut batch = Batch::default();
        for _ in 0..1000 {
            let peer = batch.peers.len() as u16;
            batch.peers.push(fake_peer(number));
            let path = batch.push_path(&[1_000_000 + number % 1000, 3356, 2_000_000 + number]);
            let nlri = batch.push_v4([Nlri::new(0x1400_0000 + ((number % 1000) << 8), 24, 0)]);
            number += 1;
            let attributes = Attributes {
                path,
                ..Attributes::default()
            };
            let afi = Afi::Ipv4;
            for kind in [
                EventKind::PeerUp,
                EventKind::Announce {
                    afi,
                    attributes,
                    nlri,
                },
                EventKind::EndOfRib(Afi::Ipv6),
                EventKind::PeerDown(DownReason::State),
            ] {
                batch.events.push(Event {
                    time,
                    peer,
                    rib: RibView::AdjRibInPre,
                    kind,
                    raw: Span::default(),
                });
            }
        }
        engine.apply(&batch, &mut said);
        time = time + Duration::from_secs(20);
        let snapshot = engine.snapshot();
        assert!(
            snapshot.views.len() <= 10_000,
            "{} views",
            snapshot.views.len()
        );
        assert_eq!(snapshot.counters.views_refused, 0);
        if round == 20 {
            early = snapshot.memory;
        }
    }
    let late = engine.snapshot().memory;
    assert!(late <= early * 5 / 4, "{early} bytes early, {late} late");
    assert_eq!(engine.routes_held(), 0);
    for &detector in Detector::ALL {
        let (raised, cleared) = engine.folder().ledger.balance(detector);
        assert_eq!(raised, cleared);
    }
}
