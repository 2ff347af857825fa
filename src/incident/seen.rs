//! What one item of evidence saw: as numbers, for programs and other languages, and in English.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{report::grouped, telling::counted};

/// What was seen. Counts of routes are distinct prefixes; sorts may be added, and whoever does
/// not know one still has the item's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sort", rename_all = "snake_case")]
pub enum Seen {
    /// Our own prefixes, announced otherwise than they should be.
    Own {
        /// How many.
        routes: u32,
    },
    /// Paths against a configured role, or through a peer lock.
    AgainstRole {
        /// How many.
        routes: u32,
    },
    /// AS paths no router should carry.
    ExtremePath {
        /// How many.
        routes: u32,
    },
    /// AS paths far longer than any need.
    LongPath {
        /// How many.
        routes: u32,
    },
    /// One AS at two separate places of a path.
    SeparateRepeat {
        /// How many.
        routes: u32,
    },
    /// Paths through a network that sells no transit.
    NeverTransit {
        /// How many.
        routes: u32,
    },
    /// Paths with a valley, by inferred relations.
    Valley {
        /// How many.
        routes: u32,
    },
    /// Prefixes with an origin they did not have.
    NewOrigin {
        /// How many.
        routes: u32,
    },
    /// New more-specifics, under so many routes that stood before, of so many origins.
    MoreSpecific {
        /// How many.
        routes: u32,
        /// Routes that stood before.
        covers: u32,
        /// Networks whose prefixes they are.
        origins: u32,
    },
    /// Too specific prefixes.
    TooSpecific {
        /// How many.
        routes: u32,
    },
    /// Special-purpose prefixes or AS numbers; those of them past our own policy.
    Bogon {
        /// How many.
        routes: u32,
        /// Those past our own policy.
        accepted: u32,
    },
    /// Routes gained by one that normally carries so many and gains so many at once.
    Gained {
        /// How many.
        routes: u32,
        /// What it normally carries.
        normal: u32,
        /// What at once would be usual.
        usual: u32,
    },
    /// Routes of a view, against a limit, and in how many days it is reached.
    Limit {
        /// How many.
        routes: u32,
        /// What it may have.
        limit: u32,
        /// Days until it has as many, as it has grown.
        days: Option<u32>,
    },
    /// Withdrawals of a view, and what is left.
    Withdrawn {
        /// How many.
        routes: u32,
        /// What is left.
        left: u32,
    },
    /// Changes of a view within a minute, and how many at once would be usual.
    Changed {
        /// How many.
        routes: u32,
        /// What at once would be usual.
        usual: u32,
    },
    /// A limit is near or passed.
    NearLimit,
    /// A small network between two large ones, on so many per cent of the paths.
    SmallBetweenLarge {
        /// Share of the paths.
        percent: u32,
    },
    /// So many per cent of the paths lead where they never led, so many times the normal load.
    Displaced {
        /// Share of the paths.
        percent: u32,
        /// Times its normal load.
        times: u32,
    },
    /// Something that this version has no name for, or that was written before it had names.
    #[default]
    #[serde(other)]
    Other,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Seen::Own { routes } => write!(f, "{} of our own prefixes", grouped(routes)),
            Seen::AgainstRole { routes } => {
                let paths = of(routes, "path", "paths");
                write!(f, "{paths} against a configured role")
            }
            Seen::ExtremePath { routes } => {
                let paths = of(routes, "path", "paths");
                write!(f, "{paths} that no router should carry")
            }
            Seen::LongPath { routes } => {
                let paths = of(routes, "path", "paths");
                write!(f, "{paths} far longer than any need")
            }
            Seen::SeparateRepeat { routes } => {
                write!(f, "one AS twice in {}", of(routes, "path", "paths"))
            }
            Seen::NeverTransit { routes } => {
                let routes = of(routes, "route", "routes");
                write!(f, "{routes} through a network that sells no transit")
            }
            Seen::Valley { routes } => {
                let routes = of(routes, "route", "routes");
                write!(
                    f,
                    "{routes} handed on between providers or peers (RFC 7908)"
                )
            }
            Seen::NewOrigin { routes: 1 } => write!(f, "1 prefix with an origin it did not have"),
            Seen::NewOrigin { routes } => {
                let routes = grouped(routes);
                write!(f, "{routes} prefixes with an origin they did not have")
            }
            Seen::MoreSpecific {
                routes,
                covers,
                origins,
            } => write!(
                f,
                "{} never seen before, under {} of {}",
                of(routes, "more-specific", "more-specifics"),
                of(covers, "covering route", "covering routes"),
                of(origins, "origin", "origins")
            ),
            Seen::TooSpecific { routes } => {
                write!(f, "{} too specific", of(routes, "prefix", "prefixes"))
            }
            Seen::Bogon { routes, accepted } => {
                let routes = of(routes, "route", "routes");
                write!(f, "{routes} with special-purpose prefixes or AS numbers")?;
                match accepted {
                    0 => Ok(()),
                    some => write!(f, ", {} of them past our own policy", grouped(some)),
                }
            }
            Seen::Gained {
                routes,
                normal,
                usual,
            } => write!(
                f,
                "{} gained, where it normally carries {} and {} at once would be usual",
                of(routes, "route", "routes"),
                grouped(normal),
                grouped(usual)
            ),
            Seen::Limit {
                routes,
                limit,
                days,
            } => {
                let percent = share(routes, limit);
                let (routes, limit) = (grouped(routes), of(limit, "route", "routes"));
                write!(f, "{routes} of {limit} ({percent} %)")?;
                match days {
                    None => Ok(()),
                    Some(1) => write!(f, ", all of them in a day as it grows"),
                    Some(days) => {
                        let days = grouped(days);
                        write!(f, ", all of them in {days} days as it grows")
                    }
                }
            }
            Seen::Withdrawn { routes, left } => {
                let (routes, left) = (of(routes, "route", "routes"), grouped(left));
                write!(f, "{routes} withdrawn, {left} left")
            }
            Seen::Changed { routes, usual } => write!(
                f,
                "{} in a minute, where {} at once would be usual",
                of(routes, "change", "changes"),
                grouped(usual)
            ),
            Seen::NearLimit => write!(f, "a limit on the number of routes is near"),
            Seen::SmallBetweenLarge { percent } => write!(
                f,
                "a small network between two large ones on {percent} % of the paths"
            ),
            Seen::Displaced { percent, times } => write!(
                f,
                "{percent} % of the paths lead where they never led, {} times its normal load",
                grouped(times)
            ),
            Seen::Other => write!(f, "something else"),
        }
    }
}

/// `1 path`, `1,200 paths`.
fn of(count: u32, one: &str, many: &str) -> String {
    counted(count.into(), one, many)
}

/// Per cent that `part` is of `whole`.
pub fn share(part: u32, whole: u32) -> u64 {
    u64::from(part) * 100 / u64::from(whole.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_version_saw_is_read_as_something_else() {
        let read = |text| serde_json::from_str::<Seen>(text).unwrap();
        let later = r#"{"sort": "solar_flare", "routes": 3, "heat": [1]}"#;
        assert_eq!(read(later), Seen::Other);
        let seen = Seen::Limit {
            routes: 90,
            limit: 100,
            days: None,
        };
        assert_eq!(read(&serde_json::to_string(&seen).unwrap()), seen);
        assert_eq!(seen.to_string(), "90 of 100 routes (90 %)");
    }

    #[test]
    fn one_route_is_enough_and_is_told_as_one() {
        let told = |seen: Seen| seen.to_string();
        let one = told(Seen::AgainstRole { routes: 1 });
        assert_eq!(one, "1 path against a configured role");
        let one = told(Seen::NewOrigin { routes: 1 });
        assert_eq!(one, "1 prefix with an origin it did not have");
        let many = told(Seen::ExtremePath { routes: 1200 });
        assert_eq!(many, "1,200 paths that no router should carry");
    }
}
