//! Everything a drill plays on: the table dealt out, the topology, the feeds.

use std::net::{IpAddr, Ipv4Addr};

use super::{
    Vantage,
    feed::Feed,
    holdings::Holdings,
    topology::{Node, Topology},
};
use crate::{
    bgp::{Asn, Timestamp},
    wire::encode::{self, RibRecord, Session},
};

/// The AS that all vantages stand in (RFC 5398 keeps it for documentation).
pub(super) const LOCAL_AS: Asn = Asn(64500);

/// The world before anything goes wrong.
#[derive(Debug)]
pub(super) struct Stage {
    pub seed: u64,
    pub holdings: Holdings,
    pub topology: Topology,
    pub feeds: Vec<Feed>,
}

impl Stage {
    pub(super) fn new(seed: u64, routes: Option<u32>, vantage: Vantage, feeds: &[u32]) -> Self {
        let holdings = Holdings::new(seed, routes);
        let topology = Topology::new(seed, &holdings.sizes);
        let feeds = feeds
            .iter()
            .zip(0..)
            .filter_map(|(asn, index)| Some((topology.node(*asn)?, session(vantage, *asn, index))))
            .map(|(node, session)| Feed::new(&topology, seed, node, session))
            .collect();
        Stage {
            seed,
            holdings,
            topology,
            feeds,
        }
    }

    /// The table at `time` as a `TABLE_DUMP_V2` file. A border router's first session
    /// carries IPv6 too.
    pub(super) fn dump(&self, time: Timestamp, vantage: Vantage) -> Vec<u8> {
        let v4 = &self.holdings.v4;
        let per_route = 24 + 60 * self.feeds.len();
        let mut out = Vec::with_capacity(v4.prefixes.len() * per_route + (32 << 20));
        let peers: Vec<_> = self
            .feeds
            .iter()
            .map(|feed| {
                (
                    id(feed.session.peer),
                    feed.session.peer,
                    feed.session.peer_as,
                )
            })
            .collect();
        let collector = self.feeds.first().map_or(0, |feed| id(feed.session.local));
        encode::peer_index_table(&mut out, time, collector, &peers);
        let mut sequence = 0;
        for (prefix, &origin) in v4.prefixes.iter().zip(&v4.origins) {
            let mut record = RibRecord::begin(&mut out, time, sequence, prefix);
            for (feed, index) in self.feeds.iter().zip(0..) {
                record.entry(
                    &mut out,
                    index,
                    feed.attributes(feed.ordinary(origin, prefix)),
                );
            }
            record.finish(&mut out);
            sequence += 1;
        }
        if let (Vantage::Border, Some(feed)) = (vantage, self.feeds.first()) {
            let v6 = &self.holdings.v6;
            let mut attributes = Vec::new();
            for (prefix, &origin) in v6.prefixes.iter().zip(&v6.origins) {
                let alternate = feed.ordinary(origin, prefix) != Feed::best(origin);
                feed.write_ipv6(&self.topology, origin, alternate, &mut attributes);
                let mut record = RibRecord::begin(&mut out, time, sequence, prefix);
                record.entry(&mut out, 0, &attributes);
                record.finish(&mut out);
                sequence += 1;
            }
        }
        out
    }

    /// IPv4 routes by their origin: for each node, indexes into the table.
    pub(super) fn routes_by_origin(&self) -> RoutesByOrigin {
        let mut starts = vec![0_u32; self.topology.len() + 1];
        for &origin in &self.holdings.v4.origins {
            if let Some(count) = starts.get_mut(origin as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut routes = vec![0; self.holdings.v4.origins.len()];
        for (&origin, index) in self.holdings.v4.origins.iter().zip(0..) {
            if let Some(slot) = next.get_mut(origin as usize) {
                if let Some(place) = routes.get_mut(*slot as usize) {
                    *place = index;
                }
                *slot += 1;
            }
        }
        RoutesByOrigin { starts, routes }
    }
}

/// Indexes into the IPv4 table, grouped by origin.
#[derive(Debug)]
pub(super) struct RoutesByOrigin {
    starts: Vec<u32>,
    routes: Vec<u32>,
}

impl RoutesByOrigin {
    /// Routes that `origin` originates, in the table's order.
    pub(super) fn of(&self, origin: Node) -> &[u32] {
        let bounds = (
            self.starts.get(origin as usize),
            self.starts.get(origin as usize + 1),
        );
        match bounds {
            (Some(&start), Some(&end)) => self
                .routes
                .get(start as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }
}

fn id(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(_) => 0,
    }
}

/// Addresses out of the documentation ranges of RFC 5737.
fn session(vantage: Vantage, asn: u32, index: u8) -> Session {
    let (peer, local) = match (vantage, index) {
        (Vantage::Border, 0) => ([198, 51, 100, 1], [198, 51, 100, 2]),
        (Vantage::Border, _) => ([203, 0, 113, 1], [203, 0, 113, 2]),
        (Vantage::Collector, index) => ([192, 0, 2, 10 + index], [192, 0, 2, 1]),
    };
    Session {
        peer_as: Asn(asn),
        local_as: LOCAL_AS,
        peer: IpAddr::V4(Ipv4Addr::from(peer)),
        local: IpAddr::V4(Ipv4Addr::from(local)),
    }
}
