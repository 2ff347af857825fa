//! Who buys transit from whom: named networks on top, synthetic ones below.
//!
//! Numbers here are node numbers: tier 1 first, then the other named networks, about
//! 300 regional and 3,000 small providers, then the origins in the order in which
//! `holdings` gave them prefixes. A provider has a smaller number than its customer
//! (but for three stubs whose provider is synthetic), so there are no cycles.

use hashbrown::HashMap;

use super::{
    names::{NAMED, Named, SYNTHETIC, TIER_1},
    random::{Random, hash},
};
use crate::bgp::Asn;

/// A network, by its place in the topology.
pub(super) type Node = u32;

/// No network.
pub(super) const NONE: Node = u32::MAX;

const REGIONAL: usize = 300;
const SMALL: usize = 3_000;
/// Networks above the synthetic origins.
pub(super) const CORE: usize = TIER_1.len() + NAMED.len() + REGIONAL + SMALL;
const FIRST_REGIONAL: usize = TIER_1.len() + NAMED.len();
const FIRST_SMALL: usize = FIRST_REGIONAL + REGIONAL;

/// All networks and their relations.
#[derive(Debug)]
pub(super) struct Topology {
    seed: u64,
    asns: Vec<u32>,
    providers: Vec<[Node; 3]>,
    /// Of the core only.
    peers: Vec<Vec<Node>>,
    customers: Vec<Node>,
    customers_start: Vec<u32>,
    by_asn: HashMap<u32, Node, foldhash::fast::FixedState>,
}

impl Topology {
    /// `sizes` are the prefixes that each synthetic origin holds.
    pub(super) fn new(seed: u64, sizes: &[u32]) -> Self {
        let total = CORE + sizes.len();
        let mut random = Random::new(seed, 0x7090);
        let mut asns: Vec<u32> = Vec::with_capacity(total);
        asns.extend(TIER_1);
        asns.extend(NAMED.iter().map(|named| named.asn));
        asns.extend((0..total - FIRST_REGIONAL).map(|k| SYNTHETIC + k as u32));
        let by_asn = asns
            .iter()
            .zip(0..)
            .map(|(&asn, node)| (asn, node))
            .collect();

        let mut topology = Topology {
            seed,
            asns,
            providers: vec![[NONE; 3]; total],
            peers: vec![Vec::new(); CORE],
            customers: Vec::new(),
            customers_start: Vec::new(),
            by_asn,
        };
        topology.connect_core(&mut random);
        topology.connect_origins(&mut random, sizes);
        topology.connect_leakers();
        topology.list_customers();
        topology
    }

    fn connect_core(&mut self, random: &mut Random) {
        let tier_1 = TIER_1.len() as Node;
        for a in 0..tier_1 {
            for b in (0..tier_1).filter(|b| *b != a) {
                self.peers[a as usize].push(b);
            }
        }
        for (index, named) in NAMED.iter().enumerate() {
            let node = TIER_1.len() + index;
            let providers: Vec<Node> = named
                .providers
                .iter()
                .filter_map(|a| self.node(*a))
                .collect();
            self.buy(node, &providers);
            if named.peers_with_tier_1 {
                for provider in 0..tier_1 {
                    if !self.providers[node].contains(&provider) {
                        self.peer(node as Node, provider);
                    }
                }
            }
        }
        let open = self.open_transits();
        for node in FIRST_REGIONAL..FIRST_SMALL {
            let mut providers = vec![random.below(TIER_1.len()) as Node];
            providers.push(if random.percent(75) {
                random.below(TIER_1.len()) as Node
            } else {
                random.pick(&open).unwrap_or(0)
            });
            if random.percent(25) {
                providers.push(random.below(TIER_1.len()) as Node);
            }
            self.buy(node, &providers);
            // Neighbours in one region meet at its exchange.
            for other in FIRST_REGIONAL..node {
                if other % 12 == node % 12 && random.percent(30) {
                    self.peer(node as Node, other as Node);
                }
            }
        }
        for node in FIRST_SMALL..CORE {
            let count = 1 + usize::from(random.percent(60));
            let providers: Vec<Node> = (0..count)
                .map(|_| match random.below(100) {
                    0..62 => (FIRST_REGIONAL + random.below(REGIONAL)) as Node,
                    62..78 => random.pick(&open).unwrap_or(0),
                    78..84 => random.below(TIER_1.len()) as Node,
                    // A reseller of a reseller.
                    _ if node > FIRST_SMALL + 300 => {
                        (FIRST_SMALL + random.below(node - FIRST_SMALL)) as Node
                    }
                    _ => (FIRST_REGIONAL + random.below(REGIONAL)) as Node,
                })
                .collect();
            self.buy(node, &providers);
        }
    }

    /// Named networks that sell to synthetic regional and small providers.
    fn open_transits(&self) -> Vec<Node> {
        [6939, 9498, 4637, 6939, 4134]
            .iter()
            .filter_map(|asn| self.node(*asn))
            .collect()
    }

    fn connect_origins(&mut self, random: &mut Random, sizes: &[u32]) {
        let mut wanted: Vec<(Node, usize)> = NAMED
            .iter()
            .zip(TIER_1.len()..)
            .filter(|(named, _)| named.carries > 0)
            .map(|(Named { carries, .. }, node)| (node as Node, *carries))
            .collect();
        for (index, &size) in sizes.iter().enumerate() {
            let node = CORE + index;
            let mut count = match random.below(100) {
                0..48 => 1,
                48..84 => 2,
                _ => 3,
            };
            let mut providers = Vec::with_capacity(3);
            // The named transits first take the customers they are known to have.
            if random.percent(30) && !wanted.is_empty() {
                let at = random.below(wanted.len());
                if let Some((carrier, left)) = wanted.get_mut(at)
                    && *left >= size as usize
                    && size < 400
                {
                    *left -= size as usize;
                    providers.push(*carrier);
                    if random.percent(70) {
                        count = 1;
                    }
                }
                wanted.retain(|(_, left)| *left > 2);
            }
            while providers.len() < count {
                providers.push(match random.below(100) {
                    0..66 => (FIRST_SMALL + random.below(SMALL)) as Node,
                    66..92 => (FIRST_REGIONAL + random.below(REGIONAL)) as Node,
                    _ => random.below(TIER_1.len()) as Node,
                });
            }
            self.buy(node, &providers);
        }
    }

    /// Named networks whose provider no account names get synthetic ones; so does
    /// AS38285, which can only have leaked what another provider gave it.
    fn connect_leakers(&mut self) {
        for (index, named) in NAMED.iter().enumerate() {
            let node = TIER_1.len() + index;
            let regional =
                FIRST_REGIONAL + (hash(self.seed, u64::from(named.asn)) as usize % REGIONAL);
            match named.asn {
                38285 => {
                    let known = self.providers[node][0];
                    self.buy(node, &[known, regional as Node]);
                }
                // Seen from a tier 1, the third AS of its path is a small provider.
                47868 => self.buy(node, &[self.deep_provider()]),
                _ if named.providers.is_empty() => self.buy(node, &[regional as Node]),
                _ => {}
            }
        }
    }

    /// A small provider that buys only from regional ones.
    fn deep_provider(&self) -> Node {
        (FIRST_SMALL..CORE)
            .find(|node| {
                self.providers(*node as Node)
                    .all(|p| (FIRST_REGIONAL..FIRST_SMALL).contains(&(p as usize)))
            })
            .unwrap_or(FIRST_SMALL) as Node
    }

    fn buy(&mut self, node: usize, from: &[Node]) {
        let mut chosen = [NONE; 3];
        let mut count = 0;
        for &provider in from {
            if provider as usize != node && !chosen.contains(&provider) && count < 3 {
                chosen[count] = provider;
                count += 1;
            }
        }
        self.providers[node] = chosen;
    }

    fn peer(&mut self, a: Node, b: Node) {
        self.peers[a as usize].push(b);
        self.peers[b as usize].push(a);
    }

    fn list_customers(&mut self) {
        let mut start = vec![0_u32; self.asns.len() + 1];
        for providers in &self.providers {
            for provider in providers.iter().filter(|p| **p != NONE) {
                start[*provider as usize + 1] += 1;
            }
        }
        for index in 1..start.len() {
            start[index] += start[index - 1];
        }
        let mut next = start.clone();
        let mut customers = vec![NONE; start.last().map_or(0, |n| *n as usize)];
        for (node, providers) in self.providers.iter().enumerate() {
            for provider in providers.iter().filter(|p| **p != NONE) {
                let slot = &mut next[*provider as usize];
                customers[*slot as usize] = node as Node;
                *slot += 1;
            }
        }
        self.customers = customers;
        self.customers_start = start;
    }

    /// How many networks there are.
    pub(super) fn len(&self) -> usize {
        self.asns.len()
    }

    /// Its AS number; AS 0 for no node.
    pub(super) fn asn(&self, node: Node) -> Asn {
        Asn(self.asns.get(node as usize).copied().unwrap_or_default())
    }

    /// The network with this AS number.
    pub(super) fn node(&self, asn: u32) -> Option<Node> {
        self.by_asn.get(&asn).copied()
    }

    /// Whom it buys transit from.
    pub(super) fn providers(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        let known = self.providers.get(node as usize).into_iter().flatten();
        known.copied().filter(|provider| *provider != NONE)
    }

    /// Whom it sells transit to.
    pub(super) fn customers(&self, node: Node) -> &[Node] {
        let start = self.customers_start.get(node as usize);
        let end = self.customers_start.get(node as usize + 1);
        match (start, end) {
            (Some(&start), Some(&end)) => self
                .customers
                .get(start as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    /// Whom it exchanges customers' routes with.
    pub(super) fn peers(&self, node: Node) -> &[Node] {
        self.peers.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether it provides transit to everyone without buying any.
    pub(super) fn is_tier_1(node: Node) -> bool {
        (node as usize) < TIER_1.len()
    }

    /// How often an origin puts itself into the path: mostly once; 17 of a hundred
    /// prepend, a few of them a lot.
    pub(super) fn repeats(&self, node: Node) -> usize {
        if (node as usize) < CORE {
            return 1;
        }
        let chance = hash(self.seed ^ 0x9E9E, u64::from(node)) % 1_000;
        match chance {
            0..90 => 2,
            90..130 => 3,
            130..160 => 4,
            160..170 => 6 + (node as usize % 5),
            _ => 1,
        }
    }

    /// The few that announce an aggregate with an `AS_SET` of two customers.
    pub(super) fn aggregates(&self, node: Node) -> bool {
        node as usize >= CORE && hash(self.seed ^ 0x5E75, u64::from(node)).is_multiple_of(2_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_stand_above_and_nobody_is_alone() {
        let topology = Topology::new(7, &[3; 2_000]);
        assert_eq!(topology.len(), CORE + 2_000);
        for node in TIER_1.len() as Node..topology.len() as Node {
            assert!(
                topology.providers(node).count() > 0,
                "{}",
                topology.asn(node)
            );
            assert!(!topology.asn(node).is_bogon());
            for provider in topology.providers(node) {
                assert!(topology.customers(provider).contains(&node));
            }
        }
    }
}
