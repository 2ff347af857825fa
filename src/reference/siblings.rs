//! AS numbers under one administration: between them every route may pass.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::lists;
use crate::bgp::Asn;

/// Groups of AS numbers; two groups that share a member are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Siblings {
    /// Each member to the lowest AS number of its group.
    groups: HashMap<u32, u32, FixedState>,
}

/// The built-in [`lists::SIBLINGS`].
impl Default for Siblings {
    fn default() -> Self {
        let mut siblings = Siblings {
            groups: HashMap::default(),
        };
        for group in lists::SIBLINGS {
            siblings.join(group.iter().copied().map(Asn));
        }
        siblings
    }
}

impl Siblings {
    /// Makes one group of `members` and of all groups that any of them is in.
    pub fn join(&mut self, members: impl IntoIterator<Item = Asn>) {
        let members: Vec<u32> = members.into_iter().map(|asn| asn.0).collect();
        let old: Vec<u32> = members.iter().map(|asn| self.group(*asn)).collect();
        let Some(&lowest) = old.iter().min() else {
            return;
        };
        for group in self.groups.values_mut() {
            if old.contains(group) {
                *group = lowest;
            }
        }
        self.groups
            .extend(members.into_iter().map(|asn| (asn, lowest)));
    }

    /// Whether `a` and `b` are one administration; an AS is its own sibling.
    pub fn are(&self, a: Asn, b: Asn) -> bool {
        a == b
            || match (self.groups.get(&a.0), self.groups.get(&b.0)) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            }
    }

    /// All groups, each in ascending order.
    pub fn groups(&self) -> Vec<Vec<Asn>> {
        let mut members: Vec<(u32, u32)> = self.groups.iter().map(|(a, g)| (*g, *a)).collect();
        members.sort_unstable();
        let mut groups: BTreeMap<u32, Vec<Asn>> = BTreeMap::new();
        for (group, asn) in members {
            groups.entry(group).or_default().push(Asn(asn));
        }
        groups.into_values().collect()
    }

    fn group(&self, asn: u32) -> u32 {
        self.groups.get(&asn).copied().unwrap_or(asn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_share_a_member_are_one() {
        let mut siblings = Siblings::default();
        let built_in = siblings.groups().len();
        siblings.join([Asn(64500), Asn(64501)]);
        siblings.join([Asn(64502), Asn(64503)]);
        assert!(siblings.are(Asn(64500), Asn(64501)));
        assert!(!siblings.are(Asn(64501), Asn(64502)));
        siblings.join([Asn(64503), Asn(64501)]);
        assert!(siblings.are(Asn(64500), Asn(64502)));
        assert!(!siblings.are(Asn(64500), Asn(64504)));
        assert_eq!(siblings.groups().len(), built_in + 1);
        siblings.join([]);
        assert_eq!(siblings.groups().len(), built_in + 1);
    }

    #[test]
    fn backbones_of_one_owner_are_siblings_from_the_start() {
        let siblings = Siblings::default();
        assert!(siblings.are(Asn(3356), Asn(3549)));
        assert!(siblings.are(Asn(701), Asn(2828)));
        assert!(!siblings.are(Asn(701), Asn(3356)));
    }
}
