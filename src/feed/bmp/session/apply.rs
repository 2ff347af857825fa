//! What each message does to a session.

use crate::{
    bgp::{Batch, Event, EventKind, PeerKey, RibView, Span, Timestamp},
    wire::{
        Reason,
        bmp::{self, Closing, Down, Message, PeerHeader, PeerType, PeerUp},
        update::Origin,
    },
};

use super::{End, MOST_BATCH_PEERS, Notice, Session, peers::Rise};

impl Session {
    /// Takes the routes of a Route Monitoring's body; returns whose they are.
    #[inline]
    pub(super) fn route_monitoring(
        &mut self,
        body: &[u8],
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        match PeerHeader::read(body) {
            Ok((header, update)) => {
                self.clock(&header, now, false);
                self.routes(&header, update, now, batch, notices)
            }
            Err(reason) => {
                self.tally.error(reason);
                None
            }
        }
    }

    /// Does what a message says; returns whose it was.
    pub(super) fn take(
        &mut self,
        message: Message<'_>,
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        match message {
            Message::RouteMonitoring(header, update) => {
                self.clock(&header, now, false);
                self.routes(&header, update, now, batch, notices)
            }
            Message::PeerUp(header, up) => {
                self.clock(&header, now, false);
                self.peer_up(&header, *up, now, batch, notices)
            }
            Message::PeerDown(header, down) => {
                self.clock(&header, now, false);
                self.peer_down(&header, down, now, batch, notices)
            }
            Message::Statistics(header, statistics) => {
                self.clock(&header, now, true);
                let peer = self.known(&header)?;
                notices.push(Notice::Statistics {
                    peer,
                    rib: header.rib(),
                    statistics,
                });
                Some(peer)
            }
            Message::RouteMirroring(header, mirroring) => {
                self.clock(&header, now, false);
                self.mirrored_lost += u64::from(mirroring.lost);
                self.known(&header)
            }
            Message::Initiation(initiation) => {
                let again = std::mem::replace(&mut self.begun, true);
                if again {
                    self.tally.error(Reason::BmpInitiation);
                }
                notices.push(Notice::Initiated { initiation, again });
                None
            }
            Message::Termination(Closing { reason, text }) => {
                self.end = Some(End::Terminated { reason, text });
                None
            }
            Message::Unknown => {
                self.tally.error(Reason::BmpType);
                None
            }
        }
    }

    fn clock(&mut self, header: &PeerHeader, now: Timestamp, sent_now: bool) {
        if header.time == Timestamp::ZERO {
            self.unstamped += 1;
            return;
        }
        let skew = header.time.micros() as i64 - now.micros() as i64;
        if sent_now || skew > 0 {
            self.skew = Some(skew);
        }
    }

    /// The key of a peer that is up; others are counted.
    fn known(&mut self, header: &PeerHeader) -> Option<PeerKey> {
        let peer = self.peers.find(header);
        let peer = peer.and_then(|slot| self.peers.get_mut(slot));
        let peer = peer.map(|peer| peer.key);
        if peer.is_none() {
            self.tally.error(Reason::BmpUnknownPeer);
        }
        peer
    }

    fn routes(
        &mut self,
        header: &PeerHeader,
        update: &[u8],
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        let mut slot = self.peers.find(header);
        if slot.is_none() && header.kind == PeerType::LocRib && !self.loc_rib_announced {
            self.rise(header, PeerUp::default(), now, batch, notices);
            slot = self.peers.find(header);
        }
        let peer = slot.and_then(|slot| self.peers.get_mut(slot));
        let Some(peer) = peer else {
            self.tally.error(Reason::BmpUnknownPeer);
            return None;
        };
        if peer.asn4 && header.two_octet_paths() {
            self.tally.error(Reason::BmpPeerOpen);
        }
        let origin = Origin {
            time: now,
            // `feed` leaves room for one more peer.
            peer: peer.index(batch)?,
            rib: header.rib(),
        };
        let form = peer.form(header);
        let update = without_tlvs(update);
        self.scanner
            .scan(update, form, origin, batch, &mut self.tally);
        Some(peer.key)
    }

    fn peer_up(
        &mut self,
        header: &PeerHeader,
        up: PeerUp,
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        self.loc_rib_announced |= header.kind == PeerType::LocRib;
        // A Loc-RIB's OPENs are both the router's own (RFC 9069 §5.2).
        let open = match header.kind {
            PeerType::LocRib => up.sent,
            _ => up.received,
        };
        if open.is_some_and(|open| !open.agrees(header)) {
            self.tally.error(Reason::BmpPeerOpen);
        }
        self.rise(header, up, now, batch, notices)
    }

    /// A peer comes up, or is up and is spoken of again.
    fn rise(
        &mut self,
        header: &PeerHeader,
        up: PeerUp,
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        let bgp_id = match header.bgp_id {
            0 => up.received.map_or(0, |open| open.bgp_id),
            id => id,
        };
        let router = self.router?;
        let slot = self
            .peers
            .find_or_add(router, header, bgp_id, self.limits.peers);
        let Some(slot) = slot else {
            self.tally.error(Reason::BmpPeerLimit);
            return None;
        };
        let rise = self.peers.goes_up(slot, header, &up);
        let peer = self.peers.get_mut(slot)?;
        let key = peer.key;
        if rise == Rise::Known {
            return Some(key);
        }
        if rise == Rise::Again {
            self.tally.error(Reason::BmpPeerUp);
        }
        let index = peer.index(batch)?;
        batch
            .events
            .push(event(now, index, header.rib(), EventKind::PeerUp));
        notices.push(Notice::PeerUp {
            peer: key,
            rib: header.rib(),
            local: up.local,
            sent: up.sent,
            received: up.received,
            table: up.table,
            again: rise == Rise::Again,
        });
        Some(key)
    }

    fn peer_down(
        &mut self,
        header: &PeerHeader,
        down: Down,
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Option<PeerKey> {
        // FRR sends one whenever a session does not come up; it says nothing new.
        let slot = self.peers.find(header)?;
        let peer = self.peers.get_mut(slot)?;
        let (key, index) = (peer.key, peer.index(batch)?);
        self.peers.forget(slot);
        let kind = EventKind::PeerDown(down.reason);
        batch.events.push(event(now, index, header.rib(), kind));
        notices.push(Notice::PeerDown {
            peer: key,
            reason: down.reason,
            code: down.code,
            text: down.text,
        });
        Some(key)
    }
}

fn event(time: Timestamp, peer: u16, rib: RibView, kind: EventKind) -> Event {
    Event {
        time,
        peer,
        rib,
        kind,
        raw: Span::default(),
    }
}

/// The UPDATE without the TLVs that follow it, if nothing but TLVs does.
fn without_tlvs(bytes: &[u8]) -> &[u8] {
    let len = bytes.get(16..).and_then(<[u8]>::first_chunk);
    let len = len.map_or(0, |octets| usize::from(u16::from_be_bytes(*octets)));
    match bytes.split_at_checked(len) {
        Some((update, rest)) if !rest.is_empty() && bmp::Tlvs::new(rest).all(|tlv| tlv.is_ok()) => {
            update
        }
        _ => bytes,
    }
}

/// Puts one event of `kind` for each of `peers` into `batch`, until it is full. Returns
/// whether there are more: hand the batch on and call again.
///
/// For a router that is lost ([`EventKind::PeerLost`]) or does not come back
/// ([`EventKind::PeerDown`]).
pub fn tell_of(
    peers: &mut impl Iterator<Item = PeerKey>,
    kind: EventKind,
    now: Timestamp,
    batch: &mut Batch,
) -> bool {
    loop {
        if batch.peers.len() >= MOST_BATCH_PEERS {
            return true;
        }
        let Some(peer) = peers.next() else {
            return false;
        };
        // Peers differ: no need to look for one that stands there already.
        let index = batch.peers.len() as u16;
        batch.peers.push(peer);
        batch
            .events
            .push(event(now, index, RibView::default(), kind));
    }
}
