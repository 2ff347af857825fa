//! The scanner: one message in, events and counters out.

use std::net::IpAddr;

use crate::bgp::{Afi, Attributes, Batch, Nlri, Span, SpecialCommunity};
use crate::wire::{Reason, Tally};

use super::attributes::{self, Found, Scratch};
use super::emit::{Emit, Prefixes, added};
use super::mp::{self, Family, Mp};
use super::nlri::field;
use super::{HEADER_LEN, Origin, Session, UPDATE};

/// What kind of table dump an attribute block stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `TABLE_DUMP` (RFC 6396 §4.2): AS numbers take two octets, `AS4_PATH` is merged.
    TableDump,
    /// `TABLE_DUMP_V2` (RFC 6396 §4.3.4): AS numbers take four octets.
    TableDumpV2,
}

/// Scratch room that is used again from message to message.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    scratch: Scratch,
    multicast_v4: Vec<Nlri<u32>>,
    multicast_v6: Vec<Nlri<u128>>,
}

/// The variable fields of an UPDATE.
struct Fields<'m> {
    withdrawn: &'m [u8],
    attributes: &'m [u8],
    nlri: &'m [u8],
}

impl Scanner {
    /// A scanner with no room yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Scans one whole UPDATE, header included, into `batch`.
    ///
    /// Withdrawals come before announcements, classic NLRI before MP. A malformed
    /// message never stops anything: what RFC 7606 makes of it is done and one counter
    /// of `tally` moved for it, besides one for each discarded attribute. Of a message
    /// that would have reset the session, the withdrawals before the fault are kept,
    /// since a reset would have withdrawn them too; nothing is announced.
    pub fn scan(
        &mut self,
        message: &[u8],
        session: Session,
        at: Origin,
        batch: &mut Batch,
        tally: &mut Tally,
    ) {
        tally.updates += 1;
        let (message, body) = match unframe(message, tally) {
            Ok(framed) => framed,
            Err(reason) => return tally.error(reason),
        };
        let raw = Span {
            start: batch.raw.len() as u32,
            len: message.len() as u32,
        };
        let events = batch.events.len();
        batch.raw.extend_from_slice(message);
        let mut out = Emit {
            batch,
            tally,
            at,
            raw,
        };
        if let Err(reason) = self.body(body, session, &mut out) {
            tally.error(reason);
        }
        if batch.events.len() == events {
            batch.raw.truncate(raw.start as usize);
        }
    }

    /// Scans an UPDATE's body. An error is the one reason that decided its fate.
    #[inline]
    fn body(
        &mut self,
        body: &[u8],
        session: Session,
        out: &mut Emit<'_, '_>,
    ) -> Result<(), Reason> {
        let fields = split(body).map_err(|(withdrawn, reason)| {
            if let Ok(prefixes) = out.classic(withdrawn, session) {
                out.withdraw(prefixes);
            }
            reason
        })?;
        if !fields.withdrawn.is_empty() {
            let prefixes = out.classic(fields.withdrawn, session)?;
            out.withdraw(prefixes);
        }
        let asn4 = session.asn4;
        let mut found = attributes::walk(fields.attributes, asn4, out.tally);
        if let Some(value) = found.unreach {
            match mp::unreach(value) {
                None => {
                    found.reset.get_or_insert(Reason::MpUnreach);
                }
                Some(mp) if mp.nlri.is_empty() => {
                    let alone = found.count == 1
                        && fields.withdrawn.is_empty()
                        && fields.nlri.is_empty()
                        && found.reset.is_none();
                    out.empty_unreach(mp.family, alone);
                }
                Some(mp) => match self.mp(mp, session, out) {
                    Ok(prefixes) => out.withdraw(prefixes),
                    Err(reason) => {
                        found.reset.get_or_insert(reason);
                    }
                },
            }
        } else if body == [0; 4] {
            out.end_of_rib(Afi::Ipv4);
        }
        if let Some(reason) = found.reset {
            return Err(reason);
        }
        // Everything announced is located before anything is, for a fault in one
        // field decides over both.
        let before = (out.batch.v4.len(), out.batch.v6.len());
        let (classic, reached, mp_next_hop) = match self.announced(&fields, &found, session, out) {
            Ok(announced) => announced,
            Err(reason) => {
                out.batch.v4.truncate(before.0);
                out.batch.v6.truncate(before.1);
                return Err(reason);
            }
        };
        if classic.count() + reached.count() + reached.multicast == 0 {
            // Nothing to withdraw (RFC 7606 §5.2): the fault is counted, no more.
            return found.withdraw.map_or(Ok(()), Err);
        }
        if !found.origin || found.path.is_none() {
            found.withdraw.get_or_insert(Reason::MissingAttribute);
        }
        if classic.count() > 0 && found.next_hop.is_none() {
            found.withdraw.get_or_insert(Reason::MissingAttribute);
        }
        let attributes = match found.withdraw {
            Some(_) => None,
            None => self.attributes(&mut found, asn4, out.batch, out.tally),
        };
        let Some(attributes) = attributes else {
            out.treat_as_withdraw(classic);
            out.treat_as_withdraw(reached);
            return Err(found.withdraw.unwrap_or(Reason::MissingAttribute));
        };
        let next_hop = found.next_hop.map(IpAddr::V4);
        out.announce(
            Attributes {
                next_hop,
                ..attributes
            },
            classic,
        );
        let next_hop = mp_next_hop;
        out.announce(
            Attributes {
                next_hop,
                ..attributes
            },
            reached,
        );
        Ok(())
    }

    /// Reads both fields of announced NLRI; returns classic, MP, and the latter's next hop.
    #[inline]
    fn announced(
        &mut self,
        fields: &Fields<'_>,
        found: &Found<'_>,
        session: Session,
        out: &mut Emit<'_, '_>,
    ) -> Result<(Prefixes, Prefixes, Option<IpAddr>), Reason> {
        let classic = out.classic(fields.nlri, session)?;
        let Some(value) = found.reach else {
            return Ok((classic, Prefixes::default(), None));
        };
        let mp = mp::reach(value).ok_or(Reason::MpReach)?;
        let reached = self.mp(mp, session, out)?;
        Ok((classic, reached, mp.next_hop))
    }

    /// Reads an MP attribute's NLRI into the column of its family.
    fn mp(
        &mut self,
        mp: Mp<'_>,
        session: Session,
        out: &mut Emit<'_, '_>,
    ) -> Result<Prefixes, Reason> {
        let mut prefixes = Prefixes::default();
        match mp.family {
            Family::Ipv4Unicast => prefixes = out.classic(mp.nlri, session)?,
            Family::Ipv6Unicast => {
                let before = out.batch.v6.len();
                field(mp.nlri, session.add_path_v6, &mut out.batch.v6)?;
                prefixes.v6 = added(&out.batch.v6, before);
            }
            Family::Ipv4Multicast => {
                out.tally.other_families += 1;
                self.multicast_v4.clear();
                field(mp.nlri, session.add_path_v4, &mut self.multicast_v4)?;
                prefixes.multicast = self.multicast_v4.len() as u64;
            }
            Family::Ipv6Multicast => {
                out.tally.other_families += 1;
                self.multicast_v6.clear();
                field(mp.nlri, session.add_path_v6, &mut self.multicast_v6)?;
                prefixes.multicast = self.multicast_v6.len() as u64;
            }
            Family::Other => out.tally.other_families += 1,
        }
        Ok(prefixes)
    }

    /// Scans the attribute block of one table dump entry and stores what it says.
    ///
    /// A dump is state, not news: a router's own routes stand there with no `ORIGIN` and
    /// no `AS_PATH`, so their absence is no error and reads as an empty path. None where
    /// the entry cannot be used; the reason is counted.
    pub fn scan_attributes(
        &mut self,
        block: &[u8],
        kind: Block,
        batch: &mut Batch,
        tally: &mut Tally,
    ) -> Option<Attributes> {
        let asn4 = kind == Block::TableDumpV2;
        let mut found = attributes::walk(block, asn4, tally);
        found.path.get_or_insert(&[]);
        let mp_next_hop = found.reach.and_then(mp::table_dump_next_hop);
        let fault = found.reset.or(found.withdraw);
        let attributes = match fault {
            Some(_) => None,
            None => self.attributes(&mut found, asn4, batch, tally),
        };
        let Some(attributes) = attributes else {
            tally.error(fault.or(found.withdraw).unwrap_or(Reason::AsPath));
            return None;
        };
        Some(Attributes {
            next_hop: mp_next_hop.or(found.next_hop.map(IpAddr::V4)),
            ..attributes
        })
    }

    /// Decodes what `found` located; None, the reason noted in `found`, where the
    /// path is malformed.
    #[inline]
    fn attributes(
        &mut self,
        found: &mut Found<'_>,
        asn4: bool,
        batch: &mut Batch,
        tally: &mut Tally,
    ) -> Option<Attributes> {
        let words = batch.words.len();
        let segmented =
            attributes::as_path(found, asn4, &mut batch.words, &mut self.scratch, tally)?;
        let path = added(&batch.words, words);

        let before = batch.communities.len();
        let mut special = 0;
        let (communities, _) = found.communities.as_chunks::<4>();
        batch.communities.extend(communities.iter().map(|octets| {
            let community = u32::from_be_bytes(*octets);
            special |= special_bits(community);
            community
        }));
        let communities = added(&batch.communities, before);

        let before = batch.large_communities.len();
        let (large, _) = found.large_communities.as_chunks::<12>();
        batch.large_communities.extend(large.iter().map(|octets| {
            let mut community = [0; 3];
            for (part, octets) in community.iter_mut().zip(octets.as_chunks::<4>().0) {
                *part = u32::from_be_bytes(*octets);
            }
            community
        }));
        let large_communities = added(&batch.large_communities, before);

        Some(Attributes {
            path,
            segmented,
            special: SpecialCommunity(special),
            communities,
            large_communities,
            otc: found.otc,
            next_hop: None,
        })
    }
}

/// The bit of [`SpecialCommunity`] that `community` sets, if any.
#[inline]
fn special_bits(community: u32) -> u8 {
    // All of interest are in 65535:*, which hardly any route carries.
    if community >> 16 != 0xFFFF {
        return 0;
    }
    match community & 0xFFFF {
        666 => SpecialCommunity::BLACKHOLE,
        65281 => SpecialCommunity::NO_EXPORT,
        65282 => SpecialCommunity::NO_ADVERTISE,
        0 | 6 => SpecialCommunity::LEAVING,
        _ => 0,
    }
}

/// Checks the header and returns the message within its own length, and its body.
fn unframe<'m>(bytes: &'m [u8], tally: &mut Tally) -> Result<(&'m [u8], &'m [u8]), Reason> {
    let (header, _) = bytes
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(Reason::MessageLength)?;
    let [marker @ .., high, low, kind] = header;
    if *marker != [0xFF; 16] {
        return Err(Reason::Marker);
    }
    if *kind != UPDATE {
        return Err(Reason::MessageType);
    }
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    let message = bytes.get(..len).ok_or(Reason::MessageLength)?;
    let body = message.get(HEADER_LEN..).ok_or(Reason::MessageLength)?;
    if body.len() < 4 {
        return Err(Reason::MessageLength);
    }
    if bytes.len() > len {
        tally.error(Reason::TrailingBytes);
    }
    Ok((message, body))
}

/// Splits a body into its three fields. On error, what can still be read of Withdrawn
/// Routes comes with the reason.
fn split(body: &[u8]) -> Result<Fields<'_>, (&[u8], Reason)> {
    let (withdrawn, rest) = counted(body).ok_or((&[][..], Reason::UpdateLength))?;
    let (attributes, nlri) = counted(rest).ok_or((withdrawn, Reason::UpdateLength))?;
    Ok(Fields {
        withdrawn,
        attributes,
        nlri,
    })
}

/// A two-octet length, that many octets, and the rest.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}
