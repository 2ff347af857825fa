//! TLS and basic authentication as Prometheus and its exporters are given them: the
//! `web.config` of exporter-toolkit, so that one file serves them all.
//!
//! What cannot be done here is refused with a word on why, never passed over: a key
//! that restricts access must not be ignored.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use tokio_rustls::rustls::ServerConfig;

use super::tls;

/// A larger file is refused.
const MOST_BYTES: u64 = 1 << 20;

/// Why access cannot be set up. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct WebConfigError {
    key: &'static str,
    path: String,
    what: String,
}

impl WebConfigError {
    pub(super) fn new(path: &Path, what: impl Into<String>) -> Self {
        WebConfigError {
            key: "http.web_config",
            path: path.display().to_string(),
            what: what.into(),
        }
    }

    /// The same about another setting.
    pub(super) fn of(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }

    /// The setting that names what cannot be used.
    pub fn key(&self) -> &'static str {
        self.key
    }
}

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    tls_server_config: Option<tls::Raw>,
    http_server_config: RawHttp,
    basic_auth_users: BTreeMap<String, String>,
    auth_excluded_paths: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawHttp {
    http2: Option<bool>,
    headers: BTreeMap<String, String>,
}

/// The headers that exporter-toolkit lets one set.
const HEADERS: [&str; 5] = [
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
];

/// The file as used.
#[derive(Clone, Debug, Default)]
pub(super) struct WebConfig {
    pub tls: Option<Arc<ServerConfig>>,
    /// Name and bcrypt hash.
    pub users: BTreeMap<String, String>,
    /// Paths that need no password.
    pub open_paths: Vec<String>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl std::fmt::Debug for Secretless<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Users without their hashes.
pub(super) struct Secretless<'a>(pub &'a BTreeMap<String, String>);

impl WebConfig {
    /// Reads the file and what it names.
    pub(super) fn load(path: &Path) -> Result<WebConfig, WebConfigError> {
        let wrong = |what: String| WebConfigError::new(path, what);
        let text = read(path)?;
        let raw: Raw = if text.trim().is_empty() {
            Raw::default()
        } else {
            serde_saphyr::from_str(&text).map_err(|error| wrong(without_snippet(&error)))?
        };
        let base = path.parent().unwrap_or(Path::new(""));
        let tls = match raw.tls_server_config {
            Some(raw) => Some(tls::acceptor(&raw, base).map_err(wrong)?),
            None => None,
        };
        for (user, hash) in &raw.basic_auth_users {
            check_user(user, hash).map_err(wrong)?;
        }
        if raw.http_server_config.http2 == Some(true) && tls.is_some() {
            return Err(wrong(
                "http_server_config.http2: only HTTP/1.1 is spoken here; leave it out or say \
                 `false`"
                    .to_owned(),
            ));
        }
        let mut headers = Vec::new();
        for (name, value) in &raw.http_server_config.headers {
            headers.push(header(name, value).map_err(wrong)?);
        }
        for open in &raw.auth_excluded_paths {
            if !open.starts_with('/') {
                return Err(wrong(format!(
                    "auth_excluded_paths: `{}` does not begin with `/`",
                    super::show(open)
                )));
            }
        }
        Ok(WebConfig {
            tls,
            users: raw.basic_auth_users,
            open_paths: raw.auth_excluded_paths,
            headers,
        })
    }
}

/// Reads a text file that must be small.
pub(super) fn read(path: &Path) -> Result<String, WebConfigError> {
    let wrong = |error: std::io::Error| WebConfigError::new(path, error.to_string());
    let mut text = String::new();
    let file = File::open(path).map_err(wrong)?;
    file.take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(wrong)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(WebConfigError::new(path, "is larger than 1 MiB"));
    }
    Ok(text)
}

/// What is wrong and where, without the lines around it: they may hold hashes.
fn without_snippet(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

fn check_user(user: &str, hash: &str) -> Result<(), String> {
    let shown = super::show(user);
    if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
        return Err(format!(
            "basic_auth_users: `{shown}` cannot be a user name (RFC 7617)"
        ));
    }
    let parts: bcrypt::HashParts = hash.parse().map_err(|_| {
        format!(
            "basic_auth_users: the value of `{shown}` is no bcrypt hash; make one with \
             `htpasswd -nBC 10 {shown}`"
        )
    })?;
    // At 14 a verification takes about a second; more would stop everybody at the door.
    if parts.get_cost() > 14 {
        return Err(format!(
            "basic_auth_users: the hash of `{shown}` has a cost of {}; above 14 a log-in takes \
             longer than a scrape may",
            parts.get_cost()
        ));
    }
    Ok(())
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let known = HEADERS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    let Some(known) = known else {
        let what = super::problem::unknown("header to be set", name, &HEADERS);
        return Err(format!("http_server_config.headers: {what}"));
    };
    let bad = || format!("http_server_config.headers: the value of {known} cannot be sent");
    let value = HeaderValue::from_str(value).map_err(|_| bad())?;
    let name = HeaderName::from_bytes(known.as_bytes()).map_err(|_| bad())?;
    Ok((name, value))
}

/// A path as written, from the directory of the file.
pub(super) fn from_base(base: &Path, path: &Path) -> PathBuf {
    base.join(path)
}
