//! `/api/v1/incidents/{id}/report` and `/bundle`: what others are told of an incident.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::incidents::find;
use crate::{
    feed::intake::Realm,
    http::{Record, Shared, params::Params, problem::Problem},
    report::{self, Account, Audience, Cause, Format, Language, Refusal, Report, Request, Sort},
};

/// What a report takes.
const PARAMETERS: [&str; 11] = [
    "format",
    "lang",
    "audience",
    "sort",
    "number",
    "cause",
    "note",
    "public",
    "consumers",
    "operators",
    "drill",
];
/// What the archive takes: it has every audience, language and form.
const OF_A_BUNDLE: [&str; 8] = [
    "sort",
    "number",
    "cause",
    "note",
    "public",
    "consumers",
    "operators",
    "drill",
];

pub(super) async fn report(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let request = request(&params)?;
    let format = params.word("format", Format::ALL)?.unwrap_or(Format::Text);
    let record = find(&shared, &id, params.flag("drill")?)?;
    let steps = steps(&record);
    let settings = Arc::clone(&shared.desk.report.borrow());
    let reference = Arc::clone(&shared.desk.reference.borrow());
    let account = account(&record, &steps, &shared);
    let report = Report::new(&account, &request, &reference, &settings).map_err(refused)?;
    let kind = match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
        Format::Json => "application/json",
    };
    Ok(sent(kind, report.write(format, &settings).into_bytes()))
}

pub(super) async fn bundle(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &OF_A_BUNDLE)?;
    let request = request(&params)?;
    let record = find(&shared, &id, params.flag("drill")?)?;
    // Reading the messages waits for a disk, and packing them takes a while.
    let packed = tokio::task::spawn_blocking(move || {
        let steps = steps(&record);
        let settings = Arc::clone(&shared.desk.report.borrow());
        let reference = Arc::clone(&shared.desk.reference.borrow());
        let account = account(&record, &steps, &shared);
        let slice = (shared.desk.slice)(&record.last.id, record.realm == Realm::Drill);
        report::bundle(&account, &request, &reference, &settings, slice.as_deref())
    });
    let packed = packed
        .await
        .map_err(|_| Problem::busy("the daemon is ending"))?;
    let mut response = sent("application/gzip", packed.map_err(refused)?);
    let name = HeaderValue::from_static("attachment; filename=\"incident.tar.gz\"");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn request(params: &Params) -> Result<Request, Problem> {
    let audience = params.word("audience", Audience::ALL)?;
    let language = params.word("lang", Language::ALL)?;
    let number = match params.get("number") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            let shown = crate::http::show(text);
            Problem::bad(format!("`number` is `{shown}`; it is a number from 1"))
        })?),
    };
    Ok(Request {
        sort: params.word("sort", Sort::ALL)?,
        number,
        cause: params.word("cause", Cause::ALL)?,
        note: params.get("note").map(str::to_owned),
        public: params.flag("public")?,
        consumers: params.flag("consumers")?,
        operators: params.flag("operators")?,
        ..Request::new(
            audience.unwrap_or(Audience::Operators),
            language.unwrap_or(Language::English),
        )
    })
}

fn steps(record: &Record) -> Vec<report::Stage> {
    let stages = record.timeline.iter();
    stages
        .map(|stage| report::Stage {
            event: stage.event,
            time: stage.time,
            severity: stage.severity,
            confidence: stage.confidence,
            routes: stage.routes,
        })
        .collect()
}

fn account<'a>(record: &'a Record, steps: &'a [report::Stage], shared: &Shared) -> Account<'a> {
    Account {
        last: &record.last,
        opened: record.opened,
        resolved: record.resolved,
        steps,
        omitted: record.omitted,
        affected: None,
        acknowledged: None,
        now: (shared.desk.clock)(),
    }
}

/// What contradicts what is known may be right later; the rest is a wrong request.
fn refused(refusal: Refusal) -> Problem {
    let status = match refusal {
        Refusal::NotOver => StatusCode::CONFLICT,
        Refusal::NotForOperators | Refusal::NoteTooLong | Refusal::Number => {
            StatusCode::BAD_REQUEST
        }
    };
    Problem::new(status, refusal.to_string())
}

fn sent(kind: &'static str, octets: Vec<u8>) -> Response {
    let mut response = octets.into_response();
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
