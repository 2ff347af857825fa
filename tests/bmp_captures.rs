//! What real routers sent (see `tests/data/README.md`), against what others read in it,
//! and the same in however small pieces it comes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "each test file uses some of it")]
mod station;

use std::path::Path;

use leakwatch::{
    bgp::DownReason,
    feed::bmp::session::{End, Notice},
    wire::{Reason, bmp::Kind},
};
use station::*;

/// What a stream holds. Messages: as framed, and as `tshark` 4.0.17 counts them. Unicast
/// prefixes and End-of-RIB markers: as the decoder of `NetGauze`, pmacct's own tests or `tshark`
/// say, and where none of them does (three of `pmacct_208`, whose counts mix labelled and
/// plain ones) by a count of their own, written for the purpose.
struct Facts {
    file: &'static str,
    /// In the order of [`Kind::ALL`].
    messages: [u64; 8],
    announced: u64,
    withdrawn: u64,
    end_of_rib: u64,
    /// BGP sessions that came up.
    up: usize,
    /// Octets of a message that the capture cuts.
    cut: usize,
    errors: &'static [(Reason, u64)],
}

const NOTHING: Facts = Facts {
    file: "",
    messages: [0; 8],
    announced: 0,
    withdrawn: 0,
    end_of_rib: 0,
    up: 0,
    cut: 0,
    errors: &[],
};

const FACTS: [Facts; 17] = [
    // Starts in mid-session: statistics and routes of peers that no Peer Up told of.
    Facts {
        file: "netgauze_evpn_198.51.100.44",
        messages: [6, 7, 1, 2, 0, 0, 0, 0],
        end_of_rib: 1,
        up: 2,
        errors: &[(Reason::BmpInitiation, 1), (Reason::BmpUnknownPeer, 8)],
        ..NOTHING
    },
    Facts {
        file: "netgauze_peers-with-different-caps",
        messages: [173, 0, 0, 18, 1, 0, 0, 0],
        announced: 1,
        end_of_rib: 8,
        up: 18,
        ..NOTHING
    },
    Facts {
        file: "netgauze_unreachable-prefix-announcement_172.20.0.11",
        messages: [16, 0, 0, 3, 1, 0, 0, 0],
        announced: 10,
        end_of_rib: 6,
        up: 3,
        ..NOTHING
    },
    Facts {
        file: "netgauze_unreachable-prefix-announcement_172.20.0.12",
        messages: [12, 0, 0, 2, 1, 0, 0, 0],
        announced: 6,
        withdrawn: 3,
        end_of_rib: 3,
        up: 2,
        ..NOTHING
    },
    // 18 Peer Ups: one for each table and family of five sessions.
    Facts {
        file: "pmacct_200_traffic-00",
        messages: [84, 0, 0, 18, 1, 0, 0, 0],
        announced: 5,
        end_of_rib: 2,
        up: 5,
        ..NOTHING
    },
    Facts {
        file: "pmacct_202_traffic-02",
        messages: [53, 0, 0, 12, 1, 0, 0, 0],
        up: 12,
        cut: 156,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_2001_db8_53__1",
        messages: [315, 6, 0, 6, 1, 0, 0, 0],
        announced: 73,
        end_of_rib: 13,
        up: 6,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_2001_db8_73__1",
        messages: [203, 7, 0, 7, 1, 0, 0, 0],
        announced: 42,
        end_of_rib: 11,
        up: 7,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_203.0.113.22",
        messages: [0, 0, 0, 0, 1, 0, 0, 0],
        ..NOTHING
    },
    // Loc-RIBs with path identifiers, IPv4's and IPv6's in OPENs of their own, and TLVs
    // after 200 of the UPDATEs.
    Facts {
        file: "pmacct_208_203.0.113.23",
        messages: [315, 228, 0, 12, 1, 0, 0, 0],
        announced: 143,
        end_of_rib: 12,
        up: 4,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_203.0.113.24",
        messages: [111, 152, 0, 8, 1, 0, 0, 0],
        announced: 139,
        end_of_rib: 8,
        up: 2,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_203.0.113.44",
        messages: [348, 68, 0, 17, 1, 0, 0, 0],
        announced: 1,
        end_of_rib: 9,
        up: 17,
        ..NOTHING
    },
    Facts {
        file: "pmacct_208_203.0.113.54",
        messages: [921, 418, 0, 32, 1, 0, 0, 0],
        announced: 217,
        end_of_rib: 39,
        up: 6,
        ..NOTHING
    },
    // FRR 8.0.1: everything twice, a Loc-RIB announced by a Peer Up of type 0, and 187 of
    // 190 routes without NEXT_HOP.
    Facts {
        file: "pmacct_208_203.0.113.58",
        messages: [598, 176, 0, 10, 2, 0, 0, 0],
        announced: 3,
        end_of_rib: 24,
        up: 5,
        errors: &[(Reason::MissingAttribute, 187), (Reason::BmpInitiation, 1)],
        ..NOTHING
    },
    Facts {
        file: "pmacct_400_traffic-00",
        messages: [156, 14, 0, 7, 1, 0, 0, 0],
        announced: 24,
        end_of_rib: 14,
        up: 7,
        ..NOTHING
    },
    Facts {
        file: "pmacct_401_traffic-00",
        messages: [161, 7, 0, 7, 1, 0, 0, 0],
        announced: 26,
        end_of_rib: 14,
        up: 7,
        ..NOTHING
    },
    Facts {
        file: "pmacct_401_traffic-01",
        messages: [161, 0, 0, 7, 1, 0, 0, 0],
        announced: 26,
        end_of_rib: 14,
        up: 7,
        ..NOTHING
    },
];

fn read(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bmp");
    std::fs::read(path.join(format!("{file}.bmp"))).unwrap()
}

fn heard(bytes: &[u8], piece: usize) -> Station {
    let mut station = Station::new();
    for piece in bytes.chunks(piece) {
        station.hear(piece);
    }
    station
}

#[test]
fn every_stream_holds_what_others_read_in_it() {
    for facts in FACTS {
        let bytes = read(facts.file);
        let station = heard(&bytes, usize::MAX);
        let tally = station.session.tally();
        let file = facts.file;
        assert_eq!(*station.session.messages(), facts.messages, "{file}");
        let counts = (tally.announced, tally.withdrawn, tally.end_of_rib);
        let expected = (facts.announced, facts.withdrawn, facts.end_of_rib);
        assert_eq!(counts, expected, "{file}");
        assert_eq!(station.errors(), facts.errors, "{file}");
        let is = |what: What| move |said: &&Said| said.2 == what;
        assert_eq!(
            station.said.iter().filter(is(What::Up)).count(),
            facts.up,
            "{file}"
        );
        assert_eq!(station.end, None, "{file}");
        assert_eq!(station.rest.len(), facts.cut, "{file}");
        assert_eq!(
            tally.updates,
            facts.messages[0] - unknown_routes(&facts),
            "{file}"
        );
        for notice in &station.notices {
            if let Notice::Fault { reason, .. } = notice {
                assert!(facts.errors.iter().any(|(known, _)| known == reason));
            }
        }
    }
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bmp");
    let files = std::fs::read_dir(files).unwrap();
    let prefixes = ["netgauze_", "pmacct_"];
    let of_others = files.filter(|file| {
        let name = file.as_ref().unwrap().file_name().into_string().unwrap();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    });
    // One more: the draft of version 4, below.
    assert_eq!(of_others.count(), FACTS.len() + 1);
}

/// Route Monitoring of peers that no Peer Up told of.
fn unknown_routes(facts: &Facts) -> u64 {
    u64::from(facts.file.starts_with("netgauze_evpn")) * 2
}

#[test]
fn pieces_make_no_difference() {
    for facts in FACTS {
        let bytes = read(facts.file);
        let whole = heard(&bytes, usize::MAX);
        let mut pieces = vec![7, 97, 1460];
        if bytes.len() < 40_000 {
            pieces.push(1);
        }
        for piece in pieces {
            let station = heard(&bytes, piece);
            assert!(station.said == whole.said, "{} by {piece}", facts.file);
            assert!(station.notices == whole.notices);
            assert_eq!(station.session.tally(), whole.session.tally());
            assert_eq!(station.rest, whole.rest);
        }
    }
}

#[test]
fn the_draft_of_version_4_is_refused_by_name() {
    let station = heard(&read("netgauze_stateless-with-add-path"), usize::MAX);
    assert_eq!(station.errors(), [(Reason::BmpVersion, 1)]);
    let end = station.end.unwrap();
    assert!(matches!(end, End::Version { version: 4, .. }));
    assert!(end.to_string().contains("version 4"), "{end}");
}

#[test]
fn an_administrative_reset_is_told_by_its_codes() {
    let station = heard(&read("netgauze_evpn_198.51.100.44"), usize::MAX);
    let down = station.notices.iter().find_map(|notice| match notice {
        Notice::PeerDown { reason, code, .. } => Some((*reason, *code)),
        _ => None,
    });
    let reset = DownReason::Notification {
        code: 6,
        subcode: 4,
    };
    assert_eq!(down, Some((reset, 1)));
    let statistics = station.session.messages()[Kind::Statistics as usize];
    assert_eq!(statistics, 7);
}
