//! What alerts are about: an incident in the world, or a trouble of our own.

use serde::{Deserialize, Serialize};

use crate::{
    bgp::{Asn, Timestamp},
    incident::{IncidentEvent, Severity, Step},
};

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An event in the world.
    Incident(Box<IncidentEvent>),
    /// We are blind, mute or forgetful.
    Trouble(Box<Trouble>),
}

/// Something wrong with the watch itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Deterministic name, such as `feed-silent-192.0.2.1`; no host of ours in it.
    pub id: String,
    /// What happened to it: opened or resolved.
    pub event: Step,
    /// How bad.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// When this was said.
    pub time: Timestamp,
    /// One sentence.
    pub summary: String,
    /// What is known beyond it, a line each. May quote what a stranger sent.
    pub details: Vec<String>,
    /// What to do, the first step first.
    pub actions: Vec<String>,
    /// The chapter of the runbook, as its anchor: `feed-silent`.
    pub chapter: String,
}

impl Trouble {
    /// The name of the trouble that a sink makes.
    pub fn sink_failing(sink: &str) -> String {
        format!("sink-failing-{sink}")
    }

    /// The chapters there are for troubles in docs/runbook.md.
    pub const CHAPTERS: [&'static str; 7] = [
        "blind",
        "canary-lost",
        "durability-degraded",
        "expected-change-missing",
        "feed-lost",
        "feed-silent",
        "sink-failing",
    ];
}

impl Subject {
    /// Its deterministic name.
    pub fn id(&self) -> &str {
        match self {
            Subject::Incident(event) => &event.id,
            Subject::Trouble(trouble) => &trouble.id,
        }
    }

    /// Its name among everything that is told: a drill's incident may have the name of a real one.
    pub fn key(&self) -> String {
        let id = self.id();
        if self.is_drill() {
            format!("drill/{id}")
        } else {
            id.to_owned()
        }
    }

    /// What happened to it.
    pub fn step(&self) -> Step {
        match self {
            Subject::Incident(event) => event.event,
            Subject::Trouble(trouble) => trouble.event,
        }
    }

    /// How bad.
    pub fn severity(&self) -> Severity {
        match self {
            Subject::Incident(event) => event.severity,
            Subject::Trouble(trouble) => trouble.severity,
        }
    }

    /// Whether it was made up.
    pub fn is_drill(&self) -> bool {
        matches!(self, Subject::Incident(event) if event.drill)
    }

    /// When it began.
    pub fn began(&self) -> Timestamp {
        match self {
            Subject::Incident(event) => event.first_seen,
            Subject::Trouble(trouble) => trouble.since,
        }
    }

    /// When this was said of it.
    pub fn time(&self) -> Timestamp {
        match self {
            Subject::Incident(event) => event.time,
            Subject::Trouble(trouble) => trouble.time,
        }
    }
}

/// The AS of our own test leak; no registry has given it out.
pub const CANARY: Asn = Asn(4_199_999_999);

/// Whether an incident is our own test leak. It goes to the sink that is named for it and to no
/// other.
pub fn is_canary(event: &IncidentEvent) -> bool {
    event.drill && event.offender == Some(CANARY)
}

/// One thing to be told at one sink: a subject as it stood, and why it is told now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Deterministic, `incident/1` and then `incident/number-step`: the same thing told twice has
    /// the same key, whichever daemon tells it, and a beginning never that of an end.
    pub key: String,
    /// It as it stood.
    pub subject: Subject,
    /// The step as this sink has to understand it: a sink that hears of an incident for the first
    /// time hears `opened`, however the incident has grown meanwhile.
    pub step: Step,
    /// Nothing happened: it is told once more because it goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminder: bool,
    /// Somebody tries the sink.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// We ended, or the connection did, between sending and being told that it arrived: it may
    /// be known already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_repeat: bool,
    /// What is to be said beside it, a sentence each: that more came than was announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where a sink has threads: the key of the first notice of this subject at this sink.
    pub thread: String,
}

/// The key of what a sink is told as number `number` of the subject `id`. The first is always the
/// beginning.
pub(super) fn key(id: &str, number: u32, step: Step, reminder: bool) -> String {
    let what = if reminder {
        "reminder"
    } else {
        super::message::step(step)
    };
    match number {
        1 => format!("{id}/1"),
        _ => format!("{id}/{number}-{what}"),
    }
}
