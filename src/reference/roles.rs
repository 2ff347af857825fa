//! What whole networks are to us, as the roles of their sessions say.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{PeerPolicy, Relation};
use crate::bgp::Asn;

/// Relations by AS number. Every new path asks for them, and an exchange has a thousand sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roles(HashMap<u32, Relation, FixedState>);

impl Roles {
    /// Those that sessions with a role and an AS give. A network that is a customer on one of them is
    /// a customer: what it sends may go everywhere.
    pub fn of(peers: &[PeerPolicy]) -> Self {
        let mut roles: HashMap<u32, Relation, FixedState> = HashMap::default();
        for policy in peers {
            let (Some(asn), Some(role)) = (policy.asn, policy.local_role) else {
                continue;
            };
            let relation = role.neighbour();
            let known = roles.entry(asn.0).or_insert(relation);
            if relation == Relation::Customer {
                *known = relation;
            }
        }
        Roles(roles)
    }

    /// What a network is to us; none where no role says it.
    pub fn get(&self, asn: Asn) -> Option<Relation> {
        self.0.get(&asn.0).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Role;

    #[test]
    fn a_customer_on_one_session_is_a_customer() {
        let peer = |role| PeerPolicy {
            asn: Some(Asn(60)),
            local_role: Some(role),
            ..PeerPolicy::default()
        };
        let roles = |roles: &[Role]| {
            let peers: Vec<_> = roles.iter().map(|role| peer(*role)).collect();
            Roles::of(&peers)
        };
        assert_eq!(roles(&[Role::Peer]).get(Asn(60)), Some(Relation::Peer));
        assert_eq!(roles(&[Role::Peer]).get(Asn(61)), None);
        let both = roles(&[Role::Peer, Role::Provider, Role::Peer]);
        assert_eq!(both.get(Asn(60)), Some(Relation::Customer));
    }
}
