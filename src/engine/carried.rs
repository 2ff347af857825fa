//! How many prefixes an AS originates and carries now, for what was announced to change.

use serde::Serialize;

use super::{Engine, view::View};
use crate::{
    bgp::{Afi, Asn, Timestamp},
    detect::Phase,
    rib::{Family, PathId, ViewId},
};

/// Cells looked at for one answer, rows times views: some twenty milliseconds. Six full tables
/// have as many.
const MOST_CELLS: usize = 8 << 20;

/// The prefixes of an AS, each counted once however many views have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Event time of the answer.
    pub time: Timestamp,
    /// Prefixes that it originates in some view.
    pub originates: u32,
    /// Prefixes that it stands before the origin of, in some view.
    pub transits: u32,
    /// There were too many views to look at all; the largest were. What the others alone have
    /// is not counted.
    pub partial: bool,
    /// Views there are.
    pub views: u32,
    /// Those of them whose table is being sent, or that have none to compare with yet: not all of
    /// what they have is counted.
    pub filling: u32,
    /// Views whose table was whole when what was learned was last written down, and that have not
    /// come back since we began. Nothing of them is counted.
    pub awaited: u32,
}

/// A set of small numbers.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn add(&mut self, number: usize) {
        let word = number / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (number % 64);
        }
    }

    fn has(&self, number: usize) -> bool {
        let bits = self.0.get(number / 64).copied().unwrap_or(0);
        bits & 1 << (number % 64) != 0
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Engine {
    /// Counts the prefixes of an AS, within a budget of work.
    pub fn carried(&self, asn: Asn) -> Carried {
        self.carried_within(asn, MOST_CELLS)
    }

    fn carried_within(&self, asn: Asn, most: usize) -> Carried {
        let paths = self.paths_of(asn);
        let mut views: Vec<(u32, ViewId, Afi)> = (self.rib.views())
            .map(|(view, key)| (self.rib.routes(view), view, key.afi))
            .filter(|(routes, ..)| *routes > 0)
            .collect();
        views.sort_unstable_by(|a, b| b.cmp(a));
        let (mut left, mut partial) = (most, false);
        let mut found = [const { [Bits(Vec::new()), Bits(Vec::new())] }; 2];
        for (nth, (routes, view, afi)) in views.into_iter().enumerate() {
            let Some(after) = left
                .checked_sub(routes as usize)
                .or((nth == 0).then_some(0))
            else {
                partial = true;
                break;
            };
            left = after;
            let Some(sets) = found.get_mut(afi as usize) else {
                continue;
            };
            match afi {
                Afi::Ipv4 => self.count_in::<u32>(view, &paths, sets),
                Afi::Ipv6 => self.count_in::<u128>(view, &paths, sets),
            }
        }
        let count = |which: usize| {
            let sets = found.iter().filter_map(|sets| sets.get(which));
            sets.map(Bits::count).sum()
        };
        Carried {
            time: self.now,
            originates: count(0),
            transits: count(1),
            partial,
            views: number(self.rib.views().count()),
            filling: number(self.filling()),
            awaited: number(self.learned.awaited()),
        }
    }

    /// Views whose table is not there, or is being sent.
    fn filling(&self) -> usize {
        let states = self.rib.views();
        let states = states.filter_map(|(view, _)| self.views.get(view.index()));
        let filling = |view: &&View| {
            matches!(view.gate.phase, Phase::Dumping | Phase::Warming) || view.redump.is_some()
        };
        states.filter(filling).count()
    }

    /// Paths of which it is the origin, and those on which it stands before it.
    fn paths_of(&self, asn: Asn) -> [Bits; 2] {
        let (mut origin, mut transit) = (Bits::default(), Bits::default());
        for id in self.rib.paths.ids() {
            let path = self.rib.paths.path(id);
            if path.origin() == Some(asn) {
                origin.add(id.index());
            } else if path.sequence_hops().any(|hop| hop == asn) {
                transit.add(id.index());
            }
        }
        [origin, transit]
    }

    fn count_in<A: Family>(&self, view: ViewId, paths: &[Bits; 2], found: &mut [Bits; 2])
    where
        (A, u8): prefix_trie::Prefix,
    {
        let Some(column) = self.rib.column(view) else {
            return;
        };
        let table = self.rib.table::<A>();
        column.each(|row, path: PathId| {
            for (of, found) in paths.iter().zip(found.iter_mut()) {
                if of.has(path.index()) {
                    found.add(table.primary(row) as usize);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bgp::{Attributes, Batch, Event, EventKind, Nlri, PeerKey, RibView, Span},
        detect,
        incident::Settings,
        reference::Reference,
    };

    /// Tells of prefixes from 20.0.0.0/16 on, by one path.
    fn announce(engine: &mut Engine, peer: u8, first: u32, count: u32, path: &[u32]) {
        let mut batch = Batch::default();
        let key = PeerKey::mrt([192, 0, 2, peer].into(), Asn(u32::from(peer)));
        let peer = batch.peer_index(&key).unwrap();
        let attributes = Attributes {
            path: batch.push_path(path),
            ..Attributes::default()
        };
        let prefixes =
            (first..first + count).map(|nth| Nlri::new(0x1400_0000 + (nth << 16), 16, 0));
        let nlri = batch.push_v4(prefixes.collect::<Vec<_>>());
        batch.events.push(Event {
            time: Timestamp::from_secs(1_000_000),
            peer,
            rib: RibView::AdjRibInPre,
            kind: EventKind::RibEntry {
                afi: Afi::Ipv4,
                attributes,
                nlri,
            },
            raw: Span::default(),
        });
        engine.apply(&batch, &mut Vec::new());
    }

    fn engine() -> Engine {
        let settings = detect::settings::Settings::default();
        let mut engine = Engine::new(Reference::default(), settings, Settings::default());
        announce(&mut engine, 1, 0, 30, &[1, 70, 65]);
        announce(&mut engine, 1, 30, 10, &[1, 70]);
        announce(&mut engine, 2, 20, 30, &[2, 70, 70, 65]);
        engine
    }

    #[test]
    fn a_prefix_counts_once_however_many_views_have_it() {
        let engine = engine();
        let of = |asn| {
            let carried = engine.carried(Asn(asn));
            assert!(!carried.partial);
            (carried.originates, carried.transits)
        };
        assert_eq!(of(65), (50, 0));
        assert_eq!(of(70), (10, 50));
        assert_eq!(of(2), (0, 30));
        assert_eq!(of(66), (0, 0));
    }

    #[test]
    fn a_table_that_is_being_sent_or_has_not_come_back_is_said_to_be_missing() {
        let missing = |engine: &Engine| {
            let carried = engine.carried(Asn(65));
            (carried.views, carried.filling, carried.awaited)
        };
        let mut engine = engine();
        assert_eq!(missing(&engine), (2, 2, 0));
        engine.advance(Timestamp::from_secs(1_000_100), &mut Vec::new());
        assert_eq!(missing(&engine), (2, 0, 0));

        let mut writing = engine.begin_baseline();
        let settings = detect::settings::Settings::default();
        let mut again = Engine::new(Reference::default(), settings, Settings::default());
        while let Some(page) = engine.baseline(&mut writing) {
            again.learn(&page).unwrap();
        }
        assert_eq!(missing(&again), (0, 0, 2));
        announce(&mut again, 1, 0, 30, &[1, 70, 65]);
        assert_eq!(missing(&again), (1, 1, 1));
        announce(&mut again, 2, 20, 30, &[2, 70, 70, 65]);
        assert_eq!(missing(&again), (2, 2, 0));
    }

    #[test]
    fn with_too_much_to_look_at_the_largest_view_is_and_it_says_so() {
        let carried = engine().carried_within(Asn(65), 1);
        assert_eq!((carried.originates, carried.partial), (30, true));
    }
}
