//! What one sink is to be told of one subject, and what it has been told.
//!
//! A pure state machine: events are offered, notices are begun, delivered or failed. It is kept
//! by the store after each step, so that whatever dies in between is gone on with:
//!
//! - Each notice is delivered at least once, and notices of one subject in the order in which
//!   things happened. What waits is brought up to date rather than sent in pieces: behind a sink
//!   that is away for hours stand the beginning and the end, not each step between.
//! - A notice that may have arrived already is sent once more as it was, under the same key, and
//!   says that it may be a repeat; only what comes after it is brought up to date.
//! - Keys count what the sink was told of the subject and say as what:
//!   `leak-15169-via-701-417675/1` is the beginning, for whoever tells it, and `…/2-resolved` the
//!   end where that came next. Two daemons may count differently, as when one has gathered what the
//!   other told in two; an end never has the key of anything else.

mod standing;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Failure, Notice, Subject, subject::key};
use crate::{
    bgp::Timestamp,
    incident::{Severity, Step},
};

/// The slip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slip {
    /// What has been told; none before the first delivery.
    told: Option<Told>,
    /// What is still to be told, in order: at most what may have arrived, what follows it, and an
    /// end.
    pending: Vec<Pending>,
    /// It is over, and where ends are not told nothing will say so.
    #[serde(default)]
    ended: bool,
}

/// What a sink knows of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    /// Notices delivered.
    count: u32,
    /// The key of the first of them.
    thread: String,
    /// When it was last told that the subject began, or began again.
    began: Timestamp,
    /// When it was last told anything.
    at: Timestamp,
    /// It as last told.
    subject: Subject,
    /// As what that was told; none in what an earlier version kept.
    #[serde(default)]
    step: Option<Step>,
    /// When a reminder was last queued, whatever became of it.
    #[serde(default)]
    reminded: Timestamp,
    /// It was told of the end.
    over: bool,
}

/// What is still to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    subject: Subject,
    /// As the sink has to understand it.
    step: Step,
    /// Nothing happened; it goes on.
    #[serde(default)]
    reminder: bool,
    /// When it came to be told.
    since: Timestamp,
    /// How often the other side stumbled over it.
    #[serde(default)]
    refusals: u32,
    /// It is being sent.
    #[serde(default)]
    begun: bool,
    /// An attempt may have succeeded.
    #[serde(default)]
    maybe_arrived: bool,
}

impl Pending {
    /// Whether it must stay as it is: part of the world may have seen it.
    fn is_fixed(&self) -> bool {
        self.begun || self.maybe_arrived
    }

    fn is_end(&self) -> bool {
        self.step == Step::Resolved
    }
}

/// What governs when something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// What is no worse than what was told waits for so long after that.
    pub group_window: Duration,
    /// What goes on is told again after so long; zero never.
    pub repeat_interval: Duration,
    /// An end is told no earlier than so long after the beginning.
    pub holds: Duration,
    /// Ends are told.
    pub resolved: bool,
}

impl Slip {
    /// Takes what happened at `now`. Returns whether anything is to be told of it.
    pub fn offer(&mut self, subject: &Subject, now: Timestamp, pace: &Pace) -> bool {
        let knows = self.told.as_ref().is_some_and(|told| !told.over);
        let over = subject.step() == Step::Resolved;
        if over {
            // Whoever did not hear of it, and will not, needs not hear that it is over.
            let will_know = self.pending.iter().any(|one| !one.is_end());
            if !pace.resolved {
                self.forget_what_is_over();
                return false;
            }
            if !(knows || will_know) {
                return false;
            }
            // Its last steps matter no more than its end; its beginning does.
            let first = !knows;
            let mut seen = false;
            self.pending.retain(|one| {
                let keep = one.is_fixed() || (first && !seen && !one.is_end());
                seen |= keep;
                keep
            });
        } else {
            self.ended = false;
            // It is back before anybody heard that it was over.
            self.pending.retain(|one| one.is_fixed() || !one.is_end());
        }
        if over && self.pending.last().is_some_and(Pending::is_end) {
            // Its end may have been told, and before it began anew it was over again.
            return true;
        }
        let last_is_end = self.pending.last().map(Pending::is_end);
        let step = match (over, last_is_end) {
            (true, _) => Step::Resolved,
            // Behind an end that may have been told, it begins anew.
            (false, Some(true)) => Step::Reopened,
            (false, Some(false)) => Step::Updated,
            (false, None) if knows => Step::Updated,
            (false, None) if self.told.is_some() => Step::Reopened,
            (false, None) => Step::Opened,
        };
        if let Some(last) = self.pending.last_mut()
            && !last.is_fixed()
            && last.is_end() == over
        {
            // What waits is brought up to date, and stays the kind of news that it was.
            last.subject = subject.clone();
            last.reminder = false;
            return true;
        }
        self.pending.push(Pending {
            subject: subject.clone(),
            step,
            reminder: false,
            since: now,
            refusals: 0,
            begun: false,
            maybe_arrived: false,
        });
        true
    }

    /// Where ends are not told, what is over is simply no longer known. What waits to be told of
    /// its beginning still is: nobody may have heard of it.
    fn forget_what_is_over(&mut self) {
        self.ended = true;
        self.pending
            .retain(|one| one.is_fixed() || one.step != Step::Updated);
        if let Some(told) = &mut self.told {
            told.over = true;
        }
    }

    /// When what comes next may be told; none if nothing waits.
    pub fn due(&self, pace: &Pace) -> Option<Timestamp> {
        let next = self.pending.first()?;
        let Some(told) = &self.told else {
            return Some(next.since);
        };
        Some(match next.step {
            Step::Resolved => next.since.max(told.began + pace.holds),
            Step::Updated if next.subject.severity() <= told.subject.severity() => {
                next.since.max(told.at + pace.group_window)
            }
            _ => next.since,
        })
    }

    /// Since when something waits to be told, whether or not it is due.
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.pending.first().map(|one| one.since)
    }

    /// How often the other side stumbled over what comes next.
    pub fn refusals(&self) -> u32 {
        self.pending.first().map_or(0, |one| one.refusals)
    }

    /// Notices that wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether what comes next is being sent, or may have arrived.
    pub fn may_be_known(&self) -> bool {
        self.pending.first().is_some_and(Pending::is_fixed)
    }

    /// The worst of what waits.
    pub fn severity(&self) -> Option<Severity> {
        self.pending.iter().map(|one| one.subject.severity()).max()
    }

    /// What comes next, as the sink has to hear it.
    pub fn next(&self, id: &str) -> Option<Notice> {
        let next = self.pending.first()?;
        let count = self.told.as_ref().map_or(0, |told| told.count);
        let key = key(id, count + 1, next.step, next.reminder);
        Some(Notice {
            thread: self
                .told
                .as_ref()
                .map_or_else(|| key.clone(), |told| told.thread.clone()),
            key,
            subject: next.subject.clone(),
            step: next.step,
            reminder: next.reminder,
            test: false,
            maybe_repeat: next.maybe_arrived,
            notes: Vec::new(),
        })
    }

    /// What comes next is about to be sent. To be kept before that happens.
    pub fn begin(&mut self) {
        if let Some(next) = self.pending.first_mut() {
            next.begun = true;
        }
    }

    /// It was taken.
    pub fn delivered(&mut self, id: &str, now: Timestamp) {
        if self.pending.is_empty() {
            return;
        }
        let next = self.pending.remove(0);
        let over = next.is_end() || self.ended;
        let begins = matches!(next.step, Step::Opened | Step::Reopened);
        match &mut self.told {
            Some(told) => {
                told.count += 1;
                told.at = now;
                told.over = over;
                told.subject = next.subject;
                if !next.reminder {
                    told.step = Some(next.step);
                }
                if begins {
                    told.began = now;
                }
            }
            told @ None => {
                *told = Some(Told {
                    count: 1,
                    thread: format!("{id}/1"),
                    began: now,
                    at: now,
                    subject: next.subject,
                    step: Some(next.step),
                    reminded: Timestamp::ZERO,
                    over,
                });
            }
        }
    }

    /// It was not taken and will be tried again.
    pub fn failed(&mut self, failure: &Failure) {
        if let Some(next) = self.pending.first_mut() {
            next.refusals += u32::from(failure.of_message);
            next.begun = false;
            next.maybe_arrived |= failure.may_have_arrived;
        }
        self.bring_up_to_date();
    }

    /// What came while something was being sent waits behind it. Where that surely did not
    /// arrive, it is told as if it had never been begun.
    fn bring_up_to_date(&mut self) {
        let knows = self.is_open();
        while let [first, second, ..] = &mut *self.pending
            && !first.is_fixed()
        {
            match (first.is_end(), second.is_end()) {
                (false, false) => {
                    first.subject = second.subject.clone();
                    first.reminder = false;
                    self.pending.remove(1);
                }
                (true, _) => {
                    if !second.is_end() {
                        second.step = Step::Updated;
                    }
                    self.pending.remove(0);
                }
                (false, true) if knows => {
                    self.pending.remove(0);
                }
                (false, true) => return,
            }
        }
    }

    /// It will never be taken, as turns out at `now`. What follows it is told as if it had not
    /// been; where it was the end, there is nothing more to be said.
    pub fn given_up(&mut self, now: Timestamp) {
        if self.pending.is_empty() {
            return;
        }
        let refused = self.pending.remove(0);
        if refused.is_end() {
            if let Some(told) = &mut self.told {
                told.over = true;
                told.at = now;
            }
        } else if refused.step != Step::Updated {
            match self.pending.first_mut() {
                Some(next) if next.is_end() => {
                    self.pending.remove(0);
                }
                Some(next) => next.step = refused.step,
                None => {}
            }
        }
    }

    /// Whoever held it holds it no more: what was being sent may have arrived. A clock that was
    /// ahead of `now` puts nothing off.
    pub fn picked_up(&mut self, now: Timestamp) {
        if let Some(told) = &mut self.told {
            for time in [&mut told.began, &mut told.at, &mut told.reminded] {
                *time = now.min(*time);
            }
        }
        for one in &mut self.pending {
            one.since = now.min(one.since);
        }
        if let Some(next) = self.pending.first_mut()
            && next.begun
        {
            next.begun = false;
            next.maybe_arrived = true;
        }
    }

    /// Nothing of it is to be told any more but the end of what was told; what may have arrived
    /// stays, until it is known to have. Returns how many notices are told no more.
    pub fn hush(&mut self) -> usize {
        let before = self.pending.len();
        let open = self.is_open();
        self.pending
            .retain(|one| one.is_fixed() || (open && one.is_end()));
        before - self.pending.len()
    }

    /// Whether it is over, and that is not told yet or never will be.
    pub fn ends(&self) -> bool {
        self.ended || self.pending.iter().any(Pending::is_end)
    }

    /// How bad it was when last told; none if the sink knows of nothing that goes on.
    pub fn told_severity(&self) -> Option<Severity> {
        let told = self.told.as_ref().filter(|told| !told.over)?;
        Some(told.subject.severity())
    }

    /// Whether nothing was told and nothing waits.
    pub fn is_blank(&self) -> bool {
        self.told.is_none() && self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests;
