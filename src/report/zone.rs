//! The time zone that readers live in.

use std::{fmt, str::FromStr};

use jiff::tz::{Offset, TimeZone};

use crate::bgp::Timestamp;

/// `UTC`, a fixed offset such as `+09:00`, or a name of the tz database such as `Asia/Tokyo`.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Zone {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }
}

/// Text that names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no time zone here; write \"UTC\", an offset such as \"+09:00\", or a name such as \
     \"Asia/Tokyo\" (names need the system's tz database)"
)]
pub struct ParseZoneError(String);

impl FromStr for Zone {
    type Err = ParseZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let zone = if text == "UTC" {
            Some(TimeZone::UTC)
        } else if text.starts_with(['+', '-']) {
            offset(text).map(TimeZone::fixed)
        } else {
            TimeZone::get(text).ok()
        };
        match zone {
            Some(zone) => Ok(Zone {
                name: text.to_owned(),
                zone,
            }),
            None => Err(ParseZoneError(text.to_owned())),
        }
    }
}

/// `+09:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Zone {
    /// A moment on the clocks of this zone; none beyond the year 9999.
    pub(super) fn at(&self, time: Timestamp) -> Option<jiff::Zoned> {
        let micros = i64::try_from(time.micros()).ok()?;
        let time = jiff::Timestamp::from_microsecond(micros).ok()?;
        Some(time.to_zoned(self.zone.clone()))
    }

    /// Whether its clocks show UTC.
    pub(super) fn is_utc(&self) -> bool {
        self.zone == TimeZone::UTC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_and_written_alike() {
        let time = Timestamp::from_secs(1_503_631_321);
        for (text, shown) in [
            ("UTC", "2017-08-25T03:22:01+00:00"),
            ("+09:00", "2017-08-25T12:22:01+09:00"),
            ("-03:30", "2017-08-24T23:52:01-03:30"),
        ] {
            let zone: Zone = text.parse().unwrap();
            assert_eq!(zone.to_string(), text);
            let local = zone.at(time).unwrap();
            assert_eq!(local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), shown);
        }
        for text in [
            "",
            "+9",
            "+09",
            "+09:60",
            "+15:00",
            "09:00",
            "JST-9",
            "../../etc/passwd",
            "+0９:00",
        ] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_that_no_calendar_has_is_none() {
        assert!(
            Zone::default()
                .at(Timestamp::from_micros(u64::MAX))
                .is_none()
        );
    }
}
