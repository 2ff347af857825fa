//! BMP over real loopback sockets: who may speak, who is cut, who takes over, what is
//! held and for how long.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot speak to itself has failed"
)]

mod stand;

use std::{sync::Arc, time::Duration};

use leakwatch::{
    bgp::{DownReason, EventKind, Router},
    feed::{
        bmp::{Settings, Standing},
        intake::Realm,
    },
    wire::bmp::{Gauge, Statistics, TerminationReason},
};
use stand::{Stand, is_down, is_lost, is_up, quick, until};
use tokio::io::AsyncWriteExt;

/// Long enough to be seen while it lasts, also where a process stands still for seconds.
const SEEN: Duration = Duration::from_secs(6);

/// Settings under which a message is soon late.
fn impatient() -> Settings {
    Settings {
        stall: Duration::from_millis(400),
        ..quick()
    }
}

#[tokio::test]
async fn a_router_is_heard_and_shown() {
    let stand = Stand::new(quick()).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.routes(1, 0, 100);
    router.end_of_rib(1);
    router.send().await;
    stand.heard("100 routes", |log| log.announced == 100).await;
    // The end of the RIB is no route, and may come later than they.
    let state = stand
        .listed("r1", |router| {
            router.peers == 1 && router.messages.get("route_monitoring") == Some(&101)
        })
        .await;
    assert_eq!(state.state, Standing::Up);
    assert_eq!(state.router, "127.0.0.1");
    assert_eq!(state.decode_errors.len(), 0);
    assert!(state.last_update.is_some() && state.bytes > 5000);
    stand.shows("leakwatch_bmp_sessions 1").await;
    stand
        .shows("leakwatch_bmp_session_peers{router=\"127.0.0.1\"} 1")
        .await;
    stand
        .shows("leakwatch_bmp_messages_received_total{type=\"peer_up\"} 1")
        .await;
    let routers = stand.stop().await;
    assert_eq!(routers.sums().closed.iter().sum::<u64>(), 1);
}

#[tokio::test]
async fn a_byte_at_a_time_is_cut_when_the_message_is_late_and_silence_between_is_not() {
    let stand = Stand::new(impatient()).await;
    let mut idle = stand.router("idle").await;
    let mut in_header = stand.router("header").await;
    let mut in_body = stand.router("body").await;
    in_header.routes(1, 0, 1);
    in_body.routes(1, 0, 1);
    let messages = [
        std::mem::take(&mut in_header.pending),
        std::mem::take(&mut in_body.pending),
    ];
    // Six octets are the header; the drip stays in it, or begins behind it.
    in_body.stream.write_all(&messages[1][..7]).await.unwrap();
    // Six of them make a header, which is long after the first is late.
    let drip = |mut speaker: stand::Speaker, message: Vec<u8>| async move {
        for byte in message.iter().cycle() {
            if speaker.stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let dripping = [
        tokio::spawn(drip(in_header, messages[0][..1].to_vec())),
        tokio::spawn(drip(in_body, messages[1][7..].to_vec())),
    ];
    until("both cut", || stand.closed("stalled") == 2).await;
    dripping.iter().for_each(tokio::task::JoinHandle::abort);
    idle.peer_up(1);
    idle.send().await;
    stand.listed("idle", |router| router.peers == 1).await;
    stand
        .shows("leakwatch_bmp_sessions_closed_total{reason=\"stalled\"} 2")
        .await;
}

#[tokio::test]
async fn who_says_nothing_at_first_is_cut() {
    let stand = Stand::new(impatient()).await;
    let mut silent = stand.connect().await;
    silent.is_closed().await;
    until("counted", || stand.closed("no_initiation") == 1).await;
    assert!(stand.routers.list().is_empty());
}

#[tokio::test]
async fn strangers_are_closed_at_their_first_octets() {
    let stand = Stand::new(quick()).await;
    let strangers: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11",
        b"\x04\0\0\0\x20\x04",
        &[0xff; 19],
    ];
    for stranger in strangers {
        let mut speaker = stand.connect().await;
        speaker.stream.write_all(stranger).await.unwrap();
        speaker.is_closed().await;
    }
    until("counted", || stand.closed("not_bmp") == 6).await;
    for length in [0_u32, 5, 0xffff_ffff, (1 << 20) + 1] {
        let mut speaker = stand.connect().await;
        let mut header = vec![3];
        header.extend(length.to_be_bytes());
        header.push(4);
        speaker.stream.write_all(&header).await.unwrap();
        speaker.is_closed().await;
    }
    until("counted", || stand.closed("framing") == 4).await;
    assert!(stand.routers.list().is_empty());
}

#[tokio::test]
async fn a_newer_session_takes_over_and_speaks_only_when_the_older_has_left() {
    let stand = Stand::new(quick()).await;
    let mut older = stand.router("r1").await;
    older.peer_up(1);
    older.routes(1, 0, 10);
    older.send().await;
    stand.heard("10 routes", |log| log.announced == 10).await;
    let mut newer = stand.router("r1").await;
    newer.peer_up(1);
    newer.routes(1, 0, 5);
    newer.send().await;
    older.is_closed().await;
    stand.heard("5 more", |log| log.announced == 15).await;
    {
        let log = stand.log.lock().unwrap();
        let kinds: Vec<_> = log
            .events
            .iter()
            .map(|heard| &heard.kind)
            .filter(|kind| is_up(kind) || is_lost(kind) || is_down(kind))
            .collect();
        assert!(
            matches!(
                kinds[..],
                [EventKind::PeerUp, EventKind::PeerLost, EventKind::PeerUp]
            ),
            "{kinds:?}"
        );
        let peers = log.events.iter().map(|heard| heard.peer.router);
        assert!(
            peers
                .into_iter()
                .all(|router| router == Router::bmp([127, 0, 0, 1].into()))
        );
    }
    assert_eq!(stand.closed("taken_over"), 1);
    assert_eq!(stand.routers.sums().take_overs, 1);
    let state = stand.listed("r1", |router| router.peers == 1).await;
    assert_eq!((state.state, state.sessions), (Standing::Up, 2));
    // What was held of the older session is not given up later: it is looked for each second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(stand.log.lock().unwrap().count(is_down), 0);
}

#[tokio::test]
async fn routers_of_different_names_behind_one_address_are_two() {
    let settings = Settings {
        hold_stale: Duration::from_secs(3600),
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut routers = [stand.router("r1").await, stand.router("r2").await];
    for (router, count) in routers.iter_mut().zip([3, 4]) {
        router.peer_up(1);
        router.routes(1, 0, count);
        router.send().await;
    }
    stand.heard("7 routes", |log| log.announced == 7).await;
    let names: Vec<_> = [
        stand.listed("r1", |router| router.peers == 1).await.router,
        stand.listed("r2", |router| router.peers == 1).await.router,
    ]
    .into();
    assert!(names.contains(&"127.0.0.1".to_owned()) && names.contains(&"127.0.0.1#1".to_owned()));
    // Back after a loss, each is who it was.
    let [first, second] = routers;
    drop(first);
    drop(second);
    until("both lost", || stand.standing(Standing::Stale) == 2).await;
    let _second = stand.router("r2").await;
    let second = stand
        .listed("r2", |router| router.state == Standing::Up)
        .await;
    assert_eq!(second.router, names[1]);
}

#[tokio::test]
async fn a_lost_router_is_held_and_given_up_when_it_does_not_return() {
    let settings = Settings {
        hold_stale: SEEN,
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.peer_up(2);
    router.send().await;
    stand.listed("r1", |router| router.peers == 2).await;
    drop(router);
    stand.heard("lost", |log| log.count(is_lost) == 2).await;
    let state = stand.listed("r1", |router| router.stale_peers == 2).await;
    assert_eq!((state.state, state.peers), (Standing::Stale, 0));
    assert!(state.stale_until.is_some());
    stand.heard("given up", |log| log.count(is_down) == 2).await;
    let down = EventKind::PeerDown(DownReason::Unmonitored);
    assert_eq!(stand.log.lock().unwrap().count(|kind| *kind == down), 2);
    let state = stand
        .listed("r1", |router| router.state == Standing::Gone)
        .await;
    assert_eq!((state.stale_peers, state.stale_until), (0, None));
    assert_eq!(stand.routers.peers(), 0);
}

#[tokio::test]
async fn a_router_that_returns_keeps_its_peers_but_for_those_that_do_not() {
    let settings = Settings {
        hold_stale: Duration::from_secs(3600),
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.peer_up(2);
    router.send().await;
    stand.listed("r1", |router| router.peers == 2).await;
    router.reset();
    stand.heard("lost", |log| log.count(is_lost) == 2).await;
    stand
        .listed("r1", |router| router.state == Standing::Stale)
        .await;
    // From its return on its peers have so long.
    stand.reload(|settings| settings.hold_stale = SEEN);
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.send().await;
    let state = stand.listed("r1", |router| router.peers == 1).await;
    assert_eq!((state.state, state.stale_peers), (Standing::Up, 1));
    assert_eq!(stand.log.lock().unwrap().count(is_down), 0);
    stand
        .heard("one given up", |log| log.count(is_down) == 1)
        .await;
    {
        let log = stand.log.lock().unwrap();
        let gone = log.events.iter().find(|heard| is_down(&heard.kind));
        assert_eq!(gone.unwrap().peer.address, stand::peer(2).address);
    }
    stand.listed("r1", |router| router.stale_peers == 0).await;
    assert_eq!(stand.routers.peers(), 1);
}

#[tokio::test]
async fn a_router_that_goes_for_good_is_not_held() {
    let settings = Settings {
        hold_stale: Duration::from_secs(3600),
        ..quick()
    };
    let stand = Stand::new(settings).await;
    for (name, reason) in [
        ("restarts", TerminationReason::AdministrativelyClosed),
        ("leaves", TerminationReason::PermanentlyClosed),
    ] {
        let mut router = stand.router(name).await;
        router.peer_up(1);
        router.terminate(reason);
        router.send().await;
        router.is_closed().await;
    }
    stand
        .listed("restarts", |router| router.state == Standing::Stale)
        .await;
    stand
        .listed("leaves", |router| router.state == Standing::Gone)
        .await;
    {
        let log = stand.log.lock().unwrap();
        assert_eq!((log.count(is_lost), log.count(is_down)), (1, 1));
    }
    assert_eq!((stand.closed("terminated"), stand.routers.peers()), (2, 1));
}

#[tokio::test]
async fn a_drill_has_a_world_of_its_own_that_ends_with_the_last_session() {
    let settings = Settings {
        hold_stale: Duration::from_secs(3600),
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut real = stand.router("r1").await;
    real.peer_up(1);
    real.send().await;
    let mut drills = Vec::new();
    for name in ["leakwatch-drill-a", "leakwatch-drill-b"] {
        let mut drill = stand.connect().await;
        drill.initiation(name, &["leakwatch-drill/1 a"]);
        drill.peer_up(1);
        drill.send().await;
        stand
            .listed(name, |router| router.drill && router.peers == 1)
            .await;
        drills.push(drill);
    }
    stand.heard("three up", |log| log.count(is_up) == 3).await;
    drop(drills.pop());
    stand.heard("one down", |log| log.count(is_down) == 1).await;
    assert_eq!(stand.log.lock().unwrap().drills_ended, 0);
    drop(drills.pop());
    stand.heard("the end", |log| log.drills_ended == 1).await;
    {
        let log = stand.log.lock().unwrap();
        assert_eq!((log.count(is_down), log.count(is_lost)), (2, 0));
        let of = |realm| {
            log.events
                .iter()
                .filter(move |heard| heard.realm == realm)
                .count()
        };
        assert_eq!((of(Realm::Live), of(Realm::Drill)), (1, 4));
    }
    until("forgotten", || stand.routers.list().len() == 1).await;
    assert_eq!(stand.routers.peers(), 1);
}

#[tokio::test]
async fn settings_change_while_sessions_stay() {
    let stand = Stand::new(quick()).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.send().await;
    stand.listed("r1", |router| router.peers == 1).await;
    stand.reload(|settings| settings.most_router_peers = 2);
    for number in 2..10 {
        router.peer_up(number);
    }
    router.send().await;
    let state = stand
        .listed("r1", |router| router.messages.get("peer_up") == Some(&9))
        .await;
    assert_eq!(
        (state.state, state.peers, state.sessions),
        (Standing::Up, 2, 1)
    );
    stand
        .shows("leakwatch_bmp_peers_refused_total{limit=\"router\"} 7")
        .await;
    stand.reload(|settings| settings.hold_stale = Duration::from_secs(3600));
    drop(router);
    let state = stand
        .listed("r1", |router| router.state == Standing::Stale)
        .await;
    let left = state.stale_until.unwrap().since(state.since);
    assert_eq!(left, Duration::from_secs(3600));
}

#[tokio::test]
async fn peers_of_all_routers_together_are_limited() {
    let settings = Settings {
        most_peers: 5,
        hold_stale: SEEN,
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut routers = Vec::new();
    for name in ["r1", "r2", "r3"] {
        let mut router = stand.router(name).await;
        for number in 0..2 {
            router.peer_up(number);
        }
        router.send().await;
        stand
            .listed(name, |router| router.messages.get("peer_up") == Some(&2))
            .await;
        routers.push(router);
    }
    assert_eq!(stand.routers.peers(), 5);
    stand
        .shows("leakwatch_bmp_peers_refused_total{limit=\"total\"} 1")
        .await;
    stand.shows("leakwatch_bmp_peers 5").await;
    // Those that are held count as well; those given up do not.
    drop(routers);
    until("all held", || stand.standing(Standing::Stale) == 3).await;
    until("all given up", || stand.routers.peers() == 0).await;
}

#[tokio::test]
async fn nothing_is_lost_while_the_engine_is_slow() {
    let stall = Duration::from_secs(2);
    let settings = Settings {
        queue: 64 << 10,
        stall,
        ..quick()
    };
    let mut stand = Stand::idle(settings).await;
    let mut outlet = stand.outlet();
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.routes(1, 0, 60_000);
    let bytes = router.pending.len();
    let sending = tokio::spawn(async move {
        router.send().await;
        router
    });
    // For longer than a message may take, nobody reads: that is not the router's fault.
    until("a reader waits", || {
        stand
            .routers
            .list()
            .first()
            .is_some_and(|router| router.bytes > 0)
    })
    .await;
    tokio::time::sleep(stall * 2).await;
    let mut announced = 0;
    let mut next = 0;
    while announced < 60_000 {
        let parcel = outlet.next().await.unwrap();
        for prefix in &parcel.batch.v4 {
            assert_eq!(prefix.addr, 0x1400_0000 + (next << 8), "in order");
            next += 1;
        }
        announced += parcel.batch.v4.len();
        outlet.done(parcel);
    }
    let _router = sending.await.unwrap();
    let state = stand
        .listed("r1", |router| router.bytes >= bytes as u64)
        .await;
    assert_eq!((state.state, state.sessions), (Standing::Up, 1));
}

#[tokio::test]
async fn a_router_whose_own_count_is_another_is_desynchronised() {
    use leakwatch::{
        bgp::{Afi, RibView},
        detect::Phase,
        engine::{Snapshot, ViewState},
    };
    let stand = Stand::new(quick()).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.send().await;
    stand.heard("up", |log| log.count(is_up) == 1).await;
    let peer = stand.log.lock().unwrap().events[0].peer;
    let view = ViewState {
        peer,
        name: String::new(),
        rib: RibView::AdjRibInPre,
        afi: Afi::Ipv4,
        routes: 100_000,
        phase: Phase::Live,
        since: leakwatch::bgp::Timestamp::ZERO,
        last_change: leakwatch::bgp::Timestamp::ZERO,
        stale: false,
        had_table: true,
        limit: None,
        days_to_limit: None,
    };
    let snapshot = Arc::new(Snapshot {
        views: vec![view],
        ..Snapshot::default()
    });
    let mut desynchronised = Vec::new();
    for (number, routes) in [100_900, 50_000, 50_000, 100_000].into_iter().enumerate() {
        let statistics = Statistics {
            adj_rib_in: Gauge {
                all: Some(routes),
                ipv4: Some(routes),
                ipv6: None,
            },
            ..Statistics::default()
        };
        router.statistics(1, &statistics);
        router.send().await;
        let sent = number as u64 + 1;
        stand
            .listed("r1", |router| {
                router.messages.get("statistics") == Some(&sent)
            })
            .await;
        stand.routers.compare(&snapshot);
        let state = stand.listed("r1", |_| true).await;
        desynchronised.push(state.desynchronised);
    }
    assert_eq!(desynchronised, [0, 0, 1, 0]);
}

#[tokio::test]
async fn a_router_that_falls_silent_is_told_of_until_it_is_heard_again() {
    let settings = Settings {
        silent_after: Duration::from_millis(1500),
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.send().await;
    stand.listed("r1", |router| router.silent).await;
    stand
        .shows("leakwatch_feed_silent{router=\"127.0.0.1\"} 1")
        .await;
    // Again and again, for it is soon silent again.
    let heard = || stand.routers.list().iter().all(|router| !router.silent);
    for number in 0.. {
        if heard() {
            break;
        }
        assert!(number < 3000, "never heard again");
        router.routes(1, number, 1);
        router.send().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Without peers there is nothing to hear.
    stand.reload(|settings| settings.silent_after = Duration::ZERO);
    let _other = stand.router("r2").await;
    stand.listed("r2", |router| !router.silent).await;
}

#[tokio::test]
async fn a_router_that_waits_for_us_is_connected_to_and_again_when_it_is_back() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings {
        connect: vec![address],
        ..quick()
    };
    let stand = Stand::new(settings).await;
    for session in 1..=2 {
        let (stream, _) = listener.accept().await.unwrap();
        let mut router = stand::Speaker::new(stream);
        router.initiation("r1", &[]);
        router.peer_up(1);
        router.send().await;
        let state = stand
            .listed("r1", |router| {
                router.peers == 1 && router.sessions == session
            })
            .await;
        assert!(state.active);
        drop(router);
        stand
            .heard("lost", |log| log.count(is_lost) as u64 == session)
            .await;
    }
    drop(listener);
    until("it is said why not", || {
        stand.routers.sums().connect_failures > 0
    })
    .await;
    stand
        .shows("leakwatch_bmp_connect_attempts_total{result=\"ok\"} 2")
        .await;
    stand.reload(|settings| settings.connect.clear());
    until("it is left alone", || {
        stand
            .routers
            .list()
            .iter()
            .all(|router| router.state != Standing::Connecting)
    })
    .await;
}

#[tokio::test]
async fn when_everything_stops_sessions_end_and_nobody_is_lost() {
    let stand = Stand::new(quick()).await;
    let mut router = stand.router("r1").await;
    router.peer_up(1);
    router.routes(1, 0, 10);
    router.send().await;
    stand.heard("10 routes", |log| log.announced == 10).await;
    let log = Arc::clone(&stand.log);
    stand.stop().await;
    router.is_closed().await;
    let log = log.lock().unwrap();
    assert_eq!((log.count(is_lost), log.count(is_down)), (0, 0));
}
