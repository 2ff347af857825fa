//! What an incident says to the outside: the JSON contract, and one sentence.

use serde::{Deserialize, Serialize};

use super::{
    edges::Edges,
    evidence::{Item, Severity},
    record::{Incident, Kind},
};
use crate::{
    bgp::{Afi, Asn, Prefix, RibView, Timestamp},
    detect::{Detector, Verdict},
    reference::Reference,
    rib::{PathId, Rib, ViewId},
};

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// It was recognised: the one page.
    Opened,
    /// It is worse, or ten times larger, than last told.
    Updated,
    /// It is over.
    Resolved,
    /// It is back within the hour.
    Reopened,
}

/// A view, named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewName {
    /// The router, or `mrt`.
    pub router: String,
    /// The peer's address.
    pub peer: String,
    /// The peer's AS.
    pub peer_as: Asn,
    /// Which RIB.
    pub rib: RibView,
}

/// Numbers of distinct prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// Affected now.
    pub active: u32,
    /// Affected at once at the worst.
    pub peak: u32,
    /// Ever affected.
    pub total: u32,
}

/// Whose prefixes, by origin AS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Victim {
    /// Origin.
    pub asn: Asn,
    /// Its prefixes among those affected.
    pub routes: u32,
}

/// One affected route as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Prefix.
    pub prefix: Prefix,
    /// When it changed.
    pub time: Timestamp,
    /// AS path before; none if the route is new.
    pub before: Option<String>,
    /// AS path after.
    pub after: String,
}

/// An event in an incident's life, complete in itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// What happened to it.
    pub event: Step,
    /// It was made up: somebody plays a drill. Left out of the JSON where it is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// Deterministic name.
    pub id: String,
    /// Its place among all that was told of this incident, from 1. It goes on across restarts,
    /// so that id and number name the same step whoever tells it. 0 in what was written
    /// before it was counted.
    #[serde(default)]
    pub number: u32,
    /// When, in event time.
    pub time: Timestamp,
    /// What sort.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Who leaked.
    pub offender: Option<Asn>,
    /// Who accepted it; none if many did, or the router itself.
    pub neighbour: Option<Asn>,
    /// Where it is seen.
    pub views: Vec<ViewName>,
    /// Family of the view that is blamed; none where routes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afi: Option<Afi>,
    /// A session that showed it is down: whether it goes on cannot be seen there. Left out of the
    /// JSON where it is false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unobservable: bool,
    /// How many prefixes.
    pub routes: Routes,
    /// Distinct origins.
    pub origins: u32,
    /// Distinct covering prefixes of new more-specifics.
    pub covers: u32,
    /// Routes that went through the offender before, over all views; none where that was not
    /// measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<u32>,
    /// First affected route.
    pub first_seen: Timestamp,
    /// Last affected route.
    pub last_seen: Timestamp,
    /// Which detectors saw it.
    pub detectors: Vec<Detector>,
    /// Most affected origins.
    pub victims: Vec<Victim>,
    /// Examples.
    pub samples: Vec<Sample>,
    /// Why we think so, strongest first.
    pub evidence: Vec<Item>,
    /// One sentence.
    pub summary: String,
}

impl IncidentEvent {
    /// Says, first of all, that it is a drill.
    pub(super) fn mark_as_drill(&mut self) {
        self.drill = true;
        self.summary.insert_str(0, "DRILL: ");
    }
}

/// What was wrong in a view's table when it was first complete.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// When the table was complete.
    pub time: Timestamp,
    /// Whose table.
    #[serde(flatten)]
    pub view: ViewName,
    /// Family.
    pub afi: crate::bgp::Afi,
    /// Routes in it.
    pub routes: u32,
    /// Routes with a finding, by detector.
    pub violations: std::collections::BTreeMap<&'static str, u32>,
}

/// Origins named in an event; the count says how many there are.
const VICTIMS: usize = 10;

/// Names a view.
pub fn name_view(rib: &Rib<Verdict>, view: ViewId) -> Option<ViewName> {
    let key = rib.view_key(view)?;
    Some(ViewName {
        router: key.peer.router.to_string(),
        peer: key.peer.address.to_string(),
        peer_as: key.peer.asn,
        rib: key.rib,
    })
}

/// A view in an identity: `mrt-198.51.100.1-ipv4`, and which RIB where it is not the
/// pre-policy Adj-RIB-In.
pub fn view_slug(rib: &Rib<Verdict>, view: ViewId) -> Option<String> {
    let key = rib.view_key(view)?;
    let family = match key.afi {
        Afi::Ipv4 => "ipv4",
        Afi::Ipv6 => "ipv6",
    };
    let table = match key.rib {
        RibView::AdjRibInPre => "",
        RibView::AdjRibInPost => "-adj-rib-in-post",
        RibView::LocRib => "-loc-rib",
        RibView::AdjRibOutPre => "-adj-rib-out-pre",
        RibView::AdjRibOutPost => "-adj-rib-out-post",
    };
    Some(format!(
        "{}-{}-{family}{table}",
        key.peer.router, key.peer.address
    ))
}

fn path_text(rib: &Rib<Verdict>, path: PathId) -> Option<String> {
    path.is_some().then(|| rib.paths.path(path).to_string())
}

/// Writes down an incident as it stands.
pub fn event(
    step: Step,
    incident: &Incident,
    rib: &Rib<Verdict>,
    reference: &Reference,
    time: Timestamp,
) -> IncidentEvent {
    let mut views: Vec<ViewName> = incident
        .views
        .iter()
        .filter_map(|share| name_view(rib, share.view))
        .collect();
    views.sort_by(|a, b| (&a.router, &a.peer, a.peer_as).cmp(&(&b.router, &b.peer, b.peer_as)));
    views.dedup();
    let samples = incident
        .samples
        .iter()
        .filter_map(|one| {
            Some(Sample {
                prefix: rib.prefix(one.route.afi, one.route.row)?,
                time: one.time,
                before: path_text(rib, one.old),
                after: path_text(rib, one.new).unwrap_or_default(),
            })
        })
        .collect();
    let mut event = IncidentEvent {
        event: step,
        drill: false,
        id: incident.id.clone(),
        number: incident.told_count,
        time,
        kind: incident.key.kind,
        severity: incident.severity,
        confidence: incident.confidence,
        offender: incident.key.offender,
        neighbour: incident.key.neighbour,
        views,
        afi: incident
            .key
            .view
            .and_then(|view| rib.view_key(view))
            .map(|key| key.afi),
        unobservable: incident.is_unobservable(),
        routes: Routes {
            active: incident.active + incident.counted.0,
            peak: incident.peak + incident.counted.1,
            total: incident.total() + incident.counted.1,
        },
        origins: incident.victims.len() as u32,
        covers: incident.covers(),
        normal: (incident.evidence.burst > 0).then_some(incident.evidence.normal),
        first_seen: incident.first_seen,
        last_seen: incident.last_seen,
        detectors: incident.detectors(),
        victims: incident
            .top_victims(VICTIMS)
            .into_iter()
            .map(|(asn, routes)| Victim { asn, routes })
            .collect(),
        samples,
        evidence: incident.evidence.items(),
        summary: String::new(),
    };
    event.summary = summary(&event, reference);
    event
}

/// `AS15169 (Google)`, or without a name where none is known.
pub fn as_name(asn: Asn, reference: &Reference) -> String {
    match reference
        .contacts
        .get(asn)
        .map(|contact| contact.name.clone())
    {
        Some(name) if !name.is_empty() => format!("{asn} ({name})"),
        _ => match crate::reference::lists::name(asn) {
            Some(name) => format!("{asn} ({name})"),
            None => asn.to_string(),
        },
    }
}

/// `1 route`, `2 routes`, `160,000 routes`.
fn routes_of(count: u32) -> String {
    if count == 1 {
        "1 route".to_owned()
    } else {
        format!("{} routes", grouped(count))
    }
}

fn prefixes_of(count: u32) -> String {
    if count == 1 {
        "1 prefix".to_owned()
    } else {
        format!("{} prefixes", grouped(count))
    }
}

/// A count with commas between thousands.
pub fn grouped(count: u32) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn summary(event: &IncidentEvent, reference: &Reference) -> String {
    let who = match event.offender {
        Some(offender) => as_name(offender, reference),
        None if !event.kind.is_of_a_view() => "A group of networks".to_owned(),
        None => match event.views.first() {
            Some(view) => format!("Peer {} ({}) of {}", view.peer, view.peer_as, view.router),
            None => "A peer".to_owned(),
        },
    };
    let through = match event.neighbour {
        Some(neighbour) => {
            let edges = Edges::of(event, reference.local_as);
            let takers = edges.takers.len() + usize::from(edges.direct);
            let alone = takers <= 1 && !edges.others;
            let more = if alone { "" } else { " and others" };
            format!(" through {}{more}", as_name(neighbour, reference))
        }
        None => String::new(),
    };
    let count = routes_of(event.routes.peak);
    let of = match event.origins {
        0 | 1 => String::new(),
        many => format!(" of {} origins", grouped(many)),
    };
    let mut text = match event.kind {
        Kind::Leak => format!("{who} leaks {count}{of}{through}"),
        Kind::MoreSpecific => {
            format!("{who} announces {count}{of} as more-specifics never seen before{through}")
        }
        Kind::Origin => format!("{who} announces {count} not its own{through}"),
        Kind::Path => format!("{who} sends {count} with a path no router needs{through}"),
        Kind::Specific => format!("{who} announces {count}{of} too specific to carry{through}"),
        Kind::Bogon => format!("{who} announces {count} with special-purpose numbers{through}"),
        Kind::Visibility => format!(
            "Our own address space goes missing: {} gone from more than half of the views that \
             had it",
            prefixes_of(event.routes.peak)
        ),
        Kind::OwnPrefix => format!("{who} announces {count} of our own address space{through}"),
        Kind::Surge => format!("{who} changes {count} in a minute, far more than usual"),
        Kind::Withdrawal => {
            format!("{who} withdraws {count}, a good part of what it had, session up")
        }
        Kind::MaximumPrefix => {
            format!("{who} has {count}, close to a limit on the number of routes")
        }
    };
    if event.event == Step::Resolved {
        let end = if event.unobservable {
            "; it can no longer be seen"
        } else {
            "; over"
        };
        text.push_str(end);
    }
    text
}
