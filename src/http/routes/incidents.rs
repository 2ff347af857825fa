//! `/api/v1/incidents`, and one of them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::Response,
};
use serde::Serialize;

use super::{blocking, json};
use crate::{
    alert::quiet::{Acknowledgement, Hush, Mute, Seen, Sentence},
    bgp::{Asn, Timestamp},
    feed::intake::Realm,
    http::{Desk, Record, Shared, Stage, params::Params, problem::Problem},
    incident::{
        IncidentEvent, Kind, Severity, advice,
        edges::Edges,
        report::{Routes, as_name},
    },
    reference::Reference,
};

const SOME: usize = 100;
const MOST: usize = 10_000;

const SEVERITIES: [(&str, Severity); 3] = [
    ("critical", Severity::Critical),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];

/// An incident in a list.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    drill: bool,
    state: &'static str,
    severity: Severity,
    worst: Severity,
    kind: Kind,
    confidence: f64,
    opened: Timestamp,
    resolved: Option<Timestamp>,
    first_seen: Timestamp,
    last_seen: Timestamp,
    offender: Option<Asn>,
    neighbour: Option<Asn>,
    routes: Routes,
    origins: u32,
    views: usize,
    summary: &'a str,
    #[serde(flatten)]
    hush: Hushed,
}

/// Whether people hear of it, and if not, on whose word.
#[derive(Serialize)]
struct Hushed {
    quiet: bool,
    quiet_because: Vec<Sentence>,
    muted_until: Option<Timestamp>,
    mutes: Vec<Mute>,
    acknowledged: Option<Acknowledgement>,
    expected: Option<Seen>,
}

#[derive(Serialize)]
struct List<'a> {
    time: Timestamp,
    incidents: Vec<Listed<'a>>,
    total: usize,
    truncated: bool,
}

/// An incident with all that is known of it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    time: Timestamp,
    incident: &'a IncidentEvent,
    timeline: &'a [Stage],
    timeline_omitted: u32,
    /// Names of the networks in it, where one is known.
    names: BTreeMap<Asn, String>,
    /// What the configuration calls the peers in it, by address.
    sessions: BTreeMap<&'a str, String>,
    /// Our own network.
    local_as: Option<Asn>,
    actions: Vec<String>,
}

pub(super) async fn list(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["state", "severity", "drill", "limit"])?;
    let open = params.word("state", &[("open", true), ("resolved", false)])?;
    let least = params.word("severity", &SEVERITIES)?;
    let drill = params.flag("drill")?;
    let limit = params.limit(SOME, MOST)?;
    let mut records = shared.desk.board.incidents();
    records.retain(|record| {
        open.is_none_or(|open| open == record.resolved.is_none())
            && least.is_none_or(|least| record.last.severity >= least)
            && drill.is_none_or(|drill| drill == (record.realm == Realm::Drill))
    });
    order(&mut records);
    Ok(json(&List {
        time: (shared.desk.clock)(),
        total: records.len(),
        truncated: records.len() > limit,
        incidents: records
            .iter()
            .take(limit)
            .map(|one| Listed::of(one, &shared.desk))
            .collect(),
    }))
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill"])?;
    let record = find(&shared, &id, params.flag("drill")?).await?;
    let reference = Arc::clone(&shared.desk.reference.borrow());
    let event = &record.last;
    Ok(json(&Whole {
        listed: Listed::of(&record, &shared.desk),
        time: (shared.desk.clock)(),
        incident: event,
        timeline: &record.timeline,
        timeline_omitted: record.omitted,
        names: names(event, &reference),
        sessions: event
            .views
            .iter()
            .filter_map(|view| Some((&*view.peer, advice::policy_name(view, &reference)?)))
            .filter(|(_, name)| !name.is_empty())
            .collect(),
        local_as: reference.local_as,
        actions: advice::steps(event, &reference),
    }))
}

/// The incident called `id`; of the real routers unless it is said otherwise or only a
/// drill has it. What only the journal still has is read where nobody waits for the disk.
pub(super) async fn find(
    shared: &Shared,
    id: &str,
    drill: Option<bool>,
) -> Result<Arc<Record>, Problem> {
    let on_board = |realm| shared.desk.board.incident(realm, id);
    if let Some(record) = realms(drill).iter().find_map(|realm| on_board(*realm)) {
        return Ok(record);
    }
    let (desk, id) = (shared.clone(), id.to_owned());
    blocking(shared, move || find_or_read(&desk, &id, drill)).await
}

/// As [`find`], for those who may wait for a disk.
pub(super) fn find_or_read(
    shared: &Shared,
    id: &str,
    drill: Option<bool>,
) -> Result<Arc<Record>, Problem> {
    let desk = &shared.desk;
    let realms = realms(drill).iter();
    let on_board = |realm: &Realm| desk.board.incident(*realm, id);
    let read = |realm: &Realm| (desk.journal)(id, *realm == Realm::Drill).map(Arc::new);
    let found = realms.clone().find_map(on_board);
    found
        .or_else(|| realms.clone().find_map(read))
        .ok_or_else(|| unknown(id))
}

const fn realms(drill: Option<bool>) -> &'static [Realm] {
    match drill {
        None => &[Realm::Live, Realm::Drill],
        Some(false) => &[Realm::Live],
        Some(true) => &[Realm::Drill],
    }
}

fn unknown(id: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!(
            "no incident is called `{}`, or it was over so long ago that it is no longer kept; \
             /api/v1/incidents lists those that are",
            crate::http::show(id)
        ),
    )
}

/// Open ones first, real ones before drills, the worst first, then the latest.
pub(in crate::http) fn order(records: &mut [Arc<Record>]) {
    records.sort_by(|a, b| {
        a.resolved
            .is_some()
            .cmp(&b.resolved.is_some())
            .then(
                (a.resolved.is_none() && a.realm == Realm::Drill)
                    .cmp(&(b.resolved.is_none() && b.realm == Realm::Drill)),
            )
            .then_with(|| match (a.resolved, b.resolved) {
                (Some(a), Some(b)) => b.cmp(&a),
                _ => b.last.severity.cmp(&a.last.severity),
            })
            .then(b.opened.cmp(&a.opened))
            .then_with(|| a.last.id.cmp(&b.last.id))
    });
}

fn names(event: &IncidentEvent, reference: &Reference) -> BTreeMap<Asn, String> {
    let victims = event.victims.iter().map(|victim| victim.asn);
    let takers = Edges::of(event, reference.local_as).takers;
    let blamed = event.offender.into_iter().chain(takers);
    blamed
        .chain(victims)
        .filter_map(|asn| {
            let full = as_name(asn, reference);
            let name = full.strip_prefix(&format!("{asn} ("))?.strip_suffix(')')?;
            Some((asn, crate::http::show(name)))
        })
        .collect()
}

impl<'a> Listed<'a> {
    fn of(record: &'a Record, desk: &Desk) -> Listed<'a> {
        let event = &record.last;
        Listed {
            id: &event.id,
            drill: record.realm == Realm::Drill,
            state: if record.resolved.is_some() {
                "resolved"
            } else {
                "open"
            },
            severity: event.severity,
            worst: record.worst,
            kind: event.kind,
            confidence: event.confidence,
            opened: record.opened,
            resolved: record.resolved,
            first_seen: event.first_seen,
            last_seen: event.last_seen,
            offender: event.offender,
            neighbour: event.neighbour,
            routes: event.routes,
            origins: event.origins,
            views: event.views.len(),
            summary: &event.summary,
            hush: Hushed::of(desk.quiet.hush(event, (desk.wall)())),
        }
    }
}

impl Hushed {
    fn of(hush: Hush) -> Hushed {
        Hushed {
            quiet: hush.is_quiet(),
            quiet_because: hush.sentences(),
            muted_until: hush.muted_until(),
            mutes: hush.mutes,
            acknowledged: hush.acknowledged,
            expected: hush.expected,
        }
    }
}
