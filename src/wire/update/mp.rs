//! `MP_REACH_NLRI` and `MP_UNREACH_NLRI` (RFC 4760 §3, §4), as far as their NLRI.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Subsequent address families of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// AFI 1, SAFI 1.
    Ipv4Unicast,
    /// AFI 2, SAFI 1.
    Ipv6Unicast,
    /// AFI 1, SAFI 2: counted, not kept.
    Ipv4Multicast,
    /// AFI 2, SAFI 2: counted, not kept.
    Ipv6Multicast,
    /// Any other.
    Other,
}

impl Family {
    fn new(afi: u16, safi: u8) -> Self {
        match (afi, safi) {
            (1, 1) => Family::Ipv4Unicast,
            (2, 1) => Family::Ipv6Unicast,
            (1, 2) => Family::Ipv4Multicast,
            (2, 2) => Family::Ipv6Multicast,
            _ => Family::Other,
        }
    }
}

/// A family and its NLRI field; the next hop where announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mp<'m> {
    /// Which family.
    pub family: Family,
    /// Global next hop.
    pub next_hop: Option<IpAddr>,
    /// NLRI, not yet checked.
    pub nlri: &'m [u8],
}

/// Reads an `MP_REACH_NLRI`; None where its NLRI cannot be located (RFC 7606 §7.11).
pub fn reach(value: &[u8]) -> Option<Mp<'_>> {
    let (&[afi_high, afi_low, safi, len], rest) = value.split_first_chunk::<4>()?;
    let family = Family::new(u16::from_be_bytes([afi_high, afi_low]), safi);
    let (hop, rest) = rest.split_at_checked(usize::from(len))?;
    // RFC 8950: IPv4 NLRI may have an IPv6 next hop, with or without a link-local one.
    let next_hop = next_hop(hop);
    let plausible = match family {
        Family::Other => true,
        Family::Ipv4Unicast | Family::Ipv4Multicast => next_hop.is_some(),
        Family::Ipv6Unicast | Family::Ipv6Multicast => {
            matches!(next_hop, Some(IpAddr::V6(_)))
        }
    };
    if !plausible {
        return None;
    }
    let (_reserved, nlri) = rest.split_first()?;
    Some(Mp {
        family,
        next_hop,
        nlri,
    })
}

/// Reads an `MP_UNREACH_NLRI`; None where it is too short (RFC 7606 §7.12).
pub fn unreach(value: &[u8]) -> Option<Mp<'_>> {
    let (&[afi_high, afi_low, safi], nlri) = value.split_first_chunk::<3>()?;
    Some(Mp {
        family: Family::new(u16::from_be_bytes([afi_high, afi_low]), safi),
        next_hop: None,
        nlri,
    })
}

/// The next hop of a table dump's `MP_REACH_NLRI`: abbreviated to length and address
/// (RFC 6396 §4.3.4), or the whole attribute, which writers that did not read so far
/// put there. An AFI's first octet is 0, a next hop's length never is.
pub fn table_dump_next_hop(value: &[u8]) -> Option<IpAddr> {
    match value.split_first() {
        Some((0, _)) => {
            let (&[_, _, _, len], rest) = value.split_first_chunk::<4>()?;
            next_hop(rest.get(..usize::from(len))?)
        }
        Some((&len, rest)) => next_hop(rest.get(..usize::from(len))?),
        None => None,
    }
}

fn next_hop(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => octets
            .first_chunk::<4>()
            .map(|octets| IpAddr::V4(Ipv4Addr::from(*octets))),
        16 | 32 => octets
            .first_chunk::<16>()
            .map(|octets| IpAddr::V6(Ipv6Addr::from(*octets))),
        _ => None,
    }
}
