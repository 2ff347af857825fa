//! Whether the engine's thread is alive: it says so itself, at every turn of its loop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::feed::clock::instant;

/// The last sign of life; clones are the same one.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    began: Instant,
    /// Milliseconds from the beginning to the last beat.
    last: Arc<AtomicU64>,
}

impl Default for Heartbeat {
    /// One that has just beaten.
    fn default() -> Self {
        Heartbeat {
            began: instant(),
            last: Arc::default(),
        }
    }
}

impl Heartbeat {
    /// A sign of life.
    pub fn beat(&self) {
        self.last.store(self.passed(), Ordering::Relaxed);
    }

    /// How long ago the last one was.
    pub fn age(&self) -> Duration {
        let last = self.last.load(Ordering::Relaxed);
        Duration::from_millis(self.passed().saturating_sub(last))
    }

    fn passed(&self) -> u64 {
        let passed = instant().saturating_duration_since(self.began);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }
}
