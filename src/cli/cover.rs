//! The route that a new more-specific took the traffic from.

use crate::{
    bgp::{Asn, Prefix},
    detect::Verdict,
    engine::Engine,
    incident::report::Sample,
    rib::{Family, Rib},
};

/// The nearest covering prefix of a sample in the table as it stands, and its path at
/// the peer that sent the sample, told by the first AS.
pub(super) fn of(engine: &Engine, sample: &Sample) -> Option<(Prefix, String)> {
    let peer: Asn = sample.after.split(' ').next()?.parse().ok()?;
    match sample.prefix {
        Prefix::V4(net) => at::<u32>(engine.rib(), net.addr().into(), net.prefix_len(), peer),
        Prefix::V6(net) => at::<u128>(engine.rib(), net.addr().into(), net.prefix_len(), peer),
    }
}

fn at<A: Family>(rib: &Rib<Verdict>, addr: A, len: u8, peer: Asn) -> Option<(Prefix, String)>
where
    (A, u8): prefix_trie::Prefix,
{
    let row = rib.table::<A>().cover(addr, len)?;
    let prefix = rib.prefix(A::AFI, row)?;
    let (view, _) = rib
        .views()
        .find(|(_, key)| key.peer.asn == peer && key.afi == A::AFI)?;
    let path = rib.column(view)?.get(row).path();
    path.is_some()
        .then(|| (prefix, rib.paths.path(path).to_string()))
}
