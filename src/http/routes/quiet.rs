//! Mutes, acknowledgements and expected changes: what can be changed here, and its record.
//!
//! Whoever gets this far has brought a token ([`crate::http::guard`]). Who they are is what
//! they say; the token says that they may, and the log has the address they came from.

use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{incidents, json, named::named};
use crate::{
    alert::quiet::{
        Acknowledgement, Announced, Asked, Entry, Expected, Matches, Mute, Quiet, Refusal, Wanted,
    },
    bgp::Timestamp,
    feed::intake::Realm,
    http::{Client, Shared, body::Fields, params::Params, problem::Problem},
    incident::Kind,
};

/// An acknowledgement lasts so long where nothing is said: about until the next shift.
const ACKNOWLEDGED: std::time::Duration = std::time::Duration::from_secs(4 * 3600);
/// Entries of the record in an answer.
const SOME: usize = 100;
const MOST: usize = 5000;

/// What a reason is for.
const WHY: &str = "say why, for whoever reads it at night";
const BY: &str = "say who you are";

#[derive(Serialize)]
struct Mutes {
    time: Timestamp,
    mutes: Vec<Mute>,
}

/// A mute that was asked for.
#[derive(Serialize)]
struct Granted {
    #[serde(flatten)]
    mute: Mute,
    /// What whoever asked should know of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Changes {
    time: Timestamp,
    expected: Vec<Expected>,
}

#[derive(Serialize)]
struct Record {
    time: Timestamp,
    entries: Vec<Entry>,
    total: usize,
    truncated: bool,
}

pub(super) async fn mutes(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    Ok(json(&Mutes {
        time: (shared.desk.wall)(),
        mutes: shared.desk.quiet.mutes(),
    }))
}

pub(super) async fn expected(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    Ok(json(&Changes {
        time: (shared.desk.wall)(),
        expected: shared.desk.quiet.expected(),
    }))
}

pub(super) async fn record(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["limit"])?;
    let limit = params.limit(SOME, MOST)?;
    let (entries, total) = shared.desk.quiet.record(limit);
    Ok(json(&Record {
        time: (shared.desk.wall)(),
        truncated: total > entries.len(),
        entries,
        total,
    }))
}

pub(super) async fn mute(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    let known = [
        "matches",
        "below_critical",
        "from",
        "until",
        "for",
        "by",
        "why",
    ];
    let fields = Fields::read(request, &known).await?;
    let from = fields.time("from")?;
    let now = (shared.desk.wall)();
    let until = fields.end(from.unwrap_or(now))?;
    let (matches, notes) = named(matches(&fields)?, &shared).await?;
    let wanted = Wanted {
        matches,
        below_critical: fields.flag("below_critical")?,
        from,
        until: until.ok_or_else(|| fields.missing("until", "say when it ends, or `for`"))?,
    };
    let who = author(&fields)?;
    let mute = write(&shared, &who, move |quiet, asked| quiet.mute(wanted, asked)).await?;
    tracing::warn!(
        by = mute.by, why = mute.why, address = %client.0, id = mute.id, what = mute.what(),
        until = %mute.until, "alerts muted"
    );
    let path = format!("/api/v1/mutes/{}", mute.id);
    Ok(created(&path, &Granted { mute, notes }))
}

fn matches(fields: &Fields) -> Result<Matches, Problem> {
    let known = [
        "incident",
        "offender",
        "neighbour",
        "kind",
        "peer",
        "router",
        "sink",
    ];
    let Some(inner) = fields.object("matches", &known)? else {
        return Err(fields.missing("matches", "say what is to be muted"));
    };
    let text = |name: &str| inner.text(name).map(|text| text.map(str::to_owned));
    Ok(Matches {
        incident: text("incident")?,
        offender: inner.asn("offender")?,
        neighbour: inner.asn("neighbour")?,
        kind: inner.word("kind", &kinds())?,
        peer: text("peer")?,
        router: text("router")?,
        sink: text("sink")?,
    })
}

fn kinds() -> Vec<(&'static str, Kind)> {
    Kind::ALL.iter().map(|kind| (kind.name(), *kind)).collect()
}

pub(super) async fn unmute(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let who = taker(&Params::read(&uri, &["by", "why"])?)?;
    let mute = write(&shared, &who, move |quiet, asked| quiet.unmute(&id, asked)).await?;
    tracing::info!(
        by = who.by, why = who.why, address = %client.0, id = mute.id, what = mute.what(),
        "mute removed"
    );
    Ok(json(&mute))
}

pub(super) async fn acknowledge(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill"])?;
    let record = incidents::find(&shared, &id, params.flag("drill")?).await?;
    if record.resolved.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "the incident is over; there is nothing to acknowledge",
        ));
    }
    let fields = Fields::read(request, &["until", "for", "by", "why"]).await?;
    let now = (shared.desk.wall)();
    let until = fields.end(now)?.unwrap_or(now + ACKNOWLEDGED);
    let who = author(&fields)?;
    let one: Acknowledgement = write(&shared, &who, move |quiet, asked| {
        quiet.acknowledge(&record.last, until, asked)
    })
    .await?;
    tracing::info!(
        by = one.by, why = one.why, address = %client.0, id = one.id, incident = one.incident,
        until = %one.until, "incident acknowledged"
    );
    let path = format!("/api/v1/incidents/{}/acknowledgement", one.incident);
    Ok(created(&path, &one))
}

pub(super) async fn take_back(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill", "by", "why"])?;
    let record = incidents::find(&shared, &id, params.flag("drill")?).await?;
    let drill = record.realm == Realm::Drill;
    let who = taker(&params)?;
    let one = write(&shared, &who, move |quiet, asked| {
        quiet.take_back(&id, drill, asked)
    })
    .await?;
    tracing::info!(
        by = who.by, why = who.why, address = %client.0, id = one.id, incident = one.incident,
        "acknowledgement removed"
    );
    Ok(json(&one))
}

pub(super) async fn expect(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    let known = [
        "asn", "routes", "margin", "from", "until", "for", "prefixes", "kinds", "by", "why",
    ];
    let fields = Fields::read(request, &known).await?;
    let from = fields.time("from")?;
    let now = (shared.desk.wall)();
    let until = fields.end(from.unwrap_or(now))?;
    let asn = fields.asn("asn")?;
    let routes = fields.whole("routes")?;
    let announced = Announced {
        asn: asn.ok_or_else(|| fields.missing("asn", "say whose routes they are"))?,
        routes: routes
            .ok_or_else(|| fields.missing("routes", "say how many more (4000) or fewer (-4000)"))?,
        margin: fields.whole("margin")?,
        from,
        until: until.ok_or_else(|| fields.missing("until", "say when it is over, or `for`"))?,
        prefixes: fields.list("prefixes")?,
        kinds: fields.words("kinds", &kinds())?,
    };
    let who = author(&fields)?;
    let change = write(&shared, &who, move |quiet, asked| {
        quiet.expect(announced, asked)
    })
    .await?;
    tracing::info!(
        by = change.by, why = change.why, address = %client.0, id = change.id,
        what = change.what(), from = %change.from, until = %change.until, "change expected"
    );
    Ok(created(&format!("/api/v1/expected/{}", change.id), &change))
}

pub(super) async fn expect_no_more(
    State(shared): State<Shared>,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let who = taker(&Params::read(&uri, &["by", "why"])?)?;
    let change = write(&shared, &who, move |quiet, asked| {
        quiet.expect_no_more(&id, asked)
    })
    .await?;
    tracing::info!(
        by = who.by, why = who.why, address = %client.0, id = change.id, what = change.what(),
        "change no longer expected"
    );
    Ok(json(&change))
}

/// Who asks for a change, and why.
struct Who {
    by: String,
    why: String,
}

/// Who asks, of a body.
fn author(fields: &Fields) -> Result<Who, Problem> {
    Ok(Who {
        by: fields.needed("by", BY)?.to_owned(),
        why: fields.needed("why", WHY)?.to_owned(),
    })
}

/// Who takes something back, of a request without a body.
fn taker(params: &Params) -> Result<Who, Problem> {
    let needed = |name: &str, wanted: &str| {
        let value = params.get(name).map(str::to_owned);
        value.ok_or_else(|| {
            let what = format!("the parameter `{name}` is missing: {wanted}");
            Problem::bad(what).of_field(name.to_owned())
        })
    };
    Ok(Who {
        by: needed("by", BY)?,
        why: needed("why", WHY)?,
    })
}

/// Changes something. The disk is waited for elsewhere than on the threads that serve.
async fn write<T: Send + 'static>(
    shared: &Shared,
    who: &Who,
    change: impl FnOnce(&Quiet, &Asked) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let quiet = shared.desk.quiet.clone();
    let now = (shared.desk.wall)();
    let (by, why) = (who.by.clone(), who.why.clone());
    let done = tokio::task::spawn_blocking(move || {
        let (by, why) = (by.as_str(), why.as_str());
        change(&quiet, &Asked { by, why, now })
    });
    match done.await {
        Ok(done) => done.map_err(Problem::from),
        Err(_) => Err(Problem::busy("the daemon is ending")),
    }
}

fn created<T: Serialize>(path: &str, value: &T) -> Response {
    let mut response = (StatusCode::CREATED, json(value)).into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let detail = crate::bgp::Plain(&refusal.to_string()).to_string();
        match refusal {
            Refusal::Field { field, .. } => Problem::bad(detail).of_field(field.to_owned()),
            Refusal::Full { .. } => Problem::new(StatusCode::CONFLICT, detail),
            Refusal::Unknown(_) => Problem::new(StatusCode::NOT_FOUND, detail),
        }
    }
}
