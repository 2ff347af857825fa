//! `withdrawal`: a good part of a view goes away while its session stays up.

use super::settings;
use crate::bgp::Timestamp;

/// Withdrawals of one view in a sliding window.
///
/// Two tumbling halves stand in for the window: exact at their edges, and within a
/// few percent between for anything that lasts longer than an instant.
#[derive(Clone, Copy, Debug)]
pub struct Withdrawals {
    began: Timestamp,
    current: u32,
    previous: u32,
}

impl Withdrawals {
    /// None yet.
    pub fn new(now: Timestamp) -> Self {
        Withdrawals {
            began: now,
            current: 0,
            previous: 0,
        }
    }

    /// Counts one; returns whether `held` routes (before it went) have lost enough.
    pub fn count(&mut self, now: Timestamp, held: u32, settings: &settings::Withdrawal) -> bool {
        self.turn(now, settings);
        self.current += 1;
        let lost = self.lost(now, settings);
        // `held` shrinks as the window fills, so the share is of what there was; this
        // one is in both.
        let before = f64::from(held) + lost - 1.0;
        lost >= f64::from(settings.routes) && lost >= before * settings.percent / 100.0
    }

    /// Withdrawals in the window ending `now`, however long ago the last one was.
    pub fn lost(&self, now: Timestamp, settings: &settings::Withdrawal) -> f64 {
        let window = settings.window.as_secs_f64().max(1.0);
        let into = now.since(self.began).as_secs_f64() / window;
        f64::from(self.current) * (2.0 - into).clamp(0.0, 1.0)
            + f64::from(self.previous) * (1.0 - into).max(0.0)
    }

    /// Whether a view that holds `held` routes is well again: fewer than half of what
    /// is noticed were lost. A busy feed never loses none.
    pub fn is_over(&self, now: Timestamp, held: u32, settings: &settings::Withdrawal) -> bool {
        let enough = (f64::from(held) * settings.percent / 100.0).max(f64::from(settings.routes));
        self.lost(now, settings) * 2.0 < enough
    }

    /// Starts anew, as after a session's end.
    pub fn reset(&mut self, now: Timestamp) {
        *self = Withdrawals::new(now);
    }

    fn turn(&mut self, now: Timestamp, settings: &settings::Withdrawal) {
        let passed = now.since(self.began);
        if passed >= settings.window {
            self.previous = if passed >= settings.window * 2 {
                0
            } else {
                self.current
            };
            self.current = 0;
            self.began = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1_000_000) + Duration::from_secs(seconds)
    }

    /// Withdraws one after another out of `held`, all at `seconds`.
    fn lose(withdrawals: &mut Withdrawals, count: u32, held: u32, seconds: u64) -> bool {
        let settings = settings::Withdrawal::default();
        (0..count).any(|nth| withdrawals.count(at(seconds), held - nth, &settings))
    }

    #[test]
    fn five_percent_and_five_hundred_within_a_minute_are_noticed() {
        assert!(!lose(&mut Withdrawals::new(at(0)), 499, 1_000, 1));
        assert!(lose(&mut Withdrawals::new(at(0)), 500, 1_000, 1));
        assert!(!lose(&mut Withdrawals::new(at(0)), 4_999, 100_000, 1));
        assert!(lose(&mut Withdrawals::new(at(0)), 5_000, 100_000, 1));
    }

    #[test]
    fn as_many_over_an_hour_are_not() {
        let mut withdrawals = Withdrawals::new(at(0));
        for minute in 0..60 {
            assert!(!lose(&mut withdrawals, 100, 50_000, minute * 60));
        }
    }

    #[test]
    fn it_is_over_when_its_window_is_past_though_none_came_since() {
        let settings = settings::Withdrawal::default();
        let mut withdrawals = Withdrawals::new(at(0));
        lose(&mut withdrawals, 1_000, 10_000, 1);
        assert!(!withdrawals.is_over(at(30), 9_000, &settings));
        assert!(withdrawals.is_over(at(121), 9_000, &settings));
    }

    #[test]
    fn time_that_goes_back_loses_nothing() {
        let mut withdrawals = Withdrawals::new(at(100));
        assert!(lose(&mut withdrawals, 600, 1_000, 0));
    }
}
