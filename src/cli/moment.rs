//! Times as people write them on a command line.

use std::{str::FromStr, time::Duration};

use crate::{bgp::Timestamp, config::read_duration};

/// A time: `2026-01-31T02:00:00Z`, `02:00` (when it is next, UTC) or `30m` (from now).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A date and time.
    At(Timestamp),
    /// Minutes after midnight, UTC.
    Clock(u64),
    /// After so long.
    In(Duration),
}

const DAY: u64 = 86_400;

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clock = || {
            let (hour, minute) = text.split_once(':')?;
            let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute) = (digits(hour) && digits(minute)).then_some((hour, minute))?;
            let (hour, minute): (u64, u64) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let at = || {
            let time: jiff::Timestamp = text.parse().ok()?;
            u64::try_from(time.as_microsecond()).ok()
        };
        if let Some(duration) = read_duration(text) {
            Ok(Moment::In(duration))
        } else if let Some(minutes) = clock() {
            Ok(Moment::Clock(minutes))
        } else if let Some(micros) = at() {
            Ok(Moment::At(Timestamp::from_micros(micros)))
        } else {
            Err("write it as 02:00 (the next, UTC), 2026-01-31T02:00:00Z or 30m".to_owned())
        }
    }
}

impl Moment {
    /// When that is, seen from `base`.
    pub(super) fn after(self, base: Timestamp) -> Timestamp {
        match self {
            Moment::At(time) => time,
            Moment::In(duration) => base + duration,
            Moment::Clock(minutes) => {
                let midnight = base.secs() - base.secs() % DAY;
                let today = Timestamp::from_secs(midnight + minutes * 60);
                if today > base {
                    today
                } else {
                    today + Duration::from_secs(DAY)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_time_is_the_next_one_in_utc() {
        let at = |text: &str| {
            let time: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_micros(time.as_microsecond() as u64)
        };
        let base = at("2026-01-31T02:00:00Z");
        let after = |text: &str| text.parse::<Moment>().unwrap().after(base);
        assert_eq!(after("02:01"), at("2026-01-31T02:01:00Z"));
        assert_eq!(after("02:00"), at("2026-02-01T02:00:00Z"));
        assert_eq!(after("00:00"), at("2026-02-01T00:00:00Z"));
        assert_eq!(after("90m"), at("2026-01-31T03:30:00Z"));
        assert_eq!(
            after("2026-01-31T05:00:00+02:00"),
            at("2026-01-31T03:00:00Z")
        );
        for wrong in [
            "",
            "24:00",
            "2:00",
            "02:60",
            "+2:00",
            "tomorrow",
            "2026-01-31",
        ] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
