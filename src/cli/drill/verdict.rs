//! What came out against what was put in.

use std::io::Write;

use serde::Serialize;

use super::{
    super::told::{Account, Told},
    watch::Watch,
};
use crate::{
    bgp::Asn,
    drill::{Drill, Expected, Incident, Truth},
    incident::{Severity, Step},
};

/// How far the number of routes may be off.
const TOLERANCE: f64 = 0.1;

/// The verdict on a drill.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// Which drill.
    pub name: &'static str,
    /// It is one; no drill is a recording.
    pub reconstruction: bool,
    /// Whether all of `checks` hold.
    pub holds: bool,
    /// What had to come out, one by one.
    pub checks: Vec<Check>,
    /// What was put in, and when it was found.
    pub leaks: Vec<Leak>,
    /// NLRI for each second of reading and judging the updates, without the table.
    pub updates_per_second: u64,
}

/// One thing that had to be so.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    pub holds: bool,
    pub what: String,
}

/// One leak of a drill.
#[derive(Debug, Serialize)]
pub(crate) struct Leak {
    pub offender: Asn,
    pub neighbour: Option<Asn>,
    /// Distinct prefixes.
    pub routes: u32,
    /// Routes affected when it paged.
    pub detected_after_routes: Option<u32>,
    /// Event time from the first leaked update to the page.
    pub detected_after_event_seconds: Option<f64>,
    /// Work from handing the first leaked update to the engine until the page.
    pub detected_after_milliseconds: Option<f64>,
}

/// Compares.
pub(super) fn judge<W: Write>(
    drill: &Drill,
    truth: &Truth,
    told: &Told<W>,
    watch: &Watch,
    updates_per_second: u64,
) -> Outcome {
    let pages: Vec<&Account> = told
        .incidents
        .iter()
        .filter(|account| account.worst == Severity::Critical)
        .collect();
    let mut checks = vec![number(drill.expected, pages.len())];
    if matches!(drill.expected, Expected::Incidents(_)) {
        for incident in &truth.incidents {
            against(incident, &pages, &mut checks);
        }
    }
    let leaks = truth.incidents.iter().map(|incident| {
        let detected = watch.detected(incident);
        Leak {
            offender: incident.offender,
            neighbour: incident.neighbour,
            routes: incident.routes,
            detected_after_routes: detected.map(|one| one.routes),
            detected_after_event_seconds: detected.map(|one| one.event.as_secs_f64()),
            detected_after_milliseconds: detected
                .map(|one| (one.work.as_secs_f64() * 1e6).round() / 1e3),
        }
    });
    Outcome {
        name: drill.name,
        reconstruction: true,
        holds: checks.iter().all(|check| check.holds),
        leaks: leaks.collect(),
        checks,
        updates_per_second,
    }
}

fn number(expected: Expected, pages: usize) -> Check {
    let wanted = match expected {
        Expected::Incidents(wanted) => wanted,
        Expected::Quiet => 0,
    };
    let called = match pages {
        0 => "nobody was woken".to_owned(),
        1 => "one page".to_owned(),
        many => format!("{many} pages"),
    };
    let what = match (pages == wanted, wanted) {
        (true, _) => format!("{called}, as it had to be"),
        (false, 0) => format!("{called} where nobody had to be woken"),
        (false, 1) => format!("{called}, where one had to go out"),
        (false, many) => format!("{called}, where {many} had to go out"),
    };
    Check {
        holds: pages == wanted,
        what,
    }
}

fn against(truth: &Incident, pages: &[&Account], checks: &mut Vec<Check>) {
    let mut check = |holds, what| checks.push(Check { holds, what });
    let through = truth
        .neighbour
        .map_or(String::new(), |asn| format!(" through {asn}"));
    let by_offender = pages
        .iter()
        .filter(|page| page.last.offender == Some(truth.offender));
    // The one with the right neighbour, if several name the offender.
    let fits = |page: &Account| truth.neighbour.is_none() || page.last.neighbour == truth.neighbour;
    let Some(page) = by_offender
        .clone()
        .find(|page| fits(page))
        .or(by_offender.clone().next())
    else {
        check(false, format!("no page names {}{through}", truth.offender));
        return;
    };
    check(true, format!("the right offender, {}", truth.offender));
    if let Some(neighbour) = truth.neighbour {
        if fits(page) {
            check(true, format!("the right neighbour, {neighbour}"));
        } else {
            let named = page
                .last
                .neighbour
                .map_or("none".to_owned(), |asn| asn.to_string());
            check(
                false,
                format!("neighbour {named}, where it was {neighbour}"),
            );
        }
    }
    let (found, real) = (f64::from(page.last.routes.total), f64::from(truth.routes));
    let off = (found - real) / real.max(1.0);
    check(
        off.abs() <= TOLERANCE,
        format!(
            "{} routes found of {} ({:+.1} %; within 10 % had to be)",
            super::super::sheet::grouped(page.last.routes.total.into()),
            super::super::sheet::grouped(truth.routes.into()),
            off * 100.0
        ),
    );
    let over = page.last.event == Step::Resolved;
    check(
        over,
        if over {
            "resolved after it was over"
        } else {
            "not resolved, though it is over"
        }
        .to_owned(),
    );
}
