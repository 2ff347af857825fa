//! Many routers at once, and those that mean harm: what is bounded stays bounded, and the
//! neighbours do not notice.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot speak to itself has failed"
)]

mod stand;

use std::time::Duration;

use leakwatch::feed::bmp::{Settings, Standing};
use stand::{Speaker, Stand, is_lost, is_up, quick, until};
use tokio::io::AsyncWriteExt;

/// Five hundred, or as many as the system lets one process have at both ends.
fn many() -> u32 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open_files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(1024);
    // Both ends are here, and those that come again meet those that are still there.
    500.min(open_files / 6)
}

async fn all_at_once(stand: &Stand, count: u32) -> Vec<Speaker> {
    let address = stand.address;
    let speakers = (0..count).map(|number| {
        tokio::spawn(async move {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            let own = [127, 0, (number / 250) as u8, (number % 250) as u8 + 1];
            socket.bind((own, 0).into()).unwrap();
            let stream = socket.connect(address).await.unwrap();
            let mut router = Speaker::new(stream);
            router.initiation(&format!("r{number}"), &[]);
            router.peer_up(number);
            router.routes(number, number, 20);
            router.send().await;
            router
        })
    });
    let mut connected = Vec::new();
    for speaker in speakers.collect::<Vec<_>>() {
        connected.push(speaker.await.unwrap());
    }
    connected
}

#[tokio::test]
async fn five_hundred_routers_come_at_once_and_again() {
    let settings = Settings {
        hold_stale: Duration::from_secs(600),
        ..Settings::default()
    };
    let (stand, many) = (Stand::new(settings).await, many());
    let routers = all_at_once(&stand, many).await;
    let all = |times| move |log: &stand::Log| log.announced == (many * 20 * times) as usize;
    stand.heard("all routes", all(1)).await;
    until("all up", || stand.standing(Standing::Up) == many as usize).await;
    assert_eq!(stand.routers.peers(), many);
    let names = |stand: &Stand| {
        let mut names: Vec<_> = stand
            .routers
            .list()
            .into_iter()
            .map(|router| (router.sys_name, router.router))
            .collect();
        names.sort();
        names
    };
    let before = names(&stand);
    // Their power fails, and comes back: the earlier sessions may still look alive.
    let (older, newer): (Vec<_>, Vec<_>) = routers
        .into_iter()
        .enumerate()
        .partition(|(number, _)| number % 2 == 0);
    drop(newer);
    let routers = all_at_once(&stand, many).await;
    stand.heard("all routes again", all(2)).await;
    drop(older);
    until("all up", || stand.standing(Standing::Up) == many as usize).await;
    assert_eq!(names(&stand), before, "everyone is who they were");
    assert_eq!(stand.routers.peers(), many);
    let log = stand.log.lock().unwrap();
    assert_eq!(log.count(is_up), 2 * many as usize);
    assert_eq!(log.count(is_lost), many as usize);
    drop((log, routers));
}

#[tokio::test]
async fn whoever_connects_and_resets_is_held_to_a_rate_and_the_neighbour_is_heard() {
    let settings = Settings {
        most_routers: 40,
        ..quick()
    };
    let stand = Stand::new(settings).await;
    let mut neighbour = stand.router("neighbour").await;
    neighbour.peer_up(1);
    neighbour.send().await;
    let mut sent = 0;
    for round in 0..500_u32 {
        let mut hostile = stand.connect().await;
        match round % 3 {
            0 => hostile.initiation(&format!("made-up-{round}"), &[]),
            1 => hostile.pending.extend_from_slice(b"\x03\0\0"),
            _ => {}
        }
        let _ = hostile.try_send().await;
        hostile.reset();
        if round % 50 == 0 {
            neighbour.routes(1, sent, 10);
            neighbour.send().await;
            sent += 10;
        }
    }
    stand
        .heard("the neighbour's routes", |log| {
            log.announced == sent as usize
        })
        .await;
    until("all are over", || {
        let sums = stand.routers.sums();
        let over = sums.closed.iter().sum::<u64>() + sums.refused.iter().sum::<u64>();
        over == 500 && sums.connections - sums.closed.iter().sum::<u64>() == 1
    })
    .await;
    let sums = stand.routers.sums();
    assert!(sums.refused[1] > 300, "too often: {:?}", sums.refused);
    assert!(stand.routers.list().len() <= 40);
    assert_eq!(stand.standing(Standing::Up), 1);
    let state = stand.listed("neighbour", |_| true).await;
    assert_eq!((state.sessions, state.peers), (1, 1));
}

#[tokio::test]
async fn one_hostile_session_leaves_its_neighbour_untouched() {
    let stand = Stand::new(quick()).await;
    stand.log.lock().unwrap().brief = true;
    let mut neighbour = stand.router("neighbour").await;
    neighbour.peer_up(1);
    neighbour.send().await;
    let mut hostile = stand.router("hostile").await;
    // Well framed, and nonsense inside; then more peers than anyone has.
    for seed in 0..20_000_u32 {
        let body = seed.wrapping_mul(2_654_435_761).to_be_bytes();
        let len = 6 + (seed % 90);
        hostile.pending.push(3);
        hostile.pending.extend(len.to_be_bytes());
        hostile.pending.push((seed % 9) as u8);
        let rest = body.iter().cycle().take(len as usize - 6);
        if seed % 9 == 5 {
            // Not a Termination, which would be the end of it.
            let last = hostile.pending.len() - 1;
            hostile.pending[last] = 6;
        }
        hostile.pending.extend(rest);
    }
    hostile.send().await;
    for chunk in 0..100 {
        for number in 0..1000 {
            hostile.peer_up(chunk * 1000 + number);
        }
        hostile.send().await;
        neighbour.routes(1, chunk * 10, 10);
        neighbour.send().await;
    }
    stand
        .heard("the neighbour's routes", |log| log.announced == 1000)
        .await;
    let state = stand
        .listed("hostile", |router| router.messages["peer_up"] >= 100_000)
        .await;
    assert_eq!(state.state, Standing::Up);
    assert!(state.peers <= Settings::default().most_router_peers);
    assert!(state.decode_errors["bmp_peer_limit"] >= 96_000, "{state:?}");
    let neighbour = stand.listed("neighbour", |_| true).await;
    assert_eq!((neighbour.sessions, neighbour.peers), (1, 1));
    assert!(neighbour.decode_errors.is_empty());
    let largest = stand.log.lock().unwrap().largest;
    assert!(largest < 4 << 20, "{largest}");
}

#[tokio::test]
async fn two_that_claim_to_be_one_router_take_turns_and_nothing_piles_up() {
    let stand = Stand::new(Settings {
        hold_stale: Duration::from_secs(600),
        ..quick()
    })
    .await;
    let mut sessions = Vec::new();
    for _ in 0..200 {
        let mut router = stand.router("r1").await;
        router.peer_up(1);
        router.send().await;
        sessions.push(router);
    }
    until("all but one are over", || stand.closed("taken_over") == 199).await;
    let state = stand.listed("r1", |router| router.peers == 1).await;
    assert_eq!((state.state, state.sessions), (Standing::Up, 200));
    assert_eq!((stand.routers.list().len(), stand.routers.peers()), (1, 1));
    let mut last = sessions.pop().unwrap();
    last.routes(1, 0, 7);
    last.send().await;
    stand.heard("the last one", |log| log.announced == 7).await;
}

#[tokio::test]
async fn made_up_names_fill_neither_the_table_nor_the_sum_of_peers() {
    let stand = Stand::new(Settings {
        most_routers: 20,
        most_peers: 50,
        hold_stale: Duration::from_secs(600),
        ..quick()
    })
    .await;
    let mut sessions = Vec::new();
    for number in 0..30 {
        let mut router = stand.router(&format!("made-up-{number}")).await;
        for peer in 0..10 {
            router.peer_up(peer);
        }
        let _ = router.try_send().await;
        sessions.push(router);
    }
    // A host has three quarters of the table; the connections of one source are as many.
    until("the others are turned away", || {
        let sums = stand.routers.sums();
        sums.refused.iter().sum::<u64>() + stand.closed("too_many_at_address") == 15
    })
    .await;
    until("as many peers as may be", || stand.routers.peers() == 50).await;
    drop(sessions);
    until("those with peers are held", || {
        stand.standing(Standing::Stale) == 5 && stand.standing(Standing::Gone) == 10
    })
    .await;
    assert_eq!(stand.routers.peers(), 50);
    assert!(stand.routers.list().len() <= 20);
}

#[tokio::test]
async fn who_is_not_allowed_is_closed_at_once() {
    // Loopback may always; so the test comes from where it may not.
    let Some(address) = other_address() else {
        eprintln!("this host has no address but loopback");
        return;
    };
    let another = "255.255.255.255/32".parse().unwrap();
    let stand = Stand::new_at(
        &format!("{address}:0"),
        Settings {
            allow: vec![another],
            ..quick()
        },
    )
    .await;
    let mut stranger = stand.connect().await;
    stranger.is_closed().await;
    stand
        .shows("leakwatch_bmp_connections_refused_total{reason=\"not_allowed\"} 1")
        .await;
    stand.reload(|settings| settings.allow = vec![format!("{address}/32").parse().unwrap()]);
    let mut router = stand.router("r1").await;
    stand
        .listed("r1", |router| router.state == Standing::Up)
        .await;
    // Allowed no more, it has to go.
    stand.reload(|settings| settings.allow = vec![another]);
    router.is_closed().await;
    until("counted", || stand.closed("not_allowed") == 1).await;
    let _ = router.stream.shutdown().await;
}

/// An IPv4 address of this host that is not loopback: the one it would send from.
fn other_address() -> Option<std::net::Ipv4Addr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: this asks the routing table only.
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().ok()?.ip() {
        std::net::IpAddr::V4(address) if !address.is_loopback() => Some(address),
        _ => None,
    }
}
