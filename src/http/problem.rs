//! What a refused request is told (RFC 9457): what is wrong and what would be right.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// How whoever asks may prove that they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// With a name and a password (RFC 7617).
    Password,
    /// With a token (RFC 6750).
    Token,
    /// With another token than that.
    OtherToken,
}

impl Challenge {
    const fn value(self) -> &'static str {
        match self {
            Challenge::Password => "Basic realm=\"leakwatch\", charset=\"UTF-8\"",
            Challenge::Token => "Bearer realm=\"leakwatch\"",
            Challenge::OtherToken => "Bearer realm=\"leakwatch\", error=\"invalid_token\"",
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// Always `about:blank`: the status and the words say it all (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// The field or parameter that is wrong, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Sentences, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    /// How to prove oneself (RFC 9110 §11.6.1).
    #[serde(skip)]
    challenge: Option<Challenge>,
    /// Seconds after which it may go better.
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl Problem {
    /// A refusal with `detail`, one sentence or two.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            reasons: Vec::new(),
            challenge: None,
            retry_after: None,
        }
    }

    /// Something in the request is not as it must be.
    pub fn bad(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Too much is asked for at once.
    pub fn busy(detail: impl Into<String>) -> Self {
        Problem {
            retry_after: Some(1),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// The status it is sent with.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What is wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// For the sake of this field.
    pub fn of_field(mut self, field: String) -> Self {
        self.field = Some(field);
        self
    }

    /// With a way to prove oneself.
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// With a list of reasons.
    pub fn because(mut self, reasons: Vec<String>) -> Self {
        self.reasons = reasons;
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(
            serde_json::to_vec(&self).unwrap_or_else(|_| b"{}".to_vec()),
        ));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(challenge) = self.challenge {
            let challenge = HeaderValue::from_static(challenge.value());
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The known word nearest to `word`, if one is near.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&one| (strsim::jaro_winkler(word, one), one))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.7)
        .map(|(_, one)| one)
}

/// `… is not known; did you mean …?`, or the list of what is.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let word = super::show(word);
    let all = known.join("`, `");
    match nearest(&word, known) {
        Some(near) => format!("`{word}` is no {what}; did you mean `{near}`?"),
        None if known.is_empty() => format!("`{word}` is no {what}: this takes none"),
        None => format!("`{word}` is no {what}; known are `{all}`"),
    }
}
