//! A session's place among the routers: taken when it says whose it is, left at its end,
//! and shown in between.

use std::sync::Arc;

use tokio::time::Instant;

use super::Connection;
use crate::{
    bgp::{EventKind, Timestamp},
    feed::{
        bmp::{
            Ending,
            keeper::{GIVEN_UP, tell},
            routers::{Introduction, Seat, lock},
            session::Notice,
        },
        intake::Realm,
    },
    wire::bmp::Kind,
};

impl Connection<'_> {
    /// Sees to what the session had to tell, and shows how far it has come.
    pub(super) fn take_stock(&mut self, time: Timestamp) {
        let mut hold = self.hold.take();
        for notice in self.notices.drain(..) {
            match notice {
                Notice::Initiated { initiation, again } => {
                    if !again && self.seat.is_none() {
                        self.introduced = Some(initiation);
                    }
                }
                Notice::PeerUp { peer, .. } => {
                    if let Some(hold) = &mut hold {
                        hold.release(&peer);
                    }
                    tracing::debug!(router = %peer.router, peer = %peer.address, "peer up");
                }
                Notice::PeerDown {
                    peer, reason, text, ..
                } => {
                    lock(&self.progress).reports.remove(&peer);
                    tracing::info!(
                        router = %peer.router,
                        peer = %peer.address,
                        ?reason,
                        %text,
                        "peer down"
                    );
                }
                Notice::Statistics {
                    peer, statistics, ..
                } => {
                    let mut progress = lock(&self.progress);
                    let report = progress.reports.entry(peer).or_default();
                    report.number += 1;
                    report.statistics = statistics;
                }
                Notice::Fault { reason, peer } => {
                    let peer = peer.map(|peer| peer.address.to_string());
                    tracing::warn!(
                        router = %self.address,
                        peer,
                        reason = reason.name(),
                        "a router sent what should not be; told once in a session"
                    );
                }
            }
        }
        self.hold = hold;
        self.show(time);
    }

    fn show(&mut self, time: Timestamp) {
        let peers = self.session.peer_count() as u32;
        let stale = self.hold.as_ref().map_or(0, |hold| hold.len()) as u32;
        if self.hold.is_some() {
            self.site.routers.count_peers(self.counted, peers + stale);
            self.counted = peers + stale;
        }
        let messages = *self.session.messages();
        let mut progress = lock(&self.progress);
        let updates = Kind::RouteMonitoring as usize;
        if messages != progress.messages {
            progress.last_message = Some(time);
        }
        if messages.get(updates) != progress.messages.get(updates) {
            progress.last_update = Some(time);
        }
        progress.bytes = self.bytes;
        progress.messages = messages;
        progress.tally.clone_from(self.session.tally());
        progress.peers_refused = self.peers_refused;
        progress.skew = self.session.clock_skew();
        progress.peers = peers;
        if self.hold.is_some() {
            progress.stale = stale;
        }
    }

    /// Finds the router's place, and waits for the right to speak for it.
    pub(super) async fn identify(&mut self, time: Timestamp) -> Result<(), Ending> {
        let initiation = self.introduced.take().unwrap_or_default();
        let who = Introduction {
            realm: if initiation.drill {
                Realm::Drill
            } else {
                Realm::Live
            },
            address: self.address,
            active: self.target.is_some(),
            sys_name: initiation.sys_name.clone(),
            sys_descr: initiation.sys_descr.clone(),
        };
        let settings = Arc::clone(&self.settings.borrow());
        let seat = self
            .site
            .routers
            .enter(who, &settings, time, &self.progress)?;
        let (router, realm, baton) = (seat.router(), seat.realm(), Arc::clone(&seat.baton));
        tracing::info!(
            %router,
            sys_name = %initiation.sys_name,
            sys_descr = %initiation.sys_descr,
            drill = realm == Realm::Drill,
            takes_over = seat.takes_over,
            "BMP session up"
        );
        let seat = self.seat.insert(seat);
        if realm == Realm::Drill {
            self.site.routers.drill_begins().await;
            self.in_drill = true;
        }
        let began = Instant::now();
        let mut hold = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => return Err(Ending::Shutdown),
            _ = seat.evicted.wait_for(|evicted| *evicted) => return Err(Ending::TakenOver),
            hold = baton.lock_owned() => hold,
        };
        self.pause(began);
        // Its peers have as long to come up again as it had to come back.
        if hold.len() > 0 {
            hold.until = Some(time + settings.hold_stale);
        }
        self.counted = hold.len() as u32;
        self.hold = Some(hold);
        self.session.identify(router);
        Ok(())
    }

    /// Peers of an earlier session have not come up again in time.
    pub(super) async fn give_up(&mut self) -> Result<(), Ending> {
        let gone = self.hold.as_mut().map(|hold| hold.take());
        let gone = gone.unwrap_or_default();
        tracing::info!(
            router = %self.address,
            peers = gone.len(),
            "peers that did not come back with their router are given up"
        );
        let realm = self.seat.as_ref().map_or(Realm::Live, Seat::realm);
        let told = tell(self.site, realm, gone, GIVEN_UP).await;
        told.map_err(|_| Ending::Shutdown)?;
        self.show(self.site.clock.now());
        Ok(())
    }

    /// Leaves: what was read is handed on, peers are lost or down, the place is free.
    pub(super) async fn close(&mut self, ending: Ending) {
        let time = self.site.clock.now();
        self.take_stock(time);
        let _ = self.hand_on().await;
        let Some(seat) = self.seat.take() else {
            self.site
                .routers
                .turned_away(&lock(&self.progress), &ending);
            tracing::warn!(address = %self.address, reason = %ending, "connection closed");
            return;
        };
        if ending.is_orderly() {
            tracing::info!(router = %seat.router(), reason = %ending, "BMP session over");
        } else {
            tracing::warn!(router = %seat.router(), reason = %ending, "BMP session lost");
        }
        // Nobody looks at routes when the daemon stops; they are not to look lost.
        let until = time + self.settings.borrow().hold_stale;
        let mut held = 0;
        if self.hold.is_some() && ending != Ending::Shutdown {
            held = self.let_go(&seat, &ending, until).await;
        }
        self.site.routers.count_peers(self.counted, held as u32);
        self.site.routers.leave(&seat, ending, held, until, time);
        self.hold = None;
        if self.in_drill {
            self.end_drill().await;
        }
    }

    /// Peers are lost with the session. Returns how many are held.
    async fn let_go(&mut self, seat: &Seat, ending: &Ending, until: Timestamp) -> usize {
        let up: Vec<_> = self.session.peers().collect();
        let for_good = seat.realm() == Realm::Drill || ending.is_for_good();
        let Some(hold) = &mut self.hold else {
            return 0;
        };
        hold.lose(up.iter().copied());
        if for_good {
            let all = hold.take();
            let _ = tell(self.site, seat.realm(), all, GIVEN_UP).await;
            return 0;
        }
        hold.until = (hold.len() > 0).then_some(until);
        let held = hold.len();
        let _ = tell(self.site, seat.realm(), up, EventKind::PeerLost).await;
        held
    }

    /// With the last session of drills their world ends.
    async fn end_drill(&mut self) {
        if let Some(others_wait) = self.site.routers.drill_ends().await {
            let _ = self.site.intake.end_drill(Instant::now().into_std()).await;
            drop(others_wait);
        }
    }
}
