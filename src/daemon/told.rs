//! Where what the engines say goes: at once to the metrics and the recorder's box, and when that
//! has written it down, to the log and the board that HTTP shows.

use std::{sync::Arc, time::Instant};

use super::recorder::{Entry, Recorder};
use crate::{
    alert::{Trouble, is_canary},
    feed::{clock::instant, intake::Realm},
    http::Board,
    incident::{IncidentEvent, Output, Severity, Standing, Step},
    metrics::Metrics,
};

/// Tells what the engines say, on their thread. Never waits.
#[derive(Clone, Debug)]
pub struct Teller {
    /// What HTTP shows.
    pub board: Board,
    /// Where it is written down.
    pub recorder: Recorder,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Teller {
    /// Passes on what an engine said, and what is to be kept with it. `received` is when the
    /// batch was read that brought it; none if it was said because time passed.
    pub fn tell(&self, entries: Vec<Entry>, received: Option<Instant>) {
        for entry in &entries {
            if let Entry::Said(realm, Output::Incident(event)) = entry
                && matches!(event.event, Step::Opened | Step::Reopened)
                && !is_canary(event)
            {
                self.opened(*realm, event, received);
            }
        }
        if !entries.is_empty() {
            self.recorder.put_all(entries);
        }
    }

    /// Brings open incidents on the board to what they are now.
    pub fn refresh(&self, realm: Realm, open: Vec<IncidentEvent>) {
        self.board.refresh(realm, open);
    }

    fn opened(&self, realm: Realm, event: &IncidentEvent, received: Option<Instant>) {
        let metrics = &self.metrics.engine;
        let drill = if realm == Realm::Drill {
            "true"
        } else {
            "false"
        };
        metrics
            .incidents_opened
            .with_label_values(&[event.kind.name(), event.severity.name(), drill])
            .inc();
        if let Some(received) = received {
            let latency = instant().saturating_duration_since(received);
            metrics.incident_latency.observe(latency.as_secs_f64());
        }
    }
}

/// Shows what has been written down.
pub fn show(board: &Board, realm: Realm, output: &Output) {
    // Whoever reads of it in the log and asks then is shown it.
    board.tell(realm, output);
    match output {
        Output::Incident(event) => log(realm, event),
        Output::Standing(standing) => log_standing(realm, standing),
    }
}

/// One line for each step in a trouble of our own.
pub fn show_trouble(trouble: &Trouble) {
    let (id, summary) = (&trouble.id, &trouble.summary);
    match trouble.event {
        Step::Resolved => tracing::info!(id, summary, "trouble is over"),
        Step::Updated => tracing::error!(id, summary, "trouble is worse"),
        Step::Opened | Step::Reopened => tracing::error!(id, summary, "trouble"),
    }
}

/// One line for each step in an incident's life.
fn log(realm: Realm, event: &IncidentEvent) {
    let drill = realm == Realm::Drill;
    let (id, severity, summary) = (&event.id, event.severity.name(), &event.summary);
    let routes = event.routes.active;
    macro_rules! line {
        ($($level:ident)::+, $message:literal) => {
            tracing::event!($($level)::+, %id, severity, routes, drill, %summary, $message)
        };
    }
    let loud = event.severity > Severity::Info;
    match (event.event, loud) {
        (Step::Opened, true) => line!(tracing::Level::WARN, "incident opened"),
        (Step::Opened, false) => line!(tracing::Level::INFO, "incident opened"),
        (Step::Updated, true) => line!(tracing::Level::WARN, "incident is worse"),
        (Step::Updated, false) => line!(tracing::Level::INFO, "incident is worse"),
        (Step::Reopened, true) => line!(tracing::Level::WARN, "incident is back"),
        (Step::Reopened, false) => line!(tracing::Level::INFO, "incident is back"),
        (Step::Resolved, _) => line!(tracing::Level::INFO, "incident is over"),
    }
}

/// A table that was not clean when it was complete.
fn log_standing(realm: Realm, standing: &Standing) {
    let findings: u32 = standing.violations.values().sum();
    tracing::info!(
        router = %standing.view.router,
        peer = %standing.view.peer,
        peer_as = %standing.view.peer_as,
        family = ?standing.afi,
        routes = standing.routes,
        findings,
        drill = realm == Realm::Drill,
        "table complete"
    );
}
