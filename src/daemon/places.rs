//! Where the daemon is found, told at the start.

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

/// Where it listens, with the ports that were chosen.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Routers connect here; none where nothing listens.
    pub bmp: Option<SocketAddr>,
    /// Metrics, interface and page.
    pub http: SocketAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
}

impl Places {
    /// The line that `systemctl status` shows.
    pub fn status(&self) -> String {
        let bmp = self.bmp.map(|bmp| format!("BMP {bmp}, "));
        format!("{}HTTP {}", bmp.unwrap_or_default(), self.http)
    }

    /// The page, from this host.
    pub fn page(&self) -> String {
        format!("{}://{}/", self.scheme, near(self.http))
    }

    /// Says where everything is, and what is open to others.
    pub fn tell(&self, asks_password: bool, config: Option<&Path>) {
        if let Some(file) = config {
            tracing::info!(file = %file.display(), "configuration read");
        } else {
            tracing::info!("no configuration named: running on the defaults");
        }
        if let Some(address) = self.bmp {
            tracing::info!(%address, "listening for BMP");
        } else {
            tracing::info!("not listening for BMP");
        }
        let page = self.page();
        tracing::info!(
            address = %self.http,
            page,
            "listening for HTTP: status page, /metrics, /api/v1"
        );
        if !self.http.ip().to_canonical().is_loopback() && !asks_password {
            tracing::warn!(
                address = %self.http,
                "whoever reaches this address can read what our routers know; `http.web_config` \
                 can ask for a password"
            );
        }
        if let Some(address) = self.bmp.map(near)
            && std::io::stderr().is_terminal()
        {
            tracing::info!(
                "to try it, in a second terminal: leakwatch drill google-2017 --bmp {address}"
            );
        }
    }
}

/// The address under which this host reaches `address`.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_named_as_this_host_reaches_it() {
        let places = |http: &str| Places {
            bmp: Some("[::]:11019".parse().unwrap()),
            http: http.parse().unwrap(),
            scheme: "http",
        };
        assert_eq!(places("0.0.0.0:80").page(), "http://127.0.0.1:80/");
        assert_eq!(places("[::]:80").page(), "http://[::1]:80/");
        assert_eq!(places("192.0.2.1:80").page(), "http://192.0.2.1:80/");
        assert_eq!(
            places("192.0.2.1:80").status(),
            "BMP [::]:11019, HTTP 192.0.2.1:80"
        );
    }
}
