//! Our UPDATE scanner against bgpkit-parser's, on messages made up and then damaged.
//!
//! Sound messages must read alike. Of damaged ones, those that both take must read
//! alike; where one of the two objects, [`ruling`] names the rule that decides, and a
//! disagreement without a rule fails.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use bgpkit_parser::error::BgpValidationWarning;
use bgpkit_parser::models::{Afi, AsPath, AsPathSegment, AsnLength, NetworkPrefix, Safi};
use bgpkit_parser::parser::bgp::messages::parse_bgp_update_message;
use bytes::Bytes;
use leakwatch::bgp::{Asn, Batch, EventKind, PeerKey, Prefix};
use leakwatch::wire::update::{HEADER_LEN, Origin, Scanner, Session};
use leakwatch::wire::{Reason, Tally};
use proptest::{prelude::*, test_runner::RngSeed};

mod laws;

/// What a message says, in a form both readings can be brought to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reading {
    withdrawn: Vec<(Prefix, u32)>,
    announced: Vec<(Prefix, u32)>,
    path: String,
}

fn ours(body: &[u8], session: Session) -> (Reading, Tally) {
    let mut message = vec![0xFF; 16];
    message.extend(((HEADER_LEN + body.len()) as u16).to_be_bytes());
    message.push(2);
    message.extend(body);
    let (mut batch, mut tally) = (Batch::default(), Tally::default());
    batch.peer_index(&PeerKey::mrt([192, 0, 2, 1].into(), Asn(64500)));
    Scanner::new().scan(&message, session, Origin::default(), &mut batch, &mut tally);
    laws::adds_up(&tally, laws::check(&batch));
    let mut reading = Reading::default();
    for event in &batch.events {
        let (list, nlri) = match event.kind {
            EventKind::Announce {
                attributes, nlri, ..
            } => {
                reading.path = batch.path(&attributes).to_string();
                (&mut reading.announced, nlri)
            }
            EventKind::Withdraw { nlri, .. } => (&mut reading.withdrawn, nlri),
            _ => continue,
        };
        match event.kind {
            EventKind::Announce { afi, .. } | EventKind::Withdraw { afi, .. }
                if afi == leakwatch::bgp::Afi::Ipv4 =>
            {
                list.extend(nlri.of(&batch.v4).iter().map(|n| (n.prefix(), n.path_id)));
            }
            _ => list.extend(nlri.of(&batch.v6).iter().map(|n| (n.prefix(), n.path_id))),
        }
    }
    (reading, tally)
}

fn theirs(body: &[u8], session: Session) -> Option<(Reading, Vec<BgpValidationWarning>)> {
    let width = if session.asn4 {
        AsnLength::Bits32
    } else {
        AsnLength::Bits16
    };
    let body = Bytes::copy_from_slice(body);
    let message = parse_bgp_update_message(body, session.add_path_v4, &width).ok()?;
    let mut reading = Reading::default();
    let list = |prefixes: &[NetworkPrefix]| -> Vec<(Prefix, u32)> {
        prefixes
            .iter()
            // It keeps host bits; RFC 4271 §4.3 calls them irrelevant.
            .map(|p| (p.prefix.trunc(), p.path_id.unwrap_or(0)))
            .collect()
    };
    reading.withdrawn = list(&message.withdrawn_prefixes);
    reading.announced = list(&message.announced_prefixes);
    let unicast = |afi: &Afi, safi: &Safi| {
        matches!(afi, Afi::Ipv4 | Afi::Ipv6) && matches!(safi, Safi::Unicast)
    };
    if let Some(nlri) = message.attributes.get_unreachable_nlri()
        && unicast(&nlri.afi, &nlri.safi)
    {
        reading.withdrawn.extend(list(&nlri.prefixes));
    }
    if let Some(nlri) = message.attributes.get_reachable_nlri()
        && unicast(&nlri.afi, &nlri.safi)
    {
        reading.announced.extend(list(&nlri.prefixes));
    }
    if !reading.announced.is_empty() {
        let path = if session.asn4 {
            message.attributes.as_path().cloned()
        } else {
            message.attributes.effective_as_path()
        };
        reading.path = text(&path.unwrap_or_else(AsPath::new));
    }
    Some((reading, message.attributes.validation_warnings().to_vec()))
}

/// As routers print it, which is how ours prints.
fn text(path: &AsPath) -> String {
    let words = |asns: &[bgpkit_parser::models::Asn], between: &str| {
        let asns: Vec<String> = asns.iter().map(|asn| asn.to_u32().to_string()).collect();
        asns.join(between)
    };
    let segments: Vec<String> = path
        .iter_segments()
        .map(|segment| match segment {
            AsPathSegment::AsSequence(asns) => words(asns, " "),
            AsPathSegment::AsSet(asns) => format!("{{{}}}", words(asns, ",")),
            AsPathSegment::ConfedSequence(asns) => format!("({})", words(asns, " ")),
            AsPathSegment::ConfedSet(asns) => format!("[{}]", words(asns, ",")),
        })
        .collect();
    segments.join(" ")
}

/// The rule by which our verdict stands where theirs differs; None where none does.
///
/// bgpkit-parser keeps what it could read of a malformed message and warns; a router
/// must not (RFC 7606), and neither do we.
fn ruling(tally: &Tally) -> Option<&'static str> {
    let (reason, _) = tally.errors().next()?;
    Some(match reason {
        Reason::MessageLength | Reason::UpdateLength => "RFC 7606 §3 a: lengths beyond the message",
        Reason::Nlri => "RFC 7606 §5.3: NLRI that cannot be parsed",
        Reason::AddPath => "RFC 7911 §6: NLRI encoded against the negotiation",
        Reason::AttributeList => "RFC 7606 §4: an attribute beyond the attribute block",
        Reason::AttributeFlags => "RFC 7606 §3 c: flags against the definition",
        Reason::DuplicateAttribute => "RFC 7606 §3 g: the first of duplicates counts",
        Reason::UnrecognisedWellKnown => "RFC 4271 §6.3: unknown and not optional",
        Reason::MissingAttribute => "RFC 7606 §3 d: mandatory attributes",
        Reason::Origin => "RFC 7606 §7.1",
        Reason::AsPath => "RFC 7606 §7.2",
        Reason::NextHop => "RFC 7606 §7.3",
        Reason::MultiExitDisc => "RFC 7606 §7.4",
        Reason::LocalPref => "RFC 7606 §7.5",
        Reason::AtomicAggregate => "RFC 7606 §7.6",
        Reason::Aggregator => "RFC 7606 §7.7",
        Reason::Communities => "RFC 7606 §7.8",
        Reason::OriginatorId => "RFC 7606 §7.9",
        Reason::ClusterList => "RFC 7606 §7.10",
        Reason::MpReach => "RFC 7606 §7.11",
        Reason::MpUnreach => "RFC 7606 §7.12",
        Reason::ExtendedCommunities => "RFC 7606 §7.14, §7.15",
        Reason::As4Path | Reason::As4Aggregator => "RFC 6793 §4.1, §6: discarded",
        Reason::LargeCommunities => "RFC 8092 §5",
        Reason::OnlyToCustomer => "RFC 9234 §5",
        Reason::TunnelEncapsulation => "not used here: discarded, not withdrawn",
        Reason::Aigp => "RFC 7311 §3",
        Reason::PrefixSid => "RFC 8669 §6",
        _ => return None,
    })
}

/// A prefix as it goes on the wire.
fn nlri(bits: u8, address: u128, path_id: Option<u32>) -> Vec<u8> {
    let mut bytes: Vec<u8> = path_id
        .map(u32::to_be_bytes)
        .into_iter()
        .flatten()
        .collect();
    bytes.push(bits);
    bytes.extend(&address.to_be_bytes()[..usize::from(bits).div_ceil(8)]);
    bytes
}

fn attribute(flags: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags | 0x10, kind];
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes
}

fn nlri_field(most: u8, add_path: bool) -> impl Strategy<Value = Vec<u8>> {
    // Of mask 0 no two, which only misread path identifiers have.
    let one = (1..=most, any::<u128>(), any::<u32>())
        .prop_map(move |(bits, address, id)| nlri(bits, address, add_path.then_some(id)));
    prop::collection::vec(one, 0..6).prop_map(|all| all.concat())
}

/// AS path segments; `kinds` are the segment types allowed.
fn segments(asn4: bool, kinds: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let asns = prop::collection::vec(any::<u32>(), 1..6);
    let one = (prop::sample::select(kinds), asns).prop_map(move |(kind, asns)| {
        let mut bytes = vec![kind, asns.len() as u8];
        for asn in asns {
            let octets = asn.to_be_bytes();
            bytes.extend(&octets[if asn4 { 0 } else { 2 }..]);
        }
        bytes
    });
    prop::collection::vec(one, 0..4).prop_map(|all| all.concat())
}

/// An UPDATE's body as a sound speaker would write it, attributes in any order.
fn sound(session: Session) -> impl Strategy<Value = Vec<u8>> {
    let add_path = session.add_path_v4;
    let kinds: &'static [u8] = if session.asn4 {
        &[1, 2, 2, 2, 3, 4]
    } else {
        &[1, 2, 2, 2]
    };
    let optional = (
        prop::option::of(nlri_field(128, add_path)),
        prop::option::of(nlri_field(128, add_path)),
        prop::option::of(prop::collection::vec(any::<[u8; 4]>(), 1..5)),
        prop::option::of(prop::collection::vec(any::<[u8; 12]>(), 1..3)),
        prop::option::of(any::<[u8; 4]>()),
        prop::option::of(segments(true, &[2])),
    );
    (
        nlri_field(32, add_path),
        nlri_field(32, add_path),
        segments(session.asn4, kinds),
        0..3_u8,
        optional,
        any::<prop::sample::Index>(),
    )
        .prop_map(
            move |(withdrawn, announced, path, origin, optional, turn)| {
                let (reach, unreach, communities, large, otc, as4_path) = optional;
                let mut attributes = vec![
                    attribute(0x40, 1, &[origin]),
                    attribute(0x40, 2, &path),
                    attribute(0x40, 3, &[192, 0, 2, 1]),
                ];
                if let Some(nlri) = reach {
                    let mut value = vec![0, 2, 1, 16];
                    value.extend([0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
                    value.extend(nlri);
                    attributes.push(attribute(0x80, 14, &value));
                }
                if let Some(nlri) = unreach {
                    attributes.push(attribute(0x80, 15, &[&[0, 2, 1], &nlri[..]].concat()));
                }
                if let Some(value) = communities {
                    attributes.push(attribute(0xC0, 8, &value.concat()));
                }
                if let Some(value) = large {
                    attributes.push(attribute(0xC0, 32, &value.concat()));
                }
                if let Some(value) = otc {
                    attributes.push(attribute(0xC0, 35, &value));
                }
                if let (false, Some(value)) = (session.asn4, as4_path.filter(|v| !v.is_empty())) {
                    attributes.push(attribute(0xC0, 17, &value));
                }
                let middle = turn.index(attributes.len());
                attributes.rotate_left(middle);
                let attributes = attributes.concat();
                let mut body = (withdrawn.len() as u16).to_be_bytes().to_vec();
                body.extend(withdrawn);
                body.extend((attributes.len() as u16).to_be_bytes());
                body.extend(attributes);
                body.extend(announced);
                body
            },
        )
}

fn session() -> impl Strategy<Value = Session> {
    (any::<bool>(), any::<bool>()).prop_map(|(asn4, add_path)| Session {
        asn4,
        add_path_v4: add_path,
        add_path_v6: add_path,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        // The same messages in every run.
        rng_seed: RngSeed::Fixed(7606),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sound_messages_read_alike(
        (session, body) in session().prop_flat_map(|s| (Just(s), sound(s)))
    ) {
        let (ours, tally) = ours(&body, session);
        prop_assert_eq!(tally.error_count(), 0, "{:?}", tally);
        let (theirs, warnings) = theirs(&body, session).expect("sound");
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(warnings, []);
    }

    #[test]
    fn damaged_messages_read_alike_or_a_rule_says_why_not(
        (session, body) in session().prop_flat_map(|s| (Just(s), sound(s))),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut body = body;
        for (at, value) in damage {
            let at = at.index(body.len());
            body[at] = value;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        let (ours, tally) = ours(&body, session);
        match theirs(&body, session) {
            Some((theirs, warnings)) => prop_assert!(
                ours == theirs || ruling(&tally).is_some(),
                "no rule for {ours:?} {tally:?} against {theirs:?} {warnings:?}"
            ),
            // It gives up on framing alone, where we object too.
            None => prop_assert!(ruling(&tally).is_some(), "{ours:?} {tally:?}"),
        }
    }
}
