//! What the service manager hears of us (`sd_notify(3)`); without one, nothing is sent.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use super::Heartbeat;

/// The sockets are open and everything runs; `status` is the line that
/// `systemctl status` shows.
pub fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is being read anew; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "no monotonic clock to tell the service manager"),
    }
}

/// The end has begun.
pub fn stopping() {
    send(&[
        NotifyState::Stopping,
        NotifyState::Status("finishing what was read"),
    ]);
}

/// Feeds the service manager's watchdog for as long as the engine's thread lives: at
/// half the time it allows, and only while the last sign of life is younger than that.
/// It runs beside the sockets, so that it falls silent with either.
pub async fn watchdog(heartbeat: Heartbeat) {
    let Some(most) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut turns = interval((most / 3).max(Duration::from_millis(10)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let age = heartbeat.age();
        if age < most / 2 {
            send(&[NotifyState::Watchdog]);
        } else {
            tracing::error!(
                seconds = age.as_secs(),
                "the engine's thread gives no sign of life; the watchdog is not fed"
            );
        }
    }
}

fn send(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
