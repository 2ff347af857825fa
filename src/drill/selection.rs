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

/// The way by which the leaker had a route.
#[derive(Debug)]
pub(super) struct TailPath {
    /// The path behind the leaker, origin last.
    pub words: Vec<u32>,
    /// Feeds (one bit each) whose way to the leaker shares no AS with it: the others
    /// never hear of the route, since the shared AS drops what it has passed before.
    pub seen_by: u64,
}

/// The search for leakable prefixes; its results are `leaked` and `tails`.
pub(super) struct Selection<'a> {
    leak: &'a Leak,
    stage: &'a Stage,
    tree: Option<Tree>,
    approaches: &'a [Option<Vec<u32>>],
    /// The tail towards each origin that was looked at, if it has one.
    known: HashMap<Node, Option<u32>, foldhash::fast::FixedState>,
    pub tails: Vec<TailPath>,
    pub leaked: Vec<Leaked>,
    taken: HashSet<Nlri<u32>, foldhash::fast::FixedState>,
    random: Random,
}

impl<'a> Selection<'a> {
    /// `approaches` are the paths by which each feed hears of the leaker, if it does.
    pub(super) fn new(
        leak: &'a Leak,
        stage: &'a Stage,
        approaches: &'a [Option<Vec<u32>>],
    ) -> Self {
        Selection {
            leak,
            stage,
            tree: tail_tree(leak, &stage.topology),
            approaches,
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

    fn find_tail(&self, origin: Node) -> Option<TailPath> {
        let topology = &self.stage.topology;
        let offender = topology.node(self.leak.offender)?;
        let mut path = Vec::new();
        let mut best: Option<TailPath> = None;
        match self.leak.tail {
            Tail::Origin if origin == offender => {}
            Tail::Origin => best = self.better(best, &[]),
            Tail::Peers(surely) => {
                path = from_peer(topology, offender, surely, origin);
                best = self.better(best, &path);
            }
            Tail::Via(_) | Tail::OtherProvider | Tail::Own => {
                let tree = self.tree.as_ref()?;
                let skip = usize::from(matches!(self.leak.tail, Tail::Own));
                if tree.path(origin, &mut path) {
                    best = self.better(best, path.get(skip..)?);
                }
                // Whichever of the origin's providers more feeds can hear of.
                for provider in topology.providers(origin) {
                    if tree.path(provider, &mut path) && !path.contains(&origin) {
                        path.push(origin);
                        best = self.better(best, path.get(skip..)?);
                    }
                }
            }
        }
        best
    }

    /// The one of two tails that more feeds hear of; none that nobody does.
    fn better(&self, best: Option<TailPath>, path: &[Node]) -> Option<TailPath> {
        let topology = &self.stage.topology;
        let mut words: Vec<u32> = path.iter().map(|node| topology.asn(*node).0).collect();
        let mut seen_by = 0;
        for (approach, feed) in self.approaches.iter().zip(0..64) {
            if let Some(approach) = approach
                && !words.iter().any(|asn| approach.contains(asn))
            {
                seen_by |= 1_u64 << feed;
            }
        }
        let known = best.as_ref().map_or(0, |best| best.seen_by.count_ones());
        if seen_by.count_ones() <= known {
            return best;
        }
        if let Some(&origin) = path.last()
            && (path.len() > 1 || origin as usize >= CORE)
        {
            words.extend((1..topology.repeats(origin)).map(|_| topology.asn(origin).0));
        }
        Some(TailPath { words, seen_by })
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
