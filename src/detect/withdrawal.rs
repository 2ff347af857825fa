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
        // `held` shrinks as the window fills, so the share is of what there was.
        let before = f64::from(held) + lost;
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
