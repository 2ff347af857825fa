//! Routers that were heard before we were started, and have not come back.
//!
//! Whoever connects to us is known only once it has. So each router that is heard is kept in the
//! store for a while: if nobody comes back after a restart, whom the configuration no longer lets
//! in or a firewall keeps away, they are missed as if they had gone while we ran.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::blindness::GIVEN_UP;
use crate::{
    bgp::{Timestamp, UntrustedText},
    feed::bmp::{RouterState, Standing},
    store::{Store, Write},
};

/// What the store calls these documents.
const KIND: &str = "router";
/// A router that was not heard for so long is not missed after a start.
const KEPT: Duration = Duration::from_secs(2 * 86_400);
/// That it is still heard is written down so often.
const AGAIN: Duration = Duration::from_secs(900);
/// Routers that are kept at most.
const MOST: usize = 1000;

#[derive(Serialize, Deserialize)]
struct Document {
    address: IpAddr,
    /// As it was printed.
    router: String,
    sys_name: String,
    last_heard: Timestamp,
}

/// What is known of routers beyond this life.
#[derive(Debug)]
pub struct Heard {
    store: Store,
    /// Those of an earlier one, as if they had gone when this one began.
    before: Vec<RouterState>,
    /// Documents of the store, by name, and when each was written.
    kept: BTreeMap<String, Timestamp>,
}

impl Heard {
    /// What the store has, for those who began at `started`.
    pub fn load(store: Store, started: Timestamp) -> Heard {
        let (mut before, mut kept) = (Vec::new(), BTreeMap::new());
        for (name, text) in store.documents(KIND) {
            // One that is not understood is of another version, and goes in its time.
            let Ok(document) = serde_json::from_str::<Document>(&text) else {
                continue;
            };
            kept.insert(name, document.last_heard);
            if started.since(document.last_heard) < KEPT {
                before.push(missed(&document, started));
            }
        }
        Heard {
            store,
            before,
            kept,
        }
    }

    /// Keeps those of `routers` that are heard, and forgets whom nobody waits for any more.
    pub fn keep(&mut self, routers: &[RouterState], now: Timestamp) {
        self.kept.retain(|_, written| now.since(*written) < KEPT);
        let mut rows = Vec::new();
        let (_, renamed) = self.compare(routers);
        for router in renamed {
            let name = name(&router);
            self.before.retain(|one| self::name(one) != name);
            if self.kept.remove(&name).is_some() {
                rows.push(forgotten(name));
            }
        }
        for router in routers.iter().filter(|router| !router.drill) {
            let name = name(router);
            if router.state == Standing::Up {
                let is_due = match self.kept.get(&name) {
                    Some(written) => now.since(*written) >= AGAIN,
                    None => self.kept.len() < MOST,
                };
                if is_due {
                    self.kept.insert(name.clone(), now);
                    rows.push(row(router, name, now));
                }
            } else if router
                .away_since
                .is_some_and(|at| now.since(at) >= GIVEN_UP)
                && self.kept.remove(&name).is_some()
            {
                rows.push(forgotten(name));
            }
        }
        if !rows.is_empty() {
            self.store.write(&rows, now);
        }
    }

    /// Those of an earlier life that are not among `routers`. One that comes from the address with
    /// another name stands for one that is missed there.
    pub fn missed(&self, routers: &[RouterState]) -> Vec<RouterState> {
        self.compare(routers).0
    }

    /// Those that are missed, and those that are up under another name.
    fn compare(&self, routers: &[RouterState]) -> (Vec<RouterState>, Vec<RouterState>) {
        let mut at: BTreeMap<IpAddr, Vec<&RouterState>> = BTreeMap::new();
        for router in routers.iter().filter(|router| !router.drill) {
            at.entry(router.address).or_default().push(router);
        }
        let mut missed = Vec::new();
        for router in &self.before {
            let here = at.entry(router.address).or_default();
            let place = here.iter().position(|one| one.sys_name == router.sys_name);
            match place {
                Some(place) => drop(here.swap_remove(place)),
                None => missed.push(router.clone()),
            }
        }
        // Those that are left are known by another name than before.
        let mut renamed = Vec::new();
        missed.retain(|router| {
            let other = at.get_mut(&router.address).and_then(Vec::pop);
            if other.is_some_and(|other| other.state == Standing::Up) {
                renamed.push(router.clone());
            }
            other.is_none()
        });
        (missed, renamed)
    }
}

/// The document of this name goes.
fn forgotten(name: String) -> Write {
    Write::Document {
        kind: KIND.to_owned(),
        name,
        document: None,
        until: None,
    }
}

/// Its name in the store: who it is (RFC 7854 §4.4).
fn name(router: &RouterState) -> String {
    format!("{} {}", router.address, router.sys_name.raw())
}

fn row(router: &RouterState, name: String, now: Timestamp) -> Write {
    let document = Document {
        address: router.address,
        router: router.router.clone(),
        sys_name: router.sys_name.raw().to_owned(),
        last_heard: now,
    };
    Write::Document {
        kind: KIND.to_owned(),
        name,
        document: serde_json::to_string(&document).ok(),
        until: Some(now + KEPT),
    }
}

fn missed(document: &Document, started: Timestamp) -> RouterState {
    let last = document.last_heard;
    let (router, address) = (document.router.clone(), document.address);
    RouterState {
        sys_name: UntrustedText::new(document.sys_name.as_bytes()),
        last_error: Some(format!(
            "it has not come back since leakwatch was started; before that it was heard at {last}"
        )),
        ..RouterState::unheard(router, address, Standing::Gone, started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        daemon::blindness::{self, Seen, tests::router},
        store::Durability,
    };

    fn at(second: u64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000 + second)
    }

    fn named(number: u8, sys_name: &str, state: Standing, since: u64) -> RouterState {
        RouterState {
            sys_name: UntrustedText::new(sys_name.as_bytes()),
            ..router(number, state, since)
        }
    }

    /// The store after a life in which these were heard.
    fn lived(routers: &[RouterState]) -> Store {
        let store = Store::in_memory();
        let mut heard = Heard::load(store.clone(), at(0));
        for second in 0..2000 {
            heard.keep(routers, at(second));
        }
        store
    }

    fn names(missed: &[RouterState]) -> Vec<&str> {
        missed.iter().map(|one| one.sys_name.raw()).collect()
    }

    fn told(routers: &[RouterState], now: u64) -> Vec<String> {
        let seen = Seen {
            now: at(now),
            durability: &Durability::Volatile,
            sinks: &[],
            routers,
            directories: &[],
            canary: None,
        };
        let found = blindness::troubles(&seen);
        found.into_iter().map(|trouble| trouble.id).collect()
    }

    #[test]
    fn nobody_who_comes_back_after_a_restart_is_missed_after_five_minutes() {
        let (a, b) = (
            named(1, "a", Standing::Up, 0),
            named(2, "b", Standing::Up, 0),
        );
        let mut drill = named(3, "c", Standing::Up, 0);
        drill.drill = true;
        let store = lived(&[a, b, drill]);
        assert_eq!(store.figures().rows_written, 2 * 3, "now and then");
        let heard = Heard::load(store, at(5000));
        let missed = heard.missed(&[]);
        assert_eq!(names(&missed), ["a", "b"]);
        assert_eq!(told(&missed, 5299), [""; 0]);
        assert_eq!(told(&missed, 5300), ["blind"]);
        // One of them comes.
        let mut routers = vec![named(1, "a", Standing::Up, 5400)];
        routers.extend(heard.missed(&routers));
        assert_eq!(routers.len(), 2);
        assert_eq!(told(&routers, 5401), ["feed-lost-192.0.2.2"]);
        assert_eq!(told(&routers, 5000 + 86_400), [""; 0], "given up");
    }

    #[test]
    fn no_router_is_missed_beside_itself() {
        let before = ["a", "b", "c"].map(|name| named(1, name, Standing::Up, 0));
        let heard = Heard::load(lived(&before), at(5000));
        let missed = |now: &[&str]| {
            let now: Vec<_> = (now.iter())
                .map(|name| named(1, name, Standing::Gone, 5001))
                .collect();
            heard.missed(&now).len()
        };
        assert_eq!(missed(&[]), 3);
        assert_eq!(missed(&["b"]), 2);
        assert_eq!(missed(&["b", "new name"]), 1);
        assert_eq!(missed(&["a", "b", "c", "d"]), 0);
        // One that we connect to has no name before it is reached.
        let target = named(1, "", Standing::Connecting, 5001);
        assert_eq!(names(&heard.missed(&[target])), ["b", "c"]);
    }

    #[test]
    fn a_router_with_another_name_is_not_missed_by_its_former_one_after_the_next_restart() {
        let store = lived(&[named(1, "a", Standing::Up, 0)]);
        let now = [named(1, "b", Standing::Up, 5001)];
        let mut heard = Heard::load(store.clone(), at(5000));
        assert_eq!(heard.missed(&now).len(), 0);
        heard.keep(&now, at(5002));
        let again = Heard::load(store, at(6000));
        assert_eq!(names(&again.missed(&[])), ["b"]);
    }

    #[test]
    fn who_was_not_heard_for_long_is_not_missed_and_their_number_is_bounded() {
        let store = lived(&[named(1, "a", Standing::Up, 0)]);
        let days = |count: u64| at(count * 86_400);
        assert_eq!(Heard::load(store.clone(), days(2)).missed(&[]).len(), 1);
        let mut heard = Heard::load(store.clone(), days(3));
        assert_eq!(heard.missed(&[]).len(), 0);
        let many: Vec<_> = (0..2 * MOST)
            .map(|number| named(2, &number.to_string(), Standing::Up, 0))
            .collect();
        heard.keep(&many, days(3));
        store.look_after(days(3));
        assert_eq!(store.documents(KIND).len(), MOST);
        // They go, and after a day nobody waits for them.
        let gone = many.iter().map(|one| RouterState {
            state: Standing::Gone,
            away_since: Some(days(3)),
            ..one.clone()
        });
        heard.keep(&gone.collect::<Vec<_>>(), days(4));
        assert_eq!(store.documents(KIND), []);
    }

    #[test]
    fn who_was_given_up_is_not_missed_after_another_restart() {
        let store = lived(&[named(1, "a", Standing::Up, 0)]);
        let mut heard = Heard::load(store.clone(), at(2000));
        let missed = heard.missed(&[]);
        heard.keep(&missed, at(2000 + 86_399));
        let next = Heard::load(store.clone(), at(2000 + 86_399));
        assert_eq!(names(&next.missed(&[])), ["a"]);
        heard.keep(&missed, at(2000 + 86_400));
        let next = Heard::load(store, at(2000 + 86_400));
        assert_eq!(names(&next.missed(&[])), [""; 0]);
    }
}
