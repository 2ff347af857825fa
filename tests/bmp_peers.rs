//! Peers and tables: who a message is about, and how what it carries reads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "each test file uses some of it")]
mod station;

use std::net::IpAddr;

use leakwatch::{
    bgp::{Asn, Batch, DownReason, EventKind, RibView, Router, Timestamp},
    feed::bmp::session::{Limits, Notice, Session, Then, tell_of},
    wire::{
        Reason,
        bmp::{Open, PeerHeader, PeerType, encode},
    },
};
use station::*;

const VIEWS: [RibView; 4] = [
    RibView::AdjRibInPre,
    RibView::AdjRibInPost,
    RibView::AdjRibOutPre,
    RibView::AdjRibOutPost,
];

/// The OPENs of a session with ADD-PATH offered so: 1 receive, 2 send, 3 both.
fn opens(header: &PeerHeader, sent: u8, received: u8) -> (Open, Open) {
    let mut ours = open(LOCAL_AS, 1);
    let mut theirs = open(header.asn, header.bgp_id);
    ours.capabilities.add_path_v4 = sent;
    theirs.capabilities.add_path_v4 = received;
    (ours, theirs)
}

/// `announcement(n)` with path identifier 7.
fn announcement_of_path_7(n: u8) -> Vec<u8> {
    let mut update = announcement(n);
    let prefix = update.split_off(update.len() - 3);
    update.extend_from_slice(&[0, 0, 0, 7]);
    update.extend_from_slice(&prefix);
    update[17] += 4;
    update
}

fn with_path_7(n: u8) -> What {
    What::Announce(net(n), 7, "64501 64510".to_owned())
}

#[test]
fn flags_say_which_table_a_route_stands_in() {
    let mut station = Station::initiated();
    station.hear(&peer_up(&peer(1)));
    for rib in VIEWS {
        station.hear(&monitoring(&peer(1).of(rib), &announcement(1)));
    }
    let tables: Vec<_> = station.said[1..].iter().map(|said| said.1).collect();
    assert_eq!(tables, VIEWS);
    assert!(station.said.iter().all(|said| said.0 == key(&peer(1))));
    assert_eq!(station.errors(), []);
}

#[test]
fn path_identifiers_stand_where_the_sender_sends_and_the_receiver_receives_them() {
    for sent in 0..=3_u8 {
        for received in 0..=3_u8 {
            for rib in VIEWS {
                let header = peer(1);
                let (ours, theirs) = opens(&header, sent, received);
                let mut station = Station::initiated();
                station.hear(&peer_up_with(&header, &ours, &theirs));
                station.said.clear();
                let out = matches!(rib, RibView::AdjRibOutPre | RibView::AdjRibOutPost);
                let (sender, receiver) = if out {
                    (sent, received)
                } else {
                    (received, sent)
                };
                let update = if sender & 2 != 0 && receiver & 1 != 0 {
                    announcement_of_path_7(1)
                } else {
                    announcement(1)
                };
                station.hear(&monitoring(&header.of(rib), &update));
                let said = if update.len() == announcement(1).len() {
                    announced(1)
                } else {
                    with_path_7(1)
                };
                assert_eq!(station.whats(), [said], "{sent} {received} {rib:?}");
                assert_eq!(station.errors(), []);
            }
        }
    }
}

#[test]
fn a_loc_rib_says_by_its_own_opens_how_it_reads() {
    for how in 1..=3 {
        let header = PeerHeader::loc_rib(LOCAL_AS, 99);
        let mut made_up = open(LOCAL_AS, 99);
        made_up.capabilities.add_path_v4 = how;
        let mut station = Station::initiated();
        station.hear(&peer_up_with(&header, &made_up, &made_up));
        // F: filtered, and no sign of IPv6 nor of anything else.
        let filtered = PeerHeader {
            flags: 0x80,
            ..header
        };
        station.hear(&monitoring(&filtered, &announcement_of_path_7(1)));
        assert_eq!(station.whats(), [What::Up, with_path_7(1)]);
        assert!(station.said.iter().all(|said| said.1 == RibView::LocRib));
        assert_eq!(station.errors(), []);
    }
}

#[test]
fn the_name_of_a_loc_rib_s_table_is_told() {
    let header = PeerHeader::loc_rib(LOCAL_AS, 99);
    let mut bytes = peer_up_with(&header, &open(LOCAL_AS, 99), &open(LOCAL_AS, 99));
    bytes.extend_from_slice(&[0, 3, 0, 6, b'g', b'l', b'o', b'b', b'a', b'l']);
    let len = bytes.len() as u32;
    bytes[1..5].copy_from_slice(&len.to_be_bytes());
    let mut station = Station::initiated();
    station.hear(&bytes);
    let Notice::PeerUp { table, rib, .. } = &station.notices[0] else {
        panic!()
    };
    assert_eq!((table.raw(), *rib), ("global", RibView::LocRib));
    assert_eq!(station.errors(), []);
}

#[test]
fn a_loc_rib_announced_as_a_peer_of_nowhere_is_known() {
    // FRR 8.0: type 0, AS 0, identifier 0 in the Peer Up, all three right in the routes.
    let nowhere = PeerHeader::global(IpAddr::from([0, 0, 0, 0]), Asn(0), 0);
    let mut station = Station::initiated();
    station.hear(&peer_up_with(
        &nowhere,
        &open(LOCAL_AS, 99),
        &open(LOCAL_AS, 99),
    ));
    station.hear(&monitoring(
        &PeerHeader::loc_rib(LOCAL_AS, 99),
        &announcement(1),
    ));
    assert_eq!(station.said[1].2, announced(1));
    assert_eq!(station.said[0].0, station.said[1].0);
    assert_eq!(station.count(Reason::BmpUnknownPeer), 0);
}

#[test]
fn a_loc_rib_s_routes_bring_it_up_where_no_peer_up_did() {
    // GoBGP 3.10.
    let header = PeerHeader::loc_rib(LOCAL_AS, 99);
    let mut station = Station::initiated();
    station.hear(&monitoring(&header, &announcement(1)));
    station.hear(&monitoring(&header, &announcement(2)));
    assert_eq!(station.whats(), [What::Up, announced(1), announced(2)]);
    assert!(station.said.iter().all(|said| said.0 == key(&header)));
    assert_eq!(station.errors(), []);
    assert_eq!(station.session.peer_count(), 1);

    // Not where the router knows how to say it, nor beyond the limit.
    let mut station = Station::initiated();
    station.hear(&peer_up_with(
        &header,
        &open(LOCAL_AS, 99),
        &open(LOCAL_AS, 99),
    ));
    station.hear(&peer_down(&header, DownReason::Unmonitored));
    station.hear(&monitoring(&header, &announcement(1)));
    assert_eq!(station.errors(), [(Reason::BmpUnknownPeer, 1)]);
    let mut station = Station::with(Limits {
        peers: 0,
        ..Limits::default()
    });
    station.hear(&initiation());
    station.hear(&monitoring(&header, &announcement(1)));
    let errors = [(Reason::BmpUnknownPeer, 1), (Reason::BmpPeerLimit, 1)];
    assert_eq!(station.errors(), errors);
}

#[test]
fn one_session_with_a_peer_up_for_each_table_comes_up_once_and_goes_down_once() {
    let mut station = Station::initiated();
    for rib in VIEWS {
        station.hear(&peer_up(&peer(1).of(rib)));
        station.hear(&monitoring(&peer(1).of(rib), &announcement(1)));
        // And once more for another family.
        station.hear(&peer_up(&peer(1).of(rib)));
    }
    let ups = station.said.iter().filter(|said| said.2 == What::Up);
    assert_eq!(ups.count(), 1);
    assert_eq!(station.session.peer_count(), 1);
    station.said.clear();
    for rib in VIEWS {
        station.hear(&peer_down(&peer(1).of(rib), DownReason::State));
    }
    assert_eq!(station.whats(), [What::Down(DownReason::State)]);
    assert_eq!(station.errors(), []);
    assert_eq!(station.session.peer_count(), 0);
}

#[test]
fn capabilities_of_one_session_s_peer_ups_add_up() {
    // Huawei: one Peer Up for each family, whose OPENs speak of that family only.
    let header = PeerHeader::loc_rib(LOCAL_AS, 99).at(Timestamp::from_secs(7));
    let mut v4 = open(LOCAL_AS, 99);
    v4.capabilities.add_path_v4 = 3;
    let mut v6 = open(LOCAL_AS, 99);
    v6.capabilities.add_path_v6 = 3;
    let mut station = Station::initiated();
    station.hear(&peer_up_with(&header, &v4, &v4));
    station.hear(&peer_up_with(&header, &v6, &v6));
    station.hear(&monitoring(&header, &announcement_of_path_7(1)));
    assert_eq!(station.whats(), [What::Up, with_path_7(1)]);
    // Another session, in which nothing of the kind is said.
    let plain = open(LOCAL_AS, 99);
    let later = header.at(Timestamp::from_secs(8));
    station.hear(&peer_up_with(&later, &plain, &plain));
    station.hear(&monitoring(&later, &announcement(2)));
    assert_eq!(station.whats()[2..], [What::Up, announced(2)]);
    assert_eq!(station.errors(), [(Reason::BmpPeerUp, 1)]);
}

#[test]
fn peers_are_told_apart_by_distinguisher_address_as_and_identifier() {
    let vrf = PeerHeader {
        kind: PeerType::Rd,
        distinguisher: 0x0002_FBF0_0017_000F,
        ..peer(1)
    };
    // Unnumbered sessions: one link-local address on two interfaces.
    let link: IpAddr = "fe80::1".parse().unwrap();
    let headers = [
        peer(1),
        peer(2),
        vrf,
        PeerHeader {
            distinguisher: 9,
            ..vrf
        },
        PeerHeader::global(link, Asn(64501), 1),
        PeerHeader::global(link, Asn(64501), 2),
        PeerHeader::global(link, Asn(64502), 3),
    ];
    let mut station = Station::initiated();
    for header in &headers {
        station.hear(&peer_up(header));
    }
    station.said.clear();
    for (n, header) in headers.iter().enumerate() {
        station.hear(&monitoring(header, &announcement(n as u8)));
    }
    let keys: Vec<_> = station.said.iter().map(|said| said.0).collect();
    assert_eq!(keys, headers.each_ref().map(key));
    assert_eq!(station.errors(), []);
    let mut peers: Vec<_> = station.session.peers().collect();
    peers.sort();
    let mut expected = keys;
    expected.sort();
    assert_eq!(peers, expected);
}

#[test]
fn a_header_without_identifier_or_as_is_of_the_peer_at_its_address() {
    let header = peer(1);
    let bare = PeerHeader {
        bgp_id: 0,
        asn: Asn(0),
        ..header
    };
    let mut station = Station::initiated();
    station.hear(&peer_up(&header));
    station.hear(&monitoring(
        &PeerHeader {
            bgp_id: 0,
            ..header
        },
        &announcement(1),
    ));
    station.hear(&peer_down(&bare, DownReason::State));
    assert_eq!(station.errors(), []);
    assert!(station.said.iter().all(|said| said.0 == key(&header)));

    // The other way round: the Peer Up has none, so its OPEN's is the peer's.
    let mut station = Station::initiated();
    let received = open(header.asn, header.bgp_id);
    let early = PeerHeader {
        bgp_id: 0,
        ..header
    };
    station.hear(&peer_up_with(&early, &open(LOCAL_AS, 1), &received));
    station.hear(&monitoring(&header, &announcement(1)));
    station.hear(&peer_down(&early, DownReason::State));
    assert!(station.said.iter().all(|said| said.0 == key(&header)));
    assert_eq!((station.said.len(), station.errors()), (3, vec![]));

    // But not if it says that it is another.
    let other = PeerHeader {
        bgp_id: 5,
        ..header
    };
    station.hear(&peer_up(&header));
    station.hear(&monitoring(&other, &announcement(1)));
    assert_eq!(station.errors(), [(Reason::BmpUnknownPeer, 1)]);
}

#[test]
fn every_reason_of_a_peer_down_is_told() {
    let cease = DownReason::Notification {
        code: 6,
        subcode: 1,
    };
    for (reason, code) in [
        (cease, 3),
        (DownReason::State, 4),
        (DownReason::Unmonitored, 5),
    ] {
        let mut station = Station::initiated();
        station.hear(&peer_up(&peer(1)));
        station.notices.clear();
        station.hear(&peer_down(&peer(1), reason));
        assert_eq!(station.said[1].2, What::Down(reason));
        let Notice::PeerDown { code: said, .. } = &station.notices[0] else {
            panic!()
        };
        assert_eq!(*said, code);
        assert_eq!(station.errors(), []);
    }
    // A Loc-RIB that is no more (RFC 9069 §5.3), with its name.
    let header = PeerHeader::loc_rib(LOCAL_AS, 99);
    let mut station = Station::initiated();
    station.hear(&peer_up_with(
        &header,
        &open(LOCAL_AS, 99),
        &open(LOCAL_AS, 99),
    ));
    let mut body = monitoring(&header, &[])[6..].to_vec();
    body.extend_from_slice(&[6, 0, 3, 0, 1, b'x']);
    station.hear(&message(2, &body));
    assert_eq!(station.said[1].2, What::Down(DownReason::Unmonitored));
    assert_eq!(station.errors(), []);
}

#[test]
fn a_shutdown_communication_is_told() {
    let mut body = monitoring(&peer(1), &[])[6..].to_vec();
    body.extend_from_slice(&[3]);
    body.extend_from_slice(&[0xFF; 16]);
    body.extend_from_slice(&[0, 29, 3, 6, 2, 7]);
    body.extend_from_slice(b"upgrade");
    let mut station = Station::initiated();
    station.hear(&peer_up(&peer(1)));
    station.notices.clear();
    station.hear(&message(2, &body));
    let Notice::PeerDown { text, .. } = &station.notices[0] else {
        panic!()
    };
    assert_eq!(text.raw(), "upgrade");
}

#[test]
fn a_lost_router_s_peers_are_told_of_in_batches_of_bounded_size() {
    let mut station = Station::initiated();
    let mut bytes = Vec::new();
    for n in 0..3 {
        bytes.extend(peer_up(&peer(n)));
    }
    bytes.extend(peer_down(&peer(1), DownReason::State));
    station.hear(&bytes);
    let mut batch = Batch::default();
    let mut peers = station.session.peers();
    assert!(!tell_of(&mut peers, EventKind::PeerLost, NOW, &mut batch));
    let lost = [peer(0), peer(2)].map(|header| {
        let said: Said = (key(&header), RibView::AdjRibInPre, What::Lost);
        said
    });
    assert_eq!(events(&batch), lost);

    let mut many = (0..100_000).map(|n| key(&peer(n)));
    batch.clear();
    assert!(tell_of(&mut many, EventKind::PeerLost, NOW, &mut batch));
    let first = batch.events.len();
    batch.clear();
    assert!(!tell_of(&mut many, EventKind::PeerLost, NOW, &mut batch));
    assert_eq!(first + batch.events.len(), 100_000);
}

#[test]
fn a_batch_names_each_peer_once_however_they_take_turns() {
    let mut session = Session::new(Limits::default());
    session.identify(Router::bmp(IpAddr::from([192, 0, 2, 1])));
    let (mut batch, mut notices) = (Batch::default(), Vec::new());
    let mut bytes = initiation();
    for n in 0..100 {
        bytes.extend(peer_up(&peer(n)));
    }
    for turn in 0..30 {
        for n in 0..100 {
            bytes.extend(monitoring(&peer(n), &announcement(turn)));
        }
    }
    let mut at = 0;
    let mut handed_on = 0;
    loop {
        let fed = session.feed(&bytes[at..], NOW, &mut batch, &mut notices);
        at += fed.used;
        let mut peers = batch.peers.clone();
        peers.sort();
        peers.dedup();
        assert_eq!(peers.len(), batch.peers.len());
        if fed.then != Then::HandOn {
            break;
        }
        handed_on += 1;
        batch.clear();
        notices.clear();
    }
    assert_eq!(at, bytes.len());
    assert!(handed_on > 0);
}

#[test]
fn nothing_is_fed_into_a_batch_that_is_full() {
    let mut session = Session::new(Limits::default());
    session.identify(router());
    let mut batch = Batch {
        raw: vec![0; 1 << 20],
        ..Batch::default()
    };
    let fed = session.feed(&initiation(), NOW, &mut batch, &mut Vec::new());
    assert_eq!((fed.used, fed.then), (0, Then::HandOn));
}

#[test]
fn who_the_router_is_has_to_be_said_before_anything_of_a_peer_is_taken() {
    let mut session = Session::new(Limits::default());
    let (mut batch, mut notices) = (Batch::default(), Vec::new());
    let mut bytes = Vec::new();
    encode::initiation(&mut bytes, "r1", "", &[]);
    let first = bytes.len();
    bytes.extend(peer_up(&peer(1)));
    let fed = session.feed(&bytes, NOW, &mut batch, &mut notices);
    assert_eq!((fed.used, fed.then), (first, Then::Identify));
    assert!(matches!(
        notices[..],
        [Notice::Initiated { again: false, .. }]
    ));
    let fed = session.feed(&bytes[first..], NOW, &mut batch, &mut notices);
    assert_eq!((fed.used, fed.then), (0, Then::Identify));
    session.identify(router());
    let fed = session.feed(&bytes[first..], NOW, &mut batch, &mut notices);
    assert_eq!(fed.used, bytes.len() - first);
    assert_eq!(session.tally().error_count(), 0);
}
