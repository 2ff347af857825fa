//! Evidence as octets.

use crate::{
    bgp::compact::{Reader, Writer},
    incident::evidence::{Counted, Evidence, Least},
};

/// The counts of evidence, in the order in which they are written.
pub(super) fn counts(evidence: &mut Evidence) -> [&mut u32; 18] {
    let Evidence {
        routes,
        novel,
        covers,
        origins,
        valley,
        by_role,
        never_transit,
        origin_changes,
        specific,
        bogon,
        accepted,
        notable_path,
        extreme_path,
        separate,
        own,
        gained,
        normal,
        burst,
        odd_share: _,
        displaced_share: _,
        headroom: _,
        counted: _,
        least: _,
    } = evidence;
    [
        routes,
        novel,
        covers,
        origins,
        valley,
        by_role,
        never_transit,
        origin_changes,
        specific,
        bogon,
        accepted,
        notable_path,
        extreme_path,
        separate,
        own,
        gained,
        normal,
        burst,
    ]
}

pub(super) fn write_evidence(out: &mut Writer, evidence: &Evidence) {
    for count in counts(&mut evidence.clone()) {
        out.number(u64::from(*count));
    }
    out.real(evidence.odd_share);
    out.real(evidence.displaced_share);
    out.flag(evidence.headroom);
    match evidence.counted {
        None => out.octet(0),
        Some(Counted::Routes {
            routes,
            limit,
            days,
        }) => {
            out.octet(1);
            out.number(u64::from(routes));
            out.number(u64::from(limit));
            out.maybe(days);
        }
        Some(Counted::Withdrawn { routes, left }) => {
            out.octet(2);
            out.number(u64::from(routes));
            out.number(u64::from(left));
        }
        Some(Counted::Changed { nlri, usual }) => {
            out.octet(3);
            out.number(u64::from(nlri));
            out.number(u64::from(usual));
        }
    }
    out.words(&evidence.least.counts());
}

pub(super) fn read_evidence(input: &mut Reader<'_>) -> Option<Evidence> {
    let mut evidence = Evidence::default();
    for count in counts(&mut evidence) {
        *count = input.small()?;
    }
    evidence.odd_share = input.real()?;
    evidence.displaced_share = input.real()?;
    evidence.headroom = input.flag()?;
    evidence.counted = match input.octet()? {
        0 => None,
        1 => Some(Counted::Routes {
            routes: input.small()?,
            limit: input.small()?,
            days: input.maybe()?,
        }),
        2 => Some(Counted::Withdrawn {
            routes: input.small()?,
            left: input.small()?,
        }),
        3 => Some(Counted::Changed {
            nlri: input.small()?,
            usual: input.small()?,
        }),
        _ => return None,
    };
    evidence.least = Least::from_counts(input.words()?.first_chunk().copied()?);
    Some(evidence)
}
