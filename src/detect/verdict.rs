//! What can be said of a path alone, said once: when the path is first seen.

use super::{Detector, Finds, bogon, never_transit, path_length, path_repeat, settings, valley};
use crate::{
    bgp::{AsPath, Asn},
    reference::{PeerPolicy, Reference, Relation},
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
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
    /// Our own AS stands in it between two networks that are no customers of ours: what we
    /// leaked comes back.
    pub through_us: bool,
    /// A transit-free network stands somewhere behind whoever sent it.
    pub tier1_behind: bool,
    /// The first AS that is not ours is a provider or peer of ours: whom it goes to has to be a
    /// customer.
    pub from_afar: bool,
    /// Private AS numbers stand in it only as those of neighbours that may have them.
    pub bogon_at_home: bool,
    /// Scratch of the incident room: which open incident's offender is on the path,
    /// as of `tag_generation`.
    pub tag: u16,
    /// See `tag`.
    pub tag_generation: u16,
}

/// Whether our own AS stands between two networks of which neither is a customer of ours: we hand
/// on what we must not (RFC 7908). Nothing is wrong with other paths through us that come back: what
/// we announce to one transit provider only, others send us for as long as they prefer that way.
fn hands_on(path: AsPath<'_>, reference: &Reference) -> bool {
    let Some(us) = reference.local_as else {
        return false;
    };
    if path.origin() == Some(us) {
        return false;
    }
    let foreign = |asn: Asn| is_foreign(asn, reference);
    let mut before = None;
    let mut through_us = false;
    for asn in path.sequence_hops() {
        if asn == us {
            through_us = before.is_some();
            continue;
        }
        if through_us && before.is_some_and(foreign) && foreign(asn) {
            return true;
        }
        before = Some(asn);
        through_us = false;
    }
    false
}

/// Whoever sent a route: the first AS of a path that is no route server.
pub fn sender(path: AsPath<'_>, reference: &Reference) -> Option<Asn> {
    path.sequence_hops()
        .find(|asn| !reference.route_servers.contains(*asn))
}

/// What stands behind whoever sent it, however often that repeats itself.
fn behind_the_sender<'a>(
    path: AsPath<'a>,
    reference: &'a Reference,
) -> impl Iterator<Item = Asn> + use<'a> {
    let sender = sender(path, reference);
    path.sequence_hops()
        .skip_while(|asn| reference.route_servers.contains(*asn))
        .skip_while(move |asn| Some(*asn) == sender)
}

/// Whether we have it from a provider or a peer of ours.
fn is_from_afar(path: AsPath<'_>, reference: &Reference) -> bool {
    let ours = |asn: &Asn| reference.local_as == Some(*asn);
    let first = path.sequence_hops().find(|asn| !ours(asn));
    path.origin().is_some_and(|origin| !ours(&origin))
        && first.is_some_and(|asn| is_foreign(asn, reference))
}

/// Whether a network is a provider or peer of ours. As the configuration says, since one route is
/// enough for what follows from it.
fn is_foreign(asn: Asn, reference: &Reference) -> bool {
    let relation = reference.roles.get(asn);
    matches!(relation, Some(Relation::Provider | Relation::Peer))
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
        tier1_behind: behind_the_sender(path, reference).any(|asn| reference.tier1.contains(asn)),
        from_afar: is_from_afar(path, reference),
        through_us: hands_on(path, reference),
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
        let at_home = |asn: Asn| {
            let known = |policy: &PeerPolicy| policy.private && policy.asn == Some(asn);
            reference.peers.iter().any(known)
        };
        let ours = |asn: Asn| reference.local_as == Some(asn);
        let mut behind = path
            .sequence_hops()
            .skip_while(|asn| ours(*asn) || at_home(*asn));
        verdict.bogon_at_home = !behind.any(Asn::is_bogon);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Role, Roles};

    #[test]
    fn a_path_through_us_is_wrong_only_between_two_that_are_no_customers() {
        let peer = |asn, role| PeerPolicy {
            asn: Some(Asn(asn)),
            local_role: Some(role),
            ..PeerPolicy::default()
        };
        let reference = Reference {
            local_as: Some(Asn(64500)),
            roles: Roles::of(&[
                peer(10, Role::Customer),
                peer(20, Role::Peer),
                peer(30, Role::Provider),
            ]),
            ..Reference::default()
        };
        let through_us = |words: &[u32]| {
            let settings = settings::Settings::default();
            judge(AsPath::sequence(words), &reference, &settings).through_us
        };
        assert!(through_us(&[10, 64500, 20, 4]), "a leak of ours");
        assert!(through_us(&[5, 10, 64500, 64500, 20, 4]));
        assert!(
            !through_us(&[20, 10, 64500, 30, 4]),
            "our customer's, another way"
        );
        assert!(
            !through_us(&[30, 64500, 20, 4]),
            "sent back by a customer, as FRR does"
        );
        assert!(!through_us(&[10, 64500]), "our own");
        assert!(!through_us(&[5, 64500, 6, 4]), "nobody knows who they are");
    }
}
