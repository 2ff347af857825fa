//! The daemon's life: open the sockets, run, heed signals, end in order.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    Fault, Heartbeat, Options,
    engine_thread::{self, Bench, Command},
    listen::listen,
    notify,
    reload::{self, Checked},
    told::Teller,
    world::{Shown, Worlds},
};
use crate::{
    config::Config,
    engine::Snapshot,
    feed::{clock::Clock, intake},
    http::{self, Access, Board, Desk},
    metrics::Metrics,
    reference::Reference,
};

/// Feeds get so long to hand on what they have read.
const FEEDS_END: Duration = Duration::from_secs(2);
/// The engine gets so long to judge what waits.
const ENGINE_ENDS: Duration = Duration::from_secs(4);
/// Answers that are being written get so long; all three together stay below ten seconds.
const HTTP_ENDS: Duration = Duration::from_millis(3500);

/// A daemon that runs.
struct Service {
    path: Option<PathBuf>,
    config: Arc<Config>,
    metrics: Arc<Metrics>,
    commands: mpsc::Sender<Command>,
    access: watch::Sender<Arc<Access>>,
    reference: watch::Sender<Arc<Reference>>,
    /// Turns true when it is to end.
    stop: watch::Sender<bool>,
    /// Turns true when HTTP is to end, which shows the rest ending.
    close: watch::Sender<bool>,
    feeds: JoinSet<()>,
    http: tokio::task::JoinHandle<()>,
    engine: thread::JoinHandle<()>,
    status: String,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

/// Runs until a signal ends it.
pub async fn run(options: Options, config: Config) -> Result<(), Fault> {
    // Before anything else, so that a signal during the start is not the end.
    let mut signals = Signals {
        hangup: signal(SignalKind::hangup())?,
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let mut service = Service::start(options, Checked::new(config)?).await?;
    notify::ready(&service.status);
    loop {
        tokio::select! {
            _ = signals.hangup.recv() => service.reload().await,
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
        }
    }
    tokio::select! {
        () = service.end() => Ok(()),
        _ = signals.interrupt.recv() => {
            tracing::warn!("interrupted again: ended at once");
            Ok(())
        }
    }
}
