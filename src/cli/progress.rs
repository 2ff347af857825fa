//! The bar on a terminal while files are read; silence elsewhere.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const BYTES: &str = "{prefix:<14} {wide_bar} {bytes} of {total_bytes}, {msg}, {eta} left";
const UNSIZED: &str = "{prefix:<14} {spinner} {bytes}, {msg}";
const LASTING: &str = "{prefix:<14} {wide_bar} {msg}";
const WAITING: &str = "{prefix:<14} {spinner} {msg}";

/// What is shown on standard error while work goes on, if that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Bytes of input going by; `quiet` where lines go to the same terminal.
    pub(super) fn bytes(prefix: &str, total: Option<u64>, quiet: bool) -> Self {
        Progress::new(
            prefix,
            total,
            if total.is_some() { BYTES } else { UNSIZED },
            quiet,
        )
    }

    /// Something that takes so many seconds.
    pub(super) fn lasting(prefix: &str, seconds: u64, quiet: bool) -> Self {
        Progress::new(prefix, Some(seconds), LASTING, quiet)
    }

    /// So many seconds of it are over, and this goes on.
    pub(super) fn reached(&self, seconds: u64, what: &str) {
        self.bar.set_position(seconds);
        self.bar.set_message(what.to_owned());
    }

    /// Something that takes a while and cannot be measured.
    pub(super) fn waiting(prefix: &str, what: &str, quiet: bool) -> Self {
        let progress = Progress::new(prefix, None, WAITING, quiet);
        progress.bar.set_message(what.to_owned());
        if !progress.bar.is_hidden() {
            progress.bar.enable_steady_tick(Duration::from_millis(100));
        }
        progress
    }

    fn new(prefix: &str, total: Option<u64>, template: &str, quiet: bool) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(total, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(prefix.to_owned());
        bar.set_message("starting");
        Progress { bar }
    }

    /// So many bytes are read, and so many routes with them.
    pub(super) fn at(&self, bytes: u64, routes: u64) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(bytes);
        let seconds = self.bar.elapsed().as_secs_f64();
        if seconds > 0.1 {
            let rate = super::sheet::grouped((routes as f64 / seconds) as u64);
            self.bar.set_message(format!("{rate} updates/s"));
        }
    }

    /// A line on standard error, above the bar.
    pub(super) fn say(&self, line: &str) {
        self.aside(|| eprintln!("{line}"));
    }

    /// Writes something while the bar is out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// A line for whoever is watching, and nobody else.
    pub(super) fn whisper(&self, line: &str) {
        if !self.bar.is_hidden() {
            self.say(line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
