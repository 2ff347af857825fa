//! How long it took: from the first leaked update to the page.

use std::time::{Duration, Instant};

use super::super::replay::now;
use crate::{
    bgp::{Asn, Batch, Timestamp},
    drill::{Incident, Truth},
    engine::Engine,
    incident::{Output, Severity, Step},
};

/// Waits for each leak of a drill to be told.
#[derive(Debug)]
pub(super) struct Watch {
    awaited: Vec<Awaited>,
}

#[derive(Debug)]
struct Awaited {
    offender: Asn,
    first: Timestamp,
    /// When its first update was handed to the engine.
    begun: Option<Instant>,
    told: Option<Detected>,
}

/// The moment a leak paged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detected {
    /// Routes affected until then.
    pub routes: u32,
    /// Event time since the first leaked update.
    pub event: Duration,
    /// Work since then: decoding, table, detectors, incident.
    pub work: Duration,
}

impl Watch {
    pub(super) fn new(truth: &Truth) -> Self {
        let awaited = truth.incidents.iter().map(|incident| Awaited {
            offender: incident.offender,
            first: incident.first,
            begun: None,
            told: None,
        });
        Watch {
            awaited: awaited.collect(),
        }
    }

    /// Applies a batch: event by event while a leak is under way and has not been told,
    /// so that the moment it is told is not rounded to batches.
    pub(super) fn apply(&mut self, engine: &mut Engine, batch: &mut Batch, out: &mut Vec<Output>) {
        let last = batch.events.last().map(|event| event.time);
        let waits =
            |one: &Awaited| one.told.is_none() && last.is_some_and(|last| last >= one.first);
        if !self.awaited.iter().any(waits) {
            engine.apply(batch, out);
            return;
        }
        let events = std::mem::take(&mut batch.events);
        for event in &events {
            for one in &mut self.awaited {
                if one.begun.is_none() && event.time >= one.first {
                    one.begun = Some(now());
                }
            }
            batch.events.clear();
            batch.events.push(*event);
            let known = out.len();
            engine.apply(batch, out);
            for output in out.iter().skip(known) {
                self.notice(output);
            }
        }
        batch.events = events;
    }

    fn notice(&mut self, output: &Output) {
        let Output::Incident(event) = output else {
            return;
        };
        if event.severity < Severity::Critical || event.event == Step::Resolved {
            return;
        }
        for one in &mut self.awaited {
            if let Some(begun) = one.begun
                && one.told.is_none()
                && event.offender == Some(one.offender)
            {
                one.told = Some(Detected {
                    routes: event.routes.total,
                    event: event.time.since(one.first),
                    work: begun.elapsed(),
                });
            }
        }
    }

    /// When this leak was told, if it was.
    pub(super) fn detected(&self, incident: &Incident) -> Option<Detected> {
        let one = self
            .awaited
            .iter()
            .find(|one| one.offender == incident.offender)?;
        one.told
    }
}
