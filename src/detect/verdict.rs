//! What can be said of a path alone, said once: when the path is first seen.

use super::{Detector, Finds, bogon, never_transit, path_length, path_repeat, settings, valley};
use crate::{
    bgp::{AsPath, Asn},
    reference::Reference,
};

/// Who passed a route on that should not have, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The AS that leaked.
    pub leaker: Asn,
    /// The AS that accepted it; none if that is the router whose view this is.
    pub neighbour: Option<Asn>,
}

/// The judgement of one path under one reference generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What the path's own shape raises.
    pub finds: Finds,
    /// Length as route selection counts it, capped at 65,535.
    pub length: u16,
    /// The longest run of one AS, capped at 65,535.
    pub run: u16,
    /// The origin, 0 if there is none.
    pub origin: Asn,
    /// Who is behind `finds`: leaker, prepender; 0 if nobody is.
    pub culprit: Asn,
    /// Who accepted it from the culprit; 0 if that is the router itself.
    pub neighbour: Asn,
    /// The culprit is a guess; see [`valley::judge`].
    pub guessed: bool,
    /// Our own AS stands in it, and not as the origin: what we announced comes back, or
    /// what we leaked.
    pub through_us: bool,
    /// A transit-free network stands somewhere behind the first AS.
    pub tier1_behind: bool,
    /// Scratch of the incident room: which open incident's offender is on the path,
    /// as of `tag_generation`.
    pub tag: u16,
    /// See `tag`.
    pub tag_generation: u16,
}

/// Judges a path.
pub fn judge(path: AsPath<'_>, reference: &Reference, settings: &settings::Settings) -> Verdict {
    let length = path.length();
    let (run, separate) = path_repeat::scan(path);
    let long = path_length::judge(length, &settings.path_length);
    let repeated = path_repeat::judge(run, separate, &settings.path_repeat);
    let mut verdict = Verdict {
        finds: long | repeated,
        length: u16::try_from(length).unwrap_or(u16::MAX),
        run: u16::try_from(run.times).unwrap_or(u16::MAX),
        origin: path.origin().unwrap_or_default(),
        tier1_behind: path
            .sequence_hops()
            .skip(1)
            .any(|asn| reference.tier1.contains(asn)),
        through_us: reference.local_as.is_some_and(|us| {
            path.origin() != Some(us) && path.sequence_hops().any(|asn| asn == us)
        }),
        ..Verdict::default()
    };
    if !verdict.finds.is_quiet() {
        verdict.culprit = run.asn;
        verdict.neighbour = run.before.unwrap_or_default();
        if repeated.any(Finds::SEPARATE) && !repeated.any(Finds::NOTABLE) && long.is_quiet() {
            verdict.culprit = separate.unwrap_or_default();
        }
    }
    if verdict.through_us && verdict.culprit == Asn(0) {
        verdict.culprit = reference.local_as.unwrap_or_default();
    }
    if bogon::has_bogon_as(path) {
        verdict.finds |= Finds::of(Detector::Bogon);
    }
    // never_transit knows the network by name, so its word on who it was counts more.
    if let Some((leak, guessed)) = valley::judge(path, reference) {
        verdict.finds |= Finds::of(Detector::Valley);
        verdict.guessed = guessed;
        verdict.culprit = leak.leaker;
        verdict.neighbour = leak.neighbour.unwrap_or_default();
    }
    if let Some(leak) = never_transit::judge(path, reference) {
        verdict.finds |= Finds::of(Detector::NeverTransit);
        verdict.guessed = false;
        verdict.culprit = leak.leaker;
        verdict.neighbour = leak.neighbour.unwrap_or_default();
    }
    verdict
}
