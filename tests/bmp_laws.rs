//! Laws of a BMP session, whatever the octets are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "each test file uses some of it")]
mod laws;
#[allow(dead_code, reason = "each test file uses some of it")]
mod station;

use std::collections::BTreeSet;

use leakwatch::{
    bgp::{Batch, DownReason, PeerKey, Prefix, RibView},
    config::Config,
    engine::Engine,
    feed::bmp::session::{Limits, Session, Then},
    wire::bmp::{Framing, encode, frame},
};
use proptest::prelude::*;
use station::*;

/// One good message, by number.
fn good(kind: u8, n: u32, prefix: u8) -> Vec<u8> {
    let header = peer(n % 5);
    match kind % 7 {
        0 => peer_up(&header),
        1 => peer_down(&header, DownReason::State),
        2 | 3 => monitoring(&header, &announcement(prefix % 8)),
        4 => monitoring(&header.of(RibView::AdjRibInPost), &announcement(prefix % 8)),
        5 => monitoring(&header, &withdrawal(prefix % 8)),
        _ => {
            let mut out = Vec::new();
            encode::statistics(
                &mut out,
                &header,
                &leakwatch::wire::bmp::Statistics::default(),
            );
            out
        }
    }
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (any::<u8>(), any::<u32>(), any::<u8>()).prop_map(|(k, n, p)| good(k, n, p)),
        1 => (0..9_u8, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(kind, body)| message(kind, &body)),
        // A good one with one octet, after the length, another.
        2 => (any::<u8>(), any::<u32>(), any::<u8>(), any::<prop::sample::Index>(), any::<u8>())
            .prop_map(|(k, n, p, at, octet)| {
                let mut bytes = good(k, n, p);
                let at = 5 + at.index(bytes.len() - 5);
                bytes[at] = octet;
                bytes
            }),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any_message(), 0..40).prop_map(|messages| {
        let mut bytes = initiation();
        for message in messages {
            bytes.extend(message);
        }
        bytes
    })
}

/// The routes that stand after what was said.
fn table(said: &[Said]) -> BTreeSet<(PeerKey, RibView, Prefix, u32)> {
    let mut table = BTreeSet::new();
    for (peer, rib, what) in said {
        match what {
            What::Announce(prefix, id, _) => {
                table.insert((*peer, *rib, *prefix, *id));
            }
            What::Withdraw(prefix, id) => {
                table.remove(&(*peer, *rib, *prefix, *id));
            }
            What::Down(_) => table.retain(|(key, ..)| key != peer),
            What::Up | What::Lost | What::EndOfRib(_) => {}
        }
    }
    table
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_octets_are_framed_or_refused_and_never_run_over(
        bytes in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        match frame(&bytes, 1 << 20) {
            Framing::Whole { len, .. } => prop_assert!(len <= bytes.len()),
            Framing::Need(octets) => prop_assert!(octets > bytes.len()),
            Framing::Bad(_) => {}
        }
        let mut station = Station::new();
        station.hear(&bytes);
        prop_assert!(station.rest.len() <= bytes.len());
    }

    #[test]
    fn pieces_make_no_difference(bytes in stream(), piece in 1..300_usize) {
        let mut whole = Station::new();
        whole.hear(&bytes);
        let mut pieced = Station::new();
        for piece in bytes.chunks(piece) {
            pieced.hear(piece);
        }
        prop_assert_eq!(&whole.said, &pieced.said);
        prop_assert_eq!(&whole.notices, &pieced.notices);
        prop_assert_eq!(whole.session.tally(), pieced.session.tally());
        prop_assert_eq!(whole.end, pieced.end);
    }

    #[test]
    fn batches_are_sound_and_add_up_to_the_tally(bytes in stream()) {
        let mut session = Session::new(Limits { peers: 3, ..Limits::default() });
        session.identify(router());
        let (mut batch, mut notices) = (Batch::default(), Vec::new());
        let mut counts = laws::Counts::default();
        let mut at = 0;
        loop {
            let fed = session.feed(&bytes[at..], NOW, &mut batch, &mut notices);
            at += fed.used;
            let one = laws::check(&batch);
            counts.announced += one.announced;
            counts.withdrawn += one.withdrawn;
            batch.clear();
            notices.clear();
            prop_assert!(session.peer_count() <= 3);
            if fed.then != Then::HandOn {
                break;
            }
        }
        laws::adds_up(session.tally(), counts);
        let read: u64 = session.messages().iter().sum();
        prop_assert!(read <= bytes.len() as u64 / 6);
    }

    #[test]
    fn routes_only_stand_while_their_peer_is_up(bytes in stream()) {
        let mut station = Station::new();
        station.hear(&bytes);
        let up: BTreeSet<_> = station.session.peers().collect();
        prop_assert_eq!(up.len(), station.session.peer_count());
        for (peer, ..) in table(&station.said) {
            prop_assert!(up.contains(&peer));
        }
    }

    #[test]
    fn when_all_peers_went_down_the_engine_has_no_route(bytes in stream()) {
        let mut station = Station::new();
        station.hear(&bytes);
        if station.end.is_some() {
            return Ok(());
        }
        // What was heard, as one batch, and then every peer down.
        let mut session = Session::new(Limits::default());
        session.identify(router());
        let config = Config::parse_text("local_as = 64500").unwrap();
        let mut engine = Engine::new(config.reference, config.detect, config.incident);
        let (mut batch, mut out, mut notices) = (Batch::default(), Vec::new(), Vec::new());
        let fed = session.feed(&bytes, NOW, &mut batch, &mut notices);
        prop_assert_eq!(fed.used, bytes.len());
        engine.apply(&batch, &mut out);
        let stands = table(&station.said).len();
        let held = |engine: &Engine| -> usize {
            let views: Vec<_> = engine.rib().views().map(|(id, _)| id).collect();
            views.iter().map(|&id| engine.rib().column(id).map_or(0, |column| column.rows().len())).sum()
        };
        prop_assert_eq!(held(&engine), stands);
        let peers: Vec<_> = session.peers().collect();
        batch.clear();
        let down = leakwatch::bgp::EventKind::PeerDown(DownReason::Unmonitored);
        leakwatch::feed::bmp::session::tell_of(&mut peers.into_iter(), down, NOW, &mut batch);
        engine.apply(&batch, &mut out);
        prop_assert_eq!(held(&engine), 0);
    }
}
