//! What the detectors say of one route: by its prefix, and by how it changed.

use super::{
    Engine,
    route::{Against, News, Shared},
    view::Space,
};
use crate::{
    bgp::{Nlri, SpecialCommunity},
    detect::{Detector, Finds, bogon, more_specific, origin, own_prefix, specific, surge::Stream},
    rib::{Change, Family, NEVER, seconds},
};

impl Engine {
    /// What the prefix alone shows.
    pub(super) fn of_prefix<A: Family>(
        &self,
        nlri: Nlri<A>,
        news: &News<'_>,
        shared: &Shared,
    ) -> Finds
    where
        (A, u8): prefix_trie::Prefix,
    {
        let mut finds = Finds::NONE;
        if shared.space == Space::Vpn {
            return finds;
        }
        let blackhole = || self.is_blackhole(nlri, news, shared);
        if specific::is_specific(A::AFI, nlri.len, &self.settings.specific) && !blackhole() {
            finds |= Finds::of(Detector::Specific);
        }
        if shared.space == Space::Internet && bogon::is_bogon_prefix(nlri.addr, nlri.len) {
            finds |= Finds::of(Detector::Bogon);
        }
        if !self.reference.own.is_empty() {
            let path = self.rib.paths.path(news.path);
            let by_us = || own_prefix::is_by_us(nlri.addr, nlri.len, path, &self.reference);
            if own_prefix::is_unexpected(nlri.addr, nlri.len, path, &self.reference)
                && !(by_us() && blackhole())
            {
                finds |= Finds::of(Detector::OwnPrefix);
            }
        }
        finds
    }

    /// Whether it is a blackhole route under a covering route of the same origin.
    fn is_blackhole<A: Family>(&self, nlri: Nlri<A>, news: &News<'_>, shared: &Shared) -> bool
    where
        (A, u8): prefix_trie::Prefix,
    {
        if !news.marks.special.has(SpecialCommunity::BLACKHOLE) {
            return false;
        }
        let table = self.rib.table::<A>();
        table.cover(nlri.addr, nlri.len).is_some_and(|cover| {
            let known = table.known_origin(cover);
            known == Some(shared.verdict.origin)
                || known.is_some_and(|asn| {
                    self.rib
                        .paths
                        .path(news.path)
                        .sequence_hops()
                        .any(|hop| hop == asn)
                })
        })
    }

    /// What the change shows, in a view whose table is known.
    pub(super) fn of_change<A: Family>(
        &mut self,
        nlri: Nlri<A>,
        news: &News<'_>,
        shared: &Shared,
        change: &Change,
        cover: &mut u32,
    ) -> Finds
    where
        (A, u8): prefix_trie::Prefix,
    {
        if shared.space == Space::Vpn {
            return Finds::NONE;
        }
        let origin_as = shared.verdict.origin;
        let mut finds = Finds::NONE;
        let blackhole = news.marks.special.has(SpecialCommunity::BLACKHOLE);
        let history = self.settings.gate.history;
        if shared.had_table
            && !blackhole
            && let Some(row) =
                more_specific::cover(&self.rib, change, nlri.addr, nlri.len, news.time, history)
        {
            *cover = row;
            finds |= Finds::of(Detector::MoreSpecific);
            let known = self.rib.table::<A>().known_origin(row);
            if known.is_some_and(|known| known != origin_as) {
                finds |= Finds::OTHER_ORIGIN;
            }
        }
        let opinion = origin::judge::<A>(
            &self.rib,
            &self.reference,
            change.row,
            origin_as,
            news.time,
            &self.settings.origin,
        );
        let table = A::table_mut(&mut self.rib);
        match opinion {
            origin::Opinion::Fine => {}
            origin::Opinion::Learn => table.learn_origin(change.row, origin_as, 0),
            origin::Opinion::New => {
                table.learn_origin(change.row, origin_as, seconds(news.time));
                finds |= Finds::of(Detector::Origin);
            }
            origin::Opinion::StillNew => finds |= Finds::of(Detector::Origin),
        }
        // A prefix that others have had all along is news of a view that carries little: a
        // customer that sends the whole table sends no new prefix at all. A full feed loses and
        // regains such prefixes all day.
        let news_here = match change.absent_since {
            Some(since) => since == NEVER,
            None => change.old.path().is_none() && self.is_news_of(news, shared),
        };
        let returned = change.old.path().is_none() && !news_here;
        if !returned && !blackhole {
            finds |= Finds::CHANGED;
        }
        // How fast changes come tells nothing of what is compared with older news.
        if !blackhole && shared.against != Against::Before {
            self.count(news, change, news_here, finds);
        }
        finds
    }

    /// Whether a prefix that others have is new to the view, and not back in it.
    fn is_news_of(&mut self, news: &News<'_>, shared: &Shared) -> bool {
        let state = self.views.get_mut(news.view.index());
        let back = state.is_some_and(|state| state.gone.take(news.time));
        !back && !shared.feeds_much
    }

    /// Rates of the view.
    fn count(&mut self, news: &News<'_>, change: &Change, news_here: bool, finds: Finds) {
        let Some(state) = self.views.get_mut(news.view.index()) else {
            return;
        };
        let settings = &self.settings.surge;
        if change.old.path().is_none() {
            // A prefix that left a moment ago and is back is the tail of path hunting.
            if news_here {
                state.streams.count(Stream::New, news.time, settings);
            }
        } else {
            state.streams.count(Stream::PathChange, news.time, settings);
        }
        if finds.has(Detector::Origin) {
            state
                .streams
                .count(Stream::OriginChange, news.time, settings);
        }
    }
}
