//! `bogon`: prefixes and AS numbers that have no place on the public Internet.
//!
//! Prefixes: the IANA special-purpose registries (RFC 6890) as far as they are not
//! globally reachable, multicast and class E, and IPv6 outside `2000::/3`. AS numbers:
//! see [`crate::bgp::Asn::is_bogon`].

use crate::bgp::{Address, Afi, AsPath};

const IPV4: &[(u32, u8)] = &[
    (0x0000_0000, 8),  // "this network"
    (0x0A00_0000, 8),  // private use (RFC 1918)
    (0x6440_0000, 10), // shared address space (RFC 6598)
    (0x7F00_0000, 8),  // loopback
    (0xA9FE_0000, 16), // link local
    (0xAC10_0000, 12), // private use
    (0xC000_0000, 24), // IETF protocol assignments
    (0xC000_0200, 24), // TEST-NET-1
    (0xC0A8_0000, 16), // private use
    (0xC612_0000, 15), // benchmarking
    (0xC633_6400, 24), // TEST-NET-2
    (0xCB00_7100, 24), // TEST-NET-3
    (0xE000_0000, 3),  // multicast and class E
];

const IPV6: &[(u128, u8)] = &[
    (0x2001_0db8 << 96, 32), // documentation
    (0x3fff << 112, 20),     // documentation (RFC 9637)
    (0x2001_0002 << 96, 48), // benchmarking
    (0x2001_0010 << 96, 28), // ORCHID
];

/// Whether a prefix lies in special-purpose space. A default route does not.
pub fn is_bogon_prefix<A: Address>(addr: A, len: u8) -> bool {
    match (A::AFI, addr.ip()) {
        (Afi::Ipv4, std::net::IpAddr::V4(ip)) => {
            let addr = ip.to_bits();
            // Nearly all of the table lies outside the few /8s that hold an entry.
            let near = matches!(
                addr >> 24,
                0 | 10 | 100 | 127 | 169 | 172 | 192 | 198 | 203 | 224..
            );
            near && len > 0
                && IPV4
                    .iter()
                    .any(|&(net, bits)| len >= bits && addr.masked(bits) == net)
        }
        (_, std::net::IpAddr::V6(ip)) => {
            let addr = ip.to_bits();
            len > 0
                && ((addr >> 125) != 1
                    || IPV6
                        .iter()
                        .any(|&(net, bits)| len >= bits && addr.masked(bits) == net))
        }
        _ => false,
    }
}

/// Whether a path names an AS number that must not be there.
pub fn has_bogon_as(path: AsPath<'_>) -> bool {
    path.sequence_hops().any(crate::bgp::Asn::is_bogon)
}
