//! How single values are written: counts, durations, shares and rates.
//!
//! A kind reads a TOML value within its bounds and writes it back the same way.

use std::{fmt::Write as _, ops::RangeInclusive, time::Duration};

use toml::de::DeValue;

use super::problem::printable;

/// A way of writing values of one type.
pub(super) trait Kind<T> {
    /// Reads one.
    fn read(&self, value: &DeValue) -> Result<T, String>;
    /// Writes one as TOML; none for a value that is expressed by leaving the key out.
    fn write(&self, value: &T) -> Option<String>;
}

/// A whole number within bounds.
pub(super) struct Count(pub RangeInclusive<u32>);

/// A whole number within bounds, or nothing.
pub(super) struct Optional(pub RangeInclusive<u32>);

/// A duration such as `"5m"`, within bounds given in seconds.
pub(super) struct Span(pub RangeInclusive<u64>);

/// A share such as `5` or `0.5`, within bounds.
pub(super) struct Number(pub RangeInclusive<f64>);

/// A rate such as `"200/s"`, `"30/m"`: at least this many per second.
pub(super) struct Rate(pub f64);

impl<T: TryFrom<u32> + Copy + TryInto<u32>> Kind<T> for Count {
    fn read(&self, value: &DeValue) -> Result<T, String> {
        let number = integer(value)?;
        let allowed = || {
            format!(
                "{number} is not between {} and {}",
                self.0.start(),
                self.0.end()
            )
        };
        u32::try_from(number)
            .ok()
            .filter(|number| self.0.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(allowed)
    }

    fn write(&self, value: &T) -> Option<String> {
        (*value)
            .try_into()
            .ok()
            .map(|number: u32| number.to_string())
    }
}

impl Kind<Option<u32>> for Optional {
    fn read(&self, value: &DeValue) -> Result<Option<u32>, String> {
        Count(self.0.clone()).read(value).map(Some)
    }

    fn write(&self, value: &Option<u32>) -> Option<String> {
        value.map(|number| number.to_string())
    }
}

impl Kind<Duration> for Span {
    fn read(&self, value: &DeValue) -> Result<Duration, String> {
        let text = string(value, "a duration such as \"5m\"")?;
        let duration = duration(text).ok_or_else(|| {
            format!(
                "`{}` is not a duration; write it as \"30s\", \"5m\" or \"1h30m\"",
                printable(text)
            )
        })?;
        let (least, most) = (
            Duration::from_secs(*self.0.start()),
            Duration::from_secs(*self.0.end()),
        );
        if duration < least || duration > most {
            return Err(format!(
                "\"{}\" is not between \"{}\" and \"{}\"",
                printable(text),
                write_duration(least),
                write_duration(most)
            ));
        }
        Ok(duration)
    }

    fn write(&self, value: &Duration) -> Option<String> {
        Some(format!("\"{}\"", write_duration(*value)))
    }
}

impl Kind<f64> for Number {
    fn read(&self, value: &DeValue) -> Result<f64, String> {
        let number = match value {
            DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
            _ => integer(value).ok().map(|number| number as f64),
        };
        let Some(number): Option<f64> = number else {
            return Err(format!("is {}, not a number", named(value)));
        };
        // NaN is in no range.
        if self.0.contains(&number) {
            Ok(number)
        } else {
            Err(format!(
                "{number} is not between {} and {}",
                self.0.start(),
                self.0.end()
            ))
        }
    }

    fn write(&self, value: &f64) -> Option<String> {
        Some(write_float(*value))
    }
}

impl Kind<f64> for Rate {
    fn read(&self, value: &DeValue) -> Result<f64, String> {
        let text = string(value, "a rate such as \"200/s\"")?;
        let rate = rate(text).ok_or_else(|| {
            format!(
                "`{}` is not a rate; write it as \"200/s\", \"30/m\" or \"10/h\"",
                printable(text)
            )
        })?;
        if rate < self.0 {
            return Err(format!("must be at least \"{}/s\"", self.0));
        }
        Ok(rate)
    }

    fn write(&self, value: &f64) -> Option<String> {
        Some(format!("\"{value}/s\""))
    }
}

/// What a value is, for a sentence.
pub(super) fn named(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A whole number.
pub(super) fn integer(value: &DeValue) -> Result<i64, String> {
    let DeValue::Integer(integer) = value else {
        return Err(format!("is {}, not a whole number", named(value)));
    };
    // The parser has taken `0x` and the underscores away.
    i64::from_str_radix(integer.as_str(), integer.radix())
        .map_err(|_| format!("{} is too large", printable(integer.as_str())))
}

/// A text; `wanted` says what it should hold.
pub(super) fn string<'v>(value: &'v DeValue, wanted: &str) -> Result<&'v str, String> {
    value
        .as_str()
        .ok_or_else(|| format!("is {}, not {wanted}", named(value)))
}

/// A fraction that TOML reads back as one.
fn write_float(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.1}")
    } else {
        value.to_string()
    }
}

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a duration such as `1h30m`: whole numbers, each with its unit; none if it is not one.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let part = number.parse::<u64>().ok()?.checked_mul(*factor)?;
        millis = millis.checked_add(part)?;
        rest = after.trim_start();
    }
    Some(Duration::from_millis(millis))
}

/// Writes a duration in the fewest units.
pub(super) fn write_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in UNITS {
        let count = rest / factor;
        rest %= factor;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    if text.is_empty() {
        "0s".clone_into(&mut text);
    }
    text
}

/// Reads `"200/s"` as 200.
fn rate(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && (0.0..=1e9).contains(&number)).then_some(number / seconds)
}

fn split_number(text: &str) -> (&str, &str) {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(digits).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_alike() {
        for (text, millis) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("30d", 2_592_000_000),
            ("500ms", 500),
            ("0s", 0),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
            assert_eq!(write_duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(duration("1h 30m"), duration("90m"));
        for text in [
            "",
            "5",
            "m",
            "5x",
            "-5m",
            "5m3",
            "1.5h",
            "99999999999999999d",
            "5µs",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        assert_eq!(rate("200/s"), Some(200.0));
        assert_eq!(rate("30/m"), Some(0.5));
        assert_eq!(rate("0.5 / s"), Some(0.5));
        for text in ["200", "/s", "x/s", "200/d", "inf/s", "-1/s", "NaN/s"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_stay_fractions() {
        assert_eq!(Number(0.0..=100.0).write(&5.0).as_deref(), Some("5.0"));
        assert_eq!(Number(0.0..=100.0).write(&0.5).as_deref(), Some("0.5"));
    }
}
