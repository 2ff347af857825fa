//! The body of a request that changes something, read strictly: JSON of a bounded size, no
//! field that is not known, none of the outermost twice, and every refusal names the field.

use std::{fmt, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use tokio::time::timeout;

use super::problem::{Problem, unknown};
use crate::{
    bgp::{Asn, Timestamp},
    config,
};

/// Octets of a body.
const MOST_BYTES: usize = 16 << 10;
/// A body is whole after so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// Elements of a list.
const MOST_ELEMENTS: usize = 1000;

/// The fields of an object.
#[derive(Debug)]
pub(super) struct Fields {
    /// What it is in, with its dot: `matches.`; nothing at the top.
    within: String,
    pairs: Vec<(String, Value)>,
}

/// The fields as they were sent, those that were sent twice included.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl Fields {
    /// The body of `request`, an object of the `known` fields.
    pub(super) async fn read(request: Request, known: &[&str]) -> Result<Fields, Problem> {
        let (head, body) = request.into_parts();
        check_kind(&head.headers)?;
        let octets = octets(&head.headers, body).await?;
        let pairs: Pairs = serde_json::from_slice(&octets).map_err(|error| {
            let error = super::show(&error.to_string());
            Problem::bad(format!("the body is not an object of JSON: {error}"))
        })?;
        Fields::of(String::new(), pairs.0, known)
    }

    fn of(within: String, pairs: Vec<(String, Value)>, known: &[&str]) -> Result<Fields, Problem> {
        for (index, (name, _)) in pairs.iter().enumerate() {
            let full = super::show(&format!("{within}{name}"));
            if !known.contains(&name.as_str()) {
                let what = if within.is_empty() {
                    "field".to_owned()
                } else {
                    format!("field of `{}`", within.trim_end_matches('.'))
                };
                return Err(Problem::bad(unknown(&what, name, known)).of_field(full));
            }
            if pairs.iter().take(index).any(|(other, _)| other == name) {
                return Err(Problem::bad(format!("`{full}` is given twice")).of_field(full));
            }
        }
        Ok(Fields { within, pairs })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.pairs.iter().find(|(other, _)| other == name)?;
        (!value.is_null()).then_some(value)
    }

    fn wrong(&self, name: &str, what: impl fmt::Display) -> Problem {
        let full = format!("{}{name}", self.within);
        Problem::bad(format!("`{full}` {what}")).of_field(full)
    }

    /// A refusal for a field that has to be there.
    pub(super) fn missing(&self, name: &str, wanted: &str) -> Problem {
        self.wrong(name, format_args!("is missing: {wanted}"))
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value.as_str();
        text.map(Some)
            .ok_or_else(|| self.wrong(name, "is not a text"))
    }

    /// A text that has to be there.
    pub(super) fn needed(&self, name: &str, wanted: &str) -> Result<&str, Problem> {
        self.text(name)?.ok_or_else(|| self.missing(name, wanted))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(name, "is neither true nor false")),
        }
    }

    /// A whole number.
    pub(super) fn whole<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value.as_i64().and_then(|number| T::try_from(number).ok());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(name, "is not a whole number that can be meant here"))
    }

    /// An AS number: `64500` or `"AS64500"`.
    pub(super) fn asn(&self, name: &str) -> Result<Option<Asn>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => self.parsed(name, text).map(Some),
            Some(value) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                let wrong = || self.wrong(name, "is not an AS number; write it as 64500");
                number.map(|number| Some(Asn(number))).ok_or_else(wrong)
            }
        }
    }

    /// A time (RFC 3339).
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        Timestamp::deserialize(value)
            .map(Some)
            .map_err(|_| self.wrong(name, "is not a time; write it as \"2026-01-31T05:00:00Z\""))
    }

    /// The end: `until`, a time, or `for`, a duration from `from` on.
    pub(super) fn end(&self, from: Timestamp) -> Result<Option<Timestamp>, Problem> {
        match (self.time("until")?, self.text("for")?) {
            (Some(_), Some(_)) => Err(self.wrong("for", "and `until` are both given")),
            (until, None) => Ok(until),
            (None, Some(text)) => match config::read_duration(text) {
                Some(duration) => Ok(Some(from + duration)),
                None => Err(self.wrong(
                    "for",
                    "is not a duration; write it as \"30m\", \"4h\" or \"1d12h\"",
                )),
            },
        }
    }

    /// A list of texts, each read as a value.
    pub(super) fn list<T>(&self, name: &str) -> Result<Vec<T>, Problem>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let Some(elements) = value.as_array() else {
            return Err(self.wrong(name, "is not a list"));
        };
        if elements.len() > MOST_ELEMENTS {
            return Err(self.wrong(name, format_args!("has more than {MOST_ELEMENTS} elements")));
        }
        let read = |element: &Value| match element.as_str() {
            Some(text) => self.parsed(name, text),
            None => Err(self.wrong(name, "is not a list of texts")),
        };
        elements.iter().map(read).collect()
    }

    fn parsed<T>(&self, name: &str, text: &str) -> Result<T, Problem>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        text.parse().map_err(|error: T::Err| {
            let error = super::show(&error.to_string());
            self.wrong(name, format_args!("cannot be read: {error}"))
        })
    }

    /// A text out of a list.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        self.meant(name, text, words).map(Some)
    }

    /// Texts out of a list.
    pub(super) fn words<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Vec<T>, Problem> {
        let texts: Vec<String> = self.list(name)?;
        let texts = texts.iter();
        texts.map(|text| self.meant(name, text, words)).collect()
    }

    fn meant<T: Copy>(&self, name: &str, text: &str, words: &[(&str, T)]) -> Result<T, Problem> {
        let full = format!("{}{name}", self.within);
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meant)| *meant).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let what = format!("value of `{full}`");
            Problem::bad(unknown(&what, text, &known)).of_field(full.clone())
        })
    }

    /// An object within.
    pub(super) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Fields>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => {
                let pairs = map
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()));
                let within = format!("{}{name}.", self.within);
                Fields::of(within, pairs.collect(), known).map(Some)
            }
            Some(_) => Err(self.wrong(name, "is not an object")),
        }
    }
}

/// A page of another site can send a form or plain text without asking first; JSON it cannot
/// (a preflight comes before, which is not answered).
fn check_kind(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body has to be JSON, sent with `Content-Type: application/json`",
    ))
}

async fn octets(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body has {MOST_BYTES} octets at most"),
        )
    };
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES as u64) {
        return Err(too_large());
    }
    match timeout(PATIENCE, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(octets)) => Ok(octets),
        // It is larger, or the connection broke, and then nobody hears this.
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body was not whole within five seconds",
        )),
    }
}
