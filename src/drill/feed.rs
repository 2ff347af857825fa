//! What one neighbour of the recording router sends: its attributes for every origin.
//!
//! Attributes are written once for each origin and way (best and alternate) and copied
//! for each of its prefixes; a table of a million routes is then mostly `memcpy`.

use std::net::{IpAddr, Ipv6Addr};

use hashbrown::HashMap;

use super::{
    names::SYNTHETIC,
    random::hash,
    topology::{Node, Topology},
    tree::Tree,
};
use crate::{
    bgp::{Address, AsPath, Asn, Nlri},
    wire::encode::{PathAttributes, Session},
};

/// Attributes that a feed sends, by number.
pub(super) type Written = u32;

/// Ways in which churn varies a route without changing where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Variant {
    /// With a `MULTI_EXIT_DISC`.
    Med,
    /// With the origin prepended once more.
    Prepended,
    /// With BLACKHOLE (RFC 7999).
    Blackhole,
}

/// 65535:666.
const BLACKHOLE: u32 = 0xFFFF_029A;

/// One neighbour.
#[derive(Debug)]
pub(super) struct Feed {
    pub session: Session,
    pub tree: Tree,
    seed: u64,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    has_alternate: Vec<bool>,
    variants: HashMap<(Node, Variant), Written, foldhash::fast::FixedState>,
}

impl Feed {
    pub(super) fn new(topology: &Topology, seed: u64, node: Node, session: Session) -> Self {
        let mut feed = Feed {
            session,
            tree: Tree::new(topology, node),
            seed,
            bytes: Vec::with_capacity(topology.len() * 96),
            ends: Vec::with_capacity(topology.len() * 2 + 1_024),
            has_alternate: Vec::with_capacity(topology.len()),
            variants: HashMap::default(),
        };
        let mut path = Vec::new();
        for node in 0..topology.len() as Node {
            feed.tree.path(node, &mut path);
            feed.write_route(topology, &path);
            let alternate = feed.tree.alternate(topology, node, &mut path);
            if alternate {
                feed.write_route(topology, &path);
            } else {
                feed.ends.push(feed.bytes.len() as u32);
            }
            feed.has_alternate.push(alternate);
        }
        feed
    }

    /// Attributes of this number, as they stand in an UPDATE or a RIB entry.
    pub(super) fn attributes(&self, written: Written) -> &[u8] {
        let index = written as usize;
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let start = start.copied().unwrap_or(0) as usize;
        let end = self.ends.get(index).copied().unwrap_or(0) as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The ordinary route to a prefix of `origin`. One prefix in eight is announced
    /// through another provider than its neighbours.
    pub(super) fn ordinary<A: Address>(&self, origin: Node, prefix: &Nlri<A>) -> Written {
        let address = match prefix.addr.ip() {
            IpAddr::V4(ip) => u64::from(ip.to_bits()),
            IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
        };
        if hash(self.seed, address).is_multiple_of(8) {
            self.alternate(origin)
        } else {
            Self::best(origin)
        }
    }

    /// The best route to `origin`.
    pub(super) fn best(origin: Node) -> Written {
        origin * 2
    }

    /// The second route to `origin`; the best where there is no other.
    pub(super) fn alternate(&self, origin: Node) -> Written {
        origin * 2 + u32::from(self.has_alternate.get(origin as usize) == Some(&true))
    }

    /// The best route with something about it changed.
    pub(super) fn variant(
        &mut self,
        topology: &Topology,
        origin: Node,
        variant: Variant,
    ) -> Written {
        if let Some(written) = self.variants.get(&(origin, variant)) {
            return *written;
        }
        let mut path = Vec::new();
        let mut words = Vec::new();
        self.tree.path(origin, &mut path);
        sequence_of(topology, &path, &mut words);
        let (mut med, mut communities) = (None, Vec::new());
        match variant {
            Variant::Med => med = Some(10 + (hash(self.seed, u64::from(origin)) % 40) as u32 * 5),
            Variant::Prepended => words.extend(words.last().copied()),
            Variant::Blackhole => communities.push(BLACKHOLE),
        }
        let written = self.write(&PathAttributes {
            path: AsPath::sequence(&words),
            next_hop: Some(self.session.peer),
            med,
            communities: &communities,
        });
        self.variants.insert((origin, variant), written);
        written
    }

    /// Writes attributes with this path, nearest AS first.
    pub(super) fn write_path(&mut self, words: &[u32]) -> Written {
        self.write(&PathAttributes {
            path: AsPath::sequence(words),
            next_hop: Some(self.session.peer),
            ..PathAttributes::default()
        })
    }

    /// Rewrites an ordinary route's attributes for an IPv6 RIB entry: the next hop
    /// moves into the abbreviated `MP_REACH_NLRI`.
    pub(super) fn write_ipv6(
        &self,
        topology: &Topology,
        origin: Node,
        alternate: bool,
        out: &mut Vec<u8>,
    ) {
        let mut path = Vec::new();
        let mut words = Vec::new();
        if !(alternate && self.tree.alternate(topology, origin, &mut path)) {
            self.tree.path(origin, &mut path);
        }
        sequence_of(topology, &path, &mut words);
        out.clear();
        PathAttributes {
            path: AsPath::sequence(&words),
            next_hop: Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
            ..PathAttributes::default()
        }
        .write(out);
    }

    fn write_route(&mut self, topology: &Topology, path: &[Node]) {
        let origin = path.last().copied().unwrap_or_default();
        let mut words = Vec::with_capacity(24);
        sequence_of(topology, path, &mut words);
        let segmented = topology.aggregates(origin);
        if segmented {
            words.insert(0, AsPath::header(AsPath::SEQUENCE, words.len() as u32));
            words.push(AsPath::header(AsPath::SET, 2));
            let set = [1, 2].map(|k| topology.asn((origin + k) % topology.len() as Node).0);
            words.extend(set);
        }
        let Asn(feed) = self.session.peer_as;
        // Where it was learned, and from whom: as many transits tag their routes.
        let chance = hash(u64::from(feed), u64::from(origin));
        let second = path.get(1).map_or(Asn(0), |node| topology.asn(*node));
        let kind = if second.0 >= SYNTHETIC { 100 } else { 200 };
        let communities = [feed << 16 | kind, feed << 16 | (2_000 + chance as u32 % 24)];
        let tagged = feed <= 0xFFFF && !(chance >> 32).is_multiple_of(4);
        self.write(&PathAttributes {
            path: AsPath {
                words: &words,
                segmented,
            },
            next_hop: Some(self.session.peer),
            med: None,
            communities: if tagged { &communities } else { &[] },
        });
    }

    fn write(&mut self, attributes: &PathAttributes) -> Written {
        attributes.write(&mut self.bytes);
        self.ends.push(self.bytes.len() as u32);
        self.ends.len() as u32 - 1
    }
}

/// The AS path of a way through the topology, the origin's prepending included.
pub(super) fn sequence_of(topology: &Topology, path: &[Node], words: &mut Vec<u32>) {
    words.clear();
    words.extend(path.iter().map(|node| topology.asn(*node).0));
    if let (Some(&origin), true) = (path.last(), path.len() > 1) {
        for _ in 1..topology.repeats(origin) {
            words.push(topology.asn(origin).0);
        }
    }
}
