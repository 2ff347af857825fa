//! Accepting routers' connections.

use std::{io, net::IpAddr, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{Site, connect, connection, door::Door, keeper, publish};

/// After an accept that failed (no file descriptor, no memory) nothing is accepted for so
/// long; the system keeps those who wait.
const BACK_OFF: Duration = Duration::from_millis(250);
/// A router that is gone without a word is noticed after a minute and a half.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMES: u32 = 3;

/// Hears routers at `listener`, connects to those that wait for it, and keeps what is
/// lost, until `site.stop`. Every session has handed on what it read when this returns.
pub async fn serve(listener: Option<TcpListener>, site: Site) {
    let mut parts = JoinSet::new();
    parts.spawn(keeper::keep(site.clone()));
    parts.spawn(publish::publish(site.clone()));
    parts.spawn(connect::connect_all(site.clone()));
    if let Some(listener) = listener {
        parts.spawn(accept_all(listener, site));
    }
    while parts.join_next().await.is_some() {}
}

async fn accept_all(listener: TcpListener, site: Site) {
    let mut stop = site.stop.clone();
    let mut door = Door::new(descriptors());
    let mut connections = JoinSet::new();
    let mut not_before = None;
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(left) = connections.join_next() => {
                if let Ok(address) = left {
                    door.leave(address);
                }
                site.routers.table().connections = door.connections();
            }
            accepted = accept(&listener, not_before) => match accepted {
                Ok((stream, address)) => {
                    not_before = None;
                    admit(stream, address, &mut door, &mut connections, &site);
                }
                Err(error) => {
                    not_before = cannot_accept(&error, &site);
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// File descriptors that this process may have; more than enough where nothing says.
fn descriptors() -> u32 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(u32::MAX)
}

async fn accept(
    listener: &TcpListener,
    not_before: Option<Instant>,
) -> io::Result<(TcpStream, IpAddr)> {
    if let Some(time) = not_before {
        sleep_until(time).await;
    }
    let (stream, address) = listener.accept().await?;
    Ok((stream, address.ip().to_canonical()))
}

/// What failed is one connection, or everything for a while.
fn cannot_accept(error: &io::Error, site: &Site) -> Option<Instant> {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    ) {
        return None;
    }
    site.routers.table().past.accept_errors += 1;
    tracing::error!(%error, "no BMP connection can be accepted for the moment");
    Some(Instant::now() + BACK_OFF)
}

fn admit(
    stream: TcpStream,
    address: IpAddr,
    door: &mut Door,
    connections: &mut JoinSet<IpAddr>,
    site: &Site,
) {
    let entered = door.enter(address, &site.settings.borrow(), Instant::now().into_std());
    if let Err(refused) = entered {
        site.routers.refused(refused);
        tracing::warn!(%address, reason = refused.name(), "BMP connection refused");
        return;
    }
    let mut table = site.routers.table();
    table.past.connections += 1;
    table.connections = door.connections();
    drop(table);
    prepare(&stream);
    let site = site.clone();
    connections.spawn(async move {
        connection::run(stream, address, None, &site).await;
        address
    });
}

/// Notices when the other end is gone without a word. A socket that cannot is used all
/// the same.
pub(super) fn prepare(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TIMES);
    if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "no TCP keepalive");
    }
}
