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
