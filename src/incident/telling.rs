//! The words in which an incident is told, the same on a terminal, in an alert and on a page:
//! who, how many routes, whose, since when.

use std::{fmt::Write as _, time::Duration};

use super::{
    Kind,
    edges::{Edges, FEW},
    report::IncidentEvent,
};
use crate::bgp::{Asn, Timestamp};

/// Origins named one by one.
const VICTIMS: usize = 5;

/// Who did it and who let it pass. `name` names a network, `ours` is our own.
pub fn who(event: &IncidentEvent, name: &dyn Fn(Asn) -> String, ours: Option<Asn>) -> String {
    let Some(offender) = event.offender else {
        return "no single network stands out".to_owned();
    };
    let leaked = matches!(event.kind, Kind::Leak | Kind::MoreSpecific | Kind::Origin);
    let edges = if leaked || event.neighbour.is_some() {
        Edges::of(event, ours)
    } else {
        Edges::default()
    };
    let mut takers: Vec<String> = edges
        .takers
        .iter()
        .take(FEW)
        .map(|asn| name(*asn))
        .collect();
    if edges.others || edges.takers.len() > FEW {
        takers.push("others".to_owned());
    }
    let neighbours = event.views.iter().any(|view| view.peer_as == offender);
    let through = match takers.split_last() {
        Some((last, [])) if !edges.takers.is_empty() => format!(", accepted by {last}"),
        Some((last, first)) if !edges.takers.is_empty() => {
            format!(", accepted by {} and {last}", first.join(", "))
        }
        _ if Some(offender) == ours => ", our own network".to_owned(),
        _ if event.neighbour.is_some() && event.neighbour == ours => {
            ", and we accepted it".to_owned()
        }
        _ if edges.direct || neighbours => ", our neighbour".to_owned(),
        _ if leaked => ", accepted by more than one neighbour".to_owned(),
        _ => String::new(),
    };
    let also = if edges.direct && !edges.takers.is_empty() && Some(offender) != ours {
        "; it is a neighbour of ours too"
    } else {
        ""
    };
    format!("{}{through}{also}", name(offender))
}

/// How many prefixes: at the worst, now, in all.
pub fn routes(event: &IncidentEvent) -> String {
    let routes = event.routes;
    let mut text = format!("{} at the worst", grouped(routes.peak.into()));
    // Writing to a String cannot fail.
    let _ = write!(text, ", {} now", grouped(routes.active.into()));
    if routes.total != routes.peak {
        let _ = write!(text, ", {} in all", grouped(routes.total.into()));
    }
    if event.covers > 0 {
        let covers = counted(event.covers.into(), "route", "routes");
        let _ = write!(text, "; more specific than {covers} that stood before");
    }
    text
}

/// Whose prefixes, the most affected first; empty where no origin is known.
pub fn whose(event: &IncidentEvent, name: &dyn Fn(Asn) -> String) -> String {
    let mut parts: Vec<String> = event
        .victims
        .iter()
        .take(VICTIMS)
        .map(|victim| format!("{} of {}", grouped(victim.routes.into()), name(victim.asn)))
        .collect();
    let named = event.victims.len().min(VICTIMS) as u32;
    if event.origins > named && named > 0 {
        let rest = u64::from(event.origins - named);
        parts.push(format!(
            "the rest of {}",
            counted(rest, "other network", "other networks")
        ));
    }
    parts.join(", ")
}

/// When the first route changed, and when the last one did.
pub fn since(event: &IncidentEvent) -> String {
    format!(
        "{} (first route); the last one changed at {}",
        day_time(event.first_seen),
        clock(event.last_seen)
    )
}

/// A count with commas between thousands.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + 6);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 route`, `1,200 routes`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A duration in the two largest units that matter.
pub fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (large, small) = match seconds {
        0 => return format!("{} ms", duration.as_millis()),
        1..60 => return format!("{seconds} s"),
        60..3600 => ((seconds / 60, "min"), (seconds % 60, "s")),
        3600..86_400 => ((seconds / 3600, "h"), (seconds / 60 % 60, "min")),
        _ => ((seconds / 86_400, "d"), (seconds / 3600 % 24, "h")),
    };
    let mut text = format!("{} {}", large.0, large.1);
    if small.0 > 0 {
        let _ = write!(text, " {} {}", small.0, small.1);
    }
    text
}

fn shown(time: Timestamp, form: &str) -> String {
    let micros = i64::try_from(time.micros()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| time.to_string(), |time| time.strftime(form).to_string())
}

/// Day and time to the second, UTC.
pub fn day_time(time: Timestamp) -> String {
    shown(time, "%Y-%m-%d %H:%M:%S UTC")
}

/// Time of day to the second, UTC.
pub fn clock(time: Timestamp) -> String {
    shown(time, "%H:%M:%S")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_042_325), "1,042,325");
        assert_eq!(counted(1, "route", "routes"), "1 route");
        assert_eq!(lasting(Duration::from_millis(17)), "17 ms");
        assert_eq!(lasting(Duration::from_secs(958)), "15 min 58 s");
        assert_eq!(lasting(Duration::from_secs(7200)), "2 h");
        assert_eq!(lasting(Duration::from_secs(90_000)), "1 d 1 h");
    }

    #[test]
    fn times_are_utc_to_the_second() {
        let time = Timestamp::from_micros(1_503_631_321_132_930);
        assert_eq!(day_time(time), "2017-08-25 03:22:01 UTC");
        assert_eq!(clock(time), "03:22:01");
    }
}
