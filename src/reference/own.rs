//! Our own prefixes, which lengths of them may be seen, from whom and through whom.

use std::{fmt, net::IpAddr, str::FromStr};

use prefix_trie::PrefixMap;

use crate::bgp::{Address, Asn, Prefix};

/// An address prefix range (RFC 2622 §2): `192.0.2.0/24`, `…^24-28`, `…^28`,
/// `…^+` (it and all more specific ones), `…^-` (only the more specific ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PrefixRange {
    /// What covers all of them.
    pub prefix: Prefix,
    /// Shortest length meant.
    pub min_len: u8,
    /// Longest length meant.
    pub max_len: u8,
}

/// Text that is not a prefix range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseRangeError {
    /// What stands before `^` is not a prefix.
    #[error("`{0}` is not a prefix; write it as `192.0.2.0/24` or `192.0.2.0/24^24-28`")]
    Prefix(String),
    /// Bits are set beyond the mask: a slip of the pen in one or the other.
    #[error("`{0}` has bits set beyond its mask; did you mean `{1}`?")]
    HostBits(String, Prefix),
    /// What stands after `^` is no range of lengths within the prefix.
    #[error("`^{0}` is not a range of lengths within {1}; write `^24-28`, `^28`, `^+` or `^-`")]
    Range(String, Prefix),
}

impl FromStr for PrefixRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, range) = match text.split_once('^') {
            Some((prefix, range)) => (prefix, Some(range)),
            None => (text, None),
        };
        let parsed: Prefix = prefix
            .parse()
            .map_err(|_| ParseRangeError::Prefix(text.to_owned()))?;
        if parsed != parsed.trunc() {
            return Err(ParseRangeError::HostBits(prefix.to_owned(), parsed.trunc()));
        }
        let (len, bits) = (parsed.prefix_len(), parsed.max_prefix_len());
        let lengths = match range {
            None => Some((len, len)),
            Some("+") => Some((len, bits)),
            Some("-") => len.checked_add(1).map(|next| (next, bits)),
            Some(range) => {
                let (min, max) = range.split_once('-').unwrap_or((range, range));
                min.parse().ok().zip(max.parse().ok())
            }
        };
        match lengths {
            Some((min_len, max_len)) if len <= min_len && min_len <= max_len && max_len <= bits => {
                Ok(PrefixRange {
                    prefix: parsed,
                    min_len,
                    max_len,
                })
            }
            _ => Err(ParseRangeError::Range(
                range.unwrap_or_default().to_owned(),
                parsed,
            )),
        }
    }
}

impl fmt::Display for PrefixRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.prefix)?;
        match (self.min_len, self.max_len) {
            (min, max) if min == max && min == self.prefix.prefix_len() => Ok(()),
            (min, max) if min == max => write!(f, "^{min}"),
            (min, max) => write!(f, "^{min}-{max}"),
        }
    }
}

/// One own prefix and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The prefix.
    pub prefix: Prefix,
    /// Shortest length expected in the table.
    pub min_len: u8,
    /// Longest length expected in the table.
    pub max_len: u8,
    /// ASes that may originate it.
    pub origins: Vec<Asn>,
    /// ASes that may stand next to the origin; empty: any.
    pub upstreams: Vec<Asn>,
}

impl Own {
    /// Whether a route of this length from this origin is ours and meant to be.
    ///
    /// `len` is the length of a prefix for which [`OwnPrefixes::find`] gave this entry.
    pub fn expects(&self, len: u8, origin: Asn) -> bool {
        (self.min_len..=self.max_len).contains(&len) && self.origins.contains(&origin)
    }

    /// Whether `neighbour` may stand next to the origin.
    pub fn expects_upstream(&self, neighbour: Asn) -> bool {
        self.upstreams.is_empty() || self.upstreams.contains(&neighbour)
    }
}

/// All own prefixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPrefixes {
    entries: Vec<Own>,
    /// Indexes into `entries`.
    v4: PrefixMap<(u32, u8), u32>,
    v6: PrefixMap<(u128, u8), u32>,
}

impl OwnPrefixes {
    /// Adds one. A prefix listed before is replaced and returned.
    pub fn insert(&mut self, own: Own) -> Option<Own> {
        let index = self.entries.len() as u32;
        let len = own.prefix.prefix_len();
        let before = match own.prefix.network() {
            IpAddr::V4(address) => self.v4.insert((address.to_bits(), len), index),
            IpAddr::V6(address) => self.v6.insert((address.to_bits(), len), index),
        };
        let Some(before) = before else {
            self.entries.push(own);
            return None;
        };
        match own.prefix.network() {
            IpAddr::V4(address) => self.v4.insert((address.to_bits(), len), before),
            IpAddr::V6(address) => self.v6.insert((address.to_bits(), len), before),
        };
        self.entries
            .get_mut(before as usize)
            .map(|entry| std::mem::replace(entry, own))
    }

    /// The most specific own entry that equals or covers `addr/len`.
    pub fn find<A: Address>(&self, addr: A, len: u8) -> Option<&Own> {
        if self.entries.is_empty() {
            return None;
        }
        // Resolved per family when compiled; the address never takes this form.
        let found = match addr.ip() {
            IpAddr::V4(address) => self.v4.get_lpm(&(address.to_bits(), len)).map(|e| e.1),
            IpAddr::V6(address) => self.v6.get_lpm(&(address.to_bits(), len)).map(|e| e.1),
        };
        found.and_then(|index| self.entries.get(*index as usize))
    }

    /// The most specific own entry that equals or covers a prefix.
    pub fn covering(&self, prefix: &Prefix) -> Option<&Own> {
        match prefix {
            Prefix::V4(net) => self.find(u32::from(net.network()), net.prefix_len()),
            Prefix::V6(net) => self.find(u128::from(net.network()), net.prefix_len()),
        }
    }

    /// Whether nothing is configured.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All entries, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Own> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(range: &str, origin: u32) -> Own {
        let range: PrefixRange = range.parse().unwrap();
        Own {
            prefix: range.prefix,
            min_len: range.min_len,
            max_len: range.max_len,
            origins: vec![Asn(origin)],
            upstreams: Vec::new(),
        }
    }

    #[test]
    fn ranges_are_read_in_every_form_of_rfc_2622() {
        for (text, min, max) in [
            ("192.0.2.0/24", 24, 24),
            ("192.0.2.0/24^24-28", 24, 28),
            ("192.0.2.0/24^28", 28, 28),
            ("192.0.2.0/24^+", 24, 32),
            ("192.0.2.0/24^-", 25, 32),
            ("2001:db8::/32^48", 48, 48),
            ("2001:db8::/32^+", 32, 128),
        ] {
            let range: PrefixRange = text.parse().unwrap();
            assert_eq!((range.min_len, range.max_len), (min, max), "{text}");
            assert_eq!(
                range.to_string().parse::<PrefixRange>(),
                Ok(range),
                "{text}"
            );
        }
        for text in [
            "192.0.2.0",
            "192.0.2.0/33",
            "192.0.2.1/24",
            "192.0.2.0/24^23",
            "192.0.2.0/24^28-24",
            "192.0.2.0/24^24-33",
            "192.0.2.0/24^",
            "192.0.2.1/32^-",
            "2001:db8::/128^-",
            "",
            "^",
        ] {
            assert!(text.parse::<PrefixRange>().is_err(), "{text}");
        }
        let slip = "192.0.2.1/24"
            .parse::<PrefixRange>()
            .unwrap_err()
            .to_string();
        assert!(slip.contains("did you mean `192.0.2.0/24`"), "{slip}");
    }

    #[test]
    fn the_most_specific_entry_that_covers_is_found() {
        let mut prefixes = OwnPrefixes::default();
        assert!(prefixes.is_empty());
        assert_eq!(prefixes.find(0xC000_0200_u32, 24), None);
        assert_eq!(prefixes.insert(own("192.0.2.0/24^24-25", 64500)), None);
        assert_eq!(prefixes.insert(own("192.0.2.128/25", 64501)), None);
        assert_eq!(prefixes.insert(own("2001:db8::/32^48", 64500)), None);
        let origin = |addr: u32, len| prefixes.find(addr, len).map(|own| own.origins[0].0);
        assert_eq!(origin(0xC000_0200, 24), Some(64500));
        assert_eq!(origin(0xC000_0200, 26), Some(64500));
        assert_eq!(origin(0xC000_0280, 25), Some(64501));
        assert_eq!(origin(0xC000_02F0, 28), Some(64501));
        assert_eq!(origin(0xC000_0200, 23), None);
        assert_eq!(origin(0xC000_0300, 24), None);
        let v6 = u128::from(0x2001_0db8_u32) << 96;
        let found = prefixes.find(v6, 48).unwrap();
        assert!(found.expects(48, Asn(64500)));
        assert!(!found.expects(32, Asn(64500)));
        assert!(!found.expects(48, Asn(64501)));
        assert!(found.expects_upstream(Asn(1)));
        assert_eq!((prefixes.len(), prefixes.iter().count()), (3, 3));
    }

    #[test]
    fn a_prefix_given_twice_is_replaced_and_handed_back() {
        let mut prefixes = OwnPrefixes::default();
        assert_eq!(prefixes.insert(own("192.0.2.0/24", 64500)), None);
        let before = prefixes.insert(own("192.0.2.0/24^25", 64501));
        assert_eq!(before, Some(own("192.0.2.0/24", 64500)));
        assert_eq!(prefixes.len(), 1);
        assert_eq!(prefixes.find(0xC000_0200_u32, 24).unwrap().min_len, 25);
    }
}
