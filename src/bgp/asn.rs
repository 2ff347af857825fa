//! AS numbers (RFC 6793: four octets), printed and read as asplain (RFC 5396).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An autonomous system number.
///
/// Serialises as a plain number; prints as `AS64500`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Asn(pub u32);

impl Asn {
    /// The two-octet stand-in for a four-octet AS number (RFC 6793 §9).
    pub const AS_TRANS: Asn = Asn(23456);

    /// Whether this number must not appear in a path on the public Internet:
    /// AS 0 (RFC 7607), `AS_TRANS` after the `AS4_PATH` merge, documentation and
    /// private use (RFC 5398, RFC 6996), 65535 (RFC 7300), the reserved range up
    /// to 131071 and everything from 4200000000.
    pub const fn is_bogon(self) -> bool {
        matches!(self.0, 0 | 23456 | 64496..=131_071 | 4_200_000_000..=u32::MAX)
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

/// Text that is not an AS number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an AS number; write it as `64500` or `AS64500`")]
pub struct ParseAsnError(String);

impl FromStr for Asn {
    type Err = ParseAsnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = match text.get(..2) {
            Some(head) if head.eq_ignore_ascii_case("as") => text.get(2..).unwrap_or_default(),
            _ => text,
        };
        digits
            .parse()
            .map(Asn)
            .map_err(|_| ParseAsnError(text.to_owned()))
    }
}

impl From<u32> for Asn {
    fn from(value: u32) -> Self {
        Asn(value)
    }
}
