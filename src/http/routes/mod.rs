//! What can be asked for, one file each.

mod events;
mod health;
mod incidents;
mod page;
mod peers;
mod report;
mod status;
mod table;

pub(super) use incidents::order;
pub(super) use status::Status;

use axum::{
    Json, Router,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use super::{Shared, guard};

/// The contract of the JSON interface, for programs.
const OPENAPI: &str = include_str!("../openapi.json");

type Route = (&'static str, fn() -> MethodRouter<Shared>);

const ROUTES: [Route; 20] = [
    ("/", || get(page::overview)),
    ("/incidents/{id}", || get(page::incident)),
    ("/routes", || get(page::lookup)),
    ("/status.css", || get(page::style)),
    ("/status.js", || get(page::script)),
    ("/icon.svg", || get(page::icon)),
    ("/favicon.ico", || get(page::icon)),
    ("/metrics", || get(health::metrics)),
    ("/healthz", || get(health::healthz)),
    ("/readyz", || get(health::readyz)),
    ("/api/v1/status", || get(status::status)),
    ("/api/v1/routers", || get(peers::routers)),
    ("/api/v1/peers", || get(peers::peers)),
    ("/api/v1/incidents", || get(incidents::list)),
    ("/api/v1/incidents/{id}", || get(incidents::one)),
    ("/api/v1/incidents/{id}/report", || get(report::report)),
    ("/api/v1/incidents/{id}/bundle", || get(report::bundle)),
    ("/api/v1/routes", || get(table::routes)),
    ("/api/v1/events", || get(events::follow)),
    ("/api/v1/openapi.json", || get(openapi)),
];

/// Every path that is answered, as the `OpenAPI` document writes them.
pub const PATHS: [&str; ROUTES.len()] = {
    let mut paths = [""; ROUTES.len()];
    let mut at = 0;
    while at < paths.len() {
        paths[at] = ROUTES[at].0;
        at += 1;
    }
    paths
};

pub(super) fn router(shared: Shared) -> Router {
    let mut router = Router::new();
    for (path, route) in ROUTES {
        router = router.route(path, route());
    }
    router
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::only_reads)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared)
}

/// Something as JSON.
fn json<T: serde::Serialize>(value: &T) -> Response {
    Json(value).into_response()
}

async fn openapi() -> Response {
    text("application/json", OPENAPI)
}

/// A text that never changes.
fn text(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
