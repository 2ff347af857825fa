//! Everything that waits for one sink, and when to try it again.
//!
//! Pure but for the draw of a jitter: time is passed in, what is to be kept is handed out.

mod health;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Failure, Judgement, Notice, Pace, SinkSettings, Slip, Subject, Then};
use crate::{bgp::Timestamp, incident::Step, store::Write};

pub use health::Failing;
use health::Health;

/// Subjects of which something may wait at one sink. The journal opens 1,024 incidents at most;
/// these are ten times as many, for a sink that is away for long.
pub const MOST_WAITING: usize = 10_000;
/// Slips in all, with those of what was told and goes on, and of what is over and may come back.
const MOST_SLIPS: usize = 2 * MOST_WAITING;
/// Slips of what is over that are forgotten at once where there are too many.
const PIECE: usize = 1000;
/// A slip of what is over and told is kept for so long, for the incident that comes back.
const KEPT: Duration = Duration::from_secs(2 * 86_400);
/// What is over is still said to sinks that forget for so long, as Prometheus does.
const STILL_SAID: Duration = Duration::from_secs(15 * 60);
/// Once the other side has stumbled over a message so often, every second attempt is for what
/// comes behind it: it may be the message, and not the sink.
const STUBBORN: u32 = 4;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Send this.
    Send(Box<Notice>),
    /// Nothing before this time.
    Wait(Option<Timestamp>),
}

/// A slip as it is kept; none that it is not.
pub(super) fn row(sink: &str, key: &str, slip: Option<&Slip>) -> Write {
    Write::Slip {
        sink: sink.to_owned(),
        subject: key.to_owned(),
        // Nothing in a slip can fail to be written.
        slip: slip.map(|slip| serde_json::to_string(slip).unwrap_or_default()),
    }
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    pub(super) settings: SinkSettings,
    pub(super) pace: Pace,
    /// Our own test leak comes here.
    pub(super) canary: bool,
    slips: BTreeMap<String, Slip>,
    health: Health,
    /// Of what is due, what somebody asked to be quiet about.
    held: BTreeSet<String>,
    /// Attempts so far.
    turn: u32,
    /// Notices dropped because too much waited, or quieted, since last asked.
    pub(super) dropped: u64,
    pub(super) quieted: u64,
}

impl Queue {
    /// A queue with what was kept of it.
    pub fn new(settings: SinkSettings, pace: Pace, kept: BTreeMap<String, Slip>) -> Queue {
        Queue {
            settings,
            pace,
            canary: false,
            slips: kept,
            health: Health::default(),
            held: BTreeSet::new(),
            turn: 0,
            dropped: 0,
            quieted: 0,
        }
    }

    fn row(&self, key: &str) -> Write {
        row(&self.settings.name, key, self.slips.get(key))
    }

    /// Whether anything was told of a subject, or is to be.
    pub fn knows(&self, subject: &Subject) -> bool {
        self.slips.contains_key(&subject.key())
    }

    /// Takes what happened; what is to be kept of it goes to `rows`.
    pub fn offer(&mut self, subject: &Subject, now: Timestamp, rows: &mut Vec<Write>) {
        let key = subject.key();
        let known = self.slips.contains_key(&key);
        if !known
            && (subject.step() == Step::Resolved || !self.settings.wants(subject, self.canary))
        {
            return;
        }
        if !known {
            self.make_room(subject, rows);
        }
        let pace = self.pace;
        let slip = self.slips.entry(key.clone()).or_default();
        let waited = !slip.is_empty();
        if slip.offer(subject, now, &pace) || waited || known {
            rows.push(self.row(&key));
        }
    }

    /// Where as much waits as may, what is least bad goes, the oldest of it first; what is over
    /// goes before that. What may be known to somebody stays, or its end would never be told.
    fn make_room(&mut self, subject: &Subject, rows: &mut Vec<Write>) {
        if self.slips.len() >= MOST_SLIPS {
            let over = |(key, slip): (&String, &Slip)| Some((slip.over_since()?, key.clone()));
            let mut over: Vec<(Timestamp, String)> = self.slips.iter().filter_map(over).collect();
            over.sort_unstable();
            over.truncate(PIECE);
            self.remove(over.into_iter().map(|(_, key)| key), rows);
        }
        let waiting = |slip: &&Slip| !slip.is_empty();
        if self.slips.len() < MOST_WAITING
            || self.slips.values().filter(waiting).count() < MOST_WAITING
        {
            return;
        }
        let least = self
            .slips
            .iter()
            .filter(|(_, slip)| !slip.is_empty() && !slip.is_open() && !slip.may_be_known())
            .min_by_key(|(_, slip)| (slip.severity(), slip.waits_since()));
        if let Some((key, slip)) = least
            && slip.severity() <= Some(subject.severity())
        {
            let key = key.clone();
            self.dropped += slip.len() as u64;
            self.remove([key], rows);
        }
    }

    /// What is to be sent at `now`. What turns out to be nobody's news any more is taken out.
    pub fn next(
        &mut self,
        now: Timestamp,
        judge: &dyn Fn(&Subject) -> Judgement,
        rows: &mut Vec<Write>,
    ) -> Next {
        self.remind(now);
        self.health.look(now);
        if let Some(until) = self.health.put_off_until(now) {
            return Next::Wait(Some(until));
        }
        let mut order: Vec<(Timestamp, Timestamp, &String)> = self
            .slips
            .iter()
            .filter_map(|(key, slip)| Some((slip.waits_since()?, slip.due(&self.pace)?, key)))
            .collect();
        order.sort_unstable();
        let order: Vec<(Timestamp, String)> = order
            .into_iter()
            .map(|(_, due, key)| (due, key.clone()))
            .collect();
        let mut earliest: Option<Timestamp> = None;
        let mut behind: Option<(u32, Notice)> = None;
        for (due, key) in order {
            if due > now {
                earliest = Some(earliest.map_or(due, |other| other.min(due)));
                continue;
            }
            let Some(mut notice) = self.slips.get(&key).and_then(|slip| slip.next(&key)) else {
                continue;
            };
            self.held.remove(&key);
            match judge(&notice.subject) {
                // What may have arrived is confirmed, whoever has asked for quiet meanwhile.
                _ if notice.maybe_repeat => {}
                Judgement::Tell { notes } => notice.notes = notes,
                // The end of what was told before somebody announced it.
                Judgement::Expected { .. }
                    if notice.step == Step::Resolved && self.is_open(&key) => {}
                Judgement::Acknowledged { .. } if !self.is_no_worse(&key, &notice) => {}
                Judgement::Acknowledged { .. } if !notice.reminder => {
                    self.hush(&key, rows);
                    continue;
                }
                Judgement::Hold { .. } | Judgement::Expected { .. }
                    if self.is_over_unheard(&key) =>
                {
                    self.hush(&key, rows);
                    continue;
                }
                // It goes on, and is judged again: nobody may work on it any more then, or it has
                // become more than was announced.
                Judgement::Hold { until, .. }
                | Judgement::Acknowledged { until, .. }
                | Judgement::Expected { until, .. } => {
                    earliest = Some(earliest.map_or(until, |other| other.min(until)));
                    self.held.insert(key);
                    continue;
                }
            }
            let refusals = self.slips.get(&key).map_or(0, Slip::refusals);
            if refusals >= STUBBORN && !self.turn.is_multiple_of(2) {
                // Those that the other side stumbled over take turns.
                if behind.as_ref().is_none_or(|(least, _)| refusals < *least) {
                    behind = Some((refusals, notice));
                }
                continue;
            }
            return Next::Send(Box::new(notice));
        }
        match behind {
            Some((_, notice)) => Next::Send(Box::new(notice)),
            None => Next::Wait(earliest.or_else(|| self.next_reminder())),
        }
    }

    /// It began and ended without this sink hearing of it.
    fn is_over_unheard(&self, key: &str) -> bool {
        self.slips
            .get(key)
            .is_some_and(|slip| !slip.is_open() && slip.ends())
    }

    /// The sink believes that it goes on.
    fn is_open(&self, key: &str) -> bool {
        self.slips.get(key).is_some_and(Slip::is_open)
    }

    /// A step that somebody who knows of the incident needs not hear: it is no worse, and not over.
    fn is_no_worse(&self, key: &str, notice: &Notice) -> bool {
        let known = self.slips.get(key).and_then(Slip::told_severity);
        notice.step != Step::Resolved
            && known.is_some_and(|known| notice.subject.severity() <= known)
    }

    fn hush(&mut self, key: &str, rows: &mut Vec<Write>) {
        if let Some(slip) = self.slips.get_mut(key) {
            self.quieted += slip.hush() as u64;
            rows.push(self.row(key));
        }
    }

    fn remind(&mut self, now: Timestamp) {
        let pace = self.pace;
        for slip in self.slips.values_mut() {
            slip.remind(now, &pace);
        }
    }

    fn next_reminder(&self) -> Option<Timestamp> {
        let due = |slip: &Slip| slip.reminder_due(&self.pace);
        self.slips.values().filter_map(due).min()
    }

    /// The notice is about to be sent; what is returned must be kept before it is.
    pub fn begin(&mut self, key: &str) -> Write {
        self.turn = self.turn.wrapping_add(1);
        if let Some(slip) = self.slips.get_mut(key) {
            slip.begin();
        }
        self.row(key)
    }

    /// It was taken. Nothing is to be kept of it where the slip is with another sink by now.
    pub fn delivered(&mut self, key: &str, now: Timestamp) -> Option<Write> {
        self.health.took_something();
        self.slips.get_mut(key)?.delivered(key, now);
        Some(self.row(key))
    }

    /// It was not taken. `draw` is between 0 and 1. As [`Queue::delivered`].
    pub fn failed(
        &mut self,
        key: &str,
        failure: &Failure,
        now: Timestamp,
        draw: f64,
    ) -> Option<Write> {
        match failure.then {
            Then::GiveUp => self.health.refused(&failure.what, now),
            Then::Retry(after) => self.put_off(&failure.what, after, now, draw),
        }
        let slip = self.slips.get_mut(key)?;
        match failure.then {
            Then::GiveUp => slip.given_up(now),
            Then::Retry(_) => slip.failed(failure),
        }
        Some(self.row(key))
    }

    /// The sink as such did not work.
    pub fn put_off(&mut self, why: &str, after: Option<Duration>, now: Timestamp, draw: f64) {
        self.health.failed(why, after, now, draw);
    }

    /// Whether the sink is not to be tried at `now`.
    pub fn is_put_off(&self, now: Timestamp) -> bool {
        self.health.put_off_until(now).is_some()
    }

    /// The sink took what was said again. Returns whether it did not before.
    pub fn works(&mut self) -> bool {
        self.health.works()
    }

    /// The sink refuses to be told again what stands.
    pub fn refuses_what_stands(&mut self, why: &str, now: Timestamp) {
        self.health.refuses_what_stands(why, now);
    }

    /// Whether the sink does not take what it is sent.
    pub fn failing(&self) -> Option<&Failing> {
        self.health.failing()
    }

    /// The sink has other settings. Somebody may have mended it, so it is tried at once; that it is
    /// well it has to show. What was wrong says nothing only where it goes somewhere else.
    pub fn renew(&mut self, settings: SinkSettings, pace: Pace) {
        if settings.to.is_same_place(&self.settings.to) {
            self.health.tries_at_once();
        } else {
            self.health = Health::default();
        }
        self.settings = settings;
        self.pace = pace;
    }

    /// Notices that wait.
    pub fn len(&self) -> usize {
        self.slips.values().map(Slip::len).sum()
    }

    /// Since when the oldest notice that is due at `now` is; what somebody asked to be quiet about
    /// is not.
    pub fn oldest_due(&self, now: Timestamp) -> Option<Timestamp> {
        let due = |slip: &Slip| slip.due(&self.pace);
        self.slips
            .iter()
            .filter(|(key, _)| !self.held.contains(*key))
            .filter_map(|(_, slip)| due(slip))
            .filter(|due| *due <= now)
            .min()
    }

    /// What stands and what is lately over, for sinks that forget.
    pub fn standing(&self, now: Timestamp) -> Vec<Notice> {
        self.slips
            .iter()
            .filter_map(|(key, slip)| Some((slip, slip.standing(key)?)))
            .filter(|(slip, (_, told))| slip.is_open() || now.since(*told) < STILL_SAID)
            .map(|(_, (notice, _))| notice)
            .collect()
    }

    /// Forgets slips of what has been over for long.
    pub fn tidy(&mut self, now: Timestamp, rows: &mut Vec<Write>) {
        let old: Vec<String> = self
            .slips
            .iter()
            .filter(|(_, slip)| {
                slip.is_blank() || slip.over_since().is_some_and(|at| now.since(at) > KEPT)
            })
            .map(|(key, _)| key.clone())
            .collect();
        self.remove(old, rows);
    }

    fn remove(&mut self, keys: impl IntoIterator<Item = String>, rows: &mut Vec<Write>) {
        for key in keys {
            self.slips.remove(&key);
            self.held.remove(&key);
            rows.push(self.row(&key));
        }
    }

    /// What was told and what waits: this sink is used no more.
    pub fn hand_over(&mut self) -> BTreeMap<String, Slip> {
        self.held.clear();
        std::mem::take(&mut self.slips)
    }

    /// Has all of it kept.
    pub fn write_all(&self, rows: &mut Vec<Write>) {
        rows.extend(self.slips.keys().map(|key| self.row(key)));
    }

    /// Subjects that go on as far as this sink knows, or is to be told.
    pub fn going_on(&self) -> impl Iterator<Item = &Subject> {
        self.slips.values().filter_map(Slip::goes_on)
    }
}

#[cfg(test)]
mod tests;
