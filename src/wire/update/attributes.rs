//! The path attributes of one UPDATE, walked once and validated per RFC 7606.
//!
//! The walk copies nothing: it notes where the attributes of interest are and what
//! was wrong. What follows from an error is one of three things, the strictest winning
//! (RFC 7606 §3 h): the attribute is discarded, the routes are treated as withdrawn,
//! or the message is one that would have reset the session.
//!
//! Where a rule depends on what a passive listener cannot know, the choice is:
//! - AS 0 in a path (RFC 7607) is kept: the route is judged, not hidden.
//! - `LOCAL_PREF`, `ORIGINATOR_ID` and `CLUSTER_LIST` are checked as from an internal
//!   peer; from an external one they should not be there at all.
//! - Attributes this program has no use for are checked only where a damaged one is
//!   known to have travelled (tunnel encapsulation, AIGP, Prefix-SID).

use std::net::Ipv4Addr;

use crate::bgp::Asn;
use crate::wire::{Reason, Tally};

use super::path;

const ORIGIN: u8 = 1;
const AS_PATH: u8 = 2;
const NEXT_HOP: u8 = 3;
const MULTI_EXIT_DISC: u8 = 4;
const LOCAL_PREF: u8 = 5;
const ATOMIC_AGGREGATE: u8 = 6;
const AGGREGATOR: u8 = 7;
const COMMUNITIES: u8 = 8;
const ORIGINATOR_ID: u8 = 9;
const CLUSTER_LIST: u8 = 10;
const MP_REACH_NLRI: u8 = 14;
const MP_UNREACH_NLRI: u8 = 15;
const EXTENDED_COMMUNITIES: u8 = 16;
const AS4_PATH: u8 = 17;
const AS4_AGGREGATOR: u8 = 18;
const TUNNEL_ENCAPSULATION: u8 = 23;
const IPV6_EXTENDED_COMMUNITIES: u8 = 25;
const AIGP: u8 = 26;
const LARGE_COMMUNITIES: u8 = 32;
const ONLY_TO_CUSTOMER: u8 = 35;
const PREFIX_SID: u8 = 40;

const OPTIONAL: u8 = 0x80;
const TRANSITIVE: u8 = 0x40;
const EXTENDED_LENGTH: u8 = 0x10;

/// No definition of the Optional and Transitive bits that would be held against a sender.
const ANY: u8 = 0xFF;

/// The Optional and Transitive bits each attribute is defined with.
const DEFINED: [u8; 256] = {
    let mut bits = [ANY; 256];
    let mut kind = 0;
    while kind < 256 {
        bits[kind] = match kind as u8 {
            ORIGIN | AS_PATH | NEXT_HOP | LOCAL_PREF | ATOMIC_AGGREGATE => TRANSITIVE,
            MULTI_EXIT_DISC | ORIGINATOR_ID | CLUSTER_LIST | MP_REACH_NLRI | MP_UNREACH_NLRI => {
                OPTIONAL
            }
            AGGREGATOR
            | COMMUNITIES
            | EXTENDED_COMMUNITIES
            | IPV6_EXTENDED_COMMUNITIES
            | LARGE_COMMUNITIES
            | ONLY_TO_CUSTOMER => OPTIONAL | TRANSITIVE,
            _ => ANY,
        };
        kind += 1;
    }
    bits
};

/// Attributes of interest, as slices of the message, and the verdict on the block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found<'m> {
    /// Attributes met.
    pub count: u32,
    /// A sound `ORIGIN` was there.
    pub origin: bool,
    /// `AS_PATH` segments, not yet checked.
    pub path: Option<&'m [u8]>,
    /// `AS4_PATH` segments, not yet checked.
    pub as4_path: Option<&'m [u8]>,
    /// `NEXT_HOP`.
    pub next_hop: Option<Ipv4Addr>,
    /// Standard communities, a multiple of 4 octets.
    pub communities: &'m [u8],
    /// Large communities, a multiple of 12 octets.
    pub large_communities: &'m [u8],
    /// Only-To-Customer.
    pub otc: Option<Asn>,
    /// `MP_REACH_NLRI`, whole value.
    pub reach: Option<&'m [u8]>,
    /// `MP_UNREACH_NLRI`, whole value.
    pub unreach: Option<&'m [u8]>,
    /// `AGGREGATOR` names an AS other than `AS_TRANS`.
    aggregator_as2: bool,
    /// `AS4_AGGREGATOR` was there.
    as4_aggregator: bool,
    /// First reason to treat the routes as withdrawn.
    pub withdraw: Option<Reason>,
    /// First reason to skip the message.
    pub reset: Option<Reason>,
}

impl Found<'_> {
    fn treat_as_withdraw(&mut self, reason: Reason) {
        self.withdraw.get_or_insert(reason);
    }

    fn session_reset(&mut self, reason: Reason) {
        self.reset.get_or_insert(reason);
    }

    /// Whether `AS4_PATH` must be left aside because the aggregate was made by a
    /// speaker of two-octet AS numbers after it was written (RFC 6793 §4.2.3).
    pub fn as4_path_is_stale(&self) -> bool {
        self.as4_aggregator && self.aggregator_as2
    }
}

/// Walks a block of path attributes.
///
/// `asn4` is whether AS numbers take four octets here. Discarded attributes are
/// counted at once; the caller counts the one reason that decides the message's fate.
#[inline]
pub fn walk<'m>(block: &'m [u8], asn4: bool, tally: &mut Tally) -> Found<'m> {
    let mut found = Found::default();
    let mut seen = [0_u64; 4];
    let mut rest = block;
    while !rest.is_empty() {
        let Some((flags, kind, value, after)) = split_attribute(rest) else {
            found.treat_as_withdraw(Reason::AttributeList);
            break;
        };
        rest = after;
        found.count += 1;
        let bit = 1_u64 << (kind & 63);
        if let Some(word) = seen.get_mut(usize::from(kind >> 6)) {
            if *word & bit != 0 {
                if matches!(kind, MP_REACH_NLRI | MP_UNREACH_NLRI) {
                    found.session_reset(Reason::DuplicateAttribute);
                } else {
                    tally.error(Reason::DuplicateAttribute);
                }
                continue;
            }
            *word |= bit;
        }
        attribute(&mut found, flags, kind, value, asn4, tally);
    }
    found
}

/// Flags, type, value and what follows; None where the attribute overruns the block.
#[inline]
fn split_attribute(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let (&[flags, kind, len], rest) = bytes.split_first_chunk::<3>()?;
    let (len, rest) = if flags & EXTENDED_LENGTH == 0 {
        (usize::from(len), rest)
    } else {
        let (&low, rest) = rest.split_first()?;
        (usize::from(u16::from_be_bytes([len, low])), rest)
    };
    let (value, rest) = rest.split_at_checked(len)?;
    Some((flags, kind, value, rest))
}

#[inline]
fn attribute<'m>(
    found: &mut Found<'m>,
    flags: u8,
    kind: u8,
    value: &'m [u8],
    asn4: bool,
    tally: &mut Tally,
) {
    let defined = DEFINED.get(usize::from(kind)).copied().unwrap_or(ANY);
    if flags & (OPTIONAL | TRANSITIVE) != defined {
        // Attributes that are merely discarded when malformed, and those not known
        // here, must be optional and no more.
        if defined == ANY {
            if flags & OPTIONAL == 0 {
                return match kind {
                    AS4_PATH | AS4_AGGREGATOR | TUNNEL_ENCAPSULATION | AIGP | PREFIX_SID => {
                        tally.error(Reason::AttributeFlags);
                    }
                    _ => found.session_reset(Reason::UnrecognisedWellKnown),
                };
            }
        } else {
            found.treat_as_withdraw(Reason::AttributeFlags);
            // What MP_UNREACH withdraws is withdrawn all the same, and what MP_REACH
            // announces must be known to be treated as withdrawn.
            if !matches!(kind, MP_REACH_NLRI | MP_UNREACH_NLRI) {
                return;
            }
        }
    }
    match kind {
        ORIGIN => match value {
            [0..=2] => found.origin = true,
            _ => found.treat_as_withdraw(Reason::Origin),
        },
        AS_PATH => found.path = Some(value),
        NEXT_HOP => match *value {
            [a, b, c, d] => found.next_hop = Some(Ipv4Addr::new(a, b, c, d)),
            _ => found.treat_as_withdraw(Reason::NextHop),
        },
        MULTI_EXIT_DISC if value.len() != 4 => found.treat_as_withdraw(Reason::MultiExitDisc),
        LOCAL_PREF if value.len() != 4 => found.treat_as_withdraw(Reason::LocalPref),
        ATOMIC_AGGREGATE if !value.is_empty() => tally.error(Reason::AtomicAggregate),
        AGGREGATOR => aggregator(found, value, asn4, tally),
        COMMUNITIES if filled(value, 4) => found.communities = value,
        COMMUNITIES => found.treat_as_withdraw(Reason::Communities),
        ORIGINATOR_ID if value.len() != 4 => found.treat_as_withdraw(Reason::OriginatorId),
        CLUSTER_LIST if !filled(value, 4) => found.treat_as_withdraw(Reason::ClusterList),
        MP_REACH_NLRI => found.reach = Some(value),
        MP_UNREACH_NLRI => found.unreach = Some(value),
        EXTENDED_COMMUNITIES if !filled(value, 8) => {
            found.treat_as_withdraw(Reason::ExtendedCommunities);
        }
        IPV6_EXTENDED_COMMUNITIES if !filled(value, 20) => {
            found.treat_as_withdraw(Reason::ExtendedCommunities);
        }
        AS4_PATH if asn4 => tally.error(Reason::As4Path),
        AS4_PATH => found.as4_path = Some(value),
        AS4_AGGREGATOR if asn4 || value.len() != 8 => tally.error(Reason::As4Aggregator),
        AS4_AGGREGATOR => found.as4_aggregator = true,
        LARGE_COMMUNITIES if filled(value, 12) => found.large_communities = value,
        LARGE_COMMUNITIES => found.treat_as_withdraw(Reason::LargeCommunities),
        ONLY_TO_CUSTOMER => match value.first_chunk::<4>() {
            Some(asn) if value.len() == 4 => found.otc = Some(Asn(u32::from_be_bytes(*asn))),
            _ => found.treat_as_withdraw(Reason::OnlyToCustomer),
        },
        TUNNEL_ENCAPSULATION if !tlvs(value, 2, 0) => tally.error(Reason::TunnelEncapsulation),
        AIGP if !tlvs(value, 1, 3) => tally.error(Reason::Aigp),
        PREFIX_SID if !tlvs(value, 1, 0) => tally.error(Reason::PrefixSid),
        _ => {}
    }
}

fn aggregator(found: &mut Found<'_>, value: &[u8], asn4: bool, tally: &mut Tally) {
    match (asn4, value) {
        (false, [high, low, _, _, _, _]) => {
            let asn = u32::from(u16::from_be_bytes([*high, *low]));
            found.aggregator_as2 = Asn(asn) != Asn::AS_TRANS;
        }
        (true, value) if value.len() == 8 => {}
        _ => tally.error(Reason::Aggregator),
    }
}

/// Whether `value` holds one or more elements of `size` octets and nothing else.
fn filled(value: &[u8], size: usize) -> bool {
    !value.is_empty() && value.len().is_multiple_of(size)
}

/// Whether `value` is one or more TLVs of `kind` octets of type and two of length,
/// the length including the first `counted` octets of each TLV.
fn tlvs(mut value: &[u8], kind: usize, counted: usize) -> bool {
    if value.is_empty() {
        return false;
    }
    while !value.is_empty() {
        let Some(len) = value.get(kind..).and_then(<[u8]>::first_chunk::<2>) else {
            return false;
        };
        let Some(len) = usize::from(u16::from_be_bytes(*len)).checked_sub(counted) else {
            return false;
        };
        let Some(rest) = value.get(kind + 2 + len..) else {
            return false;
        };
        value = rest;
    }
    true
}

/// Decodes the AS path of `found` into `words`, merged with `AS4_PATH` where the session
/// calls for it. Returns whether the words are segmented; None, with `words` as they
/// were and the reason noted in `found`, where the path is malformed.
///
/// `scratch` is room for the merge.
#[inline]
pub fn as_path(
    found: &mut Found<'_>,
    asn4: bool,
    words: &mut Vec<u32>,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Option<bool> {
    let octets = found.path?;
    let before = words.len();
    let Some(segmented) = path::decode(octets, asn4, words) else {
        found.treat_as_withdraw(Reason::AsPath);
        return None;
    };
    match found.as4_path {
        Some(as4_path) if !found.as4_path_is_stale() => {
            Some(merged(as4_path, segmented, before, words, scratch, tally))
        }
        _ => Some(segmented),
    }
}

/// Room for merging `AS_PATH` and `AS4_PATH`.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    as4: Vec<u32>,
    merged: Vec<u32>,
}

fn merged(
    as4_path: &[u8],
    segmented: bool,
    before: usize,
    words: &mut Vec<u32>,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> bool {
    scratch.as4.clear();
    scratch.merged.clear();
    let Some((as4_segmented, confederation)) = path::decode_as4(as4_path, &mut scratch.as4) else {
        tally.error(Reason::As4Path);
        return segmented;
    };
    if confederation {
        tally.error(Reason::As4Path);
    }
    let two = crate::bgp::AsPath {
        words: words.get(before..).unwrap_or_default(),
        segmented,
    };
    let four = crate::bgp::AsPath {
        words: &scratch.as4,
        segmented: as4_segmented,
    };
    let Some(segmented_now) = path::merge(two, four, &mut scratch.merged) else {
        return segmented;
    };
    words.truncate(before);
    words.extend_from_slice(&scratch.merged);
    segmented_now
}
