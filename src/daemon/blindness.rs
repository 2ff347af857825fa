//! When the watch itself is in trouble: blind, mute or forgetful.
//!
//! What is wrong now is worked out anew each time from how everything stands; whoever asks
//! compares it with what was wrong before, and asks of each that is not found whether it is over.

mod over;

use std::time::Duration;

pub use over::over;

use super::canary;
use crate::{
    alert::{SinkState, Trouble},
    bgp::{Plain, Timestamp},
    feed::{
        bmp::{RouterState, Standing},
        mrt::FeedState,
    },
    incident::{Severity, Step, telling::counted},
    store::Durability,
};

/// How everything stands.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The time.
    pub now: Timestamp,
    /// Whether the journal outlives us.
    pub durability: &'a Durability,
    /// Sinks.
    pub sinks: &'a [SinkState],
    /// Routers.
    pub routers: &'a [RouterState],
    /// Watched directories.
    pub directories: &'a [FeedState],
    /// Canaries that did not come out.
    pub canary: Option<canary::Lost>,
}

/// The chapters of the runbook that these have.
pub const CHAPTERS: [&str; 6] = [
    "blind",
    "canary-lost",
    "durability-degraded",
    "feed-lost",
    "feed-silent",
    "sink-failing",
];

/// A sink that fails for so long is a trouble: retries have had their chance, and nobody is told.
const SINK_FAILS: Duration = Duration::from_secs(300);
/// A router that was there and is not for so long.
const LOST: Duration = Duration::from_secs(300);
/// After a day somebody has taken it out of service.
pub const GIVEN_UP: Duration = Duration::from_secs(86_400);
/// A directory into which nothing came for so long; collectors write every five minutes or fifteen.
const STILL: Duration = Duration::from_secs(3600);

/// All that is wrong.
pub fn troubles(seen: &Seen) -> Vec<Trouble> {
    let mut all = Vec::new();
    all.extend(forgetful(seen));
    all.extend(seen.sinks.iter().filter_map(|sink| mute(sink, seen.now)));
    all.extend(feeds(seen));
    all.extend(seen.canary.as_ref().map(|lost| lost_canary(lost, seen.now)));
    all
}

/// A trouble that begins, with the fields that all have alike.
fn trouble(id: String, severity: Severity, since: Timestamp, seen: Timestamp) -> Trouble {
    Trouble {
        id,
        event: Step::Opened,
        severity,
        since,
        time: seen,
        summary: String::new(),
        details: Vec::new(),
        actions: Vec::new(),
        chapter: String::new(),
    }
}

fn forgetful(seen: &Seen) -> Option<Trouble> {
    let Durability::Degraded { since, why } = seen.durability else {
        return None;
    };
    Some(Trouble {
        summary: "leakwatch keeps its journal in memory only: what it knows now is lost if it ends"
            .to_owned(),
        details: vec![format!("The disk says: {}", Plain(why))],
        actions: vec![
            "See whether the file system of the state directory is full or read-only (df, dmesg)."
                .to_owned(),
            "Do not restart leakwatch before that is mended: detection and alerts go on, and the \
             journal returns to the disk by itself."
                .to_owned(),
        ],
        chapter: "durability-degraded".to_owned(),
        ..trouble(
            "durability-degraded".to_owned(),
            Severity::Warning,
            *since,
            seen.now,
        )
    })
}

fn mute(sink: &SinkState, now: Timestamp) -> Option<Trouble> {
    let failing = sink.failing.as_ref()?;
    if now.since(failing.since) < SINK_FAILS {
        return None;
    }
    let refused = counted(failing.refused.into(), "alert", "alerts");
    let name = Plain(&sink.name);
    let mut details = vec![format!("It says: {}", Plain(&failing.why))];
    let mut actions = vec![format!(
        "Try it: leakwatch alert test {name} says what the other side answers."
    )];
    if failing.attempts > 0 {
        details.push(format!("{} attempts since then.", failing.attempts));
        actions.push(
            "What waits is not lost: it is delivered, in order, when the sink works again."
                .to_owned(),
        );
    }
    if failing.refused > 0 {
        details.push(format!(
            "{refused} refused for good, and not sent again; the log has each."
        ));
        actions.push("Tell people yourself of what is open: leakwatch incidents.".to_owned());
    }
    Some(Trouble {
        summary: if failing.is_doubt() {
            format!("{name} refuses what it is sent: {refused} nobody was told of there")
        } else {
            format!("alerts do not get through to {name}: {} wait", sink.waiting)
        },
        details,
        actions,
        chapter: "sink-failing".to_owned(),
        ..trouble(
            Trouble::sink_failing(&sink.name),
            Severity::Critical,
            failing.since,
            now,
        )
    })
}

fn feeds(seen: &Seen) -> Vec<Trouble> {
    let now = seen.now;
    let real = |router: &&RouterState| !router.drill;
    let routers: Vec<&RouterState> = seen.routers.iter().filter(real).collect();
    let mut all = Vec::new();
    // Blind is worse than the sum of what is lost, and said in its place.
    let lost: Vec<&&RouterState> = (routers.iter())
        .filter(|router| is_away(router, now))
        .collect();
    if !hears(seen) && !lost.is_empty() {
        let since = (lost.iter().filter_map(|router| router.away_since))
            .max()
            .unwrap_or(now);
        let details = lost.iter().map(|router| said_of(router)).collect();
        all.push(Trouble {
            summary: format!(
                "leakwatch is blind: none of its {} routers can be heard, and a leak would not be \
                 seen",
                lost.len()
            ),
            details,
            actions: vec![
                "From a router, see whether the address and port of [bmp] listen can be reached, \
                 and whether `allow` still has the routers' addresses."
                    .to_owned(),
                "Meanwhile watch a public looking glass for your prefixes.".to_owned(),
            ],
            chapter: "blind".to_owned(),
            ..trouble("blind".to_owned(), Severity::Critical, since, now)
        });
    } else {
        for router in lost {
            all.push(Trouble {
                summary: format!("router {} can no longer be heard", name(router)),
                details: vec![said_of(router)],
                actions: vec![
                    "Look at the router's BMP session (docs/routers.md); what its peers leak is \
                     not seen meanwhile."
                        .to_owned(),
                ],
                chapter: "feed-lost".to_owned(),
                ..trouble(
                    format!("feed-lost-{}", known_as(router)),
                    Severity::Warning,
                    router.away_since.unwrap_or(router.since),
                    now,
                )
            });
        }
    }
    for router in routers.iter().filter(|router| router.silent) {
        let since = router.last_update.unwrap_or(router.since);
        all.push(Trouble {
            summary: format!(
                "router {} is connected and sends no routes: a leak there would not be seen",
                name(router)
            ),
            details: vec![format!("{} peers are up on it.", router.peers)],
            actions: vec![
                "See on the router whether BMP still monitors its peers, and whether they are up."
                    .to_owned(),
                "Clearing its BMP session is safe; clearing BGP sessions is not.".to_owned(),
            ],
            chapter: "feed-silent".to_owned(),
            ..trouble(
                format!("feed-silent-{}", router.router),
                Severity::Warning,
                since,
                now,
            )
        });
    }
    for directory in seen
        .directories
        .iter()
        .filter(|directory| stands_still(directory, now))
    {
        let since = directory.last_record.unwrap_or(now);
        all.push(Trouble {
            summary: if directory.reachable {
                format!(
                    "nothing new comes into the directory {}",
                    Plain(&directory.name)
                )
            } else {
                format!("the directory {} cannot be read", Plain(&directory.name))
            },
            details: vec![format!(
                "It is {}.",
                Plain(&directory.directory.to_string_lossy())
            )],
            actions: vec![
                "See whether whatever brings its files (a mirror, a router's dump) still runs."
                    .to_owned(),
            ],
            chapter: "feed-silent".to_owned(),
            ..trouble(
                format!("feed-silent-{}", Plain(&directory.name)),
                Severity::Warning,
                since,
                now,
            )
        });
    }
    all
}

/// For how long a router has not been heard; zero where it is.
fn away_for(router: &RouterState, now: Timestamp) -> Duration {
    router.away_since.map_or(Duration::ZERO, |at| now.since(at))
}

/// Whether a router is missed: for long enough, and not for so long that nobody waits for it.
fn is_away(router: &RouterState, now: Timestamp) -> bool {
    (LOST..GIVEN_UP).contains(&away_for(router, now))
}

/// Whether anything real is heard: a router, or a directory that has brought something of late.
fn hears(seen: &Seen) -> bool {
    let up = |router: &RouterState| !router.drill && router.state == Standing::Up;
    let brings = |one: &FeedState| one.last_update.is_some() && !stands_still(one, seen.now);
    seen.routers.iter().any(up) || seen.directories.iter().any(brings)
}

/// Whether a directory brings nothing, though it did.
fn stands_still(directory: &FeedState, now: Timestamp) -> bool {
    let old = |at| now.since(at) > STILL;
    !directory.reachable || (directory.caught_up && directory.last_update.is_some_and(old))
}

/// Its name in a trouble's: the same whether it is only tried or was heard.
fn known_as(router: &RouterState) -> String {
    if router.state == Standing::Connecting {
        router.address.to_string()
    } else {
        router.router.clone()
    }
}

fn name(router: &RouterState) -> String {
    if router.sys_name.is_empty() {
        router.router.clone()
    } else {
        format!("{} ({})", router.router, router.sys_name)
    }
}

fn said_of(router: &RouterState) -> String {
    let since = router.away_since.unwrap_or(router.since);
    match &router.last_error {
        Some(error) => format!("{}, since {since}: {}", name(router), Plain(error)),
        None => format!("{}, since {since}", name(router)),
    }
}

fn lost_canary(lost: &canary::Lost, now: Timestamp) -> Trouble {
    Trouble {
        summary: format!(
            "leakwatch's own test leak did not come out at {}: a real one might not either",
            Plain(&lost.sink)
        ),
        details: vec![Plain(&lost.why).to_string()],
        actions: vec![
            "leakwatch status says whether the engine works and the feeds are heard; leakwatch \
             alert test says whether the sink does."
                .to_owned(),
        ],
        chapter: "canary-lost".to_owned(),
        ..trouble(
            "canary-lost".to_owned(),
            Severity::Critical,
            lost.since,
            now,
        )
    }
}

#[cfg(test)]
pub(super) mod tests;
