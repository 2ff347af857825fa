//! The layer that counts lines and holds back what has been told often enough.

use std::{
    fmt::{self, Write},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use super::limit::{Cause, Limiter, MOST_CAUSES, More};
use crate::metrics::Metrics;

/// The target of lines that say how many were held back.
pub const SUMMARY: &str = "leakwatch::log";
/// Fields that say whom a line is about.
const ABOUT: [&str; 7] = [
    "router",
    "address",
    "peer",
    "feed",
    "directory",
    "reason",
    "route",
];
/// Octets of a message kept for the summary.
const MOST_MESSAGE: usize = 200;

/// The layer; clones share one table.
#[derive(Clone, Debug)]
pub struct Limits {
    limiter: Arc<Mutex<Limiter>>,
    metrics: Arc<Metrics>,
    hash: RandomState,
}

impl Limits {
    /// With nothing told.
    pub fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.log.causes_limit.set(MOST_CAUSES as i64);
        Limits {
            limiter: Arc::default(),
            metrics: Arc::clone(metrics),
            hash: RandomState::new(),
        }
    }

    /// Forgets causes whose minute is over by `now`, and says what was held back.
    pub fn over(&self, now: Instant) -> Vec<More> {
        self.forget(|limiter| limiter.over(now))
    }

    /// The same for all causes.
    pub fn all(&self) -> Vec<More> {
        self.forget(Limiter::all)
    }

    fn forget(&self, which: impl FnOnce(&mut Limiter) -> Vec<More>) -> Vec<More> {
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let more = which(&mut limiter);
        self.metrics.log.causes.set(limiter.causes() as i64);
        more
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the log measures its own minutes"
    )]
    fn admits(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        let mut about = About::default();
        event.record(&mut about);
        if about.incident {
            return true;
        }
        let cause = Cause {
            place: metadata.callsite(),
            about: about.hashed(&self.hash),
        };
        let now = Instant::now();
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = limiter.admits(&cause, metadata, now, || {
            let mut message = Message::default();
            event.record(&mut message);
            (message.0, about.to_string())
        });
        self.metrics.log.causes.set(limiter.causes() as i64);
        admitted
    }
}

impl<S: Subscriber> Layer<S> for Limits {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let spoken = *metadata.level() > Level::INFO || metadata.target() == SUMMARY;
        if spoken || self.admits(event) {
            return true;
        }
        self.metrics.log.suppressed.inc();
        false
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let log = &self.metrics.log;
        match *event.metadata().level() {
            Level::ERROR => log.errors.inc(),
            Level::WARN => log.warnings.inc(),
            _ => log.others.inc(),
        }
    }
}

/// Whom a line is about.
#[derive(Default)]
struct About {
    fields: Vec<(&'static str, String)>,
    incident: bool,
}

impl About {
    /// Never 0 unless it is about nobody.
    fn hashed(&self, hash: &RandomState) -> u64 {
        if self.fields.is_empty() {
            return 0;
        }
        hash.hash_one(&self.fields).max(1)
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.fields.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

impl Visit for About {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        if ABOUT.contains(&name) {
            self.fields.push((name, cut(&format_args!("{value:?}"))));
        }
        self.incident |= name == "id";
    }
}

/// A line's constant message.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = cut(&format_args!("{value:?}"));
        }
    }
}

/// Text up to [`MOST_MESSAGE`] octets.
fn cut(value: &fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = write!(text, "{value}");
    let mut most = text.len().min(MOST_MESSAGE);
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    text.truncate(most);
    text
}
