//! The per-peer header (RFC 7854 §4.2, RFC 8671 §4, RFC 9069 §4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    bgp::{Asn, RibView, Timestamp},
    wire::{Reason, cursor::Cursor},
};

/// Octets of the per-peer header.
pub const HEADER_LEN: usize = 42;

/// IPv6: the address fields hold 16 octets of address.
const V: u8 = 0x80;
/// Post-policy.
const L: u8 = 0x40;
/// Two-octet `AS_PATH`.
const A: u8 = 0x20;
/// Adj-RIB-Out (RFC 8671 §4).
const O: u8 = 0x10;
/// Filtered Loc-RIB (RFC 9069 §4.2); shares its bit with V.
const F: u8 = 0x80;

/// What kind of peer a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerType {
    /// 0: a peer of the global table.
    Global,
    /// 1: a peer of a VRF, by its route distinguisher.
    Rd,
    /// 2: a peer of a local instance.
    Local,
    /// 3: not a peer but the router's own Loc-RIB (RFC 9069).
    LocRib,
}

/// One message's per-peer header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerHeader {
    /// Peer type.
    pub kind: PeerType,
    /// Flags as they stand.
    pub flags: u8,
    /// Peer distinguisher.
    pub distinguisher: u64,
    /// Address, 0.0.0.0 for a Loc-RIB.
    pub address: IpAddr,
    /// AS number.
    pub asn: Asn,
    /// BGP identifier; 0 where the router does not know it (yet).
    pub bgp_id: u32,
    /// When the router says it was; [`Timestamp::ZERO`] where it does not.
    pub time: Timestamp,
}

impl PeerHeader {
    /// Reads the header that opens a message's body; returns it and what follows.
    ///
    /// # Errors
    /// [`Reason::BmpMessage`] where the header is cut short, [`Reason::BmpPeerType`]
    /// where the type is not known: flags and fields mean what the type makes of them.
    pub fn read(body: &[u8]) -> Result<(PeerHeader, &[u8]), Reason> {
        let (header, rest) = body
            .split_at_checked(HEADER_LEN)
            .ok_or(Reason::BmpMessage)?;
        let mut fields = Cursor::new(header);
        let (code, flags) = fields.u8().zip(fields.u8()).ok_or(Reason::BmpMessage)?;
        let kind = match code {
            0 => PeerType::Global,
            1 => PeerType::Rd,
            2 => PeerType::Local,
            3 => PeerType::LocRib,
            _ => return Err(Reason::BmpPeerType),
        };
        let peer = Self::fields(kind, flags, fields).ok_or(Reason::BmpMessage)?;
        Ok((peer, rest))
    }

    fn fields(kind: PeerType, flags: u8, mut fields: Cursor<'_>) -> Option<PeerHeader> {
        Some(PeerHeader {
            kind,
            flags,
            distinguisher: fields.u64()?,
            address: address(fields.array()?, kind != PeerType::LocRib && flags & V != 0),
            asn: Asn(fields.u32()?),
            bgp_id: fields.u32()?,
            time: time(fields.u32()?, fields.u32()?),
        })
    }

    /// Whether address fields hold IPv6.
    pub const fn is_v6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// Which of the router's tables the message is about.
    pub const fn rib(&self) -> RibView {
        match (self.kind, self.flags & O != 0, self.flags & L != 0) {
            (PeerType::LocRib, ..) => RibView::LocRib,
            (_, false, false) => RibView::AdjRibInPre,
            (_, false, true) => RibView::AdjRibInPost,
            (_, true, false) => RibView::AdjRibOutPre,
            (_, true, true) => RibView::AdjRibOutPost,
        }
    }

    /// Whether AS paths take two octets for each AS. A Loc-RIB's never do
    /// (RFC 9069 §4.2 knows no such flag).
    pub const fn two_octet_paths(&self) -> bool {
        self.flags & A != 0 && !matches!(self.kind, PeerType::LocRib)
    }

    /// Whether the Loc-RIB is sent filtered, not whole (RFC 9069 §4.2).
    pub const fn is_filtered(&self) -> bool {
        self.flags & F != 0 && matches!(self.kind, PeerType::LocRib)
    }

    /// Whether type, flags and fields, of which `body` opens with, contradict each other:
    /// a global peer with a distinguisher, a Loc-RIB with an address, an IPv4 address
    /// in more than four octets.
    pub fn contradicts_itself(&self, body: &[u8]) -> bool {
        let wide = body
            .get(10..22)
            .is_some_and(|padding| padding.iter().any(|&octet| octet != 0));
        match self.kind {
            PeerType::LocRib => wide || self.address != IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            _ if self.kind == PeerType::Global && self.distinguisher != 0 => true,
            _ => self.address.is_ipv4() && wide,
        }
    }
}

/// An address in 16 octets; IPv4 stands in the last four (RFC 7854 §4.2).
pub(super) fn address(octets: [u8; 16], is_v6: bool) -> IpAddr {
    let bits = u128::from_be_bytes(octets);
    if is_v6 {
        IpAddr::V6(Ipv6Addr::from_bits(bits))
    } else {
        IpAddr::V4(Ipv4Addr::from_bits(bits as u32))
    }
}

/// Seconds and microseconds; a million and more of the latter are the sender's slip.
fn time(seconds: u32, micros: u32) -> Timestamp {
    Timestamp::from_micros(u64::from(seconds) * 1_000_000 + u64::from(micros.min(999_999)))
}
