//! Asking a daemon that runs.

use std::{
    env,
    fmt::Write as _,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    time::Duration,
};

use anyhow::anyhow;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use serde::{Deserialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::Response,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{Failure, sheet::escape};
use crate::bgp::Timestamp;

/// Where a daemon answers on its defaults.
const USUAL: &str = "http://127.0.0.1:11080";
/// The whole of an answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two signs of life in a stream; the daemon gives one each 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// A larger answer is not read.
const MOST_BYTES: u64 = 256 << 20;
/// A longer password is none.
const MOST_PASSWORD: u64 = 4096;

/// Which daemon, and how to be let in.
#[derive(Args, Debug)]
pub(super) struct Daemon {
    #[arg(
        long,
        value_name = "URL",
        help = "Where the daemon answers [default: $LEAKWATCH_URL, or http://127.0.0.1:11080]"
    )]
    url: Option<String>,
    #[arg(
        long,
        value_name = "NAME",
        help = "Who asks, where the daemon's web_config names users [default: $LEAKWATCH_USER]"
    )]
    user: Option<String>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Their password [default: the value of $LEAKWATCH_PASSWORD]"
    )]
    password_file: Option<PathBuf>,
    /// Certificates (PEM) to believe, where the daemon speaks TLS under a CA of your own.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print what the daemon answers, as it is.
    #[arg(long)]
    pub json: bool,
}

/// Something the daemon tells as it happens.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub name: String,
    pub id: String,
    pub data: String,
}

/// What of a refusal is shown (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Daemon {
    /// Where it is.
    pub(super) fn url(&self) -> String {
        let set = env::var("LEAKWATCH_URL").ok().filter(|url| !url.is_empty());
        let url = self.url.clone().or(set);
        let url = url.unwrap_or_else(|| USUAL.to_owned());
        let url = url.trim_end_matches('/');
        if url.contains("://") {
            url.to_owned()
        } else {
            format!("http://{url}")
        }
    }

    /// What it answers, as text.
    pub(super) fn text(&self, path: &str, query: &[(&str, String)]) -> Result<String, Failure> {
        let agent = self.agent(Some(PATIENCE))?;
        let mut response = self.send(&agent, path, query, None)?;
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        body.read_to_string().map_err(|error| self.failed(&error))
    }

    /// What it answers, as it is.
    pub(super) fn octets(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<u8>, Failure> {
        let agent = self.agent(Some(PATIENCE))?;
        let mut response = self.send(&agent, path, query, None)?;
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        body.read_to_vec().map_err(|error| self.failed(&error))
    }

    /// What it answers.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let text = self.text(path, query)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::Input(anyhow!(
                "{}{path} is not what this version understands ({error}); is it leakwatch, and \
                 of the same version?",
                self.url()
            ))
        })
    }

    /// Prints what it answers, as it is.
    pub(super) fn print(
        &self,
        path: &str,
        query: &[(&str, String)],
        mut out: impl Write,
    ) -> Result<(), Failure> {
        let text = self.text(path, query)?;
        writeln!(out, "{}", text.trim_end())?;
        out.flush()?;
        Ok(())
    }

    /// Calls `tell` with what happens from now on, until it fails. Comes back when the
    /// connection is lost, to where it was.
    pub(super) fn follow(
        &self,
        query: &[(&str, String)],
        tell: &mut dyn FnMut(&Event) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let agent = self.agent(None)?;
        let mut last = String::new();
        let mut begun = false;
        loop {
            let seen = begun.then_some(last.as_str());
            match self.send(&agent, "/api/v1/events", query, seen) {
                Ok(response) => {
                    begun = true;
                    let reader = BufReader::new(response.into_body().into_reader());
                    read_events(reader, &mut |event| {
                        if !event.id.is_empty() {
                            last.clone_from(&event.id);
                        }
                        tell(event)
                    })?;
                }
                // It answered before: it is being started again.
                Err(_) if begun => {}
                Err(failure) => return Err(failure),
            }
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    fn agent(&self, all: Option<Duration>) -> Result<Agent, Failure> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &self.ca_file {
            let wrong = |what: String| Failure::Usage(format!("{}: {what}", path.display()));
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(wrong("no certificate is in it".to_owned()));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            // What is beside us is not asked through somebody else.
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_global(all)
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("leakwatch/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(config.new_agent())
    }

    /// Adds `body` to what is at `path`, in the name of `token`; what it answers, as text.
    pub(super) fn add(
        &self,
        path: &str,
        query: &[(&str, String)],
        token: &str,
        body: &serde_json::Value,
    ) -> Result<String, Failure> {
        let request = self
            .agent(Some(PATIENCE))?
            .post(format!("{}{path}", self.url()))
            .query_pairs(query.iter().map(|(name, value)| (*name, value.as_str())))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json");
        self.answered(request.send(body.to_string()))
    }

    /// Takes away what is at `path`, in the name of `token`; what it answers, as text.
    pub(super) fn remove(
        &self,
        path: &str,
        query: &[(&str, String)],
        token: &str,
    ) -> Result<String, Failure> {
        let request = self
            .agent(Some(PATIENCE))?
            .delete(format!("{}{path}", self.url()))
            .query_pairs(query.iter().map(|(name, value)| (*name, value.as_str())))
            .header("Authorization", format!("Bearer {token}"));
        self.answered(request.call())
    }

    fn answered(&self, sent: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let mut response = self.accepted(sent)?;
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        body.read_to_string().map_err(|error| self.failed(&error))
    }

    fn send(
        &self,
        agent: &Agent,
        path: &str,
        query: &[(&str, String)],
        last_event: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = agent
            .get(format!("{}{path}", self.url()))
            .query_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
        if let Some(credentials) = self.credentials()? {
            request = request.header("Authorization", credentials);
        }
        if let Some(id) = last_event {
            request = request.header("Last-Event-ID", id);
        }
        self.accepted(request.call())
    }

    /// The answer, unless it is a refusal.
    fn accepted(
        &self,
        sent: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let mut response = sent.map_err(|error| self.failed(&error))?;
        let status = response.status().as_u16();
        if matches!(status, 200 | 201) {
            return Ok(response);
        }
        let challenge = response.headers().get("WWW-Authenticate");
        let by_password = challenge.is_none_or(|one| one.as_bytes().starts_with(b"Basic"));
        let text = response
            .body_mut()
            .with_config()
            .limit(1 << 16)
            .read_to_string();
        let said = text
            .ok()
            .and_then(|text| serde_json::from_str::<Problem>(&text).ok());
        let said = said.map(|problem| escape(&problem.detail));
        Err(Failure::Input(match (status, said) {
            (401, _) if by_password => anyhow!(
                "{} asks for a name and a password: give --user and --password-file, or set \
                 LEAKWATCH_USER and LEAKWATCH_PASSWORD",
                self.url()
            ),
            (_, Some(said)) => anyhow!("{said}"),
            (_, None) => anyhow!(
                "{} answers {status} and not as leakwatch would; is something else there?",
                self.url()
            ),
        }))
    }

    fn credentials(&self) -> Result<Option<String>, Failure> {
        let user = self
            .user
            .clone()
            .or_else(|| env::var("LEAKWATCH_USER").ok())
            .filter(|user| !user.is_empty());
        let Some(user) = user else {
            return Ok(None);
        };
        let password = match &self.password_file {
            Some(path) => {
                let mut text = String::new();
                File::open(path)
                    .and_then(|file| file.take(MOST_PASSWORD).read_to_string(&mut text))
                    .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            None => env::var("LEAKWATCH_PASSWORD").map_err(|_| {
                Failure::Usage(
                    "--user needs a password: give --password-file, or set LEAKWATCH_PASSWORD"
                        .to_owned(),
                )
            })?,
        };
        let both = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Ok(Some(format!("Basic {both}")))
    }

    fn failed(&self, error: &ureq::Error) -> Failure {
        let url = self.url();
        let refused = matches!(error, ureq::Error::ConnectionFailed)
            || matches!(error, ureq::Error::Io(error)
                if error.kind() == io::ErrorKind::ConnectionRefused);
        Failure::Input(if refused {
            anyhow!(
                "nothing answers at {url}. Is the daemon running? `leakwatch run` starts it; \
                 --url names another place"
            )
        } else {
            match error {
                ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                    anyhow!("`{url}` is no URL; write it as {USUAL}")
                }
                ureq::Error::Timeout(_) => anyhow!("{url} took too long to answer"),
                ureq::Error::HostNotFound => anyhow!("{url}: there is no host of this name"),
                ureq::Error::Rustls(error) => anyhow!(
                    "{url}: TLS: {error}; with a CA of your own give its certificate with \
                     --ca-file"
                ),
                other => anyhow!("{url}: {other}"),
            }
        })
    }
}

/// Server-sent events as they come, until the stream ends or breaks.
fn read_events(
    mut reader: impl BufRead,
    tell: &mut dyn FnMut(&Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut event = Event::default();
    let mut line = String::new();
    loop {
        line.clear();
        let length = (&mut reader).take(1 << 20).read_line(&mut line);
        if length.unwrap_or(0) == 0 {
            return Ok(());
        }
        let text = line.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            if !event.name.is_empty() {
                tell(&std::mem::take(&mut event))?;
            }
            continue;
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => value.clone_into(&mut event.id),
            "data" => event.data.push_str(value),
            _ => {}
        }
    }
}

/// How long ago in two units; nothing for what never was.
pub(super) fn ago(now: Timestamp, then: Option<Timestamp>) -> String {
    match then {
        Some(then) if then != Timestamp::ZERO => {
            let seconds = now.since(then).as_secs();
            super::sheet::lasting(Duration::from_secs(seconds.max(1)))
        }
        _ => "-".to_owned(),
    }
}

/// A name as it stands in a path (RFC 3986 §2.3).
pub(super) fn encoded(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for octet in id.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_part_of_the_path() {
        assert_eq!(encoded("leak-64500_a.1~"), "leak-64500_a.1~");
        assert_eq!(encoded("../a b?x#%"), "..%2Fa%20b%3Fx%23%25");
    }
}
