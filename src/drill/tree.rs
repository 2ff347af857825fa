//! The routes that one network would have: valley-free paths to every other.
//!
//! Routes go up to providers, across at most one peering, and down to customers
//! (Gao and Rexford's model of export rules). From a viewpoint that is a walk: its
//! providers' providers first, then their peers, then everything below, the
//! shortest first and ties decided by a hash of the viewpoint.

use super::{
    random::hash,
    topology::{NONE, Node, Topology},
};

const UNREACHED: u8 = u8::MAX;

/// Best path from one viewpoint to everywhere.
#[derive(Debug)]
pub(super) struct Tree {
    viewpoint: Node,
    /// The viewpoint and whoever is above it. These keep the path they were climbed
    /// by: what lies beyond their peerings depends on it.
    above: Vec<Node>,
    parent: Vec<Node>,
    distance: Vec<u8>,
}

impl Tree {
    pub(super) fn new(topology: &Topology, viewpoint: Node) -> Self {
        let mut tree = Tree {
            viewpoint,
            above: vec![viewpoint],
            parent: vec![NONE; topology.len()],
            distance: vec![UNREACHED; topology.len()],
        };
        let mut buckets: Vec<Vec<Node>> = vec![Vec::new(); 32];
        tree.climb(topology, &mut buckets);
        tree.descend(topology, &mut buckets);
        tree
    }

    fn climb(&mut self, topology: &Topology, buckets: &mut [Vec<Node>]) {
        self.reach(self.viewpoint, NONE, 0);
        let mut next = 0;
        while let Some(&node) = self.above.get(next) {
            next += 1;
            let distance = self.at(node);
            for provider in topology.providers(node) {
                if self.at(provider) == UNREACHED {
                    self.reach(provider, node, distance + 1);
                    self.above.push(provider);
                }
            }
        }
        for index in 0..self.above.len() {
            let Some(&node) = self.above.get(index) else {
                return;
            };
            let distance = self.at(node);
            file(buckets, distance, node);
            for &peer in topology.peers(node) {
                if self.better(peer, node, distance + 1) {
                    self.reach(peer, node, distance + 1);
                    file(buckets, distance + 1, peer);
                }
            }
        }
    }

    fn descend(&mut self, topology: &Topology, buckets: &mut [Vec<Node>]) {
        for level in 0..buckets.len() {
            let Some(here) = buckets.get_mut(level).map(std::mem::take) else {
                return;
            };
            for node in here {
                if usize::from(self.at(node)) != level {
                    continue;
                }
                for &customer in topology.customers(node) {
                    let distance = level as u8 + 1;
                    let before = self.at(customer);
                    if self.better(customer, node, distance) {
                        self.reach(customer, node, distance);
                        if before != distance {
                            file(buckets, distance, customer);
                        }
                    }
                }
            }
        }
    }

    fn at(&self, node: Node) -> u8 {
        self.distance
            .get(node as usize)
            .copied()
            .unwrap_or(UNREACHED)
    }

    fn reach(&mut self, node: Node, parent: Node, distance: u8) {
        let slots = (
            self.parent.get_mut(node as usize),
            self.distance.get_mut(node as usize),
        );
        if let (Some(slot), Some(at)) = slots {
            *slot = parent;
            *at = distance;
        }
    }

    fn better(&self, node: Node, parent: Node, distance: u8) -> bool {
        let now = self.at(node);
        // A tie may be taken only while nothing below has been reached through it,
        // which holds because whole levels are settled one after the other.
        let closer = distance < now
            || (distance == now && self.rank(node, parent) < self.rank(node, self.parent(node)));
        closer && !self.above.contains(&node)
    }

    fn rank(&self, node: Node, parent: Node) -> u64 {
        hash(
            u64::from(self.viewpoint),
            u64::from(node) << 32 | u64::from(parent),
        )
    }

    /// The network before `node` on the best path to it.
    pub(super) fn parent(&self, node: Node) -> Node {
        self.parent.get(node as usize).copied().unwrap_or(NONE)
    }

    /// Networks from the viewpoint to `node`, both included; nothing where there is no way.
    pub(super) fn path(&self, node: Node, out: &mut Vec<Node>) -> bool {
        out.clear();
        if self.at(node) == UNREACHED {
            return false;
        }
        let mut node = node;
        while node != NONE {
            out.push(node);
            node = self.parent(node);
        }
        out.reverse();
        true
    }

    /// A second way to `node`, through another of its providers or of its provider's.
    pub(super) fn alternate(&self, topology: &Topology, node: Node, out: &mut Vec<Node>) -> bool {
        let mut below = vec![node];
        let mut turn = node;
        for _ in 0..3 {
            let used = self.parent(turn);
            let other = topology
                .providers(turn)
                .filter(|provider| *provider != used && self.at(*provider) != UNREACHED)
                .find(|provider| {
                    self.path(*provider, out) && !out.iter().any(|n| below.contains(n))
                });
            if other.is_some() {
                out.extend(below.iter().rev());
                return true;
            }
            // Above a provider the walk may have come by a climb or a peering: no
            // other way may be spliced in there.
            if used == NONE || !topology.providers(turn).any(|provider| provider == used) {
                return false;
            }
            below.push(used);
            turn = used;
        }
        false
    }
}

fn file(buckets: &mut [Vec<Node>], distance: u8, node: Node) {
    if let Some(bucket) = buckets.get_mut(usize::from(distance)) {
        bucket.push(node);
    }
}

/// Whether a path, nearest network first, goes up, across at most once, and down.
#[cfg(test)]
pub(super) fn is_valley_free(topology: &Topology, path: &[Node]) -> bool {
    let mut descending = false;
    path.windows(2).all(|pair| {
        let [a, b] = *pair else { return false };
        if topology.providers(a).any(|provider| provider == b) {
            return !descending;
        }
        let across = topology.peers(a).contains(&b);
        let down = topology.providers(b).any(|provider| provider == a);
        let fine = down || (across && !descending);
        descending = true;
        fine
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_valley_free_and_without_loops() {
        let topology = Topology::new(3, &[2; 3_000]);
        let mut path = Vec::new();
        for asn in [701, 3333, 6939, 52342] {
            let viewpoint = topology.node(asn).unwrap();
            let tree = Tree::new(&topology, viewpoint);
            let mut second_ways = 0;
            for node in 0..topology.len() as Node {
                assert!(tree.path(node, &mut path), "{}", topology.asn(node));
                check(&topology, &path, viewpoint, node);
                if tree.alternate(&topology, node, &mut path) {
                    check(&topology, &path, viewpoint, node);
                    second_ways += 1;
                }
            }
            assert!(second_ways > topology.len() / 2, "{second_ways}");
        }
    }

    fn check(topology: &Topology, path: &[Node], from: Node, to: Node) {
        assert_eq!((path.first(), path.last()), (Some(&from), Some(&to)));
        assert!(is_valley_free(topology, path), "{path:?}");
        let mut once = path.to_vec();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), path.len(), "{path:?}");
    }
}
