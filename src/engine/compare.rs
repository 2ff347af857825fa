//! The leak that began while nobody watched: after a restart the first table of a view is
//! compared with what was learned before.
//!
//! While the table comes, what the baseline has not is noted. When it is whole, and with it
//! the covering routes and the counts of what everybody carries, what was noted is judged
//! as if it had just been announced, all at once ([`crate::incident::Folder::compare`]).

use super::{
    Engine,
    route::{News as Update, Shared, is_direct},
};
use crate::{
    bgp::{Afi, Asn, Timestamp},
    detect::{Detector, Finds, Phase, Verdict},
    incident::{
        Output,
        ledger::POLICY,
        messages::Message,
        window::{Candidate, RouteKey},
    },
    rib::{Belongs, Cell, Change, Family, NEVER, ViewId, seconds},
};

/// Rows noted at most; with more the baseline is not of this table.
const MOST: usize = 1 << 20;
/// So many routes more than twice as many as ever stood against an AS in one view are news.
const STANDING: u32 = 100;

/// What a table's routes may show without having just begun, or what was told at once.
const SILENT: Finds = Finds::of(Detector::PathLength)
    .with(Finds::of(Detector::PathRepeat))
    .with(Finds::of(Detector::OwnPrefix))
    .with(Finds::NOTABLE)
    .with(Finds::EXTREME)
    .with(Finds::SEPARATE);

/// What a view's first table has that the baseline has not.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// When the first route came.
    began: Option<Timestamp>,
    /// Rows of prefixes that nobody had within the history, or with an origin that is new.
    rows: Vec<u32>,
    /// Rows on which policy findings stand, and who is behind them.
    policy: Vec<(u32, Asn)>,
    /// There was more than could be noted.
    full: bool,
}

impl News {
    /// The table begins once more.
    pub fn forget(&mut self) {
        *self = News::default();
    }
}

impl Engine {
    /// Whether a view's table, of which routes come, is to be compared: its beginning decides.
    pub(super) fn begins_to_compare(&mut self, view: ViewId) -> bool {
        let (now, resume) = (self.now, self.settings.gate.resume);
        let Some(written) = self.learned.whole() else {
            return false;
        };
        let Some(state) = self.views.get_mut(view.index()) else {
            return false;
        };
        let Some(news) = &mut state.news else {
            return false;
        };
        let began = *news.began.get_or_insert(now);
        if began.since(written) > resume {
            state.news = None;
            return false;
        }
        true
    }

    /// Notes a route of a first table if the baseline has it not. Returns whether its origin
    /// is news: it is then not taken to belong there.
    pub(super) fn note_news<A: Family>(
        &mut self,
        view: ViewId,
        row: u32,
        verdict: &Verdict,
        finds: Finds,
    ) -> bool
    where
        (A, u8): prefix_trie::Prefix,
    {
        let is_new = self.is_new::<A>(row);
        let origin = verdict.origin;
        let belongs = self.rib.table::<A>().belongs(row, origin);
        let moved = origin.0 != 0 && matches!(belongs, Belongs::No | Belongs::Since(_));
        let named = finds.any(POLICY) && verdict.culprit.0 != 0;
        if !is_new && !moved && !named {
            return false;
        }
        let news = self.views.get_mut(view.index());
        if let Some(news) = news.and_then(|state| state.news.as_mut()) {
            if news.rows.len() + news.policy.len() >= MOST {
                news.full = true;
            } else {
                if is_new || belongs == Belongs::No {
                    news.rows.push(row);
                }
                if named {
                    news.policy.push((row, verdict.culprit));
                }
            }
        }
        moved
    }

    /// Whether nobody had a row's prefix within the history, until this life.
    fn is_new<A: Family>(&self, row: u32) -> bool
    where
        (A, u8): prefix_trie::Prefix,
    {
        let table = self.rib.table::<A>();
        let history = self.settings.gate.history.as_secs();
        table.get(table.primary(row)).is_some_and(|contents| {
            contents.left == NEVER
                || u64::from(seconds(self.now).saturating_sub(contents.left)) >= history
        })
    }

    /// A view's first table is whole: what is new in it is judged.
    pub(super) fn compare(&mut self, view: ViewId, out: &mut Vec<Output>) {
        let Some(state) = self.views.get_mut(view.index()) else {
            return;
        };
        let afi = state.afi;
        let Some(news) = state.news.take().filter(|news| !news.full) else {
            return;
        };
        let mut rows = news.rows;
        rows.extend(self.grown(&news.policy));
        rows.sort_unstable();
        rows.dedup();
        let mut candidates: Vec<Candidate> = Vec::new();
        for row in rows {
            candidates.extend(match afi {
                Afi::Ipv4 => self.candidate::<u32>(view, row),
                Afi::Ipv6 => self.candidate::<u128>(view, row),
            });
        }
        if candidates.is_empty() {
            return;
        }
        let (folder, mut world) = self.folding(out);
        folder.compare(candidates, &mut world);
    }

    /// Rows with policy findings, of ASes against which far more stands than ever did.
    fn grown(&self, policy: &[(u32, Asn)]) -> Vec<u32> {
        let mut counts = std::collections::BTreeMap::new();
        for (_, asn) in policy {
            let count: &mut u32 = counts.entry(*asn).or_default();
            *count += 1;
        }
        counts.retain(|asn, count| {
            let before = self.learned.standing(*asn);
            *count >= before.saturating_mul(2).saturating_add(STANDING)
        });
        let rows = policy.iter().filter(|(_, asn)| counts.contains_key(asn));
        rows.map(|(row, _)| *row).collect()
    }

    /// A route of a table as if it had just been announced, if anything is found on it.
    fn candidate<A: Family>(&mut self, view: ViewId, row: u32) -> Option<Candidate>
    where
        (A, u8): prefix_trie::Prefix,
    {
        let path = self.rib.column(view)?.get(row).path();
        let nlri = self.rib.table::<A>().nlri(row)?;
        let is_new = self.is_new::<A>(row);
        let state = self.views.get(view.index())?;
        let verdict = self.rib.paths.verdict(path);
        let mut finds = state.policy.judge(&verdict, state.rib);
        let mut shared = Shared::of_table(verdict, state);
        if is_direct(&verdict) {
            finds = finds.without(Finds::of(Detector::NeverTransit));
        }
        shared.phase = Phase::Live;
        let update = Update {
            view,
            path,
            marks: self.rib.paths.marks(path),
            time: self.now,
            raw: &[],
        };
        let change = Change {
            row,
            old: Cell::default(),
            new: path,
            absent_since: is_new.then_some(NEVER),
        };
        finds |= self.of_prefix(nlri, &update, &shared);
        let mut cover = u32::MAX;
        finds |= self.of_change(nlri, &update, &shared, &change, &mut cover);
        let route = RouteKey {
            view,
            afi: A::AFI,
            row,
        };
        // Long paths of a table are nobody's news, and own prefixes have spoken already.
        let finds = finds.without(SILENT);
        (path.is_some() && !finds.is_quiet()).then_some(Candidate {
            time: self.now,
            route,
            old: crate::rib::PathId::NONE,
            new: path,
            finds,
            cover,
            message: Message::NONE,
        })
    }
}
