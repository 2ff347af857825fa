//! The log: who is told what, in which form, and how often.
//!
//! Text on a terminal, JSON where something else reads, the journal's own fields under
//! systemd. A place in the program writes [`limit::LINES_OF_A_CAUSE`] lines a minute of
//! one router, peer, directory or reason, and [`limit::LINES_OF_A_PLACE`] of all of
//! them; then one line says how many more there were. Lines that name an incident by
//! its `id` are never held back: the engine bounds how many there are. Neither are
//! `debug` and `trace`, which somebody has asked for.

mod layer;
mod limit;
mod lines;

use std::{
    io::{self, IsTerminal},
    os::unix::fs::MetadataExt,
    sync::Arc,
    time::Instant,
};

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::{Layered, SubscriberExt},
    reload,
};

use crate::{
    config::{Log, LogFormat as Format, LogLevel as Configured},
    metrics::Metrics,
};
use layer::{Limits, SUMMARY};
use lines::Writing;

/// What a line has passed before it is written: the level.
type Least = reload::Layer<Targets, Registry>;
type Levelled = Layered<Least, Registry>;
type Boxed = Box<dyn Layer<Levelled> + Send + Sync>;

/// The log, while it is kept. Dropped, it writes what is left.
#[derive(Debug)]
pub struct Logging {
    limits: Limits,
    filter: reload::Handle<Targets, Registry>,
    _writing: Writing,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The system gave no thread for it.
    #[error("starting the log: {0}")]
    Thread(#[from] io::Error),
    /// Somebody was quicker.
    #[error("the log is kept already")]
    Twice,
}

/// Starts the log of this process, on standard error.
///
/// # Errors
/// If it cannot be started, or is already.
pub fn start(settings: Log, metrics: &Arc<Metrics>) -> Result<Logging, LoggingError> {
    let (lines, writing) = lines::queue(io::stderr(), metrics.log.dropped.clone())?;
    let form = form(settings.format, &Surroundings::found());
    let (output, missing) = match output(form, lines.clone()) {
        Ok(output) => (output, None),
        Err(error) => (text_or_json(Form::Json, lines), Some(error)),
    };
    let (filter, handle) = reload::Layer::new(targets(settings.level));
    let limits = Limits::new(metrics);
    let subscriber = subscriber(filter, output, limits.clone());
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::Twice)?;
    if let Some(error) = missing {
        tracing::warn!(%error, "the journal cannot be reached, the log goes to standard error");
    }
    Ok(Logging {
        limits,
        filter: handle,
        _writing: writing,
    })
}

impl Logging {
    /// Changes the least level that is logged.
    pub fn set_level(&self, level: Configured) {
        // It fails only once the subscriber is gone, and that stays until the end.
        let _ = self.filter.reload(targets(level));
    }

    /// Says what was held back of causes whose minute is over. To be called every few
    /// seconds.
    #[allow(
        clippy::disallowed_methods,
        reason = "the log measures its own minutes"
    )]
    pub fn tell_held_back(&self) {
        tell(self.limits.over(Instant::now()));
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        tell(self.limits.all());
    }
}

fn tell(held_back: Vec<limit::More>) {
    for more in held_back {
        let (line, about, lines) = (more.message, more.about, more.lines);
        macro_rules! say {
            ($level:ident) => {
                tracing::$level!(target: SUMMARY, line, about, lines, "more of the same, not written")
            };
        }
        match more.level {
            Level::ERROR => say!(error),
            Level::WARN => say!(warn),
            _ => say!(info),
        }
    }
}

/// A line in every form at its level, of us; of what we build upon only what goes wrong.
fn targets(level: Configured) -> Targets {
    let own = match level {
        Configured::Error => LevelFilter::ERROR,
        Configured::Warn => LevelFilter::WARN,
        Configured::Info => LevelFilter::INFO,
        Configured::Debug => LevelFilter::DEBUG,
        Configured::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(own.min(LevelFilter::WARN))
        .with_target(env!("CARGO_CRATE_NAME"), own)
}

fn subscriber(least: Least, output: Boxed, limits: Limits) -> impl Subscriber + Send + Sync {
    Registry::default().with(least).with(output).with(limits)
}

/// What the log is written to.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    /// Standard error is a terminal.
    terminal: bool,
    /// Which understands colours.
    colours: bool,
    /// Standard error is a connection to the systemd journal.
    journal: bool,
}

impl Surroundings {
    fn found() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
        Surroundings {
            terminal: io::stderr().is_terminal(),
            colours: !dumb && !set("NO_COLOR"),
            journal: std::env::var("JOURNAL_STREAM").is_ok_and(|stream| {
                std::fs::metadata("/proc/self/fd/2")
                    .is_ok_and(|stderr| is_stream(&stream, stderr.dev(), stderr.ino()))
            }),
        }
    }
}

/// Whether `JOURNAL_STREAM` (systemd.exec(5): device and inode) means this file. It is
/// inherited, so that it may be set though standard error leads elsewhere.
fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    let ids = stream.split_once(':');
    ids.is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// In which form lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text { colours: bool },
    Json,
    Journal,
}

fn form(format: Format, around: &Surroundings) -> Form {
    let text = Form::Text {
        colours: around.terminal && around.colours,
    };
    match format {
        Format::Text => text,
        Format::Journal => Form::Journal,
        Format::Auto if around.journal => Form::Journal,
        Format::Auto if around.terminal => text,
        Format::Json | Format::Auto => Form::Json,
    }
}

fn output<W>(form: Form, writer: W) -> io::Result<Boxed>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    if form != Form::Journal {
        return Ok(text_or_json(form, writer));
    }
    let journal = tracing_journald::layer()?
        .with_field_prefix(Some("LEAKWATCH".to_owned()))
        .with_syslog_identifier("leakwatch".to_owned());
    Ok(journal.boxed())
}

fn text_or_json<W>(form: Form, writer: W) -> Boxed
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    match form {
        Form::Text { colours } => fmt::layer()
            .with_ansi(colours)
            .with_target(false)
            .with_writer(writer)
            .boxed(),
        Form::Json | Form::Journal => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
    }
}

#[cfg(test)]
mod tests;
