//! Words and figures in English.

use crate::{
    bgp::Timestamp,
    incident::{Kind, report::grouped},
    report::{threshold::Reached, value::Network, zone::Zone},
};

pub(super) const fn reached(reached: Reached) -> &'static str {
    match reached {
        Reached::Yes => "yes",
        Reached::No => "no",
        Reached::Unknown => "not known yet",
    }
}

pub(super) fn service(name: &str) -> String {
    match name {
        "voice-emergency" => "voice with emergency calls",
        "voice" => "voice without emergency calls",
        "free-internet" => "free Internet services",
        "other" => "other (data, Internet access)",
        "lpwa" => "LPWA (low-power wide-area; users are contracts)",
        own => own,
    }
    .to_owned()
}

pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak => "route leak (RFC 7908)",
        Kind::MoreSpecific => "more-specifics nobody had announced before",
        Kind::Origin => "prefixes announced by another network than before",
        Kind::Path => "AS paths longer than any need",
        Kind::Specific => "prefixes too specific for the global table",
        Kind::Bogon => "special-purpose prefixes or AS numbers",
        Kind::OwnPrefix => "our own prefixes announced otherwise than they should be",
        Kind::Visibility => "our own prefixes gone from most tables",
        Kind::Surge => "far more changes than usual",
        Kind::Withdrawal => "many withdrawals with the session up",
        Kind::MaximumPrefix => "close to a limit on the number of routes",
    }
}

/// What it may do to others, as far as routes tell.
pub(super) const fn effect(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak | Kind::MoreSpecific => {
            "wherever the leaked routes were accepted, traffic to the affected prefixes may have \
             been led astray, delayed or lost"
        }
        Kind::Origin | Kind::OwnPrefix => {
            "wherever the routes were accepted, traffic to the affected prefixes may have gone to \
             another network"
        }
        Kind::Path => "some routers reset sessions over such paths; nothing is known of traffic",
        Kind::Specific | Kind::Bogon => {
            "routers may carry more than they should; nothing is known of traffic"
        }
        Kind::Visibility => "traffic to our prefixes may not arrive",
        Kind::Surge | Kind::Withdrawal => {
            "some destinations may be out of reach or reached on other ways"
        }
        Kind::MaximumPrefix => "none yet; a limit that is passed takes the session down",
    }
}

pub(super) fn name(network: &Network) -> String {
    match &network.name {
        Some(name) => format!("{} ({name})", network.asn),
        None => network.asn.to_string(),
    }
}

pub(super) fn names(networks: &[Network]) -> String {
    networks.iter().map(name).collect::<Vec<_>>().join(", ")
}

pub(super) fn routes(count: u32, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

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
pub(in crate::report) fn percent(share: f64) -> u32 {
    ((share * 100.0).floor().clamp(0.0, 99.0)) as u32
}

/// `2 h 5 min`, in two units at most.
pub(super) fn lasting(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let units = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
    let shown = units.iter().skip_while(|(count, _)| *count == 0).take(2);
    let shown: Vec<String> = shown
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if shown.is_empty() {
        "0 s".to_owned()
    } else {
        shown.join(" ")
    }
}

/// `2017-08-25 12:22 (+09:00)`: those who do not compare logs need no more.
pub(super) fn minute(time: Timestamp, zone: &Zone) -> String {
    let format = if zone.is_utc() {
        "%Y-%m-%d %H:%M (UTC)"
    } else {
        "%Y-%m-%d %H:%M (%:z)"
    };
    zone.at(time).map_or_else(
        || time.secs().to_string(),
        |local| local.strftime(format).to_string(),
    )
}

/// `2017-08-25 12:22:01`, where the zone stands elsewhere.
pub(super) fn short(time: Timestamp, zone: &Zone) -> String {
    zone.at(time).map_or_else(
        || time.secs().to_string(),
        |local| local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// `2017-08-25 12:22:01 +09:00 (03:22:01 UTC)`.
pub(super) fn moment(time: Timestamp, zone: &Zone) -> String {
    let utc = Zone::default().at(time);
    let (Some(local), Some(utc)) = (zone.at(time), utc) else {
        return time.secs().to_string();
    };
    if zone.is_utc() {
        return utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    }
    let format = if local.date() == utc.date() {
        "%H:%M:%S UTC"
    } else {
        "%Y-%m-%d %H:%M:%S UTC"
    };
    format!(
        "{} ({})",
        local.strftime("%Y-%m-%d %H:%M:%S %:z"),
        utc.strftime(format)
    )
}
