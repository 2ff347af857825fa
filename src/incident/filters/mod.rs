//! Filters that would hold an incident back, in the words of the router they are for.
//!
//! They are suggestions for a person, who knows what else the session carries: nothing is ever
//! sent to a router. All that goes into them is numbers, addresses and prefixes, and names of our
//! own making, so nothing that a stranger or the configuration wrote can end up in a command.
//! What we cannot know stands in capitals for the reader to replace: `IN-USE`, the policy that the
//! session has already, and `GROUP`.

mod choice;
mod eos;
mod frr;
mod ios_xr;
mod junos;
mod sr_os;
mod vrp;

use std::{fmt::Write as _, net::IpAddr};

use serde::Serialize;

use super::{
    Kind, advice,
    report::{IncidentEvent, ViewName},
    telling::counted,
};
use crate::{
    bgp::{Afi, Asn, Prefix},
    reference::{Platform, Reference},
};

/// Sessions that get a filter; of the rest it says how many.
const MOST_SESSIONS: usize = 3;
/// Percent of a maximum-prefix at which the router warns.
const WARNING: u8 = 75;

/// A filter or limit for one session, in the words of its router. Never pushed anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The session it is for, as people call it.
    pub session: String,
    /// Whose words: `Cisco IOS XR`, `Junos`, …
    pub platform: &'static str,
    /// The lines to enter.
    pub text: String,
    /// What else it does.
    pub caution: String,
}

/// What can be suggested, and for which sessions it could be if their platform were known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggested {
    /// One for each session, the first few.
    pub filters: Vec<Suggestion>,
    /// Sessions without `platform` in the configuration, as people call them.
    pub unknown: Vec<String>,
}

/// What is to be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Filter {
    /// Paths in which the last stands directly behind one of the first.
    Through(Vec<Asn>, Asn),
    /// Paths with this AS anywhere.
    Across(Asn),
    /// Paths that end at this AS.
    From(Asn),
    /// Paths of more ASes than this.
    PathsOver(u32),
    /// Prefixes longer than these.
    Longer { ipv4: Option<u8>, ipv6: Option<u8> },
    /// These prefixes and all within them: the word for them, and whose incident it is.
    Within(Vec<Prefix>, &'static str, Option<Asn>),
    /// More routes than this, with the session.
    Over(u32),
}

/// Where it is to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Session {
    /// Our own AS, if it is known.
    local_as: Option<Asn>,
    /// The neighbour.
    peer: IpAddr,
    /// Family of what is to be limited.
    afi: Afi,
}

impl Session {
    /// Our own AS as a router's configuration has it.
    fn local_as(self) -> String {
        self.local_as
            .map_or_else(|| "LOCAL-AS".to_owned(), |asn| asn.0.to_string())
    }
}

impl Filter {
    /// What the objects of the filter are called on the router. Two that stand side by side have
    /// names of their own; that of a leak which has spread takes the place of the one before.
    fn name(&self) -> String {
        match self {
            Filter::Through(_, asn) | Filter::Across(asn) => format!("LEAKWATCH-{}", asn.0),
            Filter::From(asn) => format!("LEAKWATCH-ORIGIN-{}", asn.0),
            Filter::PathsOver(_) => "LEAKWATCH-LONG-PATHS".to_owned(),
            Filter::Longer { .. } => "LEAKWATCH-TOO-SPECIFIC".to_owned(),
            Filter::Within(_, what, Some(asn)) => format!("LEAKWATCH-{what}-{}", asn.0),
            Filter::Within(_, what, None) => format!("LEAKWATCH-{what}"),
            Filter::Over(_) => "LEAKWATCH-LIMIT".to_owned(),
        }
    }

    /// The path expressions as Cisco and those who followed write them, one for each entry of a
    /// list; none where no path is looked at.
    fn expressions(&self) -> Vec<String> {
        match self {
            Filter::Through(takers, asn) => {
                let through = |taker: &Asn| format!("_{}_{}_", taker.0, asn.0);
                takers.iter().map(through).collect()
            }
            Filter::Across(asn) => vec![format!("_{}_", asn.0)],
            Filter::From(asn) => vec![format!("_{}$", asn.0)],
            _ => Vec::new(),
        }
    }

    /// The same as Juniper and Nokia write it, in whole AS numbers.
    fn terms(&self) -> Option<String> {
        match self {
            Filter::Through(takers, asn) => match &takers[..] {
                [one] => Some(format!(".* {} {} .*", one.0, asn.0)),
                many => {
                    let many: Vec<String> = many.iter().map(|one| one.0.to_string()).collect();
                    Some(format!(".* ({}) {} .*", many.join("|"), asn.0))
                }
            },
            Filter::Across(asn) => Some(format!(".* {} .*", asn.0)),
            Filter::From(asn) => Some(format!(".* {}", asn.0)),
            _ => None,
        }
    }

    /// The ranges of prefixes it refuses, as what covers them and the lengths from and to.
    fn ranges(&self) -> Vec<(Prefix, u8, u8)> {
        match self {
            Filter::Longer { ipv4, ipv6 } => {
                let all = |longest: Option<u8>, net: &str| {
                    let net: Prefix = net.parse().ok()?;
                    Some((net, longest?.saturating_add(1), net.max_prefix_len()))
                };
                let ranges = [all(*ipv4, "0.0.0.0/0"), all(*ipv6, "::/0")];
                ranges.into_iter().flatten().collect()
            }
            Filter::Within(prefixes, ..) => {
                let range = |net: &Prefix| (*net, net.prefix_len(), net.max_prefix_len());
                prefixes.iter().map(range).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What it does beside what it is for.
    fn caution(&self, event: &IncidentEvent) -> String {
        let also = match (event.normal, event.offender) {
            (Some(normal), Some(offender)) => format!(
                ", also those that belong there ({} {offender} before, over all sessions)",
                counted(normal.into(), "route went through", "routes went through")
            ),
            _ => ", also those that belong there".to_owned(),
        };
        match self {
            Filter::Through(takers, asn) => {
                let edge = |taker: &Asn| format!("{} {}", taker.0, asn.0);
                let edges: Vec<String> = takers.iter().map(edge).collect();
                format!(
                    "Refuses every route with {} in its path{also}. Take it out when it is over.",
                    edges.join(" or ")
                )
            }
            Filter::Across(asn) => format!(
                "Refuses every route through {asn}{also}. Let its own and its customers' prefixes \
                 through before it, and take it out when it is over."
            ),
            Filter::From(asn) => format!(
                "Refuses every route that {asn} originates{also}. Let its own prefixes through \
                 before it, and take it out when it is over."
            ),
            Filter::PathsOver(most) => format!(
                "Refuses every route with more than {most} ASes in its path. No known network \
                 needs one; it can stay."
            ),
            Filter::Longer { .. } => "Refuses every prefix that is longer, also those that you \
                                      agreed to blackhole: let these through before it. It can \
                                      stay."
                .to_owned(),
            Filter::Within(..) if event.kind == Kind::OwnPrefix => {
                "Refuses these prefixes on this session only: your traffic is safe, the rest of \
                 the world still follows the foreign route. If a customer or a second site of \
                 yours announces them here, let that through before it."
                    .to_owned()
            }
            Filter::Within(..) => {
                "Refuses these prefixes and all within them, whoever announces them. The list is \
                 made of the examples; there may be more."
                    .to_owned()
            }
            Filter::Over(most) if event.kind == Kind::MaximumPrefix => format!(
                "Only if this is growth: in a leak it lets more of it in. Never above what the \
                 hardware holds. The session goes down with all its routes at {}, and stays down \
                 until somebody clears it.",
                counted((*most).into(), "route", "routes")
            ),
            Filter::Over(most) => format!(
                "Takes the session down with all its routes at {}, until somebody clears it. Set \
                 it well above what the session carries on an ordinary day. If it carries more \
                 than that now, it goes down as soon as this is entered.",
                counted((*most).into(), "route", "routes")
            ),
        }
    }
}

/// Filters for the sessions on which an incident comes in.
pub fn suggest(event: &IncidentEvent, reference: &Reference) -> Suggested {
    let mut suggested = Suggested::default();
    if advice::is_ours(event, reference) {
        return suggested;
    }
    let mut more = 0;
    let mut sessions: Vec<&ViewName> = Vec::new();
    for view in &event.views {
        let known = |one: &&ViewName| one.router == view.router && one.peer == view.peer;
        if advice::comes_in(event, view, reference) && !sessions.iter().any(known) {
            sessions.push(view);
        }
    }
    for view in sessions {
        let Some(filter) = choice::filter(event, view, reference) else {
            continue;
        };
        let Ok(peer) = view.peer.parse() else {
            continue;
        };
        let name = advice::session(view, reference);
        let platform = advice::policy(view, reference).and_then(|policy| policy.platform);
        let Some(platform) = platform else {
            suggested.unknown.push(name);
            continue;
        };
        if suggested.filters.len() >= MOST_SESSIONS {
            more += 1;
            continue;
        }
        let session = Session {
            local_as: reference.local_as,
            peer,
            afi: choice::family(event, peer),
        };
        let (text, refresh) = write(platform, &filter, session);
        let caution = match filter {
            Filter::Over(_) => filter.caution(event),
            _ => format!("{} {refresh}", filter.caution(event)),
        };
        suggested.filters.push(Suggestion {
            session: name,
            platform: platform.title(),
            text,
            caution,
        });
    }
    if let Some(last) = suggested.filters.last_mut().filter(|_| more > 0) {
        let _ = write!(
            last.caution,
            " The same on {}; `leakwatch incidents {}` names them.",
            counted(more, "more session", "more sessions"),
            event.id
        );
    }
    suggested
}

/// The limit on the length of paths that an incident's examples exceed.
pub(super) fn longest_path(event: &IncidentEvent) -> Option<u32> {
    choice::longest_path(event)
}

/// The lines, and how they come to bear on routes that are held already.
fn write(platform: Platform, filter: &Filter, session: Session) -> (String, String) {
    let lines = match platform {
        Platform::IosXr => ios_xr::lines(filter, session),
        Platform::Junos => junos::lines(filter, session),
        Platform::Eos => eos::lines(filter, session),
        Platform::Frr => frr::lines(filter, session),
        Platform::Vrp => vrp::lines(filter, session),
        Platform::SrOs => sr_os::lines(filter, session),
    };
    let refresh = match platform {
        Platform::IosXr => ios_xr::refresh(session),
        Platform::Junos => junos::REFRESH.to_owned(),
        Platform::Eos => eos::refresh(session),
        Platform::Frr => frr::refresh(session),
        Platform::Vrp => vrp::refresh(session),
        Platform::SrOs => sr_os::REFRESH.to_owned(),
    };
    (lines.join("\n"), refresh)
}

/// `ipv4` or `ipv6`, as most routers spell it.
const fn spelled(afi: Afi) -> &'static str {
    match afi {
        Afi::Ipv4 => "ipv4",
        Afi::Ipv6 => "ipv6",
    }
}

/// A range of lengths as Cisco and those who followed write it after a prefix.
fn lengths(net: &Prefix, from: u8, to: u8) -> String {
    if from > net.prefix_len() {
        format!(" ge {from}")
    } else if to > from {
        format!(" le {to}")
    } else {
        String::new()
    }
}

/// Remarks in a configuration: what to do with the lines after them.
fn place(sign: char, session: Session, entries: usize) -> [String; 2] {
    let numbers = match entries {
        0 | 1 => "a free number before its first in place of 1",
        _ => "free numbers before its first in place of 1 and 2",
    };
    [
        format!(
            "{sign} Put the policy that {} has inbound in place of IN-USE, and {numbers}: as it \
             stands this does nothing.",
            session.peer
        ),
        format!(
            "{sign} If it has no policy, a new one needs a last entry that permits all, or every \
             route is refused."
        ),
    ]
}

#[cfg(test)]
pub(super) mod tests;
