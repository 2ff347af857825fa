//! Which filter helps against an incident, and where none would.

use std::net::IpAddr;

use super::Filter;
use crate::{
    bgp::{Afi, Asn, Prefix},
    detect::bogon::is_bogon_prefix,
    incident::{
        Kind, advice,
        edges::Edges,
        report::{IncidentEvent, ViewName},
    },
    reference::Reference,
};

/// Prefixes in a filter; beyond this a person has to choose.
const MOST_PREFIXES: usize = 10;
/// ASes in a path: the customary filter, and what no known network needs.
const LONGEST_PATHS: [u32; 2] = [100, 50];
/// Longest prefixes of the global table (RFC 7454 §6.1.3).
const LONGEST: (u8, u8) = (24, 48);

/// What helps against it at this session; none where a filter would not.
pub(super) fn filter(
    event: &IncidentEvent,
    view: &ViewName,
    reference: &Reference,
) -> Option<Filter> {
    match event.kind {
        Kind::Leak | Kind::MoreSpecific => {
            let offender = event.offender?;
            if view.peer_as == offender {
                return limit(event, view, reference).map(Filter::Over);
            }
            let edges = Edges::of(event, reference.local_as);
            match edges.few() {
                Some(takers) => Some(Filter::Through(takers.to_vec(), offender)),
                // The other sessions carry what is wanted.
                None if edges.takers.is_empty() && advice::is_direct(event, reference) => None,
                None => Some(Filter::Across(offender)),
            }
        }
        Kind::Origin => event.offender.map(Filter::From),
        Kind::OwnPrefix => within(own(event, reference), "OWN", event.offender),
        Kind::Bogon => within(examples(event, is_special), "BOGON", event.offender),
        Kind::Path => longest_path(event).map(Filter::PathsOver),
        Kind::Specific => {
            let has = |afi| {
                let mut all = event.samples.iter().map(|sample| family_of(&sample.prefix));
                event.samples.is_empty() || all.any(|one| one == afi)
            };
            Some(Filter::Longer {
                ipv4: has(Afi::Ipv4).then_some(LONGEST.0),
                ipv6: has(Afi::Ipv6).then_some(LONGEST.1),
            })
        }
        Kind::MaximumPrefix => limit(event, view, reference).map(Filter::Over),
        Kind::Visibility | Kind::Surge | Kind::Withdrawal => None,
    }
}

/// The largest customary limit that one of the examples exceeds. Where none does, what is wrong with
/// the paths is not their length.
pub(super) fn longest_path(event: &IncidentEvent) -> Option<u32> {
    let lengths = event.samples.iter().map(|sample| length(&sample.after));
    let longest = lengths.max()?;
    LONGEST_PATHS.into_iter().find(|most| longest > *most)
}

/// ASes in a path as it is written down, counted as routers do: a set is one, a confederation none.
fn length(path: &str) -> u32 {
    let mut inside = false;
    let mut count = 0;
    for word in path.split_whitespace() {
        inside |= word.starts_with(['(', '[']);
        count += u32::from(!inside);
        inside &= !word.ends_with([')', ']']);
    }
    count
}

/// Whether all of a prefix is special-purpose: one that covers what is not must not be refused with
/// all within it.
fn is_special(prefix: &Prefix) -> bool {
    let len = prefix.prefix_len();
    match prefix.network() {
        IpAddr::V4(net) => is_bogon_prefix(net.to_bits(), len),
        // 2000::/3 is what is in use.
        IpAddr::V6(net) => len >= 3 && is_bogon_prefix(net.to_bits(), len),
    }
}

fn within(prefixes: Vec<Prefix>, what: &'static str, who: Option<Asn>) -> Option<Filter> {
    (!prefixes.is_empty()).then_some(Filter::Within(prefixes, what, who))
}

/// A limit on the routes of a session. The one that is configured; where a limit is near, a third
/// more than there was, for the case that this is growth; where a neighbour leaks, half as much
/// again as it had.
fn limit(event: &IncidentEvent, view: &ViewName, reference: &Reference) -> Option<u32> {
    let peer: IpAddr = view.peer.parse().ok()?;
    if event.kind == Kind::MaximumPrefix {
        let peak = event.routes.peak;
        return Some(round(peak.saturating_add(peak / 3)));
    }
    let configured = advice::policy(view, reference)
        .and_then(|policy| policy.maximum_prefix(family(event, peer)));
    configured.or_else(|| {
        let normal = event.normal.filter(|normal| *normal > 0)?;
        Some(round(normal.saturating_add(normal / 2)))
    })
}

/// Up, to two digits that people type.
pub(super) fn round(count: u32) -> u32 {
    let unit = 10_u32.pow(count.max(1).ilog10().saturating_sub(1));
    count.div_ceil(unit).saturating_mul(unit)
}

fn family_of(prefix: &Prefix) -> Afi {
    match prefix {
        Prefix::V4(_) => Afi::Ipv4,
        Prefix::V6(_) => Afi::Ipv6,
    }
}

/// The family at stake on a session: that of the view that is blamed; or that of the session's
/// addresses, unless all examples are of the other one. An incident may be of both, and a session
/// that is given a family it does not have is reset by some routers.
pub(super) fn family(event: &IncidentEvent, peer: IpAddr) -> Afi {
    let (of_peer, other) = match peer {
        IpAddr::V4(_) => (Afi::Ipv4, Afi::Ipv6),
        IpAddr::V6(_) => (Afi::Ipv6, Afi::Ipv4),
    };
    let mut samples = event.samples.iter();
    let only_other =
        !event.samples.is_empty() && samples.all(|sample| family_of(&sample.prefix) == other);
    event
        .afi
        .unwrap_or(if only_other { other } else { of_peer })
}

/// Prefixes of the examples that are meant, each once, those within others left out.
fn examples(event: &IncidentEvent, meant: impl Fn(&Prefix) -> bool) -> Vec<Prefix> {
    let prefixes = event.samples.iter().map(|sample| sample.prefix);
    outermost(prefixes.filter(meant).collect())
}

/// Our own prefixes that are announced otherwise, as the configuration has them.
fn own(event: &IncidentEvent, reference: &Reference) -> Vec<Prefix> {
    let ours = |prefix: Prefix| {
        let own = reference.own.iter().map(|own| own.prefix);
        let covering = own.filter(|own| own.contains(&prefix));
        covering.min_by_key(Prefix::prefix_len).unwrap_or(prefix)
    };
    let affected = event.samples.iter().map(|sample| ours(sample.prefix));
    outermost(affected.collect())
}

fn outermost(mut prefixes: Vec<Prefix>) -> Vec<Prefix> {
    prefixes.sort_by_key(|prefix| (prefix.prefix_len(), *prefix));
    let mut kept: Vec<Prefix> = Vec::new();
    for prefix in prefixes {
        if kept.len() < MOST_PREFIXES && !kept.iter().any(|one| one.contains(&prefix)) {
            kept.push(prefix);
        }
    }
    kept
}
