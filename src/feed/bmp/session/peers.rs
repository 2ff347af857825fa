//! The peers of one router: found by one look at a hash, never more than so many.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, hash_map::Entry};

use crate::{
    bgp::{Batch, PeerKey, RibView, Router, Timestamp},
    wire::{
        bmp::{self, Direction, PeerHeader, PeerUp},
        update::Session as Form,
    },
};

/// What tells a router's peers apart (RFC 7854 §4.2).
///
/// The type is not part of it: a Loc-RIB is known by its address 0.0.0.0, and FRR 8.0
/// announces one by a Peer Up of type 0. Types 1 and 2 with one distinguisher, address,
/// AS and identifier would be one peer; nobody sends that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    /// IPv4 as IPv6 writes it (`::ffff:0:0/96`), for one compare instead of two.
    address: u128,
    distinguisher: u64,
    asn: u32,
    bgp_id: u32,
}

impl Identity {
    fn of(header: &PeerHeader) -> Self {
        Identity {
            address: match header.address {
                IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
                IpAddr::V6(address) => address.to_bits(),
            },
            distinguisher: header.distinguisher,
            asn: header.asn.0,
            bgp_id: header.bgp_id,
        }
    }

    /// Where only the address is to be trusted: some routers leave out the identifier
    /// and the AS number when they say that a peer is down.
    fn by_address(self) -> Self {
        Identity {
            asn: 0,
            bgp_id: 0,
            ..self
        }
    }

    /// Whether a header with `other` may be meant for this: what both say agrees.
    fn agrees(self, other: Identity) -> bool {
        let same = |mine: u32, theirs: u32| mine == theirs || mine == 0 || theirs == 0;
        same(self.asn, other.asn) && same(self.bgp_id, other.bgp_id)
    }
}

/// One peer.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its key, the same for every message of it.
    pub key: PeerKey,
    identity: Identity,
    /// The tables, by bit of [`RibView`], for which a Peer Up came: routers that send one
    /// for each table do so for one BGP session.
    declared: u8,
    /// The BGP session that the Peer Up told of: when it came up, and its ports.
    session: (Timestamp, u16, u16),
    incoming: Form,
    outgoing: Form,
    /// Both OPENs have four-octet AS numbers.
    pub asn4: bool,
    /// Where it stands in the batch that it was last put into.
    index: u16,
}

impl Peer {
    /// How the UPDATEs of a message with this header read.
    pub fn form(&self, header: &PeerHeader) -> Form {
        let form = match header.rib() {
            RibView::AdjRibOutPre | RibView::AdjRibOutPost => self.outgoing,
            _ => self.incoming,
        };
        Form {
            asn4: !header.two_octet_paths(),
            ..form
        }
    }

    /// Takes what the OPENs of a Peer Up settle. Huawei's routers send one Peer Up for
    /// each family, whose OPENs hold that family's capabilities: what a later one of the
    /// same session says is added.
    fn opened(&mut self, header: &PeerHeader, up: &PeerUp) {
        let sent = up.sent.unwrap_or_default().capabilities;
        let received = up.received.unwrap_or_default().capabilities;
        self.asn4 |= sent.asn4.is_some() && received.asn4.is_some();
        let mut incoming = bmp::negotiated(&sent, &received, Direction::In);
        if header.rib() == RibView::LocRib {
            // Nothing is negotiated with oneself: the OPENs are made up to say how the
            // messages read (RFC 9069 §5.2).
            incoming.add_path_v4 = sent.add_path_v4 | received.add_path_v4 != 0;
            incoming.add_path_v6 = sent.add_path_v6 | received.add_path_v6 != 0;
        }
        let outgoing = bmp::negotiated(&sent, &received, Direction::Out);
        for (mine, new) in [
            (&mut self.incoming, incoming),
            (&mut self.outgoing, outgoing),
        ] {
            mine.add_path_v4 |= new.add_path_v4;
            mine.add_path_v6 |= new.add_path_v6;
        }
    }

    /// Where it stands in `batch`, put there if it does not yet. None where the batch
    /// is full of peers.
    pub fn index(&mut self, batch: &mut Batch) -> Option<u16> {
        if batch.peers.get(usize::from(self.index)) != Some(&self.key) {
            // The batch was handed on since, or the peer is new to it.
            if batch.peers.len() >= usize::from(u16::MAX) {
                return None;
            }
            self.index = batch.peers.len() as u16;
            batch.peers.push(self.key);
        }
        Some(self.index)
    }
}

/// A peer's place in [`Peers`], good until the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

/// What a Peer Up came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// The peer was down or not known.
    New,
    /// The peer is up, and this is another BGP session: its table starts anew.
    Again,
    /// Another table or family of a session that is up, or the same once more.
    Known,
}

/// All peers of a session.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    slots: Vec<Peer>,
    free: Vec<u32>,
    by_identity: HashMap<Identity, u32, RandomState>,
    last: Option<(Identity, u32)>,
}

impl Peers {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.slots.iter().filter(|peer| peer.declared != 0)
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The peer that a header names, if it is up.
    #[inline]
    pub fn find(&mut self, header: &PeerHeader) -> Option<Slot> {
        let identity = Identity::of(header);
        let slot = match self.last {
            Some((last, slot)) if last == identity => slot,
            _ => self.look_up(identity)?,
        };
        self.last = Some((identity, slot));
        Some(Slot(slot))
    }

    /// The peer at a place.
    #[inline]
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Peer> {
        self.slots.get_mut(slot.0 as usize)
    }

    fn look_up(&self, identity: Identity) -> Option<u32> {
        if let Some(&slot) = self.by_identity.get(&identity) {
            return Some(slot);
        }
        let &slot = self.by_identity.get(&identity.by_address())?;
        let peer = self.slots.get(slot as usize)?;
        peer.identity.agrees(identity).then_some(slot)
    }

    /// The peer that a Peer Up names, made if it is new. None where there are `most`.
    ///
    /// `bgp_id` is for its key: the header's, or the OPEN's where the header has none.
    pub fn find_or_add(
        &mut self,
        router: Router,
        header: &PeerHeader,
        bgp_id: u32,
        most: u32,
    ) -> Option<Slot> {
        let identity = Identity::of(header);
        if let Some(slot) = self.look_up(identity) {
            return Some(Slot(slot));
        }
        let key = PeerKey {
            router,
            distinguisher: header.distinguisher,
            address: header.address,
            asn: header.asn,
            bgp_id,
        };
        self.add(key, identity, most).map(Slot)
    }

    fn add(&mut self, key: PeerKey, identity: Identity, most: u32) -> Option<u32> {
        if self.len() >= most as usize {
            return None;
        }
        let peer = Peer {
            key,
            identity,
            declared: 0,
            session: (Timestamp::ZERO, 0, 0),
            incoming: Form::default(),
            outgoing: Form::default(),
            asn4: false,
            index: u16::MAX,
        };
        let slot = if let Some(slot) = self.free.pop() {
            *self.slots.get_mut(slot as usize)? = peer;
            slot
        } else {
            self.slots.push(peer);
            (self.slots.len() - 1) as u32
        };
        self.by_identity.insert(identity, slot);
        self.by_identity
            .entry(identity.by_address())
            .or_insert(slot);
        Some(slot)
    }

    /// Notes a Peer Up; returns what it means to the peer's routes. One for another
    /// table, or for the BGP session that is up, says nothing new of them.
    pub fn goes_up(&mut self, slot: Slot, header: &PeerHeader, up: &PeerUp) -> Rise {
        let bit = 1 << header.rib() as u8;
        let session = (header.time, up.local_port, up.remote_port);
        let Some(peer) = self.slots.get_mut(slot.0 as usize) else {
            return Rise::Known;
        };
        let rise = match peer.declared {
            0 => Rise::New,
            declared if declared & bit != 0 && peer.session != session => Rise::Again,
            _ => Rise::Known,
        };
        if rise != Rise::Known {
            peer.declared = 0;
            peer.session = session;
            peer.asn4 = false;
            (peer.incoming, peer.outgoing) = (Form::default(), Form::default());
        }
        peer.declared |= bit;
        peer.opened(header, up);
        rise
    }

    /// Forgets a peer: it is down.
    pub fn forget(&mut self, Slot(slot): Slot) {
        let Some(peer) = self.slots.get_mut(slot as usize) else {
            return;
        };
        peer.declared = 0;
        let identity = peer.identity;
        for known in [identity, identity.by_address()] {
            if let Entry::Occupied(entry) = self.by_identity.entry(known)
                && *entry.get() == slot
            {
                entry.remove();
            }
        }
        self.last = None;
        self.free.push(slot);
    }
}
