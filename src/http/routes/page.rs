//! The pages for people.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};

use super::{incidents, table, text};
use crate::http::{Shared, page, params::Params, problem::Problem};

fn html(page: String) -> Response {
    let mut response = page.into_response();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

pub(super) async fn overview(State(shared): State<Shared>) -> Response {
    html(page::overview(&shared.desk))
}

pub(super) async fn incident(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill"])?;
    let record = incidents::find(&shared, &id, params.flag("drill")?).await?;
    Ok(html(page::incident(&shared.desk, &record)))
}

pub(super) async fn lookup(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &table::PARAMETERS)?;
    let answer = table::answer(&shared, &params).await;
    let answer = answer.map_err(|problem| problem.detail().to_owned());
    let drill = params.get("drill") == Some("true");
    let asked = params.get("prefix").unwrap_or_default();
    Ok(html(page::lookup(&shared.desk, asked, drill, &answer)))
}

pub(super) async fn style() -> Response {
    text("text/css; charset=utf-8", page::STYLE)
}

pub(super) async fn script() -> Response {
    text("text/javascript; charset=utf-8", page::SCRIPT)
}

pub(super) async fn icon() -> Response {
    text("image/svg+xml", page::ICON)
}
