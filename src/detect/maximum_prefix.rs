//! `maximum_prefix`: routes of a view against what the session or the hardware allows.
//!
//! Routers warn at 75 % of `maximum-prefix` and tear the session down at 100 %; a
//! forwarding table that is full drops routes silently (12 August 2014: 512k).

use super::settings;
use crate::bgp::Timestamp;

/// How near a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Headroom {
    /// Far.
    Fine,
    /// At the warning share or beyond.
    Warning,
    /// At the critical share or beyond.
    Critical,
    /// At the limit or beyond.
    Over,
}

/// Judges `routes` against `limit`, with the peer's own warning share if it has one.
pub fn judge(
    routes: u32,
    limit: u32,
    warning_percent: Option<u8>,
    settings: &settings::MaximumPrefix,
) -> Headroom {
    let percent = u64::from(routes) * 100 / u64::from(limit.max(1));
    if routes >= limit {
        Headroom::Over
    } else if percent >= u64::from(settings.critical_percent) {
        Headroom::Critical
    } else if percent >= u64::from(warning_percent.unwrap_or(settings.warning_percent)) {
        Headroom::Warning
    } else {
        Headroom::Fine
    }
}

/// A view's routes, once a day for a week: how it grows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Growth {
    /// (day, routes), the oldest first.
    days: [(u32, u32); DAYS],
    kept: usize,
}

const DAYS: usize = 8;

fn day(time: Timestamp) -> u32 {
    (time.secs() / 86_400) as u32
}

impl Growth {
    /// Days and their counts, the oldest first.
    pub fn days(&self) -> &[(u32, u32)] {
        self.days.get(..self.kept).unwrap_or_default()
    }

    /// Takes the count of a later day, as it was noted in another life.
    pub fn learn(&mut self, day: u32, routes: u32) {
        let later = self.days().last().is_none_or(|(last, _)| *last < day);
        if let Some(place) = self.days.get_mut(self.kept).filter(|_| later) {
            *place = (day, routes);
            self.kept += 1;
        }
    }

    /// Takes a day's first count.
    pub fn note(&mut self, now: Timestamp, routes: u32) {
        let today = day(now);
        let last = self
            .kept
            .checked_sub(1)
            .and_then(|last| self.days.get(last));
        if last.is_some_and(|(day, _)| *day >= today) {
            return;
        }
        if self.kept == DAYS {
            self.days.rotate_left(1);
            self.kept -= 1;
        }
        if let Some(place) = self.days.get_mut(self.kept) {
            *place = (today, routes);
            self.kept += 1;
        }
    }

    /// Days until `routes` are `limit` if it goes on as in the days kept; none if that
    /// cannot be told yet, or it does not grow.
    pub fn days_to(&self, now: Timestamp, routes: u32, limit: u32) -> Option<u32> {
        let (first, then) = *self.days.get(..self.kept)?.first()?;
        let passed = day(now).checked_sub(first).filter(|days| *days > 0)?;
        let grown = routes.checked_sub(then).filter(|grown| *grown > 0)?;
        let left = u64::from(limit.saturating_sub(routes)) * u64::from(passed);
        u32::try_from(left.div_ceil(u64::from(grown))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_over_a_week_says_when_the_limit_is_reached() {
        let at = |days: u64| Timestamp::from_secs(20_000 * 86_400 + days * 86_400 + 7200);
        let mut growth = Growth::default();
        growth.note(at(0), 900_000);
        growth.note(at(0), 900_500);
        assert_eq!(
            growth.days_to(at(0), 900_500, 1_000_000),
            None,
            "no day has passed"
        );
        assert_eq!(growth.days_to(at(1), 901_000, 1_000_000), Some(99));
        assert_eq!(
            growth.days_to(at(1), 899_000, 1_000_000),
            None,
            "it shrinks"
        );
        assert_eq!(growth.days_to(at(1), 1_000_001, 1_000_000), Some(0));
        for day in 1..=20 {
            growth.note(at(day), 900_000 + day as u32 * 100);
        }
        // Of the first fortnight nothing is left.
        assert_eq!(growth.days_to(at(20), 902_000, 903_000), Some(10));
    }

    #[test]
    fn three_quarters_warn_and_nineteen_twentieths_are_critical() {
        let settings = settings::MaximumPrefix::default();
        let near = |routes| judge(routes, 1000, None, &settings);
        assert_eq!(near(749), Headroom::Fine);
        assert_eq!(near(750), Headroom::Warning);
        assert_eq!(near(949), Headroom::Warning);
        assert_eq!(near(950), Headroom::Critical);
        assert_eq!(near(999), Headroom::Critical);
        assert_eq!(near(1000), Headroom::Over);
        assert_eq!(near(u32::MAX), Headroom::Over);
    }

    #[test]
    fn a_peer_has_its_own_share_to_warn_at() {
        let settings = settings::MaximumPrefix::default();
        assert_eq!(judge(850, 1000, Some(90), &settings), Headroom::Fine);
        assert_eq!(judge(900, 1000, Some(90), &settings), Headroom::Warning);
    }

    #[test]
    fn a_limit_of_nothing_is_passed_by_one_and_divides_nothing() {
        let settings = settings::MaximumPrefix::default();
        assert_eq!(judge(0, 1, None, &settings), Headroom::Fine);
        assert_eq!(judge(1, 0, None, &settings), Headroom::Over);
    }
}
