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
    /// At the limit or beyond.
    Over,
}

/// Judges `routes` against `limit`, with the peer's own warning share if it has one.
pub fn judge(
    routes: u32,
    limit: u32,
    warning_percent: Option<u8>,
    settings: &settings::MaximumPrefix,
) -> Headroom {
    let percent = u64::from(routes) * 100 / u64::from(limit.max(1));
    if routes >= limit {
        Headroom::Over
    } else if percent >= u64::from(settings.critical_percent) {
        Headroom::Critical
    } else if percent >= u64::from(warning_percent.unwrap_or(settings.warning_percent)) {
        Headroom::Warning
    } else {
        Headroom::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_quarters_warn_and_nineteen_twentieths_are_critical() {
        let settings = settings::MaximumPrefix::default();
        let near = |routes| judge(routes, 1000, None, &settings);
        assert_eq!(near(749), Headroom::Fine);
        assert_eq!(near(750), Headroom::Warning);
        assert_eq!(near(949), Headroom::Warning);
        assert_eq!(near(950), Headroom::Critical);
        assert_eq!(near(999), Headroom::Critical);
        assert_eq!(near(1000), Headroom::Over);
        assert_eq!(near(u32::MAX), Headroom::Over);
    }

    #[test]
    fn a_peer_has_its_own_share_to_warn_at() {
        let settings = settings::MaximumPrefix::default();
        assert_eq!(judge(850, 1000, Some(90), &settings), Headroom::Fine);
        assert_eq!(judge(900, 1000, Some(90), &settings), Headroom::Warning);
    }

    #[test]
    fn a_limit_of_nothing_is_passed_by_one_and_divides_nothing() {
        let settings = settings::MaximumPrefix::default();
        assert_eq!(judge(0, 1, None, &settings), Headroom::Fine);
        assert_eq!(judge(1, 0, None, &settings), Headroom::Over);
    }
}
