//! What to do about an incident: at which session, with what filter, whom to call.
//!
//! No vendor's syntax: AS-path expressions are written as most routers take them
//! (`_701_15169_` is a path with 701 directly before 15169).

use super::{
    Kind,
    edges::{Edges, FEW},
    filters,
    report::{IncidentEvent, ViewName},
};
use crate::{
    bgp::{Asn, PeerKey, Plain, RibView, Router},
    reference::{PeerPolicy, Reference},
};

/// Sessions named in a line; the list of views is above.
const MOST_SESSIONS: usize = 3;

/// Steps, the first one first, with whom to call and by which number.
pub fn steps(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    let mut steps = measures(event, reference);
    steps.extend(callees(event, reference).into_iter().map(|(asn, why)| {
        let who = who(Some(asn));
        format!("Call {who}: {why}. {}", contact(asn, reference))
    }));
    steps
}

/// The steps of one's own, the first one first.
pub fn measures(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    if is_ours(event, reference) {
        return of_our_own(event, reference);
    }
    let mut steps = match event.kind {
        Kind::Leak | Kind::MoreSpecific => leaked(event, reference),
        Kind::Origin => vec![
            format!(
                "Look the examples up in RPKI and the routing registries: may {} originate them?",
                who(event.offender)
            ),
            format!("If not, {}.", refuse(event, reference)),
        ],
        Kind::OwnPrefix => vec![
            "Ask first whether a planned change is under way.".to_owned(),
            "If none is: announce the affected prefixes yourself, as specific as the foreign \
             routes where these are no longer than /24 (IPv4) or /48 (IPv6), from as many sites \
             as can carry the traffic; and see that their ROAs say who may originate them."
                .to_owned(),
        ],
        Kind::Visibility => vec![
            "See on your border routers whether the prefixes are still announced, and to whom; a \
             filter, a lost static route or an upstream's mistake looks like this."
                .to_owned(),
        ],
        Kind::Path => vec![
            match filters::longest_path(event) {
                Some(_) => format!(
                    "Refuse such routes on {}: limit the length of AS paths (100 is customary, no \
                     known network needs 50; some routers reset sessions at 75 or 255 of their \
                     own accord).",
                    sessions(event, reference)
                ),
                None => "The paths are not long, so a limit on their length will not do: one AS \
                         stands in them over and over, or at two places. The examples show which."
                    .to_owned(),
            },
            "Look for sessions that went down at the same time: their routers could not take it."
                .to_owned(),
        ],
        Kind::Specific => vec![format!(
            "Refuse prefixes longer than /24 (IPv4) and /48 (IPv6) on {}, but for those you \
             agreed to blackhole.",
            sessions(event, reference)
        )],
        Kind::Bogon => vec![format!(
            "Refuse special-purpose prefixes and AS numbers (IANA's registries) on {}.",
            sessions(event, reference)
        )],
        Kind::Surge => vec![
            "No network stands out. See which paths changed, and whether traffic still goes where \
             it should, before filtering anything."
                .to_owned(),
        ],
        Kind::Withdrawal => vec![format!(
            "The session is up, the routes are not. See where the traffic went and whether those \
             ways can carry it; then ask the other end of {}.",
            named(
                event.views.iter().filter(|view| view.rib.is_in()),
                reference
            )
        )],
        Kind::MaximumPrefix => vec![
            "See what grew. If it is the Internet, raise the limit; if it is a leak, the limit is \
             about to do its work and take the session down with all its routes."
                .to_owned(),
        ],
    };
    let recorded = event.views.iter().all(|view| view.router == "mrt");
    if recorded && reference.local_as.is_none() && !matches!(event.kind, Kind::Surge) {
        steps.push(
            "The sessions above are the collector's. On your own routers look for the examples \
             before you filter."
                .to_owned(),
        );
    }
    steps
}

/// Whether it is our own network, or one under the same administration, that does it.
pub fn is_ours(event: &IncidentEvent, reference: &Reference) -> bool {
    let ours = |offender| {
        let are = |local| reference.siblings.are(local, offender);
        reference.local_as.is_some_and(are)
    };
    event.offender.is_some_and(ours)
}

/// Nothing that comes in is to be refused: it is what goes out.
fn of_our_own(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    let edges = Edges::of(event, reference.local_as);
    let sent = |view: &&ViewName| view.rib.is_out();
    let to = if event.views.iter().any(|view| sent(&view)) {
        named(event.views.iter().filter(sent), reference)
    } else if edges.takers.is_empty() {
        "the neighbours they go to".to_owned()
    } else {
        names(&edges.takers)
    };
    match event.kind {
        Kind::Path => vec![
            "Our own AS is in these paths: see what we announced to the network that stands before \
             it in the examples, and with how much prepending. Our own routers drop what comes \
             back to them; the routers of others may not."
                .to_owned(),
        ],
        Kind::OwnPrefix => vec![
            format!(
                "Our own AS is the origin: see whether a router of ours sends it, most of all to \
                 {to} (a network statement, a redistribution, a blackhole or a split-up block that \
                 slipped out), and stop it there."
            ),
            "If none does, the path is made up: whoever stands before us in the examples announces \
             it. Announce the affected prefixes yourself, as specific where these are no longer \
             than /24 (IPv4) or /48 (IPv6), and see that their ROAs allow no longer ones than you \
             announce."
                .to_owned(),
        ],
        _ => vec![
            format!(
                "It is our own network. Look at what was changed last in its export policies, most \
                 of all to {to}: take that back, or announce there only what is ours and our \
                 customers'."
            ),
            "Look the examples up at a looking glass: it is over when the routes are gone there, \
             not when they are gone from our own tables."
                .to_owned(),
        ],
    }
}

/// Whether the network that leaks is a neighbour of ours, and it was us who let it pass.
pub fn is_direct(event: &IncidentEvent, reference: &Reference) -> bool {
    let edges = Edges::of(event, reference.local_as);
    let peers = |offender| event.views.iter().any(|view| view.peer_as == offender);
    edges.direct || (edges.takers.is_empty() && event.offender.is_some_and(peers))
}

fn leaked(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    let mut steps = Vec::new();
    let direct = is_direct(event, reference);
    let its = |view: &&ViewName| Some(view.peer_as) == event.offender && view.rib.is_in();
    if direct {
        let place = if event.views.iter().any(|view| its(&view)) {
            named(event.views.iter().filter(its), reference)
        } else {
            format!("the sessions with {}", who(event.offender))
        };
        steps.push(format!(
            "On {place}, take in only what {} and its customers may announce, or shut the session \
             until it has answered. Set a maximum-prefix limit there if there is none.",
            who(event.offender)
        ));
    }
    if !direct || !Edges::of(event, reference.local_as).takers.is_empty() {
        let refuse = refuse(event, reference);
        steps.push(format!("{}.", capital(&refuse)));
    }
    if event.covers > 0 {
        steps.push(
            "A lower local preference will not do: these are more-specifics, and the longest \
             match wins."
                .to_owned(),
        );
    }
    steps
}

/// Which routes to refuse where.
fn refuse(event: &IncidentEvent, reference: &Reference) -> String {
    let offender =
        |view: &&ViewName| comes_in(event, view, reference) && Some(view.peer_as) != event.offender;
    let sessions = match event.kind {
        Kind::Leak | Kind::MoreSpecific => named(event.views.iter().filter(offender), reference),
        _ => sessions(event, reference),
    };
    let Some(expression) = expression(event, reference) else {
        return format!("limit what {sessions} may send");
    };
    let but = match (event.kind, Edges::of(event, reference.local_as).few()) {
        // An edge that carries little else is refused whole; an AS may have routes of
        // its own that are wanted.
        (Kind::Origin, _) => ", but for its own prefixes",
        (_, None) => ", but for its own and its customers' prefixes",
        _ => "",
    };
    format!(
        "on {sessions}, refuse routes whose AS path matches {expression}{but}, until this is over"
    )
}

/// What the AS paths of an incident match, as most routers take it; none where there is nobody to
/// blame.
pub fn expression(event: &IncidentEvent, reference: &Reference) -> Option<String> {
    let offender = event.offender?.0;
    if event.kind == Kind::Origin {
        return Some(format!("_{offender}$"));
    }
    let edges = Edges::of(event, reference.local_as);
    Some(match edges.few() {
        Some([one]) => format!("_{}_{offender}_", one.0),
        Some(few) => {
            let few: Vec<String> = few.iter().map(|asn| asn.0.to_string()).collect();
            format!("_({})_{offender}_", few.join("|"))
        }
        None => format!("_{offender}_"),
    })
}

/// Whom to call and why, the first one first.
pub fn callees(event: &IncidentEvent, reference: &Reference) -> Vec<(Asn, &'static str)> {
    let mut callees = Vec::new();
    if event.kind.is_of_a_view() {
        let foreign = |view: &&ViewName| Some(view.peer_as) != reference.local_as;
        let other_end = event.views.iter().find(foreign);
        callees.extend(other_end.map(|view| (view.peer_as, "the other end of the session")));
        return callees;
    }
    let edges = Edges::of(event, reference.local_as);
    for taker in edges.takers.iter().take(FEW) {
        callees.push((*taker, "refusing it there ends it for everyone behind"));
    }
    if let Some(offender) = event.offender.filter(|_| !is_ours(event, reference)) {
        let why = match event.kind {
            Kind::Leak | Kind::MoreSpecific => "it must stop announcing them",
            _ => "it is the one that can mend it",
        };
        callees.push((offender, why));
    }
    callees
}

fn contact(asn: Asn, reference: &Reference) -> String {
    let Some(contact) = reference.contacts.get(asn) else {
        return format!("(No [[contact]] for it; PeeringDB lists its NOC under {asn}.)");
    };
    let ways = [&contact.phone, &contact.mail].into_iter().flatten();
    let parts: Vec<String> = std::iter::once(&contact.name)
        .chain(ways)
        .filter(|text| !text.is_empty())
        .map(|text| escape(text))
        .collect();
    parts.join(", ")
}

/// Names from the configuration, on one line.
fn escape(text: &str) -> String {
    Plain(text).to_string()
}

fn who(asn: Option<Asn>) -> String {
    asn.map_or_else(|| "the peer".to_owned(), |asn| asn.to_string())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The sessions an incident comes in by, named. Those it is sent on are not among them.
fn sessions(event: &IncidentEvent, reference: &Reference) -> String {
    let comes_in = |view: &&ViewName| comes_in(event, view, reference);
    named(event.views.iter().filter(comes_in), reference)
}

/// Whether an incident comes in here, so that it can be refused here. Between our own routers it
/// must not be: what one refuses another still follows.
pub fn comes_in(event: &IncidentEvent, view: &ViewName, reference: &Reference) -> bool {
    let internal = Some(view.peer_as) == reference.local_as && !event.kind.is_of_a_view();
    view.rib.is_in() && !internal
}

fn named<'e>(views: impl Iterator<Item = &'e ViewName>, reference: &Reference) -> String {
    let mut names: Vec<String> = Vec::new();
    for view in views {
        let name = session(view, reference);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => "the sessions on which they come in".to_owned(),
        [one] => one.clone(),
        many if many.len() <= MOST_SESSIONS => many.join(" and "),
        many => format!("all {} sessions on which they come in", many.len()),
    }
}

/// Networks in a row: `AS701 and AS2914`.
fn names(networks: &[Asn]) -> String {
    let names: Vec<String> = networks.iter().take(FEW).map(Asn::to_string).collect();
    names.join(" and ")
}

/// A session as people call it: its configured name, or AS and address.
pub fn session(view: &ViewName, reference: &Reference) -> String {
    let name = policy_name(view, reference).filter(|name| !name.is_empty());
    match name {
        Some(name) => escape(&name),
        None => format!("{} ({})", view.peer_as, view.peer),
    }
}

/// What the configuration calls the neighbour of this view.
pub fn policy_name(view: &ViewName, reference: &Reference) -> Option<String> {
    policy(view, reference).map(|policy| policy.name.clone())
}

/// What is configured of the neighbour of this view.
pub fn policy<'r>(view: &ViewName, reference: &'r Reference) -> Option<&'r PeerPolicy> {
    let mut key = PeerKey::mrt(view.peer.parse().ok()?, view.peer_as);
    if let Ok(address) = view.router.parse() {
        key.router = Router::bmp(address);
    }
    reference.peer_policy(&key)
}

/// What a router calls the table.
pub const fn table(rib: RibView) -> &'static str {
    match rib {
        RibView::AdjRibInPre => "received",
        RibView::AdjRibInPost => "received, after policy",
        RibView::LocRib => "chosen",
        RibView::AdjRibOutPre => "to be sent, before policy",
        RibView::AdjRibOutPost => "sent",
    }
}

#[cfg(test)]
mod tests;
