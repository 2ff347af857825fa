//! Any bytes as a BMP session, through the whole core: no panic; no more is used than is
//! there, and in pieces the same is read; the laws of `tests/laws` hold of every batch;
//! peers and routes are bounded; and when every peer went down no route is left.
#![no_main]

use std::{net::IpAddr, sync::LazyLock, time::Duration};

use leakwatch::{
    bgp::{Batch, DownReason, EventKind, Router, Timestamp},
    config::Config,
    engine::Engine,
    feed::bmp::session::{Limits, Notice, Session, Then, tell_of},
    wire::Tally,
};
use libfuzzer_sys::fuzz_target;

#[path = "../../laws/mod.rs"]
mod laws;

const LIMITS: Limits = Limits {
    peers: 4,
    message: 4096,
};
const ROUTER: Router = Router::bmp(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

static SETTINGS: LazyLock<Config> = LazyLock::new(|| {
    let text = "
        local_as = 64500
        [[peer]]
        match = { as = 64501 }
        name = \"peer\"
        local_role = \"customer\"
        maximum_prefix = { ipv4 = 6, ipv6 = 4 }
        [detect.gate]
        quiet = \"1s\"
        longest = \"5s\"
        warming = \"1s\"
        [detect.specific]
        prefixes = 2
        [detect.never_transit]
        prefixes = 2
        [incident]
        page_routes = 2
        most_open = 3
    ";
    Config::parse_text(text).expect("sound settings")
});

fn time(second: u64) -> Timestamp {
    Timestamp::from_secs(1_750_000_000 + second)
}

fuzz_target!(|data: &[u8]| {
    let config = SETTINGS.clone();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let mut session = Session::new(LIMITS);
    let (mut batch, mut notices, mut said) = (Batch::default(), Vec::new(), Vec::new());
    let mut counts = laws::Counts::default();
    let mut told = 0;
    let (mut at, mut second) = (0, 0);
    loop {
        let fed = session.feed(&data[at..], time(second), &mut batch, &mut notices);
        at += fed.used;
        assert!(at <= data.len());
        let one = laws::check(&batch);
        counts.announced += one.announced;
        counts.withdrawn += one.withdrawn;
        engine.apply(&batch, &mut said);
        assert!(session.peer_count() <= LIMITS.peers as usize);
        told += notices.len();
        batch.clear();
        notices.clear();
        second += 1;
        match fed.then {
            Then::Identify => session.identify(ROUTER),
            Then::HandOn => {}
            Then::Read(_) | Then::Close(_) => break,
        }
    }
    laws::adds_up(session.tally(), counts);
    in_pieces(data, session.tally(), told);

    let mut peers = session.peers();
    let down = EventKind::PeerDown(DownReason::Unmonitored);
    assert!(!tell_of(&mut peers, down, time(second), &mut batch));
    engine.apply(&batch, &mut said);
    let ids: Vec<_> = engine.rib().views().map(|(id, _)| id).collect();
    for id in ids {
        assert!(engine.rib().column(id).is_none_or(|column| column.rows().is_empty()));
    }
    engine.advance(time(second) + Duration::from_secs(700), &mut said);
});

/// The same stream, a few octets at a time.
fn in_pieces(data: &[u8], tally: &Tally, told: usize) {
    let mut session = Session::new(LIMITS);
    let (mut batch, mut notices) = (Batch::default(), Vec::<Notice>::new());
    let (mut at, mut end, mut again) = (0, 0, 0);
    loop {
        end = data.len().min(end + 13);
        let fed = session.feed(&data[at..end], time(0), &mut batch, &mut notices);
        at += fed.used;
        again += notices.len();
        batch.clear();
        notices.clear();
        match fed.then {
            Then::Identify => session.identify(ROUTER),
            Then::HandOn => {}
            Then::Close(_) if end < data.len() => {}
            Then::Close(_) => break,
            Then::Read(_) if end == data.len() => break,
            Then::Read(octets) => assert!(octets > end - at),
        }
    }
    assert_eq!(session.tally(), tally);
    assert_eq!(again, told);
}
