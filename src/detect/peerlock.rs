//! `peerlock` and roles: what a neighbour must not send, being what it is to us.
//!
//! A customer or a peer announces its own and its customers' routes (RFC 9234 roles);
//! a transit-free network's AS behind it means that it passes on what a provider or
//! peer told it. One such route is enough, because the role is configured.

use super::{Detector, Finds, Verdict};
use crate::reference::Role;

/// Judges a path from a neighbour to which we are `local_role`; `from_tier1` says that
/// the neighbour is itself transit-free, so that others stand behind it rightly never,
/// and before it always.
pub fn judge(verdict: &Verdict, local_role: Option<Role>, from_tier1: bool) -> Finds {
    match local_role {
        Some(Role::Provider | Role::Peer | Role::RsClient)
            if verdict.tier1_behind && !from_tier1 =>
        {
            Finds::of(Detector::Peerlock) | Finds::BY_ROLE
        }
        _ => Finds::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(role: Option<Role>, tier1_behind: bool, from_tier1: bool) -> bool {
        let verdict = Verdict {
            tier1_behind,
            ..Verdict::default()
        };
        judge(&verdict, role, from_tier1).has(Detector::Peerlock)
    }

    #[test]
    fn customers_and_peers_must_not_bring_a_transit_free_network() {
        for role in [Role::Provider, Role::Peer, Role::RsClient] {
            assert!(found(Some(role), true, false), "{role}");
            assert!(!found(Some(role), false, false), "{role}");
            assert!(!found(Some(role), true, true), "{role}");
        }
    }

    #[test]
    fn a_provider_may_and_of_an_unknown_neighbour_nothing_is_said() {
        assert!(!found(Some(Role::Customer), true, false));
        assert!(!found(None, true, false));
    }
}
