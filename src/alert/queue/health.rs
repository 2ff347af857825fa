//! How a sink does: whether it takes what it is sent, and when to try it again.

use std::time::Duration;

use crate::{
    alert::backoff::{backoff, longest},
    bgp::Timestamp,
};

/// A sink that refused something and was sent nothing since is in doubt for so long.
const DOUBT: Duration = Duration::from_secs(3600);

/// A sink that does not take what it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// Attempts in vain since then.
    pub attempts: u32,
    /// Notices refused for good since then: nobody was told what they said.
    pub refused: u32,
    /// What went wrong last.
    pub why: String,
    /// Not to be tried before.
    not_before: Timestamp,
    /// When something was last refused for good.
    refused_at: Timestamp,
    /// It refuses to be told again what stands.
    unsaid: bool,
}

impl Failing {
    /// One that failed at `now`.
    pub fn since(now: Timestamp, why: &str) -> Failing {
        Failing {
            since: now,
            attempts: 0,
            refused: 0,
            why: why.to_owned(),
            not_before: now,
            refused_at: now,
            unsaid: false,
        }
    }

    /// Whether it only refused something, and may be well.
    pub fn is_doubt(&self) -> bool {
        self.attempts == 0 && !self.unsaid
    }

    /// It answered well: what failed before says nothing about the next attempt.
    fn is_reached(&mut self) {
        self.attempts = 0;
        self.not_before = self.since;
    }
}

/// How a sink does; well where nothing is said.
#[derive(Debug, Default)]
pub(super) struct Health {
    failing: Option<Failing>,
}

impl Health {
    /// What is wrong.
    pub fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    fn wrong(&mut self, why: &str, now: Timestamp) -> &mut Failing {
        let failing = self.failing.get_or_insert_with(|| Failing::since(now, why));
        why.clone_into(&mut failing.why);
        failing
    }

    /// Time passes. A doubt does not last: the one thing it refused may be all that is wrong.
    pub fn look(&mut self, now: Timestamp) {
        self.failing
            .take_if(|one| one.is_doubt() && now.since(one.refused_at) >= DOUBT);
    }

    /// Until when it is not to be tried; none where it may be at `now`.
    pub fn put_off_until(&self, now: Timestamp) -> Option<Timestamp> {
        let failing = self.failing.as_ref()?;
        (now < failing.not_before).then_some(failing.not_before)
    }

    /// It is not left alone any longer.
    pub fn tries_at_once(&mut self) {
        if let Some(failing) = &mut self.failing {
            failing.not_before = failing.since;
        }
    }

    /// It did not work. It may ask for more patience than ours, and not for less.
    pub fn failed(&mut self, why: &str, after: Option<Duration>, now: Timestamp, draw: f64) {
        let failing = self.wrong(why, now);
        failing.attempts = failing.attempts.saturating_add(1);
        let asked = after.unwrap_or_default().min(longest());
        failing.not_before = now + asked.max(backoff(failing.attempts, draw));
    }

    /// It refused a notice for good. The next is tried at once; until one is taken it is the sink
    /// that is in doubt.
    pub fn refused(&mut self, why: &str, now: Timestamp) {
        let failing = self.wrong(why, now);
        failing.refused = failing.refused.saturating_add(1);
        failing.refused_at = now;
    }

    /// It refuses to be told again what stands, and may take that for over. What is new is tried
    /// all the same.
    pub fn refuses_what_stands(&mut self, why: &str, now: Timestamp) {
        self.wrong(why, now).unsaid = true;
    }

    /// It took a notice.
    pub fn took_something(&mut self) {
        self.failing.take_if(|failing| !failing.unsaid);
        if let Some(failing) = &mut self.failing {
            failing.refused = 0;
            failing.is_reached();
        }
    }

    /// It took what was said again. Returns whether that ends what was wrong: that it refused other
    /// things is not forgotten.
    pub fn works(&mut self) -> bool {
        if let Some(failing) = &mut self.failing {
            failing.unsaid = false;
            failing.is_reached();
        }
        let well = |failing: &mut Failing| failing.refused == 0;
        self.failing.take_if(well).is_some()
    }
}
