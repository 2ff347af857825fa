//! What `wire::encode` writes, an independent decoder reads back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::{io::Cursor, net::IpAddr};

use bgpkit_parser::{
    BgpElem, BgpkitParser,
    models::{AsPathSegment, ElemType},
};
use leakwatch::{
    bgp::{AsPath, Asn, Nlri, Timestamp},
    wire::encode::{self, PathAttributes, RibRecord, Session},
};

const TIME: Timestamp = Timestamp::from_micros(1_503_631_320_250_000);

fn session() -> Session {
    Session {
        peer_as: Asn(701),
        local_as: Asn(64500),
        peer: "198.51.100.1".parse().unwrap(),
        local: "198.51.100.2".parse().unwrap(),
    }
}

fn read(bytes: Vec<u8>) -> Vec<BgpElem> {
    BgpkitParser::from_reader(Cursor::new(bytes))
        .into_fallible_elem_iter()
        .map(|element| element.expect("it decodes"))
        .collect()
}

fn attributes(attributes: &PathAttributes) -> Vec<u8> {
    let mut out = Vec::new();
    attributes.write(&mut out);
    out
}

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode::message(&mut out, TIME, &session(), write);
    out
}

fn prefixes<A: leakwatch::bgp::Address>(of: &[Nlri<A>]) -> Vec<u8> {
    let mut out = Vec::new();
    for prefix in of {
        encode::nlri(&mut out, prefix);
    }
    out
}

#[test]
fn an_update_announces_and_withdraws() {
    let attributes = attributes(&PathAttributes {
        path: AsPath::sequence(&[701, 15169, 4713]),
        next_hop: Some("198.51.100.1".parse().unwrap()),
        med: Some(7),
        communities: &[0xFFFF_029A],
    });
    let gone = prefixes(&[Nlri::new(0xCB00_7100_u32, 24, 0)]);
    let come = prefixes(&[Nlri::new(0xAB05_0000_u32, 17, 0), Nlri::new(0, 0, 0)]);
    let elements = read(message(|out| {
        encode::update(out, &gone, &attributes, &come);
    }));
    let shown: Vec<_> = elements
        .iter()
        .map(|e| (e.elem_type == ElemType::ANNOUNCE, e.prefix.to_string()))
        .collect();
    assert!(shown.contains(&(true, "171.5.0.0/17".to_owned())));
    assert!(shown.contains(&(true, "0.0.0.0/0".to_owned())));
    assert!(shown.contains(&(false, "203.0.113.0/24".to_owned())));
    let first = elements
        .iter()
        .find(|e| e.elem_type == ElemType::ANNOUNCE)
        .unwrap();
    assert_eq!(
        first.as_path.as_ref().unwrap().to_string(),
        "701 15169 4713"
    );
    assert_eq!(first.med, Some(7));
    assert_eq!(first.communities.as_ref().map(Vec::len), Some(1));
    assert!((first.timestamp - 1_503_631_320.25).abs() < 1e-6);
}

#[test]
fn ipv6_travels_in_mp_reach_and_mp_unreach() {
    let next_hop: IpAddr = "2001:db8::1".parse().unwrap();
    let IpAddr::V6(v6) = next_hop else { panic!() };
    let path = attributes(&PathAttributes {
        path: AsPath::sequence(&[701, 6939]),
        ..PathAttributes::default()
    });
    let prefix = Nlri::new(0x2001_0db8_u128 << 96, 32, 0);
    // Enough of them for the attribute's extended length.
    let many: Vec<_> = (0..90)
        .map(|k| Nlri::new(prefix.addr | k << 80, 48, 0))
        .collect();
    for nlri in [&[prefix][..], &many] {
        let nlri_bytes = prefixes(nlri);
        let come = read(message(|out| {
            encode::announce_mp(out, &path, v6.octets(), &nlri_bytes);
        }));
        assert_eq!(come.len(), nlri.len());
        assert_eq!(come[0].next_hop, Some(next_hop));
        assert_eq!(come[0].prefix.prefix, nlri[0].prefix());
        let gone = read(message(|out| encode::withdraw_mp(out, &nlri_bytes)));
        assert_eq!(gone.len(), nlri.len());
        assert!(gone.iter().all(|e| e.elem_type == ElemType::WITHDRAW));
    }
}

#[test]
fn long_paths_take_several_segments_and_sets_stay_sets() {
    let long = [47868_u32; 600];
    let attributes_long = attributes(&PathAttributes {
        path: AsPath::sequence(&long),
        next_hop: Some("198.51.100.1".parse().unwrap()),
        ..PathAttributes::default()
    });
    let prefix = prefixes(&[Nlri::new(0x5E7D_D800_u32, 21, 0)]);
    let elements = read(message(|out| {
        encode::update(out, &[], &attributes_long, &prefix);
    }));
    let path = elements[0].as_path.as_ref().unwrap();
    assert_eq!(path.route_len(), 600);

    let words = [
        AsPath::header(AsPath::SEQUENCE, 2),
        701,
        174,
        AsPath::header(AsPath::SET, 2),
        1_000_001,
        1_000_002,
    ];
    let attributes_set = attributes(&PathAttributes {
        path: AsPath {
            words: &words,
            segmented: true,
        },
        next_hop: Some("198.51.100.1".parse().unwrap()),
        ..PathAttributes::default()
    });
    let elements = read(message(|out| {
        encode::update(out, &[], &attributes_set, &prefix);
    }));
    let path = elements[0].as_path.as_ref().unwrap();
    let kinds: Vec<bool> = path
        .iter_segments()
        .map(|segment| matches!(segment, AsPathSegment::AsSet(_)))
        .collect();
    assert_eq!(kinds, [false, true]);
    assert_eq!(path.route_len(), 3);
}

#[test]
fn a_table_dump_holds_both_families_and_every_peer() {
    let peers = [
        (1, "198.51.100.1".parse().unwrap(), Asn(701)),
        (2, "2001:db8::2".parse().unwrap(), Asn(1_299)),
    ];
    let mut out = Vec::new();
    encode::peer_index_table(&mut out, TIME, 9, &peers);
    let v4 = attributes(&PathAttributes {
        path: AsPath::sequence(&[701, 174]),
        next_hop: Some("198.51.100.1".parse().unwrap()),
        ..PathAttributes::default()
    });
    let v6 = attributes(&PathAttributes {
        path: AsPath::sequence(&[1299, 6939]),
        next_hop: Some("2001:db8::2".parse().unwrap()),
        ..PathAttributes::default()
    });
    let mut record = RibRecord::begin(&mut out, TIME, 0, &Nlri::new(0x0800_0000_u32, 8, 0));
    record.entry(&mut out, 0, &v4);
    record.entry(&mut out, 1, &v4);
    record.finish(&mut out);
    let prefix = Nlri::new(0x2001_0db8_u128 << 96, 32, 0);
    let mut record = RibRecord::begin(&mut out, TIME, 1, &prefix);
    record.entry(&mut out, 1, &v6);
    record.finish(&mut out);

    let elements = read(out);
    let shown: Vec<_> = elements
        .iter()
        .map(|e| (e.peer_asn.to_u32(), e.prefix.to_string(), e.next_hop))
        .collect();
    assert_eq!(shown.len(), 3);
    assert_eq!((shown[0].0, shown[0].1.as_str()), (701, "8.0.0.0/8"));
    assert_eq!((shown[1].0, shown[1].1.as_str()), (1299, "8.0.0.0/8"));
    assert_eq!((shown[2].0, shown[2].1.as_str()), (1299, "2001:db8::/32"));
    assert_eq!(shown[2].2, Some("2001:db8::2".parse().unwrap()));
}

#[test]
fn state_changes_and_end_of_rib_carry_no_routes() {
    let mut out = Vec::new();
    encode::state_change(&mut out, TIME, &session(), 6, 1);
    encode::message(&mut out, TIME, &session(), |out| {
        encode::update(out, &[], &[], &[]);
    });
    encode::message(&mut out, TIME, &session(), |out| {
        encode::withdraw_mp(out, &[]);
    });
    let records = BgpkitParser::from_reader(Cursor::new(out.clone()));
    assert_eq!(records.into_record_iter().count(), 3);
    assert!(read(out).is_empty());
}
