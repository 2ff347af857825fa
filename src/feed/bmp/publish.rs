//! The table of routers and the sums into metrics, once a second. Nothing of this is on
//! the way of a route.

use std::{collections::BTreeMap, time::Duration};

use prometheus::IntCounter;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Ending, Refused, RouterState, Site, Standing, Sums, keeper::listen_for_silence, sums::PeerLimit,
};
use crate::{
    metrics::{Feed, Metrics},
    wire::{Reason, Tally, bmp::Kind},
};

const TICK: Duration = Duration::from_secs(1);

/// Keeps metrics up to date until everything stops.
pub(super) async fn publish(mut site: Site) {
    let mut publisher = Publisher::new(&site.metrics);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = site.stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        listen_for_silence(&site);
        if site.snapshots.has_changed().unwrap_or(false) {
            let snapshot = site.snapshots.borrow_and_update().clone();
            site.routers.compare(&snapshot);
        }
        publisher.show(&site);
    }
}

/// Counters resolved once, and what they were last brought to.
struct Publisher {
    refused: Vec<IntCounter>,
    closed: Vec<IntCounter>,
    connected: IntCounter,
    not_connected: IntCounter,
    peers_refused: Vec<IntCounter>,
    errors: Vec<IntCounter>,
    shown: Sums,
}

impl Publisher {
    fn new(metrics: &Metrics) -> Self {
        let bmp = &metrics.bmp;
        let refused =
            |reason: &Refused| bmp.connections_refused.with_label_values(&[reason.name()]);
        let closed = |name: &&str| bmp.sessions_closed.with_label_values(&[*name]);
        let errors = |reason: &Reason| {
            metrics
                .wire
                .decode_errors
                .with_label_values(&[reason.name()])
        };
        let limits = |limit: &PeerLimit| bmp.peers_refused.with_label_values(&[limit.name()]);
        Publisher {
            refused: Refused::ALL.iter().map(refused).collect(),
            closed: Ending::NAMES.iter().map(closed).collect(),
            connected: bmp.connects.with_label_values(&["ok"]),
            not_connected: bmp.connects.with_label_values(&["failed"]),
            peers_refused: PeerLimit::ALL.iter().map(limits).collect(),
            errors: Reason::ALL.iter().map(errors).collect(),
            shown: Sums::default(),
        }
    }

    fn show(&mut self, site: &Site) {
        let metrics = &site.metrics;
        let sums = site.routers.sums();
        let old = std::mem::replace(&mut self.shown, sums);
        let new = &self.shown;
        let bmp = &metrics.bmp;
        raise(&bmp.connections, old.connections, new.connections);
        raise(&bmp.received_bytes, old.bytes, new.bytes);
        raise(&bmp.take_overs, old.take_overs, new.take_overs);
        raise(&bmp.accept_errors, old.accept_errors, new.accept_errors);
        raise(&self.connected, old.connected, new.connected);
        raise(
            &self.not_connected,
            old.connect_failures,
            new.connect_failures,
        );
        for kind in Kind::ALL {
            let of = |sums: &Sums| sums.messages.get(kind as usize).copied().unwrap_or(0);
            raise(bmp.messages(kind as u8), of(&old), of(new));
        }
        raise_all(&self.refused, &old.refused, &new.refused);
        raise_all(&self.closed, &old.closed, &new.closed);
        raise_all(&self.peers_refused, &old.peers_refused, &new.peers_refused);
        let errors = |tally: &Tally| Reason::ALL.map(|reason| tally.count(reason));
        raise_all(&self.errors, &errors(&old.tally), &errors(&new.tally));
        let (was, is, wire) = (&old.tally, &new.tally, &metrics.wire);
        raise(&wire.updates, was.updates, is.updates);
        raise(&wire.announced, was.announced, is.announced);
        raise(&wire.withdrawn, was.withdrawn, is.withdrawn);
        raise(
            &wire.treated_as_withdrawn,
            was.treated_as_withdrawn,
            is.treated_as_withdrawn,
        );
        raise(&wire.end_of_rib, was.end_of_rib, is.end_of_rib);
        gauges(site);
    }
}

/// Adds what a sum has grown by; others count into the same counter.
fn raise(counter: &IntCounter, old: u64, new: u64) {
    counter.inc_by(new.saturating_sub(old));
}

fn raise_all(counters: &[IntCounter], old: &[u64], new: &[u64]) {
    for ((counter, old), new) in counters.iter().zip(old).zip(new) {
        raise(counter, *old, *new);
    }
}

fn gauges(site: &Site) {
    let settings = site.settings.borrow().clone();
    let routers = site.routers.list();
    let up = routers
        .iter()
        .filter(|router| router.state == Standing::Up)
        .count();
    let bmp = &site.metrics.bmp;
    let connections = site.routers.table().connections;
    bmp.connections_open.set(i64::from(connections));
    bmp.connections_limit
        .set(i64::from(settings.most_connections()));
    bmp.sessions.set(up as i64);
    bmp.sessions_limit.set(i64::from(settings.most_routers));
    let peers: i64 = routers.iter().map(|router| i64::from(router.peers)).sum();
    let stale = routers.iter().map(|router| i64::from(router.stale_peers));
    bmp.peers.set(peers);
    bmp.stale_peers.set(stale.sum());
    bmp.peers_limit.set(i64::from(settings.most_peers));
    let feeds: BTreeMap<_, _> = routers
        .into_iter()
        .filter(|router| !router.drill)
        .map(|router| (router.router.clone(), feed(router)))
        .collect();
    site.metrics.feeds(feeds.into_values().collect());
}

fn feed(router: RouterState) -> Feed {
    Feed {
        up: router.state == Standing::Up,
        router: router.router,
        name: String::new(),
        peers: router.peers,
        last_update: router.last_update.map(|time| time.micros() as f64 / 1e6),
        silent: router.silent,
        clock_skew: router.clock_skew_seconds,
        desynchronised: router.desynchronised,
    }
}
