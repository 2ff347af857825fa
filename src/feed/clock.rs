//! The one clock of a running daemon: by it every live event is stamped.
//!
//! A router's own clock is not believed, and the host's is not either: it may be set, an
//! hour forth or back, and incidents would end or last for it. So time is what the wall
//! clock said when we began, plus what has passed since; towards the wall clock it is
//! drawn by a twentieth of what passes, at most, and it never goes back.
//!
//! Time in which we did not run (a stopped process, a suspended machine) counts for a
//! second. The updates of that time are still in the sockets; counting it before they are
//! read would end incidents that go on.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::bgp::Timestamp;

/// Of the time that passes, the part by which we come nearer to the wall clock.
const SLEW: u64 = 20;
/// We did not run if nobody looked at the clock for longer; the engine does every second.
const GAP: Duration = Duration::from_secs(3);
/// What such a pause counts, however long: as if the engine had looked in time.
const GAP_COUNTS: Duration = Duration::from_secs(1);
/// A wall clock that moves by more than this against the time that passed was set.
const STEP: i64 = 1_000_000;

/// A clock; clones are the same one.
#[derive(Clone, Debug)]
pub struct Clock {
    began: Instant,
    state: Arc<Mutex<State>>,
}

/// What the clock has been through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// How far the wall clock is ahead of us, in microseconds.
    pub behind: i64,
    /// How often the wall clock was set.
    pub steps: u64,
    /// By how much it was last set, in microseconds.
    pub last_step: i64,
    /// How often we did not run.
    pub gaps: u64,
    /// For how long we last did not.
    pub last_gap: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// The latest time given out, in microseconds.
    now: u64,
    /// What had passed since the beginning then.
    passed: Duration,
    /// What the wall clock showed then, in microseconds.
    wall: u64,
    watched: Watched,
}

impl Clock {
    /// A clock that begins with what the wall clock says.
    pub fn system() -> Self {
        let wall = wall();
        Clock {
            began: instant(),
            state: Arc::new(Mutex::new(State::new(wall.micros()))),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let passed = instant().saturating_duration_since(self.began);
        let wall = wall();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_micros(state.read(passed, wall.micros()))
    }

    /// What it has been through.
    pub fn watched(&self) -> Watched {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.watched
    }
}

/// The instant at which something is measured.
#[allow(
    clippy::disallowed_methods,
    reason = "the edge stamps what it reads; nothing the engine judges by comes from here"
)]
pub fn instant() -> Instant {
    Instant::now()
}

/// What the wall clock shows: what the other side of a connection goes by. It may be set, so
/// nothing that is measured or put in order is stamped by it.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where a running daemon reads the wall clock"
)]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_micros(since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }))
}

impl State {
    fn new(wall: u64) -> Self {
        State {
            now: wall,
            passed: Duration::ZERO,
            wall,
            watched: Watched::default(),
        }
    }

    fn read(&mut self, passed: Duration, wall: u64) -> u64 {
        let elapsed = passed.saturating_sub(self.passed);
        let elapsed_micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let step = (wall as i64)
            .wrapping_sub(self.wall as i64)
            .saturating_sub(elapsed_micros as i64);
        if step.abs() > STEP {
            self.watched.steps += 1;
            self.watched.last_step = step;
        }
        let mut counted = elapsed;
        if elapsed > GAP {
            counted = GAP_COUNTS;
            self.watched.gaps += 1;
            self.watched.last_gap = elapsed;
        }
        let counted = u64::try_from(counted.as_micros()).unwrap_or(u64::MAX);
        let straight = self.now.saturating_add(counted);
        let pull = (counted / SLEW) as i64;
        let behind = (wall as i64).wrapping_sub(straight as i64);
        self.now = straight.saturating_add_signed(behind.clamp(-pull, pull));
        self.watched.behind = (wall as i64).wrapping_sub(self.now as i64);
        self.passed = self.passed.max(passed);
        self.wall = wall;
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: u64 = 1_800_000_000_000_000;
    const SECOND: u64 = 1_000_000;

    /// Reads the clock once a second from `from` to `to`, the wall clock `ahead` of what
    /// has passed.
    fn run(state: &mut State, from: u64, to: u64, ahead: i64) {
        for second in from..=to {
            let before = state.now;
            let wall = (BEGAN + second * SECOND).saturating_add_signed(ahead);
            state.read(Duration::from_secs(second), wall);
            assert!(state.now >= before, "time went back");
        }
    }

    #[test]
    fn it_shows_the_wall_clock_where_that_is_steady() {
        let mut state = State::new(BEGAN);
        run(&mut state, 1, 3600, 0);
        assert_eq!(state.now, BEGAN + 3600 * SECOND);
        assert_eq!(state.watched, Watched::default());
    }

    #[test]
    fn a_wall_clock_that_is_set_is_approached_by_a_twentieth() {
        for hour in [3600 * SECOND as i64, -3600 * SECOND as i64] {
            let mut state = State::new(BEGAN);
            run(&mut state, 1, 10, 0);
            run(&mut state, 11, 110, hour);
            let moved = state.now as i64 - (BEGAN + 110 * SECOND) as i64;
            assert_eq!(moved, 5 * SECOND as i64 * hour.signum());
            assert_eq!((state.watched.steps, state.watched.last_step), (1, hour));
            run(&mut state, 111, 80_000, hour);
            assert_eq!(state.watched.behind, 0, "in a day it is there");
        }
    }

    #[test]
    fn time_in_which_we_did_not_run_counts_for_a_second() {
        let mut state = State::new(BEGAN);
        run(&mut state, 1, 10, 0);
        run(&mut state, 600, 600, 0);
        assert_eq!(
            (state.watched.gaps, state.watched.last_gap),
            (1, Duration::from_secs(590))
        );
        assert_eq!(state.watched.steps, 0, "the wall clock is right");
        let behind = state.watched.behind;
        assert!(behind > 588 * SECOND as i64, "{behind}");
        run(&mut state, 601, 601 + 20 * 590, 0);
        assert_eq!(state.watched.behind, 0);
    }

    #[test]
    fn a_clock_gives_the_time_and_never_goes_back() {
        let clock = Clock::system();
        let mut before = clock.now();
        for _ in 0..1000 {
            let now = clock.clone().now();
            assert!(now >= before);
            before = now;
        }
    }
}
