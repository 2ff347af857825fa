//! Framing, NLRI, and the order of events.

use super::*;

#[test]
fn withdrawals_come_before_announcements_and_classic_before_mp() {
    let attributes = [unreach(&[16, 0x20, 2]), good(), reach(V6)].concat();
    let scanned = scan(&update(&[8, 11], &attributes, TEN), FOUR);
    assert_eq!(
        scanned.events(),
        [
            "W 11.0.0.0/8",
            "W 2002::/16",
            "A 10.0.0.0/8 64500 15169",
            "A 2001:db8::/32 64500 15169"
        ]
    );
    assert_eq!((scanned.tally.announced, scanned.tally.withdrawn), (2, 2));
    assert_eq!(scanned.errors(), []);
    let [classic, mp] = [2, 3].map(|at: usize| match scanned.batch.events[at].kind {
        EventKind::Announce { attributes, .. } => attributes.next_hop.unwrap().to_string(),
        _ => String::new(),
    });
    assert_eq!((&classic[..], &mp[..]), ("192.0.2.1", "2001:db8::1"));
}

#[test]
fn every_event_points_to_the_message_it_came_in() {
    let message = update(&[8, 11], &good(), TEN);
    let scanned = scan(&message, FOUR);
    assert_eq!(scanned.batch.raw, message);
    for event in &scanned.batch.events {
        assert_eq!(event.raw.of(&scanned.batch.raw), message);
    }
}

#[test]
fn a_message_without_events_leaves_no_bytes_behind() {
    assert!(scan(&update(&[], &good(), &[]), FOUR).batch.raw.is_empty());
}

#[test]
fn end_of_rib_markers_of_both_families_are_told_from_empty_messages() {
    assert_eq!(scan(&update(&[], &[], &[]), FOUR).events(), ["EOR Ipv4"]);
    assert_eq!(
        scan(&update(&[], &unreach(&[]), &[]), FOUR).events(),
        ["EOR Ipv6"]
    );
    let vpn = attribute(0x80, 15, &[0, 1, 128]);
    let scanned = scan(&update(&[], &vpn, &[]), FOUR);
    assert_eq!(scanned.events(), [""; 0]);
    assert_eq!(
        (scanned.tally.end_of_rib, scanned.tally.other_families),
        (1, 1)
    );
    let beside_others = [unreach(&[]), good()].concat();
    assert_eq!(
        scan(&update(&[], &beside_others, &[]), FOUR).events(),
        [""; 0]
    );
}

#[test]
fn what_frames_the_message_is_checked() {
    let good = update(&[], &good(), TEN);
    let cases = [
        (Reason::MessageLength, good[..18].to_vec()),
        (Reason::MessageLength, good[..good.len() - 1].to_vec()),
        (Reason::MessageLength, framed(&[0, 0, 0])),
        (Reason::MessageLength, Vec::new()),
        (Reason::Marker, [&[0xFE], &good[1..]].concat()),
        (
            Reason::MessageType,
            [&good[..18], &[4], &good[19..]].concat(),
        ),
        (
            Reason::MessageLength,
            [&good[..16], &[0, 0, 2], &good[19..]].concat(),
        ),
        (
            Reason::MessageLength,
            [&good[..16], &[0xFF, 0xFF, 2], &good[19..]].concat(),
        ),
    ];
    for (reason, message) in cases {
        let scanned = scan(&message, FOUR);
        assert_eq!(scanned.errors(), [(reason, 1)], "{message:?}");
        assert_eq!(scanned.events(), [""; 0]);
    }
}

#[test]
fn bytes_after_the_message_are_counted_and_left() {
    let mut two = update(&[], &good(), TEN);
    two.extend(two.clone());
    let scanned = scan(&two, FOUR);
    assert_eq!(scanned.errors(), [(Reason::TrailingBytes, 1)]);
    assert_eq!(scanned.events(), ["A 10.0.0.0/8 64500 15169"]);
}

#[test]
fn lengths_beyond_the_message_skip_it_and_keep_whole_withdrawals() {
    let mut message = body(&[8, 11], &good(), TEN);
    message[4] = 0xFF; // Total Path Attribute Length
    let scanned = scan(&framed(&message), FOUR);
    assert_eq!(scanned.errors(), [(Reason::UpdateLength, 1)]);
    assert_eq!(scanned.events(), ["W 11.0.0.0/8"]);
    message[0] = 0xFF; // Withdrawn Routes Length
    let scanned = scan(&framed(&message), FOUR);
    assert_eq!(scanned.errors(), [(Reason::UpdateLength, 1)]);
    assert_eq!(scanned.events(), [""; 0]);
}

#[test]
fn unreadable_nlri_skip_all_announcements_and_keep_withdrawals() {
    for nlri in [&[33, 10, 0, 0, 0, 0][..], &[24, 10], &[8, 10, 255]] {
        let scanned = scan(&update(&[8, 11], &good(), nlri), FOUR);
        assert_eq!(scanned.errors(), [(Reason::Nlri, 1)], "{nlri:?}");
        assert_eq!(scanned.events(), ["W 11.0.0.0/8"]);
        assert_eq!(scanned.batch.v4.len(), 1);
    }
    let scanned = scan(&update(&[33], &good(), TEN), FOUR);
    assert_eq!(scanned.errors(), [(Reason::Nlri, 1)]);
    assert_eq!(scanned.events(), [""; 0]);
    let mp = [good(), reach(&[129; 18])].concat();
    let scanned = scan(&update(&[], &mp, TEN), FOUR);
    assert_eq!(scanned.errors(), [(Reason::Nlri, 1)]);
    assert_eq!(scanned.events(), [""; 0]);
}

#[test]
fn path_identifiers_are_read_where_negotiated() {
    let nlri = [0, 0, 0, 7, 8, 10];
    let scanned = scan(&update(&nlri, &good(), &nlri), ADD_PATH);
    assert_eq!(scanned.errors(), []);
    assert_eq!(
        scanned
            .batch
            .v4
            .iter()
            .map(|n| n.path_id)
            .collect::<Vec<_>>(),
        [7, 7]
    );
    let mp = [good(), reach(&[&[0, 0, 0, 9], V6].concat())].concat();
    assert_eq!(
        scan(&update(&[], &mp, &[]), ADD_PATH).batch.v6[0].path_id,
        9
    );
}

#[test]
fn path_identifiers_against_the_negotiation_announce_nothing() {
    let present = [0, 0, 0, 1, 24, 10, 1, 2];
    let scanned = scan(&update(&[], &good(), &present), FOUR);
    assert_eq!(scanned.errors(), [(Reason::AddPath, 1)]);
    assert_eq!(scanned.events(), [""; 0]);
    let absent = scan(&update(&[], &good(), &[24, 10, 1, 2]), ADD_PATH);
    assert_eq!(absent.errors(), [(Reason::Nlri, 1)]);
    assert_eq!(absent.events(), [""; 0]);
}

#[test]
fn a_message_of_65535_octets_is_read() {
    let attributes = good();
    let room = 65_535 - HEADER_LEN - 4 - attributes.len();
    let nlri: Vec<u8> = (0..room / 4)
        .flat_map(|n| [24, 10, (n >> 8) as u8, n as u8])
        .collect();
    let scanned = scan(&update(&[], &attributes, &nlri), FOUR);
    assert_eq!(scanned.tally.announced as usize, room / 4);
    assert_eq!(scanned.errors(), []);
}

#[test]
fn every_cut_of_a_message_is_survived() {
    let attributes = [unreach(V6), good(), reach(V6)].concat();
    let message = body(&[8, 11], &attributes, TEN);
    for cut in 0..message.len() {
        let scanned = scan(&framed(&message[..cut]), FOUR);
        assert!(scanned.tally.error_count() <= 1, "{cut}");
    }
}
