//! What `[http]` decides.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Where metrics, the interface and the status page are, and who may look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Names under which it is reached, beside its addresses and `localhost`: a request
    /// for another `Host` is refused, or any web page could read it through a browser.
    pub hosts: Vec<String>,
    /// TLS and basic authentication, in the form of Prometheus's exporter-toolkit.
    pub web_config: Option<PathBuf>,
    /// The tokens of those who may mute, acknowledge and announce changes; nobody may where
    /// none is named. `credential:NAME` is one of the service manager's.
    pub token_file: Option<PathBuf>,
    /// Connections at once.
    pub most_connections: u32,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 11080)),
            hosts: Vec::new(),
            web_config: None,
            token_file: None,
            most_connections: 256,
        }
    }
}
