//! A router as it is shown: in the API, in metrics, on the status page.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;

use super::{
    Ending,
    routers::{Entry, Key, Target, lock},
};
use crate::{
    bgp::{Router, Timestamp, UntrustedText},
    feed::intake::Realm,
    wire::bmp::Kind,
};

/// How a router stands to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is configured in `connect` and cannot be reached yet.
    Connecting,
    /// Its session is up.
    Up,
    /// Its session is lost; its routes are held.
    Stale,
    /// It is away, and nothing of it is held.
    Gone,
}

/// One router.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouterState {
    /// As [`crate::bgp::Router`] prints: its address, and a number where several share it.
    pub router: String,
    /// The address its session comes from.
    pub address: IpAddr,
    /// What it calls itself.
    pub sys_name: UntrustedText,
    /// What it says it is.
    pub sys_descr: UntrustedText,
    /// It plays a drill.
    pub drill: bool,
    /// We connect to it.
    pub active: bool,
    /// How it stands.
    pub state: Standing,
    /// Since when.
    pub since: Timestamp,
    /// Since when it cannot be heard, whether its routes are held or not; none while it is up.
    #[serde(skip)]
    pub away_since: Option<Timestamp>,
    /// When its routes are dropped if it does not come back.
    pub stale_until: Option<Timestamp>,
    /// Sessions it has had.
    pub sessions: u64,
    /// Why its last session ended, or why it cannot be reached.
    pub last_error: Option<String>,
    /// Peers that are up.
    pub peers: u32,
    /// Peers whose routes are held.
    pub stale_peers: u32,
    /// Octets received, of all its sessions.
    pub bytes: u64,
    /// BMP messages received, by type, of all its sessions.
    pub messages: BTreeMap<&'static str, u64>,
    /// What was wrong with its messages, by reason, of all its sessions.
    pub decode_errors: BTreeMap<&'static str, u64>,
    /// When the last message came.
    pub last_message: Option<Timestamp>,
    /// When the last Route Monitoring came.
    pub last_update: Option<Timestamp>,
    /// Its clock before ours in seconds, by the last message that had a time.
    pub clock_skew_seconds: Option<f64>,
    /// It has sent no Route Monitoring for longer than `silent_after`.
    pub silent: bool,
    /// Peers of which it counts other routes than we do.
    pub desynchronised: u32,
}

impl RouterState {
    /// One of which nothing has been heard, that stands so since then.
    pub fn unheard(router: String, address: IpAddr, state: Standing, since: Timestamp) -> Self {
        RouterState {
            router,
            address,
            sys_name: UntrustedText::default(),
            sys_descr: UntrustedText::default(),
            drill: false,
            active: false,
            state,
            since,
            away_since: Some(since),
            stale_until: None,
            sessions: 0,
            last_error: None,
            peers: 0,
            stale_peers: 0,
            bytes: 0,
            messages: BTreeMap::new(),
            decode_errors: BTreeMap::new(),
            last_message: None,
            last_update: None,
            clock_skew_seconds: None,
            silent: false,
            desynchronised: 0,
        }
    }
}

impl Entry {
    /// As it is shown.
    pub(super) fn show(&self, (realm, address, instance): &Key) -> RouterState {
        let progress = lock(&self.progress);
        let mut all = self.past.clone();
        all.absorb(&progress);
        let router = Router::Bmp {
            address: *address,
            instance: *instance,
        };
        RouterState {
            router: router.to_string(),
            address: *address,
            sys_name: self.sys_name.clone(),
            sys_descr: self.sys_descr.clone(),
            drill: *realm == Realm::Drill,
            active: self.active,
            state: self.standing,
            since: self.since,
            away_since: self.away,
            stale_until: self.stale_until,
            sessions: self.sessions,
            last_error: self.last_end.as_ref().map(Ending::to_string),
            peers: progress.peers,
            stale_peers: progress.stale,
            bytes: all.bytes,
            messages: Kind::ALL
                .iter()
                .map(|kind| kind.name())
                .zip(all.messages)
                .filter(|(_, count)| *count > 0)
                .collect(),
            decode_errors: all
                .tally
                .errors()
                .map(|(reason, count)| (reason.name(), count))
                .collect(),
            last_message: all.last_message,
            last_update: all.last_update,
            clock_skew_seconds: all.skew.map(|micros| micros as f64 / 1e6),
            silent: self.silent,
            desynchronised: self.strikes.count(),
        }
    }
}

impl Target {
    /// As it is shown.
    pub(super) fn show(&self, target: SocketAddr) -> RouterState {
        let address = target.ip().to_canonical();
        let state = Standing::Connecting;
        RouterState {
            active: true,
            last_error: self.error.clone(),
            ..RouterState::unheard(target.to_string(), address, state, self.since)
        }
    }
}
