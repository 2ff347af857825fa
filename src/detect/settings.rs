//! Every threshold of the detectors, with its default and the reason for it.
//!
//! The reasons are what `leakwatch config show` and `config/leakwatch.toml`
//! print; a threshold without one does not belong here. NLRI are always counted
//! distinct, never messages.

use std::time::Duration;

/// Thresholds of all detectors and of the gate.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Settings {
    /// When a view may speak.
    pub gate: Gate,
    /// Too specific prefixes.
    pub specific: Specific,
    /// New more-specifics of known routes.
    pub more_specific: MoreSpecific,
    /// Long paths.
    pub path_length: PathLength,
    /// One AS many times.
    pub path_repeat: PathRepeat,
    /// Origins that a prefix did not have.
    pub origin: Origin,
    /// Rates against token buckets.
    pub surge: Surge,
    /// Routes of a view against its limits.
    pub maximum_prefix: MaximumPrefix,
    /// Routes that go away with the session up.
    pub withdrawal: Withdrawal,
    /// RFC 7908 types 1–4 by the shape of the path.
    pub valley: Valley,
    /// Networks that carry nobody else's traffic.
    pub never_transit: NeverTransit,
}

/// When a view may speak: `dumping` → `live`, or `warming` → `live`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Without End-of-RIB, a dump is over after this long without new NLRI.
    pub quiet: Duration,
    /// … and at the latest after this long.
    pub longest: Duration,
    /// A view that starts without a table (an update file alone) learns this long.
    pub warming: Duration,
    /// A prefix withdrawn for less than this long is not new when it returns.
    pub history: Duration,
    /// After a restart a first table is compared with what was learned less than this long
    /// before.
    pub resume: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        Gate {
            quiet: Duration::from_secs(30),
            longest: Duration::from_secs(15 * 60),
            warming: Duration::from_secs(15 * 60),
            history: Duration::from_secs(30 * 86_400),
            resume: Duration::from_secs(3600),
        }
    }
}

/// Thresholds of `specific`.
#[derive(Clone, Debug, PartialEq)]
pub struct Specific {
    /// IPv4 prefixes longer than this do not belong in the global table.
    pub ipv4: u8,
    /// The same for IPv6.
    pub ipv6: u8,
    /// Distinct prefixes on one AS edge within the window that make an incident
    /// on a pre-policy view, where a few are everyday.
    pub prefixes: u32,
}

impl Default for Specific {
    fn default() -> Self {
        Specific {
            ipv4: 24,
            ipv6: 48,
            prefixes: 100,
        }
    }
}

/// Thresholds of `more_specific`.
#[derive(Clone, Debug, PartialEq)]
pub struct MoreSpecific {
    /// Distinct new more-specifics through one AS …
    pub prefixes: u32,
    /// … within this window …
    pub window: Duration,
    /// … under at least this many covering prefixes …
    pub covers: u32,
    /// … and of at least this many origins.
    pub origins: u32,
}

impl Default for MoreSpecific {
    fn default() -> Self {
        MoreSpecific {
            prefixes: 100,
            window: Duration::from_secs(60),
            covers: 20,
            origins: 10,
        }
    }
}

/// Thresholds of `path_length`, in ASes after the `AS4_PATH` merge.
#[derive(Clone, Debug, PartialEq)]
pub struct PathLength {
    /// Longer than this is reported.
    pub warn: u16,
    /// Longer than this pages.
    pub page: u16,
}

impl Default for PathLength {
    fn default() -> Self {
        PathLength {
            warn: 50,
            page: 100,
        }
    }
}

/// Thresholds of `path_repeat`: the longest run of one AS.
#[derive(Clone, Debug, PartialEq)]
pub struct PathRepeat {
    /// Worth a note.
    pub info: u16,
    /// Worth a warning.
    pub warn: u16,
    /// Pages.
    pub page: u16,
    /// Prefixes with one AS at two separate places of their paths that page.
    pub separate: u32,
}

impl Default for PathRepeat {
    fn default() -> Self {
        PathRepeat {
            info: 10,
            warn: 20,
            page: 50,
            separate: 100,
        }
    }
}

/// Thresholds of `origin`.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// How long a new origin must stay …
    pub pending: Duration,
    /// … or at how many peers it must be seen, before it is reported.
    pub peers: u32,
    /// An origin seen this long with a prefix belongs to it.
    pub learned: Duration,
}

impl Default for Origin {
    fn default() -> Self {
        Origin {
            pending: Duration::from_secs(60),
            peers: 3,
            learned: Duration::from_secs(7 * 86_400),
        }
    }
}

/// Token buckets of `surge`: burst in NLRI, refill in NLRI per second.
#[derive(Clone, Debug, PartialEq)]
pub struct Surge {
    /// Least burst of a large view, origin, edge or triple.
    pub burst: u32,
    /// Burst as a share of the routes it normally carries, in percent.
    pub burst_percent: f64,
    /// Least burst where fewer than `small` routes are normally carried.
    pub small_burst: u32,
    /// … and its share, in percent.
    pub small_percent: f64,
    /// What counts as small, in routes.
    pub small: u32,
    /// Least refill per second.
    pub rate: f64,
}

impl Default for Surge {
    fn default() -> Self {
        Surge {
            burst: 1000,
            burst_percent: 0.5,
            small_burst: 50,
            small_percent: 20.0,
            small: 5000,
            rate: 2.0,
        }
    }
}

/// Thresholds of `maximum_prefix`.
#[derive(Clone, Debug, PartialEq)]
pub struct MaximumPrefix {
    /// Percent of a limit that warns; per peer `warning_percent` overrides it.
    pub warning_percent: u8,
    /// Percent that pages.
    pub critical_percent: u8,
    /// IPv4 routes the smallest of our routers can hold in hardware; none if unknown.
    pub table_ipv4: Option<u32>,
    /// The same for IPv6.
    pub table_ipv6: Option<u32>,
}

impl Default for MaximumPrefix {
    fn default() -> Self {
        MaximumPrefix {
            warning_percent: 75,
            critical_percent: 95,
            table_ipv4: None,
            table_ipv6: None,
        }
    }
}

/// Thresholds of `withdrawal`.
#[derive(Clone, Debug, PartialEq)]
pub struct Withdrawal {
    /// Percent of a view's routes …
    pub percent: f64,
    /// … and at least this many …
    pub routes: u32,
    /// … withdrawn within this window.
    pub window: Duration,
}

impl Default for Withdrawal {
    fn default() -> Self {
        Withdrawal {
            percent: 5.0,
            routes: 500,
            window: Duration::from_secs(60),
        }
    }
}

/// Thresholds of `valley` where the relations are inferred; configured roles need one route.
#[derive(Clone, Debug, PartialEq)]
pub struct Valley {
    /// Distinct prefixes …
    pub prefixes: u32,
    /// … of this many origins.
    pub origins: u32,
}

impl Default for Valley {
    fn default() -> Self {
        Valley {
            prefixes: 20,
            origins: 5,
        }
    }
}

/// Thresholds of `never_transit`.
#[derive(Clone, Debug, PartialEq)]
pub struct NeverTransit {
    /// Distinct prefixes.
    pub prefixes: u32,
}

impl Default for NeverTransit {
    fn default() -> Self {
        NeverTransit { prefixes: 20 }
    }
}
