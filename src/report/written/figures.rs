//! Figures and times, as a language tells them.

use crate::{
    bgp::Timestamp,
    report::{words::Words, zone::Zone},
};

/// A count with commas between thousands.
pub(in crate::report) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Of what nobody can be certain of, no more than 99.
pub(super) fn percent(share: f64) -> u32 {
    ((share * 100.0).floor().clamp(0.0, 99.0)) as u32
}

/// `2 h 5 min`, in two units at most.
pub(super) fn lasting(words: &dyn Words, seconds: u64) -> String {
    let labels = words.labels();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let units = [days, hours, minutes, rest].into_iter().zip(labels.units);
    let shown = units.skip_while(|(count, _)| *count == 0).take(2);
    let shown: Vec<String> = shown
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        format!("0{}", labels.units[3])
    } else {
        shown.join(labels.between_units)
    }
}

/// `2017-08-25 12:22 (+09:00)`.
pub(super) fn minute(words: &dyn Words, time: Timestamp, zone: &Zone) -> String {
    let Some(local) = zone.at(time) else {
        return time.secs().to_string();
    };
    let [format, format_in_utc] = words.labels().minute;
    let format = if zone.is_utc() { format_in_utc } else { format };
    format!("{}{}", words.date(&local), local.strftime(format))
}

/// `2017-08-25`.
pub(super) fn day(words: &dyn Words, time: Timestamp, zone: &Zone) -> String {
    zone.at(time).map_or_else(
        || time.secs().to_string(),
        |local| words.date(&local).trim_end().to_owned(),
    )
}

/// `2017-08-25 12:22:01`, where the zone stands elsewhere.
pub(super) fn short(words: &dyn Words, time: Timestamp, zone: &Zone) -> String {
    zone.at(time).map_or_else(
        || time.secs().to_string(),
        |local| local.strftime(words.labels().short).to_string(),
    )
}

/// `2017-08-25 12:22:01 +09:00 (03:22:01 UTC)`.
pub(super) fn moment(words: &dyn Words, time: Timestamp, zone: &Zone) -> String {
    let (Some(local), Some(utc)) = (zone.at(time), Zone::default().at(time)) else {
        return time.secs().to_string();
    };
    if zone.is_utc() {
        return format!("{}{}", words.date(&utc), utc.strftime("%H:%M:%S UTC"));
    }
    let mut other = utc.strftime("%H:%M:%S").to_string();
    if local.date() != utc.date() {
        other.insert_str(0, &words.date(&utc));
    }
    let [before, after] = words.labels().in_utc;
    format!(
        "{}{}{before}{other}{after}",
        words.date(&local),
        local.strftime("%H:%M:%S %:z")
    )
}
