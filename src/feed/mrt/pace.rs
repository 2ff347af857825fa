//! At what speed a recording is played.
//!
//! Collectors write files of five or fifteen minutes, and a file comes whole. Handed on
//! at once, a quarter of an hour of ordinary churn would look like a burst. So what was
//! recorded two seconds apart is handed on two seconds apart, as late as files come.

use std::time::Duration;

use crate::bgp::Timestamp;

/// A pause of a recording is waited out for so long; a damaged time must not stop a feed.
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// Maps the time of a recording to ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// A time of the recording, and when it was handed on.
    anchor: Option<(Timestamp, Timestamp)>,
    fast: bool,
}

impl Pace {
    /// Plays at twice the speed while more waits than is being played, so that what
    /// was late once is not late for ever.
    pub fn set_fast(&mut self, fast: bool) {
        self.fast = fast;
    }

    /// When a record of time `recorded` is to be handed on.
    pub fn due(&mut self, recorded: Timestamp, now: Timestamp) -> Timestamp {
        let due = self.anchor.map_or(now, |(before, at)| {
            let apart = recorded.since(before).min(MOST_PAUSE);
            at + if self.fast { apart / 2 } else { apart }
        });
        // What comes late is handed on when it comes, and sets the time anew.
        let due = due.max(now);
        if self
            .anchor
            .is_none_or(|(before, _)| recorded >= before || before.since(recorded) > MOST_PAUSE)
        {
            self.anchor = Some((recorded, due));
        }
        due
    }

    /// Forgets what was played.
    pub fn reset(&mut self) {
        self.anchor = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn what_was_apart_stays_apart_and_what_is_late_sets_the_time_anew() {
        let mut pace = Pace::default();
        assert_eq!(pace.due(at(100), at(1000)), at(1000));
        assert_eq!(pace.due(at(102), at(1000)), at(1002));
        assert_eq!(pace.due(at(102), at(1002)), at(1002));
        assert_eq!(pace.due(at(101), at(1002)), at(1002));
        assert_eq!(pace.due(at(104), at(1002)), at(1004));
        // The next file comes ten minutes late.
        assert_eq!(pace.due(at(105), at(1605)), at(1605));
        assert_eq!(pace.due(at(107), at(1605)), at(1607));
        pace.set_fast(true);
        assert_eq!(pace.due(at(109), at(1607)), at(1608));
    }

    #[test]
    fn no_time_of_a_file_stops_a_feed() {
        let mut pace = Pace::default();
        pace.due(at(100), at(1000));
        assert_eq!(pace.due(at(4_000_000_000), at(1000)), at(1060));
        assert_eq!(pace.due(at(101), at(1060)), at(1060));
        assert_eq!(pace.due(at(103), at(1060)), at(1062));
    }
}
