//! Connections that we make, to routers configured to wait for them (RFC 7854 §3.2).

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{Site, connection, listener, routers::lock};

/// A connection that takes longer is given up.
const CONNECT: Duration = Duration::from_secs(10);
/// The first pause after a failure; each one more is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Targets with a task.
type Running = Arc<Mutex<BTreeSet<SocketAddr>>>;

/// Keeps a task for each router of [`Settings::connect`](super::Settings::connect).
pub(super) async fn connect_all(mut site: Site) {
    let running = Running::default();
    let mut tasks = JoinSet::new();
    loop {
        let wanted = site.settings.borrow_and_update().connect.clone();
        for target in wanted {
            if lock(&running).insert(target) {
                tasks.spawn(keep_connected(target, site.clone(), Arc::clone(&running)));
            }
        }
        tokio::select! {
            biased;
            _ = site.stop.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next() => {}
            changed = site.settings.changed() => if changed.is_err() {
                break;
            },
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Connects again and again while `target` is wanted.
async fn keep_connected(target: SocketAddr, mut site: Site, running: Running) {
    let mut pause = FIRST_PAUSE;
    loop {
        // Under the lock, so that a target wanted again meanwhile gets a new task.
        let mut tasks = lock(&running);
        if !site.settings.borrow_and_update().connect.contains(&target) {
            tasks.remove(&target);
            site.routers.table().targets.remove(&target);
            return;
        }
        drop(tasks);
        let began = Instant::now();
        let connected = tokio::select! {
            biased;
            _ = site.stop.wait_for(|stop| *stop) => return,
            connected = timeout(CONNECT, TcpStream::connect(target)) => connected,
        };
        let connected = connected.unwrap_or_else(|late| Err(late.into()));
        let now = site.clock.now();
        match connected {
            Ok(stream) => {
                site.routers.tried(target, None, now);
                listener::prepare(&stream);
                connection::run(stream, target.ip(), Some(target), &site).await;
            }
            Err(error) => {
                tracing::warn!(router = %target, %error, "cannot connect to a router");
                site.routers.tried(target, Some(error.to_string()), now);
            }
        }
        pause = if began.elapsed() > LONGEST_PAUSE {
            FIRST_PAUSE
        } else {
            pause.saturating_mul(2).min(LONGEST_PAUSE)
        };
        tokio::select! {
            biased;
            _ = site.stop.wait_for(|stop| *stop) => return,
            _ = site.settings.changed() => {}
            () = sleep(jitter(pause)) => {}
        }
    }
}

/// A quarter more or less, so that what failed together does not come back together.
fn jitter(pause: Duration) -> Duration {
    // Each `RandomState` hashes differently; no generator is needed for so little.
    let random = RandomState::new().build_hasher().finish();
    let share = (random % 512) as f64 / 1024.0;
    pause.mul_f64(0.75 + share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_by_a_quarter() {
        let pauses: Vec<_> = (0..200).map(|_| jitter(Duration::from_secs(8))).collect();
        let least = pauses.iter().min().unwrap();
        let most = pauses.iter().max().unwrap();
        assert!(*least >= Duration::from_secs(6) && *most < Duration::from_secs(10));
        assert!(*most > *least + Duration::from_secs(2));
    }
}
