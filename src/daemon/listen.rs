//! Opening sockets, and saying in words why that did not work.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use super::Fault;

/// Listens at `address`, which the configuration's `key` names.
pub async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Fault::Listen {
            key,
            address,
            source,
        })
}

/// Why a socket could not be opened, and what to do.
pub fn explain(key: &str, address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program listens there, leakwatch itself perhaps (`ss -ltnp 'sport = :{port}'` \
             says which); stop it or choose another port with `{key}`"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this host has no such address (`ip addr` lists those it has); see `{key}`")
        }
        io::ErrorKind::PermissionDenied => format!(
            "ports below 1024 are reserved for the superuser; choose a higher one with `{key}`"
        ),
        _ => format!("see `{key}`"),
    };
    format!("cannot listen on {address}: {error}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_explained() {
        let first = listen("bmp.listen", "127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let address = first.local_addr().unwrap();
        let fault = listen("bmp.listen", address).await.unwrap_err();
        let said = fault.to_string();
        assert!(
            said.contains(&address.to_string())
                && said.contains("another program")
                && said.contains("`bmp.listen`"),
            "{said}"
        );
    }
}
