//! Hostile and odd files, each with what is read of them and what is reported.

use std::io::{Cursor, Write};
use std::path::Path;

use super::*;
use crate::bgp::{Afi, Asn, Batch, DownReason, EventKind, RibView, Router};
use crate::wire::{Reason, Tally};

fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = 1_000_u32.to_be_bytes().to_vec();
    bytes.extend(kind.to_be_bytes());
    bytes.extend(subtype.to_be_bytes());
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// The fields of `BGP4MP_*_AS4` before the message: peer AS 64500 at 192.0.2.1.
fn peer() -> Vec<u8> {
    let mut bytes = vec![0, 0, 0xFB, 0xF4, 0, 0, 0, 1, 0, 0, 0, 1];
    bytes.extend([192, 0, 2, 1, 192, 0, 2, 2]);
    bytes
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = peer();
    bytes.extend([0xFF; 16]);
    bytes.extend((19 + body.len() as u16).to_be_bytes());
    bytes.push(kind);
    bytes.extend(body);
    bytes
}

/// A withdrawal of 10.0.0.0/8.
fn update() -> Vec<u8> {
    record(16, 4, &message(2, &[0, 2, 8, 10, 0, 0]))
}

fn state(old: u16, new: u16) -> Vec<u8> {
    let mut body = peer();
    body.extend(old.to_be_bytes());
    body.extend(new.to_be_bytes());
    record(16, 5, &body)
}

/// Two peers: AS64500 at 192.0.2.1, AS64501 at `2001:db8::1`.
fn peer_index_table() -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1, 0, 1, b'v', 0, 2];
    body.extend([2, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0xFB, 0xF4]);
    body.extend([1, 0, 0, 0, 1, 0x20, 1, 0x0D, 0xB8]);
    body.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFB, 0xF5]);
    record(13, 1, &body)
}

const ATTRIBUTES: &[u8] = &[
    0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xFB, 0xF4, 0x40, 3, 4, 192, 0, 2, 1,
];

/// `RIB_IPV4_UNICAST` of 10.0.0.0/8 with one entry for each peer index.
fn rib(indexes: &[u16]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 8, 10];
    body.extend((indexes.len() as u16).to_be_bytes());
    for index in indexes {
        body.extend(index.to_be_bytes());
        body.extend([0; 4]);
        body.extend((ATTRIBUTES.len() as u16).to_be_bytes());
        body.extend(ATTRIBUTES);
    }
    record(13, 2, &body)
}

struct Read {
    kinds: Vec<EventKind>,
    tally: Tally,
    problems: Vec<Problem>,
    damaged: bool,
    offset: u64,
}

fn read(bytes: Vec<u8>) -> Read {
    let input = Input::from_reader(Path::new("test"), Cursor::new(bytes), None).unwrap();
    let mut reader = MrtReader::new(input);
    let mut batch = Batch::default();
    let mut kinds = Vec::new();
    loop {
        let status = reader.read_batch(&mut batch);
        kinds.extend(batch.events.iter().map(|event| event.kind));
        if status == Status::End {
            break;
        }
    }
    Read {
        kinds,
        tally: reader.tally().clone(),
        problems: reader.problems().to_vec(),
        damaged: reader.damaged(),
        offset: reader.offset(),
    }
}

impl Read {
    fn only_problem(&self) -> (u64, Reason, Option<u64>) {
        let [problem] = &self.problems[..] else {
            panic!("{:?}", self.problems);
        };
        assert!(self.damaged);
        assert_eq!(self.tally.count(problem.reason), 1);
        (problem.offset, problem.reason, problem.skipped)
    }
}

#[test]
fn an_empty_file_is_no_problem() {
    let read = read(Vec::new());
    assert!(!read.damaged && read.kinds.is_empty());
}

#[test]
fn a_torn_tail_is_named_with_its_place_and_all_before_it_is_read() {
    let whole = update();
    for cut in 1..whole.len() {
        let file = [&whole[..], &whole[..cut]].concat();
        let read = read(file);
        assert_eq!(read.tally.withdrawn, 1);
        let at = (whole.len() as u64, Reason::MrtTruncated, Some(cut as u64));
        assert_eq!(read.only_problem(), at, "{cut}");
    }
}

#[test]
fn an_absurd_length_stops_at_its_record_without_taking_memory() {
    let mut file = update();
    let mut bad = update();
    bad[8..12].copy_from_slice(&[0xFF; 4]);
    file.extend(bad);
    let read = read(file);
    assert_eq!(read.tally.withdrawn, 1);
    assert_eq!(
        read.only_problem(),
        (update().len() as u64, Reason::MrtHeader, None)
    );
}

#[test]
fn what_is_not_mrt_is_called_so() {
    for bytes in [
        &b"prefix,as_path\n10.0.0.0/8,64500\n"[..],
        &[0; 64],
        &[0xFF; 64],
    ] {
        let read = read(bytes.to_vec());
        assert_eq!(read.only_problem(), (0, Reason::MrtHeader, None));
        assert!(read.problems[0].what.starts_with("not an MRT file"));
    }
}

#[test]
fn records_shorter_than_their_fields_are_passed_over() {
    let rib = rib(&[0, 1]);
    for (kind, subtype, body) in [
        (17, 4, vec![0, 0, 1]), // ET shorter than its microseconds
        (16, 4, peer()[..19].to_vec()),
        (16, 0, vec![0; 7]),
        (16, 5, vec![0; 8]),
        (12, 1, vec![0; 21]),
        (5, 3, vec![0; 9]),
        (13, 1, vec![0, 0, 0, 1, 0, 99]),
        (13, 2, vec![0, 0, 0, 0, 33, 1, 2, 3, 4, 5, 0, 0]),
        (13, 4, vec![0, 0, 0, 0, 129]),
        (13, 2, rib[12..rib.len() - 1].to_vec()),
    ] {
        let bad = record(kind, subtype, &body);
        let file = [peer_index_table(), bad.clone(), update()].concat();
        let read = read(file);
        let at = peer_index_table().len() as u64;
        let expected = (at, Reason::MrtRecord, Some(bad.len() as u64));
        assert_eq!(read.only_problem(), expected, "{kind}/{subtype}");
        assert_eq!(read.tally.withdrawn, 1, "what follows is read");
    }
}

#[test]
fn records_of_other_kinds_are_counted_and_no_problem() {
    let mut file = Vec::new();
    for (kind, subtype) in [
        (11, 0),
        (48, 0),
        (16, 2),
        (16, 99),
        (13, 99),
        (12, 9),
        (5, 4),
    ] {
        file.extend(record(kind, subtype, &[0; 30]));
    }
    file.extend(record(13, 6, &[0; 30]));
    let read = read(file);
    assert!(!read.damaged, "{:?}", read.problems);
    assert_eq!(read.tally.count(Reason::MrtUnsupported), 7);
    assert_eq!((read.tally.records, read.tally.other_families), (8, 1));
}

#[test]
fn entries_of_unlisted_peers_are_skipped_and_the_others_read() {
    let read = read([peer_index_table(), rib(&[0, 7, 1, 8])].concat());
    assert_eq!(read.tally.rib_entries, 2);
    assert_eq!(read.tally.count(Reason::MrtPeerIndex), 2);
    assert_eq!(read.problems.len(), 1);
}

#[test]
fn problems_are_kept_up_to_a_bound_and_counted_beyond_it() {
    let file = rib(&[0]).repeat(MAX_PROBLEMS + 10);
    let input = Input::from_reader(Path::new("test"), Cursor::new(file), None).unwrap();
    let mut reader = MrtReader::new(input);
    reader.read_batch(&mut Batch::default());
    assert_eq!(reader.problems().len(), MAX_PROBLEMS);
    assert_eq!(reader.problem_count(), MAX_PROBLEMS as u64 + 10);
}

#[test]
fn the_end_of_a_table_is_told_for_every_peer_that_had_routes() {
    let ends = |read: &Read| {
        read.kinds
            .iter()
            .map(|kind| match kind {
                EventKind::EndOfRib(Afi::Ipv4) => 'E',
                EventKind::RibEntry { .. } => 'r',
                _ => 'w',
            })
            .collect::<String>()
    };
    assert_eq!(ends(&read([peer_index_table(), rib(&[0])].concat())), "rE");
    let mixed = [peer_index_table(), rib(&[0, 1]), update()].concat();
    assert_eq!(ends(&read(mixed)), "rrEEw");
    let twice = [peer_index_table(), rib(&[1])].concat().repeat(2);
    assert_eq!(ends(&read(twice)), "rErE");
}

#[test]
fn peers_are_named_alike_in_tables_and_updates() {
    let input = [peer_index_table(), rib(&[0]), update()].concat();
    let input = Input::from_reader(Path::new("test"), Cursor::new(input), None).unwrap();
    let mut batch = Batch::default();
    MrtReader::new(input).read_batch(&mut batch);
    let [peer] = batch.peers[..] else {
        panic!("{:?}", batch.peers);
    };
    assert_eq!((peer.router, peer.asn), (Router::Mrt, Asn(64500)));
}

#[test]
fn sessions_going_up_and_down_are_told_once() {
    let notification = record(16, 4, &message(3, &[6, 1]));
    let file = [
        state(5, 6),
        state(6, 1),
        state(1, 3), // neither into nor out of Established
        state(5, 6),
        notification.clone(),
        state(6, 1), // follows from the NOTIFICATION
        state(5, 6),
        state(6, 1),
        notification, // alone, as collectors without state changes record it
    ];
    let read = read(file.concat());
    let down = EventKind::PeerDown(DownReason::State);
    let ceased = EventKind::PeerDown(DownReason::Notification {
        code: 6,
        subcode: 1,
    });
    let up = EventKind::PeerUp;
    assert_eq!(read.kinds, [up, down, up, ceased, up, down, ceased]);
    assert_eq!(read.tally.state_changes, 7);
}

#[test]
fn messages_of_the_local_side_stand_in_the_table_sent() {
    let body = message(2, &[0, 2, 8, 10, 0, 0]);
    for (subtype, rib) in [(4, RibView::AdjRibInPre), (7, RibView::AdjRibOutPost)] {
        let file = record(16, subtype, &body);
        let input = Input::from_reader(Path::new("test"), Cursor::new(file), None).unwrap();
        let mut batch = Batch::default();
        MrtReader::new(input).read_batch(&mut batch);
        assert_eq!(batch.events[0].rib, rib);
    }
}

#[test]
fn microseconds_count_and_run_over_to_no_more_than_a_second() {
    for (micros, expected) in [(250_000_u32, 1_000_250_000), (u32::MAX, 1_000_999_999)] {
        let mut body = micros.to_be_bytes().to_vec();
        body.extend(message(2, &[0, 2, 8, 10, 0, 0]));
        let input = Cursor::new(record(17, 4, &body));
        let input = Input::from_reader(Path::new("test"), input, None).unwrap();
        let mut batch = Batch::default();
        MrtReader::new(input).read_batch(&mut batch);
        assert_eq!(batch.events[0].time.micros(), expected);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn every_compression_is_recognised_and_concatenation_read_through() {
    for compress in [
        <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>,
        gzip,
        bzip2,
        xz,
        zstd,
    ] {
        let read = read([compress(&update()), compress(&update())].concat());
        assert!(!read.damaged, "{:?}", read.problems);
        assert_eq!(read.tally.withdrawn, 2);
        assert_eq!(read.offset, 2 * update().len() as u64);
    }
}

#[test]
fn a_cut_compressed_stream_is_read_as_far_as_it_goes() {
    // Noise does not compress, so that the cut falls in the middle of the records.
    let noise = |seed: u8| (0..4000_u32).map(move |n| (n.wrapping_mul(n) >> 5) as u8 ^ seed);
    let record = |seed| record(11, 0, &noise(seed).collect::<Vec<_>>());
    let file = [update(), record(1), record(2), record(3)].concat();
    for compress in [gzip, bzip2, xz, zstd] {
        let mut bytes = compress(&file);
        bytes.truncate(bytes.len() - 20);
        let read = read(bytes);
        let (_, reason, skipped) = read.only_problem();
        assert_eq!((reason, skipped), (Reason::MrtCompression, None));
    }
}

#[test]
fn a_wrong_checksum_is_reported_and_the_records_kept() {
    let mut bytes = gzip(&update());
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    let read = read(bytes);
    assert_eq!(read.only_problem().1, Reason::MrtCompression);
    assert_eq!(read.tally.withdrawn, 1);
}

#[test]
fn bombs_are_left_after_their_first_64_mib() {
    let record = record(11, 0, &vec![0; 4 << 20]);
    for compress in [gzip, bzip2, zstd] {
        let read = read(compress(&record).repeat(40));
        let (offset, reason, skipped) = read.only_problem();
        assert_eq!((reason, skipped), (Reason::MrtBomb, None));
        assert!(offset <= 72 << 20, "{offset}");
    }
}

#[test]
fn a_batch_is_handed_on_before_it_grows_large() {
    let file = update().repeat(20_000);
    let input = Input::from_reader(Path::new("test"), Cursor::new(file), None).unwrap();
    let mut reader = MrtReader::new(input);
    let mut batch = Batch::default();
    let mut batches = 0;
    while reader.read_batch(&mut batch) == Status::More {
        batches += 1;
        assert!(batch.nlri_count() <= 1024 + 1 && batch.peers.len() == 1);
    }
    assert_eq!(batches, 19);
}

#[test]
fn the_first_record_says_when_and_whether_a_table() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mrt");
    let peek = |name: &str| peek(&fixtures.join(name)).unwrap().unwrap();
    let table = peek("ryu_rib.20161101.0000_pick.bz2");
    assert_eq!((table.time.secs(), table.table_dump), (1_477_958_400, true));
    let updates = peek("bgpkit_local_updates.bz2");
    assert_eq!(
        (updates.time.micros(), updates.table_dump),
        (1_726_353_018_908_490, false)
    );
    assert_eq!(
        first_timestamp(&fixtures.join("../README.md")).unwrap(),
        None
    );
    assert!(first_timestamp(&fixtures.join("none")).is_err());
    assert!(Input::open(&fixtures).is_err(), "a directory");
}

#[test]
fn progress_is_counted_in_bytes_of_the_file() {
    let bytes = gzip(&update().repeat(1000));
    let size = bytes.len() as u64;
    let input = Input::from_reader(Path::new("test"), Cursor::new(bytes), None).unwrap();
    assert_eq!(input.compression(), Compression::Gzip);
    let consumed = input.consumed();
    MrtReader::new(input).read_batch(&mut Batch::default());
    assert_eq!(consumed.load(std::sync::atomic::Ordering::Relaxed), size);
}
