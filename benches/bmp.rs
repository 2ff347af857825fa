//! A BMP session, octets to batch, against the bare UPDATE scanner.
//!
//! `transfer` and `updates` are the messages of `benches/scan.rs`, each in a Route
//! Monitoring; `one` has one NLRI in each, as most live updates have. Peers take turns
//! in `turns`, so that each message is another's. Throughput is in Route Monitorings.
//!
//!     cargo bench --bench bmp

#![allow(clippy::expect_used, missing_docs)]

use std::{hint::black_box, net::IpAddr, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leakwatch::{
    bgp::{Asn, Batch, Router, Timestamp},
    feed::bmp::session::{Limits, Session, Then},
    wire::{
        Tally,
        bmp::{Capabilities, Open, PeerHeader, encode},
        mrt::{Input, MrtReader, Status},
        update::{HEADER_LEN, Origin, Scanner, Session as Form},
    },
};

const NOW: Timestamp = Timestamp::from_secs(1_750_000_000);
const FORM: Form = Form {
    asn4: true,
    add_path_v4: false,
    add_path_v6: false,
};

/// Whole UPDATEs of a fixture's four-octet sessions, with at most `most` NLRI each.
fn updates(fixture: &str, most: usize) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/mrt")
        .join(fixture);
    let mut reader = MrtReader::new(Input::open(&path).expect("a fixture"));
    let mut batch = Batch::default();
    let mut updates: Vec<Vec<u8>> = Vec::new();
    loop {
        let status = reader.read_batch(&mut batch);
        let mut last = None;
        for event in &batch.events {
            let raw = event.raw.of(&batch.raw);
            if !raw.is_empty() && last != Some(event.raw) {
                updates.push(shortened(raw, most));
                last = Some(event.raw);
            }
        }
        if status == Status::End {
            break;
        }
    }
    updates.retain(|update| {
        let (mut batch, mut tally) = (Batch::default(), Tally::default());
        let at = Origin::default();
        Scanner::new().scan(update, FORM, at, &mut batch, &mut tally);
        tally.error_count() == 0 && tally.announced + tally.withdrawn > 0
    });
    updates
}

/// The message with all but its first `most` classic NLRI cut off.
fn shortened(raw: &[u8], most: usize) -> Vec<u8> {
    let word = |at: usize| usize::from(u16::from_be_bytes([raw[at], raw[at + 1]]));
    let attributes = HEADER_LEN + 2 + word(HEADER_LEN);
    let mut end = attributes + 2 + word(attributes);
    let mut kept = 0;
    while kept < most && end < raw.len() {
        end += 1 + usize::from(raw[end]).div_ceil(8);
        kept += 1;
    }
    let mut message = raw[..end].to_vec();
    message[16..18].copy_from_slice(&(end as u16).to_be_bytes());
    message
}

fn peer(n: u32) -> PeerHeader {
    let address = IpAddr::from((0x0A00_0000 + n).to_be_bytes());
    PeerHeader::global(address, Asn(64501), n + 1)
}

fn open(asn: Asn, bgp_id: u32) -> Open {
    Open {
        asn,
        bgp_id,
        capabilities: Capabilities {
            asn4: Some(asn),
            ..Capabilities::default()
        },
        ..Open::default()
    }
}

/// What is said before the routes, and the routes, of `peers` in turn.
fn stream(updates: &[Vec<u8>], peers: u32) -> (Vec<u8>, Vec<u8>) {
    let (mut before, mut routes) = (Vec::new(), Vec::new());
    encode::initiation(&mut before, "bench", "", &[]);
    let local = IpAddr::from([10, 255, 0, 1]);
    for n in 0..peers {
        let peer = peer(n);
        let received = open(peer.asn, peer.bgp_id);
        encode::peer_up(&mut before, &peer, local, &open(Asn(64500), 1), &received);
    }
    for (n, update) in updates.iter().enumerate() {
        let peer = peer(n as u32 % peers);
        encode::route_monitoring(&mut routes, &peer, |out| out.extend_from_slice(update));
    }
    (before, routes)
}

/// Reads all of `bytes`, 64 KiB at a time, as a socket gives them.
fn read(session: &mut Session, bytes: &[u8], batch: &mut Batch) {
    let mut notices = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes.len().min(at + (64 << 10));
        let fed = session.feed(&bytes[at..end], NOW, batch, &mut notices);
        at += fed.used;
        match fed.then {
            Then::Identify => session.identify(Router::bmp(IpAddr::from([192, 0, 2, 1]))),
            Then::HandOn => {
                black_box(&*batch);
                batch.clear();
                notices.clear();
            }
            Then::Read(_) => {}
            Then::Close(end) => panic!("{end}"),
        }
    }
}

fn bench(criterion: &mut Criterion) {
    let day = "ripe-bgpdump_updates.20160811.1600.gz";
    for (name, fixture, most, peers) in [
        ("transfer", "bgpkit_rrc15_updates.20100227.1600.gz", 13, 1),
        ("updates", day, usize::MAX, 1),
        ("one", day, 1, 1),
        ("turns", day, 1, 1000),
    ] {
        let updates = updates(fixture, most);
        let (before, routes) = stream(&updates, peers);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(updates.len() as u64));
        group.bench_function("session", |bencher| {
            let (mut session, mut batch) = (Session::new(Limits::default()), Batch::default());
            read(&mut session, &before, &mut batch);
            bencher.iter(|| read(&mut session, &routes, &mut batch));
            assert_eq!(session.tally().error_count(), 0);
        });
        group.bench_function("scanner", |bencher| {
            let (mut scanner, mut batch, mut tally) =
                (Scanner::new(), Batch::default(), Tally::default());
            bencher.iter(|| {
                for update in &updates {
                    if batch.bytes() >= 64 << 10 {
                        black_box(&batch);
                        batch.clear();
                    }
                    let at = Origin::default();
                    scanner.scan(update, FORM, at, &mut batch, &mut tally);
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
