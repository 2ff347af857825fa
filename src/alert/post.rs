//! One HTTP request with a document, as every sink that speaks HTTP sends it.
//!
//! Where alerts go is for the configuration to say: redirects are not followed, and no proxy is
//! taken from the environment. The other side may hang, trickle, or answer with anything of any
//! length: a request ends within its time limit and an answer is read up to a bound. Each request
//! has a connection of its own, so that none fails on one that the other side has closed.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ureq::{
    Agent, Error, Timeout,
    http::{HeaderMap, Uri},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{Failure, Sent, Then, message::cut};
use crate::bgp::Plain;

/// Octets of an answer that are read.
const MOST_ANSWER: u64 = 64 << 10;
/// Characters of an answer that are told.
const SHOWN: usize = 200;
/// Longer than this nobody is waited for, whatever they ask.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// All of one request must be done in this time.
    pub timeout: Duration,
    /// Certificates (PEM) that are trusted in place of the usual ones.
    pub ca_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            timeout: Duration::from_secs(10),
            ca_file: None,
        }
    }
}

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Post {
    agent: Agent,
    url: String,
    /// The address without what may be secret in it, for messages.
    shown: String,
}

impl Post {
    pub(super) fn new(url: &str, settings: &Settings) -> Result<Post, String> {
        let host = host(url).ok_or_else(|| {
            // It may hold a secret, so it is not repeated.
            "its address must begin with http:// or https:// and name a host".to_owned()
        })?;
        let mut tls = TlsConfig::builder();
        if let Some(file) = &settings.ca_file {
            tls = tls.root_certs(roots(file)?);
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            // Shorter, so that what was never sent is told from what was not answered.
            .timeout_resolve(Some(settings.timeout / 2))
            .timeout_connect(Some(settings.timeout * 3 / 4))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .user_agent(concat!("leakwatch/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build()
            .new_agent();
        Ok(Post {
            agent,
            url: url.to_owned(),
            shown: host,
        })
    }

    /// Sends a JSON document.
    pub(super) fn json(&self, body: &str, headers: &[(String, String)]) -> Result<Sent, Failure> {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut response = request
            .send(body)
            .map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        let mut octets = Vec::new();
        let mut reader = response.body_mut().as_reader().take(MOST_ANSWER);
        // What it answers is told to people only; that it answered is what counts.
        let whole = reader.read_to_end(&mut octets).is_ok();
        let mut answer = status.to_string();
        let text = String::from_utf8_lossy(&octets);
        let text = cut(&Plain(text.trim()).to_string(), SHOWN);
        if !text.is_empty() {
            answer = format!("{answer}: {text}");
        }
        if !whole {
            answer.push_str(" (the rest of the answer did not come)");
        }
        if status.is_success() {
            return Ok(Sent::to_all(answer));
        }
        // What surely speaks of the message is given up. All else may be of the sink (a token that
        // has run out, an address that moved, a server that is down), and what waits for it is told
        // when that is mended.
        let (code, shown) = (status.as_u16(), &self.shown);
        let what = match code {
            300..=399 => format!(
                "{shown} answers {status} and points to {}; redirects are not followed, so put the \
                 right address into the configuration",
                elsewhere(response.headers())
            ),
            401 | 403 => {
                format!("{shown} answers {answer}; see whether its password or token is right")
            }
            404 | 410 => format!("{shown} answers {answer}; see whether its address is right"),
            _ => format!("{shown} answers {answer}"),
        };
        if matches!(code, 400 | 413 | 415 | 422) {
            return Err(Failure::give_up(what));
        }
        Err(Failure {
            then: Then::Retry(retry_after(response.headers())),
            may_have_arrived: code >= 500,
            // It may answer so to what this one says: a firewall that dislikes a word, a proxy that
            // dislikes its length. Who we are and how busy it is has nothing to do with that.
            of_message: !matches!(code, 401 | 429 | 503),
            ..Failure::retry(what)
        })
    }

    /// No answer: it may have been sent, or not.
    fn unanswered(&self, error: &Error) -> Failure {
        let shown = &self.shown;
        let never_sent = match error {
            Error::Timeout(Timeout::Resolve | Timeout::Connect)
            | Error::HostNotFound
            | Error::ConnectionFailed
            | Error::BadUri(_)
            | Error::Http(_)
            | Error::Tls(_)
            | Error::Rustls(_) => true,
            // What breaks off may have been read; all else comes before the request.
            Error::Io(error) => !matches!(
                error.kind(),
                ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof
                    | ErrorKind::TimedOut
                    | ErrorKind::WouldBlock
            ),
            _ => false,
        };
        let what = match error {
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("{shown} cannot be reached in time")
            }
            Error::Timeout(_) => format!("{shown} does not answer in time"),
            Error::HostNotFound => format!("{shown}: no such host"),
            Error::Io(error) => {
                format!(
                    "{shown}: {}",
                    cut(&Plain(&error.to_string()).to_string(), SHOWN)
                )
            }
            other => format!(
                "{shown}: {}",
                cut(&Plain(&other.to_string()).to_string(), SHOWN)
            ),
        };
        Failure {
            may_have_arrived: !never_sent,
            ..Failure::retry(what)
        }
    }
}

/// `host:port` of an address, or its host where the port is the usual one; none if it is no HTTP
/// address.
pub fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().filter(|_| known)?;
    // A user and password before the host are a secret in the configuration.
    (!authority.host().is_empty() && !authority.as_str().contains('@'))
        .then(|| authority.as_str().to_owned())
}

fn roots(file: &PathBuf) -> Result<RootCerts, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let pem = fs::read(file).map_err(|error| named(&error))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| named(&error))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(named(&"holds no certificate in PEM form"));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// The host a redirect leads to.
fn elsewhere(headers: &HeaderMap) -> String {
    let text = headers
        .get("location")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let text = text.unwrap_or_default();
    let named = host(&text).unwrap_or_else(|| "another place".to_owned());
    cut(&Plain(&named).to_string(), SHOWN)
}

/// How long the other side asks us to wait (RFC 9110 §10.2.3): seconds, or a date, which is
/// measured from its own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text("retry-after")?;
    let seconds = asked.parse::<u64>().ok().or_else(|| {
        let date = |text| {
            let time = jiff::fmt::rfc2822::parse(text).ok()?;
            Some(time.timestamp().as_second())
        };
        let (until, now) = (date(asked)?, date(text("date")?)?);
        Some(u64::try_from(until.saturating_sub(now)).unwrap_or(0))
    })?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests;
