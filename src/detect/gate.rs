//! When a view may speak.
//!
//! A table that is being sent is not news. A view is `dumping` until End-of-RIB (RFC
//! 4724), or until it has been quiet for a while; what is wrong in it then is one
//! *standing* summary. A view that starts with updates alone is `warming`: only what
//! needs no memory may speak.

use super::settings;
use crate::bgp::Timestamp;

/// What a view may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its table is being sent.
    Dumping,
    /// It has no table to compare with yet.
    Warming,
    /// Everything may speak.
    Live,
    /// Its peer is down.
    Down,
}

/// The gate of one view.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// What it may do now.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// The last new NLRI while dumping; none while the first is awaited.
    last_new: Option<Timestamp>,
    /// Whether it ever had a whole table.
    pub had_table: bool,
}

impl Gate {
    /// A view first seen at `now`, by a table entry or by an update.
    pub fn new(now: Timestamp, by_dump: bool) -> Self {
        Gate {
            phase: if by_dump {
                Phase::Dumping
            } else {
                Phase::Warming
            },
            since: now,
            last_new: Some(now),
            had_table: false,
        }
    }

    /// A table is about to be sent: its session came up. It may be slow to begin.
    pub fn begin(&mut self, now: Timestamp) {
        self.phase = Phase::Dumping;
        self.since = now;
        self.last_new = None;
    }

    /// A part of a table was sent.
    pub fn dump(&mut self, now: Timestamp) {
        if self.phase != Phase::Dumping {
            self.phase = Phase::Dumping;
            self.since = now;
        }
        self.last_new = Some(now);
    }

    /// New NLRI arrived.
    pub fn heard(&mut self, now: Timestamp) {
        self.last_new = self.last_new.max(Some(now));
    }

    /// End-of-RIB. Returns whether the view is live by it.
    pub fn end_of_rib(&mut self, now: Timestamp) -> bool {
        if matches!(self.phase, Phase::Live | Phase::Down) {
            return false;
        }
        self.live(now);
        true
    }

    /// The peer went down.
    pub fn down(&mut self, now: Timestamp) {
        self.phase = Phase::Down;
        self.since = now;
    }

    /// Time passed. Returns whether the view became live by it.
    pub fn tick(&mut self, now: Timestamp, settings: &settings::Gate) -> bool {
        let over = match self.phase {
            Phase::Dumping => {
                self.last_new
                    .is_some_and(|last| now.since(last) >= settings.quiet)
                    || now.since(self.since) >= settings.longest
            }
            Phase::Warming => now.since(self.since) >= settings.warming,
            Phase::Live | Phase::Down => false,
        };
        if over {
            self.had_table |= self.phase == Phase::Dumping;
            self.phase = Phase::Live;
            self.since = now;
        }
        over
    }

    fn live(&mut self, now: Timestamp) {
        self.had_table = true;
        self.phase = Phase::Live;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: fn() -> settings::Gate = settings::Gate::default;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn a_dump_is_over_at_end_of_rib_after_quiet_or_at_last() {
        let mut gate = Gate::new(at(0), true);
        assert!(gate.end_of_rib(at(1)));
        assert_eq!((gate.phase, gate.had_table), (Phase::Live, true));
        let mut gate = Gate::new(at(0), true);
        gate.heard(at(10));
        assert!(!gate.tick(at(39), &SETTINGS()));
        assert!(gate.tick(at(40), &SETTINGS()));
        let mut gate = Gate::new(at(0), true);
        gate.heard(at(899));
        assert!(!gate.tick(at(899), &SETTINGS()));
        assert!(gate.tick(at(900), &SETTINGS()));
    }

    #[test]
    fn a_session_that_came_up_may_be_slow_to_begin() {
        let mut gate = Gate::new(at(0), true);
        gate.begin(at(0));
        assert!(!gate.tick(at(899), &SETTINGS()));
        gate.heard(at(899));
        let mut other = gate;
        assert!(other.tick(at(900), &SETTINGS()), "at last");
        gate.begin(at(1000));
        gate.heard(at(1300));
        assert!(!gate.tick(at(1329), &SETTINGS()));
        assert!(gate.tick(at(1330), &SETTINGS()));
    }

    #[test]
    fn warming_takes_its_time_and_had_no_table() {
        let mut gate = Gate::new(at(0), false);
        assert!(!gate.tick(at(899), &SETTINGS()));
        assert!(gate.tick(at(900), &SETTINGS()));
        assert_eq!((gate.phase, gate.had_table), (Phase::Live, false));
    }

    #[test]
    fn a_peer_that_is_down_does_not_come_alive_by_waiting_or_by_end_of_rib() {
        let mut gate = Gate::new(at(0), true);
        gate.down(at(1));
        assert!(!gate.tick(at(100_000), &SETTINGS()));
        assert!(!gate.end_of_rib(at(100_001)));
        gate.dump(at(100_002));
        assert!(gate.end_of_rib(at(100_003)));
    }
}
