//! What should hold: who is what to whom, what is ours, and whom to call.
//!
//! Pure data and look-ups. It is built once from the configuration, numbered with
//! a generation, and only read afterwards; verdicts kept beside interned paths are
//! valid under the generation they were computed with. Nothing here reads files.
//!
//! Route origin and provider authorisations (RFC 6811, ASPA) belong in this room too.

mod as_set;
mod contacts;
pub mod lists;
mod own;
mod peers;
mod relations;
mod roles;
mod siblings;

pub use as_set::AsSet;
pub use contacts::{Contact, Contacts};
pub use own::{Own, OwnPrefixes, ParseRangeError, PrefixRange};
pub use peers::{ParsePlatformError, ParseRoleError, PeerPolicy, Platform, Role};
pub use relations::{Relation, Relations, RelationsError};
pub use roles::Roles;
pub use siblings::Siblings;

use crate::bgp::{Asn, PeerKey};

/// BLACKHOLE, 65535:666 (RFC 7999 §5).
pub const BLACKHOLE: u32 = 0xFFFF_029A;

/// Everything that is known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Number of this state of knowledge; raised by each reload.
    pub generation: u32,
    /// Our own AS; none where only a collector's files are read.
    pub local_as: Option<Asn>,
    /// Links from a relationship file.
    pub relations: Relations,
    /// Networks that buy transit from nobody.
    pub tier1: AsSet,
    /// Networks that sell transit to nobody outside their own house.
    pub never_transit: AsSet,
    /// AS numbers under one administration.
    pub siblings: Siblings,
    /// Route servers that leave their AS in the path (RFC 7947 §2.2.2.1).
    pub route_servers: AsSet,
    /// What is configured of single neighbours, in the order of the file.
    pub peers: Vec<PeerPolicy>,
    /// What they say of whole networks (`[[peer]]` with `as` and `local_role`).
    pub roles: Roles,
    /// Our own prefixes.
    pub own: OwnPrefixes,
    /// Standard communities that ask for a blackhole.
    pub blackhole_communities: Vec<u32>,
    /// Whom to call.
    pub contacts: Contacts,
}

/// The built-in [`lists`], and nothing configured.
impl Default for Reference {
    fn default() -> Self {
        Reference {
            generation: 0,
            local_as: None,
            relations: Relations::default(),
            tier1: lists::TIER1.iter().map(|entry| Asn(entry.0)).collect(),
            never_transit: lists::NEVER_TRANSIT
                .iter()
                .map(|entry| Asn(entry.asn))
                .collect(),
            siblings: Siblings::default(),
            route_servers: AsSet::default(),
            peers: Vec::new(),
            roles: Roles::default(),
            own: OwnPrefixes::default(),
            blackhole_communities: vec![BLACKHOLE],
            contacts: Contacts::default(),
        }
    }
}

impl Reference {
    /// What `b` is to `a`.
    ///
    /// Siblings come first (a relationship file cannot tell them apart), then the
    /// file, then that two transit-free networks can only be peers.
    pub fn relation(&self, a: Asn, b: Asn) -> Relation {
        if self.siblings.are(a, b) {
            return Relation::Sibling;
        }
        match self.relations.relation(a, b) {
            Relation::Unknown if self.tier1.contains(a) && self.tier1.contains(b) => Relation::Peer,
            known => known,
        }
    }

    /// Whether `carrier`, a network that sells no transit, has reason to carry
    /// routes of `neighbour`: one of its own ASes, a sibling, or a customer by the
    /// relationship file.
    pub fn may_carry(&self, carrier: Asn, neighbour: Asn) -> bool {
        lists::never_transit_cone(carrier).contains(&neighbour.0)
            || matches!(
                self.relation(carrier, neighbour),
                Relation::Sibling | Relation::Customer
            )
    }

    /// What is configured of this neighbour: the policy that names most of it,
    /// the earlier one of two that name as much.
    pub fn peer_policy(&self, key: &PeerKey) -> Option<&PeerPolicy> {
        let mut best: Option<(u8, &PeerPolicy)> = None;
        for policy in &self.peers {
            if let Some(score) = policy.matches(key)
                && best.is_none_or(|(most, _)| score > most)
            {
                best = Some((score, policy));
            }
        }
        best.map(|(_, policy)| policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_come_before_the_file_and_the_file_before_the_tier1_rule() {
        let relations = Relations::parse("3356|3549|-1\n701|1299|-1\n".as_bytes()).unwrap();
        let reference = Reference {
            relations,
            ..Reference::default()
        };
        let relation = |a, b| reference.relation(Asn(a), Asn(b));
        assert_eq!(relation(3356, 3549), Relation::Sibling);
        assert_eq!(relation(701, 1299), Relation::Customer);
        assert_eq!(relation(1299, 701), Relation::Provider);
        assert_eq!(relation(2914, 1299), Relation::Peer);
        assert_eq!(relation(2914, 15169), Relation::Unknown);
        assert_eq!(relation(64500, 64500), Relation::Sibling);
    }

    #[test]
    fn google_may_carry_youtube_but_not_ocn() {
        let reference = Reference::default();
        assert!(reference.never_transit.contains(Asn(15169)));
        assert!(reference.may_carry(Asn(15169), Asn(36040)));
        assert!(!reference.may_carry(Asn(15169), Asn(4713)));
        assert!(!reference.may_carry(Asn(15169), Asn(701)));
    }

    #[test]
    fn the_policy_that_names_most_of_a_peer_applies() {
        let policy = |name: &str, address: Option<&str>, asn, router: Option<&str>| PeerPolicy {
            name: name.to_owned(),
            address: address.map(|text| text.parse().unwrap()),
            asn,
            router: router.map(|text| text.parse().unwrap()),
            ..PeerPolicy::default()
        };
        let reference = Reference {
            peers: vec![
                policy("by as", None, Some(Asn(64500)), None),
                policy("by address", Some("192.0.2.1"), None, None),
                policy("by router", Some("192.0.2.1"), None, Some("203.0.113.9")),
                policy("again", Some("192.0.2.1"), None, None),
            ],
            ..Reference::default()
        };
        let name = |key: &PeerKey| reference.peer_policy(key).map(|found| found.name.as_str());
        let mut key = PeerKey::mrt("192.0.2.1".parse().unwrap(), Asn(64500));
        assert_eq!(name(&key), Some("by address"));
        key.router = crate::bgp::Router::bmp("203.0.113.9".parse().unwrap());
        assert_eq!(name(&key), Some("by router"));
        key.address = "192.0.2.2".parse().unwrap();
        assert_eq!(name(&key), Some("by as"));
        key.asn = Asn(64501);
        assert_eq!(name(&key), None);
    }
}
