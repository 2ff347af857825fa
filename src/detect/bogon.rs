//! `bogon`: prefixes and AS numbers that have no place on the public Internet.
//!
//! Prefixes: the IANA special-purpose registries (RFC 6890) as far as they are not
//! globally reachable, multicast and class E, and IPv6 outside `2000::/3`. AS numbers:
//! see [`crate::bgp::Asn::is_bogon`].
//!
//! What peers send is full of them, so that on a pre-policy Adj-RIB-In only many at once
//! are worth a word. One that our own policy let in, or that we send on, is a hole in it.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> bool {
        let net: ipnet::Ipv4Net = text.parse().unwrap();
        is_bogon_prefix(net.network().to_bits(), net.prefix_len())
    }

    fn v6(text: &str) -> bool {
        let net: ipnet::Ipv6Net = text.parse().unwrap();
        is_bogon_prefix(net.network().to_bits(), net.prefix_len())
    }

    #[test]
    fn special_purpose_space_and_all_within_is_a_bogon() {
        for text in [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "10.255.0.0/16",
            "100.64.0.0/10",
            "100.127.0.0/16",
            "127.0.0.1/32",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "172.31.9.0/24",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.19.255.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "255.255.255.255/32",
        ] {
            assert!(v4(text), "{text}");
        }
        for text in [
            "::/8",
            "::1/128",
            "64:ff9b::/96",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8",
            "2001:db8::/32",
            "2001:db8:1::/48",
            "3fff::/20",
            "2001:2::/48",
            "2001:10::/28",
            "4000::/3",
        ] {
            assert!(v6(text), "{text}");
        }
    }

    #[test]
    fn what_lies_beside_special_purpose_space_is_none() {
        for text in [
            "1.0.0.0/8",
            "9.0.0.0/8",
            "11.0.0.0/8",
            "100.0.0.0/10",
            "100.128.0.0/9",
            "126.0.0.0/8",
            "169.253.0.0/16",
            "172.0.0.0/12",
            "172.32.0.0/11",
            "192.0.1.0/24",
            "192.1.0.0/16",
            "192.167.0.0/16",
            "192.169.0.0/16",
            "198.17.0.0/16",
            "198.20.0.0/16",
            "198.51.101.0/24",
            "203.0.112.0/24",
            "203.0.114.0/24",
            "223.255.255.0/24",
            "192.88.99.0/24",
        ] {
            assert!(!v4(text), "{text}");
        }
        for text in [
            "2000::/3",
            "2001::/32",
            "2001:db7::/32",
            "2001:db9::/32",
            "2600::/20",
            "2002::/16",
            "3ffe::/16",
        ] {
            assert!(!v6(text), "{text}");
        }
    }

    #[test]
    fn a_default_route_is_none() {
        assert!(!v4("0.0.0.0/0"));
        assert!(!v6("::/0"));
    }

    #[test]
    fn as_numbers_of_no_public_network_are_bogons_wherever_they_stand() {
        for asn in [
            0,
            23456,
            64496,
            64511,
            64512,
            65535,
            65536,
            65551,
            131_071,
            4_200_000_000,
        ] {
            assert!(has_bogon_as(AsPath::sequence(&[3356, asn, 65])), "{asn}");
            assert!(has_bogon_as(AsPath::sequence(&[3356, asn])), "{asn}");
        }
        for asn in [1, 23455, 23457, 64495, 131_072, 4_199_999_999] {
            assert!(!has_bogon_as(AsPath::sequence(&[3356, asn])), "{asn}");
        }
        assert!(!has_bogon_as(AsPath::default()));
    }

    #[test]
    fn private_members_of_a_confederation_are_none() {
        let words = [
            AsPath::header(AsPath::CONFED_SEQUENCE, 1),
            65001,
            AsPath::header(2, 1),
            65,
        ];
        let path = AsPath {
            words: &words,
            segmented: true,
        };
        assert!(!has_bogon_as(path));
    }
}
