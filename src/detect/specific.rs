//! `specific`: prefixes too detailed for the global table.
//!
//! Longer than /24 (IPv4) or /48 (IPv6) is filtered by nearly every network; one that
//! comes through is local by intention or a mistake. Blackhole routes are meant to
//! be that long (RFC 7999) and stay quiet under an authorised covering route.

use super::settings;
use crate::bgp::Afi;

/// Whether a mask of `len` bits is too specific.
pub const fn is_specific(afi: Afi, len: u8, settings: &settings::Specific) -> bool {
    match afi {
        Afi::Ipv4 => len > settings.ipv4,
        Afi::Ipv6 => len > settings.ipv6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_than_24_and_48_is_too_specific_and_no_shorter() {
        let settings = settings::Specific::default();
        assert!(!is_specific(Afi::Ipv4, 24, &settings));
        assert!(is_specific(Afi::Ipv4, 25, &settings));
        assert!(!is_specific(Afi::Ipv6, 48, &settings));
        assert!(is_specific(Afi::Ipv6, 49, &settings));
        assert!(!is_specific(Afi::Ipv6, 25, &settings));
    }
}
