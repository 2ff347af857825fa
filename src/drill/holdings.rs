//! Who originates which prefix of the real table.
//!
//! The table came without AS paths, so origins are made up: neighbouring prefixes
//! come in runs of one origin, more-specifics mostly belong to the origin of their
//! covering route and otherwise to a customer of it, and a run belongs to an origin
//! that has runs already with a chance proportional to how many (Simon's process),
//! which gives the heavy tail that real tables have.

use super::{
    names::{KNOWN, NAMED, TIER_1, TIER_1_HOLDS},
    random::{Random, hash},
    table,
    topology::{CORE, NONE, Node},
};
use crate::bgp::{Address, Nlri};

/// No covering route.
const NO_COVER: u32 = u32::MAX;

/// The prefixes of one family, sorted, each with its origin and its covering route.
#[derive(Debug)]
pub(super) struct Family<A> {
    pub prefixes: Vec<Nlri<A>>,
    pub origins: Vec<Node>,
    covers: Vec<u32>,
}

impl<A: Address> Family<A> {
    fn new(prefixes: Vec<Nlri<A>>) -> Self {
        let mut covers = Vec::with_capacity(prefixes.len());
        let mut open: Vec<(u32, Nlri<A>)> = Vec::new();
        for (prefix, index) in prefixes.iter().zip(0..) {
            while open.last().is_some_and(|(_, last)| !contains(last, prefix)) {
                open.pop();
            }
            covers.push(open.last().map_or(NO_COVER, |(cover, _)| *cover));
            open.push((index, *prefix));
        }
        Family {
            origins: vec![NONE; prefixes.len()],
            prefixes,
            covers,
        }
    }

    /// The route whose prefix covers that of route `index` most closely.
    pub(super) fn cover(&self, index: usize) -> Option<usize> {
        let cover = *self.covers.get(index)?;
        (cover != NO_COVER).then_some(cover as usize)
    }

    /// Where exactly this prefix stands.
    pub(super) fn position(&self, prefix: &Nlri<A>) -> Option<usize> {
        self.prefixes.binary_search(prefix).ok()
    }

    /// The route that traffic to this prefix follows: itself or the closest cover.
    pub(super) fn longest_match(&self, prefix: &Nlri<A>) -> Option<usize> {
        let after = self.prefixes.partition_point(|known| known <= prefix);
        let mut candidate = after.checked_sub(1);
        while let Some(index) = candidate {
            if contains(self.prefixes.get(index)?, prefix) {
                return Some(index);
            }
            candidate = self.cover(index);
        }
        None
    }

    /// The origin of route `index`.
    pub(super) fn origin(&self, index: usize) -> Node {
        self.origins.get(index).copied().unwrap_or(NONE)
    }
}

/// Whether `inner` is `outer` or a more-specific of it.
pub(super) fn contains<A: Address>(outer: &Nlri<A>, inner: &Nlri<A>) -> bool {
    outer.len <= inner.len && inner.addr.masked(outer.len) == outer.addr
}

/// Both families and the churn.
#[derive(Debug)]
pub(super) struct Holdings {
    pub v4: Family<u32>,
    pub v6: Family<u128>,
    pub churn: table::Churn,
    /// For each prefix of the churn, who originates it.
    pub churn_origins: Vec<Node>,
    /// Prefixes of each synthetic origin, in the order of nodes from [`CORE`] on.
    pub sizes: Vec<u32>,
}

impl Holdings {
    /// Deals out the table; `routes` leaves only so many of its IPv4 prefixes, as the
    /// tables of earlier years had.
    pub(super) fn new(seed: u64, routes: Option<u32>) -> Self {
        let mut prefixes = table::ipv4();
        let mut v6 = table::ipv6();
        if let Some(routes) = routes {
            let share = routes as usize * 1_000 / prefixes.len().max(1);
            let of_v6 = v6.len() * share.min(1_000) / 1_000;
            thin(&mut prefixes, routes as usize);
            thin(&mut v6, of_v6);
        }
        let mut deal = Deal {
            random: Random::new(seed, 0x0121),
            runs: Vec::new(),
            sizes: Vec::new(),
        };
        // Without a few hundred to start with, the first origin would own a continent.
        for _ in 0..400 {
            deal.origin(100);
        }
        let mut v4 = Family::new(prefixes);
        claim(&mut v4, &mut deal.random);
        deal.deal(&mut v4, 41);
        let sizes = deal.sizes.clone();
        let mut v6 = Family::new(v6);
        deal.deal(&mut v6, 0);

        let mut churn = table::churn();
        if routes.is_some() {
            // What was not sampled does not churn.
            churn.operations.retain(|operation| {
                churn
                    .prefixes
                    .get(usize::from(operation.prefix))
                    .is_some_and(|prefix| v4.position(prefix).is_some())
            });
        }
        let churn_origins = churn
            .prefixes
            .iter()
            .map(|prefix| match v4.longest_match(prefix) {
                Some(index) => v4.origin(index),
                None => {
                    (CORE + hash(seed, u64::from(prefix.addr >> 12)) as usize % sizes.len().max(1))
                        as Node
                }
            })
            .collect();
        Holdings {
            v4,
            v6,
            churn,
            churn_origins,
            sizes,
        }
    }
}

/// Leaves `count` of the prefixes, chosen by their own bits, the known ones among them.
fn thin<A: Address>(prefixes: &mut Vec<Nlri<A>>, count: usize) {
    let rank = |prefix: &Nlri<A>| match prefix.addr.ip() {
        std::net::IpAddr::V4(ip) => {
            let known = (ip.to_bits(), prefix.len);
            if KNOWN.iter().any(|(addr, len, _)| (*addr, *len) == known) {
                return 0;
            }
            // The short ones are what leaks deaggregate, and tables always had them.
            let first = if prefix.len <= 16 { 2 } else { 0 };
            hash(u64::from(prefix.len), u64::from(ip.to_bits())) >> first
        }
        std::net::IpAddr::V6(ip) => hash(u64::from(prefix.len), (ip.to_bits() >> 64) as u64),
    };
    let mut ranks: Vec<u64> = prefixes.iter().map(rank).collect();
    if count < ranks.len() {
        let (_, threshold, _) = ranks.select_nth_unstable(count);
        let threshold = *threshold;
        prefixes.retain(|prefix| rank(prefix) < threshold);
    }
}

/// Gives the named networks their prefixes.
fn claim(v4: &mut Family<u32>, random: &mut Random) {
    for (addr, len, asn) in KNOWN {
        let node = NAMED.iter().position(|named| named.asn == *asn);
        let at = v4.position(&Nlri::new(*addr, *len, 0));
        if let (Some(node), Some(at)) = (node, at)
            && let Some(origin) = v4.origins.get_mut(at)
        {
            *origin = (TIER_1.len() + node) as Node;
        }
    }
    for (node, asn) in TIER_1.iter().enumerate() {
        let count = if *asn == 701 {
            2 * TIER_1_HOLDS
        } else {
            TIER_1_HOLDS
        };
        claim_run(v4, random, node as Node, count, *asn == 701);
    }
    for (index, named) in NAMED.iter().enumerate() {
        claim_run(
            v4,
            random,
            (TIER_1.len() + index) as Node,
            named.holds,
            named.large,
        );
    }
}

fn claim_run(v4: &mut Family<u32>, random: &mut Random, node: Node, count: usize, large: bool) {
    let total = v4.prefixes.len();
    let start = random.below(total);
    let mut left = count;
    for index in (start..total).chain(0..start) {
        if left == 0 {
            return;
        }
        let Some(len) = v4.prefixes.get(index).map(|prefix| prefix.len) else {
            return;
        };
        let fits = if large {
            (11..=16).contains(&len)
        } else {
            len >= 17
        };
        if !fits || v4.origin(index) != NONE {
            continue;
        }
        // A covering route of someone else would make the more-specific a customer's;
        // named networks hold blocks of their own.
        let own = v4.cover(index).is_none_or(|cover| v4.origin(cover) == node);
        if own && let Some(origin) = v4.origins.get_mut(index) {
            *origin = node;
            left -= 1;
        }
    }
}

struct Deal {
    random: Random,
    /// Whose each run was.
    runs: Vec<Node>,
    sizes: Vec<u32>,
}

impl Deal {
    /// Deals every prefix that has no origin yet; `newcomers` runs in a hundred go to
    /// an origin that has none so far.
    fn deal<A: Address>(&mut self, family: &mut Family<A>, newcomers: usize) {
        let mut current = NONE;
        let mut left = 0;
        let mut customer = (NO_COVER, NONE);
        for index in 0..family.prefixes.len() {
            let mut node = family.origin(index);
            if node == NONE {
                node = if let Some(cover) = family.cover(index) {
                    let holder = family.origin(cover);
                    if (holder as usize) < CORE || self.random.percent(72) {
                        holder
                    } else if customer.0 == cover as u32 && self.random.percent(60) {
                        customer.1
                    } else {
                        customer = (cover as u32, self.origin(newcomers * 6 / 10));
                        customer.1
                    }
                } else {
                    if left == 0 {
                        current = self.origin(newcomers);
                        left = self.run_length();
                    }
                    left -= 1;
                    current
                };
            }
            if let Some(origin) = family.origins.get_mut(index) {
                *origin = node;
            }
            if let Some(size) = (node as usize)
                .checked_sub(CORE)
                .and_then(|k| self.sizes.get_mut(k))
            {
                *size += 1;
            }
        }
    }

    fn run_length(&mut self) -> usize {
        match self.random.below(100) {
            0..45 => 1,
            45..70 => 2,
            70..90 => 3 + self.random.below(4),
            90..98 => 7 + self.random.below(10),
            _ => 17 + self.random.below(60),
        }
    }

    fn origin(&mut self, newcomers: usize) -> Node {
        let node = if self.runs.is_empty() || self.random.percent(newcomers) {
            self.sizes.push(0);
            (CORE + self.sizes.len() - 1) as Node
        } else {
            let at = self.random.below(self.runs.len());
            self.runs.get(at).copied().unwrap_or(CORE as Node)
        };
        self.runs.push(node);
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_has_an_origin_and_a_few_origins_have_many() {
        let holdings = Holdings::new(1, None);
        assert!(holdings.v4.origins.iter().all(|origin| *origin != NONE));
        assert!(holdings.v6.origins.iter().all(|origin| *origin != NONE));
        let mut sizes = holdings.sizes.clone();
        sizes.sort_unstable();
        assert!((60_000..90_000).contains(&sizes.len()), "{}", sizes.len());
        assert!(
            sizes
                .last()
                .is_some_and(|largest| (1_000..20_000).contains(largest))
        );
        let median = sizes[sizes.len() / 2];
        assert!((1..10).contains(&median), "{median}");
    }

    #[test]
    fn an_earlier_table_is_a_sample_of_this_one() {
        let holdings = Holdings::new(1, Some(50_000));
        assert_eq!(holdings.v4.prefixes.len(), 50_000);
        assert!(holdings.v4.prefixes.is_sorted());
        for (addr, len, asn) in KNOWN {
            let at = holdings.v4.position(&Nlri::new(*addr, *len, 0)).unwrap();
            let node = holdings.v4.origin(at) as usize;
            assert_eq!(NAMED[node - TIER_1.len()].asn, *asn);
        }
    }

    #[test]
    fn the_longest_match_is_the_closest_cover() {
        let family = Family::new(vec![
            Nlri::new(0x0A00_0000_u32, 8, 0),
            Nlri::new(0x0A01_0000, 16, 0),
            Nlri::new(0x0A01_0100, 24, 0),
            Nlri::new(0x0B00_0000, 8, 0),
        ]);
        let find = |addr, len| family.longest_match(&Nlri::new(addr, len, 0));
        assert_eq!(find(0x0A01_0100, 24), Some(2));
        assert_eq!(find(0x0A01_0200, 24), Some(1));
        assert_eq!(find(0x0A02_0000, 16), Some(0));
        assert_eq!(find(0x0C00_0000, 8), None);
    }
}
