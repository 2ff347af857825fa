//! Whether the world still sees our own prefixes.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{Engine, view::View};
use crate::{
    bgp::{Address, Afi, Nlri, Prefix},
    detect::{Phase, Verdict},
    incident::Output,
    reference::Reference,
    rib::{Family, PathId, Rib, ViewId, ViewKey},
};

/// Which views have held which own prefix, by its place in the reference.
#[derive(Clone, Debug, Default)]
pub(super) struct Visibility(HashSet<(usize, ViewId), RandomState>);

impl Visibility {
    /// Goes on under another reference, in which a prefix may have another place.
    pub(super) fn renew(&mut self, before: &Reference, now: &Reference) {
        let place = |index: usize| {
            let prefix = before.own.iter().nth(index)?.prefix;
            now.own.iter().position(|own| own.prefix == prefix)
        };
        let places: Vec<Option<usize>> = (0..before.own.iter().count()).map(place).collect();
        self.0 = (self.0.drain())
            .filter_map(|(index, view)| Some(((*places.get(index)?)?, view)))
            .collect();
    }

    /// Every own prefix and who had it, by name.
    pub(super) fn held(&self, reference: &Reference, rib: &Rib<Verdict>) -> Vec<(Prefix, ViewKey)> {
        let mut held: Vec<(Prefix, ViewKey)> = (self.0.iter())
            .filter_map(|(index, view)| {
                let own = reference.own.iter().nth(*index)?;
                Some((own.prefix, *rib.view_key(*view)?))
            })
            .collect();
        held.sort_unstable();
        held
    }

    /// A view had an own prefix.
    pub(super) fn had(&mut self, reference: &Reference, prefix: &Prefix, view: ViewId) {
        let place = reference.own.iter().position(|own| own.prefix == *prefix);
        self.0.extend(place.map(|index| (index, view)));
    }

    /// Forgets what some views ever had.
    pub(super) fn forget(&mut self, is_gone: impl Fn(ViewId) -> bool) {
        self.0.retain(|(_, of)| !is_gone(*of));
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
                let holds = path.is_some_and(PathId::is_some);
                if holds {
                    held.insert((index, id));
                }
                has += u32::from(holds);
                had += u32::from(holds || held.contains(&(index, id)));
            }
            lost += u32::from(has * 2 < had);
        }
        self.visibility.0 = held;
        let (folder, mut world) = self.folding(out);
        folder.own_lost(lost, &mut world);
    }

    fn row<A: Family + Address>(&self, addr: A, len: u8) -> Option<u32>
    where
        (A, u8): prefix_trie::Prefix,
    {
        self.rib.table::<A>().row(Nlri::new(addr, len, 0))
    }
}
