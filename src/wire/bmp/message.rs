//! The messages after their headers (RFC 7854 §4.3 to §4.10, RFC 9069 §5).

use std::net::IpAddr;

use crate::{
    bgp::{DownReason, UntrustedText},
    wire::{Reason, cursor::Cursor},
};

use super::{DRILL_MARK, Kind, Open, PeerHeader, Statistics, Tlv, Tlvs, peer};

/// One message, taken apart where it lies.
#[derive(Clone, Debug)]
pub enum Message<'m> {
    /// Routes: a whole UPDATE, not looked at yet, and maybe octets after it.
    RouteMonitoring(PeerHeader, &'m [u8]),
    /// Statistics.
    Statistics(PeerHeader, Statistics),
    /// A session went down.
    PeerDown(PeerHeader, Down),
    /// A session came up.
    PeerUp(PeerHeader, Box<PeerUp>),
    /// Who the router is.
    Initiation(Initiation),
    /// Why the router closes.
    Termination(Closing),
    /// Copies of messages, for looking at.
    RouteMirroring(PeerHeader, Mirroring),
    /// A type not known.
    Unknown,
}

impl<'m> Message<'m> {
    /// Reads one whole message, as [`super::frame`] found it. Faults that leave the
    /// message readable are given to `fault`, one by one.
    ///
    /// # Errors
    /// The one reason for which the message has to be skipped.
    pub fn read(
        kind: Kind,
        message: &'m [u8],
        fault: &mut impl FnMut(Reason),
    ) -> Result<Self, Reason> {
        let body = message.get(super::HEADER_LEN..).ok_or(Reason::BmpMessage)?;
        match kind {
            Kind::Initiation => return Ok(Message::Initiation(Initiation::read(body, fault))),
            Kind::Termination => return Ok(Message::Termination(Closing::read(body, fault))),
            Kind::Unknown => return Ok(Message::Unknown),
            _ => {}
        }
        let (header, rest) = PeerHeader::read(body)?;
        Ok(match kind {
            Kind::RouteMonitoring => Message::RouteMonitoring(header, rest),
            Kind::Statistics => {
                let (statistics, wrong) = Statistics::read(rest);
                wrong.into_iter().for_each(fault);
                Message::Statistics(header, statistics)
            }
            Kind::PeerDown => Message::PeerDown(header, Down::read(rest, fault)?),
            Kind::PeerUp => {
                if header.contradicts_itself(body) {
                    fault(Reason::BmpPeerFlags);
                }
                Message::PeerUp(header, Box::new(PeerUp::read(&header, rest, fault)?))
            }
            _ => Message::RouteMirroring(header, Mirroring::read(rest, fault)),
        })
    }
}

/// The TLVs of a message, each fault told.
fn each<'m>(body: &'m [u8], fault: &mut impl FnMut(Reason), mut take: impl FnMut(Tlv<'m>)) {
    for tlv in Tlvs::new(body) {
        match tlv {
            Ok(tlv) => take(tlv),
            Err(reason) => fault(reason),
        }
    }
}

/// Initiation (RFC 7854 §4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initiation {
    /// sysName (type 2); empty where the router gives none.
    pub sys_name: UntrustedText,
    /// sysDescr (type 1).
    pub sys_descr: UntrustedText,
    /// The first String (type 0).
    pub text: UntrustedText,
    /// Whether a String marks the session as a drill; see [`DRILL_MARK`].
    pub drill: bool,
}

impl Initiation {
    fn read(body: &[u8], fault: &mut impl FnMut(Reason)) -> Self {
        let mut initiation = Initiation::default();
        each(body, fault, |tlv| match tlv.kind {
            0 => {
                initiation.drill |= tlv.value.starts_with(DRILL_MARK.as_bytes());
                if initiation.text.is_empty() {
                    initiation.text = UntrustedText::new(tlv.value);
                }
            }
            1 => initiation.sys_descr = UntrustedText::new(tlv.value),
            2 => initiation.sys_name = UntrustedText::new(tlv.value),
            _ => {}
        });
        initiation
    }
}

/// Why a router closes (RFC 7854 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationReason {
    /// 0: administratively closed; the router might open again.
    AdministrativelyClosed,
    /// 1: unspecified, or no reason given.
    Unspecified,
    /// 2: out of resources.
    OutOfResources,
    /// 3: a redundant connection, the router has another to us.
    RedundantConnection,
    /// 4: permanently administratively closed: the router will not come back.
    PermanentlyClosed,
    /// Any other.
    Unknown(u16),
}

impl TerminationReason {
    /// From its code.
    pub const fn new(code: u16) -> Self {
        match code {
            0 => TerminationReason::AdministrativelyClosed,
            1 => TerminationReason::Unspecified,
            2 => TerminationReason::OutOfResources,
            3 => TerminationReason::RedundantConnection,
            4 => TerminationReason::PermanentlyClosed,
            code => TerminationReason::Unknown(code),
        }
    }

    /// Its code.
    pub const fn code(self) -> u16 {
        match self {
            TerminationReason::AdministrativelyClosed => 0,
            TerminationReason::Unspecified => 1,
            TerminationReason::OutOfResources => 2,
            TerminationReason::RedundantConnection => 3,
            TerminationReason::PermanentlyClosed => 4,
            TerminationReason::Unknown(code) => code,
        }
    }
}

impl std::fmt::Display for TerminationReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TerminationReason::AdministrativelyClosed => f.write_str("administratively closed"),
            TerminationReason::Unspecified => f.write_str("unspecified reason"),
            TerminationReason::OutOfResources => f.write_str("out of resources"),
            TerminationReason::RedundantConnection => f.write_str("redundant connection"),
            TerminationReason::PermanentlyClosed => {
                f.write_str("permanently administratively closed")
            }
            TerminationReason::Unknown(code) => write!(f, "reason {code}"),
        }
    }
}

/// Termination (RFC 7854 §4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Why (type 1).
    pub reason: TerminationReason,
    /// The first String (type 0).
    pub text: UntrustedText,
}

impl Closing {
    fn read(body: &[u8], fault: &mut impl FnMut(Reason)) -> Self {
        let mut closing = Closing {
            reason: TerminationReason::Unspecified,
            text: UntrustedText::default(),
        };
        let mut short = false;
        each(body, fault, |tlv| match (tlv.kind, tlv.value) {
            (0, text) if closing.text.is_empty() => closing.text = UntrustedText::new(text),
            (1, &[high, low]) => {
                closing.reason = TerminationReason::new(u16::from_be_bytes([high, low]));
            }
            (1, _) => short = true,
            _ => {}
        });
        if short {
            fault(Reason::BmpTlv);
        }
        closing
    }
}

/// Peer Up (RFC 7854 §4.10, RFC 9069 §5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerUp {
    /// The router's own address on the session, where it says one.
    pub local: Option<IpAddr>,
    /// The router's port.
    pub local_port: u16,
    /// The peer's port.
    pub remote_port: u16,
    /// The OPEN that the router sent; none where it cannot be read.
    pub sent: Option<Open>,
    /// The OPEN that the peer sent.
    pub received: Option<Open>,
    /// VRF/Table Name (type 3).
    pub table: UntrustedText,
}

impl PeerUp {
    fn read(
        header: &PeerHeader,
        body: &[u8],
        fault: &mut impl FnMut(Reason),
    ) -> Result<Self, Reason> {
        let mut cursor = Cursor::new(body);
        let local = cursor.array().ok_or(Reason::BmpMessage)?;
        let local = peer::address(local, header.address.is_ipv6());
        let local_port = cursor.u16().ok_or(Reason::BmpMessage)?;
        let remote_port = cursor.u16().ok_or(Reason::BmpMessage)?;
        let mut up = PeerUp {
            local: (!local.is_unspecified()).then_some(local),
            local_port,
            remote_port,
            ..PeerUp::default()
        };
        match up.opens(cursor.rest()) {
            Err(reason) => fault(reason),
            Ok(rest) => {
                let damaged = |open: &Option<Open>| open.is_some_and(|open| open.damaged);
                if damaged(&up.sent) || damaged(&up.received) {
                    fault(Reason::BmpOpen);
                }
                each(rest, fault, |tlv| {
                    if tlv.kind == 3 {
                        up.table = UntrustedText::new(tlv.value);
                    }
                });
            }
        }
        Ok(up)
    }

    fn opens<'m>(&mut self, body: &'m [u8]) -> Result<&'m [u8], Reason> {
        let (sent, rest) = Open::read(body)?;
        self.sent = Some(sent);
        let (received, rest) = Open::read(rest)?;
        self.received = Some(received);
        Ok(rest)
    }
}

/// Peer Down (RFC 7854 §4.9, RFC 9069 §5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The reason's code: 1 the router closed with a NOTIFICATION, 2 without one, 3 the
    /// peer closed with one, 4 without, 5 no longer monitored, 6 the Loc-RIB is gone.
    pub code: u8,
    /// What it means to the routes.
    pub reason: DownReason,
    /// Shutdown communication (RFC 9003); empty where there is none.
    pub text: UntrustedText,
}

impl Down {
    fn read(body: &[u8], fault: &mut impl FnMut(Reason)) -> Result<Self, Reason> {
        let (&code, data) = body.split_first().ok_or(Reason::BmpMessage)?;
        let mut down = Down {
            code,
            reason: DownReason::State,
            text: UntrustedText::default(),
        };
        match code {
            1 | 3 => match notification(data) {
                Some((reason, text)) => {
                    down.reason = reason;
                    down.text = text;
                }
                None => fault(Reason::BmpPeerDown),
            },
            // The code of the event that closed the session (RFC 4271 §8.1); 0 is none.
            2 if data.len() != 2 => fault(Reason::BmpPeerDown),
            2 | 4 => {}
            5 | 6 => down.reason = DownReason::Unmonitored,
            _ => fault(Reason::BmpPeerDown),
        }
        Ok(down)
    }
}

/// A NOTIFICATION (RFC 4271 §4.5) and the text of an administrative shutdown or reset.
fn notification(message: &[u8]) -> Option<(DownReason, UntrustedText)> {
    let mut cursor = Cursor::new(message);
    let marker: [u8; 16] = cursor.array()?;
    let len = usize::from(cursor.u16()?);
    let kind = cursor.u8()?;
    if marker != [0xFF; 16] || kind != 3 || len > message.len() {
        return None;
    }
    let (code, subcode) = (cursor.u8()?, cursor.u8()?);
    let text = match (code, subcode) {
        (6, 2 | 4) => cursor
            .u8()
            .and_then(|len| cursor.bytes(usize::from(len)))
            .map(UntrustedText::new),
        _ => None,
    };
    Some((
        DownReason::Notification { code, subcode },
        text.unwrap_or_default(),
    ))
}

/// Route Mirroring (RFC 7854 §4.7): counted, for mirrored UPDATEs are not routes as the
/// router took them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirroring {
    /// Messages mirrored (type 0).
    pub messages: u32,
    /// The router says that the message was malformed (type 1, code 0).
    pub errored: bool,
    /// The router says that it lost messages (type 1, code 1).
    pub lost: bool,
}

impl Mirroring {
    fn read(body: &[u8], fault: &mut impl FnMut(Reason)) -> Self {
        let mut mirroring = Mirroring::default();
        each(body, fault, |tlv| match (tlv.kind, tlv.value) {
            (0, _) => mirroring.messages += 1,
            (1, [0, 0]) => mirroring.errored = true,
            (1, [0, 1]) => mirroring.lost = true,
            _ => {}
        });
        mirroring
    }
}
