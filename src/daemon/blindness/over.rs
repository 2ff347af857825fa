//! When a trouble is over.
//!
//! That nothing is wrong any more has to be seen: what is merely not found, because a router was
//! given up or we began anew and know of none yet, goes on. And a router that nobody waits for any
//! more is not well again; that is said in words.

use super::{
    GIVEN_UP, LOST, Seen, Standing, Trouble, away_for, hears, is_away, known_as, stands_still,
};

/// What is told of the end of a trouble that is no longer found; none where it goes on. `settled`
/// is whether feeds have had their time to come back since we began.
pub fn over(trouble: &Trouble, seen: &Seen, settled: bool) -> Option<String> {
    if !settled {
        return None;
    }
    let what = trouble.summary.trim_start_matches("over: ");
    let well = Some(format!("over: {what}"));
    let long = seen.now.since(trouble.since) >= GIVEN_UP;
    let given_up = format!(
        "given up: {what}; it has been so for a day, and counts as taken out of service. Nothing \
         is heard there"
    );
    let of = |beginning: &str| trouble.id.strip_prefix(beginning);
    if trouble.id == "blind" {
        return if hears(seen) { well } else { None };
    }
    if let Some(name) = of("feed-lost-") {
        let router = seen
            .routers
            .iter()
            .find(|one| !one.drill && known_as(one) == name);
        return match router {
            Some(router) if router.state == Standing::Up => well,
            Some(router) => (away_for(router, seen.now) >= GIVEN_UP).then_some(given_up),
            None => long.then_some(given_up),
        };
    }
    if let Some(name) = of("feed-silent-") {
        if let Some(router) = seen
            .routers
            .iter()
            .find(|one| !one.drill && known_as(one) == name)
        {
            let since = router.last_update.is_some_and(|at| at > trouble.since);
            // Whether it has peers at all is known a while after it has connected.
            let young = seen.now.since(router.since) < LOST;
            return match router.state {
                Standing::Up if router.silent || ((router.peers > 0 || young) && !since) => None,
                Standing::Up => well,
                _ if is_away(router, seen.now) => {
                    Some(format!("changed: {what}; now it is not connected at all"))
                }
                _ => (away_for(router, seen.now) >= GIVEN_UP).then_some(given_up),
            };
        }
        return match seen.directories.iter().find(|one| one.name == name) {
            Some(directory) if directory.last_update.is_none() => None,
            Some(directory) if stands_still(directory, seen.now) => None,
            Some(_) => well,
            None => long.then_some(given_up),
        };
    }
    let failing = |sink: &super::SinkState| {
        sink.failing.is_some() && Trouble::sink_failing(&sink.name) == trouble.id
    };
    if seen.sinks.iter().any(failing) {
        // It has not failed for long since we began, and has taken nothing either.
        return None;
    }
    well
}
