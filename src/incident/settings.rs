//! Thresholds of the incident's life, with their reasons.

use std::time::Duration;

/// How findings become incidents and how those end.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// An incident is over when fewer than this percent of its peak are left …
    pub resolve_percent: f64,
    /// … for this long.
    pub resolve_after: Duration,
    /// The same event within this long after the end is the same incident again.
    pub reopen_within: Duration,
    /// An incident that cannot be seen any more, because the peers that showed it are
    /// down, is over after this long.
    pub unseen_after: Duration,
    /// Open incidents at most; what comes beyond is gathered per view.
    pub most_open: usize,
    /// Confidence from which an incident pages.
    pub page_confidence: f64,
    /// Routes from which a confident incident pages.
    pub page_routes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            resolve_percent: 5.0,
            resolve_after: Duration::from_secs(600),
            reopen_within: Duration::from_secs(3600),
            unseen_after: Duration::from_secs(6 * 3600),
            most_open: 1024,
            page_confidence: 0.8,
            page_routes: 100,
        }
    }
}
