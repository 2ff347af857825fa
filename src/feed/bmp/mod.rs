//! Live routers: BMP sessions (RFC 7854, RFC 8671, RFC 9069).
//!
//! [`session`] is a pure machine from octets to events. Around it: [`serve`] accepts, connects and
//! runs a task for each connection; [`Routers`] is the one table they share, for those who look on.
//!
//! # What becomes of a router's routes
//!
//! - A session that ends, in whatever way, says nothing of the routes: the router may be
//!   restarting, the network broken, or BMP configured anew. Its peers are *lost*
//!   ([`EventKind::PeerLost`](crate::bgp::EventKind)): their routes stay, stale, for
//!   [`Settings::hold_stale`].
//! - A router that is back in time sends Peer Up and its table again; what is not in it
//!   is swept by the engine. Peers that are not up again `hold_stale` after its return
//!   are down, as are all peers of a router that does not return.
//! - Of the reasons of a Termination (RFC 7854 §4.5) only "permanently administratively
//!   closed" means that nothing is held.
//! - A drill's session holds nothing. With the last one the world of drills ends.

mod compare;
mod connect;
mod connection;
mod door;
mod ending;
mod hold;
mod keeper;
mod listener;
mod progress;
mod publish;
mod routers;
pub mod session;
mod settings;
mod state;
mod sums;

use std::sync::Arc;

use tokio::sync::watch;

use super::{clock::Clock, intake::Intake};
use crate::{engine::Snapshot, metrics::Metrics};

pub use door::Refused;
pub use ending::Ending;
pub use listener::serve;
pub use routers::Routers;
pub use session::{Limits, Notice, Session};
pub use settings::{Refusal, Settings};
pub use state::{RouterState, Standing};
pub use sums::Sums;

/// What every connection is given.
#[derive(Clone, Debug)]
pub struct Site {
    /// Settings as they are now. When the sender is dropped everything ends.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// Where batches go.
    pub intake: Intake,
    /// The table of routers.
    pub routers: Routers,
    /// What arrives is stamped by it.
    pub clock: Clock,
    /// Metrics, brought up to date every second.
    pub metrics: Arc<Metrics>,
    /// What the live engine shows, to compare with what routers count.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// True ends everything.
    pub stop: watch::Receiver<bool>,
}
