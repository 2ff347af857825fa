//! An expected change: `+4,000 routes from AS64500 between 02:00 and 03:00`.
//!
//! While it runs, incidents of that network that began in it and stay within the number are
//! not told: they are shown, as expected. More than that is told, with both numbers. How many
//! routes the network has is looked at from the beginning on, against what it had then; a
//! change that did not happen is told when its time is over, since whoever announced it
//! counts on it, and a change that happens later will come unannounced.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    super::Trouble,
    ranges,
    words::{self, Asked, Refusal},
};
use crate::{
    bgp::{Asn, Timestamp},
    incident::{IncidentEvent, Kind, Severity, Step, report::grouped},
    reference::PrefixRange,
};

/// Days that an expected change lasts at most; more is no window for a change.
pub const MOST_DAYS: u64 = 7;
/// Days before its beginning that one may be announced.
pub const MOST_AHEAD: u64 = 90;
/// More routes than all tables have are no change of one network.
pub const MOST_ROUTES: u32 = 10_000_000;
/// Prefix ranges of one expected change.
pub const MOST_RANGES: usize = 1000;
/// Percent that there may be more than was announced.
pub const USUAL_MARGIN: u8 = 20;
/// A change that did not happen in its time is waited for so long, and told off if it comes; so
/// long is waited for a count of it, too.
pub const LATE: Duration = Duration::from_secs(3600);
/// Routes that are first counted so long after its beginning say nothing of what it began with.
const COUNTED_LATE: Duration = Duration::from_secs(60);
/// For so long after its end an incident that began in it is told with its numbers.
const REMEMBERED: Duration = Duration::from_secs(86_400);
/// An incident is of the network whose routes are so much of it, in percent.
const NEARLY_ALL: u64 = 90;

/// A change that somebody announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// `e-1`, `e-2`, …; never used twice.
    pub id: String,
    /// Whose routes.
    pub asn: Asn,
    /// How many more they will be, or fewer.
    pub routes: i32,
    /// Percent by which it may be more than that.
    pub margin: u8,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// Only these prefixes; all where none are named.
    #[serde(with = "ranges")]
    pub prefixes: Vec<PrefixRange>,
    /// Only incidents of these kinds. Where none are named: of fewer routes those that routes
    /// which go make, of more routes those that routes which come make. Those of our own address
    /// space must be named.
    pub kinds: Vec<Kind>,
    /// Who announced it.
    pub by: String,
    /// Why it is done.
    pub why: String,
    /// When it was announced.
    pub created: Timestamp,
    /// How it goes.
    pub course: Course,
}

/// How an expected change goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Where it stands.
    pub state: State,
    /// Routes of the network at the beginning; none until they were counted.
    pub baseline: Option<u32>,
    /// They were counted when it may have happened already.
    #[serde(default)]
    pub counted_late: bool,
    /// The most that there were beyond that, or fewer than that, or in an incident that is of it.
    pub largest: u32,
}

/// Where an expected change stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its time has not come.
    #[default]
    Planned,
    /// It may happen.
    Running,
    /// Its time is over, and half of it or more was seen.
    Happened,
    /// Its time is over, and less was seen. That was told, and it is waited for.
    Missing,
    /// It did not happen, nor in the hour after its time.
    DidNotHappen,
    /// Less was seen, and nobody knew how many routes the network had at the beginning or at the
    /// end.
    Unseen,
}

/// An expected change that is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Whose routes.
    pub asn: Asn,
    /// How many more, or fewer.
    pub routes: i32,
    /// Percent by which it may be more; 20 where nothing is said.
    pub margin: Option<u8>,
    /// From when; at once where nothing is said.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Only these.
    pub prefixes: Vec<PrefixRange>,
    /// Only these.
    pub kinds: Vec<Kind>,
}

impl Announced {
    pub(super) fn granted(self, id: String, asked: &Asked) -> Result<Expected, Refusal> {
        let (by, why) = asked.checked()?;
        let from = self.from.unwrap_or(asked.now);
        words::span(from, self.until, asked.now, MOST_DAYS)?;
        if from.since(asked.now).as_secs() > MOST_AHEAD * 86_400 {
            let what = format!("is more than {MOST_AHEAD} days ahead");
            return Err(Refusal::field("from", what));
        }
        if from < asked.now && asked.now.since(from) > Duration::from_secs(3600) {
            return Err(Refusal::field(
                "from",
                format!(
                    "is {from}, more than an hour ago: how many routes there were then is not \
                     known"
                ),
            ));
        }
        if self.routes == 0 || self.routes.unsigned_abs() > MOST_ROUTES {
            let what = format!("is not between 1 and {MOST_ROUTES}, more or fewer");
            return Err(Refusal::field("routes", what));
        }
        let margin = self.margin.unwrap_or(USUAL_MARGIN);
        if margin > 100 {
            return Err(Refusal::field("margin", "is not between 0 and 100 percent"));
        }
        if self.prefixes.len() > MOST_RANGES {
            let what = format!("are more than {MOST_RANGES}; name what covers them");
            return Err(Refusal::field("prefixes", what));
        }
        Ok(Expected {
            id,
            asn: self.asn,
            routes: self.routes,
            margin,
            from,
            until: self.until,
            prefixes: self.prefixes,
            kinds: self.kinds,
            by,
            why,
            created: asked.now,
            course: Course::default(),
        })
    }
}

/// What an expected change says of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// It is of it, and is not told.
    Quiet,
    /// It began in it, and there is more than was announced.
    Beyond,
    /// It began in it and is still there after its time.
    Outlasting,
}

impl Expected {
    /// Whether it may happen now.
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    /// Whether nothing more is to be heard of it.
    pub fn is_over(&self) -> bool {
        matches!(
            self.course.state,
            State::Happened | State::DidNotHappen | State::Unseen
        )
    }

    /// Routes up to which it is what was announced.
    pub fn most(&self) -> u32 {
        let announced = u64::from(self.routes.unsigned_abs());
        let most = announced + announced * u64::from(self.margin) / 100;
        u32::try_from(most).unwrap_or(u32::MAX)
    }

    /// What was seen of it: the routes of the incident, or what the network has more than at
    /// the beginning, whichever is larger.
    pub fn seen(&self, event: &IncidentEvent) -> u32 {
        self.course.largest.max(event.routes.peak)
    }

    /// What it says of an incident, if it is of it at all.
    pub fn bearing(&self, event: &IncidentEvent, now: Timestamp) -> Option<Bearing> {
        let began_in_it = self.from <= event.first_seen && event.first_seen < self.until;
        let remembered = self.from <= now && now.since(self.until) < REMEMBERED;
        if event.drill || !began_in_it || !remembered || !self.is_about(event) {
            return None;
        }
        Some(if self.seen(event) > self.most() {
            Bearing::Beyond
        } else if now < self.until {
            Bearing::Quiet
        } else {
            Bearing::Outlasting
        })
    }

    fn is_about(&self, event: &IncidentEvent) -> bool {
        let kind = match event.kind {
            kind if !self.kinds.is_empty() => self.kinds.contains(&kind),
            Kind::OwnPrefix | Kind::Visibility => false,
            Kind::Surge => true,
            Kind::Withdrawal => self.routes < 0,
            // Nobody leaks fewer routes.
            _ => self.routes > 0,
        };
        kind && self.is_theirs(event) && self.is_within(event)
    }

    /// The network does it, or it is done to nearly nobody else's routes. A leak of the whole
    /// table has some of everybody's.
    fn is_theirs(&self, event: &IncidentEvent) -> bool {
        if event.offender == Some(self.asn) {
            return true;
        }
        let victims = event.victims.iter();
        let theirs = victims.filter(|victim| victim.asn == self.asn);
        let theirs: u64 = theirs.map(|victim| u64::from(victim.routes)).sum();
        theirs > 0 && theirs * 100 >= u64::from(event.routes.total) * NEARLY_ALL
    }

    /// Every example is among the prefixes that were named.
    fn is_within(&self, event: &IncidentEvent) -> bool {
        let named = |prefix| self.prefixes.iter().any(|range| lies_in(range, prefix));
        self.prefixes.is_empty()
            || (!event.samples.is_empty()
                && event.samples.iter().all(|sample| named(&sample.prefix)))
    }

    /// `+4,000 routes of AS64500`.
    pub fn what(&self) -> String {
        format!("{} routes of {}", self.number(), self.asn)
    }

    fn number(&self) -> String {
        let sign = if self.routes < 0 { '−' } else { '+' };
        format!("{sign}{}", grouped(self.routes.unsigned_abs()))
    }

    /// `expected +4,000, seen 9,100`.
    pub fn compared(&self, seen: u32) -> String {
        format!("expected {}, seen {}", self.number(), grouped(seen))
    }

    /// Looks at how many routes the network has and how many were in an incident that it keeps
    /// from being told. Returns what is to be told of it, if anything is.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        count: Option<u32>,
        incidents: &[&IncidentEvent],
    ) -> Option<Trouble> {
        if now < self.from || self.is_over() {
            return None;
        }
        if self.course.state == State::Planned {
            self.course.state = State::Running;
        }
        if now < self.until && self.course.baseline.is_none() && count.is_some() {
            self.course.baseline = count;
            self.course.counted_late = now.since(self.from) > COUNTED_LATE;
        }
        let held = incidents
            .iter()
            .filter(|event| self.bearing(event, now) == Some(Bearing::Quiet))
            .map(|event| event.routes.peak);
        self.course.largest = held.fold(self.course.largest, u32::max);
        if let (Some(before), Some(count)) = (self.course.baseline, count) {
            let beyond = if self.routes < 0 {
                before.saturating_sub(count)
            } else {
                count.saturating_sub(before)
            };
            self.course.largest = self.course.largest.max(beyond);
        }
        let half = u64::from(self.course.largest) * 2 >= u64::from(self.routes.unsigned_abs());
        let late = now.since(self.until) >= LATE;
        match self.course.state {
            State::Running if now >= self.until => {
                let began_with = self.course.baseline.filter(|_| !self.course.counted_late);
                self.course.state = match (began_with, count) {
                    _ if half => State::Happened,
                    (Some(_), Some(_)) => State::Missing,
                    // It may have happened; the tables will be here again.
                    (Some(_), None) if !late => return None,
                    (_, None) | (None, _) => State::Unseen,
                };
                (self.course.state == State::Missing).then(|| self.missing(now))
            }
            State::Missing if half => {
                self.course.state = State::Happened;
                Some(self.missing_no_more(now, "it happened after all, late"))
            }
            State::Missing if late => {
                self.course.state = State::DidNotHappen;
                Some(self.missing_no_more(now, "no longer waited for"))
            }
            _ => None,
        }
    }

    pub(super) fn missing(&self, now: Timestamp) -> Trouble {
        Trouble {
            id: format!("expected-change-missing-{}", self.id),
            event: Step::Opened,
            severity: Severity::Warning,
            since: self.until,
            time: now,
            summary: format!(
                "An expected change did not happen: {}, {}",
                self.what(),
                self.compared(self.course.largest)
            ),
            details: vec![
                format!("It was expected between {} and {}", self.from, self.until),
                format!("Announced by {}: {}", self.by, self.why),
            ],
            actions: vec![
                format!(
                    "Ask {} or {} whether it was put off; it would come unannounced now",
                    self.by, self.asn
                ),
                "If it was, announce its new time: leakwatch expect".to_owned(),
            ],
            chapter: "expected-change-missing".to_owned(),
        }
    }

    /// That it is missing is no longer so, or nobody's concern any more.
    pub(super) fn missing_no_more(&self, now: Timestamp, why: &str) -> Trouble {
        let mut trouble = self.missing(now);
        trouble.event = Step::Resolved;
        trouble.summary = format!("{}; {why}", self.what());
        trouble.actions = Vec::new();
        trouble
    }
}

fn lies_in(range: &PrefixRange, prefix: &crate::bgp::Prefix) -> bool {
    let len = prefix.prefix_len();
    range.prefix.contains(prefix) && (range.min_len..=range.max_len).contains(&len)
}
