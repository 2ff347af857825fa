//! The daemon: everything wired together, and what the outside tells it.
//!
//! Sockets live on a runtime of two threads, the routing tables on the engine's own
//! (`engine_thread`); between them is the queue of `feed::intake`. A panic anywhere ends
//! the process: a daemon of which a part has died would look well and be blind.

mod alerting;
mod blindness;
mod canary;
mod directories;
mod engine_thread;
mod heard;
mod heartbeat;
mod journal;
mod judged;
mod listen;
mod logging;
mod memory;
mod notify;
mod places;
mod recorder;
mod reload;
mod restore;
mod service;
mod told;
mod upkeep;
mod world;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    config::{Config, ConfigError, LogLevel},
    metrics::Metrics,
};

pub use heartbeat::Heartbeat;
pub use reload::Checked;

/// How the daemon is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration; none runs on the defaults.
    pub config: Option<PathBuf>,
    /// The least that is logged, whatever the configuration says.
    pub log_level: Option<LogLevel>,
}

/// Why it could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Put it right.
    #[error("{0}")]
    Configuration(#[from] ConfigError),
    /// What the configuration names cannot be used.
    #[error("{key}: {message}")]
    Unusable {
        /// The key of the configuration.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A socket could not be opened.
    #[error("{}", listen::explain(.key, *.address, .source))]
    Listen {
        /// The key of the configuration that names the address.
        key: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// There is no log.
    #[error("{0}")]
    Log(#[from] logging::LoggingError),
    /// A part ended that must not.
    #[error("{0} has ended, and without it there is nothing to watch")]
    Died(&'static str),
    /// The system gave no thread, timer or signal.
    #[error("the system does not let us start: {0}")]
    System(#[from] io::Error),
}

/// Sockets are looked after by so many threads; the engine has its own.
const WORKERS: usize = 2;
/// What still runs when everything has been told to end gets so long.
const LEFT_OVER: Duration = Duration::from_millis(500);

/// Runs until a signal ends it.
///
/// # Errors
/// If it could not start.
pub fn run(options: Options) -> Result<(), Fault> {
    let mut config = options
        .config
        .as_deref()
        .map_or_else(|| Ok(Config::default()), Config::load)?;
    if let Some(level) = options.log_level {
        config.log.level = level;
    }
    let metrics = Arc::new(Metrics::new());
    let logging = logging::start(config.log, &metrics)?;
    abort_on_panic();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("socket")
        .enable_all()
        .build()?;
    let ended = runtime.block_on(service::run(options, config, metrics, logging));
    runtime.shutdown_timeout(LEFT_OVER);
    ended
}

/// A part that has died must take the rest along: the service manager starts it anew.
fn abort_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        tracing::error!(%panic, "a part of leakwatch has died; all of it ends");
        std::process::abort();
    }));
}
