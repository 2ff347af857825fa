//! Network Layer Reachability Information: a prefix as an UPDATE carries it.

use std::{
    fmt::Debug,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::Prefix;

/// The address families whose unicast routes are kept (RFC 4760).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Afi {
    /// AFI 1.
    Ipv4,
    /// AFI 2.
    Ipv6,
}

/// An address as the integer that tries and hashes work on.
pub trait Address: Copy + Eq + Ord + Hash + Debug + Send + Sync + 'static {
    /// The family this width belongs to.
    const AFI: Afi;
    /// Bits in an address: the longest legal mask.
    const BITS: u8;
    /// As the standard library's address.
    fn ip(self) -> IpAddr;
    /// As a number of either family's width.
    fn bits(self) -> u128;
    /// The address of this number; what does not fit its width is cut off.
    fn from_bits(bits: u128) -> Self;
    /// Keeps the first `len` bits, clears the rest; `len` above [`Self::BITS`] keeps all.
    #[must_use]
    fn masked(self, len: u8) -> Self;
}

impl Address for u32 {
    const AFI: Afi = Afi::Ipv4;
    const BITS: u8 = 32;
    fn ip(self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(self))
    }
    fn bits(self) -> u128 {
        u128::from(self)
    }
    fn from_bits(bits: u128) -> Self {
        bits as u32
    }
    fn masked(self, len: u8) -> Self {
        match 32_u32.checked_sub(u32::from(len)) {
            Some(host) => self & u32::MAX.checked_shl(host).unwrap_or(0),
            None => self,
        }
    }
}

impl Address for u128 {
    const AFI: Afi = Afi::Ipv6;
    const BITS: u8 = 128;
    fn ip(self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from_bits(self))
    }
    fn bits(self) -> u128 {
        self
    }
    fn from_bits(bits: u128) -> Self {
        bits
    }
    fn masked(self, len: u8) -> Self {
        match 128_u32.checked_sub(u32::from(len)) {
            Some(host) => self & u128::MAX.checked_shl(host).unwrap_or(0),
            None => self,
        }
    }
}

/// One prefix of one family, with its path identifier (RFC 7911).
///
/// Invariants, kept by `wire`: `len <= A::BITS`, and no bit of `addr` beyond
/// `len` is set (RFC 4271 §4.3: trailing bits are irrelevant, so they are cleared).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nlri<A> {
    /// Network address.
    pub addr: A,
    /// Path identifier; 0 on sessions without ADD-PATH.
    pub path_id: u32,
    /// Mask length in bits.
    pub len: u8,
}

impl<A: Address> Nlri<A> {
    /// Builds one with the host bits cleared and the length capped.
    pub fn new(addr: A, len: u8, path_id: u32) -> Self {
        let len = len.min(A::BITS);
        Nlri {
            addr: addr.masked(len),
            path_id,
            len,
        }
    }

    /// The prefix, for people and files.
    pub fn prefix(&self) -> Prefix {
        match Prefix::new(self.addr.ip(), self.len.min(A::BITS)) {
            Ok(prefix) => prefix,
            Err(_) => Prefix::from(self.addr.ip()),
        }
    }
}
