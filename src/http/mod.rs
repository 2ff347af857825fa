//! Metrics, the JSON interface and the status page.
//!
//! Nearly everything here only looks, and what is looked at are copies that others publish
//! ([`Desk`]). What can be changed is who hears of what ([`crate::alert::Quiet`]), by whoever
//! brings a token. What needs the routing table itself is asked
//! of the engine thread, a few questions at a time, each with a bound on its answer.
//!
//! Whoever asks is a stranger, even on loopback, where any web page can make a browser
//! ask: see [`Access`] for whom is answered. Connections, their heads, their patience,
//! answers' sizes and followers of events all have caps, told in the metrics.

mod access;
mod board;
mod body;
mod desk;
mod guard;
mod page;
mod params;
mod problem;
mod routes;
mod server;
mod stall;
mod telling;
mod tls;
mod token;
mod users;
mod web_config;

use std::{net::SocketAddr, sync::Arc};

use axum::http::StatusCode;
use tokio::sync::{Semaphore, watch};

pub use access::Access;
pub use board::{Board, MOST_RESOLVED, MOST_STAGES, Record, Stage, Told};
pub use desk::{Affected, Asked, Desk, Journal, MOST_QUESTIONS, Provider, Slices};
pub use routes::PATHS;
pub use server::serve;
pub use telling::Telling;
pub use web_config::WebConfigError;

use crate::bgp::UntrustedText;

/// Clients that may follow events at once.
const MOST_FOLLOWERS: usize = 64;

/// Requests that may wait for the disk or the engine at once. A disk that hangs must not take every
/// thread there is.
const MOST_WAITING: usize = 8;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
struct Client(SocketAddr);

/// What every request can see.
#[derive(Clone)]
struct Shared {
    desk: Desk,
    access: watch::Receiver<Arc<Access>>,
    stopping: watch::Receiver<bool>,
    followers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Shared {
    fn new(
        desk: Desk,
        access: watch::Receiver<Arc<Access>>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let http = &desk.metrics.http;
        http.sse_clients_limit.set(MOST_FOLLOWERS as i64);
        let shared = Shared {
            desk,
            access,
            stopping,
            followers: Arc::new(Semaphore::new(MOST_FOLLOWERS)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        };
        shared.connections(0);
        shared
    }

    fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.borrow())
    }

    /// Waits until the server stops.
    async fn stopped(&mut self) {
        // The sender outlives every connection; without it there is no more to serve.
        let _ = self.stopping.wait_for(|stopping| *stopping).await;
    }

    fn count(&self, route: Option<&str>, status: StatusCode, seconds: f64) {
        let http = &self.desk.metrics.http;
        let route = route.unwrap_or("other");
        let code = status.as_str();
        http.requests.with_label_values(&[route, code]).inc();
        http.duration.with_label_values(&[route]).observe(seconds);
    }

    fn refused(&self, reason: &str) {
        let http = &self.desk.metrics.http;
        http.refused.with_label_values(&[reason]).inc();
    }

    fn connections(&self, open: usize) {
        let http = &self.desk.metrics.http;
        http.connections.set(open as i64);
        let most = self.access.borrow().most_connections;
        http.connections_limit.set(most as i64);
    }
}

/// Text out of a request, for showing.
fn show(text: &str) -> String {
    UntrustedText::new(text.as_bytes()).to_string()
}
