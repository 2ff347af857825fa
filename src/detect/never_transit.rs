//! `never_transit`: a network that sells no transit, in the middle of a path.
//!
//! Content and cloud networks announce their own and a known few; when routes of
//! others come through one of them, it is passing on what its peers and providers
//! told it (RFC 7908 types 3 and 4; 25 August 2017).

use super::verdict::Leak;
use crate::{
    bgp::{AsPath, Asn},
    reference::Reference,
};

/// The first such network, read from us, with the AS that accepted its routes.
pub fn judge(path: AsPath<'_>, reference: &Reference) -> Option<Leak> {
    let mut hops = path.sequence_hops();
    let mut before: Option<Asn> = None;
    let mut here = hops.next()?;
    for next in hops {
        if next == here {
            continue;
        }
        if reference.never_transit.contains(here)
            && !reference.may_carry(here, next)
            && !reference.never_transit.contains(next)
        {
            return Some(Leak {
                leaker: here,
                neighbour: before,
            });
        }
        before = Some(here);
        here = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaker(words: &[u32]) -> Option<(u32, Option<u32>)> {
        let leak = judge(AsPath::sequence(words), &Reference::default())?;
        Some((leak.leaker.0, leak.neighbour.map(|asn| asn.0)))
    }

    #[test]
    fn august_2017_is_found_whatever_stands_before() {
        assert_eq!(leaker(&[701, 15169, 4713]), Some((15169, Some(701))));
        assert_eq!(
            leaker(&[1103, 286, 701, 15169, 4713]),
            Some((15169, Some(701)))
        );
        assert_eq!(
            leaker(&[701, 15169, 15169, 4713, 2516]),
            Some((15169, Some(701)))
        );
    }

    #[test]
    fn a_neighbour_that_leaks_to_us_has_nobody_before_it() {
        assert_eq!(leaker(&[15169, 4713]), Some((15169, None)));
    }

    #[test]
    fn its_own_routes_and_those_of_its_house_are_no_transit() {
        assert_eq!(leaker(&[701, 15169]), None);
        assert_eq!(leaker(&[701, 15169, 15169]), None);
        assert_eq!(leaker(&[701, 15169, 36040]), None);
        assert_eq!(leaker(&[2906, 40027]), None);
        assert_eq!(leaker(&[]), None);
    }

    #[test]
    fn others_in_mid_path_are_nobody() {
        assert_eq!(leaker(&[701, 3356, 4713, 2516]), None);
    }
}
