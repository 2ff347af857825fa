//! `/api/v1/incidents/{id}/report` and `/bundle`: what others are told of an incident.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::{blocking, incidents::find_or_read};
use crate::{
    bgp::{Prefix, Timestamp},
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
    let drill = params.flag("drill")?;
    let asked = shared.clone();
    let written = blocking(&asked, move || {
        let record = find_or_read(&shared, &id, drill)?;
        let known = Known::of(&record, &shared);
        let settings = Arc::clone(&shared.desk.report.borrow());
        let reference = Arc::clone(&shared.desk.reference.borrow());
        let account = known.account(&record, &shared);
        let report = Report::new(&account, &request, &reference, &settings).map_err(refused)?;
        Ok(report.write(format, &settings))
    });
    let written = written.await?;
    let kind = match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
        Format::Json => "application/json",
    };
    Ok(sent(kind, written.into_bytes()))
}

pub(super) async fn bundle(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &OF_A_BUNDLE)?;
    let request = request(&params)?;
    let drill = params.flag("drill")?;
    let asked = shared.clone();
    let packed = blocking(&asked, move || {
        let record = find_or_read(&shared, &id, drill)?;
        let known = Known::of(&record, &shared);
        let settings = Arc::clone(&shared.desk.report.borrow());
        let reference = Arc::clone(&shared.desk.reference.borrow());
        let account = known.account(&record, &shared);
        let slice = (shared.desk.slice)(&record.last.id, record.realm == Realm::Drill);
        report::bundle(&account, &request, &reference, &settings, slice.as_deref()).map_err(refused)
    });
    let packed = packed.await?;
    let mut response = sent("application/gzip", packed);
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

/// What is known of an incident beside its record.
struct Known {
    steps: Vec<report::Stage>,
    affected: Option<Vec<Prefix>>,
    acknowledged: Option<Timestamp>,
}

impl Known {
    fn of(record: &Record, shared: &Shared) -> Known {
        let drill = record.realm == Realm::Drill;
        let id = &record.last.id;
        let stages = record.timeline.iter();
        let steps = stages
            .map(|stage| report::Stage {
                event: stage.event,
                time: stage.time,
                severity: stage.severity,
                confidence: stage.confidence,
                routes: stage.routes,
            })
            .collect();
        let mut acknowledgements = shared.desk.quiet.acknowledgements().into_iter();
        let acknowledged = acknowledgements
            .find(|one| one.incident == *id && one.drill == drill)
            .map(|one| one.at);
        Known {
            steps,
            affected: (shared.desk.affected)(id, drill),
            acknowledged,
        }
    }

    fn account<'a>(&'a self, record: &'a Record, shared: &Shared) -> Account<'a> {
        Account {
            last: &record.last,
            opened: record.opened,
            resolved: record.resolved,
            steps: &self.steps,
            omitted: record.omitted,
            affected: self.affected.as_deref(),
            acknowledged: self.acknowledged,
            now: (shared.desk.clock)(),
        }
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
