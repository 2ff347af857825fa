//! Words, numbers and times on a page.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use crate::bgp::{Plain, Timestamp};

/// Text that stands on a page as text, whatever is in it.
pub(super) struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in Plain(self.0).to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A count with thin spaces between thousands: it breaks nowhere.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + 12);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 route`, `1,200 routes`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A duration in its largest unit or two.
pub(super) fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (large, small) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..600 => ((seconds / 60, "min"), (seconds % 60, "s")),
        600..3600 => return format!("{} min", seconds / 60),
        3600..86_400 => ((seconds / 3600, "h"), (seconds / 60 % 60, "min")),
        _ => ((seconds / 86_400, "d"), (seconds / 3600 % 24, "h")),
    };
    let mut text = format!("{} {}", large.0, large.1);
    if small.0 > 0 {
        let _ = write!(text, " {} {}", small.0, small.1);
    }
    text
}

/// How long ago, in short; a dash for what never was.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
    if then == Timestamp::ZERO {
        return "&ndash;".to_owned();
    }
    format!("{} ago", lasting(now.since(then)))
}

fn shown(time: Timestamp, form: &str) -> String {
    let micros = i64::try_from(time.micros()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| time.to_string(), |time| time.strftime(form).to_string())
}

/// Day and time to the second, UTC.
pub(super) fn day_time(time: Timestamp) -> String {
    shown(time, "%Y-%m-%d %H:%M:%S UTC")
}

/// Time of day to the second, UTC.
pub(super) fn clock(time: Timestamp) -> String {
    shown(time, "%H:%M:%S")
}

/// Bytes in the unit that people use for memory.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_stays_text() {
        let text = Text("<script>alert('x')</script>&\"\u{202e}\u{1b}[2J").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\\u{202e}\\u{1b}[2J"
        );
    }

    #[test]
    fn numbers_and_durations_read_well() {
        assert_eq!(count(1_042_325), "1,042,325");
        assert_eq!(counted(1, "route", "routes"), "1 route");
        assert_eq!(lasting(Duration::from_secs(59)), "59 s");
        assert_eq!(lasting(Duration::from_secs(312)), "5 min 12 s");
        assert_eq!(lasting(Duration::from_secs(958)), "15 min");
        assert_eq!(lasting(Duration::from_secs(90_000)), "1 d 1 h");
        assert_eq!(bytes(61 << 20), "61 MiB");
    }
}
