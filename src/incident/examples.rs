//! Which of an incident's routes are shown, and how their paths are written.

use super::report::{IncidentEvent, Sample};
use crate::bgp::Plain;

const EXAMPLES: usize = 4;
/// One AS so many times in a row is written with a count.
const LONG_RUN: usize = 6;

/// Examples worth showing: paths that show the leak, each of another network, those
/// most affected first, and changed routes as well as new ones.
pub fn choose(event: &IncidentEvent) -> Vec<&Sample> {
    let rank = |origin: &str| {
        let place = event
            .victims
            .iter()
            .position(|victim| victim.asn.0.to_string() == origin);
        place.unwrap_or(usize::MAX)
    };
    let mut order: Vec<(bool, usize, usize, &Sample)> = event
        .samples
        .iter()
        .enumerate()
        .map(|(index, sample)| {
            (
                !shows(&sample.after, event),
                rank(origin(sample)),
                index,
                sample,
            )
        })
        .collect();
    order.sort_by_key(|&(hidden, rank, index, _)| (hidden, rank, index));
    let mut chosen: Vec<&Sample> = Vec::new();
    for (_, _, _, sample) in &order {
        let news = chosen
            .iter()
            .all(|one| origin(one) != origin(sample) && one.prefix != sample.prefix);
        if news && chosen.len() < EXAMPLES {
            chosen.push(sample);
        }
    }
    chosen
}

/// Whether a path leads where the incident is.
pub fn shows(path: &str, event: &IncidentEvent) -> bool {
    let edge = edge(event);
    !edge.is_empty() && format!(" {path} ").contains(&edge)
}

/// The two ASes between which it happened, or the one, as they stand in a path.
fn edge(event: &IncidentEvent) -> String {
    match (event.neighbour, event.offender) {
        (Some(neighbour), Some(offender)) => format!(" {} {} ", neighbour.0, offender.0),
        (None, Some(offender)) => format!(" {} ", offender.0),
        _ => String::new(),
    }
}

fn origin(sample: &Sample) -> &str {
    sample.after.rsplit(' ').next().unwrap_or_default()
}

/// A path as routers print it, but for long runs of one AS.
pub fn shorten(path: &str) -> String {
    let hops: Vec<&str> = path.split(' ').collect();
    let runs = hops.chunk_by(|a, b| a == b);
    let parts: Vec<String> = runs
        .map(|run| match run {
            [hop, ..] if run.len() >= LONG_RUN => format!("{hop} (x {})", run.len()),
            run => run.join(" "),
        })
        .collect();
    Plain(&parts.join(" ")).to_string()
}
