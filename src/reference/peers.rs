//! What is configured of single neighbours: their names, roles and limits.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Relation;
use crate::bgp::{Afi, Asn, PeerKey};

/// The local role of a session (RFC 9234 §3.1): what *we* are to the neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// We buy transit from it.
    Customer,
    /// We sell it transit.
    Provider,
    /// We exchange our own and our customers' routes.
    Peer,
    /// We are the route server and it is a client (RFC 7947).
    RsServer,
    /// It is a route server and we are a client.
    RsClient,
}

impl Role {
    /// All of them, as spelled in the configuration.
    pub const NAMES: [(&'static str, Role); 5] = [
        ("customer", Role::Customer),
        ("provider", Role::Provider),
        ("peer", Role::Peer),
        ("rs-server", Role::RsServer),
        ("rs-client", Role::RsClient),
    ];

    /// What the neighbour is to us. Route servers and their clients exchange
    /// routes as peers do (RFC 9234 §5 treats them alike).
    pub const fn neighbour(self) -> Relation {
        match self {
            Role::Customer => Relation::Provider,
            Role::Provider => Relation::Customer,
            Role::Peer | Role::RsServer | Role::RsClient => Relation::Peer,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Role::NAMES.iter().find(|(_, role)| role == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// Text that is not a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; write customer, provider, peer, rs-server or rs-client")]
pub struct ParseRoleError(String);

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, role)| *role)
            .ok_or_else(|| ParseRoleError(text.to_owned()))
    }
}

/// What a router runs, for filters in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Cisco IOS XR.
    IosXr,
    /// Juniper Junos.
    Junos,
    /// Arista EOS.
    Eos,
    /// `FRRouting`.
    Frr,
    /// Huawei VRP.
    Vrp,
    /// Nokia SR OS (MD-CLI).
    SrOs,
}

impl Platform {
    /// All of them, as spelled in the configuration, with the name that people use.
    pub const NAMES: [(&'static str, Platform, &'static str); 6] = [
        ("ios-xr", Platform::IosXr, "Cisco IOS XR"),
        ("junos", Platform::Junos, "Junos"),
        ("eos", Platform::Eos, "Arista EOS"),
        ("frr", Platform::Frr, "FRR"),
        ("vrp", Platform::Vrp, "Huawei VRP"),
        ("sr-os", Platform::SrOs, "Nokia SR OS"),
    ];

    /// As people call it.
    pub fn title(self) -> &'static str {
        let name = Platform::NAMES
            .iter()
            .find(|(_, platform, _)| *platform == self);
        name.map_or("", |(_, _, title)| title)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Platform::NAMES
            .iter()
            .find(|(_, platform, _)| platform == self);
        f.write_str(name.map_or("", |(name, _, _)| name))
    }
}

/// Text that names no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform; write ios-xr, junos, eos, frr, vrp or sr-os")]
pub struct ParsePlatformError(String);

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Platform::NAMES
            .iter()
            .find(|(name, _, _)| *name == text)
            .map(|(_, platform, _)| *platform)
            .ok_or_else(|| ParsePlatformError(text.to_owned()))
    }
}

/// One `[[peer]]`: which neighbours it means and what holds for them.
///
/// A neighbour is meant when all of `address`, `asn` and `router` that are given
/// agree with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerPolicy {
    /// The neighbour's address.
    pub address: Option<IpAddr>,
    /// The neighbour's AS.
    pub asn: Option<Asn>,
    /// The router that monitors it, by the source address of its BMP session.
    pub router: Option<IpAddr>,
    /// What people call it.
    pub name: String,
    /// What we are to it.
    pub local_role: Option<Role>,
    /// IPv4 routes at which the router tears the session down.
    pub maximum_prefix_ipv4: Option<u32>,
    /// The same for IPv6.
    pub maximum_prefix_ipv6: Option<u32>,
    /// Percent of the limit that warns, where it differs from the general one.
    pub warning_percent: Option<u8>,
    /// Special-purpose prefixes and AS numbers are at home here: a private
    /// interconnection, a VRF, a laboratory.
    pub private: bool,
    /// It may send routes that carry our own AS (allowas-in), for a network whose
    /// sites meet only across the neighbour.
    pub allow_own_as: bool,
    /// What the router on our side of the session runs: filters are suggested in its words.
    pub platform: Option<Platform>,
}

impl PeerPolicy {
    /// Whether `key` is meant, and how much of it is named: more is more specific.
    pub(super) fn matches(&self, key: &PeerKey) -> Option<u8> {
        let router = key.router.address();
        let fits = |wanted: bool, agrees: bool, weight| match (wanted, agrees) {
            (false, _) => Some(0),
            (true, true) => Some(weight),
            (true, false) => None,
        };
        let address = fits(
            self.address.is_some(),
            self.address == Some(key.address),
            4_u8,
        )?;
        let router = fits(self.router.is_some(), self.router == router, 2)?;
        let asn = fits(self.asn.is_some(), self.asn == Some(key.asn), 1)?;
        Some(address + router + asn)
    }

    /// Routes of one family at which the session is torn down.
    pub const fn maximum_prefix(&self, afi: Afi) -> Option<u32> {
        match afi {
            Afi::Ipv4 => self.maximum_prefix_ipv4,
            Afi::Ipv6 => self.maximum_prefix_ipv6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_and_print_as_routers_spell_them() {
        for (name, role) in Role::NAMES {
            assert_eq!(name.parse(), Ok(role));
            assert_eq!(role.to_string(), name);
        }
        assert!("upstream".parse::<Role>().is_err());
    }

    #[test]
    fn our_role_says_what_the_neighbour_is() {
        assert_eq!(Role::Customer.neighbour(), Relation::Provider);
        assert_eq!(Role::Provider.neighbour(), Relation::Customer);
        assert_eq!(Role::RsClient.neighbour(), Relation::Peer);
    }

    #[test]
    fn every_given_part_must_agree() {
        let key = PeerKey::mrt("192.0.2.1".parse().unwrap(), Asn(64500));
        let mut policy = PeerPolicy {
            asn: Some(Asn(64500)),
            maximum_prefix_ipv6: Some(9),
            ..PeerPolicy::default()
        };
        assert_eq!(policy.matches(&key), Some(1));
        policy.address = Some(key.address);
        assert_eq!(policy.matches(&key), Some(5));
        policy.router = Some("203.0.113.1".parse().unwrap());
        assert_eq!(policy.matches(&key), None);
        assert_eq!(policy.maximum_prefix(Afi::Ipv6), Some(9));
        assert_eq!(policy.maximum_prefix(Afi::Ipv4), None);
    }
}
