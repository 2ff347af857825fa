//! `/api/v1/status`: how it goes, in one object.

use std::collections::BTreeMap;

use axum::{extract::State, http::Uri, response::Response};
use serde::Serialize;

use super::{health::waiting, json};
use crate::{
    alert::{SinkState, Trouble},
    bgp::Timestamp,
    detect::{Detector, Phase},
    engine::{Counters, Snapshot},
    feed::{
        bmp::{RouterState, Standing},
        intake::Realm,
    },
    http::{Desk, Shared, Telling, params::Params, problem::Problem},
    incident::Severity,
    store::Durability,
};

#[derive(Serialize)]
pub(in crate::http) struct Status {
    pub version: &'static str,
    pub started: Timestamp,
    pub time: Timestamp,
    pub uptime_seconds: u64,
    pub ready: bool,
    pub waiting: Vec<String>,
    pub heartbeat_seconds: f64,
    pub routers: Routers,
    pub engine: Figures,
    pub incidents: Open,
    /// Incidents that are over and still kept.
    pub resolved: u32,
    pub drill: Option<Drill>,
    pub telling: Told,
    pub counters: Sums,
}

/// Whether incidents are written down and told.
#[derive(Serialize)]
pub(in crate::http) struct Told {
    time: Timestamp,
    journal: Journal,
    sinks: Vec<Sink>,
    troubles: Vec<Trouble>,
}

#[derive(Serialize)]
struct Journal {
    state: &'static str,
    since: Option<Timestamp>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Sink {
    name: String,
    waiting: usize,
    oldest: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    attempts: u32,
    refused: u32,
    error: Option<String>,
}

/// Routers that are no drill's, by how they stand.
#[derive(Default, Serialize)]
pub(in crate::http) struct Routers {
    pub connecting: u32,
    pub up: u32,
    pub stale: u32,
    pub gone: u32,
    /// Of those that are up: they send no routes.
    pub silent: u32,
}

impl Routers {
    fn of(routers: &[RouterState]) -> Routers {
        let mut counts = Routers::default();
        for router in routers.iter().filter(|router| !router.drill) {
            *match router.state {
                Standing::Connecting => &mut counts.connecting,
                Standing::Up => &mut counts.up,
                Standing::Stale => &mut counts.stale,
                Standing::Gone => &mut counts.gone,
            } += 1;
            counts.silent += u32::from(router.silent);
        }
        counts
    }
}

/// What an engine holds.
#[derive(Serialize)]
pub(in crate::http) struct Figures {
    pub time: Timestamp,
    pub views: Views,
    pub routes: u64,
    pub prefixes: Families,
    pub paths: usize,
    pub memory_bytes: usize,
    pub findings: BTreeMap<&'static str, u32>,
}

/// Tables, by what they may do.
#[derive(Default, Serialize)]
pub(in crate::http) struct Views {
    pub dumping: u32,
    pub warming: u32,
    pub live: u32,
    pub down: u32,
    pub stale: u32,
}

#[derive(Serialize)]
pub(in crate::http) struct Families {
    pub ipv4: u32,
    pub ipv6: u32,
}

/// Open incidents.
#[derive(Default, Serialize)]
pub(in crate::http) struct Open {
    pub critical: u32,
    pub warning: u32,
    pub info: u32,
}

#[derive(Serialize)]
pub(in crate::http) struct Drill {
    pub engine: Figures,
    pub incidents: Open,
}

/// Sums since the start.
#[derive(Serialize)]
pub(in crate::http) struct Sums {
    announced: u64,
    changed: u64,
    unchanged: u64,
    withdrawn: u64,
    swept: u64,
    routes_refused: u64,
    views_refused: u64,
    raised: BTreeMap<&'static str, u64>,
    cleared: BTreeMap<&'static str, u64>,
}

pub(super) async fn status(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    Ok(json(&Status::of(&shared.desk)))
}

impl Status {
    pub(in crate::http) fn of(desk: &Desk) -> Status {
        let live = desk.live.borrow().clone();
        let drill = desk.drill.borrow().clone();
        let now = (desk.clock)();
        let waiting = waiting(desk);
        let records = desk.board.incidents();
        let open = |realm| {
            let mut open = Open::default();
            for record in &records {
                if record.realm == realm && record.resolved.is_none() {
                    *match record.last.severity {
                        Severity::Critical => &mut open.critical,
                        Severity::Warning => &mut open.warning,
                        Severity::Info => &mut open.info,
                    } += 1;
                }
            }
            open
        };
        Status {
            version: env!("CARGO_PKG_VERSION"),
            started: desk.started,
            time: now,
            uptime_seconds: now.since(desk.started).as_secs(),
            ready: waiting.is_empty(),
            waiting,
            heartbeat_seconds: (desk.heartbeat)().as_secs_f64(),
            routers: Routers::of(&(desk.routers)()),
            engine: Figures::of(&live),
            incidents: open(Realm::Live),
            resolved: records.iter().filter(|one| one.resolved.is_some()).count() as u32,
            drill: drill.map(|drill| Drill {
                engine: Figures::of(&drill),
                incidents: open(Realm::Drill),
            }),
            telling: Told::of(&desk.telling.borrow()),
            counters: Sums::of(&live.counters),
        }
    }
}

impl Told {
    fn of(telling: &Telling) -> Told {
        let (state, since, error) = match &telling.journal {
            Durability::Durable => ("durable", None, None),
            Durability::Volatile => ("volatile", None, None),
            Durability::Degraded { since, why } => ("degraded", Some(*since), Some(why.clone())),
        };
        let sink = |sink: &SinkState| {
            let failing = sink.failing.as_ref();
            Sink {
                name: sink.name.clone(),
                waiting: sink.waiting,
                oldest: sink.oldest,
                failing_since: failing.map(|failing| failing.since),
                attempts: failing.map_or(0, |failing| failing.attempts),
                refused: failing.map_or(0, |failing| failing.refused),
                error: failing.map(|failing| failing.why.clone()),
            }
        };
        Told {
            time: telling.time,
            journal: Journal {
                state,
                since,
                error,
            },
            sinks: telling.sinks.iter().map(sink).collect(),
            troubles: telling.troubles.clone(),
        }
    }
}

impl Figures {
    fn of(snapshot: &Snapshot) -> Figures {
        let mut views = Views::default();
        for view in &snapshot.views {
            *match view.phase {
                Phase::Dumping => &mut views.dumping,
                Phase::Warming => &mut views.warming,
                Phase::Live => &mut views.live,
                Phase::Down => &mut views.down,
            } += 1;
            views.stale += u32::from(view.stale);
        }
        Figures {
            time: snapshot.time,
            views,
            routes: snapshot
                .views
                .iter()
                .map(|view| u64::from(view.routes))
                .sum(),
            prefixes: Families {
                ipv4: snapshot.prefixes.0,
                ipv6: snapshot.prefixes.1,
            },
            paths: snapshot.paths,
            memory_bytes: snapshot.memory,
            findings: by_name(&snapshot.standing),
        }
    }
}

impl Sums {
    fn of(counters: &Counters) -> Sums {
        Sums {
            announced: counters.announced,
            changed: counters.changed,
            unchanged: counters.unchanged,
            withdrawn: counters.withdrawn,
            swept: counters.swept,
            routes_refused: counters.routes_refused,
            views_refused: counters.views_refused,
            raised: by_name(&counters.raised),
            cleared: by_name(&counters.cleared),
        }
    }
}

/// Counts by detector, without those at zero.
fn by_name<T: Copy + Default + PartialEq>(counts: &[T]) -> BTreeMap<&'static str, T> {
    Detector::ALL
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count != T::default())
        .map(|(detector, count)| (detector.name(), *count))
        .collect()
}
