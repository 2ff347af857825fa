//! Where state is kept and for how long.

use std::{path::PathBuf, time::Duration};

/// `[state]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The directory; none keeps nothing. Where none is configured, the one that systemd made
    /// for the service (`StateDirectory=`) is used.
    pub directory: Option<PathBuf>,
    /// Incidents that are over are kept for so long.
    pub keep: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            directory: None,
            keep: Duration::from_secs(400 * 86_400),
        }
    }
}
