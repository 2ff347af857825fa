//! Who did it: from many changed paths to one offender and the one who accepted it.
//!
//! The session's own edge and a tier-1 are on every path, always, so being on all
//! of what changed proves nothing. What counts is how much more an AS carries than
//! usual, how deep it stands, and whether it is small between two large ones.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{
    evidence::{Evidence, Least},
    gains::{Counts, Gains, contains, hops},
    ledger::POLICY,
    window::Candidate,
};
use crate::{
    bgp::Asn,
    detect::{Detector, Finds, Verdict, sender, settings, surge, valley},
    reference::{Reference, Relation, Role},
    rib::Rib,
};

/// Suspects by novelty that are examined where hours are looked at together.
const PEEL: usize = 8;
/// Members whose paths are weighed for topology; more would not change a share.
const SAMPLE: usize = 512;

/// An AS that may be behind an event, and what speaks for it.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// The AS.
    pub offender: Asn,
    /// Who accepted its routes; none if many did, or the router itself.
    pub neighbour: Option<Asn>,
    /// What was observed.
    pub evidence: Evidence,
    /// The offender originates most of the routes, and does not merely pass them on.
    pub is_origin: bool,
    /// It is the first AS of most of the paths: our neighbour, or a collector's.
    pub stands_first: bool,
}

/// Everything a judgement about an AS is made from.
pub struct Scene<'a> {
    pub(super) rib: &'a Rib<Verdict>,
    pub(super) reference: &'a Reference,
    pub(super) settings: &'a settings::Settings,
    pub(super) candidates: Vec<Candidate>,
    /// Routes that each AS gained.
    pub(super) gains: &'a Gains,
    /// New more-specifics a minute in quiet times, all views.
    pub(super) ambient: f64,
    pub(super) routes: u32,
    /// Suspects by novelty that are examined one after another.
    pub(super) peel: usize,
}

impl<'a> Scene<'a> {
    /// The scene over some candidates. `routes` is the number of routes of all views.
    pub fn new(
        rib: &'a Rib<Verdict>,
        reference: &'a Reference,
        settings: &'a settings::Settings,
        candidates: Vec<Candidate>,
        gains: &'a Gains,
        ambient: f64,
        routes: u32,
    ) -> Self {
        Scene {
            rib,
            reference,
            settings,
            candidates,
            gains,
            ambient,
            routes: routes.max(1),
            peel: 1,
        }
    }

    /// The same of what is not of the last minute but of hours: that one network has split up
    /// its blocks meanwhile must not hide another.
    #[must_use]
    pub fn comparing(mut self, comparing: bool) -> Self {
        if comparing {
            self.peel = PEEL;
        }
        self
    }

    pub(super) fn gained(&self, asn: Asn) -> u32 {
        self.gains.of(asn)
    }

    /// Routes through or of an AS without what it gained just now.
    pub(super) fn normal(&self, asn: Asn) -> u32 {
        let now = self.rib.topology.routes(asn);
        now.transit
            .saturating_add(now.origin)
            .saturating_sub(self.gained(asn))
    }

    pub(super) fn normal_transit(&self, asn: Asn) -> u32 {
        self.rib
            .topology
            .routes(asn)
            .transit
            .saturating_sub(self.gained(asn))
    }

    /// New more-specifics expected through an AS in a minute.
    pub(super) fn expected(&self, asn: Asn) -> f64 {
        let share = f64::from(self.normal(asn)) / f64::from(self.routes);
        self.ambient * share.min(1.0)
    }

    /// Who is behind a candidate's policy findings: ourselves where we send it, the peer itself
    /// where it broke its configured role, else whom the path's shape names.
    pub(super) fn culprit(&self, candidate: &Candidate) -> Asn {
        if candidate.finds.has(Detector::Outbound) {
            return self.reference.local_as.unwrap_or_default();
        }
        if candidate.finds.any(Finds::BY_ROLE) {
            let path = self.rib.paths.path(candidate.new);
            return sender(path, self.reference).unwrap_or_default();
        }
        let verdict = self.rib.paths.verdict(candidate.new);
        if !verdict.guessed {
            return verdict.culprit;
        }
        let (path, count) = hops(self.rib, candidate.new);
        valley::between(path.get(..count).unwrap_or_default(), self.reference)
            .map(|(_, asn)| asn)
            .min_by_key(|&asn| self.normal_transit(asn))
            .unwrap_or(verdict.culprit)
    }

    /// Views that show a new origin's doing.
    pub fn views_of_origin(&self, asn: Asn) -> u32 {
        let wanted = Finds::of(Detector::Origin);
        let mut views: Vec<_> = self
            .candidates
            .iter()
            .filter(|one| one.finds.any(wanted))
            .filter(|one| self.rib.paths.verdict(one.new).origin == asn)
            .map(|one| one.route.view)
            .collect();
        views.sort_unstable();
        views.dedup();
        views.len() as u32
    }

    /// Routes, view by view, behind whose policy findings `asn` stands.
    pub fn policy_votes(&self, asn: Asn) -> u32 {
        let votes = self
            .candidates
            .iter()
            .filter(|one| one.finds.any(POLICY) && self.culprit(one) == asn)
            .count();
        votes as u32
    }

    /// Whether an AS normally carries a good part of everything: what is new through
    /// it is mostly not its doing.
    pub fn is_large(&self, asn: Asn) -> bool {
        self.normal(asn) >= self.routes / 10
    }

    pub(super) fn node_counts<'m>(&self, members: impl Iterator<Item = &'m Candidate>) -> Counts {
        let mut counts = Counts::default();
        for candidate in members {
            let (path, count) = hops(self.rib, candidate.new);
            for &asn in path.iter().take(count) {
                *counts.entry(asn.0).or_insert(0) += 1;
            }
        }
        counts
    }

    /// Shares of paths on which `asn` is small between two large ones, and on which
    /// what lies behind it is new to the route.
    pub(super) fn shares<'m>(
        &self,
        asn: Asn,
        members: impl Iterator<Item = &'m Candidate>,
    ) -> (f64, f64) {
        let (mut seen, mut odd, mut displaced) = (0_u32, 0_u32, 0_u32);
        let own = self.normal(asn).max(1);
        let large = u64::from(self.routes) / 100;
        for candidate in members
            .filter(|one| !one.finds.any(Finds::UNTABLED))
            .take(SAMPLE)
        {
            let (path, count) = hops(self.rib, candidate.new);
            let Some(at) = path.iter().take(count).position(|&hop| hop == asn) else {
                continue;
            };
            seen += 1;
            let Some(&right) = path.get(at + 1).filter(|_| at + 1 < count) else {
                continue;
            };
            let left = if at > 0 { path.get(at - 1) } else { None };
            let right_normal = self.normal(right);
            let is_displaced = candidate.old.is_some() && !contains(self.rib, candidate.old, right);
            displaced += u32::from(is_displaced);
            let left_is_large = match left {
                Some(&left) => self.normal(left) / 4 >= own,
                // The peer itself: odd unless it carries a good part of the table.
                None => u64::from(own) < large.saturating_mul(10),
            };
            let right_is_large =
                right_normal / 4 >= own && (u64::from(right_normal) >= large || is_displaced);
            odd += u32::from(left_is_large && right_is_large);
        }
        let seen = f64::from(seen.max(1));
        (f64::from(odd) / seen, f64::from(displaced) / seen)
    }

    /// What speaks against `offender`, from every candidate that is its doing.
    pub fn examine(&self, offender: Asn) -> Suspect {
        let mut evidence = Evidence {
            least: Least::of(self.settings),
            ..Evidence::default()
        };
        let newest = self
            .candidates
            .iter()
            .map(|one| one.time)
            .max()
            .unwrap_or_default();
        let mut lefts = Counts::default();
        let mut members = Vec::new();
        let mut rows: HashMap<_, Finds, RandomState> = HashMap::default();
        let mut covers = HashSet::<u32, RandomState>::default();
        let mut origins = HashSet::<u32, RandomState>::default();
        for candidate in &self.candidates {
            let (path, count) = hops(self.rib, candidate.new);
            let Some(at) = path.iter().take(count).position(|&hop| hop == offender) else {
                continue;
            };
            let verdict = self.rib.paths.verdict(candidate.new);
            let gained = candidate.old.is_none() || !contains(self.rib, candidate.old, offender);
            let mut finds = self.own_finds(candidate, &verdict, offender);
            if newest.since(candidate.time) > self.settings.more_specific.window {
                finds = finds.without(Finds::of(Detector::MoreSpecific));
            }
            if finds.is_quiet() && !gained {
                continue;
            }
            let left = if at > 0 {
                path.get(at - 1).copied()
            } else {
                None
            };
            *lefts.entry(left.unwrap_or_default().0).or_insert(0) += 1;
            let route = candidate.route;
            *rows
                .entry((route.afi, self.rib.primary(route.afi, route.row)))
                .or_insert(Finds::NONE) |= finds;
            if finds.has(Detector::MoreSpecific) && candidate.cover != u32::MAX {
                covers.insert(candidate.cover);
            }
            if !finds.is_quiet() {
                origins.insert(verdict.origin.0);
            }
            members.push(candidate);
        }
        for finds in rows.values() {
            evidence.add(*finds);
        }
        evidence.covers = covers.len() as u32;
        evidence.origins = origins.len() as u32;
        evidence.gained = self.gained(offender);
        evidence.normal = self.normal(offender);
        let own = members
            .iter()
            .filter(|one| self.rib.paths.verdict(one.new).origin == offender)
            .filter(|one| !one.finds.any(Finds::UNTABLED))
            .count();
        let is_origin = own * 5 >= members.len() * 4 && !members.is_empty();
        if is_origin {
            evidence.gained = own as u32;
            let normal = self.rib.topology.routes(offender).origin;
            evidence.normal = normal.saturating_sub(evidence.gained);
        }
        evidence.burst = surge::burst(evidence.normal, &self.settings.surge) as u32;
        let (odd, displaced) = self.shares(offender, members.iter().copied());
        evidence.odd_share = odd;
        evidence.displaced_share = displaced;
        let members = members.len() as u32;
        let stands_first = lefts.get(&0).copied().unwrap_or(0) * 2 > members;
        let neighbour = ranked(&lefts)
            .first()
            .copied()
            .filter(|asn| asn.0 != 0)
            .filter(|asn| lefts.get(&asn.0).copied().unwrap_or(0) * 20 >= members * 19);
        Suspect {
            offender,
            neighbour,
            evidence,
            is_origin,
            stands_first,
        }
    }

    /// Whether we buy transit from it, by a configured role or by the relationship file: then it
    /// may send us whatever it has, and today more than yesterday.
    pub fn is_our_provider(&self, asn: Asn) -> bool {
        let by_session = || {
            let mut peers = self.rib.views().map(|(_, key)| key.peer);
            peers.any(|peer| {
                let policy = || self.reference.peer_policy(&peer);
                peer.asn == asn
                    && policy().and_then(|policy| policy.local_role) == Some(Role::Customer)
            })
        };
        let configured = self.reference.roles.get(asn);
        let relation = configured.unwrap_or_else(|| {
            let ours = self.reference.local_as;
            ours.map_or(Relation::Unknown, |ours| self.reference.relation(ours, asn))
        });
        relation == Relation::Provider || by_session()
    }

    /// Of a route's findings, those that can be laid at `offender`'s door.
    fn own_finds(&self, candidate: &Candidate, verdict: &Verdict, offender: Asn) -> Finds {
        let mut own = candidate.finds;
        if self.culprit(candidate) != offender {
            own = own.without(POLICY);
        }
        if verdict.origin != offender {
            own = own.without(Finds::of(Detector::Origin));
        }
        own
    }

    /// Whether so many new more-specifics through `asn` are more than the usual noise.
    pub fn is_above_noise(&self, asn: Asn, novel: u32) -> bool {
        f64::from(novel) >= 5.0 * self.expected(asn)
    }
}

impl Evidence {
    /// Counts one prefix with its findings.
    pub fn add(&mut self, finds: Finds) {
        self.routes += 1;
        let counted = [
            (Finds::of(Detector::MoreSpecific), &mut self.novel),
            (Finds::of(Detector::Valley), &mut self.valley),
            (
                Finds::BY_ROLE | Finds::of(Detector::Peerlock) | Finds::of(Detector::Outbound),
                &mut self.by_role,
            ),
            (Finds::of(Detector::NeverTransit), &mut self.never_transit),
            (Finds::of(Detector::Origin), &mut self.origin_changes),
            (Finds::of(Detector::Specific), &mut self.specific),
            (Finds::of(Detector::Bogon), &mut self.bogon),
            (Finds::ACCEPTED, &mut self.accepted),
            (Finds::NOTABLE, &mut self.notable_path),
            (Finds::EXTREME, &mut self.extreme_path),
            (Finds::SEPARATE, &mut self.separate),
            (Finds::of(Detector::OwnPrefix), &mut self.own),
        ];
        for (wanted, count) in counted {
            *count += u32::from(finds.any(wanted));
        }
    }
}

pub(super) fn ranked(votes: &Counts) -> Vec<Asn> {
    let mut order: Vec<(u32, u32)> = votes.iter().map(|(&asn, &count)| (count, asn)).collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, asn)| Asn(asn)).collect()
}
