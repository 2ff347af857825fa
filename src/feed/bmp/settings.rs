//! What the configuration's `[bmp]` decides.
//!
//! All of it but `listen` and `queue` is reloadable while sessions stay: who may connect
//! is asked at the next connection (those who are in stay in, unless they may no longer),
//! limits and holds hold from the next message on.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;

/// Where routers are heard, which, and how much of them is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where routers connect to; none listens nowhere.
    pub listen: Option<SocketAddr>,
    /// Who may connect. Needed beyond loopback, which may always: whoever has an account
    /// on this host can also play a drill.
    pub allow: Vec<IpNet>,
    /// Routers that wait for us to connect (RFC 7854 §3.2 leaves both ways open).
    pub connect: Vec<SocketAddr>,
    /// Routes of a router that is lost stay this long.
    pub hold_stale: Duration,
    /// A message must be whole this long after its first octet, and the first message
    /// this long after the connection. Between messages a router may be silent for ever.
    pub stall: Duration,
    /// A router with peers that has sent no Route Monitoring for so long is told of as
    /// silent; zero tells of none. A quarter of an hour is what a view needs to warm up
    /// and three files of a collector: a full table is never without a change so long.
    pub silent_after: Duration,
    /// Routers at once, those included whose routes are held while they are away.
    pub most_routers: u32,
    /// Peers at once, of all routers, those included whose routes are held.
    pub most_peers: u32,
    /// Peers at once, of one router.
    pub most_router_peers: u32,
    /// Octets of one BMP message; what is longer ends the session.
    pub most_message: u32,
    /// Bytes of updates that may wait for the engine; beyond them no socket is read.
    pub queue: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 11019))),
            allow: Vec::new(),
            connect: Vec::new(),
            hold_stale: Duration::from_secs(300),
            stall: Duration::from_secs(30),
            silent_after: Duration::from_secs(900),
            most_routers: 1000,
            most_peers: 20_000,
            most_router_peers: 4000,
            most_message: 1 << 20,
            queue: 64 << 20,
        }
    }
}

/// Why these settings cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Anyone could make up routes.
    #[error(
        "`listen` = \"{0}\" can be reached from other hosts, and BMP has no authentication: \
         say in `allow` which addresses your routers connect from"
    )]
    OpenToAll(SocketAddr),
}

impl Settings {
    /// Whether routers at `address` may connect. An IPv4 address that comes mapped into
    /// IPv6 is the IPv4 address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.allow.iter().any(|range| range.contains(&address))
    }

    /// Whether routers may be heard with these settings.
    ///
    /// # Errors
    /// If not, with what to change.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.listen {
            Some(listen) if !listen.ip().to_canonical().is_loopback() && self.allow.is_empty() => {
                Err(Refusal::OpenToAll(listen))
            }
            _ => Ok(()),
        }
    }

    /// Routers at one address at most: three quarters, so that a host that makes up
    /// sysNames leaves room for the others.
    pub fn most_at_one_address(&self) -> u32 {
        self.most_routers - self.most_routers / 4
    }

    /// Connections at once: a router that has rebooted connects while its earlier
    /// session still looks alive, and each may do so at the same time.
    pub fn most_connections(&self) -> u32 {
        self.most_routers.saturating_mul(2).max(16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_beyond_loopback_needs_a_list_of_who_may_connect() {
        let mut settings = Settings::default();
        assert_eq!(settings.check(), Ok(()));
        for open in ["0.0.0.0:11019", "[::]:11019", "192.0.2.1:11019"] {
            settings.listen = Some(open.parse().unwrap());
            let refusal = settings.check().unwrap_err();
            assert!(refusal.to_string().contains("`allow`"), "{refusal}");
        }
        settings.allow = vec!["192.0.2.0/24".parse().unwrap()];
        assert_eq!(settings.check(), Ok(()));
        settings.allow.clear();
        for closed in ["[::1]:11019", "127.8.8.8:1", "[::ffff:127.0.0.1]:11019"] {
            settings.listen = Some(closed.parse().unwrap());
            assert_eq!(settings.check(), Ok(()), "{closed}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_address_it_maps() {
        let settings = Settings {
            allow: vec![
                "192.0.2.0/24".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            ..Settings::default()
        };
        for (address, allowed) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("::ffff:198.51.100.7", false),
            ("2001:db8::7", true),
            ("2001:db9::7", false),
            ("127.0.0.1", true),
            ("::1", true),
        ] {
            assert_eq!(
                settings.allows(address.parse().unwrap()),
                allowed,
                "{address}"
            );
        }
    }
}
