//! A leak: which prefixes, over which paths, and when they come and go.
//!
//! A leaked path is what the feed would have seen: its own way to the neighbour who
//! accepted the leak, the leaker, and the way by which the leaker had the route. Paths
//! in which an AS would meet itself are left out, since that AS would have dropped them.

use hashbrown::{HashMap, HashSet};

use super::{
    churn::Reserved,
    feed::{Feed, Written},
    random::{Random, hash},
    recorder::{Mark, Move, Stream, What},
    stage::{RoutesByOrigin, Stage},
    topology::{CORE, NONE, Node, Topology},
    tree::Tree,
};
use crate::bgp::Nlri;

/// How the leaker had the routes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tail {
    /// From its peers, among them surely these.
    Peers(&'static [u32]),
    /// From this neighbour, another provider as a rule.
    Via(u32),
    /// From a provider other than the one it leaked to.
    OtherProvider,
    /// From its own customers, or its own.
    Own,
    /// It does not show: the leaker is the origin.
    Origin,
}

/// Whose routes they are once the named victims' are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pool {
    Everyone,
    CustomersOf(u32),
    Nobody,
}

/// Routes that an account gives to one network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    pub asn: u32,
    pub routes: u32,
    /// Of its customers, not its own.
    pub customers: bool,
}

/// The facts of one leak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leak {
    pub offender: u32,
    /// Who accepted it; the nearest to each feed shows. None: whoever hears it.
    pub neighbours: &'static [u32],
    /// Whether a report must name the (only) neighbour.
    pub one_neighbour: bool,
    pub routes: u32,
    /// Announcements a second, from each feed.
    pub rate: u32,
    /// Hundredths of the routes that existed before and changed their path; the others
    /// are new more-specifics.
    pub changed: u32,
    pub tail: Tail,
    /// New more-specifics that an account prints.
    pub printed_prefixes: &'static [(u32, u8)],
    pub victims: &'static [Victim],
    pub pool: Pool,
    /// Paths that an account prints, from a feed to the leaker.
    pub printed_paths: &'static [&'static [u32]],
    /// Feeds that do not see it.
    pub blind: &'static [u32],
    /// How often the leaker stands in its paths.
    pub repeats: usize,
}

/// What most leaks are; each names what differs.
pub(super) const LEAK: Leak = Leak {
    offender: 0,
    neighbours: &[],
    one_neighbour: true,
    routes: 0,
    rate: 1_000,
    changed: 0,
    tail: Tail::Own,
    printed_prefixes: &[],
    victims: &[],
    pool: Pool::Everyone,
    printed_paths: &[],
    blind: &[],
    repeats: 1,
};

/// One leaked prefix.
#[derive(Clone, Copy, Debug)]
struct Leaked {
    prefix: Nlri<u32>,
    /// Index into the tails.
    tail: u32,
    /// Whose it is.
    origin: Node,
    /// Whether it stood in the table before.
    existed: bool,
}

/// A leak worked out on a stage.
#[derive(Debug)]
pub(super) struct Staged {
    leaked: Vec<Leaked>,
    tails: Vec<Vec<u32>>,
    /// For each feed, the path up to and including the leaker.
    approaches: Vec<Option<Vec<u32>>>,
}

/// When a staged leak happens, in microseconds since the recording began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub begins: u64,
    /// Between two announcements of one feed.
    pub gap: u64,
    pub retreats: u64,
    pub retreat_gap: u64,
}

impl Staged {
    pub(super) fn new(leak: &Leak, stage: &Stage, routes: u32) -> Self {
        let approaches: Vec<_> = stage
            .feeds
            .iter()
            .map(|feed| approach(leak, &stage.topology, feed))
            .collect();
        let mut search = Search {
            leak,
            stage,
            tree: TailTree::new(leak, &stage.topology),
            taboo: approaches.iter().flatten().flatten().copied().collect(),
            known: HashMap::default(),
            tails: Vec::new(),
            leaked: Vec::new(),
            taken: HashSet::default(),
            random: Random::new(stage.seed, u64::from(leak.offender)),
        };
        search.fill(routes as usize);
        let Search { mut leaked, tails, .. } = search;
        if let Some(first) = leaked.get_mut(leak.printed_prefixes.len()..) {
            mingle(first, stage.seed);
        }
        Staged {
            leaked,
            tails,
            approaches,
        }
    }

    /// How many distinct prefixes.
    pub(super) fn routes(&self) -> u32 {
        self.leaked.len() as u32
    }

    /// What churn has to leave alone meanwhile.
    pub(super) fn reserved(&self, schedule: &Schedule) -> Reserved {
        let mut prefixes: Vec<_> = self.leaked.iter().map(|leaked| leaked.prefix).collect();
        prefixes.sort_unstable();
        let length = schedule.retreat_gap * u64::from(self.routes());
        Reserved {
            prefixes,
            from: schedule.begins,
            until: schedule.retreats + length + 10_000_000,
        }
    }

    /// What each feed that sees it sends, from the first leaked route to the last
    /// restored one.
    pub(super) fn streams<'a>(
        &'a self,
        stage: &mut Stage,
        schedule: &Schedule,
        incident: u8,
    ) -> Vec<Box<dyn Stream + 'a>> {
        let mut streams: Vec<Box<dyn Stream + 'a>> = Vec::new();
        for (index, approach) in self.approaches.iter().enumerate() {
            let (Some(approach), Some(feed)) = (approach, stage.feeds.get_mut(index)) else {
                continue;
            };
            let written: Vec<Written> = self
                .tails
                .iter()
                .map(|tail| {
                    let mut path = approach.clone();
                    path.extend(tail);
                    feed.write_path(&path)
                })
                .collect();
            // News takes a moment longer over longer paths.
            let delay = approach.len() as u64 * 350_000 + hash(stage.seed, index as u64) % 900_000;
            for (begins, gap, written) in [
                (schedule.begins, schedule.gap, Some(written)),
                (schedule.retreats, schedule.retreat_gap, None),
            ] {
                streams.push(Box::new(Burst {
                    leaked: &self.leaked,
                    written,
                    feed: index as u8,
                    incident,
                    begins: begins + delay,
                    gap,
                    next: 0,
                }));
            }
        }
        streams
    }
}

/// Shuffles, but keeps routes together that share a path and would share an UPDATE.
fn mingle(leaked: &mut [Leaked], seed: u64) {
    let rank = |one: &Leaked| (hash(seed ^ 0x516, u64::from(one.tail) << 20 | u64::from(one.prefix.addr >> 16)), one.prefix);
    leaked.sort_by_cached_key(rank);
}

/// The path from a feed to the leaker, if the leak gets there.
fn approach(leak: &Leak, topology: &Topology, feed: &Feed) -> Option<Vec<u32>> {
    let asn = feed.session.peer_as.0;
    if leak.blind.contains(&asn) {
        return None;
    }
    let printed = leak.printed_paths.iter().find(|path| path.first() == Some(&asn));
    let mut words: Vec<u32> = if let Some(path) = printed {
        path.to_vec()
    } else {
        let mut best: Vec<Node> = Vec::new();
        let mut path = Vec::new();
        let offender = [leak.offender];
        let towards = if leak.neighbours.is_empty() { &offender } else { leak.neighbours };
        for node in towards.iter().filter_map(|asn| topology.node(*asn)) {
            if feed.tree.path(node, &mut path) && (best.is_empty() || path.len() < best.len()) {
                best.clone_from(&path);
            }
        }
        let mut words: Vec<u32> = best.iter().map(|node| topology.asn(*node).0).collect();
        if !leak.neighbours.is_empty() {
            if words.contains(&leak.offender) {
                return None;
            }
            words.push(leak.offender);
        }
        words
    };
    words.extend((1..leak.repeats).map(|_| leak.offender));
    (!words.is_empty()).then_some(words)
}

struct TailTree(Option<Tree>);

impl TailTree {
    fn new(leak: &Leak, topology: &Topology) -> Self {
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
        TailTree(from.map(|from| Tree::new(topology, from)))
    }
}

struct Search<'a> {
    leak: &'a Leak,
    stage: &'a Stage,
    tree: TailTree,
    /// ASes that every leaked path has passed before the tail.
    taboo: HashSet<u32, foldhash::fast::FixedState>,
    /// The tail towards each origin that was looked at, if it has one.
    known: HashMap<Node, Option<u32>, foldhash::fast::FixedState>,
    tails: Vec<Vec<u32>>,
    leaked: Vec<Leaked>,
    taken: HashSet<Nlri<u32>, foldhash::fast::FixedState>,
    random: Random,
}

impl Search<'_> {
    fn fill(&mut self, routes: usize) {
        let by_origin = self.stage.routes_by_origin();
        for &(addr, len) in self.leak.printed_prefixes {
            self.add_more_specific(Nlri::new(addr, len, 0));
        }
        let scale = |part: u32| (u64::from(part) * routes as u64 / u64::from(self.leak.routes.max(1))) as usize;
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
        let specific = routes.saturating_sub(self.leaked.len()) * (100 - self.leak.changed as usize) / 100;
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
            for place in (0..places).map(|place| (start + place) % places).take(wanted) {
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
        if let Tail::Peers(surely) = self.leak.tail {
            path = from_peer(topology, offender, surely, origin);
        } else {
            let found = self.tree.0.as_ref().is_some_and(|tree| tree.path(origin, &mut path));
            if !found {
                return None;
            }
            if matches!(self.leak.tail, Tail::Own) {
                path.remove(0);
            }
        }
        let mut words: Vec<u32> = path.iter().map(|node| topology.asn(*node).0).collect();
        if words.iter().any(|asn| self.taboo.contains(asn)) {
            return None;
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

/// One feed's part of a leak or of its end.
struct Burst<'a> {
    leaked: &'a [Leaked],
    /// For each tail; None when the leak ends and the routes go back.
    written: Option<Vec<Written>>,
    feed: u8,
    incident: u8,
    begins: u64,
    gap: u64,
    next: usize,
}

impl Stream for Burst<'_> {
    fn next_at(&self) -> Option<u64> {
        (self.next < self.leaked.len()).then(|| self.begins + self.gap * self.next as u64)
    }

    fn advance(&mut self, feeds: &[Feed]) -> Option<Move> {
        let at = self.next_at()?;
        let one = self.leaked.get(self.next)?;
        self.next += 1;
        let what = match &self.written {
            Some(written) => What::Announce(written.get(one.tail as usize).copied()?),
            None if one.existed && one.origin != NONE => {
                let feed = feeds.get(usize::from(self.feed))?;
                What::Announce(feed.ordinary(one.origin, &one.prefix))
            }
            None => What::Withdraw,
        };
        Some(Move {
            at,
            feed: self.feed,
            what,
            prefix: one.prefix,
            mark: match self.written {
                Some(_) => Mark::Leak(self.incident),
                None => Mark::Retreat(self.incident),
            },
        })
    }
}
