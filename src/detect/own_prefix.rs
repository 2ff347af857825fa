//! `own_prefix`: our address space, announced by others or otherwise than it should be.
//!
//! One route is enough. What is expected comes from `[[own]]`: the prefixes with
//! their lengths, the origins, and who may stand next to the origin.

use crate::{
    bgp::{Address, AsPath},
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
