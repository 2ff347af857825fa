//! What a sink believes to go on, and when it is told so once more.

use super::{Pace, Pending, Slip};
use crate::{
    alert::{Notice, Subject, subject::key},
    bgp::Timestamp,
    incident::Step,
};

impl Slip {
    /// Queues a reminder if one is due at `now`. Returns whether it was.
    pub fn remind(&mut self, now: Timestamp, pace: &Pace) -> bool {
        let Some(due) = self.reminder_due(pace) else {
            return false;
        };
        let Some(told) = self.told.as_mut().filter(|_| now >= due) else {
            return false;
        };
        // Whether or not it gets through: the next is due an interval later.
        told.reminded = now;
        self.pending.push(Pending {
            subject: told.subject.clone(),
            step: Step::Updated,
            reminder: true,
            since: now,
            refusals: 0,
            begun: false,
            maybe_arrived: false,
        });
        true
    }

    /// When a reminder is due; none where none will be.
    pub fn reminder_due(&self, pace: &Pace) -> Option<Timestamp> {
        let told = self.told.as_ref().filter(|told| !told.over)?;
        let quiet = self.pending.is_empty() && !pace.repeat_interval.is_zero();
        quiet.then(|| told.at.max(told.reminded) + pace.repeat_interval)
    }

    /// It as the sink knows it, with the key it was last told under: for sinks that have to be
    /// told again. None if the sink knows nothing of it, or is not told that it is over.
    pub fn standing(&self, id: &str) -> Option<(Notice, Timestamp)> {
        let told = self.told.as_ref().filter(|_| !self.ended)?;
        let step = match told.step {
            _ if told.over => Step::Resolved,
            Some(step) => step,
            None => Step::Opened,
        };
        let notice = Notice {
            key: key(id, told.count, step, false),
            subject: told.subject.clone(),
            step,
            reminder: false,
            test: false,
            maybe_repeat: false,
            notes: Vec::new(),
            thread: told.thread.clone(),
        };
        Some((notice, told.at))
    }

    /// The subject as it last stood, where it goes on as far as this sink knows or will. What is
    /// over says nothing, whether or not the end was told.
    pub fn goes_on(&self) -> Option<&Subject> {
        if self.ended {
            return None;
        }
        match self.pending.last() {
            Some(last) => (!last.is_end()).then_some(&last.subject),
            None => self
                .told
                .as_ref()
                .filter(|told| !told.over)
                .map(|told| &told.subject),
        }
    }

    /// Whether the sink believes that it goes on.
    pub fn is_open(&self) -> bool {
        self.told.as_ref().is_some_and(|told| !told.over)
    }

    /// When the sink was told that it was over; none while it goes on or anything waits.
    pub fn over_since(&self) -> Option<Timestamp> {
        let told = self.told.as_ref().filter(|told| told.over)?;
        self.pending.is_empty().then_some(told.at)
    }
}
