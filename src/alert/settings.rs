//! Whom to tell, and how much.

use std::time::Duration;

use super::{Subject, Trouble, is_canary};
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

/// One sink: a table such as `[[alert.webhook]]`.
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
    /// Placeholder.
    Nowhere,
}
