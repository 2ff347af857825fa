//! `/metrics`, and whether the daemon lives and sees.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::json;
use crate::{
    detect::Phase,
    engine::ViewState,
    http::{Desk, Shared, problem::Problem},
    metrics::Metrics,
};

/// The engine says each second that it works; after this it does not.
const STALLED: Duration = Duration::from_secs(10);
/// Reasons that are told one by one.
const MOST_REASONS: usize = 20;

pub(super) async fn metrics(State(shared): State<Shared>) -> Result<Response, Problem> {
    let metrics = shared.desk.metrics.clone();
    // Thousands of peers take some tens of milliseconds: not on a thread that serves.
    let text = tokio::task::spawn_blocking(move || metrics.text()).await;
    let Ok(Ok(text)) = text else {
        return Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics could not be written out",
        ));
    };
    let mut response = text.into_response();
    let kind = HeaderValue::from_static(Metrics::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

#[derive(Serialize)]
struct Healthy {
    status: &'static str,
    heartbeat_seconds: f64,
}

pub(super) async fn healthz(State(shared): State<Shared>) -> Result<Response, Problem> {
    let beat = (shared.desk.heartbeat)();
    if beat > STALLED {
        return Err(stalled(beat));
    }
    Ok(json(&Healthy {
        status: "ok",
        heartbeat_seconds: beat.as_secs_f64(),
    }))
}

fn stalled(beat: Duration) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        format!(
            "the engine has not said for {} s that it works",
            beat.as_secs()
        ),
    )
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
}

pub(super) async fn readyz(State(shared): State<Shared>) -> Result<Response, Problem> {
    let reasons = waiting(&shared.desk);
    if reasons.is_empty() {
        return Ok(json(&Ready { status: "ready" }));
    }
    let detail = "not everything that is fed is complete yet: what is new cannot be told from \
                  what was there";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).because(reasons))
}

/// Why it does not see everything yet; nothing if it does.
pub(super) fn waiting(desk: &Desk) -> Vec<String> {
    let mut reasons = Vec::new();
    let beat = (desk.heartbeat)();
    if beat > STALLED {
        reasons.push(format!(
            "the engine stands still since {} s",
            beat.as_secs()
        ));
    }
    reasons.extend((desk.waiting)());
    let snapshot = desk.live.borrow();
    if snapshot.views.is_empty() && reasons.is_empty() {
        reasons.push("no router has connected and no file was read yet".to_owned());
    }
    let first_dumps = snapshot.views.iter().filter(|view| is_filling(view));
    let count = first_dumps.clone().count();
    for view in first_dumps.take(MOST_REASONS) {
        reasons.push(sentence(view));
    }
    if count > MOST_REASONS {
        reasons.push(format!("and {} tables more", count - MOST_REASONS));
    }
    reasons
}

/// Whether a view's first table is not complete. One that is sent again is compared
/// with what was there, so it sees.
fn is_filling(view: &ViewState) -> bool {
    match view.phase {
        Phase::Dumping => !view.had_table,
        Phase::Warming => true,
        Phase::Live | Phase::Down => false,
    }
}

fn sentence(view: &ViewState) -> String {
    let what = if view.phase == Phase::Warming {
        "has no table to compare with yet"
    } else {
        "is still being sent"
    };
    format!(
        "{}: the table of {} ({}) {what}, {} routes so far",
        view.peer.router, view.peer.address, view.peer.asn, view.routes
    )
}
