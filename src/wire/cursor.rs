//! Reading integers and addresses off the front of a record or message.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bgp::{Afi, Asn};

/// What is left of a record or message. Every read is None once too little is left.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Everything not yet read.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn set_rest(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    pub fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// An AS number of four octets or two.
    pub fn asn(&mut self, asn4: bool) -> Option<Asn> {
        if asn4 {
            self.u32().map(Asn)
        } else {
            self.u16().map(|asn| Asn(u32::from(asn)))
        }
    }

    pub fn address(&mut self, afi: Afi) -> Option<IpAddr> {
        match afi {
            Afi::Ipv4 => self.array::<4>().map(|o| IpAddr::V4(Ipv4Addr::from(o))),
            Afi::Ipv6 => self.array::<16>().map(|o| IpAddr::V6(Ipv6Addr::from(o))),
        }
    }
}
