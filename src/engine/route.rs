//! One route at a time: what changed in the table, and what becomes of what is found.

use super::{
    Engine,
    view::{Space, View},
};
use crate::{
    bgp::{Asn, Batch, Nlri, Span, Timestamp},
    detect::{Detector, Finds, Phase, Verdict, surge::Stream},
    incident::{
        Kind, Output, Raised, Severity,
        messages::Message,
        window::{Candidate, RouteKey},
    },
    rib::{Change, Family, Marks, PathId, ViewId},
};

/// ASes remembered for their long or repetitive paths; the real table has a few hundred.
pub(super) const MOST_STABLE: usize = 65_536;

/// Whether a path accuses the peer itself of selling transit: nobody stands before it.
pub(super) fn is_direct(verdict: &Verdict) -> bool {
    verdict.neighbour.0 == 0 && verdict.finds.has(Detector::NeverTransit)
}

/// What an UPDATE says of all its prefixes.
#[derive(Clone, Copy, Debug)]
pub(super) struct News<'a> {
    pub view: ViewId,
    pub path: PathId,
    pub marks: Marks,
    pub time: Timestamp,
    /// The message; empty for table dumps.
    pub raw: &'a [u8],
}

/// What routes of an UPDATE are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// What stood a moment ago.
    Now,
    /// What stood when the table was sent before: it is sent once more.
    Before,
    /// What was learned in another life: what is new in a first table is noted.
    Learned,
}

/// What is the same for every prefix of an UPDATE, looked up once.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub verdict: Verdict,
    finds: Finds,
    /// What stands on the routes and is nobody's news.
    silent: Finds,
    pub phase: Phase,
    pub space: Space,
    /// The view carries a good part of all prefixes.
    pub feeds_much: bool,
    /// What else is to be said of a bogon here.
    on_bogons: Finds,
    /// Without a table once seen whole, nothing can be told to be new.
    pub had_table: bool,
    /// How it is compared with what is known.
    pub against: Against,
}

impl Shared {
    /// For a route of a whole table, which is judged once more.
    pub(super) fn of_table(verdict: Verdict, view: &View) -> Self {
        Shared {
            verdict,
            finds: Finds::NONE,
            silent: Finds::NONE,
            phase: view.gate.phase,
            space: view.policy.space,
            feeds_much: true,
            on_bogons: Finds::NONE,
            had_table: true,
            against: Against::Before,
        }
    }
}

impl Engine {
    /// Announced or dumped prefixes of one family, all by one path.
    pub(super) fn routes<A: Family>(
        &mut self,
        batch: &Batch,
        news: &News<'_>,
        nlri: Span,
        out: &mut Vec<Output>,
    ) where
        (A, u8): prefix_trie::Prefix,
    {
        let verdict = self.rib.paths.verdict(news.path);
        let (v4, v6) = self.rib.prefixes();
        let present = if A::BITS == 32 { v4 } else { v6 };
        let feeds_much = self.rib.routes(news.view) >= present / 10;
        let Some(state) = self.views.get_mut(news.view.index()) else {
            return;
        };
        if state.gate.phase == Phase::Down || state.lost.is_some() {
            // Routes of a peer that was down, or not heard: its new session's table.
            self.begin_dump(news.view);
        }
        let Some(state) = self.views.get_mut(news.view.index()) else {
            return;
        };
        let first = state.news.is_some() && state.gate.phase == Phase::Dumping;
        let mut redump = state.redump.take();
        let heard = redump.as_ref().map_or(0, |redump| redump.count);
        let mut finds = state.policy.judge(&verdict, state.rib);
        // A network that sells no transit may feed a collector all it has; that it leaks to
        // us can be told only where it normally sends a small part of the table.
        if is_direct(&verdict) && (!state.gate.had_table || feeds_much) {
            finds = finds.without(Finds::of(Detector::NeverTransit));
        }
        let mut shared = Shared {
            verdict,
            finds,
            silent: Finds::NONE,
            phase: state.gate.phase,
            space: state.policy.space,
            feeds_much,
            on_bogons: if state.is_past_policy() {
                Finds::ACCEPTED
            } else {
                Finds::NONE
            },
            had_table: state.gate.had_table,
            against: if redump.is_some() {
                Against::Before
            } else {
                Against::Now
            },
        };
        if first && self.begins_to_compare(news.view) {
            shared.against = Against::Learned;
        }
        self.quiet_what_is_stable(&mut shared);
        let nlri = nlri.of(A::column(batch));
        let nearly_full = self.is_nearly_full(nlri.len());
        let before = self.counters;
        for &one in nlri {
            if nearly_full && !self.has_room(news.view, one) {
                self.counters.routes_refused += 1;
                continue;
            }
            let change = self.rib.announce(news.view, one, news.path);
            if let Some(redump) = &mut redump {
                redump.mark(change.row, news.time);
            }
            let old = change.old.path();
            if old == news.path {
                self.counters.unchanged += 1;
                continue;
            }
            if old.is_none() {
                self.counters.announced += 1;
            } else {
                self.counters.changed += 1;
            }
            self.judge(one, news, &shared, &change, out);
        }
        let new = self.counters.announced > before.announced;
        let changed = new || self.counters.changed > before.changed;
        if let Some(state) = self.views.get_mut(news.view.index()) {
            if changed {
                state.last_change = news.time;
            }
            // A table is still coming while prefixes are; changes of known ones are churn.
            let last = redump.as_ref().and_then(|redump| redump.last());
            if shared.phase == Phase::Dumping && (new || last == Some(news.time)) {
                state.gate.heard(news.time);
            }
            if shared.phase == Phase::Dumping || redump.is_some() {
                let again = redump.as_ref().map_or(0, |redump| redump.count) - heard;
                let new = (self.counters.announced - before.announced) as u32;
                state.progress.heard(new.max(again));
            }
            state.redump = redump;
        }
    }

    /// Long and repetitive paths that the table always had are nobody's news.
    fn quiet_what_is_stable(&mut self, shared: &mut Shared) {
        let paths = Finds::of(Detector::PathLength) | Finds::of(Detector::PathRepeat);
        let verdict = &shared.verdict;
        if !shared.finds.any(paths) {
            return;
        }
        match shared.phase {
            Phase::Dumping | Phase::Down => {
                if self.stable.len() >= MOST_STABLE {
                    return;
                }
                let known = self.stable.entry(verdict.culprit.0).or_default();
                known.0 = known.0.max(verdict.length);
                known.1 = known.1.max(verdict.run);
            }
            Phase::Live => {
                if let Some(&(length, run)) = self.stable.get(&verdict.culprit.0)
                    && verdict.length <= length.saturating_add(3)
                    && verdict.run <= run
                {
                    let of_paths = paths
                        .with(Finds::NOTABLE)
                        .with(Finds::EXTREME)
                        .with(Finds::SEPARATE);
                    shared.silent = shared.finds.only(of_paths);
                    shared.finds = shared.finds.without(of_paths);
                }
            }
            Phase::Warming => {}
        }
    }

    fn judge<A: Family>(
        &mut self,
        nlri: Nlri<A>,
        news: &News<'_>,
        shared: &Shared,
        change: &Change,
        out: &mut Vec<Output>,
    ) where
        (A, u8): prefix_trie::Prefix,
    {
        let route = RouteKey {
            view: news.view,
            afi: A::AFI,
            row: change.row,
        };
        let cleared = if change.old.found() {
            self.folder.clear(route)
        } else {
            None
        };
        let was_in_incident = cleared.is_some_and(|entry| entry.incident.is_some());
        let mut finds = shared.finds | self.of_prefix(nlri, news, shared);
        if finds.has(Detector::Bogon) {
            finds |= shared.on_bogons;
        }
        let mut cover = u32::MAX;
        // What a VPN says of a prefix is not to be learned of the Internet's.
        let origin = if shared.space == Space::Vpn {
            Asn(0)
        } else {
            shared.verdict.origin
        };
        match shared.phase {
            Phase::Dumping | Phase::Down => {
                let noted = shared.against == Against::Learned
                    && self.note_news::<A>(news.view, change.row, &shared.verdict, finds);
                if origin.0 != 0 && !noted {
                    A::table_mut(&mut self.rib).learn_origin(change.row, origin, 0);
                }
                if finds.is_quiet() && !self.folder.has_offenders() {
                    return;
                }
                if let Some(state) = self.views.get_mut(news.view.index()) {
                    state.stands(finds);
                }
            }
            Phase::Warming => {
                if origin.0 != 0 {
                    A::table_mut(&mut self.rib).learn_origin(change.row, origin, 0);
                }
                if finds.is_quiet() {
                    return;
                }
            }
            Phase::Live => {
                finds |= self.of_change(nlri, news, shared, change, &mut cover);
                if finds == Finds::NONE {
                    self.note(route, news.path, shared.silent);
                    return;
                }
            }
        }
        if !shared.had_table {
            finds |= Finds::UNTABLED;
        }
        let candidate = Candidate {
            time: news.time,
            route,
            old: change.old.path(),
            new: news.path,
            finds,
            cover,
            message: Message::NONE,
        };
        let speaks =
            matches!(shared.phase, Phase::Live | Phase::Warming) || finds.has(Detector::OwnPrefix);
        let raised = Raised {
            candidate,
            speaks,
            was_in_incident,
            first_table: !shared.had_table && shared.phase == Phase::Dumping,
            raw: news.raw,
            event: self.event,
        };
        let (folder, mut world) = self.folding(out);
        folder.raise(&raised, &mut world);
        self.note(route, news.path, shared.silent);
    }

    /// Enters what stands on a route and is nobody's news.
    fn note(&mut self, route: RouteKey, path: PathId, silent: Finds) {
        if !silent.is_quiet() {
            self.folder.note(route, path, silent, &mut self.rib);
        }
    }

    /// Withdrawn prefixes of one family.
    pub(super) fn withdrawn<A: Family>(
        &mut self,
        batch: &Batch,
        view: ViewId,
        nlri: Span,
        out: &mut Vec<Output>,
    ) where
        (A, u8): prefix_trie::Prefix,
    {
        let now = self.now;
        let mut over = false;
        for &one in nlri.of(A::column(batch)) {
            let held = self.rib.routes(view);
            let Some(change) = self.rib.withdraw(view, one, now) else {
                continue;
            };
            let mut part_of_incident = false;
            if change.old.found() {
                let route = RouteKey {
                    view,
                    afi: A::AFI,
                    row: change.row,
                };
                let entry = self.folder.clear(route);
                part_of_incident = entry.is_some_and(|entry| entry.incident.is_some());
            }
            self.counters.withdrawn += 1;
            let Some(state) = self.views.get_mut(view.index()) else {
                return;
            };
            state.last_change = now;
            if state.gate.phase == Phase::Live && !part_of_incident {
                state.gone.add(now);
                // What we no longer send mirrors what we no longer have.
                if state.rib.is_out() {
                    continue;
                }
                state
                    .streams
                    .count(Stream::Withdrawal, now, &self.settings.surge);
                over |= state
                    .withdrawals
                    .count(now, held, &self.settings.withdrawal);
            }
        }
        if over {
            let left = self.rib.routes(view);
            let Some(state) = self.views.get(view.index()) else {
                return;
            };
            let withdrawn = state.withdrawn(now, left, &self.settings.withdrawal);
            self.view_event(view, Kind::Withdrawal, Severity::Warning, withdrawn, out);
        }
    }
}
