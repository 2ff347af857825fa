//! `origin`: the set of ASes that announce a prefix gains one (MOAS).
//!
//! Quiet where the two belong together: configured siblings, provider and customer
//! (by relation or because one is seen behind the other), an origin that has been
//! with the prefix for a week.

use super::{Verdict, settings};
use crate::{
    bgp::{Asn, Timestamp},
    reference::{Reference, Relation},
    rib::{Belongs, Family, Rib, seconds},
};

/// What is to be said of `origin` at a row, and what to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// It belongs there.
    Fine,
    /// It belongs there from now on.
    Learn,
    /// The prefix did not have it.
    New,
    /// The prefix has had it for less than it takes to belong.
    StillNew,
}

/// Judges the origin of a route in a view that is live.
pub fn judge<A: Family>(
    rib: &Rib<Verdict>,
    reference: &Reference,
    row: u32,
    origin: Asn,
    now: Timestamp,
    settings: &settings::Origin,
) -> Opinion
where
    (A, u8): prefix_trie::Prefix,
{
    if origin.0 == 0 {
        return Opinion::Fine;
    }
    let table = rib.table::<A>();
    match table.belongs(row, origin) {
        Belongs::Yes => Opinion::Fine,
        Belongs::Unknown => Opinion::Learn,
        Belongs::Since(since) => {
            let for_secs = u64::from(seconds(now).saturating_sub(since));
            if for_secs >= settings.learned.as_secs() {
                Opinion::Learn
            } else {
                Opinion::StillNew
            }
        }
        Belongs::No => {
            let related = table.known_origin(row).is_some_and(|known| {
                matches!(
                    reference.relation(known, origin),
                    Relation::Sibling | Relation::Customer | Relation::Provider
                ) || rib.topology.edge(known, origin) > 0
                    || rib.topology.edge(origin, known) > 0
            });
            if related {
                Opinion::Learn
            } else {
                Opinion::New
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bgp::{Afi, Nlri, PeerKey, RibView},
        rib::{Marks, ViewKey},
    };

    const WEEK: u64 = 7 * 86_400;
    const FIRST: u64 = 1_000_000;

    /// A table in which 20.0.0.0/16 belongs to AS65, which AS70 stands in front of.
    fn table() -> (Rib<Verdict>, u32) {
        let mut rib: Rib<Verdict> = Rib::default();
        let view = rib
            .view(&ViewKey {
                peer: PeerKey::mrt([192, 0, 2, 1].into(), Asn(1)),
                rib: RibView::AdjRibInPre,
                afi: Afi::Ipv4,
            })
            .unwrap();
        let path = rib
            .paths
            .intern(&[1, 70, 65], Marks::default(), Verdict::default);
        let row = rib
            .announce(view, Nlri::new(0x1400_0000_u32, 16, 0), path)
            .row;
        rib.settle();
        u32::table_mut(&mut rib).learn_origin(row, Asn(65), 0);
        (rib, row)
    }

    fn opinion(rib: &Rib<Verdict>, row: u32, origin: u32, seconds: u64) -> Opinion {
        let now = Timestamp::from_secs(FIRST + seconds);
        let settings = settings::Origin::default();
        judge::<u32>(rib, &Reference::default(), row, Asn(origin), now, &settings)
    }

    #[test]
    fn a_stranger_is_new_and_whom_it_belongs_to_is_fine() {
        let (rib, row) = table();
        assert_eq!(opinion(&rib, row, 65, 0), Opinion::Fine);
        assert_eq!(opinion(&rib, row, 66, 0), Opinion::New);
    }

    #[test]
    fn a_stranger_belongs_there_after_a_week() {
        let (mut rib, row) = table();
        u32::table_mut(&mut rib).learn_origin(row, Asn(66), FIRST as u32);
        assert_eq!(opinion(&rib, row, 66, WEEK - 1), Opinion::StillNew);
        assert_eq!(opinion(&rib, row, 66, WEEK), Opinion::Learn);
    }

    #[test]
    fn a_neighbour_of_the_origin_in_the_table_is_at_home() {
        let (rib, row) = table();
        assert_eq!(opinion(&rib, row, 70, 0), Opinion::Learn);
    }

    #[test]
    fn a_sibling_is_at_home() {
        let (mut rib, row) = table();
        u32::table_mut(&mut rib).learn_origin(row, Asn(3356), 0);
        let other = Nlri::new(0x1500_0000_u32, 16, 0);
        let row = u32::table_mut(&mut rib).row_or_new(other);
        u32::table_mut(&mut rib).learn_origin(row, Asn(3356), 0);
        assert_eq!(opinion(&rib, row, 3549, 0), Opinion::Learn);
        assert_eq!(opinion(&rib, row, 701, 0), Opinion::New);
    }

    #[test]
    fn a_set_names_nobody_and_the_first_origin_is_learned() {
        let (mut rib, row) = table();
        assert_eq!(opinion(&rib, row, 0, 0), Opinion::Fine);
        let other = Nlri::new(0x1500_0000_u32, 16, 0);
        let row = u32::table_mut(&mut rib).row_or_new(other);
        assert_eq!(opinion(&rib, row, 66, 0), Opinion::Learn);
    }
}
