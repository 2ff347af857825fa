//! What is known of an incident when a report is written.

use serde::Serialize;

use crate::{
    bgp::{Prefix, Timestamp},
    incident::{IncidentEvent, Severity, Step},
};

/// A step in an incident's life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// What happened.
    pub event: Step,
    /// When.
    pub time: Timestamp,
    /// How bad it was then.
    pub severity: Severity,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Prefixes affected then.
    pub routes: u32,
}

impl Stage {
    /// The step that an event tells of; the journal keeps events.
    pub fn of(event: &IncidentEvent) -> Stage {
        Stage {
            event: event.event,
            time: event.time,
            severity: event.severity,
            confidence: event.confidence,
            routes: event.routes.active,
        }
    }
}

/// All that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// It as last told, or as it stands.
    pub last: &'a IncidentEvent,
    /// When it was recognised.
    pub opened: Timestamp,
    /// When it was over; none while it goes on.
    pub resolved: Option<Timestamp>,
    /// How it got there, the first step first.
    pub steps: &'a [Stage],
    /// Steps left out after the first.
    pub omitted: u32,
    /// Every prefix ever affected, where somebody has them all; without them our own customers
    /// are counted from the examples, and the report says so.
    pub affected: Option<&'a [Prefix]>,
    /// When somebody took it on. Who did and what they remarked is for our own house, so that it
    /// does not get as far as this.
    pub acknowledged: Option<Timestamp>,
    /// When the report is written.
    pub now: Timestamp,
}

impl Account<'_> {
    /// Steps there were.
    pub(super) fn step_count(&self) -> u32 {
        let kept = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        kept.saturating_add(self.omitted)
    }
}
