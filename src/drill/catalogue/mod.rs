//! The drills by name: facts and words; `leak` and `exercise` do what they say.
//!
//! Figures and paths are those of the published accounts that each drill names. What
//! an account does not give is made up and said to be.

mod exercises;
mod origin_leaks;
mod path_leaks;
mod specific_leaks;

use super::{Act, Drill, Expected, Plot, leak::Leak};

static DRILLS: &[&Drill] = &[
    &specific_leaks::GOOGLE_2017,
    &specific_leaks::LEVEL3_2017,
    &path_leaks::TELEKOM_MALAYSIA_2015,
    &specific_leaks::VERIZON_2014,
    &path_leaks::DERY_2012,
    &path_leaks::DODO_2012,
    &origin_leaks::DODO_2012_REORIGINATED,
    &exercises::SUPRONET_2009,
    &origin_leaks::INDOSAT_2014,
    &specific_leaks::ALLEGHENY_2019,
    &path_leaks::SAFEHOST_2019,
    &path_leaks::IDEA_2017,
    &exercises::TWO_LEAKS,
    &exercises::SESSION_RESET,
    &exercises::ROUTE_REFRESH,
    &exercises::BLACKHOLE_WAVE,
    &exercises::PLANNED_DEAGGREGATION,
    &exercises::PROVIDER_FAILOVER,
    &exercises::QUIET_CHURN,
];

/// Every drill, in the order in which they are listed.
pub fn all() -> &'static [&'static Drill] {
    DRILLS
}

/// The drill of this name.
pub fn find(name: &str) -> Option<&'static Drill> {
    DRILLS.iter().copied().find(|drill| drill.name == name)
}

/// Feeds of a collector where no account prints paths.
const FEEDS: &[u32] = &[3333, 1103, 6939, 2914, 202_140, 4637];

const fn leak(
    table: Option<u32>,
    border: &'static [u32],
    collector: &'static [u32],
    leaks: &'static [Leak],
) -> Plot {
    Plot {
        table,
        border,
        collector,
        act: Act::Leaks(leaks),
    }
}

const ONE: Expected = Expected::Incidents(1);
