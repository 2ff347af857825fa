//! Whom to tell, and how much.

use std::{path::Path, time::Duration};

use super::{
    Sink, Subject, Trouble,
    alertmanager::{self, Login},
    file, is_canary, mail, pagerduty,
    secret::SecretFile,
    slack, syslog,
    webhook::{self, Address},
};
use crate::incident::{Kind, Severity};

/// `[alert]`, but for `resolve_after`, which is of the incident's life.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What follows the first word of an incident is gathered for so long before it is told.
    pub group_window: Duration,
    /// What goes on is told again after so long; zero never.
    pub repeat_interval: Duration,
    /// How people reach the status page: the beginning of links in alerts. None where it is only
    /// on this host.
    pub url: Option<String>,
    /// Where people read the runbook.
    pub runbook: String,
    /// Our own test leak.
    pub canary: Canary,
    /// Where alerts go.
    pub sinks: Vec<SinkSettings>,
}

/// `[alert.canary]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The sink that must take it; none sends no canary.
    pub sink: Option<String>,
    /// How often.
    pub every: Duration,
    /// How long it may take to come out.
    pub patience: Duration,
}

impl Default for Canary {
    fn default() -> Self {
        Canary {
            sink: None,
            every: Duration::from_secs(3600),
            patience: Duration::from_secs(120),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            group_window: Duration::from_secs(30),
            repeat_interval: Duration::from_secs(4 * 3600),
            url: None,
            runbook: "/usr/share/doc/leakwatch/runbook.md".to_owned(),
            canary: Canary::default(),
            sinks: Vec::new(),
        }
    }
}

/// One sink: a table such as `[[alert.webhook]]`. An Alertmanager table with several addresses is
/// several sinks.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkSettings {
    /// Its name in the log, in metrics and for `leakwatch alert test`.
    pub name: String,
    /// What is less bad is not told here.
    pub min_severity: Severity,
    /// Only these kinds; empty is all.
    pub kinds: Vec<Kind>,
    /// Drills are told here too.
    pub drills: bool,
    /// Ends are told here.
    pub resolved: bool,
    /// Troubles of leakwatch itself are told here.
    pub troubles: bool,
    /// As [`Settings::repeat_interval`], for this sink.
    pub repeat_interval: Option<Duration>,
    /// Where and how.
    pub to: Destination,
}

impl SinkSettings {
    /// Whether a subject is told here at all; `canary` where this is the sink of our test leak.
    pub fn wants(&self, subject: &Subject, canary: bool) -> bool {
        let sort = match subject {
            Subject::Incident(event) if is_canary(event) => return canary,
            Subject::Incident(event) => {
                (self.kinds.is_empty() || self.kinds.contains(&event.kind))
                    && (self.drills || !event.drill)
            }
            // Of a sink that fails others are told.
            Subject::Trouble(trouble) => {
                self.troubles && trouble.id != Trouble::sink_failing(&self.name)
            }
        };
        sort && subject.severity() >= self.min_severity
    }
}

/// Where a sink's messages go.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// One Alertmanager.
    Alertmanager(alertmanager::Settings),
    /// JSON to an address.
    Webhook(webhook::Settings),
    /// A channel of Slack.
    Slack(slack::Settings),
    /// A service of `PagerDuty`.
    PagerDuty(pagerduty::Settings),
    /// Mail.
    Mail(Box<mail::Settings>),
    /// Syslog.
    Syslog(syslog::Settings),
    /// A file of JSON lines.
    File(file::Settings),
}

impl Destination {
    /// What it is called in the configuration.
    pub const fn kind(&self) -> &'static str {
        match self {
            Destination::Alertmanager(_) => "alertmanager",
            Destination::Webhook(_) => "webhook",
            Destination::Slack(_) => "slack",
            Destination::PagerDuty(_) => "pagerduty",
            Destination::Mail(_) => "mail",
            Destination::Syslog(_) => "syslog",
            Destination::File(_) => "file",
        }
    }

    /// Whether whoever is reached is the same, however long is waited for them and whatever they are
    /// shown.
    pub fn is_same_place(&self, other: &Destination) -> bool {
        use Destination::{Alertmanager, File, Mail, PagerDuty, Slack, Syslog, Webhook};
        match (self, other) {
            (Alertmanager(one), Alertmanager(other)) => one.url == other.url,
            (Webhook(one), Webhook(other)) => one.url == other.url,
            (Slack(one), Slack(other)) => one.url_file == other.url_file,
            (PagerDuty(one), PagerDuty(other)) => {
                (&one.url, &one.routing_key_file) == (&other.url, &other.routing_key_file)
            }
            (Mail(one), Mail(other)) => {
                (&one.server, one.port, &one.to) == (&other.server, other.port, &other.to)
            }
            (Syslog(_), Syslog(_)) | (File(_), File(_)) => self == other,
            _ => false,
        }
    }

    /// Reads what secrets it needs and makes the sink. Nothing is sent or connected yet.
    ///
    /// # Errors
    /// In words for a person, without a secret.
    pub fn open(&self) -> Result<Box<dyn Sink>, String> {
        Ok(match self {
            Destination::Alertmanager(settings) => {
                Box::new(alertmanager::Alertmanager::open(settings)?)
            }
            Destination::Webhook(settings) => Box::new(webhook::Webhook::open(settings)?),
            Destination::Slack(settings) => Box::new(slack::Slack::open(settings)?),
            Destination::PagerDuty(settings) => Box::new(pagerduty::PagerDuty::open(settings)?),
            Destination::Mail(settings) => Box::new(mail::Mail::open(settings)?),
            Destination::Syslog(settings) => Box::new(syslog::Syslog::open(settings)),
            Destination::File(settings) => Box::new(file::Lines::open(settings)),
        })
    }

    /// The files that hold its secrets.
    pub fn secrets(&self) -> Vec<&SecretFile> {
        match self {
            Destination::Alertmanager(settings) => settings.login.file().into_iter().collect(),
            Destination::Webhook(settings) => {
                let address = match &settings.url {
                    Address::File(file) => Some(file),
                    Address::Url(_) => None,
                };
                settings.secret_file.iter().chain(address).collect()
            }
            Destination::Slack(settings) => vec![&settings.url_file],
            Destination::PagerDuty(settings) => vec![&settings.routing_key_file],
            Destination::Mail(settings) => settings.login.iter().map(|(_, file)| file).collect(),
            Destination::Syslog(_) | Destination::File(_) => Vec::new(),
        }
    }

    /// Whether it could be opened; a credential is there only while the service runs.
    ///
    /// # Errors
    /// As [`Destination::open`].
    pub fn check(&self) -> Result<(), String> {
        let secrets = self.secrets();
        for secret in &secrets {
            secret.check()?;
        }
        if secrets.iter().any(|secret| secret.is_absent()) {
            return Ok(());
        }
        self.open().map(|_| ())
    }

    /// Relative paths start at the directory of the configuration.
    pub fn start_at(&mut self, base: &Path) {
        let posted = match self {
            Destination::Alertmanager(settings) => {
                match &mut settings.login {
                    Login::Nobody => {}
                    Login::Basic { password_file, .. } => password_file.start_at(base),
                    Login::Bearer { bearer_file } => bearer_file.start_at(base),
                }
                &mut settings.post.ca_file
            }
            Destination::Webhook(settings) => {
                if let Address::File(file) = &mut settings.url {
                    file.start_at(base);
                }
                if let Some(file) = &mut settings.secret_file {
                    file.start_at(base);
                }
                &mut settings.post.ca_file
            }
            Destination::Slack(settings) => {
                settings.url_file.start_at(base);
                &mut settings.post.ca_file
            }
            Destination::PagerDuty(settings) => {
                settings.routing_key_file.start_at(base);
                &mut settings.post.ca_file
            }
            Destination::Mail(settings) => {
                if let Some((_, file)) = &mut settings.login {
                    file.start_at(base);
                }
                &mut settings.ca_file
            }
            Destination::Syslog(_) => return,
            Destination::File(settings) => {
                settings.path = base.join(&settings.path);
                return;
            }
        };
        if let Some(file) = posted {
            *file = base.join(&*file);
        }
    }
}
