//! Statistics Report (RFC 7854 §4.8, RFC 8671 §6.2): the gauges of routes.

use crate::{
    bgp::Afi,
    wire::{Reason, cursor::Cursor},
};

/// How many routes a router says one of its RIBs holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Of all families together.
    pub all: Option<u64>,
    /// IPv4 unicast.
    pub ipv4: Option<u64>,
    /// IPv6 unicast.
    pub ipv6: Option<u64>,
}

impl Gauge {
    /// Of one family.
    pub const fn of(&self, afi: Afi) -> Option<u64> {
        match afi {
            Afi::Ipv4 => self.ipv4,
            Afi::Ipv6 => self.ipv6,
        }
    }
}

/// One report's gauges; its counters are of no use here and passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Adj-RIB-In: types 7 and 9. RFC 7854 does not say whether before or after policy.
    pub adj_rib_in: Gauge,
    /// Loc-RIB: types 8 and 10.
    pub loc_rib: Gauge,
    /// Adj-RIB-Out before policy: types 14 and 16.
    pub adj_rib_out_pre: Gauge,
    /// Adj-RIB-Out after policy: types 15 and 17.
    pub adj_rib_out_post: Gauge,
}

impl Statistics {
    /// Reads what follows the per-peer header. What could be read comes with the fault.
    pub fn read(body: &[u8]) -> (Statistics, Option<Reason>) {
        let mut statistics = Statistics::default();
        let mut cursor = Cursor::new(body);
        let Some(count) = cursor.u32() else {
            return (statistics, Some(Reason::BmpMessage));
        };
        let (mut met, mut fault) = (0, None);
        for tlv in super::Tlvs::new(cursor.rest()) {
            let read = tlv.and_then(|tlv| {
                met += 1;
                statistics.one(tlv).ok_or(Reason::BmpTlv)
            });
            fault = fault.or(read.err());
        }
        if met != count {
            fault = fault.or(Some(Reason::BmpTlv));
        }
        (statistics, fault)
    }

    /// None where the value has not its type's length.
    fn one(&mut self, tlv: super::Tlv<'_>) -> Option<()> {
        let (gauge, by_family) = match tlv.kind {
            7 => (&mut self.adj_rib_in, false),
            9 => (&mut self.adj_rib_in, true),
            8 => (&mut self.loc_rib, false),
            10 => (&mut self.loc_rib, true),
            14 => (&mut self.adj_rib_out_pre, false),
            16 => (&mut self.adj_rib_out_pre, true),
            15 => (&mut self.adj_rib_out_post, false),
            17 => (&mut self.adj_rib_out_post, true),
            _ => return Some(()),
        };
        let mut value = Cursor::new(tlv.value);
        let place = if by_family {
            match (value.u16()?, value.u8()?) {
                (1, 1) => Some(&mut gauge.ipv4),
                (2, 1) => Some(&mut gauge.ipv6),
                _ => None,
            }
        } else {
            Some(&mut gauge.all)
        };
        let routes = value.u64()?;
        if let Some(place) = place {
            *place = Some(routes);
        }
        value.rest().is_empty().then_some(())
    }
}
