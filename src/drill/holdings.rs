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
        let mut churn = table::churn();
        let bursts = if routes.is_none() {
            deal.hold_bursts(&mut v4, &churn)
        } else {
            Vec::new()
        };
        deal.deal(&mut v4, 41);
        let sizes = deal.sizes.clone();
        let mut v6 = Family::new(v6);
        deal.deal(&mut v6, 0);

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
            .map(|prefix| {
                let nobody = || {
                    let some = hash(seed, u64::from(prefix.addr >> 12)) as usize;
                    (CORE + some % sizes.len().max(1)) as Node
                };
                burst_holder(&bursts, prefix)
                    .or_else(|| v4.longest_match(prefix).map(|index| v4.origin(index)))
                    .unwrap_or_else(nobody)
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

/// Size of the regions in which new prefixes of the churn come in bursts: a /14.
const REGION: u32 = 32 - 14;
/// So many new prefixes in a region are one network's doing.
const BURST: usize = 20;
/// Regions whose bursts begin within so many operations (75 seconds) of each other
/// are one network's.
const TOGETHER: usize = 1_200;

/// Who holds the region that a prefix of the churn is in, if it has bursts.
fn burst_holder(bursts: &[(u32, Node)], prefix: &Nlri<u32>) -> Option<Node> {
    let region = prefix.addr >> REGION;
    let found = bursts.iter().find(|(burst, _)| *burst == region);
    found.map(|(_, holder)| *holder)
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
    /// When hundreds of prefixes of neighbouring blocks appear in a minute, as happens
    /// in the real churn (741 in 1.52.0.0/14 to 118.68.0.0/14, two minutes in), that is one network deaggregating. Were its blocks
    /// dealt out to many origins, it would look like a leak.
    fn hold_bursts(&mut self, v4: &mut Family<u32>, churn: &table::Churn) -> Vec<(u32, Node)> {
        let mut fresh: Vec<bool> = churn
            .prefixes
            .iter()
            .map(|prefix| v4.position(prefix).is_none())
            .collect();
        // Region, first operation, how many.
        let mut regions: Vec<(u32, usize, usize)> = Vec::new();
        for (index, operation) in churn.operations.iter().enumerate() {
            let place = usize::from(operation.prefix);
            let Some(new) = fresh.get_mut(place).filter(|fresh| **fresh) else {
                continue;
            };
            *new = false;
            if let Some(prefix) = churn.prefixes.get(place) {
                let region = prefix.addr >> REGION;
                match regions.iter_mut().find(|known| known.0 == region) {
                    Some(known) => known.2 += 1,
                    None => regions.push((region, index, 1)),
                }
            }
        }
        regions.retain(|region| region.2 >= BURST);
        let mut bursts: Vec<(u32, Node)> = Vec::new();
        let mut last = None;
        for (region, first, _) in regions {
            let holder = match last {
                Some((before, holder)) if first - before < TOGETHER => holder,
                _ => self.origin(100),
            };
            last = Some((first, holder));
            bursts.push((region, holder));
        }
        for (prefix, origin) in v4.prefixes.iter().zip(&mut v4.origins) {
            if *origin == NONE
                && let Some(holder) = burst_holder(&bursts, prefix)
            {
                *origin = holder;
            }
        }
        bursts
    }

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
