//! How sure we are, and how bad it is.
//!
//! Evidence comes in families. Within one, the strongest item counts; families are
//! independent enough to be combined as 1 − Π(1 − c).

use serde::{Deserialize, Deserializer, Serialize};

use super::{seen::Seen, settings::Settings};
use crate::detect;

/// How bad an incident is. `Critical` is what pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look today.
    Warning,
    /// Worth waking someone.
    Critical,
}

impl Severity {
    /// As reports spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// What was observed of one event. Counts are distinct prefixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// All prefixes affected.
    pub routes: u32,
    /// New more-specifics.
    pub novel: u32,
    /// Prefixes covering the new ones.
    pub covers: u32,
    /// Origins of the affected prefixes.
    pub origins: u32,
    /// Paths with a valley, by inferred relations.
    pub valley: u32,
    /// Paths with a valley, by configured roles, or through a peer lock.
    pub by_role: u32,
    /// Paths through a network that sells no transit.
    pub never_transit: u32,
    /// Prefixes with an origin they did not have.
    pub origin_changes: u32,
    /// Too specific prefixes.
    pub specific: u32,
    /// Bogons.
    pub bogon: u32,
    /// Those of them that our own policy let in or sends on.
    pub accepted: u32,
    /// Path length or repeat at the warning level.
    pub notable_path: u32,
    /// Path length or repeat at the paging level.
    pub extreme_path: u32,
    /// One AS at two separate places.
    pub separate: u32,
    /// Our own prefixes.
    pub own: u32,
    /// NLRI that now go through the offender and did not.
    pub gained: u32,
    /// NLRI the offender normally carries, over all views.
    pub normal: u32,
    /// The burst its bucket allows.
    pub burst: u32,
    /// Share of the routes on which the offender is small between two large.
    pub odd_share: f64,
    /// Share whose old path knew nothing of what now lies behind the offender.
    pub displaced_share: f64,
    /// A limit is near or passed.
    pub headroom: bool,
    /// What was counted of a view, where it is the view that is blamed.
    pub counted: Option<Counted>,
    /// From how many prefixes each sort speaks.
    pub least: Least,
}

/// What was counted of a view as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Its routes, against a limit.
    Routes {
        /// Those it has.
        routes: u32,
        /// Those it may have.
        limit: u32,
        /// Days until it has as many, as it has grown.
        days: Option<u32>,
    },
    /// Its withdrawals, within the window of the detector.
    Withdrawn {
        /// Those that went.
        routes: u32,
        /// Those that are left.
        left: u32,
    },
    /// Changes of all sorts, within a minute.
    Changed {
        /// Those that came.
        nlri: u32,
        /// Those that would be usual at once, of each sort.
        usual: u32,
    },
}

impl Counted {
    /// The count itself.
    pub const fn count(self) -> u32 {
        match self {
            Counted::Routes { routes, .. } | Counted::Withdrawn { routes, .. } => routes,
            Counted::Changed { nlri, .. } => nlri,
        }
    }

    /// How strong it is as evidence, and what it is. That a limit is near is a fact; that
    /// withdrawals or changes are somebody's mistake is not.
    const fn item(self) -> (f64, Seen) {
        match self {
            Counted::Routes {
                routes,
                limit,
                days,
            } => (
                1.0,
                Seen::Limit {
                    routes,
                    limit,
                    days,
                },
            ),
            Counted::Withdrawn { routes, left } => (0.6, Seen::Withdrawn { routes, left }),
            Counted::Changed { nlri, usual } => (
                0.4,
                Seen::Changed {
                    routes: nlri,
                    usual,
                },
            ),
        }
    }
}

/// From how many prefixes a sort of evidence speaks, as the detectors' settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Least {
    novel: u32,
    valley: u32,
    never_transit: u32,
    specific: u32,
    separate: u32,
}

impl Least {
    /// As plain numbers.
    pub const fn counts(self) -> [u32; 5] {
        [
            self.novel,
            self.valley,
            self.never_transit,
            self.specific,
            self.separate,
        ]
    }

    /// Out of plain numbers, as [`Least::counts`] gives them.
    pub const fn from_counts(counts: [u32; 5]) -> Self {
        let [novel, valley, never_transit, specific, separate] = counts;
        Least {
            novel,
            valley,
            never_transit,
            specific,
            separate,
        }
    }

    /// Out of the settings.
    pub const fn of(settings: &detect::settings::Settings) -> Self {
        Least {
            novel: settings.more_specific.prefixes,
            valley: settings.valley.prefixes,
            never_transit: settings.never_transit.prefixes,
            specific: settings.specific.prefixes,
            separate: settings.path_repeat.separate,
        }
    }
}

/// The name of a family. By another name, because what is read back is not borrowed.
type Family = &'static str;

/// One line of evidence, for reports: what was seen, how strong it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Policy, novelty, volume, topology.
    #[serde(deserialize_with = "family")]
    pub family: Family,
    /// 0 to 1.
    pub strength: f64,
    /// What was seen, as numbers; what was written before it was kept says only the words.
    #[serde(default)]
    pub seen: Seen,
    /// The same in words.
    pub what: String,
}

/// Reads a family back; one of a later version is called `other`.
fn family<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let name = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
    let known = ["policy", "novelty", "volume", "topology"];
    Ok(known
        .into_iter()
        .find(|one| *one == name)
        .unwrap_or("other"))
}

impl Evidence {
    /// Whether more came through the offender than its bucket allows.
    pub const fn is_surge(&self) -> bool {
        self.burst > 0 && self.gained > self.burst
    }

    /// Every item that speaks, strongest of each family first.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut add = |family, strength, seen: Seen| {
            items.push(Item {
                family,
                strength,
                seen,
                what: seen.to_string(),
            });
        };
        if self.own > 0 {
            add("policy", 0.95, Seen::Own { routes: self.own });
        }
        if self.by_role > 0 {
            let routes = self.by_role;
            add("policy", 0.9, Seen::AgainstRole { routes });
        }
        if self.extreme_path > 0 {
            let routes = self.extreme_path;
            add("policy", 0.9, Seen::ExtremePath { routes });
        } else if self.notable_path > 0 {
            let routes = self.notable_path;
            add("policy", 0.6, Seen::LongPath { routes });
        }
        if self.separate > 0 && self.separate >= self.least.separate {
            let routes = self.separate;
            add("policy", 0.8, Seen::SeparateRepeat { routes });
        }
        if self.never_transit > 0 && self.never_transit >= self.least.never_transit {
            let routes = self.never_transit;
            add("policy", 0.75, Seen::NeverTransit { routes });
        }
        if self.valley > 0 && self.valley >= self.least.valley {
            let routes = self.valley;
            add("policy", 0.7, Seen::Valley { routes });
        }
        if self.origin_changes > 0 {
            let strength = match (self.origin_changes, self.origins) {
                (100.., _) => 0.85,
                (20.., _) => 0.6,
                (5.., _) => 0.5,
                _ => 0.4,
            };
            let routes = self.origin_changes;
            add("novelty", strength, Seen::NewOrigin { routes });
        }
        if self.novel > 0 && self.novel >= self.least.novel {
            // On the real table, networks splitting up their blocks made 518 in one minute
            // under 53 covers; a leak is broader.
            let strength = match (self.covers, self.origins) {
                (100.., 30..) | (200.., _) => 0.8,
                (100.., _) => 0.6,
                _ => 0.5,
            };
            let seen = Seen::MoreSpecific {
                routes: self.novel,
                covers: self.covers,
                origins: self.origins,
            };
            add("novelty", strength, seen);
        }
        if self.specific > 0 && self.specific >= self.least.specific {
            let routes = self.specific;
            add("novelty", 0.6, Seen::TooSpecific { routes });
        }
        if self.bogon > 0 {
            let seen = Seen::Bogon {
                routes: self.bogon,
                accepted: self.accepted,
            };
            add("policy", 0.6, seen);
        }
        if self.is_surge() {
            let ten = self.gained >= self.burst.saturating_mul(10);
            let seen = Seen::Gained {
                routes: self.gained,
                normal: self.normal,
                usual: self.burst,
            };
            add("volume", if ten { 0.65 } else { 0.55 }, seen);
        }
        if let Some(counted) = self.counted {
            let (strength, seen) = counted.item();
            add("volume", strength, seen);
        }
        if self.headroom {
            add("volume", 0.5, Seen::NearLimit);
        }
        let percent = |share: f64| (share * 100.0).round() as u32;
        if self.odd_share >= 0.5 {
            let percent = percent(self.odd_share);
            add("topology", 0.6, Seen::SmallBetweenLarge { percent });
        } else if self.displaced_share >= 0.5
            && self.gained >= 100
            && self.gained >= self.normal.saturating_mul(5)
        {
            let seen = Seen::Displaced {
                percent: percent(self.displaced_share),
                times: self.gained / self.normal.max(1),
            };
            add("topology", 0.5, seen);
        }
        items.sort_by(|a, b| {
            b.strength
                .total_cmp(&a.strength)
                .then(a.family.cmp(b.family))
        });
        items
    }

    /// 1 − Π(1 − c) over the strongest item of each family, rounded to hundredths.
    pub fn confidence(&self) -> f64 {
        let mut seen: Vec<&str> = Vec::new();
        let mut doubt = 1.0;
        for item in self.items() {
            if !seen.contains(&item.family) {
                seen.push(item.family);
                doubt *= 1.0 - item.strength;
            }
        }
        ((1.0 - doubt) * 100.0_f64).round() / 100.0
    }

    /// How bad it is at `confidence`.
    pub fn severity(&self, confidence: f64, settings: &Settings) -> Severity {
        let sure = confidence >= settings.page_confidence;
        let many = self.routes >= settings.page_routes || (self.by_role >= 20);
        if self.own > 0 || self.extreme_path > 0 || (sure && many) {
            Severity::Critical
        } else if confidence >= 0.6 || (confidence >= 0.5 && self.routes >= 1000) || sure {
            Severity::Warning
        } else {
            Severity::Info
        }
    }
}
