//! A drill as its router tells it over BMP (RFC 7854): the sessions, their tables, what
//! happens, the end.
//!
//! It is the recording, message by message. A table is sent as speakers send theirs: the
//! prefixes of equal attributes together, the peer's End-of-RIB after them. A router that
//! plays says so in its Initiation, and the receiver keeps what it hears from then on
//! apart from all real routes.

use std::{
    io::{self, Cursor},
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use hashbrown::HashMap;

use super::{Drill, Recording};
use crate::{
    bgp::{Afi, Attributes, Batch, DownReason, EventKind, Span, Timestamp},
    wire::{
        bmp::{self, Capabilities, Open, PeerHeader, TerminationReason, encode as say},
        encode::{self, PathAttributes, Session},
        mrt::{Input, MrtReader, Status},
    },
};

/// Octets of a BGP message (RFC 4271 §4).
const MOST_MESSAGE: usize = 4096;
/// Octets of an IPv6 UPDATE that are neither attributes nor NLRI.
const AROUND: usize = 23 + 4 + 25;
/// Octets handed on at a time.
const PORTION: usize = 64 << 10;

/// The router of a drill.
#[derive(Debug)]
pub struct Speaker {
    peers: Vec<Peer>,
    /// When the table was dumped.
    start: Timestamp,
    updates: Arc<[u8]>,
}

#[derive(Debug)]
struct Peer {
    session: Session,
    header: PeerHeader,
    v4: Groups,
    v6: Groups,
}

/// Prefixes by their attributes.
#[derive(Debug, Default)]
struct Groups {
    by_attributes: HashMap<Vec<u8>, usize, foldhash::fast::RandomState>,
    all: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    attributes: Vec<u8>,
    next_hop: Option<IpAddr>,
    /// As they stand in an UPDATE, each with its octets.
    nlri: Vec<u8>,
    ends: Vec<u32>,
}

impl Speaker {
    /// The router that recorded this.
    ///
    /// # Errors
    /// If the recording cannot be read, which would be a slip in it.
    pub fn new(recording: Recording) -> io::Result<Self> {
        let peers = recording.sessions.iter().map(|session| {
            let bgp_id = identifier(session.peer);
            Peer {
                session: *session,
                header: PeerHeader::global(session.peer, session.peer_as, bgp_id),
                v4: Groups::default(),
                v6: Groups::default(),
            }
        });
        let mut speaker = Speaker {
            peers: peers.collect(),
            start: Timestamp::ZERO,
            updates: recording.updates.into(),
        };
        speaker.read_table(recording.rib)?;
        Ok(speaker)
    }

    /// What the router of a drill calls itself.
    pub fn sys_name(drill: &Drill) -> String {
        format!("leakwatch-drill-{}", drill.name)
    }

    /// Appends the Initiation of a drill's router, which says that this is one.
    pub fn introduce(drill: &Drill, out: &mut Vec<u8>) {
        let mark = format!("{}{}", bmp::DRILL_MARK, drill.name);
        let what = format!("leakwatch drill: {}", drill.title);
        say::initiation(out, &Self::sys_name(drill), &what, &[&mark]);
    }

    /// Its neighbours.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.peers.iter().map(|peer| &peer.session)
    }

    /// Routes in the tables of all its neighbours.
    pub fn routes(&self) -> usize {
        let groups = self.peers.iter().flat_map(|peer| [&peer.v4, &peer.v6]);
        let all = groups.flat_map(|groups| &groups.all);
        all.map(|group| group.ends.len()).sum()
    }

    fn read_table(&mut self, rib: Vec<u8>) -> io::Result<()> {
        let mut reader = reader(rib)?;
        let mut batch = Batch::default();
        let mut room = Vec::new();
        loop {
            let status = reader.read_batch(&mut batch);
            if let (Timestamp::ZERO, Some(first)) = (self.start, batch.events.first()) {
                self.start = first.time;
            }
            for event in &batch.events {
                let key = batch.peers.get(usize::from(event.peer));
                let peer = key.and_then(|key| {
                    let mut peers = self.peers.iter_mut();
                    peers.find(|peer| peer.session.peer == key.address)
                });
                if let (
                    Some(peer),
                    EventKind::RibEntry {
                        afi,
                        attributes,
                        nlri,
                    },
                ) = (peer, event.kind)
                {
                    peer.entry(&batch, afi, &attributes, nlri, &mut room);
                }
            }
            if status == Status::End {
                return Ok(());
            }
        }
    }

    /// Appends each session's Peer Up.
    pub fn begin(&self, out: &mut Vec<u8>) {
        for peer in &self.peers {
            peer.up(out);
        }
    }

    /// Hands the tables of all sessions on, portion by portion.
    ///
    /// # Errors
    /// Those of `send`.
    pub fn tables(&self, send: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut out = Vec::with_capacity(2 * PORTION);
        for peer in &self.peers {
            for (groups, afi) in [(&peer.v4, Afi::Ipv4), (&peer.v6, Afi::Ipv6)] {
                for group in &groups.all {
                    group.write(&peer.header, &mut out);
                    if out.len() >= PORTION {
                        send(&out)?;
                        out.clear();
                    }
                }
                if !groups.all.is_empty() {
                    say::end_of_rib(&mut out, &peer.header, afi);
                }
            }
        }
        send(&out)
    }

    /// When this happens, counted from the table.
    pub fn offset(&self, time: Timestamp) -> Duration {
        time.since(self.start)
    }

    /// How long it takes, counted from the table.
    ///
    /// # Errors
    /// As [`Self::updates`].
    pub fn duration(&self) -> io::Result<Duration> {
        let mut reader = reader(Arc::clone(&self.updates))?;
        let mut batch = Batch::default();
        let mut last = self.start;
        while reader.read_batch(&mut batch) == Status::More {
            last = batch.events.last().map_or(last, |event| event.time);
        }
        last = batch.events.last().map_or(last, |event| event.time);
        Ok(self.offset(last))
    }

    /// What happens after the table.
    ///
    /// # Errors
    /// If the recording cannot be read, which would be a slip in it.
    pub fn updates(&self) -> io::Result<Updates<'_>> {
        Ok(Updates {
            speaker: self,
            reader: reader(Arc::clone(&self.updates))?,
            batch: Batch::default(),
            next: 0,
            status: Status::More,
        })
    }

    /// Appends the end: each session's Peer Down, and the Termination.
    pub fn end(&self, out: &mut Vec<u8>) {
        for peer in &self.peers {
            say::peer_down(out, &peer.header, DownReason::Unmonitored);
        }
        say::termination(out, TerminationReason::PermanentlyClosed);
    }
}

impl Peer {
    fn entry(
        &mut self,
        batch: &Batch,
        afi: Afi,
        attributes: &Attributes,
        nlri: Span,
        room: &mut Vec<u8>,
    ) {
        let path = batch.path(attributes);
        let communities = attributes.communities.of(&batch.communities);
        room.clear();
        PathAttributes {
            path,
            // An IPv6 next hop goes where the prefixes are.
            next_hop: attributes.next_hop.filter(IpAddr::is_ipv4),
            med: None,
            communities,
        }
        .write(room);
        let groups = match afi {
            Afi::Ipv4 => &mut self.v4,
            Afi::Ipv6 => &mut self.v6,
        };
        let group = groups.of(room, attributes.next_hop);
        if let Some(group) = group {
            match afi {
                Afi::Ipv4 => group.add(nlri.of(&batch.v4)),
                Afi::Ipv6 => group.add(nlri.of(&batch.v6)),
            }
        }
    }

    fn up(&self, out: &mut Vec<u8>) {
        let open = |asn, address| Open {
            asn,
            hold_time: 90,
            bgp_id: identifier(address),
            capabilities: Capabilities {
                ipv4_unicast: true,
                ipv6_unicast: !self.v6.all.is_empty(),
                asn4: Some(asn),
                ..Capabilities::default()
            },
            damaged: false,
        };
        let Session {
            peer,
            local,
            peer_as,
            local_as,
        } = self.session;
        let (sent, received) = (open(local_as, local), open(peer_as, peer));
        say::peer_up(out, &self.header, local, &sent, &received);
    }
}

impl Groups {
    fn of(&mut self, attributes: &[u8], next_hop: Option<IpAddr>) -> Option<&mut Group> {
        let index = if let Some(index) = self.by_attributes.get(attributes) {
            *index
        } else {
            self.all.push(Group {
                attributes: attributes.to_vec(),
                next_hop,
                nlri: Vec::new(),
                ends: Vec::new(),
            });
            self.by_attributes
                .insert(attributes.to_vec(), self.all.len() - 1);
            self.all.len() - 1
        };
        self.all.get_mut(index)
    }
}

impl Group {
    fn add<A: crate::bgp::Address>(&mut self, prefixes: &[crate::bgp::Nlri<A>]) {
        for prefix in prefixes {
            encode::nlri(&mut self.nlri, prefix);
            self.ends.push(self.nlri.len() as u32);
        }
    }

    /// As many Route Monitoring messages as it takes.
    fn write(&self, header: &PeerHeader, out: &mut Vec<u8>) {
        let room = MOST_MESSAGE.saturating_sub(AROUND + self.attributes.len());
        let mut start = 0;
        while start < self.nlri.len() {
            let fits = self
                .ends
                .partition_point(|end| *end as usize <= start + room);
            let end = fits.checked_sub(1).and_then(|last| self.ends.get(last));
            let end = end.map_or(self.nlri.len(), |end| *end as usize);
            let nlri = self.nlri.get(start..end).unwrap_or_default();
            if nlri.is_empty() {
                return;
            }
            say::route_monitoring(out, header, |out| match self.next_hop {
                Some(IpAddr::V6(next_hop)) => {
                    encode::announce_mp(out, &self.attributes, next_hop.octets(), nlri);
                }
                _ => encode::update(out, &[], &self.attributes, nlri),
            });
            start = end;
        }
    }
}

/// What happens after the table, in its order.
#[derive(Debug)]
pub struct Updates<'a> {
    speaker: &'a Speaker,
    reader: MrtReader,
    batch: Batch,
    next: usize,
    status: Status,
}

impl Updates<'_> {
    /// Appends the next message; returns when it is sent, counted from the table. None
    /// at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<Duration> {
        loop {
            let Some(event) = self.batch.events.get(self.next) else {
                if self.status == Status::End {
                    return None;
                }
                self.status = self.reader.read_batch(&mut self.batch);
                self.next = 0;
                continue;
            };
            // Announced and withdrawn prefixes of one message are two events.
            let message = event.raw;
            let events = self.batch.events.get(self.next..).unwrap_or_default();
            let same = |one: &&crate::bgp::Event| one.raw == message && message.len > 0;
            self.next += events.iter().take_while(same).count().max(1);
            let key = self.batch.peers.get(usize::from(event.peer));
            let peer = key.and_then(|key| {
                let mut peers = self.speaker.peers.iter();
                peers.find(|peer| peer.session.peer == key.address)
            });
            let Some(peer) = peer else { continue };
            match event.kind {
                EventKind::PeerUp => peer.up(out),
                EventKind::PeerDown(reason) => say::peer_down(out, &peer.header, reason),
                _ if message.len > 0 => {
                    let update = message.of(&self.batch.raw);
                    say::route_monitoring(out, &peer.header, |out| out.extend_from_slice(update));
                }
                _ => continue,
            }
            return Some(self.speaker.offset(event.time));
        }
    }
}

fn reader(bytes: impl AsRef<[u8]> + Send + 'static) -> io::Result<MrtReader> {
    let size = bytes.as_ref().len() as u64;
    let input = Input::from_reader(Path::new("drill"), Cursor::new(bytes), Some(size))?;
    Ok(MrtReader::new(input))
}

fn identifier(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(_) => Ipv4Addr::new(192, 0, 2, 1).to_bits(),
    }
}
