//! `own_prefix`: our address space, announced by others or otherwise than it should be.
//!
//! One route is enough. What is expected comes from `[[own]]`: the prefixes with
//! their lengths, the origins, and who may stand next to the origin.

use crate::{
    bgp::{Address, AsPath, Asn},
    reference::Reference,
};

/// Whether a route is of our space and not as it should be.
pub fn is_unexpected<A: Address>(
    addr: A,
    len: u8,
    path: AsPath<'_>,
    reference: &Reference,
) -> bool {
    if reference.own.is_empty() {
        return false;
    }
    let Some(own) = reference.own.find(addr, len) else {
        return false;
    };
    // An empty path is our own router's own route; a set hides who announced it.
    let Some(origin) = path.origin() else {
        return !path.words.is_empty();
    };
    if !own.expects(len, origin) {
        return true;
    }
    let mut beside = None;
    for asn in path.sequence_hops().filter(|&asn| asn != origin) {
        beside = Some(asn);
    }
    beside.is_some_and(|neighbour| !own.expects_upstream(neighbour))
}

/// Whether it is we who announce this part of our space, to this neighbour or inside: nobody else
/// is on the path, who could have made it up. Such a route is excused where it asks for a blackhole.
pub fn is_by_us<A: Address>(addr: A, len: u8, path: AsPath<'_>, reference: &Reference) -> bool {
    let Some(own) = reference.own.find(addr, len) else {
        return false;
    };
    let ours = |asn: Asn| reference.local_as == Some(asn) || own.origins.contains(&asn);
    path.origin().is_some_and(ours) && path.sequence_hops().all(ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Own;

    fn unexpected(prefix: &str, words: &[u32]) -> bool {
        let mut reference = Reference::default();
        reference.own.insert(Own {
            prefix: "45.0.0.0/16".parse().unwrap(),
            min_len: 16,
            max_len: 20,
            origins: vec![Asn(65)],
            upstreams: vec![Asn(3356), Asn(1299)],
        });
        let net: ipnet::Ipv4Net = prefix.parse().unwrap();
        let path = AsPath::sequence(words);
        is_unexpected(net.network().to_bits(), net.prefix_len(), path, &reference)
    }

    #[test]
    fn another_origin_length_or_upstream_is_unexpected() {
        assert!(unexpected("45.0.0.0/16", &[701, 3356, 66]));
        assert!(unexpected("45.0.7.0/24", &[701, 3356, 65]));
        assert!(unexpected("45.0.7.0/24", &[701, 3356, 66]));
        assert!(unexpected("45.0.0.0/16", &[701, 174, 65]));
        assert!(unexpected("45.0.0.0/16", &[701, 174, 65, 65]));
    }

    #[test]
    fn what_is_ours_as_it_should_be_is_quiet() {
        assert!(!unexpected("45.0.0.0/16", &[701, 3356, 65]));
        assert!(!unexpected("45.0.16.0/20", &[1299, 65, 65, 65]));
        assert!(!unexpected("45.0.0.0/16", &[65]));
        assert!(!unexpected("45.0.0.0/16", &[]));
    }

    #[test]
    fn what_covers_or_neighbours_our_space_is_not_ours() {
        assert!(!unexpected("45.0.0.0/15", &[701, 3356, 66]));
        assert!(!unexpected("45.1.0.0/16", &[701, 3356, 66]));
    }
}
