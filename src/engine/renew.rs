//! Other rules for what is already there: what a reload of the configuration does.
//!
//! Paths are judged anew, and with them every route whose finding may be another. What is
//! found by it stands, as what is found in a table does: a reload makes no incidents. Open
//! ones stay; routes that nothing speaks against any more leave them, so that one that was
//! a misunderstanding recedes.
//!
//! What only the moment of a change can tell (new more-specifics, new origins) stays as
//! it was found. So does what was let pass then: a blackhole under a cover that was there,
//! a network that sells no transit and feeds us all it has.

use super::{
    Engine,
    route::{MOST_STABLE, is_direct},
    view::{Policy, Space, View},
};
use crate::{
    bgp::{Afi, Nlri, SpecialCommunity},
    detect::{self, Detector, Finds, Verdict, bogon, own_prefix, settings, specific},
    incident::{self, Kind, window::RouteKey},
    reference::Reference,
    rib::{Family, PathId, Rib, ViewId},
};

/// What is found when a route changes and not by looking at it.
const OF_CHANGE: Finds = Finds::of(Detector::MoreSpecific)
    .with(Finds::of(Detector::Origin))
    .with(Finds::OTHER_ORIGIN)
    .with(Finds::CHANGED)
    .with(Finds::UNTABLED);

/// Paths that are judged otherwise than before, a bit for each.
struct Touched(Vec<u64>);

impl Touched {
    fn has(&self, path: PathId) -> bool {
        self.0
            .get(path.index() / 64)
            .is_some_and(|bits| bits & 1 << (path.index() % 64) != 0)
    }

    fn add(&mut self, path: PathId) {
        let word = path.index() / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (path.index() % 64);
        }
    }
}

impl Engine {
    /// Judges by other rules from now on. Routes and open incidents stay.
    pub fn renew(
        &mut self,
        reference: Reference,
        settings: settings::Settings,
        incidents: incident::Settings,
    ) {
        let was = std::mem::replace(&mut self.reference, reference);
        let before = std::mem::replace(&mut self.settings, settings);
        self.folder.renew(incidents, self.settings.clone());
        let mut now = self.reference.clone();
        now.generation = was.generation;
        if now == was && before == self.settings {
            return;
        }
        let touched = self.judge_paths_anew();
        let owned = was.own != self.reference.own;
        if owned {
            self.visibility.renew(&was, &self.reference);
        }
        let every = owned || before.specific != self.settings.specific;
        let views: Vec<ViewId> = self.rib.views().map(|(view, _)| view).collect();
        for view in views {
            let all = self.renew_policy(view) || every;
            match self.views.get(view.index()).map(|state| state.afi) {
                Some(Afi::Ipv4) => self.renew_routes::<u32>(view, &touched, all),
                Some(Afi::Ipv6) => self.renew_routes::<u128>(view, &touched, all),
                None => {}
            }
        }
        let (rib, reference, settings) = (&self.rib, &self.reference, &self.settings);
        let views = &self.views;
        self.folder.judge_waiting_anew(|one| {
            let rules = Rules {
                reference,
                settings,
            };
            match views.get(one.route.view.index()) {
                Some(view) => rules.standing(view, one.route, one.new, one.finds, rib),
                None => one.finds,
            }
        });
    }

    fn judge_paths_anew(&mut self) -> Touched {
        let of_paths = Finds::of(Detector::PathLength) | Finds::of(Detector::PathRepeat);
        let mut touched = Touched(Vec::new());
        for id in self.rib.paths.ids() {
            let path = self.rib.paths.path(id);
            let verdict = detect::judge(path, &self.reference, &self.settings);
            let Some(known) = self.rib.paths.verdict_mut(id) else {
                continue;
            };
            let verdict = Verdict {
                tag: known.tag,
                tag_generation: known.tag_generation,
                ..verdict
            };
            if *known == verdict {
                continue;
            }
            // A path that was in order until now was always there.
            if verdict.finds.any(of_paths)
                && !known.finds.any(of_paths)
                && self.stable.len() < MOST_STABLE
            {
                let stable = self.stable.entry(verdict.culprit.0).or_default();
                stable.0 = stable.0.max(verdict.length);
                stable.1 = stable.1.max(verdict.run);
            }
            *known = verdict;
            touched.add(id);
        }
        touched
    }

    /// Returns whether routes of the view may be judged otherwise by it.
    fn renew_policy(&mut self, view: ViewId) -> bool {
        let Some(key) = self.rib.view_key(view) else {
            return false;
        };
        let policy = Policy::of(key, &self.reference, &self.settings);
        let Some(state) = self.views.get_mut(view.index()) else {
            return false;
        };
        let before = std::mem::replace(&mut state.policy, policy);
        // A limit that is near by the new rules is told at the next tick.
        if state.policy.limit.is_none() && before.limit.is_some() {
            state.headroom = detect::maximum_prefix::Headroom::Fine;
            self.folder.view_well(view, Kind::MaximumPrefix);
        }
        let of_routes = |policy: &Policy| {
            let Policy {
                local_role,
                allow_own_as,
                space,
                from_tier1,
                ..
            } = *policy;
            (local_role, allow_own_as, space, from_tier1)
        };
        of_routes(&before) != of_routes(&state.policy)
    }

    fn renew_routes<A: Family>(&mut self, view: ViewId, touched: &Touched, all: bool)
    where
        (A, u8): prefix_trie::Prefix,
    {
        let Some(column) = self.rib.column(view) else {
            return;
        };
        let mut routes: Vec<(u32, PathId)> = column
            .rows()
            .into_iter()
            .map(|row| (row, column.get(row).path()))
            .collect();
        routes.retain(|(_, path)| all || touched.has(*path));
        let afi = A::AFI;
        for (row, path) in routes {
            let route = RouteKey { view, afi, row };
            let Some(state) = self.views.get(view.index()) else {
                return;
            };
            let known = self.folder.ledger.get(route).map(|entry| entry.finds);
            let rules = Rules {
                reference: &self.reference,
                settings: &self.settings,
            };
            let finds = rules.standing(state, route, path, known.unwrap_or_default(), &self.rib);
            if known.is_some() || !finds.is_quiet() {
                // What stands is nobody's news.
                let mut nobody = Vec::new();
                let (folder, mut world) = self.folding(&mut nobody);
                folder.restate(route, path, finds, &mut world);
            }
        }
    }
}

/// By what routes are judged.
#[derive(Clone, Copy)]
struct Rules<'a> {
    reference: &'a Reference,
    settings: &'a settings::Settings,
}

impl Rules<'_> {
    /// What stands on a route by these rules, where `known` stood on it by others.
    fn standing(
        self,
        view: &View,
        route: RouteKey,
        path: PathId,
        known: Finds,
        rib: &Rib<Verdict>,
    ) -> Finds {
        let verdict = rib.paths.verdict(path);
        let mut finds = view.policy.judge(&verdict, view.rib);
        if is_direct(&verdict) && !known.has(Detector::NeverTransit) {
            finds = finds.without(Finds::of(Detector::NeverTransit));
        }
        finds |= match route.afi {
            Afi::Ipv4 => self.of_prefix(view, rib.table::<u32>().nlri(route.row), path, known, rib),
            Afi::Ipv6 => {
                self.of_prefix(view, rib.table::<u128>().nlri(route.row), path, known, rib)
            }
        };
        if view.is_past_policy() && finds.has(Detector::Bogon) {
            finds |= Finds::ACCEPTED;
        }
        finds | known.only(OF_CHANGE)
    }

    fn of_prefix<A: Family>(
        self,
        view: &View,
        nlri: Option<Nlri<A>>,
        path: PathId,
        known: Finds,
        rib: &Rib<Verdict>,
    ) -> Finds
    where
        (A, u8): prefix_trie::Prefix,
    {
        let mut finds = Finds::NONE;
        let Some(nlri) = nlri else { return finds };
        if view.policy.space == Space::Vpn {
            return finds;
        }
        let blackhole = rib
            .paths
            .marks(path)
            .special
            .has(SpecialCommunity::BLACKHOLE);
        let let_pass = |detector| blackhole && !known.has(detector);
        if specific::is_specific(A::AFI, nlri.len, &self.settings.specific)
            && !let_pass(Detector::Specific)
        {
            finds |= Finds::of(Detector::Specific);
        }
        if view.policy.space == Space::Internet && bogon::is_bogon_prefix(nlri.addr, nlri.len) {
            finds |= Finds::of(Detector::Bogon);
        }
        let path = rib.paths.path(path);
        let by_us = own_prefix::is_by_us(nlri.addr, nlri.len, path, self.reference);
        if own_prefix::is_unexpected(nlri.addr, nlri.len, path, self.reference)
            && !(by_us && let_pass(Detector::OwnPrefix))
        {
            finds |= Finds::of(Detector::OwnPrefix);
        }
        finds
    }
}
