//! What every request passes: who asks, how long it may take, how it is counted, and
//! the headers of every answer.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use tokio::time::Instant;

use super::{Shared, problem::Problem, routes, token::bearer};

/// A request is answered within this time or refused. A stream has begun by then.
const LONGEST: Duration = Duration::from_secs(10);

/// Scripts, styles and connections of our own alone; nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let access = shared.access();
    let begun = Instant::now();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let changes = route
        .as_deref()
        .is_some_and(|path| routes::is_change(path, method));
    let mut response = match admit(&shared, method, uri, headers, changes).await {
        Ok(()) => tokio::time::timeout(LONGEST, next.run(request))
            .await
            .unwrap_or_else(|_| Problem::busy("no answer within ten seconds").into_response()),
        Err((reason, problem)) => {
            shared.refused(reason);
            problem.into_response()
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    shared.count(route.as_deref(), response.status(), seconds);
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in &access.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

/// What a request was refused for, as the metric spells it.
fn reason(problem: &Problem) -> &'static str {
    match problem.status() {
        StatusCode::MISDIRECTED_REQUEST => "host",
        StatusCode::FORBIDDEN => "origin",
        StatusCode::UNAUTHORIZED => "password",
        StatusCode::SERVICE_UNAVAILABLE => "log_ins",
        _ => "malformed",
    }
}

/// Whether a request is answered; if not, for what reason, as the metric spells it.
///
/// What changes something needs a token, and nothing else will do. What only looks needs a
/// password where there are any; whoever may change things may look as well.
async fn admit(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    changes: bool,
) -> Result<(), (&'static str, Problem)> {
    let access = shared.access();
    let with_reason = |problem: Problem| (reason(&problem), problem);
    let of_token = |problem: Problem| ("token", problem);
    access
        .check_source(method, uri, headers)
        .map_err(with_reason)?;
    if changes {
        access.tokens.check(headers).await.map_err(of_token)?;
    } else if access.needs_password(uri.path()) {
        if bearer(headers).is_some() && !access.tokens.is_empty() {
            access.tokens.check(headers).await.map_err(of_token)?;
        } else {
            access.users.check(headers).await.map_err(with_reason)?;
        }
    }
    if has_body(headers) && matches!(*method, Method::GET | Method::HEAD | Method::DELETE) {
        let problem = Problem::bad("a request of this method has no body");
        return Err(with_reason(problem));
    }
    Ok(())
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
}

/// For what is not there.
pub(super) async fn nothing_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "nothing is here; /api/v1/openapi.json lists what is",
    )
}

/// For methods that a path does not have.
pub(super) async fn no_such_method(path: Option<MatchedPath>) -> Response {
    let path = path.as_ref().map_or("", MatchedPath::as_str);
    let allow = routes::allowed(path);
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("this path has no such method; it has {allow}"),
    );
    let mut response = problem.into_response();
    let allow = HeaderValue::from_static(allow);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}
