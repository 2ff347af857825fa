//! Every MRT fixture against what `bgpdump -m` prints of it, line by line.
//!
//! `tests/data/README.md` says where the files are from and how the references were
//! made. A line of the reference is `KIND|seconds|peer|AS|prefix[|path id][|AS path]`
//! for A (announced), W (withdrawn) and B (table dump), and `S|…` for a state change,
//! of which only the number is compared. Where leakwatch differs on purpose, the file
//! stands in [`exceptions`] with the reason.

#![allow(clippy::unwrap_used)]

use std::{
    fmt::Write as _,
    io::Read,
    path::{Path, PathBuf},
};

use leakwatch::bgp::{Afi, Batch, Event, EventKind, Prefix};
use leakwatch::wire::mrt::{Input, MrtReader, Status};
use leakwatch::wire::{Reason, Tally};

/// How a file's reading differs from the reference, and why that is right.
enum Exception {
    /// `bgpdump` prints microseconds for `BGP4MP_ET`; seconds are compared.
    Microseconds,
    /// `bgpdump` prints the peer's address in place of the prefix withdrawn by records
    /// of type 5 (its mask is right); the mask is compared.
    WithdrawnAddressIsThePeers,
    /// An ADD-PATH session recorded under a subtype without ADD-PATH: `bgpdump` reads
    /// each path identifier's octets as three default routes and a prefix that nobody
    /// announced. The six messages are refused and counted (RFC 7911 §6).
    PathIdentifiersRefused,
}

fn exceptions(name: &str) -> Option<Exception> {
    Some(match name {
        "bgpkit_local_updates.bz2" => Exception::Microseconds,
        "bgpkit_rrc00_updates.19991214.1621.gz" => Exception::WithdrawnAddressIsThePeers,
        "mrtparse_bird_bgp" => Exception::PathIdentifiersRefused,
        _ => return None,
    })
}

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
}

struct Reading {
    lines: String,
    tally: Tally,
    damaged: bool,
    problems: Vec<String>,
}

fn read(path: &Path) -> Reading {
    let mut reader = MrtReader::new(Input::open(path).unwrap());
    let mut batch = Batch::default();
    let mut lines = String::new();
    loop {
        let status = reader.read_batch(&mut batch);
        for event in &batch.events {
            write_event(&batch, event, &mut lines);
        }
        if status == Status::End {
            break;
        }
    }
    Reading {
        lines,
        tally: reader.tally().clone(),
        damaged: reader.damaged(),
        problems: reader.problems().iter().map(ToString::to_string).collect(),
    }
}

fn write_event(batch: &Batch, event: &Event, lines: &mut String) {
    let (kind, afi, nlri, attributes) = match event.kind {
        EventKind::Announce {
            afi,
            attributes,
            nlri,
        } => ("A", afi, nlri, Some(attributes)),
        EventKind::RibEntry {
            afi,
            attributes,
            nlri,
        } => ("B", afi, nlri, Some(attributes)),
        EventKind::Withdraw { afi, nlri } => ("W", afi, nlri, None),
        _ => return,
    };
    let peer = batch.peers[usize::from(event.peer)];
    let mut line = |prefix: Prefix, path_id: u32| {
        let (seconds, address, asn) = (event.time.secs(), peer.address, peer.asn.0);
        write!(lines, "{kind}|{seconds}|{address}|{asn}|{prefix}|").unwrap();
        if path_id > 0 {
            write!(lines, "{path_id}|").unwrap();
        }
        if let Some(attributes) = attributes {
            write!(lines, "{}", batch.path(&attributes)).unwrap();
        }
        lines.push('\n');
    };
    match afi {
        Afi::Ipv4 => nlri
            .of(&batch.v4)
            .iter()
            .for_each(|nlri| line(nlri.prefix(), nlri.path_id)),
        Afi::Ipv6 => nlri
            .of(&batch.v6)
            .iter()
            .for_each(|nlri| line(nlri.prefix(), nlri.path_id)),
    }
}

fn reference(name: &str) -> String {
    let path = data("bgpdump").join(format!("{name}.txt.xz"));
    let file = std::fs::File::open(path).unwrap();
    let mut text = String::new();
    liblzma::read::XzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// A line without what the exception says cannot be compared.
fn comparable(line: &str, exception: Option<&Exception>) -> String {
    let mut fields: Vec<&str> = line.split('|').collect();
    match exception {
        Some(Exception::Microseconds) => {
            fields[1] = fields[1].split('.').next().unwrap();
        }
        Some(Exception::WithdrawnAddressIsThePeers) if fields[0] == "W" => {
            fields[4] = fields[4].split('/').nth(1).unwrap();
        }
        _ => {}
    }
    fields.join("|").trim_end_matches('|').to_owned()
}

fn check(name: &str) -> Reading {
    let reading = read(&data("mrt").join(name));
    let reference = reference(name);
    let count = |kind: &str| {
        reference
            .lines()
            .filter(|line| line.starts_with(kind))
            .count() as u64
    };
    let exception = exceptions(name);
    assert_eq!(reading.tally.state_changes, count("S"), "{name}");
    if let Some(Exception::PathIdentifiersRefused) = exception {
        assert_eq!(count("A"), 24);
        assert_eq!(reading.tally.announced, 0);
        assert_eq!(reading.tally.count(Reason::AddPath), 6);
        return reading;
    }
    assert_eq!(reading.tally.announced, count("A"), "{name}");
    assert_eq!(reading.tally.withdrawn, count("W"), "{name}");
    assert_eq!(reading.tally.rib_entries, count("B"), "{name}");
    let mut ours = reading.lines.lines();
    let theirs = reference.lines().filter(|line| !line.starts_with('S'));
    for (number, theirs) in theirs.enumerate() {
        let ours = ours.next().unwrap_or("nothing");
        assert_eq!(
            comparable(ours, exception.as_ref()),
            comparable(theirs, exception.as_ref()),
            "{name}, line {number}"
        );
    }
    assert_eq!(ours.next(), None, "{name}");
    reading
}

macro_rules! references {
    ($($test:ident: $name:literal,)*) => {$(
        #[test]
        fn $test() {
            let reading = check($name);
            assert!(!reading.damaged, "{:?}", reading.problems);
        }
    )*};
}

references! {
    extended_timestamps_and_ipv6: "bgpkit_local_updates.bz2",
    type_5_records_of_1999: "bgpkit_rrc00_updates.19991214.1621.gz",
    shortened_state_changes_and_opens_of_2000: "bgpkit_rrc01_updates.20001104.0124.gz",
    two_and_four_octet_sessions_of_2010: "bgpkit_rrc03_updates.20100227.1600.first-796-records.gz",
    a_whole_update_file_of_2010: "bgpkit_rrc15_updates.20100227.1600.gz",
    an_update_file_of_2015: "libbgpstream_ris.rrc06.updates.1427846400.gz",
    birds_table_with_its_own_routes: "mrtparse_bird-mrtdump_rib",
    add_path_messages_of_bird: "mrtparse_bird6-mrtdump_bgp",
    add_path_messages_under_a_plain_subtype: "mrtparse_bird_bgp",
    openbgpds_table: "mrtparse_openbgpd_rib_table",
    openbgpds_table_v2_with_generic_entries: "mrtparse_openbgpd_rib_table-v2",
    vpn_families_and_route_refresh_of_quagga: "mrtparse_quagga_bgp",
    a_table_of_2002: "ripe-bgpdump_bview.20020722.2337.gz",
    a_table_with_path_identifiers: "ripe-bgpdump_bview.ipv4_unicast_add_path.gz",
    an_update_file_of_2002: "ripe-bgpdump_updates.20020722.2238.gz",
    an_update_file_of_2007: "ripe-bgpdump_updates.20071015.1505.gz",
    an_update_file_of_2016: "ripe-bgpdump_updates.20160811.1600.gz",
    a_message_longer_than_4096_octets: "ripe-bgpdump_updates.long_withdrawal.gz",
    a_pick_of_two_prefixes: "ryu_rib.20161101.0000_pick.bz2",
}

#[test]
fn a_table_whose_bzip2_stream_is_cut_is_read_up_to_the_cut() {
    let reading = check("pyasn_rib.20140523.0600_firstMB.bz2");
    assert!(reading.damaged);
    assert_eq!(reading.tally.count(Reason::MrtCompression), 1);
    let [problem] = &reading.problems[..] else {
        panic!("{:?}", reading.problems);
    };
    assert!(problem.starts_with("at byte 15273283: "), "{problem}");
}

#[test]
fn entries_without_a_peer_index_table_are_counted_and_reported() {
    let reading = read(&data("mrt").join("pyasn_bview.20140112.1600_3samples.bz2"));
    assert_eq!(reading.lines, "");
    assert_eq!(reading.tally.count(Reason::MrtPeerIndex), 3);
    assert_eq!(reading.problems.len(), 3);
}
