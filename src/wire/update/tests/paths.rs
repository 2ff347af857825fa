//! AS paths and their merge with `AS4_PATH`.

use super::*;

fn path2(asns: &[u16]) -> Vec<u8> {
    let mut value = vec![2, asns.len() as u8];
    for asn in asns {
        value.extend(asn.to_be_bytes());
    }
    attribute(0x40, 2, &value)
}

fn as4_path(asns: &[u32]) -> Vec<u8> {
    let mut value = vec![2, asns.len() as u8];
    for asn in asns {
        value.extend(asn.to_be_bytes());
    }
    attribute(0xC0, 17, &value)
}

#[test]
fn as4_path_is_merged_wherever_it_stands() {
    let before = [as4_path(&[196_608]), basics(), path2(&[9, 23456])].concat();
    let after = [basics(), path2(&[9, 23456]), as4_path(&[196_608])].concat();
    for attributes in [before, after] {
        let scanned = scan(&update(&[], &attributes, TEN), TWO);
        assert_eq!(scanned.events(), ["A 10.0.0.0/8 9 196608"]);
        assert_eq!(scanned.errors(), []);
    }
}

#[test]
fn as4_path_longer_than_as_path_is_ignored() {
    let attributes = [basics(), path2(&[9]), as4_path(&[1, 2])].concat();
    let scanned = scan(&update(&[], &attributes, TEN), TWO);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 9"]);
}

#[test]
fn as4_path_is_discarded_on_a_four_octet_session() {
    let attributes = [good(), as4_path(&[1])].concat();
    let scanned = scan(&update(&[], &attributes, TEN), FOUR);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 64500 15169"]);
    assert_eq!(scanned.errors(), [(Reason::As4Path, 1)]);
}

/// RFC 6793 §4.2.3: an AGGREGATOR that is not `AS_TRANS` is newer than `AS4_PATH`.
#[test]
fn as4_path_older_than_the_aggregate_is_ignored() {
    let aggregator = |asn: u16| {
        let mut value = asn.to_be_bytes().to_vec();
        value.extend([192, 0, 2, 1]);
        attribute(0xC0, 7, &value)
    };
    let as4_aggregator = attribute(0xC0, 18, &[0, 3, 0, 0, 192, 0, 2, 1]);
    for (asn, expected) in [
        (9, "A 10.0.0.0/8 9 23456"),
        (23456, "A 10.0.0.0/8 9 196608"),
    ] {
        let attributes = [
            basics(),
            path2(&[9, 23456]),
            as4_path(&[196_608]),
            aggregator(asn),
            as4_aggregator.clone(),
        ]
        .concat();
        assert_eq!(
            scan(&update(&[], &attributes, TEN), TWO).events(),
            [expected]
        );
    }
}

#[test]
fn malformed_as4_path_is_discarded_and_the_route_kept() {
    for value in [&[2, 1, 0][..], &[], &[7, 1, 0, 0, 0, 1], &[2, 0]] {
        let attributes = [basics(), path2(&[9]), attribute(0xC0, 17, value)].concat();
        let scanned = scan(&update(&[], &attributes, TEN), TWO);
        assert_eq!(scanned.events(), ["A 10.0.0.0/8 9"]);
        assert_eq!(scanned.errors(), [(Reason::As4Path, 1)]);
    }
}

#[test]
fn paths_of_any_length_are_one_sequence() {
    for segments in [1, 4, 16, 63] {
        let mut value = Vec::new();
        for _ in 0..segments {
            value.extend([2, 255]);
            value.extend([0, 0, 0xFB, 0xF4].repeat(255));
        }
        let attributes = [basics(), attribute(0x50, 2, &value)].concat();
        let scanned = scan(&update(&[], &attributes, TEN), FOUR);
        assert_eq!(scanned.errors(), []);
        let path = scanned.batch.path(&scanned.attributes());
        assert!(!path.segmented);
        assert_eq!(path.length(), segments * 255);
    }
}

#[test]
fn an_empty_path_is_a_path() {
    let attributes = [basics(), attribute(0x40, 2, &[])].concat();
    let scanned = scan(&update(&[], &attributes, TEN), FOUR);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 "]);
}

/// RFC 7607 is left to the detectors: a hidden route could not be judged.
#[test]
fn as_0_is_kept_for_the_detectors() {
    let attributes = [basics(), path(&[64500, 0])].concat();
    assert_eq!(
        scan(&update(&[], &attributes, TEN), FOUR).events(),
        ["A 10.0.0.0/8 64500 0"]
    );
}
