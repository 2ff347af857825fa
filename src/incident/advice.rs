//! What to do about an incident: at which session, with what filter, whom to call.
//!
//! No vendor's syntax: AS-path expressions are written as most routers take them
//! (`_701_15169_` is a path with 701 directly before 15169).

use super::{
    Kind,
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
            format!(
                "Refuse such routes on {}: limit the length of AS paths (100 is customary, \
                 no known network needs 50; some routers reset sessions at 75 or 255 of their own \
                 accord).",
                sessions(event, reference)
            ),
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
            sessions(event, reference)
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

/// Whether the network that leaks is a neighbour of ours, and it was us who let it pass.
pub fn is_direct(event: &IncidentEvent, reference: &Reference) -> bool {
    let peers = |offender| event.views.iter().any(|view| view.peer_as == offender);
    event.offender.is_some_and(peers)
        && event
            .neighbour
            .is_none_or(|neighbour| reference.local_as == Some(neighbour))
}

fn leaked(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    let mut steps = Vec::new();
    if is_direct(event, reference) {
        let its = |view: &&ViewName| Some(view.peer_as) == event.offender;
        steps.push(format!(
            "On {}, take in only what {} and its customers may announce, or shut the session \
             until it has answered. Set a maximum-prefix limit there if there is none.",
            named(event.views.iter().filter(its), reference),
            who(event.offender)
        ));
    } else {
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
    let expression = match (event.kind, event.offender, event.neighbour) {
        (Kind::Origin, Some(offender), _) => format!("_{}$", offender.0),
        (_, Some(offender), Some(neighbour)) => format!("_{}_{}_", neighbour.0, offender.0),
        (_, Some(offender), None) => format!("_{}_", offender.0),
        (_, None, _) => {
            return format!("limit what {} may send", sessions(event, reference));
        }
    };
    let but = match (event.kind, event.offender, event.neighbour) {
        // An edge that carries little else is refused whole; an AS may have routes of
        // its own that are wanted.
        (Kind::Origin, ..) => ", but for its own prefixes",
        (_, _, None) => ", but for its own and its customers' prefixes",
        _ => "",
    };
    format!(
        "on {}, refuse routes whose AS path matches {expression}{but}, until this is over",
        sessions(event, reference)
    )
}

/// Whom to call and why, the first one first.
pub fn callees(event: &IncidentEvent, reference: &Reference) -> Vec<(Asn, &'static str)> {
    let mut callees = Vec::new();
    let blamed = !matches!(
        event.kind,
        Kind::Surge | Kind::Withdrawal | Kind::MaximumPrefix
    );
    if let Some(neighbour) = event
        .neighbour
        .filter(|&asn| Some(asn) != reference.local_as)
    {
        callees.push((neighbour, "refusing it there ends it for everyone behind"));
    }
    if let Some(offender) = event.offender.filter(|_| blamed) {
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
    named(event.views.iter(), reference)
}

fn named<'e>(views: impl Iterator<Item = &'e ViewName>, reference: &Reference) -> String {
    let mut names: Vec<String> = Vec::new();
    for view in views {
        let inbound = matches!(view.rib, RibView::AdjRibInPre | RibView::AdjRibInPost);
        let name = session(view, reference);
        if inbound && !names.contains(&name) {
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
mod tests {
    use super::*;

    /// A leak seen on these sessions: peer, its AS, table.
    fn leak(neighbour: u32, offender: u32, views: &[(&str, u32, &str)]) -> IncidentEvent {
        let views: Vec<_> = views
            .iter()
            .map(|(peer, asn, rib)| {
                serde_json::json!({
                    "router": "192.0.2.1", "peer": peer, "peer_as": asn, "rib": rib
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "event": "opened",
            "id": "x",
            "time": "2017-08-25T03:22:10Z",
            "kind": "leak",
            "severity": "critical",
            "confidence": 0.9,
            "offender": offender,
            "neighbour": neighbour,
            "views": views,
            "routes": { "active": 1000, "peak": 1000, "total": 1000 },
            "origins": 2,
            "covers": 0,
            "normal": 640,
            "first_seen": "2017-08-25T03:22:01Z",
            "last_seen": "2017-08-25T03:22:10Z",
            "detectors": [],
            "victims": [],
            "samples": [],
            "evidence": [],
            "summary": "",
        }))
        .unwrap()
    }

    fn first(event: &IncidentEvent) -> String {
        let reference = Reference {
            local_as: Some(Asn(64500)),
            ..Reference::default()
        };
        measures(event, &reference).swap_remove(0)
    }

    #[test]
    fn a_session_on_which_we_send_or_choose_is_not_one_to_filter_on() {
        let mut views = vec![
            ("198.51.100.1", 701, "adj-rib-in-pre"),
            ("198.51.100.2", 1299, "adj-rib-out-post"),
            ("198.51.100.3", 64500, "loc-rib"),
            ("198.51.100.1", 701, "adj-rib-in-post"),
        ];
        let said = first(&leak(701, 15169, &views));
        assert!(
            said.starts_with("On AS701 (198.51.100.1), refuse"),
            "{said}"
        );
        views.retain(|(_, _, rib)| !rib.starts_with("adj-rib-in"));
        let said = first(&leak(701, 15169, &views));
        let begins = "On the sessions on which they come in, refuse";
        assert!(said.starts_with(begins), "{said}");
    }

    #[test]
    fn many_sessions_are_counted_each_once() {
        let mut views: Vec<(&str, u32, &str)> = ["1", "2", "3", "4"]
            .map(|asn| (asn, asn.parse().unwrap(), "adj-rib-in-pre"))
            .to_vec();
        views.extend(views.clone());
        let said = first(&leak(701, 15169, &views));
        let begins = "On all 4 sessions on which they come in, refuse";
        assert!(said.starts_with(begins), "{said}");
    }

    #[test]
    fn only_the_session_of_a_neighbour_that_leaks_itself_may_be_shut() {
        let views = [
            ("198.51.100.1", 701, "adj-rib-in-pre"),
            ("198.51.100.2", 64500, "adj-rib-in-pre"),
        ];
        let said = first(&leak(64500, 701, &views));
        assert!(
            said.starts_with("On AS701 (198.51.100.1), take in"),
            "{said}"
        );
    }
}
