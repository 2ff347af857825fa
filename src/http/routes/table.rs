//! `/api/v1/routes`: what stands in the routing table around a prefix.

use std::{net::IpAddr, time::Duration};

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use tokio::sync::{mpsc::error::TrySendError, oneshot};

use super::json;
use crate::{
    bgp::Prefix,
    engine::{Answer, Match, Question},
    feed::intake::Realm,
    http::{Asked, Desk, Shared, params::Params, problem::Problem},
};

/// Routes without `limit`, and at most: the engine does nothing else meanwhile.
const SOME: usize = 100;
const MOST: usize = 1000;
/// The engine answers between two batches, or is overloaded.
const PATIENCE: Duration = Duration::from_secs(5);

/// What it takes.
pub(super) const PARAMETERS: [&str; 4] = ["prefix", "match", "drill", "limit"];

pub(super) async fn routes(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    Ok(json(&answer(&shared, &params).await?))
}

/// What the engine says to the parameters.
pub(super) async fn answer(shared: &Shared, params: &Params) -> Result<Answer, Problem> {
    let Some(text) = params.get("prefix") else {
        return Err(Problem::bad(
            "`prefix` is missing; ask for example for ?prefix=192.0.2.0/24, or for an address, \
             whose longest match is looked up",
        ));
    };
    let (prefix, usual) = prefix(text)?;
    let matching = params.word(
        "match",
        &[
            ("exact", Match::Exact),
            ("longest", Match::Longest),
            ("shorter", Match::Shorter),
            ("longer", Match::Longer),
        ],
    )?;
    let realm = match params.flag("drill")? {
        Some(true) => Realm::Drill,
        _ => Realm::Live,
    };
    if realm == Realm::Drill && shared.desk.drill.borrow().is_none() {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no drill is being played",
        ));
    }
    let question = Question {
        prefix,
        matching: matching.unwrap_or(usual),
        most: params.limit(SOME, MOST)?,
    };
    ask(&shared.desk, question, realm).await
}

/// Asks the engine.
async fn ask(desk: &Desk, question: Question, realm: Realm) -> Result<Answer, Problem> {
    let (reply, answer) = oneshot::channel();
    let asked = Asked {
        question,
        realm,
        reply,
    };
    let stopped = || Problem::busy("the engine has stopped");
    desk.questions
        .try_send(asked)
        .map_err(|error| match error {
            TrySendError::Full(_) => {
                Problem::busy("too many questions wait for the engine already")
            }
            TrySendError::Closed(_) => stopped(),
        })?;
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|_| stopped()),
        Err(_) => Err(Problem::busy("the engine is too busy to answer")),
    }
}

/// A prefix and how it is usually meant: itself, or for a bare address what covers it.
fn prefix(text: &str) -> Result<(Prefix, Match), Problem> {
    let shown = crate::http::show(text);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((Prefix::from(address), Match::Longest));
    }
    let prefix: Prefix = text.parse().map_err(|_| {
        Problem::bad(format!(
            "`{shown}` is no prefix; write it as 192.0.2.0/24 or 2001:db8::/32"
        ))
    })?;
    if prefix.trunc() != prefix {
        return Err(Problem::bad(format!(
            "`{shown}` has bits set beyond its length; did you mean {}?",
            prefix.trunc()
        )));
    }
    Ok((prefix, Match::Exact))
}
