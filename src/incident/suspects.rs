//! Whom to suspect: the orders in which ASes are examined, one for each kind of trace.

use super::{
    attribution::{Scene, ranked},
    gains::{Counts, DEPTH, contains, hops},
    ledger::POLICY,
    window::Candidate,
};
use crate::{
    bgp::Asn,
    detect::{Detector, Finds, surge},
};

impl Scene<'_> {
    /// Suspects by what single paths say: who stands behind a valley or behind
    /// transit through a network that sells none. Most routes first.
    pub fn by_policy(&self) -> Vec<Asn> {
        let mut votes = Counts::default();
        for candidate in &self.candidates {
            let culprit = self.culprit(candidate);
            if candidate.finds.any(POLICY) && culprit.0 != 0 {
                *votes.entry(culprit.0).or_insert(0) += 1;
            }
        }
        ranked(&votes)
    }

    /// Suspects by a new origin: the origin itself. Most routes first.
    pub fn by_origin(&self) -> Vec<Asn> {
        let wanted = Finds::of(Detector::Origin);
        let mut votes = Counts::default();
        for candidate in self.candidates.iter().filter(|one| one.finds.any(wanted)) {
            let origin = self.rib.paths.verdict(candidate.new).origin;
            if origin.0 != 0 {
                *votes.entry(origin.0).or_insert(0) += 1;
            }
        }
        ranked(&votes)
    }

    /// Suspects by our own prefixes, and whether the path's shape names them: a leak that
    /// takes ours along is a leak. Else the origin, or if that is right who stands next
    /// to it. Most routes first.
    pub fn by_own_prefix(&self) -> Vec<Asn> {
        let wanted = Finds::of(Detector::OwnPrefix);
        let mut votes = Counts::default();
        for candidate in self.candidates.iter().filter(|one| one.finds.any(wanted)) {
            let named = if candidate.finds.any(POLICY) {
                self.culprit(candidate)
            } else {
                Asn(0)
            };
            let who = if named.0 == 0 {
                self.beside_us(candidate)
            } else {
                named
            };
            *votes.entry(who.0).or_insert(0) += 1;
        }
        ranked(&votes)
    }

    fn beside_us(&self, candidate: &Candidate) -> Asn {
        let (path, count) = hops(self.rib, candidate.new);
        let from_end = |steps: usize| {
            count
                .checked_sub(steps)
                .and_then(|at| path.get(at))
                .copied()
        };
        let origin = self.rib.paths.verdict(candidate.new).origin;
        if origin.0 == 0 {
            // A set hides who announced it; the last AS before it passed it on.
            return from_end(1).unwrap_or_default();
        }
        let route = candidate.route;
        let own = self
            .rib
            .prefix(route.afi, route.row)
            .and_then(|prefix| self.reference.own.covering(&prefix));
        let Some(own) = own.filter(|own| own.origins.contains(&origin)) else {
            return origin;
        };
        // Where the next one may stand there it is the length that is wrong, and that is our doing.
        let beside = from_end(2).unwrap_or(origin);
        if own.expects_upstream(beside) {
            origin
        } else {
            beside
        }
    }

    /// Suspects by what is odd about single paths or prefixes: who repeats itself, or
    /// else who originates. Most routes first.
    pub fn by_path(&self) -> Vec<Asn> {
        let wanted = Finds::NOTABLE | Finds::SEPARATE | Finds::of(Detector::Bogon);
        let mut votes = Counts::default();
        for candidate in self.candidates.iter().filter(|one| one.finds.any(wanted)) {
            let verdict = self.rib.paths.verdict(candidate.new);
            let repeats = candidate.finds.any(Finds::NOTABLE | Finds::SEPARATE);
            let who = if repeats {
                verdict.culprit
            } else {
                verdict.origin
            };
            if who.0 != 0 {
                *votes.entry(who.0).or_insert(0) += 1;
            }
        }
        ranked(&votes)
    }

    /// Suspects by new more-specifics and too specific prefixes: the deepest AS on
    /// most of them that is not there anyway.
    /// Routes whose shape already names somebody are that one's, ready or not.
    pub fn by_novelty(&self) -> Vec<Asn> {
        let wanted = Finds::of(Detector::MoreSpecific) | Finds::of(Detector::Specific);
        let mut named: Vec<Asn> = self
            .by_policy()
            .into_iter()
            .filter(|&asn| self.policy_votes(asn) * 2 >= self.settings.valley.prefixes)
            .collect();
        let is_named = |one: &Candidate| {
            !named.is_empty()
                && self
                    .rib
                    .paths
                    .path(one.new)
                    .sequence_hops()
                    .any(|hop| named.contains(&hop))
        };
        let mut members: Vec<&Candidate> = self
            .candidates
            .iter()
            .filter(|one| one.finds.any(wanted) && !is_named(one))
            .collect();
        for _ in 0..self.peel {
            let Some(deepest) = self.deepest(&members) else {
                break;
            };
            named.push(deepest);
            members.retain(|one| !contains(self.rib, one.new, deepest));
        }
        named
    }

    /// Suspects by volume: those over their burst, the furthest first.
    pub fn by_volume(&self) -> Vec<Asn> {
        let mut over: Vec<(u32, Asn)> = self
            .gains
            .iter()
            .map(|(asn, gained)| (gained, asn))
            .filter(|&(gained, _)| gained > self.settings.surge.small_burst)
            .filter(|&(gained, asn)| {
                f64::from(gained) > surge::burst(self.normal(asn), &self.settings.surge)
            })
            .collect();
        over.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        over.truncate(16);
        over.into_iter().map(|(_, asn)| asn).collect()
    }

    fn deepest(&self, members: &[&Candidate]) -> Option<Asn> {
        let excess = |asn: u32, count: u32| f64::from(count) - self.expected(Asn(asn));
        let counts = self.node_counts(members.iter().copied());
        let (top, top_excess) = counts
            .iter()
            .map(|(&asn, &count)| (asn, excess(asn, count)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        let beneath: Vec<&Candidate> = members
            .iter()
            .copied()
            .filter(|one| contains(self.rib, one.new, Asn(top)))
            .collect();
        let mut chain: Vec<Asn> = self
            .node_counts(beneath.iter().copied())
            .into_iter()
            .filter(|&(asn, count)| excess(asn, count) >= 0.8 * top_excess)
            .map(|(asn, _)| Asn(asn))
            .collect();
        chain.sort_unstable();
        // Small between two large says it best; then whoever usually carries least.
        let odd = chain
            .iter()
            .map(|&asn| (asn, self.shares(asn, beneath.iter().copied()).0))
            .filter(|&(_, share)| share >= 0.5)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((asn, _)) = odd {
            return Some(asn);
        }
        chain
            .into_iter()
            .min_by_key(|&asn| (self.normal_transit(asn), self.depth(asn, &beneath)))
    }

    /// Distance from us on the first member's path, deepest first.
    fn depth(&self, asn: Asn, members: &[&Candidate]) -> usize {
        members.first().map_or(0, |one| {
            let (path, count) = hops(self.rib, one.new);
            let at = path
                .iter()
                .take(count)
                .position(|&hop| hop == asn)
                .unwrap_or(0);
            DEPTH - at
        })
    }
}
