//! Series of each router: made at each scrape from the list last handed over, so that
//! a router that is forgotten has none.

use std::sync::{Arc, PoisonError, RwLock};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::catalogue::{Family, Maker};

/// One router that is heard or was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feed {
    /// As [`crate::bgp::Router`] prints.
    pub router: String,
    /// What the configuration calls it, or nothing. Never what the router calls itself.
    pub name: String,
    /// Its session is up.
    pub up: bool,
    /// Its peers that are up.
    pub peers: u32,
    /// Wall clock of the last UPDATE, in seconds; none before the first.
    pub last_update: Option<f64>,
    /// It has been silent for longer than is usual.
    pub silent: bool,
    /// Its clock before ours in seconds, by its messages' headers; none if it sends none.
    pub clock_skew: Option<f64>,
    /// Its peers whose own count of routes differs from ours.
    pub desynchronised: u32,
}

/// The list, shared with the collector.
pub(super) type Feeds = Arc<RwLock<Vec<Feed>>>;

struct Routers {
    feeds: Feeds,
    up: Family,
    peers: Family,
    last_update: Family,
    silent: Family,
    skew: Family,
    desynchronised: Family,
    info: Family,
}

impl Routers {
    fn families(&self) -> [&Family; 7] {
        [
            &self.up,
            &self.peers,
            &self.last_update,
            &self.silent,
            &self.skew,
            &self.desynchronised,
            &self.info,
        ]
    }
}

pub(super) fn register(make: &mut Maker) -> Feeds {
    const ROUTER: &[&str] = &["router"];
    let feeds = Feeds::default();
    let routers = Routers {
        feeds: Arc::clone(&feeds),
        up: Family::gauge(
            "leakwatch_bmp_session_up",
            "Whether the router's BMP session is up.",
            ROUTER,
        ),
        peers: Family::gauge(
            "leakwatch_bmp_session_peers",
            "Peers of the router that are up.",
            ROUTER,
        ),
        last_update: Family::gauge(
            "leakwatch_feed_last_update_timestamp_seconds",
            "When the router last sent an UPDATE, by our clock.",
            ROUTER,
        ),
        silent: Family::gauge(
            "leakwatch_feed_silent",
            "Whether the router has sent no UPDATE for longer than silent_after.",
            ROUTER,
        ),
        skew: Family::gauge(
            "leakwatch_bmp_clock_skew_seconds",
            "The router's clock before (positive) or behind ours.",
            ROUTER,
        ),
        desynchronised: Family::gauge(
            "leakwatch_bmp_desynchronised_peers",
            "Peers whose number of routes by the router's statistics is not ours.",
            ROUTER,
        ),
        info: Family::gauge(
            "leakwatch_router_info",
            "1; the router's configured name.",
            &["router", "name"],
        ),
    };
    let described = routers.families().map(|family| family.described);
    make.collector(&described, routers);
    feeds
}

impl Collector for Routers {
    fn desc(&self) -> Vec<&Desc> {
        self.families().map(|family| &family.desc).to_vec()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let feeds = self.feeds.read().unwrap_or_else(PoisonError::into_inner);
        let each = |family: &Family, value: &dyn Fn(&Feed) -> Option<f64>| {
            family.filled(
                feeds
                    .iter()
                    .filter_map(|feed| Some(([feed.router.as_str()], value(feed)?))),
            )
        };
        vec![
            each(&self.up, &|feed| Some(flag(feed.up))),
            each(&self.peers, &|feed| Some(f64::from(feed.peers))),
            each(&self.last_update, &|feed| feed.last_update),
            each(&self.silent, &|feed| Some(flag(feed.silent))),
            each(&self.skew, &|feed| feed.clock_skew),
            each(&self.desynchronised, &|feed| {
                Some(f64::from(feed.desynchronised))
            }),
            self.info.filled(
                feeds
                    .iter()
                    .map(|feed| ([feed.router.as_str(), feed.name.as_str()], 1.0)),
            ),
        ]
    }
}

pub(super) fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}
