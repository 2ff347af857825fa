//! Which prefixes a leak takes, and over which way the leaker had them.
//!
//! New more-specifics are cut out of routes in the table so that the closest covering
//! route has the same origin; existing routes are taken origin by origin.

use hashbrown::{HashMap, HashSet};

use super::{
    leak::{Leak, Pool, Tail},
    random::{Random, hash},
    stage::{RoutesByOrigin, Stage},
    topology::{CORE, Node, Topology},
    tree::Tree,
};
use crate::bgp::Nlri;

/// One leaked prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaked {
    pub prefix: Nlri<u32>,
    /// Index into the tails.
    pub tail: u32,
    /// Whose it is.
    pub origin: Node,
    /// Whether it stood in the table before.
    pub existed: bool,
}

/// The routes of whoever gave the leaker what it leaked.
fn tail_tree(leak: &Leak, topology: &Topology) -> Option<Tree> {
    let from = match leak.tail {
        Tail::Via(asn) => topology.node(asn),
        Tail::Own => topology.node(leak.offender),
        Tail::OtherProvider => topology.node(leak.offender).and_then(|offender| {
            topology
                .providers(offender)
                .find(|provider| !leak.neighbours.contains(&topology.asn(*provider).0))
        }),
        Tail::Peers(_) | Tail::Origin => None,
    };
    from.map(|from| Tree::new(topology, from))
}

/// The search for leakable prefixes; its results are `leaked` and `tails`.
pub(super) struct Selection<'a> {
    leak: &'a Leak,
    stage: &'a Stage,
    tree: Option<Tree>,
    passed: HashSet<u32, foldhash::fast::FixedState>,
    /// The tail towards each origin that was looked at, if it has one.
    known: HashMap<Node, Option<u32>, foldhash::fast::FixedState>,
    /// Paths behind the leaker, origin last.
    pub tails: Vec<Vec<u32>>,
    pub leaked: Vec<Leaked>,
    taken: HashSet<Nlri<u32>, foldhash::fast::FixedState>,
    random: Random,
}

impl<'a> Selection<'a> {
    /// `passed` are the ASes that leaked paths have passed before the tail.
    pub(super) fn new(
        leak: &'a Leak,
        stage: &'a Stage,
        passed: HashSet<u32, foldhash::fast::FixedState>,
    ) -> Self {
        Selection {
            leak,
            stage,
            tree: tail_tree(leak, &stage.topology),
            passed,
            known: HashMap::default(),
            tails: Vec::new(),
            leaked: Vec::new(),
            taken: HashSet::default(),
            random: Random::new(stage.seed, u64::from(leak.offender)),
        }
    }

    /// Chooses so many prefixes, or as many as there are.
    pub(super) fn fill(&mut self, routes: usize) {
        let by_origin = self.stage.routes_by_origin();
        for &(addr, len) in self.leak.printed_prefixes {
            self.add_more_specific(Nlri::new(addr, len, 0));
        }
        let scale = |part: u32| {
            (u64::from(part) * routes as u64 / u64::from(self.leak.routes.max(1))) as usize
        };
        for victim in self.leak.victims {
            let until = (self.leaked.len() + scale(victim.routes)).min(routes);
            let origins = self.origins(victim.asn, victim.customers);
            self.take(&by_origin, &origins, until, self.leak.changed > 50);
        }
        let pool: Vec<Node> = match self.leak.pool {
            Pool::Everyone => (0..self.stage.topology.len() as Node).collect(),
            Pool::CustomersOf(asn) => self.origins(asn, true),
            Pool::Nobody => return,
        };
        let specific =
            routes.saturating_sub(self.leaked.len()) * (100 - self.leak.changed as usize) / 100;
        let until = self.leaked.len() + specific;
        self.take(&by_origin, &pool, until, false);
        if self.leak.changed > 0 {
            self.take(&by_origin, &pool, routes, true);
        }
    }

    fn origins(&self, asn: u32, customers: bool) -> Vec<Node> {
        let topology = &self.stage.topology;
        let Some(node) = topology.node(asn) else {
            return Vec::new();
        };
        if !customers {
            return vec![node];
        }
        topology.customers(node).to_vec()
    }

    /// Leaks routes of `origins` until there are so many.
    fn take(&mut self, by_origin: &RoutesByOrigin, origins: &[Node], until: usize, existing: bool) {
        let mut order = origins.to_vec();
        self.random.shuffle(&mut order);
        // More-specifics come a few from each covering route; another round takes more.
        let rounds = if existing { 1 } else { 8 };
        for round in 0..rounds {
            for &origin in &order {
                if self.leaked.len() >= until {
                    return;
                }
                let Some(tail) = self.tail(origin) else {
                    continue;
                };
                let routes = by_origin.of(origin);
                if existing {
                    self.change(routes, origin, tail, until);
                } else {
                    // Few victims with many routes each must give many from each.
                    let want = (until - self.leaked.len()) / (order.len().max(1) * 4);
                    let each = (want / routes.len().max(1)).max(1) << round.min(3);
                    self.deaggregate(routes, each, until);
                }
            }
        }
    }

    fn change(&mut self, routes: &[u32], origin: Node, tail: u32, until: usize) {
        for &route in routes {
            let Some(&prefix) = self.stage.holdings.v4.prefixes.get(route as usize) else {
                continue;
            };
            if self.leaked.len() < until && self.taken.insert(prefix) {
                self.leaked.push(Leaked {
                    prefix,
                    tail,
                    origin,
                    existed: true,
                });
            }
        }
    }

    /// Cuts new more-specifics out of these routes, about `each` from one.
    fn deaggregate(&mut self, routes: &[u32], each: usize, until: usize) {
        for &route in routes {
            if self.leaked.len() >= until {
                return;
            }
            let Some(&cover) = self.stage.holdings.v4.prefixes.get(route as usize) else {
                continue;
            };
            if cover.len > 23 {
                continue;
            }
            let wanted = each + self.random.below(4);
            let needed = (usize::BITS - wanted.leading_zeros()) as u8;
            let longer = needed.max(1) + self.random.below(2) as u8;
            let len = (cover.len + longer).min(24);
            let places = 1_usize << (len - cover.len);
            let start = self.random.below(places);
            for place in (0..places)
                .map(|place| (start + place) % places)
                .take(wanted)
            {
                if self.leaked.len() < until {
                    let addr = cover.addr | (place as u32) << (32 - len);
                    self.add_more_specific(Nlri::new(addr, len, 0));
                }
            }
        }
    }

    /// Adds a new prefix if it is new, with the true origin of what covers it.
    fn add_more_specific(&mut self, prefix: Nlri<u32>) {
        let holdings = &self.stage.holdings;
        let Some(cover) = holdings.v4.longest_match(&prefix) else {
            return;
        };
        let stands = holdings.v4.position(&prefix).is_some()
            || holdings.churn.prefixes.binary_search(&prefix).is_ok();
        let origin = holdings.v4.origin(cover);
        if stands || self.taken.contains(&prefix) {
            return;
        }
        if let Some(tail) = self.tail(origin) {
            self.taken.insert(prefix);
            self.leaked.push(Leaked {
                prefix,
                tail,
                origin,
                existed: false,
            });
        }
    }

    fn tail(&mut self, origin: Node) -> Option<u32> {
        if let Some(known) = self.known.get(&origin) {
            return *known;
        }
        let number = self.find_tail(origin).map(|tail| {
            self.tails.push(tail);
            self.tails.len() as u32 - 1
        });
        self.known.insert(origin, number);
        number
    }

    fn find_tail(&self, origin: Node) -> Option<Vec<u32>> {
        let topology = &self.stage.topology;
        let offender = topology.node(self.leak.offender)?;
        if matches!(self.leak.tail, Tail::Origin) {
            return (origin != offender).then(Vec::new);
        }
        let mut path = Vec::new();
        let mut words = Vec::new();
        let mut usable = |path: &[Node]| {
            words.clear();
            words.extend(path.iter().map(|node| topology.asn(*node).0));
            !words.iter().any(|asn| self.passed.contains(asn))
        };
        if let Tail::Peers(surely) = self.leak.tail {
            path = from_peer(topology, offender, surely, origin);
            if !usable(&path) {
                return None;
            }
        } else {
            // The best way, or one through whichever of the origin's providers will do.
            let tree = self.tree.as_ref()?;
            let found = std::iter::once(None)
                .chain(topology.providers(origin).map(Some))
                .any(|last| {
                    let mut reached = tree.path(last.unwrap_or(origin), &mut path);
                    if last.is_some() {
                        reached &= !path.contains(&origin);
                        path.push(origin);
                    }
                    if matches!(self.leak.tail, Tail::Own) && !path.is_empty() {
                        path.remove(0);
                    }
                    reached && usable(&path)
                });
            if !found {
                return None;
            }
        }
        if path.len() > 1 || origin as usize >= CORE {
            words.extend((1..topology.repeats(origin)).map(|_| topology.asn(origin).0));
        }
        Some(words)
    }
}

/// From the origin up to the first network that would peer with the leaker.
fn from_peer(topology: &Topology, offender: Node, surely: &[u32], origin: Node) -> Vec<Node> {
    let peers = |node: Node| {
        surely.contains(&topology.asn(node).0)
            || Topology::is_tier_1(node)
            || ((node as usize) < CORE
                && hash(u64::from(offender), u64::from(node)).is_multiple_of(3))
    };
    let mut path = vec![origin];
    let mut node = origin;
    while !peers(node) && path.len() < 12 {
        let Some(provider) = topology.providers(node).next() else {
            break;
        };
        node = provider;
        path.push(node);
    }
    path.reverse();
    path
}
