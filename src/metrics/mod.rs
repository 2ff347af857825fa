//! Every metric by name, on a registry of its own.
//!
//! Whoever counts holds an `Arc<Metrics>` and a child it has resolved once; nothing here
//! is looked up for a route. What the engine counts, and every series of a router or a
//! peer, is made at the scrape from what was last handed over ([`Metrics::observe`],
//! [`Metrics::feeds`], [`Metrics::directories`]), so that what is gone has no series. No label holds what a
//! stranger chose. `docs/metrics.md` lists them all; a test compares.

mod alerts;
mod bmp;
mod catalogue;
mod directories;
mod engine;
mod process;
mod routers;
mod service;
mod views;

use std::sync::{Arc, PoisonError};

use prometheus::{IntCounter, Registry, TextEncoder};

pub use alerts::{Alerts, Journal};
pub use bmp::{Bmp, Wire};
pub use catalogue::{Described, Type};
pub use directories::Directory;
pub use engine::Engine;
pub use routers::Feed;
pub use service::{Config, Http, Log};

use crate::engine::Snapshot;

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    /// BMP sessions.
    pub bmp: Bmp,
    /// UPDATEs and what was wrong with them.
    pub wire: Wire,
    /// The engine and its queue.
    pub engine: Engine,
    /// The HTTP server.
    pub http: Http,
    /// The log.
    pub log: Log,
    /// The configuration.
    pub config: Config,
    /// What is told.
    pub alerts: Alerts,
    /// What survives.
    pub journal: Journal,
    snapshots: views::Snapshots,
    feeds: routers::Feeds,
    directories: directories::Directories,
    registry: Registry,
    catalogue: Vec<Described>,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    /// What the exposition is, for the `Content-Type` of an answer.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// All of them, at zero.
    pub fn new() -> Metrics {
        let mut make = catalogue::Maker::default();
        let build = make.gauges(
            "leakwatch_build_info",
            "1; which leakwatch this is.",
            &["version"],
        );
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        process::register(&mut make);
        Metrics {
            bmp: Bmp::new(&mut make),
            wire: Wire::new(&mut make),
            engine: Engine::new(&mut make),
            http: Http::new(&mut make),
            log: Log::new(&mut make),
            config: Config::new(&mut make),
            alerts: Alerts::new(&mut make),
            journal: Journal::new(&mut make),
            snapshots: views::register(&mut make),
            feeds: routers::register(&mut make),
            directories: directories::register(&mut make),
            registry: make.registry,
            catalogue: make.catalogue,
        }
    }

    /// Shows what the engine of the real routers has from now on.
    pub fn observe(&self, live: &Arc<Snapshot>) {
        let mut shown = self
            .snapshots
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        shown.live = Arc::clone(live);
    }

    /// Shows the running drill's incidents, or that there is none. Its peers and routes
    /// have no series: they are nobody's.
    pub fn observe_drill(&self, drill: Option<&Arc<Snapshot>>) {
        let mut shown = self
            .snapshots
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        shown.drill = drill.cloned();
    }

    /// Shows these routers, and only these, from now on. Names must differ.
    pub fn feeds(&self, routers: Vec<Feed>) {
        *self.feeds.write().unwrap_or_else(PoisonError::into_inner) = routers;
    }

    /// Shows these directories of MRT files, and only these, from now on. Names must differ.
    pub fn directories(&self, directories: Vec<Directory>) {
        *self
            .directories
            .write()
            .unwrap_or_else(PoisonError::into_inner) = directories;
    }

    /// The exposition, in [`Self::CONTENT_TYPE`]. With thousands of peers this takes
    /// some tens of milliseconds.
    ///
    /// # Errors
    /// If a family could not be written, which would be a slip of this room.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Every metric there is, whether it has series or not.
    pub fn catalogue(&self) -> &[Described] {
        &self.catalogue
    }

    /// The registry, to look at.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// Brings a counter to a sum that is kept elsewhere. A sum that has become smaller,
/// because what kept it began anew, leaves it as it is.
pub fn raise(counter: &IntCounter, sum: u64) {
    counter.inc_by(sum.saturating_sub(counter.get()));
}
