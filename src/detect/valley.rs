//! `valley`: a path that goes down and up again (RFC 7908 types 1 to 4).
//!
//! Read from the origin, a path climbs from customer to provider, crosses at most
//! one peering, and descends (Gao 2001). An AS that hands a route from a provider or
//! peer to another provider or peer is leaking it. Relations come from the reference
//! (configured, CAIDA's file, the tier-1 mesh); an unknown step is given the benefit
//! of the doubt, except that a path between two transit-free networks cannot run
//! through a third party: none of them buys transit from anyone.

use super::verdict::Leak;
use crate::{
    bgp::{AsPath, Asn},
    reference::{Reference, Relation},
};

/// Longest path that is judged, in distinct ASes; longer ones have other problems.
const MOST: usize = 64;

/// The leak that is nearest the origin, if the path has one.
///
/// The second value says that the leaker is a guess: it is somebody between two
/// transit-free networks, and only what each carries normally tells who.
pub fn judge(path: AsPath<'_>, reference: &Reference) -> Option<(Leak, bool)> {
    let mut hops = [Asn(0); MOST];
    let mut count = 0;
    for asn in path.sequence_hops() {
        if count > 0 && hops.get(count - 1) == Some(&asn) {
            continue;
        }
        *hops.get_mut(count)? = asn;
        count += 1;
    }
    let hops = hops.get(..count)?;
    match by_relations(hops, reference) {
        Some((leak, Certainty::Known)) => Some((leak, false)),
        // Some step between is unknown: who stands between two transit-free networks
        // is a better guess than whoever happened to be known.
        guess => match between_tier1(hops, reference) {
            Some(leak) => Some((leak, true)),
            None => guess.map(|(leak, _)| (leak, false)),
        },
    }
}

/// Whether every step from the top of the path to the violation is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Known,
    Guessed,
}

/// Walks from the origin towards us; `descending` once a peering or a step down is past.
fn by_relations(hops: &[Asn], reference: &Reference) -> Option<(Leak, Certainty)> {
    let mut descending = false;
    let mut certainty = Certainty::Known;
    for (index, pair) in hops.windows(2).enumerate().rev() {
        let &[near, far] = pair else { continue };
        // What the AS nearer to us is to the one that announced the route to it.
        match reference.relation(far, near) {
            Relation::Provider | Relation::Peer if descending => {
                return Some((
                    Leak {
                        leaker: far,
                        neighbour: Some(near),
                    },
                    certainty,
                ));
            }
            Relation::Peer | Relation::Customer => descending = true,
            Relation::Unknown if descending => certainty = Certainty::Guessed,
            Relation::Provider | Relation::Sibling | Relation::Unknown => {}
        }
        // A route server is transparent: what comes after it is a peering.
        if index > 0 && reference.route_servers.contains(near) {
            return None;
        }
    }
    None
}

/// Two transit-free networks with others between them.
fn between_tier1(hops: &[Asn], reference: &Reference) -> Option<Leak> {
    let outer = hops.iter().position(|&asn| reference.tier1.contains(asn))?;
    let inner = hops
        .iter()
        .rposition(|&asn| reference.tier1.contains(asn))?;
    let between = hops.get(outer + 1..inner)?;
    let mut near = *hops.get(outer)?;
    // Neighbouring tier-1s, and siblings of theirs, are the mesh itself.
    let mut gap = between.iter().copied().filter(|&asn| {
        !reference.tier1.contains(asn)
            && reference.relation(asn, near) != Relation::Sibling
            && reference.relation(asn, hops.get(inner).copied().unwrap_or(asn)) != Relation::Sibling
    });
    let leaker = gap.next()?;
    for &asn in between {
        if asn == leaker {
            break;
        }
        near = asn;
    }
    Some(Leak {
        leaker,
        neighbour: Some(near),
    })
}

/// The ASes that a guess has to choose from, with the AS before each: those between the
/// first and the last transit-free network of a path that are not such themselves.
pub fn between<'a>(
    hops: &'a [Asn],
    reference: &'a Reference,
) -> impl Iterator<Item = (Asn, Asn)> + 'a {
    let is_tier1 = |asn: &Asn| reference.tier1.contains(*asn);
    let outer = hops.iter().position(is_tier1).unwrap_or(hops.len());
    let inner = hops.iter().rposition(is_tier1).unwrap_or(0);
    hops.windows(2)
        .enumerate()
        .filter(move |(index, _)| *index >= outer && index + 1 < inner)
        .filter_map(|(_, pair)| Some((*pair.first()?, *pair.get(1)?)))
        .filter(move |(_, asn)| !reference.tier1.contains(*asn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Relations;

    /// 1 and 2 are providers of 10, 2 is a peer of 1; 3 is a peer of 10; 20 is 10's customer.
    const RELATIONS: &str = "1|10|-1\n2|10|-1\n1|2|0\n10|3|0\n10|20|-1\n1|4|-1\n";

    fn leaker(words: &[u32]) -> Option<(u32, Option<u32>)> {
        let reference = Reference {
            relations: Relations::parse(RELATIONS.as_bytes()).unwrap(),
            ..Reference::default()
        };
        let (leak, _) = judge(AsPath::sequence(words), &reference)?;
        Some((leak.leaker.0, leak.neighbour.map(|asn| asn.0)))
    }

    #[test]
    fn provider_to_provider_is_a_leak() {
        assert_eq!(leaker(&[1, 10, 2, 99]), Some((10, Some(1))));
        assert_eq!(leaker(&[1, 10, 10, 10, 2, 99]), Some((10, Some(1))));
    }

    #[test]
    fn provider_to_peer_and_peer_to_provider_are_leaks() {
        assert_eq!(leaker(&[3, 10, 1, 99]), Some((10, Some(3))));
        assert_eq!(leaker(&[1, 10, 3, 99]), Some((10, Some(1))));
    }

    #[test]
    fn what_a_customer_announces_may_go_everywhere() {
        for path in [
            &[1, 10, 20][..],
            &[3, 10, 20],
            &[4, 1, 10, 20],
            &[2, 1, 10, 20],
            &[20, 10, 1, 2],
        ] {
            assert_eq!(leaker(path), None, "{path:?}");
        }
    }

    #[test]
    fn an_unknown_step_has_the_benefit_of_the_doubt() {
        assert_eq!(leaker(&[77, 10, 78]), None);
        assert_eq!(leaker(&[1, 10, 78]), None);
        assert_eq!(leaker(&[]), None);
        assert_eq!(leaker(&[10]), None);
    }

    #[test]
    fn nobody_stands_between_two_transit_free_networks() {
        let (who, _) = leaker(&[3356, 400_000, 1299, 99]).unwrap();
        assert_eq!(who, 400_000);
        assert_eq!(leaker(&[3356, 1299, 99]), None);
        // Siblings of one of them are the mesh itself.
        assert_eq!(leaker(&[3356, 3561, 3549, 99]), None);
    }

    #[test]
    fn a_path_of_hundreds_of_ases_is_not_judged() {
        let long: Vec<u32> = (100..400).collect();
        assert_eq!(leaker(&long), None);
    }
}
