//! The inputs of the benchmarks, as MRT bytes: full tables of any number of peers, the
//! leak of August 2017 on top of them, and one peer's transfer.
//!
//! All is made from the drill `google-2017`: real prefixes, synthetic paths, the same
//! bytes on every machine.

#![allow(dead_code, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    io::Cursor,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::Duration,
};

use leakwatch::{
    bgp::{AsPath, Asn, Attributes, Batch, EventKind, Nlri, PeerKey, Timestamp},
    config::Config,
    drill::{self, Options, Recording, Vantage},
    engine::Engine,
    feed::replay::Replay,
    incident::Output,
    wire::{
        encode::{self, PathAttributes, RibRecord, Session},
        mrt::{Input, MrtReader, Status},
    },
};

/// Feeds that the drill's collector has.
const FEEDS: usize = 6;
/// The networks that stand in front of a feed's path where more peers are wanted:
/// numbers that the drills use too, given to nobody.
const FURTHER_PEERS: u32 = 1_900_000;

/// The drill as a collector with six full feeds records it.
pub fn recording(routes: Option<u32>, nlri_per_update: Option<usize>) -> Recording {
    let drill = drill::find("google-2017").expect("a drill");
    let options = Options {
        vantage: Vantage::Collector,
        rate: Some(20_000),
        routes,
        nlri_per_update,
        ..Options::default()
    };
    drill::play(drill, &options)
}

/// A reader over bytes at hand.
pub fn reader(bytes: Vec<u8>) -> MrtReader {
    let input = Input::from_reader(Path::new("bench"), Cursor::new(bytes), None);
    MrtReader::new(input.expect("bytes at hand can be read"))
}

/// An engine with every detector on, as installed.
pub fn engine() -> Engine {
    let config = Config::default();
    Engine::new(config.reference, config.detect, config.incident)
}

/// Reads all of `bytes` into `replay`.
pub fn feed(replay: &mut Replay, bytes: Vec<u8>) -> Vec<Output> {
    let mut out = Vec::new();
    replay.read(&mut reader(bytes), &mut |one| out.push(one), &mut || {});
    out
}

fn batches(bytes: &[u8], mut each: impl FnMut(&Batch)) {
    let mut reader = reader(bytes.to_vec());
    let mut batch = Batch::default();
    while reader.read_batch(&mut batch) == Status::More {
        each(&batch);
    }
    each(&batch);
}

/// When the first event of `bytes` happened.
pub fn beginning(bytes: &[u8]) -> Timestamp {
    let mut batch = Batch::default();
    reader(bytes.to_vec()).read_batch(&mut batch);
    batch.events.first().expect("an event").time
}

/// The peer that a world numbers `index`.
fn peer(feeds: &[PeerKey], index: usize) -> Option<(IpAddr, Asn)> {
    let feed = feeds.get(index % FEEDS)?;
    if index < FEEDS {
        return Some((feed.address, feed.asn));
    }
    let address = Ipv4Addr::new(192, 0, 2, 100 + index as u8);
    Some((address.into(), Asn(FURTHER_PEERS + index as u32)))
}

/// A RIB file of `views` full IPv4 tables: the drill's six feeds, then further peers
/// that hear what a feed hears and put their own number in front.
pub fn table(recording: &Recording, views: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut feeds: Vec<PeerKey> = Vec::new();
    let mut sequence = 0;
    let mut row: Vec<(usize, Attributes)> = Vec::new();
    batches(&recording.rib, |batch| {
        let mut current: Option<Nlri<u32>> = None;
        for event in &batch.events {
            let EventKind::RibEntry {
                attributes, nlri, ..
            } = event.kind
            else {
                continue;
            };
            let Some(&prefix) = nlri.of(&batch.v4).first() else {
                continue;
            };
            if current != Some(prefix) {
                if let Some(before) = current {
                    write_row(
                        &mut out,
                        event.time,
                        &mut sequence,
                        &before,
                        batch,
                        &row,
                        &feeds,
                        views,
                    );
                }
                row.clear();
                current = Some(prefix);
            }
            let key = &batch.peers[usize::from(event.peer)];
            let feed = feeds
                .iter()
                .position(|known| known == key)
                .unwrap_or_else(|| {
                    feeds.push(*key);
                    feeds.len() - 1
                });
            row.push((feed, attributes));
            if feeds.len() == FEEDS && out.is_empty() {
                let peers: Vec<(u32, IpAddr, Asn)> = (0..views)
                    .filter_map(|index| peer(&feeds, index))
                    .map(|(address, asn)| (1, address, asn))
                    .collect();
                encode::peer_index_table(&mut out, event.time, 1, &peers);
            }
        }
        if let (Some(before), Some(event)) = (current, batch.events.last()) {
            write_row(
                &mut out,
                event.time,
                &mut sequence,
                &before,
                batch,
                &row,
                &feeds,
                views,
            );
        }
        row.clear();
    });
    out
}

#[allow(clippy::too_many_arguments)]
fn write_row(
    out: &mut Vec<u8>,
    time: Timestamp,
    sequence: &mut u32,
    prefix: &Nlri<u32>,
    batch: &Batch,
    row: &[(usize, Attributes)],
    feeds: &[PeerKey],
    views: usize,
) {
    let mut record = RibRecord::begin(out, time, *sequence, prefix);
    *sequence += 1;
    let mut bytes = Vec::new();
    let mut words = Vec::new();
    for index in 0..views {
        let Some((_, attributes)) = row.iter().find(|(feed, _)| *feed == index % FEEDS) else {
            continue;
        };
        let Some((_, asn)) = peer(feeds, index) else {
            continue;
        };
        words.clear();
        words.extend((index >= FEEDS).then_some(asn.0));
        words.extend(batch.path(attributes).words);
        bytes.clear();
        write_attributes(&mut bytes, &words, attributes, batch);
        record.entry(out, index as u16, &bytes);
    }
    record.finish(out);
}

fn write_attributes(out: &mut Vec<u8>, words: &[u32], attributes: &Attributes, batch: &Batch) {
    PathAttributes {
        path: AsPath {
            words,
            segmented: attributes.segmented,
        },
        next_hop: attributes.next_hop,
        med: None,
        communities: attributes.communities.of(&batch.communities),
    }
    .write(out);
}

/// The leak alone, as the first `feeds` peers send it, `most` routes from each: records
/// and their NLRI.
pub fn leak(recording: &Recording, feeds: usize, most: u32) -> (Vec<u8>, u64) {
    let mut out = Vec::new();
    let mut sent: Vec<(PeerKey, u32)> = Vec::new();
    batches(&recording.rib, |batch| {
        for peer in &batch.peers {
            if !sent.iter().any(|(known, _)| known == peer) {
                sent.push((*peer, 0));
            }
        }
    });
    sent.truncate(feeds);
    batches(&recording.updates, |batch| {
        for event in &batch.events {
            let EventKind::Announce {
                attributes, nlri, ..
            } = event.kind
            else {
                continue;
            };
            let key = &batch.peers[usize::from(event.peer)];
            let words = batch.path(&attributes).words;
            let leaked = words.windows(2).any(|edge| edge == [701, 15169]);
            let Some((_, count)) = sent.iter_mut().find(|(peer, _)| peer == key) else {
                continue;
            };
            if !leaked || *count >= most {
                continue;
            }
            *count += nlri.len;
            encode::message(&mut out, event.time, &session(key), |out| {
                out.extend_from_slice(event.raw.of(&batch.raw));
            });
        }
    });
    let count = sent.iter().map(|(_, count)| u64::from(*count)).sum();
    (out, count)
}

fn session(key: &PeerKey) -> Session {
    Session {
        peer_as: key.asn,
        local_as: Asn(64500),
        peer: key.address,
        local: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    }
}

/// One peer's table as the UPDATEs of its first transfer: prefixes with the same
/// attributes share an UPDATE, at most `most` of them. Records and NLRI.
pub fn transfer(recording: &Recording, most: usize) -> (Vec<u8>, u64) {
    let mut groups: BTreeMap<Vec<u8>, Vec<Nlri<u32>>> = BTreeMap::new();
    let mut feed: Option<PeerKey> = None;
    let mut start = Timestamp::ZERO;
    batches(&recording.rib, |batch| {
        for event in &batch.events {
            let EventKind::RibEntry {
                attributes, nlri, ..
            } = event.kind
            else {
                continue;
            };
            let key = &batch.peers[usize::from(event.peer)];
            if *feed.get_or_insert(*key) != *key {
                continue;
            }
            start = event.time;
            let mut bytes = Vec::new();
            write_attributes(
                &mut bytes,
                batch.path(&attributes).words,
                &attributes,
                batch,
            );
            let group = groups.entry(bytes).or_default();
            group.extend(nlri.of(&batch.v4));
        }
    });
    let session = session(&feed.expect("a table has a peer"));
    // Speakers walk their table, not their paths: groups in the order of their first
    // prefix.
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, prefixes)| prefixes.first().copied());
    let mut out = Vec::new();
    let (mut count, mut micros) = (0, start.micros());
    let mut announced = Vec::new();
    for (attributes, prefixes) in &groups {
        for part in prefixes.chunks(most) {
            announced.clear();
            for prefix in part {
                encode::nlri(&mut announced, prefix);
            }
            count += part.len() as u64;
            // A table in half a minute.
            micros += 30 * part.len() as u64;
            encode::message(&mut out, Timestamp::from_micros(micros), &session, |out| {
                encode::update(out, &[], attributes, &announced);
            });
        }
    }
    (out, count)
}

/// Octets of the process that are resident now.
///
/// Pages of 4 KiB are taken for granted, as on x86-64.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm
        .split_whitespace()
        .nth(1)
        .and_then(|field| field.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

/// Time that this thread has been on a processor: on a busy machine it says more than a
/// clock. From the kernel's accounting; where there is none, nothing can be measured.
pub fn on_processor() -> Duration {
    let accounting = std::fs::read_to_string("/proc/thread-self/schedstat");
    let accounting = accounting.expect("the kernel's account of this thread");
    let nanoseconds = accounting.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}
