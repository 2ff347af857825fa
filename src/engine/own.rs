//! Whether the world still sees our own prefixes.

use super::Engine;
use crate::{
    bgp::{Address, Afi, Nlri, Prefix},
    detect::Phase,
    incident::Output,
    rib::Family,
};

/// The most views that held each own prefix, in the order of the reference.
#[derive(Clone, Debug, Default)]
pub(super) struct Visibility(Vec<u32>);

impl Engine {
    /// Tells when own prefixes are gone from more than half of the live views that could
    /// have them. A peer that is down takes its views out of the count.
    pub(super) fn check_visibility(&mut self, out: &mut Vec<Output>) {
        if self.reference.own.is_empty() {
            return;
        }
        let live = |afi| {
            let live = self
                .views
                .iter()
                .filter(|view| view.afi == afi && view.gate.phase == Phase::Live);
            live.count() as u32
        };
        let (live4, live6) = (live(Afi::Ipv4), live(Afi::Ipv6));
        let mut most = std::mem::take(&mut self.visibility.0);
        most.resize(self.reference.own.len(), 0);
        let mut lost = 0;
        for (own, most) in self.reference.own.iter().zip(&mut most) {
            let (holders, live) = match own.prefix {
                Prefix::V4(net) => (
                    self.holders(u32::from(net.network()), net.prefix_len()),
                    live4,
                ),
                Prefix::V6(net) => (
                    self.holders(u128::from(net.network()), net.prefix_len()),
                    live6,
                ),
            };
            *most = (*most).max(holders);
            lost += u32::from(holders * 2 < live.min(*most));
        }
        self.visibility.0 = most;
        let (folder, mut world) = self.folding(out);
        folder.own_lost(lost, &mut world);
    }

    fn holders<A: Family + Address>(&self, addr: A, len: u8) -> u32
    where
        (A, u8): prefix_trie::Prefix,
    {
        let table = self.rib.table::<A>();
        let row = table.row(Nlri::new(addr, len, 0));
        row.and_then(|row| table.get(row))
            .map_or(0, |row| row.holders)
    }
}
