//! Path attributes: discarded, treated as withdrawn, or fatal to the message.

use super::*;

/// RFC 7606 §7: attribute errors that withdraw what the message announces.
#[test]
fn malformed_attributes_withdraw_what_was_announced() {
    let route = path(&[64500]);
    let hop = attribute(0x40, 3, &[192, 0, 2, 1]);
    let origin = attribute(0x40, 1, &[0]);
    let cases: Vec<(Reason, Vec<u8>)> = vec![
        (
            Reason::Origin,
            [attribute(0x40, 1, &[3]), hop.clone(), route.clone()].concat(),
        ),
        (
            Reason::Origin,
            [attribute(0x40, 1, &[]), hop.clone(), route.clone()].concat(),
        ),
        (
            Reason::NextHop,
            [origin.clone(), attribute(0x40, 3, &[1, 2, 3]), route].concat(),
        ),
        (
            Reason::AsPath,
            [basics(), attribute(0x40, 2, &[2])].concat(),
        ),
        (
            Reason::AsPath,
            [basics(), attribute(0x40, 2, &[2, 0])].concat(),
        ),
        (
            Reason::AsPath,
            [basics(), attribute(0x40, 2, &[9, 1, 0, 0, 0, 1])].concat(),
        ),
        (
            Reason::AsPath,
            [basics(), attribute(0x40, 2, &[2, 2, 0, 0, 0, 1])].concat(),
        ),
        (
            Reason::AsPath,
            [basics(), attribute(0x50, 2, &[0xFF; 65_000])].concat(),
        ),
        (
            Reason::MultiExitDisc,
            [good(), attribute(0x80, 4, &[0])].concat(),
        ),
        (
            Reason::LocalPref,
            [good(), attribute(0x40, 5, &[])].concat(),
        ),
        (
            Reason::Communities,
            [good(), attribute(0xC0, 8, &[0; 5])].concat(),
        ),
        (
            Reason::Communities,
            [good(), attribute(0xC0, 8, &[])].concat(),
        ),
        (
            Reason::OriginatorId,
            [good(), attribute(0x80, 9, &[0; 3])].concat(),
        ),
        (
            Reason::ClusterList,
            [good(), attribute(0x80, 10, &[0; 6])].concat(),
        ),
        (
            Reason::ExtendedCommunities,
            [good(), attribute(0xC0, 16, &[0; 7])].concat(),
        ),
        (
            Reason::ExtendedCommunities,
            [good(), attribute(0xC0, 25, &[0; 21])].concat(),
        ),
        (
            Reason::LargeCommunities,
            [good(), attribute(0xC0, 32, &[0; 11])].concat(),
        ),
        (
            Reason::OnlyToCustomer,
            [good(), attribute(0xC0, 35, &[0; 3])].concat(),
        ),
        (
            Reason::AttributeFlags,
            [good(), attribute(0x40, 8, &[0; 4])].concat(),
        ),
        (
            Reason::AttributeFlags,
            [good(), attribute(0xC0, 4, &[0; 4])].concat(),
        ),
        (
            Reason::AttributeList,
            [good(), vec![0xC0, 99, 200, 1]].concat(),
        ),
        (Reason::AttributeList, [good(), vec![0xC0, 99]].concat()),
        (Reason::MissingAttribute, basics()),
        (Reason::MissingAttribute, [origin, path(&[1])].concat()),
        (Reason::MissingAttribute, [hop, path(&[1])].concat()),
        (Reason::MissingAttribute, Vec::new()),
    ];
    for (reason, attributes) in cases {
        let scanned = scan(&update(&[8, 11], &attributes, TEN), FOUR);
        assert_eq!(scanned.errors(), [(reason, 1)], "{attributes:?}");
        assert_eq!(
            scanned.events(),
            ["W 11.0.0.0/8", "W 10.0.0.0/8"],
            "{reason:?}"
        );
        let tally = &scanned.tally;
        assert_eq!(
            (tally.announced, tally.withdrawn, tally.treated_as_withdrawn),
            (0, 1, 1)
        );
    }
}

#[test]
fn treat_as_withdraw_covers_both_families_and_counts_once() {
    let attributes = [basics(), attribute(0x40, 2, &[7, 7, 7]), reach(V6)].concat();
    let scanned = scan(&update(&[], &attributes, TEN), FOUR);
    assert_eq!(scanned.errors(), [(Reason::AsPath, 1)]);
    assert_eq!(scanned.events(), ["W 10.0.0.0/8", "W 2001:db8::/32"]);
}

#[test]
fn malformed_attributes_beside_no_nlri_withdraw_nothing() {
    let attributes = [unreach(V6), attribute(0x40, 1, &[9])].concat();
    let scanned = scan(&update(&[], &attributes, &[]), FOUR);
    assert_eq!(scanned.errors(), [(Reason::Origin, 1)]);
    assert_eq!(scanned.events(), ["W 2001:db8::/32"]);
}

/// RFC 7606 §7.6, §7.7; RFC 6793 §6; RFC 7311 §3; RFC 8669 §6.
#[test]
fn attributes_without_consequence_are_discarded_and_counted() {
    let cases = [
        (Reason::AtomicAggregate, attribute(0x40, 6, &[1])),
        (Reason::Aggregator, attribute(0xC0, 7, &[0; 6])),
        (Reason::As4Path, attribute(0xC0, 17, &[2, 1, 0, 0, 0, 1])),
        (Reason::As4Aggregator, attribute(0xC0, 18, &[0; 8])),
        (
            Reason::TunnelEncapsulation,
            attribute(0xC0, 23, &[0, 1, 0, 9, 0]),
        ),
        (Reason::Aigp, attribute(0x80, 26, &[1, 0, 2])),
        (Reason::Aigp, attribute(0x80, 26, &[1, 0, 99, 0])),
        (Reason::PrefixSid, attribute(0xC0, 40, &[1, 0, 99])),
        (Reason::PrefixSid, attribute(0xC0, 40, &[])),
        (Reason::AttributeFlags, attribute(0x40, 40, &[1, 0, 0])),
        (Reason::DuplicateAttribute, attribute(0x40, 1, &[9])),
        (Reason::DuplicateAttribute, path(&[666])),
    ];
    for (reason, extra) in cases {
        let scanned = scan(&update(&[], &[good(), extra].concat(), TEN), FOUR);
        assert_eq!(scanned.errors(), [(reason, 1)], "{reason:?}");
        assert_eq!(scanned.events(), ["A 10.0.0.0/8 64500 15169"]);
    }
}

#[test]
fn unknown_optional_attributes_are_no_error() {
    let mut all = good();
    for kind in (41..=255).chain([19, 20, 21, 22]) {
        all.extend(attribute(0xC0, kind, &[0xAA; 3]));
        if kind % 2 == 0 {
            all.extend(attribute(0x90, 27, &[])); // twice, thrice, …: duplicates
        }
    }
    let scanned = scan(&update(&[], &all, TEN), FOUR);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 64500 15169"]);
    assert_eq!(scanned.tally.count(Reason::DuplicateAttribute), 108);
    assert_eq!(scanned.tally.error_count(), 108);
}

/// Errors that reset a session: nothing is announced, withdrawals stand.
#[test]
fn session_reset_errors_announce_nothing() {
    let short_hop = attribute(0x80, 14, &[0, 2, 1, 15, 0, 0, 0]);
    let no_hop = attribute(0x80, 14, &[0, 2, 1, 0, 0]);
    let v4_hop = attribute(0x80, 14, &[0, 2, 1, 4, 1, 2, 3, 4, 0, 8, 0x20]);
    let cases = [
        (Reason::UnrecognisedWellKnown, attribute(0x40, 99, &[])),
        (Reason::DuplicateAttribute, [reach(V6), reach(V6)].concat()),
        (Reason::MpReach, short_hop),
        (Reason::MpReach, no_hop),
        (Reason::MpReach, v4_hop),
        (Reason::MpReach, attribute(0x80, 14, &[0, 2, 1])),
        (Reason::MpReach, attribute(0x80, 14, &[])),
        (Reason::MpUnreach, attribute(0x80, 15, &[0, 2])),
    ];
    for (reason, extra) in cases {
        let scanned = scan(&update(&[8, 11], &[good(), extra].concat(), TEN), FOUR);
        assert_eq!(scanned.errors(), [(reason, 1)], "{reason:?}");
        assert_eq!(scanned.events(), ["W 11.0.0.0/8"], "{reason:?}");
        assert!(scanned.batch.v6.is_empty() && scanned.batch.v4.len() == 1);
    }
}

#[test]
fn ipv4_with_an_ipv6_next_hop_is_announced() {
    let mut value = vec![0, 1, 1, 32];
    value.extend([0x20; 32]);
    value.extend([0, 8, 10]);
    let attributes = [good(), attribute(0x80, 14, &value)].concat();
    let scanned = scan(&update(&[], &attributes, &[]), FOUR);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 64500 15169"]);
}

#[test]
fn multicast_is_counted_and_kept_out() {
    let value = [0, 1, 2, 4, 1, 2, 3, 4, 0, 8, 10, 8, 11];
    let attributes = [good(), attribute(0x80, 14, &value)].concat();
    let scanned = scan(&update(&[], &attributes, &[]), FOUR);
    assert_eq!(scanned.events(), [""; 0]);
    assert_eq!(
        (scanned.tally.announced, scanned.tally.other_families),
        (2, 1)
    );
}

#[test]
fn communities_and_otc_arrive_as_sent() {
    let communities = [0xFFFF_029A_u32, 0xFBF4_0001, 0xFFFF_FF01, 0xFFFF_0000];
    let mut value = Vec::new();
    for c in communities {
        value.extend(c.to_be_bytes());
    }
    let attributes = [
        good(),
        attribute(0xC0, 8, &value),
        attribute(0xC0, 32, &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
        attribute(0xE0, 35, &[0, 0, 0xFB, 0xF4]),
    ]
    .concat();
    let scanned = scan(&update(&[], &attributes, TEN), FOUR);
    let attributes = scanned.attributes();
    assert_eq!(
        attributes.communities.of(&scanned.batch.communities),
        communities
    );
    assert_eq!(
        attributes
            .large_communities
            .of(&scanned.batch.large_communities),
        [[1, 2, 3]]
    );
    assert_eq!(attributes.otc, Some(Asn(64500)));
    assert_eq!(
        attributes.special.0,
        SpecialCommunity::BLACKHOLE | SpecialCommunity::NO_EXPORT | SpecialCommunity::LEAVING
    );
}
