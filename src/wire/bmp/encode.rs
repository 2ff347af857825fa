//! BMP messages to bytes: what a drill plays and the tests send.
//!
//! Every function appends one message to a buffer that the caller keeps. The UPDATE
//! inside a Route Monitoring is written by [`crate::wire::encode`].

use std::net::IpAddr;

use crate::{
    bgp::{Afi, Asn, DownReason, RibView, Timestamp},
    wire::encode::{self, Patch, open_message},
};

use super::{
    Capabilities, Gauge, Kind, Open, PeerHeader, PeerType, Statistics, TerminationReason, VERSION,
};

impl PeerHeader {
    /// The header of a peer of the global table, for its Adj-RIB-In before policy.
    pub const fn global(address: IpAddr, asn: Asn, bgp_id: u32) -> Self {
        PeerHeader {
            kind: PeerType::Global,
            flags: if address.is_ipv6() { 0x80 } else { 0 },
            distinguisher: 0,
            address,
            asn,
            bgp_id,
            time: Timestamp::ZERO,
        }
    }

    /// The header of the global Loc-RIB of a router (RFC 9069 §4).
    pub const fn loc_rib(asn: Asn, bgp_id: u32) -> Self {
        PeerHeader {
            kind: PeerType::LocRib,
            ..Self::global(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), asn, bgp_id)
        }
    }

    /// The same peer, another of the router's tables; a Loc-RIB stays what it is.
    #[must_use]
    pub const fn of(self, rib: RibView) -> Self {
        let bits = match rib {
            RibView::AdjRibInPre | RibView::LocRib => 0,
            RibView::AdjRibInPost => 0x40,
            RibView::AdjRibOutPre => 0x10,
            RibView::AdjRibOutPost => 0x50,
        };
        PeerHeader {
            flags: self.flags & !0x50 | bits,
            ..self
        }
    }

    /// The same at another time.
    #[must_use]
    pub const fn at(self, time: Timestamp) -> Self {
        PeerHeader { time, ..self }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let kind = match self.kind {
            PeerType::Global => 0,
            PeerType::Rd => 1,
            PeerType::Local => 2,
            PeerType::LocRib => 3,
        };
        out.extend_from_slice(&[kind, self.flags]);
        out.extend_from_slice(&self.distinguisher.to_be_bytes());
        wide(out, self.address);
        out.extend_from_slice(&self.asn.0.to_be_bytes());
        out.extend_from_slice(&self.bgp_id.to_be_bytes());
        let seconds = u32::try_from(self.time.secs()).unwrap_or(u32::MAX);
        out.extend_from_slice(&seconds.to_be_bytes());
        out.extend_from_slice(&((self.time.micros() % 1_000_000) as u32).to_be_bytes());
    }
}

/// An address in 16 octets.
fn wide(out: &mut Vec<u8>, address: IpAddr) {
    if address.is_ipv4() {
        out.extend_from_slice(&[0; 12]);
    }
    encode::address(out, address);
}

fn message(out: &mut Vec<u8>, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(VERSION);
    let length = Patch::four(out);
    // The codes are the places in the list (RFC 7854 §4.1).
    out.push(kind as u8);
    write(out);
    length.fill_inclusive(out, 5);
}

fn tlv(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
}

/// Appends an Initiation (RFC 7854 §4.3); `texts` are Strings. A drill's first String
/// starts with [`super::DRILL_MARK`].
pub fn initiation(out: &mut Vec<u8>, sys_name: &str, sys_descr: &str, texts: &[&str]) {
    message(out, Kind::Initiation, |out| {
        tlv(out, 1, sys_descr.as_bytes());
        tlv(out, 2, sys_name.as_bytes());
        for text in texts {
            tlv(out, 0, text.as_bytes());
        }
    });
}

/// Appends a Termination (RFC 7854 §4.5).
pub fn termination(out: &mut Vec<u8>, reason: TerminationReason) {
    message(out, Kind::Termination, |out| {
        tlv(out, 1, &reason.code().to_be_bytes());
    });
}

/// Appends a Peer Up (RFC 7854 §4.10): the router at `local` and the header's peer have
/// exchanged these OPENs, the peer having connected from port 179's other end.
pub fn peer_up(
    out: &mut Vec<u8>,
    header: &PeerHeader,
    local: IpAddr,
    sent: &Open,
    received: &Open,
) {
    message(out, Kind::PeerUp, |out| {
        header.write(out);
        wide(out, local);
        out.extend_from_slice(&[0, 179]);
        out.extend_from_slice(&40_000_u16.to_be_bytes());
        open(out, sent);
        open(out, received);
    });
}

/// Appends an OPEN (RFC 4271 §4.2) with its capabilities in one optional parameter.
pub fn open(out: &mut Vec<u8>, open: &Open) {
    let message = open_message(out, 1);
    // AS_TRANS stands for what two octets cannot hold (RFC 6793 §9).
    let short = u16::try_from(open.asn.0).unwrap_or(Asn::AS_TRANS.0 as u16);
    out.push(4);
    out.extend_from_slice(&short.to_be_bytes());
    out.extend_from_slice(&open.hold_time.to_be_bytes());
    out.extend_from_slice(&open.bgp_id.to_be_bytes());
    let mut value = Vec::new();
    capabilities(&mut value, &open.capabilities);
    if value.is_empty() {
        out.push(0);
    } else {
        // All that is written here is below 64 octets.
        out.extend_from_slice(&[value.len() as u8 + 2, 2, value.len() as u8]);
        out.extend_from_slice(&value);
    }
    message.fill_inclusive(out, 18);
}

fn capabilities(out: &mut Vec<u8>, capabilities: &Capabilities) {
    for (afi, there) in [
        (1, capabilities.ipv4_unicast),
        (2, capabilities.ipv6_unicast),
    ] {
        if there {
            out.extend_from_slice(&[1, 4, 0, afi, 0, 1]);
        }
    }
    if capabilities.extended_message {
        out.extend_from_slice(&[6, 0]);
    }
    if let Some(role) = capabilities.role {
        out.extend_from_slice(&[9, 1, role]);
    }
    if capabilities.graceful_restart {
        out.extend_from_slice(&[64, 2, 0, 120]);
    }
    if let Some(asn) = capabilities.asn4 {
        out.extend_from_slice(&[65, 4]);
        out.extend_from_slice(&asn.0.to_be_bytes());
    }
    let add_path = [(1, capabilities.add_path_v4), (2, capabilities.add_path_v6)];
    let offered = add_path.iter().filter(|(_, how)| *how != 0);
    let len = offered.clone().count() as u8 * 4;
    if len > 0 {
        out.extend_from_slice(&[69, len]);
        for &(afi, how) in offered {
            out.extend_from_slice(&[0, afi, 1, how]);
        }
    }
}

/// Appends a Route Monitoring (RFC 7854 §4.6) around the UPDATE that `write` appends.
pub fn route_monitoring(out: &mut Vec<u8>, header: &PeerHeader, write: impl FnOnce(&mut Vec<u8>)) {
    message(out, Kind::RouteMonitoring, |out| {
        header.write(out);
        write(out);
    });
}

/// Appends a Route Monitoring with a family's End-of-RIB (RFC 4724 §2).
pub fn end_of_rib(out: &mut Vec<u8>, header: &PeerHeader, afi: Afi) {
    route_monitoring(out, header, |out| match afi {
        Afi::Ipv4 => encode::update(out, &[], &[], &[]),
        Afi::Ipv6 => encode::withdraw_mp(out, &[]),
    });
}

/// Appends a Peer Down (RFC 7854 §4.9): a NOTIFICATION is one that the peer sent, a
/// state is the peer closing without one.
pub fn peer_down(out: &mut Vec<u8>, header: &PeerHeader, reason: DownReason) {
    message(out, Kind::PeerDown, |out| {
        header.write(out);
        match reason {
            DownReason::Notification { code, subcode } => {
                out.push(3);
                let message = open_message(out, 3);
                out.extend_from_slice(&[code, subcode]);
                message.fill_inclusive(out, 18);
            }
            DownReason::State => out.push(4),
            DownReason::Unmonitored => out.push(5),
        }
    });
}

/// Appends a Statistics Report (RFC 7854 §4.8) of the gauges that are there.
pub fn statistics(out: &mut Vec<u8>, header: &PeerHeader, statistics: &Statistics) {
    let gauges: [(u16, u16, &Gauge); 4] = [
        (7, 9, &statistics.adj_rib_in),
        (8, 10, &statistics.loc_rib),
        (14, 16, &statistics.adj_rib_out_pre),
        (15, 17, &statistics.adj_rib_out_post),
    ];
    message(out, Kind::Statistics, |out| {
        header.write(out);
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        let mut count = 0_u32;
        for (all, by_family, gauge) in gauges {
            if let Some(routes) = gauge.all {
                tlv(out, all, &routes.to_be_bytes());
                count += 1;
            }
            for (afi, routes) in [(1, gauge.ipv4), (2, gauge.ipv6)] {
                if let Some(routes) = routes {
                    let mut value = vec![0, afi, 1];
                    value.extend_from_slice(&routes.to_be_bytes());
                    tlv(out, by_family, &value);
                    count += 1;
                }
            }
        }
        if let Some(field) = out.get_mut(at..at + 4) {
            field.copy_from_slice(&count.to_be_bytes());
        }
    });
}
