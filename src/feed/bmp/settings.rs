//! What the configuration's `[bmp]` decides.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;

/// Where routers are heard, which, and how much of them is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where routers connect to; none listens nowhere.
    pub listen: Option<SocketAddr>,
    /// Who may connect. Needed beyond loopback.
    pub allow: Vec<IpNet>,
    /// Routers that wait for us to connect (RFC 7854 §3.2 leaves both ways open).
    pub connect: Vec<SocketAddr>,
    /// Routes of a router that is lost stay this long.
    pub hold_stale: Duration,
    /// A sender may be silent this long inside one message.
    pub stall: Duration,
    /// Sessions at once.
    pub most_routers: u32,
    /// Peers at once, of all routers.
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
            most_routers: 1000,
            most_peers: 20_000,
            most_router_peers: 4000,
            most_message: 1 << 20,
            queue: 64 << 20,
        }
    }
}
