//! Vocabulary to bytes: BGP UPDATEs (RFC 4271, RFC 4760) and MRT records (RFC 6396).
//!
//! What the reconstructions of `drill` and the tests are written with. Every function
//! appends to a buffer that the caller keeps. Lengths are the caller's to respect: an
//! UPDATE here is never asked to carry more than a few hundred NLRI, so nothing comes
//! near the 4,096 octets of RFC 4271 §4; a count that does not fit its field saturates.

use std::net::IpAddr;

use crate::bgp::{Address, Afi, AsPath, Asn, Hop, Nlri, Timestamp};

/// Stands for an AS number that has more than two octets (RFC 6793 §9).
const AS_TRANS: u16 = 23456;

/// MRT types and subtypes that are written (RFC 6396 §4).
mod mrt {
    pub(super) const TABLE_DUMP_V2: u16 = 13;
    pub(super) const PEER_INDEX_TABLE: u16 = 1;
    pub(super) const RIB_IPV4_UNICAST: u16 = 2;
    pub(super) const RIB_IPV6_UNICAST: u16 = 4;
    pub(super) const BGP4MP_ET: u16 = 17;
    pub(super) const STATE_CHANGE_AS4: u16 = 5;
}

/// The attributes of one route, to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathAttributes<'a> {
    /// `AS_PATH`, written with four octets for each AS.
    pub path: AsPath<'a>,
    /// `NEXT_HOP`, or the next hop of `MP_REACH_NLRI` where it is an IPv6 address.
    pub next_hop: Option<IpAddr>,
    /// `MULTI_EXIT_DISC`.
    pub med: Option<u32>,
    /// `COMMUNITIES` (RFC 1997).
    pub communities: &'a [u32],
}

impl PathAttributes<'_> {
    /// Appends the attributes in the order of their type codes, `ORIGIN` being IGP.
    ///
    /// An IPv6 next hop is written as the abbreviated `MP_REACH_NLRI` that
    /// `TABLE_DUMP_V2` uses (RFC 6396 §4.3.4); see [`announce_mp`] for an UPDATE's.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x40, 1, 1, 0]);
        self.write_path(out);
        if let Some(IpAddr::V4(next_hop)) = self.next_hop {
            out.extend_from_slice(&[0x40, 3, 4]);
            out.extend_from_slice(&next_hop.octets());
        }
        if let Some(med) = self.med {
            out.extend_from_slice(&[0x80, 4, 4]);
            out.extend_from_slice(&med.to_be_bytes());
        }
        if !self.communities.is_empty() {
            header(out, 0xC0, 8, self.communities.len() * 4);
            for community in self.communities {
                out.extend_from_slice(&community.to_be_bytes());
            }
        }
        if let Some(IpAddr::V6(next_hop)) = self.next_hop {
            out.extend_from_slice(&[0x80, 14, 17, 16]);
            out.extend_from_slice(&next_hop.octets());
        }
    }

    fn write_path(&self, out: &mut Vec<u8>) {
        // The length is known only afterwards; the extended form always has room for it.
        out.extend_from_slice(&[0x50, 2]);
        let length = Patch::two(out);
        if self.path.segmented {
            let mut run: Vec<u32> = Vec::new();
            for hop in self.path.hops() {
                let (kind, members) = match hop {
                    Hop::As(Asn(asn)) => {
                        run.push(asn);
                        continue;
                    }
                    Hop::Set(members) => (AsPath::SET, members),
                    Hop::ConfedSequence(members) => (AsPath::CONFED_SEQUENCE, members),
                    Hop::ConfedSet(members) => (AsPath::CONFED_SET, members),
                };
                segments(out, AsPath::SEQUENCE, &run);
                run.clear();
                segments(out, kind, members);
            }
            segments(out, AsPath::SEQUENCE, &run);
        } else {
            segments(out, AsPath::SEQUENCE, self.path.words);
        }
        length.fill(out);
    }
}

/// One segment holds at most 255 ASes (RFC 4271 §4.3); a longer run takes several.
fn segments(out: &mut Vec<u8>, kind: u8, members: &[u32]) {
    for part in members.chunks(255) {
        out.extend_from_slice(&[kind, part.len() as u8]);
        for asn in part {
            out.extend_from_slice(&asn.to_be_bytes());
        }
    }
}

fn header(out: &mut Vec<u8>, flags: u8, code: u8, len: usize) {
    if let Ok(len) = u8::try_from(len) {
        out.extend_from_slice(&[flags, code, len]);
    } else {
        out.extend_from_slice(&[flags | 0x10, code]);
        out.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
    }
}

/// Appends one prefix as length and the octets that matter (RFC 4271 §4.3).
pub fn nlri<A: Address>(out: &mut Vec<u8>, nlri: &Nlri<A>) {
    out.push(nlri.len);
    let octets = usize::from(nlri.len).div_ceil(8);
    match nlri.addr.ip() {
        IpAddr::V4(ip) => out.extend(ip.octets().iter().take(octets)),
        IpAddr::V6(ip) => out.extend(ip.octets().iter().take(octets)),
    }
}

/// Appends an UPDATE of IPv4 unicast. `withdrawn` and `announced` are prefixes as
/// [`nlri`] writes them, `attributes` as [`PathAttributes::write`] does; all empty is
/// End-of-RIB (RFC 4724 §2).
pub fn update(out: &mut Vec<u8>, withdrawn: &[u8], attributes: &[u8], announced: &[u8]) {
    let message = open_message(out, 2);
    out.extend_from_slice(&(withdrawn.len() as u16).to_be_bytes());
    out.extend_from_slice(withdrawn);
    out.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
    out.extend_from_slice(attributes);
    out.extend_from_slice(announced);
    message.fill_inclusive(out, 18);
}

/// Appends an UPDATE that announces IPv6 unicast in `MP_REACH_NLRI` (RFC 4760 §3).
/// `attributes` carries everything but the next hop.
pub fn announce_mp(out: &mut Vec<u8>, attributes: &[u8], next_hop: [u8; 16], announced: &[u8]) {
    multiprotocol(out, attributes, |out| {
        header(out, 0x80, 14, 21 + announced.len());
        out.extend_from_slice(&[0, 2, 1, 16]);
        out.extend_from_slice(&next_hop);
        out.push(0);
        out.extend_from_slice(announced);
    });
}

/// Appends an UPDATE that withdraws IPv6 unicast in `MP_UNREACH_NLRI` (RFC 4760 §4);
/// with no prefix it is that family's End-of-RIB.
pub fn withdraw_mp(out: &mut Vec<u8>, withdrawn: &[u8]) {
    multiprotocol(out, &[], |out| {
        header(out, 0x80, 15, 3 + withdrawn.len());
        out.extend_from_slice(&[0, 2, 1]);
        out.extend_from_slice(withdrawn);
    });
}

fn multiprotocol(out: &mut Vec<u8>, attributes: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
    let message = open_message(out, 2);
    out.extend_from_slice(&[0, 0]);
    let length = Patch::two(out);
    out.extend_from_slice(attributes);
    write(out);
    length.fill(out);
    message.fill_inclusive(out, 18);
}

pub(super) fn open_message(out: &mut Vec<u8>, kind: u8) -> Patch {
    out.extend_from_slice(&[0xFF; 16]);
    let length = Patch::two(out);
    out.push(kind);
    length
}

/// A BGP session as MRT names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The neighbour's AS number.
    pub peer_as: Asn,
    /// The AS number of the router or collector that recorded it.
    pub local_as: Asn,
    /// The neighbour's address.
    pub peer: IpAddr,
    /// The recorder's address, of the same family.
    pub local: IpAddr,
}

/// What an MRT record says of the message in it (RFC 6396 §4.4, RFC 8050 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// AS numbers have four octets (RFC 6793).
    pub asn4: bool,
    /// The recorder sent it.
    pub local: bool,
    /// Prefixes have path identifiers (RFC 7911).
    pub add_path: bool,
}

impl Form {
    const fn subtype(self) -> u16 {
        match (self.asn4, self.local, self.add_path) {
            (false, false, false) => 1,
            (true, false, false) => 4,
            (false, true, false) => 6,
            (true, true, false) => 7,
            (false, false, true) => 8,
            (true, false, true) => 9,
            (false, true, true) => 10,
            (true, true, true) => 11,
        }
    }
}

impl Session {
    fn write(&self, out: &mut Vec<u8>, asn4: bool) {
        for asn in [self.peer_as, self.local_as] {
            if asn4 {
                out.extend_from_slice(&asn.0.to_be_bytes());
            } else {
                let short = u16::try_from(asn.0).unwrap_or(AS_TRANS);
                out.extend_from_slice(&short.to_be_bytes());
            }
        }
        out.extend_from_slice(&[0, 0, 0, if self.peer.is_ipv4() { 1 } else { 2 }]);
        address(out, self.peer);
        address(out, self.local);
    }
}

pub(super) fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
}

/// Appends a `BGP4MP_MESSAGE_AS4` record with microseconds (RFC 6396 §4.4.3, §3) around
/// the message that `write` appends.
pub fn message(
    out: &mut Vec<u8>,
    time: Timestamp,
    session: &Session,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let form = Form {
        asn4: true,
        local: false,
        add_path: false,
    };
    message_as(out, time, session, form, write);
}

/// The same for a message of another form.
pub fn message_as(
    out: &mut Vec<u8>,
    time: Timestamp,
    session: &Session,
    form: Form,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let record = open_record(out, time, mrt::BGP4MP_ET, form.subtype());
    out.extend_from_slice(&((time.micros() % 1_000_000) as u32).to_be_bytes());
    session.write(out, form.asn4);
    write(out);
    record.fill(out);
}

/// Appends a `BGP4MP_STATE_CHANGE_AS4` record with microseconds (RFC 6396 §4.4.4).
/// States are those of RFC 4271 §8.2.2, 1 (Idle) to 6 (Established).
pub fn state_change(out: &mut Vec<u8>, time: Timestamp, session: &Session, old: u16, new: u16) {
    let record = open_record(out, time, mrt::BGP4MP_ET, mrt::STATE_CHANGE_AS4);
    out.extend_from_slice(&((time.micros() % 1_000_000) as u32).to_be_bytes());
    session.write(out, true);
    out.extend_from_slice(&old.to_be_bytes());
    out.extend_from_slice(&new.to_be_bytes());
    record.fill(out);
}

/// Appends a `PEER_INDEX_TABLE` (RFC 6396 §4.3.1): each peer is BGP identifier, address, AS.
pub fn peer_index_table(
    out: &mut Vec<u8>,
    time: Timestamp,
    collector: u32,
    peers: &[(u32, IpAddr, Asn)],
) {
    let record = open_record(out, time, mrt::TABLE_DUMP_V2, mrt::PEER_INDEX_TABLE);
    out.extend_from_slice(&collector.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&(peers.len() as u16).to_be_bytes());
    for (id, ip, asn) in peers {
        out.push(if ip.is_ipv6() { 0b11 } else { 0b10 });
        out.extend_from_slice(&id.to_be_bytes());
        address(out, *ip);
        out.extend_from_slice(&asn.0.to_be_bytes());
    }
    record.fill(out);
}

/// A `RIB_IPV4_UNICAST` or `RIB_IPV6_UNICAST` record being written (RFC 6396 §4.3.2).
#[must_use = "a record is whole only after `finish`"]
#[derive(Debug)]
pub struct RibRecord {
    record: Patch,
    count: Patch,
    entries: u16,
    seconds: u32,
}

impl RibRecord {
    /// Opens the record of one prefix.
    pub fn begin<A: Address>(
        out: &mut Vec<u8>,
        time: Timestamp,
        sequence: u32,
        prefix: &Nlri<A>,
    ) -> Self {
        let subtype = match A::AFI {
            Afi::Ipv4 => mrt::RIB_IPV4_UNICAST,
            Afi::Ipv6 => mrt::RIB_IPV6_UNICAST,
        };
        let record = open_record(out, time, mrt::TABLE_DUMP_V2, subtype);
        out.extend_from_slice(&sequence.to_be_bytes());
        nlri(out, prefix);
        RibRecord {
            record,
            count: Patch::two(out),
            entries: 0,
            seconds: seconds(time),
        }
    }

    /// Adds one peer's route; `attributes` as [`PathAttributes::write`] gives them.
    pub fn entry(&mut self, out: &mut Vec<u8>, peer: u16, attributes: &[u8]) {
        self.entries = self.entries.saturating_add(1);
        out.extend_from_slice(&peer.to_be_bytes());
        out.extend_from_slice(&self.seconds.to_be_bytes());
        out.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
        out.extend_from_slice(attributes);
    }

    /// Closes the record.
    pub fn finish(self, out: &mut [u8]) {
        self.count.set(out, u32::from(self.entries));
        self.record.fill(out);
    }
}

fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.secs()).unwrap_or(u32::MAX)
}

fn open_record(out: &mut Vec<u8>, time: Timestamp, kind: u16, subtype: u16) -> Patch {
    out.extend_from_slice(&seconds(time).to_be_bytes());
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&subtype.to_be_bytes());
    Patch::four(out)
}

/// A big-endian field whose value is known only when what follows it is written.
#[derive(Debug)]
pub(super) struct Patch {
    at: usize,
    octets: usize,
}

impl Patch {
    pub(super) fn two(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&[0; 2]);
        Patch {
            at: out.len() - 2,
            octets: 2,
        }
    }

    pub(super) fn four(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&[0; 4]);
        Patch {
            at: out.len() - 4,
            octets: 4,
        }
    }

    /// Octets written since the field.
    pub(super) fn fill(&self, out: &mut [u8]) {
        let len = out.len() - self.at - self.octets;
        self.set(out, len as u32);
    }

    /// Octets written since the field, plus it, plus `before` (a BGP header counts itself).
    pub(super) fn fill_inclusive(&self, out: &mut [u8], before: usize) {
        let len = out.len() - self.at - self.octets + before;
        self.set(out, len as u32);
    }

    fn set(&self, out: &mut [u8], value: u32) {
        let octets = value.to_be_bytes();
        let source = octets.get(4 - self.octets..).unwrap_or_default();
        if let Some(field) = out.get_mut(self.at..self.at + self.octets) {
            field.copy_from_slice(source);
        }
    }
}
