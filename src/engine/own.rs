//! Whether the world still sees our own prefixes.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{Engine, view::View};
use crate::{
    bgp::{Address, Afi, Nlri, Prefix, Timestamp},
    detect::{Phase, Verdict},
    incident::Output,
    reference::Reference,
    rib::{Family, PathId, Rib, ViewId, ViewKey},
};

/// Which views have held which own prefix, by its place in the reference, and until when.
#[derive(Clone, Debug, Default)]
pub(super) struct Visibility(HashMap<(usize, ViewId), Timestamp, RandomState>);

impl Visibility {
    /// Goes on under another reference, in which a prefix may have another place.
    pub(super) fn renew(&mut self, before: &Reference, now: &Reference) {
        let place = |index: usize| {
            let prefix = before.own.iter().nth(index)?.prefix;
            now.own.iter().position(|own| own.prefix == prefix)
        };
        let places: Vec<Option<usize>> = (0..before.own.iter().count()).map(place).collect();
        self.0 = (self.0.drain())
            .filter_map(|((index, view), until)| Some((((*places.get(index)?)?, view), until)))
            .collect();
    }

    /// Every own prefix and who had it, by name.
    pub(super) fn held(&self, reference: &Reference, rib: &Rib<Verdict>) -> Vec<(Prefix, ViewKey)> {
        let mut held: Vec<(Prefix, ViewKey)> = (self.0.keys())
            .filter_map(|(index, view)| {
                let own = reference.own.iter().nth(*index)?;
                Some((own.prefix, *rib.view_key(*view)?))
            })
            .collect();
        held.sort_unstable();
        held
    }

    /// A view had an own prefix, until `now` at least.
    pub(super) fn had(
        &mut self,
        reference: &Reference,
        prefix: &Prefix,
        view: ViewId,
        now: Timestamp,
    ) {
        let place = reference.own.iter().position(|own| own.prefix == *prefix);
        self.0.extend(place.map(|index| ((index, view), now)));
    }

    /// Forgets what some views ever had.
    pub(super) fn forget(&mut self, is_gone: impl Fn(ViewId) -> bool) {
        self.0.retain(|(_, of), _| !is_gone(*of));
    }
}

impl Engine {
    /// Tells when own prefixes are gone from more than half of the live views that ever
    /// had them. A peer that is down or cannot be heard takes its views out of the count;
    /// while none is left in it, nothing can be said.
    pub(super) fn check_visibility(&mut self, out: &mut Vec<Output>) {
        let counts = |view: &View| view.gate.phase == Phase::Live && view.lost.is_none();
        if self.reference.own.is_empty() {
            // There may have been some before a reload, or in another life.
            let (folder, mut world) = self.folding(out);
            folder.own_lost(0, &mut world);
            return;
        }
        if !self.views.iter().any(counts) {
            return;
        }
        let mut held = std::mem::take(&mut self.visibility.0);
        let (now, history) = (self.now, self.settings.gate.history);
        held.retain(|_, until| now.since(*until) <= history);
        let mut lost = 0;
        for (index, own) in self.reference.own.iter().enumerate() {
            let (afi, row) = match own.prefix {
                Prefix::V4(net) => (
                    Afi::Ipv4,
                    self.row(u32::from(net.network()), net.prefix_len()),
                ),
                Prefix::V6(net) => (
                    Afi::Ipv6,
                    self.row(u128::from(net.network()), net.prefix_len()),
                ),
            };
            let (mut had, mut has) = (0_u32, 0_u32);
            for (place, view) in self.views.iter().enumerate() {
                if view.afi != afi || !counts(view) {
                    continue;
                }
                let id = ViewId(place as u16);
                let path = row.and_then(|row| Some(self.rib.column(id)?.get(row).path()));
                let holds = path.is_some_and(|path| path.is_some() && !self.comes_back(id, path));
                if holds {
                    held.insert((index, id), now);
                }
                has += u32::from(holds);
                had += u32::from(holds || held.contains_key(&(index, id)));
            }
            lost += u32::from(has * 2 < had);
        }
        self.visibility.0 = held;
        let (folder, mut world) = self.folding(out);
        folder.own_lost(lost, &mut world);
    }

    /// Whether a neighbour sends our routers what we announced elsewhere. It does so only as long as
    /// it has no better way to us: that it stops is good news.
    fn comes_back(&self, view: ViewId, path: PathId) -> bool {
        let Some(ours) = self.reference.local_as else {
            return false;
        };
        let from_outside = self
            .rib
            .view_key(view)
            .is_some_and(|key| key.peer.router.address().is_some() && key.rib.is_in());
        let mut hops = self.rib.paths.path(path).sequence_hops();
        from_outside && hops.any(|asn| asn == ours)
    }

    fn row<A: Family + Address>(&self, addr: A, len: u8) -> Option<u32>
    where
        (A, u8): prefix_trie::Prefix,
    {
        self.rib.table::<A>().row(Nlri::new(addr, len, 0))
    }
}
