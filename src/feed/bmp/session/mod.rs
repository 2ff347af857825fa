//! A BMP session as a pure machine: octets in, events and notices out. No socket, no
//! clock, no waiting.
//!
//! # What is taken, and what is not
//!
//! - The version is 3; anything else ends the session, as does a length that cannot be.
//!   Whatever is wrong *inside* a well-framed message is counted, the message or the part
//!   skipped, and the session lives.
//! - The first message is to be an Initiation (RFC 7854 §3.3). A router that starts with
//!   something else is known by its address alone; an Initiation after that is told, but
//!   changes neither who the router is nor whether the session is a drill.
//! - Routes are taken of peers that are up: after their Peer Up, before their Peer Down.
//!   Routes of others are counted (`bmp_unknown_peer`) and not taken, for without the
//!   OPENs it is not known how they read, nor that anyone will say when they are gone.
//! - A Loc-RIB is the exception: its first routes bring it up where no Peer Up of a
//!   Loc-RIB came before (`GoBGP` sends none, against RFC 9069 §5.2). Nothing can have been
//!   negotiated for it, and it goes when the session does.
//! - A Peer Up of a peer that is up, for another BGP session (header time or ports
//!   differ), starts its table anew, which RFC 7854 §4.10 does not say: routes not
//!   announced again are swept when the new table is complete. One for the same session
//!   adds its capabilities, no more: routers send one for each table (by the flags L
//!   and O) or family.
//! - The first Peer Down takes all tables of a peer down. One of a peer that is not up is
//!   passed over: routers send one for each table, and FRR one whenever a session does
//!   not come up.
//! - Octets after the UPDATE of a Route Monitoring are passed over if they are TLVs (of
//!   drafts; Huawei sends them), and counted otherwise.
//! - Mirrored messages are counted, not applied: the router need not have taken them.
//! - The flags decide how a message reads, not the OPENs: A says how wide AS numbers in
//!   paths are. Path identifiers have no flag, so for them the OPENs decide.
//! - Events are stamped with the time of arrival that the caller gives. A header's time
//!   only moves the gauge [`Session::clock_skew`].
//! - After a Termination nothing is read.

mod apply;
mod notice;
mod peers;

pub use apply::tell_of;
pub use notice::{End, Fed, Notice, Then};

use crate::{
    bgp::{Batch, PeerKey, Router, Timestamp},
    wire::{
        Reason, Tally,
        bmp::{self, Framing, Kind, Message},
        update::Scanner,
    },
};
use peers::Peers;

use super::Settings;

/// A batch with this many bytes of messages and events is handed on; its other columns
/// are as large again, at most some 2 MiB more (65,535 octets of NLRI of one octet each).
const MOST_BATCH: usize = 64 << 10;
/// Peers in a batch before it is handed on.
const MOST_BATCH_PEERS: usize = u16::MAX as usize - 1;
/// Notices that wait before they have to be seen to.
const MOST_NOTICES: usize = 1024;

// `Session::told` has a bit for each reason.
const _: () = assert!(Reason::COUNT <= 64);

/// What a session may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Peers at once; beyond them a Peer Up is counted and no more.
    pub peers: u32,
    /// Octets of one message; a longer one ends the session.
    pub message: u32,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Limits {
            peers: settings.most_router_peers,
            message: settings.most_message,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::from(&Settings::default())
    }
}

/// One router's session.
#[derive(Clone, Debug)]
pub struct Session {
    limits: Limits,
    router: Option<Router>,
    /// The first message was seen.
    begun: bool,
    /// A Peer Up of a Loc-RIB was seen.
    loc_rib_announced: bool,
    end: Option<End>,
    peers: Peers,
    scanner: Scanner,
    tally: Tally,
    /// Reasons told in a [`Notice::Fault`], by bit.
    told: u64,
    messages: [u64; Kind::ALL.len()],
    skew: Option<i64>,
    unstamped: u64,
    mirrored_lost: u64,
}

impl Session {
    /// A session that has heard nothing.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            router: None,
            begun: false,
            loc_rib_announced: false,
            end: None,
            peers: Peers::default(),
            scanner: Scanner::new(),
            tally: Tally::default(),
            told: 0,
            messages: [0; Kind::ALL.len()],
            skew: None,
            unstamped: 0,
            mirrored_lost: 0,
        }
    }

    /// Says who the router is: asked for by [`Then::Identify`], once.
    pub fn identify(&mut self, router: Router) {
        self.router.get_or_insert(router);
    }

    /// Who the router is, once that was said.
    pub const fn router(&self) -> Option<Router> {
        self.router
    }

    /// Other limits from now on; peers that are up stay.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Peers that are up.
    pub fn peers(&self) -> impl Iterator<Item = PeerKey> {
        self.peers.iter().map(|peer| peer.key)
    }

    /// How many peers are up.
    pub const fn peer_count(&self) -> usize {
        self.peers.len()
    }

    /// What was read, and what was wrong with it.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Messages so far, in the order of [`Kind::ALL`].
    pub const fn messages(&self) -> &[u64; Kind::ALL.len()] {
        &self.messages
    }

    /// Microseconds by which the router's clock is ahead of ours, negative where it is
    /// behind, as last seen; none where nothing told.
    ///
    /// Statistics are stamped when they are sent. Other headers say when a route or a
    /// session came, which may be long ago, so they tell only of a clock that is ahead.
    pub const fn clock_skew(&self) -> Option<i64> {
        self.skew
    }

    /// Headers without a time (RFC 7854 §4.2 lets a router have none).
    pub const fn unstamped(&self) -> u64 {
        self.unstamped
    }

    /// Route Mirroring messages that say mirrored messages were lost.
    pub const fn mirrored_lost(&self) -> u64 {
        self.mirrored_lost
    }

    /// Reads whole messages off the front of `bytes`, which continue where the last call
    /// stopped. Routes go to `batch`, stamped `now`; what else happened to `notices`.
    ///
    /// Stops when a message is not whole, and early where the caller has something to
    /// do: see [`Then`]. A batch not emptied after [`Then::HandOn`] gets nothing more.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> Fed {
        let mut used = 0;
        let then = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if let Some(end) = self.end.clone() {
                let late = matches!(end, End::Terminated { .. }) && !rest.is_empty();
                if late && self.tally.count(Reason::BmpAfterTermination) == 0 {
                    self.fault(Reason::BmpAfterTermination, notices);
                }
                break Then::Close(end);
            }
            if batch.raw.len() + size_of_val(batch.events.as_slice()) >= MOST_BATCH
                || batch.peers.len() >= MOST_BATCH_PEERS
                || notices.len() >= MOST_NOTICES
            {
                break Then::HandOn;
            }
            let (kind, len) = match bmp::frame(rest, self.limits.message) {
                Framing::Need(octets) => break Then::Read(octets),
                Framing::Whole { kind, len } => (kind, len),
                Framing::Bad(reason) => {
                    self.unframed(reason, rest, notices);
                    continue;
                }
            };
            if self.router.is_none() && (self.begun || kind != Kind::Initiation) {
                if !self.begun {
                    self.begun = true;
                    self.fault(Reason::BmpInitiation, notices);
                }
                break Then::Identify;
            }
            let message = rest.get(..len).unwrap_or_default();
            self.message(kind, message, now, batch, notices);
            used += len;
        };
        Fed { used, then }
    }

    /// Where the next message starts is not known.
    fn unframed(&mut self, reason: Reason, bytes: &[u8], notices: &mut Vec<Notice>) {
        self.fault(reason, notices);
        let length = bytes.get(1..).and_then(<[u8]>::first_chunk);
        self.end = Some(match (reason, length, bytes.first()) {
            (Reason::BmpLength, Some(octets), _) => End::Length(u32::from_be_bytes(*octets)),
            (_, _, version) => End::Version {
                version: version.copied().unwrap_or_default(),
                looks_like: bmp::recognise(bytes),
            },
        });
    }

    fn message(
        &mut self,
        kind: Kind,
        message: &[u8],
        now: Timestamp,
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) {
        if let Some(count) = self.messages.get_mut(kind as usize) {
            *count += 1;
        }
        let errors = self.tally.error_count();
        let peer = if kind == Kind::RouteMonitoring {
            // All but a few messages are of this kind.
            let body = message.get(bmp::HEADER_LEN..).unwrap_or_default();
            self.route_monitoring(body, now, batch, notices)
        } else {
            let tally = &mut self.tally;
            match Message::read(kind, message, &mut |reason| tally.error(reason)) {
                Err(reason) => {
                    tally.error(reason);
                    None
                }
                Ok(message) => self.take(message, now, batch, notices),
            }
        };
        if self.tally.error_count() != errors {
            self.tell(peer, notices);
        }
    }

    /// Counts a fault that is no single peer's.
    fn fault(&mut self, reason: Reason, notices: &mut Vec<Notice>) {
        self.tally.error(reason);
        self.tell(None, notices);
    }

    /// Tells of faults met for the first time.
    fn tell(&mut self, peer: Option<PeerKey>, notices: &mut Vec<Notice>) {
        for (reason, _) in self.tally.errors() {
            let bit = 1 << reason as u8;
            if self.told & bit == 0 {
                self.told |= bit;
                notices.push(Notice::Fault { reason, peer });
            }
        }
    }
}
