//! `maximum_prefix`: routes of a view against what the session or the hardware allows.
//!
//! Routers warn at 75 % of `maximum-prefix` and tear the session down at 100 %; a
//! forwarding table that is full drops routes silently (12 August 2014: 512k).

use super::settings;

/// How near a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Headroom {
    /// Far.
    Fine,
    /// At the warning share or beyond.
    Warning,
    /// At the critical share or beyond.
    Critical,
}

/// Judges `routes` against `limit`, with the peer's own warning share if it has one.
pub fn judge(
    routes: u32,
    limit: u32,
    warning_percent: Option<u8>,
    settings: &settings::MaximumPrefix,
) -> Headroom {
    let percent = u64::from(routes) * 100 / u64::from(limit.max(1));
    if percent >= u64::from(settings.critical_percent) {
        Headroom::Critical
    } else if percent >= u64::from(warning_percent.unwrap_or(settings.warning_percent)) {
        Headroom::Warning
    } else {
        Headroom::Fine
    }
}
