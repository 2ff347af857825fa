//! UPDATE scanning: ours, validating, against bgpkit-parser's `parse_bgp_update_message`.
//!
//! `transfer` is like one peer's table transfer (6.4 NLRI per UPDATE), `updates` like a
//! collector's day (2.4 NLRI per UPDATE); both are the messages of a fixture, the first
//! with their NLRI cut to that mean. Throughput is in NLRI.
//!
//!     cargo bench --bench scan

#![allow(clippy::expect_used, missing_docs)]

use std::{hint::black_box, path::Path};

use bgpkit_parser::models::AsnLength;
use bgpkit_parser::parser::bgp::messages::parse_bgp_update_message;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leakwatch::bgp::{Batch, EventKind};
use leakwatch::wire::Tally;
use leakwatch::wire::mrt::{Input, MrtReader, Status};
use leakwatch::wire::update::{HEADER_LEN, Origin, Scanner, Session};

/// Whole UPDATE messages of a fixture's four-octet sessions, with at most `most` NLRI each.
fn messages(fixture: &str, most: usize) -> Vec<Bytes> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/mrt")
        .join(fixture);
    let mut reader = MrtReader::new(Input::open(&path).expect("a fixture"));
    let mut batch = Batch::default();
    let mut messages: Vec<Bytes> = Vec::new();
    loop {
        let status = reader.read_batch(&mut batch);
        let mut last = None;
        for event in &batch.events {
            let raw = event.raw.of(&batch.raw);
            if !raw.is_empty() && last != Some(event.raw) {
                messages.push(shortened(raw, most));
                last = Some(event.raw);
            }
        }
        if status == Status::End {
            break;
        }
    }
    messages.retain(|message| {
        // Two-octet sessions read differently, and bgpkit is told one width for all.
        let (mut batch, mut tally) = (Batch::default(), Tally::default());
        scan(&mut Scanner::new(), message, &mut batch, &mut tally);
        tally.error_count() == 0
    });
    messages
}

/// The message with all but its first `most` classic NLRI cut off.
fn shortened(raw: &[u8], most: usize) -> Bytes {
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
    Bytes::from(message)
}

fn scan(scanner: &mut Scanner, message: &[u8], batch: &mut Batch, tally: &mut Tally) {
    let session = Session {
        asn4: true,
        ..Session::default()
    };
    scanner.scan(message, session, Origin::default(), batch, tally);
}

fn nlri(messages: &[Bytes]) -> u64 {
    let (mut batch, mut tally) = (Batch::default(), Tally::default());
    for message in messages {
        scan(&mut Scanner::new(), message, &mut batch, &mut tally);
    }
    assert!(
        batch
            .events
            .iter()
            .any(|e| matches!(e.kind, EventKind::Announce { .. }))
    );
    tally.announced + tally.withdrawn
}

fn bench(criterion: &mut Criterion) {
    for (name, fixture, most) in [
        ("transfer", "bgpkit_rrc15_updates.20100227.1600.gz", 13),
        (
            "updates",
            "ripe-bgpdump_updates.20160811.1600.gz",
            usize::MAX,
        ),
    ] {
        let messages = messages(fixture, most);
        let count = nlri(&messages);
        let per_update = count as f64 / messages.len() as f64;
        println!(
            "{name}: {} messages, {per_update:.2} NLRI per UPDATE",
            messages.len()
        );
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(count));
        group.bench_function("leakwatch", |bencher| {
            let (mut scanner, mut batch, mut tally) =
                (Scanner::new(), Batch::default(), Tally::default());
            bencher.iter(|| {
                for message in &messages {
                    // As the reader does: a batch is handed on at 1,024 prefixes.
                    if batch.nlri_count() >= 1024 {
                        batch.clear();
                    }
                    scan(&mut scanner, message, &mut batch, &mut tally);
                }
                black_box(&batch);
            });
        });
        group.bench_function("bgpkit-parser", |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    let body = message.slice(HEADER_LEN..);
                    let _ = black_box(parse_bgp_update_message(body, false, &AsnLength::Bits32));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
