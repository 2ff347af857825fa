//! An acknowledgement: somebody has seen an incident and works on it.
//!
//! It stops what would only say again what they know. What is worse than it was when they
//! acknowledged it is told, and so is the end, with which the acknowledgement ends too: an
//! incident that comes back pages anew.

use serde::{Deserialize, Serialize};

use super::{
    super::Subject,
    words::{self, Asked, Refusal},
};
use crate::{
    bgp::Timestamp,
    incident::{IncidentEvent, Severity, Step},
};

/// Days that an acknowledgement lasts at most.
pub const MOST_DAYS: u64 = 7;

/// Who has seen an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// `a-1`, `a-2`, …; never used twice.
    pub id: String,
    /// Which incident.
    pub incident: String,
    /// Whether it is a drill's.
    #[serde(default)]
    pub drill: bool,
    /// How bad it was then: worse is told.
    pub severity: Severity,
    /// Who.
    pub by: String,
    /// What they do about it.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// The incident's last step then, by the engine's clock; none in what an earlier version kept.
    #[serde(default)]
    pub last_step: Timestamp,
    /// When it ends, if the incident does not end before.
    pub until: Timestamp,
}

impl Acknowledgement {
    pub(super) fn of(
        event: &IncidentEvent,
        id: String,
        until: Timestamp,
        asked: &Asked,
    ) -> Result<Acknowledgement, Refusal> {
        let (by, why) = asked.checked()?;
        words::span(asked.now, until, asked.now, MOST_DAYS)?;
        Ok(Acknowledgement {
            id,
            incident: event.id.clone(),
            drill: event.drill,
            severity: event.severity,
            by,
            why,
            at: asked.now,
            last_step: event.time,
            until,
        })
    }

    /// Whether it is of this incident, and has not ended.
    pub fn is_of(&self, event: &IncidentEvent, now: Timestamp) -> bool {
        self.incident == event.id && self.drill == event.drill && now < self.until
    }

    /// Whether it keeps `subject` from being told again.
    pub fn holds(&self, subject: &Subject, now: Timestamp) -> bool {
        let Subject::Incident(event) = subject else {
            return false;
        };
        let anew = event.event == Step::Reopened && event.time > self.last_step;
        self.is_of(event, now)
            && event.event != Step::Resolved
            && !anew
            && event.severity <= self.severity
    }
}
