//! Whether a subject is told at a sink, by all that was asked for: pure, so that the same
//! question at the same time has the same answer.

use serde::{Deserialize, Serialize};

use super::{super::Subject, Acknowledgement, Expected, Mute, expected::Bearing};
use crate::{
    bgp::{Plain, Timestamp},
    incident::{IncidentEvent, Step},
};

/// Whether a subject is told at a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is told.
    Tell {
        /// What is to be said beside it, a sentence each: that more came than was announced.
        notes: Vec<String>,
    },
    /// It is muted, its end too.
    Hold {
        /// Then it is to be judged again.
        until: Timestamp,
        /// Who muted it and why, in a sentence.
        why: String,
    },
    /// Somebody works on it: what a sink was told already is not told again there.
    Acknowledged {
        /// Then it is to be judged again.
        until: Timestamp,
        /// Who acknowledged it and why, in a sentence.
        why: String,
    },
    /// It was announced, and is no more than that.
    Expected {
        /// Then it is to be judged again.
        until: Timestamp,
        /// What was announced, by whom and why, in a sentence.
        why: String,
    },
}

impl Judgement {
    /// Whether it is told.
    pub fn is_told(&self) -> bool {
        matches!(self, Judgement::Tell { .. })
    }

    /// When it is to be judged again, where it is not told.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Judgement::Tell { .. } => None,
            Judgement::Hold { until, .. }
            | Judgement::Acknowledged { until, .. }
            | Judgement::Expected { until, .. } => Some(*until),
        }
    }

    /// Why it is not told.
    pub fn why(&self) -> Option<&str> {
        match self {
            Judgement::Tell { .. } => None,
            Judgement::Hold { why, .. }
            | Judgement::Acknowledged { why, .. }
            | Judgement::Expected { why, .. } => Some(why),
        }
    }
}

/// What was asked for, and holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub mutes: &'a [Mute],
    pub acknowledgements: &'a [Acknowledgement],
    pub expected: &'a [Expected],
}

impl Rules<'_> {
    /// Mutes come first, then acknowledgements, then what was expected.
    pub fn judge(&self, subject: &Subject, sink: &str, now: Timestamp) -> Judgement {
        let mutes = self.mutes.iter();
        let muted = mutes
            .filter(|mute| mute.holds(subject, sink, now))
            .max_by_key(|mute| mute.until);
        if let Some(mute) = muted {
            return Judgement::Hold {
                until: mute.until,
                why: mute.sentence(),
            };
        }
        let Subject::Incident(event) = subject else {
            return Judgement::Tell { notes: Vec::new() };
        };
        let mut acknowledged = self.acknowledgements.iter();
        if let Some(one) = acknowledged.find(|one| one.is_of(event, now))
            && one.holds(subject, now)
        {
            return Judgement::Acknowledged {
                until: one.until,
                why: one.sentence(),
            };
        }
        let mut expected = self.expected.iter();
        if let Some(change) =
            expected.find(|change| change.bearing(event, now) == Some(Bearing::Quiet))
        {
            return Judgement::Expected {
                until: change.until,
                why: change.sentence(),
            };
        }
        Judgement::Tell {
            notes: self.notes(event, now),
        }
    }

    /// Why it is told although somebody asked for quiet about it, a sentence each.
    pub fn notes(&self, event: &IncidentEvent, now: Timestamp) -> Vec<String> {
        let mut notes = Vec::new();
        let mut acknowledged = self.acknowledgements.iter();
        if let Some(one) = acknowledged.find(|one| one.is_of(event, now))
            && event.severity > one.severity
            && event.event != Step::Resolved
        {
            notes.push(format!(
                "It is {} now, and was {} when {} acknowledged it",
                event.severity.name(),
                one.severity.name(),
                Plain(&one.by)
            ));
        }
        for change in self.expected {
            let what = match change.bearing(event, now) {
                Some(Bearing::Beyond) => "More than was announced",
                Some(Bearing::Outlasting) if event.event != Step::Resolved => {
                    "Still there after its announced time"
                }
                // What has ended is there no more.
                Some(Bearing::Outlasting | Bearing::Quiet) | None => continue,
            };
            notes.push(format!(
                "{what}: {} ({})",
                change.compared(change.seen(event)),
                change.sentence()
            ));
        }
        notes
    }

    /// What of it concerns an incident, for showing.
    pub fn hush(&self, event: &IncidentEvent, now: Timestamp) -> Hush {
        let expected = self.expected.iter();
        let mut hush = Hush {
            expected: expected
                .filter_map(|one| Some((one.bearing(event, now)?, one)))
                .min_by_key(|(bearing, _)| *bearing != Bearing::Quiet)
                .map(|(bearing, one)| Seen {
                    change: one.clone(),
                    seen: one.seen(event),
                    quiet: bearing == Bearing::Quiet,
                }),
            ..Hush::default()
        };
        if event.event != Step::Resolved {
            let subject = Subject::Incident(Box::new(event.clone()));
            let mutes = self.mutes.iter().filter(|one| one.covers(&subject, now));
            hush.mutes = mutes.cloned().collect();
            let mut acknowledged = self.acknowledgements.iter();
            hush.acknowledged = acknowledged.find(|one| one.is_of(event, now)).cloned();
            hush.worse = hush
                .acknowledged
                .as_ref()
                .is_some_and(|one| !one.holds(&subject, now));
        }
        hush
    }
}

/// What keeps an incident from being told, for showing it beside the incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hush {
    /// Mutes that match it, at some sink at least.
    pub mutes: Vec<Mute>,
    /// Who works on it.
    pub acknowledged: Option<Acknowledgement>,
    /// It is worse than when that was said, and told.
    pub worse: bool,
    /// The announced change that it is of.
    pub expected: Option<Seen>,
}

/// An expected change beside an incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// What was announced.
    #[serde(flatten)]
    pub change: Expected,
    /// What is there.
    pub seen: u32,
    /// It is no more than that, and not told.
    pub quiet: bool,
}

impl Hush {
    /// Whether nothing keeps it from being told.
    pub fn is_empty(&self) -> bool {
        *self == Hush::default()
    }

    /// Whether nothing that goes on is told of it at any sink.
    pub fn is_quiet(&self) -> bool {
        self.muted_until().is_some()
            || (self.acknowledged.is_some() && !self.worse)
            || self.expected.as_ref().is_some_and(|one| one.quiet)
    }

    /// Until when it is muted everywhere.
    pub fn muted_until(&self) -> Option<Timestamp> {
        let everywhere = self.mutes.iter().filter(|one| one.matches.sink.is_none());
        everywhere.map(|one| one.until).max()
    }

    /// It in sentences for people.
    pub fn sentences(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        if let Some(one) = &self.acknowledged {
            let mut text = one.sentence();
            if self.worse {
                text.push_str("; it is worse now, and told");
            }
            sentences.push(Sentence::new(&one.id, text));
        }
        for one in &self.mutes {
            sentences.push(Sentence::new(&one.id, one.sentence()));
        }
        if let Some(one) = &self.expected {
            let numbers = one.change.compared(one.seen);
            let told = if one.quiet { "not told" } else { "told" };
            let text = format!("{}; {numbers}, {told}", one.change.sentence());
            sentences.push(Sentence::new(&one.change.id, text));
        }
        sentences
    }
}

/// A sentence on why an incident is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// By which mute, acknowledgement or expected change.
    pub id: String,
    /// Who, why and until when. Plain text on one line.
    pub text: String,
}

impl Sentence {
    fn new(id: &str, text: String) -> Sentence {
        Sentence {
            id: id.to_owned(),
            text,
        }
    }
}

impl Mute {
    /// `Muted by mk: "maintenance", until 2026-11-25 05:00 UTC`.
    pub fn sentence(&self) -> String {
        let at = match &self.matches.sink {
            Some(sink) => format!(" at {}", Plain(sink)),
            None => String::new(),
        };
        let spared = if self.below_critical {
            " while it is below critical"
        } else {
            ""
        };
        format!("Muted{at}{spared} {}", self.author())
    }

    /// `incidents of AS64500, at the sink pager, muted by mk: "maintenance", until …`: for a list
    /// of mutes, where nothing else says what it is about.
    pub fn line(&self) -> String {
        format!("{}, muted {}", Plain(&self.what()), self.author())
    }

    fn author(&self) -> String {
        format!(
            "by {}: \"{}\", until {}",
            Plain(&self.by),
            Plain(&self.why),
            day_minute(self.until)
        )
    }
}

impl Acknowledgement {
    /// `Acknowledged by mk: "called Verizon", until 2026-11-25 05:00 UTC`.
    pub fn sentence(&self) -> String {
        format!(
            "Acknowledged by {}: \"{}\", until {}",
            Plain(&self.by),
            Plain(&self.why),
            day_minute(self.until)
        )
    }
}

impl Expected {
    /// `+4,000 routes of AS64500 expected by mk: "new customer", until 2026-11-25 03:00 UTC`.
    pub fn sentence(&self) -> String {
        format!(
            "{} expected by {}: \"{}\", until {}",
            self.what(),
            Plain(&self.by),
            Plain(&self.why),
            day_minute(self.until)
        )
    }
}

/// Day and time to the minute, UTC.
fn day_minute(time: Timestamp) -> String {
    let micros = i64::try_from(time.micros()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).map_or_else(
        |_| time.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
