//! What can be asked for, one file each.

mod events;
mod health;
mod incidents;
mod named;
mod page;
mod peers;
mod quiet;
mod report;
mod status;
mod table;

pub(super) use incidents::order;
pub(super) use status::Status;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderValue, Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post},
};

use super::{Shared, guard, problem::Problem};

/// The contract of the JSON interface, for programs.
const OPENAPI: &str = include_str!("../openapi.json");

/// A path, its methods and who answers.
struct Route {
    path: &'static str,
    methods: Methods,
    answers: fn() -> MethodRouter<Shared>,
}

/// Which methods a path has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Methods {
    /// It is only looked at.
    Read,
    /// It is a list that can be added to.
    ReadAdd,
    /// Something that can be taken away.
    Remove,
    /// Something that can be made and taken away.
    AddRemove,
}

impl Methods {
    const fn allowed(self) -> &'static str {
        match self {
            Methods::Read => "GET, HEAD",
            Methods::ReadAdd => "GET, HEAD, POST",
            Methods::Remove => "DELETE",
            Methods::AddRemove => "POST, DELETE",
        }
    }
}

const fn read(path: &'static str, answers: fn() -> MethodRouter<Shared>) -> Route {
    Route {
        path,
        methods: Methods::Read,
        answers,
    }
}

const fn change(
    path: &'static str,
    methods: Methods,
    answers: fn() -> MethodRouter<Shared>,
) -> Route {
    Route {
        path,
        methods,
        answers,
    }
}

const ROUTES: [Route; 26] = [
    read("/", || get(page::overview)),
    read("/incidents/{id}", || get(page::incident)),
    read("/routes", || get(page::lookup)),
    read("/status.css", || get(page::style)),
    read("/status.js", || get(page::script)),
    read("/icon.svg", || get(page::icon)),
    read("/favicon.ico", || get(page::icon)),
    read("/metrics", || get(health::metrics)),
    read("/healthz", || get(health::healthz)),
    read("/readyz", || get(health::readyz)),
    read("/api/v1/status", || get(status::status)),
    read("/api/v1/routers", || get(peers::routers)),
    read("/api/v1/peers", || get(peers::peers)),
    read("/api/v1/incidents", || get(incidents::list)),
    read("/api/v1/incidents/{id}", || get(incidents::one)),
    read("/api/v1/incidents/{id}/report", || get(report::report)),
    read("/api/v1/incidents/{id}/bundle", || get(report::bundle)),
    change(
        "/api/v1/incidents/{id}/acknowledgement",
        Methods::AddRemove,
        || post(quiet::acknowledge).delete(quiet::take_back),
    ),
    change("/api/v1/mutes", Methods::ReadAdd, || {
        get(quiet::mutes).post(quiet::mute)
    }),
    change("/api/v1/mutes/{id}", Methods::Remove, || {
        delete(quiet::unmute)
    }),
    change("/api/v1/expected", Methods::ReadAdd, || {
        get(quiet::expected).post(quiet::expect)
    }),
    change("/api/v1/expected/{id}", Methods::Remove, || {
        delete(quiet::expect_no_more)
    }),
    read("/api/v1/quiet-log", || get(quiet::record)),
    read("/api/v1/routes", || get(table::routes)),
    read("/api/v1/events", || get(events::follow)),
    read("/api/v1/openapi.json", || get(openapi)),
];

/// Every path that is answered, as the `OpenAPI` document writes them.
pub const PATHS: [&str; ROUTES.len()] = {
    let mut paths = [""; ROUTES.len()];
    let mut at = 0;
    while at < paths.len() {
        paths[at] = ROUTES[at].path;
        at += 1;
    }
    paths
};

/// The methods of a path, as the header `Allow` lists them.
pub(super) fn allowed(path: &str) -> &'static str {
    let route = ROUTES.iter().find(|route| route.path == path);
    route.map_or(Methods::Read, |route| route.methods).allowed()
}

/// What waits for the engine or a disk, or takes a while, is done where nobody waits for it, for
/// so many at once.
async fn blocking<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let Ok(permit) = Arc::clone(&shared.waiting).try_acquire_owned() else {
        return Err(Problem::busy("too many wait for the disk or the engine"));
    };
    let done = tokio::task::spawn_blocking(move || {
        // Held until it is done, also where whoever asked has gone.
        let _permit = permit;
        work()
    });
    let done = done.await;
    done.map_err(|_| Problem::busy("the daemon is ending"))?
}

/// Whether a request with this method changes something here. A path that has no such method
/// answers that it has not.
pub(super) fn is_change(path: &str, method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
        && allowed(path)
            .split(", ")
            .any(|allowed| allowed == method.as_str())
}

pub(super) fn router(shared: Shared) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.answers)());
    }
    router
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::no_such_method)
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
