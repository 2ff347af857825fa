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
