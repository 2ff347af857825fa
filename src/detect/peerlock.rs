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
