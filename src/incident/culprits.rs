//! Which pattern a window of candidates shows, strongest pattern first.

use std::{cell::RefCell, time::Duration};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{
    attribution::{Scene, Suspect},
    evidence::Severity,
    ledger::{Ledger, POLICY},
    record::Kind,
    settings::Settings,
};
use crate::{
    bgp::{Asn, Timestamp},
    detect::{Detector, Finds, settings},
};

/// A pattern that is enough for an incident.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Who, and what speaks against them.
    pub suspect: Suspect,
    /// What sort of incident it makes.
    pub kind: Kind,
    /// Which findings make a route through the offender part of it.
    pub absorbs: Finds,
    /// Whether any route that newly goes through the offender is.
    pub absorbs_all: bool,
}

/// What a leaked route may show.
const LEAKED: Finds = POLICY
    .with(Finds::of(Detector::MoreSpecific))
    .with(Finds::of(Detector::Specific));
/// What is not sure enough to page waits this long for more of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Suspects examined of each sort.
const MOST: usize = 8;

/// What finding a pattern needs to know beside the scene.
pub struct Bench<'a> {
    /// Thresholds of detectors.
    pub detect: &'a settings::Settings,
    /// Thresholds of incidents.
    pub settings: &'a Settings,
    /// Standing findings, to tell new ones from old.
    pub ledger: &'a Ledger,
    /// Event time.
    pub now: Timestamp,
    /// Since when a suspect has been enough for an incident, though not for a page.
    pub waiting: &'a Waiting,
    /// It is not of the last minute, and nothing more of it will come: nothing waits.
    pub comparing: bool,
    /// Suspects that have to wait, this time.
    pub not_yet: RefCell<Vec<Asn>>,
}

/// Suspects that wait for more evidence, and since when.
pub type Waiting = HashMap<u32, Timestamp, RandomState>;

impl Bench<'_> {
    /// The first pattern that is ready to be an incident.
    pub fn find(&self, scene: &Scene<'_>) -> Option<Pattern> {
        self.by_own_prefix(scene)
            .or_else(|| self.by_policy(scene))
            .or_else(|| self.by_origin(scene))
            .or_else(|| self.by_novelty(scene))
            .or_else(|| self.by_volume(scene))
            .or_else(|| self.by_path(scene))
    }

    fn ready(&self, pattern: Pattern) -> Option<Pattern> {
        self.ready_after(PATIENCE, pattern)
    }

    fn ready_after(&self, patience: Duration, pattern: Pattern) -> Option<Pattern> {
        let evidence = &pattern.suspect.evidence;
        let severity = evidence.severity(evidence.confidence(), self.settings);
        if self.comparing {
            return (severity >= Severity::Warning).then_some(pattern);
        }
        let asn = pattern.suspect.offender;
        let waited = || {
            patience.is_zero()
                || self
                    .waiting
                    .get(&asn.0)
                    .is_some_and(|&since| self.now.since(since) >= patience)
        };
        let quiet =
            severity == Severity::Info && !matches!(pattern.kind, Kind::Origin | Kind::Path);
        if severity == Severity::Critical || (!quiet && waited()) {
            return Some(pattern);
        }
        if !quiet {
            self.not_yet.borrow_mut().push(asn);
        }
        None
    }

    fn by_own_prefix(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene
            .by_own_prefix()
            .into_iter()
            .take(MOST)
            .find_map(|asn| self.own_prefix_of(scene, asn))
    }

    fn own_prefix_of(&self, scene: &Scene<'_>, asn: Asn) -> Option<Pattern> {
        let suspect = scene.examine(asn);
        if suspect.evidence.own == 0 {
            return None;
        }
        let own = Finds::of(Detector::OwnPrefix);
        let leak = suspect.evidence.valley + suspect.evidence.never_transit > 0;
        let (kind, absorbs) = if leak {
            (Kind::Leak, LEAKED.with(own))
        } else {
            (Kind::OwnPrefix, own)
        };
        self.ready(Pattern {
            suspect,
            kind,
            absorbs,
            absorbs_all: leak,
        })
    }

    fn by_policy(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene.by_policy().into_iter().take(MOST).find_map(|asn| {
            let suspect = scene.examine(asn);
            let seen = &suspect.evidence;
            let enough = seen.never_transit >= self.detect.never_transit.prefixes
                || (seen.valley >= self.detect.valley.prefixes
                    && seen.origins >= self.detect.valley.origins)
                || seen.by_role > 0;
            // Odd but long-standing arrangements move about too; half of what stands
            // against this AS must be of just now.
            let fresh =
                seen.valley.max(seen.never_transit).saturating_mul(2) >= self.ledger.standing(asn);
            if !(enough && fresh) {
                return None;
            }
            self.ready(Pattern {
                suspect,
                kind: Kind::Leak,
                absorbs: LEAKED,
                absorbs_all: true,
            })
        })
    }

    fn by_origin(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene.by_origin().into_iter().take(MOST).find_map(|asn| {
            let suspect = scene.examine(asn);
            let changes = suspect.evidence.origin_changes;
            if changes == 0 {
                return None;
            }
            // One prefix may be moving house; it has to stay, or to be seen by several.
            let patience = if changes >= 5 {
                PATIENCE
            } else if scene.views_of_origin(asn) >= self.detect.origin.peers {
                Duration::ZERO
            } else {
                self.detect.origin.pending
            };
            self.ready_after(
                patience,
                Pattern {
                    suspect,
                    kind: Kind::Origin,
                    absorbs: Finds::of(Detector::Origin) | Finds::OTHER_ORIGIN,
                    absorbs_all: false,
                },
            )
        })
    }

    fn by_novelty(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene
            .by_novelty()
            .into_iter()
            .find_map(|asn| self.novelty_of(scene, asn))
    }

    fn novelty_of(&self, scene: &Scene<'_>, asn: Asn) -> Option<Pattern> {
        let suspect = scene.examine(asn);
        let seen = &suspect.evidence;
        let wanted = &self.detect.more_specific;
        // Through a network that carries a good part of everything, unrelated ones add up:
        // it takes five times the covers and three times the origins there.
        // One network splitting up its own blocks is everyday: 741 in a few minutes, under
        // 72 covers, stand in the real table's churn.
        let broad = if suspect.is_origin {
            seen.covers >= wanted.covers * 5
        } else if scene.is_large(asn) {
            seen.covers >= wanted.covers * 5 && seen.origins >= wanted.origins * 3
        } else {
            seen.covers >= wanted.covers && seen.origins >= wanted.origins
        };
        let novel = seen.novel >= wanted.prefixes && broad && scene.is_above_noise(asn, seen.novel);
        let specific = seen.specific >= self.detect.specific.prefixes;
        if !novel && !specific {
            return None;
        }
        let kind = match (novel, suspect.is_origin) {
            (true, false) => Kind::Leak,
            (true, true) => Kind::MoreSpecific,
            (false, _) => Kind::Specific,
        };
        let absorbs = Finds::of(Detector::MoreSpecific) | Finds::of(Detector::Specific);
        self.ready(Pattern {
            suspect,
            kind,
            absorbs,
            absorbs_all: false,
        })
    }

    fn by_volume(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene.by_volume().into_iter().find_map(|asn| {
            let suspect = scene.examine(asn);
            let seen = &suspect.evidence;
            let odd = seen.odd_share >= 0.5;
            let led_astray = seen.displaced_share >= 0.5
                && seen.gained >= 100
                && seen.gained >= seen.normal.saturating_mul(5);
            if seen.gained <= seen.burst || !(odd || led_astray) {
                return None;
            }
            // The way out has changed, to transit that we pay for.
            if suspect.stands_first && scene.is_our_provider(asn) {
                return None;
            }
            self.ready(Pattern {
                suspect,
                kind: Kind::Leak,
                absorbs: POLICY | Finds::of(Detector::MoreSpecific),
                absorbs_all: true,
            })
        })
    }

    fn by_path(&self, scene: &Scene<'_>) -> Option<Pattern> {
        scene.by_path().into_iter().take(MOST).find_map(|asn| {
            let suspect = scene.examine(asn);
            let seen = &suspect.evidence;
            let (kind, absorbs) = if seen.extreme_path + seen.notable_path > 0
                || seen.separate >= self.detect.path_repeat.separate
            {
                let paths = Finds::of(Detector::PathLength) | Finds::of(Detector::PathRepeat);
                (Kind::Path, paths)
            } else if seen.bogon >= self.detect.valley.prefixes || seen.accepted > 0 {
                (Kind::Bogon, Finds::of(Detector::Bogon))
            } else {
                return None;
            };
            self.ready(Pattern {
                suspect,
                kind,
                absorbs,
                absorbs_all: false,
            })
        })
    }
}
