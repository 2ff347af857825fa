//! `PagerDuty`, Events API v2. One incident is one `dedup_key`: what is told twice pages once, and
//! an end resolves what the beginning triggered.

use serde_json::{Map, Value, json};

use super::{
    Failure, Message, Sent, Sink, Then, facts,
    message::cut,
    post::{self, Post},
    secret::{Secret, SecretFile},
    text,
};

/// Longest summary and key that `PagerDuty` takes.
const SUMMARY: usize = 1024;
const KEY: usize = 255;

/// Where events go, but for accounts in the EU.
pub const URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// `[[alert.pagerduty]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The file that holds the integration's routing key.
    pub routing_key_file: SecretFile,
    /// Where to; [`URL`] unless the account is in the EU.
    pub url: String,
    /// How.
    pub post: post::Settings,
}

/// Enqueues events.
#[derive(Debug)]
pub struct PagerDuty {
    post: Post,
    routing_key: Secret,
}

impl PagerDuty {
    pub(super) fn open(settings: &Settings) -> Result<PagerDuty, String> {
        Ok(PagerDuty {
            post: Post::new(&settings.url, &settings.post)?,
            routing_key: settings.routing_key_file.read()?,
        })
    }
}

fn document(message: &Message, routing_key: &str) -> Value {
    let identity = message.identity();
    let key = cut(&identity, KEY);
    if message.is_over() {
        return json!({
            "routing_key": routing_key,
            "event_action": "resolve",
            "dedup_key": key,
        });
    }
    let incident = message.incident();
    let mut payload = json!({
        "summary": cut(&message.title, SUMMARY),
        "source": source(message),
        "severity": message.severity.name(),
        "timestamp": message.notice.subject.began(),
        "component": "bgp",
        "class": incident.map_or("trouble", |event| event.kind.name()),
        "custom_details": details(message),
    });
    if let (Some(offender), Some(payload)) = (
        incident.and_then(|event| event.offender),
        payload.as_object_mut(),
    ) {
        payload.insert("group".to_owned(), offender.to_string().into());
    }
    let link = |target: &str, name: &str| {
        let reachable = post::host(target).is_some();
        reachable.then(|| json!({ "href": target, "text": name }))
    };
    let links: Vec<Value> = [
        link(&message.link, "The incident"),
        link(&message.runbook, "Runbook"),
    ]
    .into_iter()
    .flatten()
    .collect();
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "leakwatch",
        "client_url": message.link,
        "links": links,
        "payload": payload,
    })
}

/// Where it is seen: the first router, or ourselves. No host of ours, or two daemons would differ.
fn source(message: &Message) -> String {
    let first = message.incident().and_then(|event| event.views.first());
    first.map_or_else(
        || "leakwatch".to_owned(),
        |view| format!("{} at {}", view.peer, view.router),
    )
}

/// What is shown under the summary.
fn details(message: &Message) -> Value {
    let mut details = Map::new();
    for fact in &message.facts {
        let value = match details.get(fact.name).and_then(Value::as_str) {
            Some(known) => format!("{known}\n{}", fact.value),
            None => fact.value.clone(),
        };
        details.insert(fact.name.to_owned(), value.into());
    }
    let mut lines = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            details.insert(name.to_owned(), lines.into());
        }
    };
    lines("What to do", message.actions.clone());
    lines(
        "Whom to call",
        message.calls.iter().map(facts::line).collect(),
    );
    lines("Why we think so", message.evidence.clone());
    for one in &message.suggestions {
        let filter = vec![one.text.clone(), one.caution.clone()];
        lines(&text::suggested(one), filter);
    }
    lines("Runbook", vec![message.runbook.clone()]);
    Value::Object(details)
}

/// Whether an answer speaks of the routing key: `Invalid routing key`, `Length of 'routing_key' is
/// incorrect`.
fn names_the_key(answer: &str) -> bool {
    let answer = answer.to_ascii_lowercase();
    answer.contains("routing key") || answer.contains("routing_key")
}

impl Sink for PagerDuty {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let body = document(message, self.routing_key.expose()).to_string();
        self.post.json(&body, &[]).map_err(|mut failure| {
            // It says what is wrong with the event, and might repeat the key.
            failure.what = failure.what.replace(self.routing_key.expose(), "***");
            // A key that was revoked or mistyped is refused as if the event were wrong. No event
            // would be taken, so they wait until it is mended.
            if failure.then == Then::GiveUp && names_the_key(&failure.what) {
                failure.then = Then::Retry(None);
                failure.what.push_str(
                    "; see whether the routing key is that of an Events API v2 integration",
                );
            }
            failure
        })
    }

    fn deduplicates(&self) -> bool {
        true
    }

    fn preview(&self, message: &Message) -> String {
        serde_json::to_string_pretty(&document(message, "***")).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) fn shown(message: &Message) -> Value {
    document(message, "***")
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;
    use crate::alert::samples;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    /// Sends an event to a server that refuses it in these words.
    fn refused(answer: &'static str) -> Failure {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v2/enqueue", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                let head = line.to_ascii_lowercase();
                if let Some(text) = head.strip_prefix("content-length: ") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Length: ";
            let text = format!("{head}{}\r\n\r\n{answer}", answer.len());
            reader.into_inner().write_all(text.as_bytes()).unwrap();
        });
        let name = format!(
            "leakwatch-key-{}",
            url.replace(|c: char| !c.is_alphanumeric(), "-")
        );
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, KEY).unwrap();
        let sink = PagerDuty::open(&Settings {
            routing_key_file: SecretFile::Path(file.clone()),
            url,
            post: post::Settings::default(),
        });
        std::fs::remove_file(file).unwrap();
        let failure = sink.unwrap().send(&samples::opened()).unwrap_err();
        server.join().unwrap();
        failure
    }

    #[test]
    fn events_wait_while_the_routing_key_is_refused() {
        for answer in [
            "Invalid routing key",
            r#"{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}"#,
        ] {
            let failure = refused(answer);
            assert_eq!(failure.then, Then::Retry(None), "{failure:?}");
            assert!(!failure.of_message && !failure.may_have_arrived);
            assert!(
                failure
                    .what
                    .contains("see whether the routing key is that of")
            );
        }
    }

    #[test]
    fn an_event_that_is_refused_for_itself_is_given_up() {
        let failure = refused(
            r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"]}"#,
        );
        assert_eq!(failure.then, Then::GiveUp, "{failure:?}");
    }

    #[test]
    fn an_answer_that_repeats_the_key_does_not_tell_it() {
        let failure = refused("Invalid routing key 0123456789abcdef0123456789abcdef");
        assert!(!failure.what.contains(KEY), "{failure:?}");
    }
}
