//! Alertmanager, API v2. It forgets what it is not told again, so what stands is repeated.
//!
//! **Labels are the alert's identity**, so there are few, and all are the same for every daemon
//! that sees the event: no host, no replica. Two daemons on the same feeds page once.
//!
//! `severity` is a label, because everybody routes by it: a warning that becomes critical must
//! reach the pager. To Alertmanager that is another alert, so the one of the severity before is
//! ended in the same request. Which that was is only remembered in memory: after a restart it is
//! not told again, and so ends by itself within four intervals. With `group_by: [alertname,
//! incident]` the change is one notification of one group.
//!
//! An end that comes before `group_wait` has passed would make Alertmanager drop the whole
//! incident unseen; [`Sink::holds`] keeps it back.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{
    Failure, Message, Sent, Sink, Subject, Then, facts,
    message::cut,
    post::{self, Post},
    secret::{Secret, SecretFile},
};
use crate::{bgp::Timestamp, incident::Severity};

/// Messages in one request.
const MOST_ALERTS: usize = 100;
/// Refused requests that are halved in one turn: enough for two alerts among a hundred. Where all
/// is refused, what is new shall not wait for each to be.
const MOST_HALVED: u32 = 16;
/// An alert that is not told again ends after so many intervals.
const INTERVALS: u32 = 4;
/// What ended is repeated for so long, for an Alertmanager that was away.
const ENDED: Duration = Duration::from_secs(15 * 60);
/// Alerts whose severity is remembered; beyond it they end by themselves.
const MOST_REMEMBERED: usize = 10_000;
/// Longest annotation.
const LONGEST: usize = 4000;

/// `[[alert.alertmanager]]`, for one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The beginning of its addresses, before `/api/v2`.
    pub url: String,
    /// What stands is told again after so long.
    pub resend: Duration,
    /// An end is kept back until the beginning is so old: more than its `group_wait`.
    pub hold: Duration,
    /// Who we are.
    pub login: Login,
    /// How.
    pub post: post::Settings,
}

/// How we show who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    #[default]
    Nobody,
    /// A user and a password (RFC 7617).
    Basic {
        /// Who.
        username: String,
        /// The file that holds the password.
        password_file: SecretFile,
    },
    /// A token (RFC 6750).
    Bearer {
        /// The file that holds it.
        bearer_file: SecretFile,
    },
}

impl Login {
    /// The file that holds the secret.
    pub fn file(&self) -> Option<&SecretFile> {
        match self {
            Login::Nobody => None,
            Login::Basic { password_file, .. } => Some(password_file),
            Login::Bearer { bearer_file } => Some(bearer_file),
        }
    }
}

/// Posts alerts to one Alertmanager.
pub struct Alertmanager {
    post: Post,
    resend: Duration,
    hold: Duration,
    login: Option<(String, Secret)>,
    bearer: Option<Secret>,
    /// Messages in one request of those said again.
    at_once: usize,
    /// The severity in force, by identity.
    told: BTreeMap<String, Severity>,
}

impl Alertmanager {
    pub(super) fn open(settings: &Settings) -> Result<Alertmanager, String> {
        let url = format!("{}/api/v2/alerts", settings.url.trim_end_matches('/'));
        let (mut login, mut bearer) = (None, None);
        match &settings.login {
            Login::Nobody => {}
            Login::Basic {
                username,
                password_file,
            } => login = Some((username.clone(), password_file.read()?)),
            Login::Bearer { bearer_file } => bearer = Some(bearer_file.read()?),
        }
        Ok(Alertmanager {
            post: Post::new(&url, &settings.post)?,
            resend: settings.resend,
            hold: settings.hold,
            login,
            bearer,
            at_once: MOST_ALERTS,
            told: BTreeMap::new(),
        })
    }

    fn headers(&self) -> Vec<(String, String)> {
        let basic = self.login.as_ref().map(|(user, password)| {
            let pair = format!("{user}:{}", password.expose());
            format!("Basic {}", STANDARD.encode(pair))
        });
        let bearer = self
            .bearer
            .as_ref()
            .map(|token| format!("Bearer {}", token.expose()));
        basic
            .or(bearer)
            .map(|value| ("Authorization".to_owned(), value))
            .into_iter()
            .collect()
    }

    fn alerts(&self, message: &Message) -> Vec<Alert> {
        let before = self.told.get(&message.identity()).copied();
        alerts(message, self.resend, before)
    }

    fn remember(&mut self, message: &Message) {
        let identity = message.identity();
        if message.is_over() {
            self.told.remove(&identity);
        } else {
            if self.told.len() >= MOST_REMEMBERED {
                self.told.clear();
            }
            self.told.insert(identity, message.severity);
        }
    }

    /// Says `messages` again. What is refused is tried in halves, so that what is too large or
    /// wrong for one keeps no other from being said.
    fn tell_again(&mut self, messages: &[&Message], turn: &mut Turn) -> Result<(), Failure> {
        let alerts: Vec<Alert> = messages
            .iter()
            .flat_map(|message| self.alerts(message))
            .collect();
        match self.tell(&alerts) {
            Ok(_) => {
                for message in messages {
                    self.remember(message);
                }
                turn.taken = turn.taken.max(messages.len());
                Ok(())
            }
            Err(failure)
                if failure.then == Then::GiveUp && messages.len() > 1 && turn.patience > 0 =>
            {
                turn.patience -= 1;
                let (first, second) = messages.split_at(messages.len() / 2);
                let first = self.tell_again(first, turn);
                if let Err(Failure {
                    then: Then::Retry(_),
                    ..
                }) = first
                {
                    return first;
                }
                self.tell_again(second, turn).and(first)
            }
            Err(failure) => {
                turn.patience = turn.patience.saturating_sub(1);
                Err(failure)
            }
        }
    }

    fn tell(&self, alerts: &[Alert]) -> Result<Sent, Failure> {
        let body =
            serde_json::to_string(alerts).map_err(|error| Failure::give_up(error.to_string()))?;
        self.post.json(&body, &self.headers())
    }
}

/// One turn of saying again what stands.
struct Turn {
    /// Refused requests that are still halved.
    patience: u32,
    /// Messages in the largest request that was taken.
    taken: usize,
}

/// One alert as it is posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// The message as an alert, and the end of the one it was told as before with another severity.
fn alerts(message: &Message, resend: Duration, before: Option<Severity>) -> Vec<Alert> {
    let subject = &message.notice.subject;
    // Alertmanager has the wall's clock. The one that the subject is stamped by may be ahead of it,
    // or behind, for hours: then what stands would come as over.
    let starts_at = subject.began().min(message.told);
    let ended = subject.time().min(message.told).max(starts_at);
    let alert = |severity, annotations, ends_at| Alert {
        labels: labels(message, severity),
        annotations,
        starts_at,
        ends_at,
        generator_url: message.link.clone(),
    };
    let ends_at = if message.is_over() {
        ended
    } else {
        message.told + resend * INTERVALS
    };
    let mut alerts = vec![alert(message.severity, annotations(message), ends_at)];
    if let Some(before) = before.filter(|before| *before != message.severity) {
        alerts.push(alert(before, passed(message), ended));
    }
    alerts
}

fn labels(message: &Message, severity: Severity) -> BTreeMap<&'static str, String> {
    let subject = &message.notice.subject;
    let name = match subject {
        _ if message.notice.test => "LeakwatchTest",
        _ if subject.is_drill() => "LeakwatchDrill",
        Subject::Incident(_) => "LeakwatchIncident",
        Subject::Trouble(_) => "LeakwatchTrouble",
    };
    let mut labels = BTreeMap::from([
        ("alertname", name.to_owned()),
        ("severity", severity.name().to_owned()),
        ("incident", subject.id().to_owned()),
    ]);
    if let Some(event) = message.incident() {
        labels.insert("kind", event.kind.name().to_owned());
        if let Some(offender) = event.offender {
            labels.insert("offender", offender.to_string());
        }
        if let Some(neighbour) = event.neighbour {
            labels.insert("neighbour", neighbour.to_string());
        }
    }
    if subject.is_drill() {
        labels.insert("drill", "true".to_owned());
    }
    labels
}

/// What is said of a severity that is no longer in force.
fn passed(message: &Message) -> BTreeMap<&'static str, String> {
    let summary = if message.is_over() {
        message.title.clone()
    } else {
        format!("Now told as {}: {}", message.severity.name(), message.title)
    };
    BTreeMap::from([
        ("summary", cut(&summary, LONGEST)),
        ("link", message.link.clone()),
    ])
}

fn annotations(message: &Message) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::new();
    let mut add = |name, text: String| {
        if !text.is_empty() {
            annotations.insert(name, cut(&text, LONGEST));
        }
    };
    add("summary", message.title.clone());
    // What stands is told again for hours, and would seem to be later each time.
    let facts = message.facts.iter().filter(|fact| fact.name != facts::LATE);
    let facts = facts.map(|fact| format!("{}: {}", fact.name, fact.value));
    add("description", facts.collect::<Vec<_>>().join("\n"));
    add("evidence", message.evidence.join("\n"));
    add("actions", message.actions.join("\n"));
    let calls: Vec<String> = message.calls.iter().map(facts::line).collect();
    add("contacts", calls.join("\n"));
    add("filters", filters(message));
    add("link", message.link.clone());
    add("runbook_url", message.runbook.clone());
    annotations
}

/// Filters, each whole or not at all: half of one would refuse something else. Those that have no
/// room are named.
fn filters(message: &Message) -> String {
    let all = &message.suggestions;
    let say = |kept: usize| {
        let mut parts: Vec<String> = all
            .iter()
            .take(kept)
            .map(|one| {
                format!(
                    "{} ({}):\n{}\n{}",
                    one.session, one.platform, one.text, one.caution
                )
            })
            .collect();
        let left = all.iter().skip(kept);
        let left: Vec<String> = left
            .map(|one| format!("{} ({})", one.session, one.platform))
            .collect();
        if !left.is_empty() {
            parts.push(format!(
                "Not here for lack of room: {}. What to refuse there: {}",
                left.join(", "),
                message.link
            ));
        }
        parts.join("\n\n")
    };
    let fits = |text: &String| text.chars().nth(LONGEST).is_none();
    let longest = (0..=all.len()).rev().map(say).find(fits);
    longest.unwrap_or_default()
}

impl Sink for Alertmanager {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let sent = self.tell(&self.alerts(message))?;
        self.remember(message);
        Ok(sent)
    }

    fn remind(&mut self, standing: &[Message]) -> Result<(), Failure> {
        let due = standing.iter().filter(|message| {
            !message.is_over() || message.now.since(message.notice.subject.time()) <= ENDED
        });
        let due: Vec<&Message> = due.collect();
        let mut refused = Ok(());
        let mut turn = Turn {
            patience: MOST_HALVED,
            taken: 0,
        };
        for messages in due.chunks(self.at_once) {
            if turn.patience == 0 && turn.taken == 0 {
                // It takes nothing at all.
                break;
            }
            match self.tell_again(messages, &mut turn) {
                Err(failure) if failure.then == Then::GiveUp => refused = Err(failure),
                other => other?,
            }
        }
        // A limit on what it takes is not found anew each time.
        if refused.is_ok() && turn.patience == MOST_HALVED {
            self.at_once = (2 * self.at_once).min(MOST_ALERTS);
        } else if turn.taken > 0 {
            self.at_once = turn.taken;
        }
        refused
    }

    fn forgets_after(&self) -> Option<Duration> {
        Some(self.resend)
    }

    fn deduplicates(&self) -> bool {
        true
    }

    fn holds(&self) -> Duration {
        self.hold
    }

    fn preview(&self, message: &Message) -> String {
        serde_json::to_string_pretty(&alerts(message, self.resend, None)).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) fn shown(message: &Message, before: Option<Severity>) -> serde_json::Value {
    serde_json::to_value(alerts(message, Duration::from_secs(60), before)).unwrap_or_default()
}
