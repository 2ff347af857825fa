//! A set of AS numbers that answers in one look-up.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::bgp::Asn;

/// A set of AS numbers.
///
/// Its members come from the configuration, never from the network, so the hash
/// needs no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsSet(HashSet<u32, FixedState>);

impl AsSet {
    /// Whether `asn` is a member.
    pub fn contains(&self, asn: Asn) -> bool {
        self.0.contains(&asn.0)
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in ascending order.
    pub fn sorted(&self) -> Vec<Asn> {
        let mut members: Vec<Asn> = self.0.iter().copied().map(Asn).collect();
        members.sort_unstable();
        members
    }
}

impl FromIterator<Asn> for AsSet {
    fn from_iter<I: IntoIterator<Item = Asn>>(members: I) -> Self {
        AsSet(members.into_iter().map(|asn| asn.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_and_listed_in_order() {
        let set: AsSet = [Asn(701), Asn(174), Asn(701)].into_iter().collect();
        assert!(set.contains(Asn(174)));
        assert!(!set.contains(Asn(175)));
        assert_eq!(set.sorted(), [Asn(174), Asn(701)]);
        assert_eq!((set.len(), set.is_empty()), (2, false));
    }
}
