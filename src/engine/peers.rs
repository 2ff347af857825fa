//! Peers come up, go down, or can no longer be heard.

use super::{Engine, MOST_PEERS};
use crate::{
    bgp::{Afi, Batch, DownReason, Event, PeerKey, RibView},
    detect::Phase,
    incident::Output,
    rib::{ViewId, ViewKey},
};

impl Engine {
    /// Views of one peer, all families and RIBs.
    fn views_of(&self, peer: &PeerKey) -> Vec<ViewId> {
        const RIBS: [RibView; 5] = [
            RibView::AdjRibInPre,
            RibView::AdjRibInPost,
            RibView::LocRib,
            RibView::AdjRibOutPre,
            RibView::AdjRibOutPost,
        ];
        RIBS.into_iter()
            .flat_map(|rib| {
                [Afi::Ipv4, Afi::Ipv6].map(|afi| ViewKey {
                    peer: *peer,
                    rib,
                    afi,
                })
            })
            .filter_map(|key| self.rib.find_view(&key))
            .collect()
    }

    pub(super) fn peer_up(&mut self, batch: &Batch, event: &Event) {
        let Some(peer) = batch.peers.get(usize::from(event.peer)) else {
            return;
        };
        if self.came_up.len() < MOST_PEERS {
            self.came_up.insert(*peer);
        }
        for view in self.views_of(peer) {
            self.begin_dump(view);
        }
    }

    /// The router cannot be heard: its routes stay, and their absence elsewhere or
    /// their silence means nothing.
    pub(super) fn peer_lost(&mut self, batch: &Batch, event: &Event) {
        let Some(peer) = batch.peers.get(usize::from(event.peer)) else {
            return;
        };
        let now = self.now;
        for view in self.views_of(peer) {
            let Some(state) = self.views.get_mut(view.index()) else {
                continue;
            };
            if state.gate.phase == Phase::Down {
                continue;
            }
            state.lost = state.lost.or(Some(now));
            state.redump = None;
            state.withdrawals.reset(now);
            self.folder.observe(view, Some(now));
        }
    }

    /// Every route of the peer is gone: one event, however many there were. What was
    /// growing is judged first: routers tear sessions down *because* of leaks.
    pub(super) fn peer_down(
        &mut self,
        batch: &Batch,
        event: &Event,
        _: DownReason,
        out: &mut Vec<Output>,
    ) {
        let Some(peer) = batch.peers.get(usize::from(event.peer)) else {
            return;
        };
        self.came_up.remove(peer);
        let now = self.now;
        let views = self.views_of(peer);
        if views.iter().any(|view| self.rib.routes(*view) > 0) {
            let (folder, mut world) = self.folding(out);
            folder.look_once_more(&mut world);
        }
        for view in views {
            if (self.views.get(view.index())).is_some_and(|view| view.gate.phase == Phase::Down) {
                continue;
            }
            self.folder.observe(view, Some(now));
            let rows = self
                .rib
                .column(view)
                .map(crate::rib::Column::rows)
                .unwrap_or_default();
            let Some(state) = self.views.get_mut(view.index()) else {
                continue;
            };
            state.gate.down(now);
            state.withdrawals.reset(now);
            state.lost = None;
            state.redump = None;
            if !rows.is_empty() {
                state.last_change = now;
            }
            let afi = state.afi;
            self.counters.withdrawn += rows.len() as u64;
            self.take_out(view, afi, &rows);
            self.parted(view);
        }
    }
}
