//! OPEN messages as a Peer Up carries them (RFC 4271 §4.2, RFC 5492, RFC 9072).

use super::PeerHeader;
use crate::{
    bgp::{Afi, Asn},
    wire::{Reason, cursor::Cursor, update::Session},
};

/// Type octet of an OPEN (RFC 4271 §4.1).
const OPEN: u8 = 1;
/// Octets of an OPEN without parameters.
const LEAST: usize = 29;
/// Optional parameter: capabilities (RFC 5492 §4).
const CAPABILITIES: u8 = 2;
/// Where an optional parameter's type stands: lengths take two octets (RFC 9072 §2).
const EXTENDED: u8 = 255;

/// Which way routes go between the router and its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The peer sends: Adj-RIB-In.
    In,
    /// The router sends: Adj-RIB-Out.
    Out,
}

/// The capabilities that decide how UPDATEs read, and a few that tell of the session.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a capability that is there or not"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Four-octet AS number (RFC 6793), and which.
    pub asn4: Option<Asn>,
    /// IPv4 unicast: by the multiprotocol capability (RFC 4760 §8), or as there is none.
    pub ipv4_unicast: bool,
    /// IPv6 unicast, likewise.
    pub ipv6_unicast: bool,
    /// ADD-PATH for IPv4 unicast (RFC 7911 §4): 1 receive, 2 send, 3 both, 0 neither.
    pub add_path_v4: u8,
    /// ADD-PATH for IPv6 unicast.
    pub add_path_v6: u8,
    /// Messages of up to 65,535 octets (RFC 8654).
    pub extended_message: bool,
    /// Graceful restart (RFC 4724).
    pub graceful_restart: bool,
    /// The sender's role (RFC 9234 §4.1), as its code: 0 provider, 1 route server,
    /// 2 route server's client, 3 customer, 4 peer.
    pub role: Option<u8>,
}

/// One OPEN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The sender's AS number: of the four-octet capability, or My Autonomous System.
    pub asn: Asn,
    /// Proposed hold time in seconds.
    pub hold_time: u16,
    /// BGP identifier.
    pub bgp_id: u32,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Whether its parameters could not be read to their end: capabilities may be
    /// missing.
    pub damaged: bool,
}

impl Open {
    /// Reads the OPEN that opens `bytes`; returns it and what follows it.
    ///
    /// # Errors
    /// [`Reason::BmpOpen`] where there is none, or its length does not fit: what
    /// follows cannot be found either.
    pub fn read(bytes: &[u8]) -> Result<(Open, &[u8]), Reason> {
        let mut cursor = Cursor::new(bytes);
        let len = header(&mut cursor).ok_or(Reason::BmpOpen)?;
        let (message, rest) = bytes.split_at_checked(len).ok_or(Reason::BmpOpen)?;
        let mut cursor = Cursor::new(message);
        let open = header(&mut cursor).and_then(|_| body(cursor));
        Ok((open.ok_or(Reason::BmpOpen)?, rest))
    }

    /// Whether a per-peer header names the sender as it named itself; a header may leave
    /// the BGP identifier out.
    pub fn agrees(&self, header: &PeerHeader) -> bool {
        self.asn == header.asn && (header.bgp_id == 0 || self.bgp_id == header.bgp_id)
    }
}

/// Takes the BGP header off; its length, if it is an OPEN's.
fn header(cursor: &mut Cursor<'_>) -> Option<usize> {
    let marker: [u8; 16] = cursor.array()?;
    let len = usize::from(cursor.u16()?);
    let kind = cursor.u8()?;
    (marker == [0xFF; 16] && kind == OPEN && len >= LEAST).then_some(len)
}

fn body(mut cursor: Cursor<'_>) -> Option<Open> {
    let _version = cursor.u8()?;
    let mut open = Open {
        asn: cursor.asn(false)?,
        hold_time: cursor.u16()?,
        bgp_id: cursor.u32()?,
        ..Open::default()
    };
    let len = usize::from(cursor.u8()?);
    let mut multiprotocol = false;
    let capabilities = &mut open.capabilities;
    open.damaged = parameters(len, cursor, capabilities, &mut multiprotocol).is_none();
    open.capabilities.ipv4_unicast |= !multiprotocol;
    open.asn = open.capabilities.asn4.unwrap_or(open.asn);
    Some(open)
}

/// Reads the optional parameters; None where they do not fit their lengths.
fn parameters(
    len: usize,
    mut cursor: Cursor<'_>,
    found: &mut Capabilities,
    multiprotocol: &mut bool,
) -> Option<()> {
    let mut extended = false;
    if len > 0 && cursor.rest().first() == Some(&EXTENDED) {
        extended = true;
        cursor.u8()?;
        let len = usize::from(cursor.u16()?);
        if cursor.rest().len() != len {
            return None;
        }
    } else if cursor.rest().len() != len {
        return None;
    }
    while !cursor.rest().is_empty() {
        let kind = cursor.u8()?;
        let len = if extended {
            usize::from(cursor.u16()?)
        } else {
            usize::from(cursor.u8()?)
        };
        let value = cursor.bytes(len)?;
        if kind == CAPABILITIES {
            capabilities(Cursor::new(value), found, multiprotocol)?;
        }
    }
    Some(())
}

fn capabilities(
    mut cursor: Cursor<'_>,
    found: &mut Capabilities,
    multiprotocol: &mut bool,
) -> Option<()> {
    while !cursor.rest().is_empty() {
        let code = cursor.u8()?;
        let len = usize::from(cursor.u8()?);
        let mut value = Cursor::new(cursor.bytes(len)?);
        match code {
            1 => {
                let afi = value.u16()?;
                let (_reserved, safi) = (value.u8()?, value.u8()?);
                *multiprotocol = true;
                match family(afi, safi) {
                    Some(Afi::Ipv4) => found.ipv4_unicast = true,
                    Some(Afi::Ipv6) => found.ipv6_unicast = true,
                    None => {}
                }
            }
            6 => found.extended_message = true,
            9 => found.role = Some(value.u8()?),
            64 => found.graceful_restart = true,
            65 => found.asn4 = Some(value.asn(true)?),
            69 => {
                while !value.rest().is_empty() {
                    let (afi, safi, how) = (value.u16()?, value.u8()?, value.u8()?);
                    // Other values are to be ignored (RFC 7911 §4).
                    let how = if how <= 3 { how } else { 0 };
                    match family(afi, safi) {
                        Some(Afi::Ipv4) => found.add_path_v4 = how,
                        Some(Afi::Ipv6) => found.add_path_v6 = how,
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some(())
}

fn family(afi: u16, safi: u8) -> Option<Afi> {
    match (afi, safi) {
        (1, 1) => Some(Afi::Ipv4),
        (2, 1) => Some(Afi::Ipv6),
        _ => None,
    }
}

/// How UPDATEs going one way read, by what both sides said (RFC 7911 §4): path
/// identifiers stand where the sender offered to send and the receiver to receive them.
/// The width of AS numbers is not settled here: BMP has a flag for it.
pub fn negotiated(sent: &Capabilities, received: &Capabilities, direction: Direction) -> Session {
    const RECEIVE: u8 = 1;
    const SEND: u8 = 2;
    let (from, to) = match direction {
        Direction::In => (received, sent),
        Direction::Out => (sent, received),
    };
    let both = |from: u8, to: u8| from & SEND != 0 && to & RECEIVE != 0;
    Session {
        asn4: true,
        add_path_v4: both(from.add_path_v4, to.add_path_v4),
        add_path_v6: both(from.add_path_v6, to.add_path_v6),
    }
}
