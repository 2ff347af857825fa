//! `outbound`: what we send to a provider or peer and must not.
//!
//! What we have from a provider or a peer goes to customers only (RFC 7908, RFC 9234 §5). Seen in
//! the Adj-RIB-Out (RFC 8671), a leak of our own shows before anybody else sees it.

use super::{Detector, Finds, Verdict};
use crate::reference::Role;

/// Judges a path on its way to a neighbour to which we are `local_role`.
pub fn judge(verdict: &Verdict, local_role: Option<Role>) -> Finds {
    match local_role {
        Some(Role::Customer | Role::Peer | Role::RsClient) if verdict.from_afar => {
            Finds::of(Detector::Outbound) | Finds::BY_ROLE
        }
        _ => Finds::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_a_provider_or_peer_goes_to_customers_only() {
        let afar = Verdict {
            from_afar: true,
            ..Verdict::default()
        };
        for role in [Role::Customer, Role::Peer, Role::RsClient] {
            assert!(judge(&afar, Some(role)).any(Finds::BY_ROLE), "{role}");
            assert_eq!(
                judge(&Verdict::default(), Some(role)),
                Finds::NONE,
                "{role}"
            );
        }
        assert_eq!(judge(&afar, Some(Role::Provider)), Finds::NONE);
        assert_eq!(judge(&afar, None), Finds::NONE);
    }
}
