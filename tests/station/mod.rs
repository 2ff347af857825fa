//! A monitoring station for tests: octets in, everything that a session made of them out.

use std::net::IpAddr;

use leakwatch::{
    bgp::{
        Address, Afi, Asn, Batch, Column, DownReason, EventKind, Nlri, PeerKey, Prefix, RibView,
        Router, Span, Timestamp,
    },
    feed::bmp::session::{End, Limits, Notice, Session, Then},
    wire::{
        Reason,
        bmp::{Capabilities, Open, PeerHeader, encode},
        encode::{PathAttributes, update},
    },
};

/// When everything arrives.
pub const NOW: Timestamp = Timestamp::from_secs(1_750_000_000);

/// What happened at a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A route, its path identifier and its path as printed.
    Announce(Prefix, u32, String),
    Withdraw(Prefix, u32),
    Up,
    Lost,
    Down(DownReason),
    EndOfRib(Afi),
}

/// One thing that happened.
pub type Said = (PeerKey, RibView, What);

/// A session and what came of it.
pub struct Station {
    pub session: Session,
    pub said: Vec<Said>,
    pub notices: Vec<Notice>,
    pub end: Option<End>,
    /// Octets heard and not used.
    pub rest: Vec<u8>,
    /// How often the batch had to be handed on.
    pub handed_on: usize,
}

impl Station {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        Station {
            session: Session::new(limits),
            said: Vec::new(),
            notices: Vec::new(),
            end: None,
            rest: Vec::new(),
            handed_on: 0,
        }
    }

    /// One that has heard an Initiation.
    pub fn initiated() -> Self {
        let mut station = Self::new();
        station.hear(&initiation());
        station.notices.clear();
        station
    }

    /// Feeds what is left and `bytes`, as a socket's reader would.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let (mut batch, mut notices) = (Batch::default(), Vec::new());
        let mut at = 0;
        loop {
            let rest = &self.rest[at..];
            let fed = self.session.feed(rest, NOW, &mut batch, &mut notices);
            assert!(fed.used <= rest.len());
            at += fed.used;
            self.said.extend(events(&batch));
            batch.clear();
            self.notices.append(&mut notices);
            match fed.then {
                Then::Identify => self.session.identify(router()),
                Then::HandOn => self.handed_on += 1,
                Then::Read(octets) => {
                    assert!(octets > self.rest.len() - at, "it has what it asks for");
                    break;
                }
                Then::Close(end) => {
                    self.end = Some(end);
                    break;
                }
            }
        }
        self.rest.drain(..at);
    }

    pub fn count(&self, reason: Reason) -> u64 {
        self.session.tally().count(reason)
    }

    /// The only reasons that were counted, and how often.
    pub fn errors(&self) -> Vec<(Reason, u64)> {
        self.session.tally().errors().collect()
    }

    pub fn whats(&self) -> Vec<What> {
        self.said.iter().map(|(_, _, what)| what.clone()).collect()
    }
}

pub fn router() -> Router {
    Router::bmp(IpAddr::from([192, 0, 2, 1]))
}

fn prefixes<A: Column>(batch: &Batch, nlri: Span) -> impl Iterator<Item = (Prefix, u32)> {
    nlri.of(A::column(batch))
        .iter()
        .map(|nlri| (nlri.prefix(), nlri.path_id))
}

fn of_family(batch: &Batch, afi: Afi, nlri: Span) -> Vec<(Prefix, u32)> {
    match afi {
        Afi::Ipv4 => prefixes::<u32>(batch, nlri).collect(),
        Afi::Ipv6 => prefixes::<u128>(batch, nlri).collect(),
    }
}

/// What a batch says, without its columns.
pub fn events(batch: &Batch) -> Vec<Said> {
    let mut said = Vec::new();
    for event in &batch.events {
        assert_eq!(event.time, NOW);
        let peer = batch.peers[usize::from(event.peer)];
        let mut push = |what| said.push((peer, event.rib, what));
        match event.kind {
            EventKind::Announce {
                afi,
                attributes,
                nlri,
            } => {
                let path = batch.path(&attributes).to_string();
                for (prefix, id) in of_family(batch, afi, nlri) {
                    push(What::Announce(prefix, id, path.clone()));
                }
            }
            EventKind::Withdraw { afi, nlri } => {
                for (prefix, id) in of_family(batch, afi, nlri) {
                    push(What::Withdraw(prefix, id));
                }
            }
            EventKind::RibEntry { .. } => unreachable!("BMP has no table dumps"),
            EventKind::PeerUp => push(What::Up),
            EventKind::PeerLost => push(What::Lost),
            EventKind::PeerDown(reason) => push(What::Down(reason)),
            EventKind::EndOfRib(afi) => push(What::EndOfRib(afi)),
        }
    }
    said
}

// What routers send.

pub const PEER_AS: Asn = Asn(64501);
pub const LOCAL_AS: Asn = Asn(64500);

pub fn initiation() -> Vec<u8> {
    let mut out = Vec::new();
    encode::initiation(&mut out, "r1", "a router", &[]);
    out
}

/// The `n`th peer.
pub fn peer(n: u32) -> PeerHeader {
    let address = IpAddr::from((0x0A00_0000 + n).to_be_bytes());
    PeerHeader::global(address, PEER_AS, 0x0A00_0000 + n)
}

pub fn key(header: &PeerHeader) -> PeerKey {
    PeerKey {
        router: router(),
        distinguisher: header.distinguisher,
        address: header.address,
        asn: header.asn,
        bgp_id: header.bgp_id,
    }
}

pub fn open(asn: Asn, bgp_id: u32) -> Open {
    Open {
        asn,
        hold_time: 180,
        bgp_id,
        capabilities: Capabilities {
            asn4: Some(asn),
            ipv4_unicast: true,
            ipv6_unicast: true,
            ..Capabilities::default()
        },
        damaged: false,
    }
}

pub fn peer_up(header: &PeerHeader) -> Vec<u8> {
    peer_up_with(header, &open(LOCAL_AS, 1), &open(header.asn, header.bgp_id))
}

pub fn peer_up_with(header: &PeerHeader, sent: &Open, received: &Open) -> Vec<u8> {
    let mut out = Vec::new();
    let local = if header.address.is_ipv6() {
        IpAddr::from([0xFD; 16])
    } else {
        IpAddr::from([10, 9, 9, 9])
    };
    encode::peer_up(&mut out, header, local, sent, received);
    out
}

pub fn peer_down(header: &PeerHeader, reason: DownReason) -> Vec<u8> {
    let mut out = Vec::new();
    encode::peer_down(&mut out, header, reason);
    out
}

/// An UPDATE that announces `10.<n>.0.0/16` with the path `64501 64510`.
pub fn announcement(n: u8) -> Vec<u8> {
    let mut attributes = Vec::new();
    PathAttributes {
        path: leakwatch::bgp::AsPath::sequence(&[64501, 64510]),
        next_hop: Some(IpAddr::from([10, 0, 0, 1])),
        ..PathAttributes::default()
    }
    .write(&mut attributes);
    let mut out = Vec::new();
    update(&mut out, &[], &attributes, &[16, 10, n]);
    out
}

/// An UPDATE that withdraws `10.<n>.0.0/16`.
pub fn withdrawal(n: u8) -> Vec<u8> {
    let mut out = Vec::new();
    update(&mut out, &[16, 10, n], &[], &[]);
    out
}

/// A Route Monitoring around any octets.
pub fn monitoring(header: &PeerHeader, update: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::route_monitoring(&mut out, header, |out| out.extend_from_slice(update));
    out
}

/// What [`announcement`] says.
pub fn announced(n: u8) -> What {
    What::Announce(net(n), 0, "64501 64510".to_owned())
}

/// The prefix of [`announcement`].
pub fn net(n: u8) -> Prefix {
    Nlri::new(u32::masked(u32::from_be_bytes([10, n, 0, 0]), 16), 16, 0).prefix()
}

/// Any message.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![3];
    out.extend_from_slice(&(body.len() as u32 + 6).to_be_bytes());
    out.push(kind);
    out.extend_from_slice(body);
    out
}
