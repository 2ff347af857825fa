//! What one `[[mrt]]` of the configuration decides.

use std::{path::PathBuf, time::Duration};

/// A watched directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What it is called in metrics and logs.
    pub name: String,
    /// Where files appear.
    pub directory: PathBuf,
    /// How often it is looked at.
    pub poll: Duration,
    /// A file is complete once its size has not changed for so long.
    pub stable: Duration,
    /// The newest file is read while it grows (a router's own `dump bgp`).
    pub follow: bool,
    /// Files older than this when we start are left alone.
    pub backlog: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: String::new(),
            directory: PathBuf::new(),
            poll: Duration::from_secs(5),
            stable: Duration::from_secs(10),
            follow: false,
            backlog: Duration::from_secs(3 * 3600),
        }
    }
}
