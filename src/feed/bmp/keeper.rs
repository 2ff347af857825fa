//! What is due without a router saying anything: peers whose router did not come back,
//! routers to be forgotten, routers that have fallen silent.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Site, routers::Key, session::tell_of};
use crate::{
    bgp::{DownReason, EventKind, PeerKey, Router, Timestamp},
    feed::intake::{Realm, Stopped},
};

/// How often it is looked after.
const TICK: Duration = Duration::from_secs(1);

/// What a peer is that nobody speaks for any more (RFC 7854 §4.9, reason 5).
pub(super) const GIVEN_UP: EventKind = EventKind::PeerDown(DownReason::Unmonitored);

/// Ends what is held of routers that are away, until everything stops.
pub(super) async fn keep(mut site: Site) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = site.stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        let now = site.clock.now();
        if give_up(&site, now).await.is_err() {
            return;
        }
        site.routers.forget(now);
    }
}

/// Declares peers down whose router did not come back in time. While that is handed on,
/// a router that comes back after all waits.
async fn give_up(site: &Site, now: Timestamp) -> Result<(), Stopped> {
    for (key, mut hold) in site.routers.overdue(now) {
        let (realm, address, instance) = key;
        let router = Router::Bmp { address, instance };
        let peers = hold.take();
        let held = peers.len() as u32;
        tracing::warn!(
            %router,
            peers = held,
            "a router did not come back; its routes are dropped"
        );
        tell(site, realm, peers, GIVEN_UP).await?;
        site.routers.count_peers(held, 0);
        site.routers.gone(key, now);
    }
    Ok(())
}

/// Tells the engine one thing of many peers, in as many batches as they take.
pub(super) async fn tell(
    site: &Site,
    realm: Realm,
    peers: Vec<PeerKey>,
    kind: EventKind,
) -> Result<(), Stopped> {
    let mut peers = peers.into_iter();
    loop {
        let mut batch = site.intake.batch();
        let more = tell_of(&mut peers, kind, site.clock.now(), &mut batch);
        if !batch.events.is_empty() {
            let now = Instant::now().into_std();
            site.intake.send(realm, batch, now).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// Tells of routers that have fallen silent, and of those that are heard again.
pub(super) fn listen_for_silence(site: &Site) {
    let after = site.settings.borrow().silent_after;
    for (key, silent) in site.routers.silence(site.clock.now(), after) {
        let (_, address, instance): Key = key;
        let router = Router::Bmp { address, instance };
        if silent {
            tracing::warn!(
                %router,
                seconds = after.as_secs(),
                "a router with peers has sent no update for longer than silent_after"
            );
        } else {
            tracing::info!(%router, "a router that was silent sends updates again");
        }
    }
}
