use proptest::prelude::*;

use super::{evidence::counts, *};
use crate::{
    bgp::{Afi, Nlri, PeerKey, RibView, Router, SpecialCommunity},
    incident::{
        Counted,
        evidence::{Evidence, Least},
    },
    rib::Marks,
};

fn view(nth: u8, afi: Afi) -> ViewKey {
    let router = match nth % 3 {
        0 => Router::Mrt,
        1 => Router::Directory("rrc00"),
        _ => Router::bmp([192, 0, 2, nth].into()),
    };
    ViewKey {
        peer: PeerKey {
            router,
            distinguisher: u64::from(nth),
            ..PeerKey::mrt([198, 51, 100, nth].into(), Asn(u32::from(nth)))
        },
        rib: RibView::LocRib,
        afi,
    }
}

fn prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![
        (any::<u32>(), 0..=32_u8).prop_map(|(addr, len)| Nlri::new(addr, len, 0).prefix()),
        (any::<u128>(), 0..=128_u8).prop_map(|(addr, len)| Nlri::new(addr, len, 0).prefix()),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let words = proptest::collection::vec(any::<u32>(), 0..6);
    (words, any::<bool>(), any::<u8>(), any::<u32>()).prop_map(
        |(words, segmented, special, otc)| Path {
            words,
            marks: Marks {
                segmented,
                special: SpecialCommunity(special),
                otc,
            },
        },
    )
}

prop_compose! {
    fn example()(
        time in any::<u64>(), view in 0..3_u32, prefix in prefix(), path_id in any::<u32>(),
        old in proptest::option::of(path()), new in path(), finds in any::<u32>(),
        cover in proptest::option::of(prefix()),
        message in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..40)),
    ) -> Example {
        Example {
            time: Timestamp::from_micros(time), view, route: (prefix, path_id), old, new,
            finds: Finds::from_bits(finds), cover, message,
        }
    }
}

prop_compose! {
    fn counted()(which in 0..4, a in any::<u32>(), b in any::<u32>(), days in any::<Option<u32>>())
        -> Option<Counted> {
        match which {
            0 => None,
            1 => Some(Counted::Routes { routes: a, limit: b, days }),
            2 => Some(Counted::Withdrawn { routes: a, left: b }),
            _ => Some(Counted::Changed { nlri: a, usual: b }),
        }
    }
}

prop_compose! {
    fn remembered()(
        numbers in proptest::collection::vec(any::<u32>(), 24),
        kind in 0..Kind::ALL.len(), counted in counted(),
        last_told in any::<Option<u64>>(), resolved in any::<Option<u64>>(),
        holds in any::<Option<bool>>(),
        offenders in proptest::collection::vec(any::<u32>(), 0..4),
        victims in proptest::collection::vec(any::<(u32, u32)>(), 0..20),
        v4 in proptest::collection::vec((any::<u32>(), 0..=32_u8), 0..50),
        v6 in proptest::collection::vec((any::<u128>(), 0..=128_u8), 0..50),
        first in proptest::collection::vec(example(), 0..3),
        last in proptest::collection::vec(example(), 0..3),
        held in proptest::collection::vec((prefix(), 0..3_u32), 0..4),
    ) -> Remembered {
        let n = |index: usize| numbers[index];
        let mut evidence = Evidence { counted, ..Evidence::default() };
        for (count, number) in counts(&mut evidence).into_iter().zip(&numbers) {
            *count = *number;
        }
        evidence.least = Least::from_counts([n(1), n(2), n(3), n(4), n(5)]);
        evidence.odd_share = f64::from(n(0)) / f64::from(u32::MAX);
        let prefixes = Sets {
            v4: v4.into_iter().map(|(addr, len)| Nlri::new(addr, len, 0)).collect(),
            v6: v6.into_iter().map(|(addr, len)| Nlri::new(addr, len, 0)).collect(),
        };
        Remembered {
            time: Timestamp::from_micros(u64::from(n(0))),
            id: format!("leak-{}", n(1)),
            kind: Kind::ALL[kind],
            offender: Some(Asn(n(2))),
            neighbour: holds.map(|_| Asn(n(3))),
            blamed: holds.map(|_| 1),
            resolved: resolved.map(Timestamp::from_micros),
            first_seen: Timestamp::from_micros(u64::from(n(4))),
            last_seen: Timestamp::from_micros(u64::from(n(5)) << 20),
            peak: n(6),
            severity: Severity::Warning,
            confidence: f64::from(n(7)) / f64::from(u32::MAX),
            finds: Finds::from_bits(n(8)),
            also: vec![Detector::Surge, Detector::MaximumPrefix],
            evidence,
            absorbs: Finds::from_bits(n(9)),
            absorbs_all: n(10) % 2 == 0,
            told: (Severity::Critical, n(11)),
            last_told: last_told.map(|time| (Step::Reopened, Timestamp::from_micros(time))),
            told_count: n(12),
            counted: (n(13), n(14)),
            holds,
            offenders: offenders.into_iter().map(Asn).collect(),
            views: vec![view(1, Afi::Ipv4), view(2, Afi::Ipv6), view(3, Afi::Ipv4)],
            shares: vec![(2, Timestamp::from_micros(u64::from(n(15))))],
            victims,
            covers: Sets { v4: prefixes.v4.iter().rev().copied().collect(), v6: Vec::new() },
            prefixes,
            samples: [first, Vec::new(), last],
            drawing: (u64::from(n(16)), u64::from(n(17)) << 30),
            held,
        }
    }
}

fn read(octets: &[u8]) -> Result<Remembered, Unreadable> {
    Remembered::read(octets, &mut |name| (name == "rrc00").then_some("rrc00"))
}

proptest! {
    #[test]
    fn what_is_written_is_read(one in remembered()) {
        let octets = one.write();
        prop_assert_eq!(read(&octets), Ok(one.clone()));
        prop_assert_eq!(read(&octets).unwrap().write(), octets);
    }

    #[test]
    fn what_is_damaged_under_a_good_sum_is_read_or_refused(
        one in remembered(),
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut body = one.write();
        body.truncate(body.len() - 8);
        for (place, octet) in places {
            let place = place.index(body.len());
            body[place] = octet;
        }
        body[0] = VERSION;
        if cut.index(4) == 0 {
            body.truncate(1 + cut.index(body.len()));
        }
        let mut writer = Writer::new(VERSION);
        for octet in &body[1..] {
            writer.octet(*octet);
        }
        if let Ok(other) = read(&writer.finish()) {
            prop_assert_eq!(read(&other.write()), Ok(other));
        }
    }
}

#[test]
fn an_incident_of_160_000_prefixes_takes_few_octets() {
    let blocks = (0..160_000_u32).map(|nth| {
        let spread = nth.wrapping_mul(2_654_435_761) >> 8;
        Nlri::new(spread << 8, 24, 0)
    });
    let mut v4: Vec<_> = blocks.collect();
    v4.sort_unstable();
    let mut writer = Writer::new(VERSION);
    Sets { v4, v6: Vec::new() }.write(&mut writer);
    assert!(writer.len() < 500_000, "{}", writer.len());
}
