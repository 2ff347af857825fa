//! Events that look alarming and are not leaks, and the one that is a single route.

use hashbrown::{HashMap, HashSet};

use super::{
    Incident, Options, SECOND, Timing,
    churn::{self, Reserved},
    feed::{Feed, Variant},
    random::{Random, hash},
    recorder::{Mark, Move, Packing, Recorder, Script, Stream, What},
    stage::Stage,
    topology::{CORE, Node},
};
use crate::bgp::{Asn, Nlri, Timestamp};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exercise {
    /// The second session goes down, comes up and sends its whole table again.
    SessionReset,
    /// The second session sends its whole table again, unchanged (RFC 2918).
    RouteRefresh,
    /// Two thousand attacked hosts are blackholed.
    BlackholeWave,
    /// A network announces the /24s of one of its /16s.
    PlannedDeaggregation,
    /// A provider loses customers' routes, which move to their other provider.
    ProviderFailover,
    /// Nothing.
    QuietChurn,
    /// AS47868 prepends itself 252 times, then flaps.
    ManyPrepends,
}

/// No prefix: for moves that are about a session.
const SESSION: Nlri<u32> = Nlri {
    addr: 0,
    path_id: 0,
    len: 0,
};

impl Exercise {
    pub(super) fn play(
        self,
        stage: &mut Stage,
        options: &Options,
        start: Timestamp,
        packing: Packing,
    ) -> (Vec<u8>, Vec<Incident>) {
        let mut act = Scene {
            moves: Vec::new(),
            reserved: Vec::new(),
            end: options.timing.before,
            timing: options.timing,
            gap: |default| SECOND / u64::from(options.rate.unwrap_or(default).max(1)),
        };
        let mut incidents = Vec::new();
        let mut packing = packing;
        match self {
            Exercise::SessionReset | Exercise::RouteRefresh => {
                packing.announced = options.nlri_per_update.unwrap_or(200).max(1);
                act.table_again(stage, self == Exercise::SessionReset);
            }
            Exercise::BlackholeWave => act.blackholes(stage, options.routes.unwrap_or(2_000)),
            Exercise::PlannedDeaggregation => act.deaggregation(stage),
            Exercise::ProviderFailover => act.failover(stage, options.routes.unwrap_or(8_000)),
            Exercise::QuietChurn => {
                let hours = options.timing.longest.min(6 * 3_600 * SECOND);
                act.end = hours.saturating_sub(options.timing.after);
            }
            Exercise::ManyPrepends => incidents.push(act.prepends(stage)),
        }
        let noise = churn::moves(stage, act.end + options.timing.after, &act.reserved);
        let mut streams: Vec<Box<dyn Stream>> = vec![
            Box::new(Script::new(act.moves)),
            Box::new(Script::new(noise)),
        ];
        Recorder::new(&stage.feeds, start, packing, incidents).record(&mut streams)
    }
}

/// An exercise being written down.
struct Scene<G: Fn(u32) -> u64> {
    moves: Vec<Move>,
    reserved: Vec<Reserved>,
    end: u64,
    timing: Timing,
    /// Microseconds between two moves, from a default rate.
    gap: G,
}

impl<G: Fn(u32) -> u64> Scene<G> {
    fn push(&mut self, at: u64, feed: usize, what: What, prefix: Nlri<u32>, mark: Mark) {
        self.moves.push(Move {
            at,
            feed: feed as u8,
            what,
            prefix,
            mark,
        });
        self.end = self.end.max(at);
    }

    /// The whole table of the second feed, which carries no IPv6, origin by origin, as
    /// churn has left it.
    fn table_again(&mut self, stage: &mut Stage, reset: bool) {
        let begins = self.timing.before + 2 * SECOND;
        let mut earlier = churn::moves(stage, self.timing.before, &[]);
        earlier.retain(|one| one.feed == 1);
        earlier.sort_by_key(|one| one.at);
        let changed: HashMap<Nlri<u32>, What, foldhash::fast::FixedState> =
            earlier.iter().map(|one| (one.prefix, one.what)).collect();
        let Some(feed) = stage.feeds.get(1) else {
            return;
        };
        let v4 = &stage.holdings.v4;
        let mut table: Vec<(Node, What, Nlri<u32>)> = Vec::with_capacity(v4.prefixes.len());
        for (&origin, &prefix) in v4.origins.iter().zip(&v4.prefixes) {
            if !changed.contains_key(&prefix) {
                let what = What::Announce(feed.ordinary(origin, &prefix));
                table.push((origin, what, prefix));
            }
        }
        for one in changed.iter().filter(|(_, what)| **what != What::Withdraw) {
            table.push((0, *one.1, *one.0));
        }
        table.sort_unstable_by_key(|(origin, what, prefix)| match what {
            What::Announce(written) => (*origin, *written, *prefix),
            _ => (*origin, 0, *prefix),
        });

        let mut at = begins;
        if reset {
            self.push(at, 1, What::Down, SESSION, Mark::Ordinary);
            at += 38 * SECOND;
            self.push(at, 1, What::Up, SESSION, Mark::Ordinary);
            at += SECOND;
        }
        let gap = (self.gap)(25_000);
        for (_, what, prefix) in table {
            at += gap;
            self.push(at, 1, what, prefix, Mark::Ordinary);
        }
        self.push(at + SECOND, 1, What::EndOfRib, SESSION, Mark::Ordinary);
        // A session that is down brings no news, and the dump is of one moment.
        self.reserved.push(Reserved {
            prefixes: stage.holdings.churn.prefixes.clone(),
            from: self.timing.before,
            until: at + 2 * SECOND,
        });
    }

    fn blackholes(&mut self, stage: &mut Stage, routes: u32) {
        let mut random = Random::new(stage.seed, 0xB1AC);
        let v4 = &stage.holdings.v4;
        let mut hosts: Vec<(Node, Nlri<u32>)> = Vec::new();
        let mut taken: HashSet<Nlri<u32>, foldhash::fast::FixedState> = HashSet::default();
        // Four attacked networks, each with covering routes of its own.
        while hosts.len() < routes as usize {
            let at = random.below(v4.prefixes.len());
            let (Some(cover), origin) = (v4.prefixes.get(at), v4.origin(at)) else {
                break;
            };
            if (origin as usize) < CORE || !(16..=20).contains(&cover.len) {
                continue;
            }
            let until = (hosts.len() + routes as usize / 4 + 1).min(routes as usize);
            while hosts.len() < until {
                let host = cover.addr | random.below(1 << (32 - cover.len)) as u32;
                let host = Nlri::new(host, 32, 0);
                // The origin of the closest cover announces it, or nobody.
                let own = v4.longest_match(&host).map(|at| v4.origin(at)) == Some(origin);
                if own && taken.insert(host) {
                    hosts.push((origin, host));
                }
            }
        }
        random.shuffle(&mut hosts);
        let gap = (self.gap)(35);
        for feed in 0..stage.feeds.len() {
            for (&(origin, host), index) in hosts.iter().zip(0_u64..) {
                let topology = &stage.topology;
                let Some(sender) = stage.feeds.get_mut(feed) else {
                    return;
                };
                let written = sender.variant(topology, origin, Variant::Blackhole);
                let at = self.timing.before + gap * index + hash(index, feed as u64) % SECOND;
                self.push(at, feed, What::Announce(written), host, Mark::Ordinary);
                let until = at + self.timing.longest.min(10 * 60 * SECOND);
                self.push(until, feed, What::Withdraw, host, Mark::Ordinary);
            }
        }
    }

    fn deaggregation(&mut self, stage: &Stage) {
        let v4 = &stage.holdings.v4;
        let start = hash(stage.seed, 0xDEA6) as usize % v4.prefixes.len().max(1);
        let fits = |at: &usize| {
            v4.prefixes.get(*at).is_some_and(|prefix| prefix.len == 16)
                && v4.origin(*at) as usize >= CORE
                && v4.prefixes.get(*at + 1).is_none_or(|next| {
                    v4.prefixes
                        .get(*at)
                        .is_some_and(|cover| next.addr >> 16 != cover.addr >> 16)
                })
        };
        let Some(at) = (start..v4.prefixes.len()).chain(0..start).find(fits) else {
            return;
        };
        let Some(&cover) = v4.prefixes.get(at) else {
            return;
        };
        let gap = (self.gap)(4);
        for (feed, sender) in stage.feeds.iter().enumerate() {
            // Over the way that the covering route takes.
            let written = sender.ordinary(v4.origin(at), &cover);
            for part in 0..256_u32 {
                let prefix = Nlri::new(cover.addr | part << 8, 24, 0);
                let delay = hash(u64::from(part), feed as u64) % SECOND;
                let at = self.timing.before + gap * u64::from(part) + delay;
                self.push(at, feed, What::Announce(written), prefix, Mark::Ordinary);
            }
        }
    }

    /// Customers that reach the feeds through one provider move to another, for good.
    fn failover(&mut self, stage: &Stage, routes: u32) {
        let by_origin = stage.routes_by_origin();
        let v4 = &stage.holdings.v4;
        let through = |feed: &Feed, provider: Node, origin: Node| {
            feed.tree.parent(origin) == provider && feed.alternate(origin) != Feed::best(origin)
        };
        let movable = |provider: Node| {
            let customers = stage.topology.customers(provider).iter().copied();
            customers.filter(move |origin| {
                let mut feeds = stage.feeds.iter();
                *origin as usize >= CORE && feeds.any(|feed| through(feed, provider, *origin))
            })
        };
        // The provider where the count comes closest.
        let wanted = routes as usize;
        let size = |provider: &Node| -> usize {
            movable(*provider)
                .map(|origin| by_origin.of(origin).len())
                .sum()
        };
        let Some(provider) = (0..CORE as Node).min_by_key(|node| size(node).abs_diff(wanted))
        else {
            return;
        };
        let gap = (self.gap)(400);
        let mut moved = 0;
        for origin in movable(provider) {
            for route in by_origin.of(origin) {
                let Some(&prefix) = v4.prefixes.get(*route as usize) else {
                    continue;
                };
                if moved >= u64::from(routes) {
                    return;
                }
                for (feed, sender) in stage.feeds.iter().enumerate() {
                    if !through(sender, provider, origin) {
                        continue;
                    }
                    let what = What::Announce(sender.alternate(origin));
                    let at = self.timing.before + gap * moved + 300_000 * feed as u64;
                    self.push(at, feed, what, prefix, Mark::Ordinary);
                }
                moved += 1;
            }
        }
    }

    fn prepends(&mut self, stage: &mut Stage) -> Incident {
        const ASN: u32 = 47868;
        let prefix = Nlri::new(0x5E7D_D800, 21, 0);
        let origin = stage.topology.node(ASN).unwrap_or_default();
        for feed in 0..stage.feeds.len() {
            let Some(sender) = stage.feeds.get_mut(feed) else {
                break;
            };
            let mut path = Vec::new();
            sender.tree.path(origin, &mut path);
            let mut words: Vec<u32> = path
                .iter()
                .map(|node| stage.topology.asn(*node).0)
                .collect();
            words.extend([ASN; 251]);
            let long = What::Announce(sender.write_path(&words));
            let ordinary = What::Announce(sender.ordinary(origin, &prefix));
            let mut at = self.timing.before + 700_000 * feed as u64;
            // Routers that could not take the path reset sessions, and the route came
            // and went with them.
            for round in 0..40_u64 {
                self.push(at, feed, long, prefix, Mark::Leak(0));
                at += 8 * SECOND + hash(round, feed as u64) % (20 * SECOND);
                self.push(at, feed, What::Withdraw, prefix, Mark::Leak(0));
                at += SECOND + hash(feed as u64, round) % (9 * SECOND);
                if at - self.timing.before > self.timing.longest {
                    break;
                }
            }
            self.push(at, feed, ordinary, prefix, Mark::Retreat(0));
        }
        self.reserved.push(Reserved {
            prefixes: vec![prefix],
            from: self.timing.before,
            until: u64::MAX,
        });
        Incident {
            offender: Asn(ASN),
            neighbour: None,
            routes: 1,
            first: Timestamp::ZERO,
            last: Timestamp::ZERO,
            last_withdrawn: Timestamp::ZERO,
        }
    }
}
