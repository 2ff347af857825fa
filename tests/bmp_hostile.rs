//! What a broken or hostile router sends, and the counter that each moves. After all but
//! what ends the session, the next good message is taken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "each test file uses some of it")]
mod station;

use leakwatch::{
    bgp::{Afi, Asn, DownReason, RibView, Timestamp},
    feed::bmp::session::{End, Limits, Notice},
    wire::{
        Reason,
        bmp::{Gauge, PeerHeader, Statistics, TerminationReason, encode},
    },
};
use station::*;

/// A station that heard of peer 1, and nothing wrong.
fn with_peer() -> Station {
    let mut station = Station::initiated();
    station.hear(&peer_up(&peer(1)));
    assert_eq!(station.errors(), []);
    station.said.clear();
    station.notices.clear();
    station
}

/// Hears `bytes`, whose only effect is that `reason` is counted once; the session lives.
#[track_caller]
fn only_counts(bytes: &[u8], reason: Reason) -> Station {
    let mut station = with_peer();
    station.hear(bytes);
    assert_eq!(station.errors(), [(reason, 1)]);
    assert_eq!(station.whats(), []);
    assert_eq!(station.end, None);
    still_takes_routes(&mut station);
    station
}

#[track_caller]
fn still_takes_routes(station: &mut Station) {
    assert!(station.rest.is_empty());
    let errors = station.session.tally().error_count();
    station.said.clear();
    station.hear(&monitoring(&peer(1), &announcement(200)));
    assert_eq!(station.whats(), [announced(200)]);
    assert_eq!(station.session.tally().error_count(), errors);
}

/// Hears `bytes`, which end the session.
#[track_caller]
fn ends(bytes: &[u8], reason: Reason) -> End {
    let mut station = with_peer();
    station.hear(bytes);
    assert_eq!(station.errors(), [(reason, 1)]);
    let end = station.end.clone().expect("it ends");
    // And stays so.
    station.hear(&monitoring(&peer(1), &announcement(1)));
    assert_eq!(station.whats(), []);
    assert_eq!(station.errors(), [(reason, 1)]);
    end
}

/// The per-peer header of peer 1, and `rest` after it.
fn with_header(rest: &[u8]) -> Vec<u8> {
    let mut body = monitoring(&peer(1), &[])[6..].to_vec();
    body.extend_from_slice(rest);
    body
}

// Framing.

#[test]
fn a_length_that_cannot_be_ends_the_session() {
    for length in [0_u32, 1, 2, 3, 4, 5, (1 << 20) + 1, u32::MAX] {
        let mut header = vec![3];
        header.extend_from_slice(&length.to_be_bytes());
        header.push(0);
        assert_eq!(ends(&header, Reason::BmpLength), End::Length(length));
    }
}

#[test]
fn a_message_as_long_as_the_cap_is_taken() {
    let limits = Limits {
        message: 200,
        ..Limits::default()
    };
    let mut station = Station::with(limits);
    station.hear(&initiation());
    station.hear(&message(77, &[0; 194]));
    assert_eq!(
        (station.end.clone(), station.count(Reason::BmpType)),
        (None, 1)
    );
    station.hear(&message(77, &[0; 195]));
    assert_eq!(station.end, Some(End::Length(201)));
}

#[test]
fn a_header_alone_is_a_message_too_short_for_its_fields() {
    for kind in [0, 1, 2, 3, 6] {
        only_counts(&message(kind, &[]), Reason::BmpMessage);
        only_counts(&message(kind, &[0; 41]), Reason::BmpMessage);
    }
}

#[test]
fn another_version_ends_the_session_and_is_told_for_what_it_looks_like() {
    for (bytes, looks_like) in [
        (&b"\x04\0\0\0\x06\x04"[..], "BMP version 4"),
        (b"\x01\x00", "BMP version 1 or 2"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"PRI * HTTP/2.0\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", "PROXY"),
        (&[0xFF; 19], "BGP"),
        (b"\0\0\0\0", "no protocol"),
    ] {
        let End::Version {
            version,
            looks_like: said,
        } = ends(bytes, Reason::BmpVersion)
        else {
            panic!("{bytes:?}")
        };
        assert_eq!(version, bytes[0]);
        assert!(said.contains(looks_like), "{said}");
    }
}

#[test]
fn octets_one_by_one_make_the_same_messages() {
    let mut bytes = peer_up(&peer(2));
    bytes.extend(monitoring(&peer(2), &announcement(1)));
    let mut station = with_peer();
    for octet in bytes {
        station.hear(&[octet]);
    }
    assert_eq!(station.whats(), [What::Up, announced(1)]);
    assert_eq!(station.errors(), []);
}

// Message, peer and TLV types.

#[test]
fn an_unknown_message_type_is_skipped() {
    for kind in [7, 8, 255] {
        only_counts(&message(kind, &[1; 100]), Reason::BmpType);
    }
}

#[test]
fn an_unknown_peer_type_is_skipped() {
    for kind in [4, 5, 255] {
        let mut bytes = monitoring(&peer(1), &announcement(1));
        bytes[6] = kind;
        only_counts(&bytes, Reason::BmpPeerType);
    }
}

#[test]
fn unknown_tlvs_are_passed_over_and_torn_ones_counted() {
    let mut station = Station::new();
    let tlvs = [0, 9, 0, 1, 7, 0, 2, 0, 2, b'r', b'1', 0x80, 1, 0, 0];
    station.hear(&message(4, &tlvs));
    assert_eq!(station.errors(), []);
    let name = |notice: &Notice| match notice {
        Notice::Initiated { initiation, again } => {
            assert!(!again && !initiation.drill);
            initiation.sys_name.to_string()
        }
        _ => panic!("{notice:?}"),
    };
    assert_eq!(station.notices.iter().map(name).collect::<Vec<_>>(), ["r1"]);

    let mut station = Station::new();
    station.hear(&message(4, &[0, 2, 0, 2, b'r', b'1', 0, 1, 0xFF, 0xFF, 1]));
    assert_eq!(station.errors(), [(Reason::BmpTlv, 1)]);
    assert_eq!(name(&station.notices[0]), "r1");
}

#[test]
fn what_a_router_calls_itself_is_printed_harmless() {
    let mut station = Station::new();
    let mut bytes = Vec::new();
    let name = "r\r\n\u{1b}[2J\u{202e}<!channel>\0";
    encode::initiation(&mut bytes, name, &"x".repeat(5000), &[]);
    station.hear(&bytes);
    let [Notice::Initiated { initiation, .. }] = station.notices.as_slice() else {
        panic!("{:?}", station.notices)
    };
    let shown = initiation.sys_name.to_string();
    assert!(
        !shown.contains(['\r', '\n', '\u{1b}', '\u{202e}', '\0']),
        "{shown}"
    );
    assert_eq!(initiation.sys_descr.raw().len(), 255);
    let not_utf8 = message(4, &[0, 2, 0, 2, 0xFF, 0xFE]);
    Station::new().hear(&not_utf8);
}

// Initiation.

#[test]
fn a_session_without_an_initiation_is_taken_and_told() {
    let mut station = Station::new();
    station.hear(&peer_up(&peer(1)));
    station.hear(&monitoring(&peer(1), &announcement(1)));
    assert_eq!(station.errors(), [(Reason::BmpInitiation, 1)]);
    assert_eq!(station.whats(), [What::Up, announced(1)]);
    let fault = Notice::Fault {
        reason: Reason::BmpInitiation,
        peer: None,
    };
    assert_eq!(station.notices[0], fault);
}

#[test]
fn a_second_or_late_initiation_is_told_as_such_and_makes_no_drill() {
    let mut drill = Vec::new();
    encode::initiation(&mut drill, "x", "", &["leakwatch-drill/1 google-2017"]);

    let mut station = Station::new();
    station.hear(&drill);
    assert!(matches!(
        &station.notices[..],
        [Notice::Initiated { initiation, again: false }] if initiation.drill
    ));

    let mut station = with_peer();
    station.hear(&drill);
    assert_eq!(station.errors(), [(Reason::BmpInitiation, 1)]);
    assert!(matches!(
        station.notices[0],
        Notice::Initiated { again: true, .. }
    ));
    still_takes_routes(&mut station);

    let mut station = Station::new();
    station.hear(&peer_up(&peer(1)));
    station.hear(&drill);
    assert!(
        station
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::Initiated { again: true, .. }))
    );
    assert_eq!(station.count(Reason::BmpInitiation), 2);
}

// Route Monitoring.

#[test]
fn of_two_pdus_in_one_message_the_first_is_taken() {
    let mut station = with_peer();
    let two = [announcement(1), announcement(2)].concat();
    station.hear(&monitoring(&peer(1), &two));
    assert_eq!(station.whats(), [announced(1)]);
    assert_eq!(station.errors(), [(Reason::TrailingBytes, 1)]);
    still_takes_routes(&mut station);
}

#[test]
fn octets_after_the_update_are_counted_unless_they_are_tlvs() {
    let mut station = with_peer();
    let trailing = [announcement(1), vec![1, 2, 3]].concat();
    station.hear(&monitoring(&peer(1), &trailing));
    assert_eq!(station.errors(), [(Reason::TrailingBytes, 1)]);
    // Path marking, as Huawei's routers send it.
    let marked = [announcement(2), vec![0xEA, 0x62, 0, 4, 0, 0, 0, 10]].concat();
    station.hear(&monitoring(&peer(1), &marked));
    assert_eq!(station.errors(), [(Reason::TrailingBytes, 1)]);
    assert_eq!(station.whats(), [announced(1), announced(2)]);
}

#[test]
fn an_inner_length_beyond_the_outer_voids_the_message() {
    let mut update = announcement(1);
    update[17] += 1;
    only_counts(&monitoring(&peer(1), &update), Reason::MessageLength);
    only_counts(&monitoring(&peer(1), &[]), Reason::MessageLength);
    only_counts(&monitoring(&peer(1), &[0xFF; 18]), Reason::MessageLength);
}

#[test]
fn a_route_monitoring_holds_an_update_and_nothing_else() {
    let mut open = Vec::new();
    encode::open(&mut open, &station::open(PEER_AS, 1));
    only_counts(&monitoring(&peer(1), &open), Reason::MessageType);
    let mut marker = announcement(1);
    marker[3] = 0;
    only_counts(&monitoring(&peer(1), &marker), Reason::Marker);
}

#[test]
fn routes_of_a_peer_that_is_not_up_are_not_taken() {
    only_counts(
        &monitoring(&peer(2), &announcement(1)),
        Reason::BmpUnknownPeer,
    );
    let mut station = with_peer();
    station.hear(&peer_down(&peer(1), DownReason::State));
    station.hear(&monitoring(&peer(1), &announcement(1)));
    assert_eq!(station.whats(), [What::Down(DownReason::State)]);
    assert_eq!(station.errors(), [(Reason::BmpUnknownPeer, 1)]);
    station.hear(&peer_up(&peer(1)));
    still_takes_routes(&mut station);
}

#[test]
fn nothing_is_read_after_a_termination() {
    let mut station = with_peer();
    let mut bytes = Vec::new();
    encode::termination(&mut bytes, TerminationReason::PermanentlyClosed);
    bytes.extend(monitoring(&peer(1), &announcement(1)));
    station.hear(&bytes);
    assert_eq!(station.errors(), [(Reason::BmpAfterTermination, 1)]);
    assert_eq!(station.whats(), []);
    assert!(matches!(
        station.end,
        Some(End::Terminated {
            reason: TerminationReason::PermanentlyClosed,
            ..
        })
    ));
    assert!(!station.rest.is_empty(), "what follows is not used");
}

#[test]
fn a_termination_with_a_torn_reason_is_one_all_the_same() {
    let mut station = with_peer();
    station.hear(&message(5, &[0, 1, 0, 1, 0]));
    assert_eq!(station.errors(), [(Reason::BmpTlv, 1)]);
    let reason = TerminationReason::Unspecified;
    assert!(matches!(&station.end, Some(End::Terminated { reason: r, .. }) if *r == reason));
}

// Peer Up.

#[test]
fn a_header_against_the_opens_is_counted_and_believed() {
    let header = peer(2);
    for received in [open(Asn(64999), header.bgp_id), open(header.asn, 77)] {
        let mut station = with_peer();
        station.hear(&peer_up_with(&header, &open(LOCAL_AS, 1), &received));
        assert_eq!(station.errors(), [(Reason::BmpPeerOpen, 1)]);
        assert_eq!(station.said[0].0, key(&header));
        still_takes_routes(&mut station);
    }
}

#[test]
fn two_octet_paths_on_a_session_of_four_are_counted_and_read_as_such() {
    let mut station = with_peer();
    let mut two = peer(1);
    two.flags |= 0x20;
    let update = [
        &[0xFF; 16][..],
        &[0, 46, 2, 0, 0, 0, 20],
        &[0x40, 1, 1, 0, 0x40, 2, 6, 2, 2, 0xFB, 0xF5, 0xFB, 0xFE],
        &[0x40, 3, 4, 10, 0, 0, 1],
        &[16, 10, 3],
    ]
    .concat();
    station.hear(&monitoring(&two, &update));
    assert_eq!(station.errors(), [(Reason::BmpPeerOpen, 1)]);
    assert_eq!(station.whats(), [announced(3)]);
}

#[test]
fn flags_and_fields_that_do_not_go_together_are_counted() {
    let distinguished = PeerHeader {
        distinguisher: 5,
        ..peer(2)
    };
    let mut wide = peer_up(&peer(2));
    wide[6 + 10] = 0x20;
    let mut loc_rib = peer_up(&PeerHeader::loc_rib(LOCAL_AS, 1));
    loc_rib[6 + 22] = 9;
    for bytes in [peer_up(&distinguished), wide, loc_rib] {
        let mut station = with_peer();
        station.hear(&bytes);
        assert_eq!(station.count(Reason::BmpPeerFlags), 1);
        assert_eq!(station.session.peer_count(), 2);
        still_takes_routes(&mut station);
    }
}

/// A Peer Up of peer 2 whose OPENs are these octets.
fn up_with_opens(opens: &[u8]) -> Vec<u8> {
    let mut body = monitoring(&peer(2), &[])[6..].to_vec();
    body.extend_from_slice(&[0; 20]);
    body.extend_from_slice(opens);
    message(3, &body)
}

#[test]
fn opens_that_lie_about_their_length_leave_the_peer_up_without_capabilities() {
    let mut good = Vec::new();
    encode::open(&mut good, &open(PEER_AS, 0x0A00_0002));
    let with = |at: usize, octet: u8| {
        let mut open = good.clone();
        open[at] = octet;
        [open, good.clone()].concat()
    };
    let end = good.len() as u8;
    for opens in [
        vec![],
        good.clone(),
        good[..28].to_vec(),
        // The message: too short for an OPEN, beyond the end.
        with(17, 28),
        with(16, 0xFF),
        // Its marker and type.
        with(0, 0),
        with(18, 2),
        // Its parameters: too long, too short.
        with(28, end),
        with(28, 1),
        // A parameter, and a capability, beyond what holds it.
        with(30, 200),
        with(32, 200),
        // The length that announces lengths of two octets, which are not there.
        with(28, 255),
    ] {
        let mut station = with_peer();
        station.hear(&up_with_opens(&opens));
        let errors = station.errors();
        assert_eq!(errors[0], (Reason::BmpOpen, 1), "{opens:?}");
        assert_eq!(station.whats(), [What::Up]);
        still_takes_routes(&mut station);
        station.hear(&monitoring(&peer(2), &announcement(9)));
        assert_eq!(station.said[1].2, announced(9));
    }
}

/// An OPEN of peer 2 with these optional parameters.
fn open_with(parameters: &[u8]) -> Vec<u8> {
    let mut open = vec![0xFF; 16];
    open.extend_from_slice(&[0, 28 + parameters.len() as u8, 1, 4]);
    open.extend_from_slice(&(PEER_AS.0 as u16).to_be_bytes());
    open.extend_from_slice(&[0, 180, 10, 0, 0, 2]);
    open.extend_from_slice(parameters);
    open
}

#[test]
fn empty_capabilities_unknown_parameters_and_extended_lengths_are_read() {
    for parameters in [
        &[0][..],
        // A capability of nothing, and an empty list of them.
        &[4, 2, 2, 200, 0],
        &[2, 2, 0],
        // A parameter of type 1 (authentication, long gone).
        &[4, 1, 2, 1, 2],
        // RFC 9072, twice: as it says, and with the length any but 0.
        &[255, 255, 0, 9, 2, 0, 6, 65, 4, 0, 0, 0xFB, 0xF5],
        &[12, 255, 0, 9, 2, 0, 6, 65, 4, 0, 0, 0xFB, 0xF5],
    ] {
        let mut station = with_peer();
        let opens = [open_with(parameters), open_with(parameters)].concat();
        station.hear(&up_with_opens(&opens));
        assert_eq!(station.errors(), [], "{parameters:?}");
        assert_eq!(station.session.peer_count(), 2);
    }
    // Capabilities cut short by their own length.
    for parameters in [
        &[6, 2, 4, 65, 2, 0, 0][..],
        &[5, 2, 3, 1, 1, 0],
        &[8, 2, 6, 69, 3, 0, 1, 1, 9],
        &[255, 255, 0, 8, 2, 0, 6, 65, 4, 0, 0, 0xFB, 0xF5],
        &[1, 255],
    ] {
        let mut station = with_peer();
        let opens = [open_with(&[0]), open_with(parameters)].concat();
        station.hear(&up_with_opens(&opens));
        assert_eq!(station.errors(), [(Reason::BmpOpen, 1)], "{parameters:?}");
    }
}

#[test]
fn a_million_peers_are_no_more_than_the_limit() {
    let limits = Limits {
        peers: 100,
        ..Limits::default()
    };
    let mut station = Station::with(limits);
    station.hear(&initiation());
    let one = peer_up(&peer(0));
    let mut thousand = one.repeat(1000);
    for n in 0..1000_u32 {
        for (place, bytes) in thousand.chunks_mut(one.len()).enumerate() {
            // The peer's address, and its identifier.
            let address = (0x0A00_0000 + n * 1000 + place as u32).to_be_bytes();
            bytes[6 + 22..6 + 26].copy_from_slice(&address);
            bytes[6 + 30..6 + 34].copy_from_slice(&address);
        }
        station.hear(&thousand);
        station.notices.clear();
    }
    assert_eq!(station.session.peer_count(), 100);
    assert_eq!(station.said.len(), 100);
    assert_eq!(station.count(Reason::BmpPeerLimit), 1_000_000 - 100);
    // Room is made by a peer that goes.
    station.hear(&peer_down(&peer(7), DownReason::State));
    station.hear(&peer_up(&peer(5000)));
    assert_eq!(station.session.peer_count(), 100);
    assert_eq!(station.said[101].0, key(&peer(5000)));
}

#[test]
fn peers_going_up_and_down_at_line_rate_leave_nothing() {
    let mut station = Station::initiated();
    let mut bytes = Vec::new();
    for n in 0..20_000 {
        bytes.extend(peer_up(&peer(n)));
        bytes.extend(monitoring(&peer(n), &announcement(1)));
        bytes.extend(peer_down(&peer(n), DownReason::State));
    }
    station.hear(&bytes);
    assert_eq!(station.session.peer_count(), 0);
    assert_eq!(station.said.len(), 60_000);
    assert_eq!(station.errors(), []);
    assert!(station.handed_on > 10, "in batches of bounded size");
}

#[test]
fn a_peer_that_comes_up_again_starts_its_table_anew() {
    let mut station = with_peer();
    station.hear(&peer_up(&peer(1).at(Timestamp::from_secs(9))));
    assert_eq!(station.errors(), [(Reason::BmpPeerUp, 1)]);
    assert_eq!(station.whats(), [What::Up]);
    assert!(matches!(
        station.notices[0],
        Notice::PeerUp { again: true, .. }
    ));
    assert_eq!(station.session.peer_count(), 1);
    still_takes_routes(&mut station);
}

// Peer Down.

#[test]
fn a_peer_down_that_cannot_be_read_takes_the_peer_down() {
    for (rest, faults) in [
        (&[0][..], 1),
        (&[7, 1, 2, 3], 1),
        (&[1], 1),
        (&[3, 0xFF, 0xFF], 1),
        (&[2], 1),
        (&[2, 0, 18], 0),
        (&[4], 0),
    ] {
        let mut station = with_peer();
        station.hear(&message(2, &with_header(rest)));
        assert_eq!(station.whats(), [What::Down(DownReason::State)]);
        assert_eq!(station.count(Reason::BmpPeerDown), faults);
        assert_eq!(station.session.tally().error_count(), faults);
        assert_eq!(station.session.peer_count(), 0);
    }
    only_counts(&message(2, &with_header(&[])), Reason::BmpMessage);
}

#[test]
fn a_peer_down_of_nobody_says_nothing() {
    let mut station = with_peer();
    station.hear(&peer_down(&peer(9), DownReason::State));
    assert_eq!((station.whats(), station.errors()), (vec![], vec![]));
    assert_eq!(station.session.messages()[2], 1);
    still_takes_routes(&mut station);
}

// Statistics and Mirroring.

#[test]
fn statistics_that_do_not_add_up_are_counted_and_read_as_far_as_they_go() {
    let gauge = |routes: u8| [0, 7, 0, 8, 0, 0, 0, 0, 0, 0, 0, routes];
    let cases: [(Vec<u8>, Reason, Option<u64>); 5] = [
        (vec![0, 0, 0], Reason::BmpMessage, None),
        (
            [&[0, 0, 0, 2][..], &gauge(5)].concat(),
            Reason::BmpTlv,
            Some(5),
        ),
        (
            [&[0, 0, 0, 1][..], &gauge(5), &[0, 7]].concat(),
            Reason::BmpTlv,
            Some(5),
        ),
        (
            vec![0, 0, 0, 1, 0, 7, 0, 4, 0, 0, 0, 9],
            Reason::BmpTlv,
            None,
        ),
        (vec![0, 0, 0, 1, 0, 7, 0xFF, 0xFF], Reason::BmpTlv, None),
    ];
    for (rest, reason, routes) in cases {
        let station = only_counts(&message(1, &with_header(&rest)), reason);
        let gauges = station.notices.iter().find_map(|notice| match notice {
            Notice::Statistics { statistics, .. } => Some(statistics.adj_rib_in.all),
            _ => None,
        });
        assert_eq!(gauges, Some(routes));
    }
    let mut bytes = Vec::new();
    encode::statistics(&mut bytes, &peer(9), &Statistics::default());
    only_counts(&bytes, Reason::BmpUnknownPeer);
}

#[test]
fn gauges_of_every_table_are_told() {
    let mut station = with_peer();
    let statistics = Statistics {
        adj_rib_in: Gauge {
            all: Some(12),
            ipv4: Some(7),
            ipv6: Some(5),
        },
        loc_rib: Gauge {
            all: Some(1 << 40),
            ..Gauge::default()
        },
        adj_rib_out_pre: Gauge {
            ipv4: Some(3),
            ..Gauge::default()
        },
        adj_rib_out_post: Gauge {
            ipv6: Some(0),
            ..Gauge::default()
        },
    };
    let mut bytes = Vec::new();
    encode::statistics(&mut bytes, &peer(1), &statistics);
    station.hear(&bytes);
    let told = Notice::Statistics {
        peer: key(&peer(1)),
        rib: RibView::AdjRibInPre,
        statistics,
    };
    assert_eq!(station.notices, [told]);
    assert_eq!(station.errors(), []);
}

#[test]
fn mirrored_updates_are_not_routes() {
    let mut station = with_peer();
    let update = announcement(1);
    let mut rest = vec![0, 0, 0, update.len() as u8];
    rest.extend_from_slice(&update);
    rest.extend_from_slice(&[0, 1, 0, 2, 0, 1]);
    station.hear(&message(6, &with_header(&rest)));
    assert_eq!(station.whats(), []);
    assert_eq!(station.errors(), []);
    assert_eq!(station.session.messages()[6], 1);
    assert_eq!(station.session.mirrored_lost(), 1);
    only_counts(
        &message(6, &with_header(&[0, 0, 0xFF, 0xFF])),
        Reason::BmpTlv,
    );
}

// BGP inside.

#[test]
fn path_identifiers_where_none_were_negotiated_are_not_taken_for_prefixes() {
    let mut update = announcement(1);
    let nlri = [0, 0, 0, 1, 16, 10, 1, 0, 0, 0, 2, 16, 10, 2];
    update.truncate(update.len() - 3);
    update.extend_from_slice(&nlri);
    update[17] = update.len() as u8;
    only_counts(&monitoring(&peer(1), &update), Reason::AddPath);
}

#[test]
fn prefixes_where_path_identifiers_were_negotiated_void_the_message() {
    let header = peer(1);
    let mut both = open(header.asn, header.bgp_id);
    both.capabilities.add_path_v4 = 3;
    let mut station = Station::initiated();
    station.hear(&peer_up_with(&header, &both, &both));
    station.said.clear();
    station.hear(&monitoring(&header, &announcement(1)));
    assert_eq!(station.count(Reason::Nlri), 1);
    assert_eq!(station.whats(), []);
}

#[test]
fn attributes_that_rfc_7606_treats_as_withdrawn_withdraw() {
    let mut station = with_peer();
    let mut update = announcement(1);
    // ORIGIN 9.
    update[26] = 9;
    station.hear(&monitoring(&peer(1), &update));
    assert_eq!(station.errors(), [(Reason::Origin, 1)]);
    assert_eq!(station.whats(), [What::Withdraw(net(1), 0)]);
    let mut long = announcement(1);
    // Total Path Attribute Length beyond the message.
    long[21] = 0xFF;
    only_counts(&monitoring(&peer(1), &long), Reason::UpdateLength);
}

#[test]
fn end_of_rib_of_each_family_is_told() {
    let mut station = with_peer();
    let mut bytes = Vec::new();
    encode::end_of_rib(&mut bytes, &peer(1), Afi::Ipv4);
    encode::end_of_rib(&mut bytes, &peer(1), Afi::Ipv6);
    station.hear(&bytes);
    let whats = [What::EndOfRib(Afi::Ipv4), What::EndOfRib(Afi::Ipv6)];
    assert_eq!(station.whats(), whats);
    assert_eq!(station.errors(), []);
}

// Time.

#[test]
fn a_router_s_clock_is_gauged_and_not_believed() {
    let mut station = with_peer();
    // No time at all (the Peer Up had none either), the past, the future, the past again:
    // events carry the time of arrival, which `Station` checks.
    assert_eq!(station.session.unstamped(), 1);
    let past = Timestamp::from_secs(5);
    let future = Timestamp::from_secs(NOW.secs() + 3600);
    for (time, skew) in [
        (Timestamp::ZERO, None),
        (past, None),
        (future, Some(3_600_000_000)),
        (
            Timestamp::from_secs(u64::from(u32::MAX)),
            Some(2_544_967_295_000_000),
        ),
        (past, Some(2_544_967_295_000_000)),
    ] {
        station.hear(&monitoring(&peer(1).at(time), &announcement(1)));
        assert_eq!(station.session.clock_skew(), skew);
    }
    assert_eq!(station.session.unstamped(), 2);
    let mut report = Vec::new();
    let behind = Timestamp::from_micros(NOW.micros() - 1_500_000);
    encode::statistics(&mut report, &peer(1).at(behind), &Statistics::default());
    station.hear(&report);
    assert_eq!(station.session.clock_skew(), Some(-1_500_000));
    assert_eq!(station.errors(), []);
    assert_eq!(station.whats(), vec![announced(1); 5]);
}
