//! Every router that is heard, was heard or is tried: who it is, and that one session
//! speaks for it.
//!
//! A router is its address and its sysName (RFC 7854 §4.4). Where several share an
//! address they are numbered as they appear, and a number is its sysName's until the
//! router is forgotten. A newer session of the same router takes over: the older one
//! hands on what it has read, leaves, and only then is the newer one read further.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedMutexGuard, watch};

use super::{
    Ending, Refused, Settings,
    compare::Strikes,
    hold::Hold,
    progress::Progress,
    state::{RouterState, Standing},
    sums::Sums,
};
use crate::{
    bgp::{Router, Timestamp, UntrustedText},
    feed::intake::Realm,
};

/// Routers that are gone are remembered so long: their number stays theirs.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// The table of routers; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Routers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    table: Mutex<Table>,
    /// Peers that are up or held, of all routers.
    peers: AtomicU32,
    /// Drill sessions. Held while the last one says so, so that the next drill's first
    /// batch comes after.
    drills: tokio::sync::Mutex<u32>,
}

/// Realm, address, instance.
pub(super) type Key = (Realm, IpAddr, u16);

#[derive(Debug, Default)]
pub(super) struct Table {
    pub entries: BTreeMap<Key, Entry>,
    pub targets: BTreeMap<SocketAddr, Target>,
    /// Connections that are open, whether a router has said whose they are or not.
    pub connections: u32,
    /// Of sessions that are over, and of what never became one.
    pub past: Sums,
    serial: u64,
}

/// A router that waits for us to connect, while it has no session.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub since: Timestamp,
    pub error: Option<String>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub sys_name: UntrustedText,
    pub sys_descr: UntrustedText,
    pub active: bool,
    pub standing: Standing,
    pub since: Timestamp,
    /// When its last session ended; none while one is up. That nothing is held any more
    /// does not change it.
    pub away: Option<Timestamp>,
    pub stale_until: Option<Timestamp>,
    pub sessions: u64,
    pub last_end: Option<Ending>,
    pub silent: bool,
    /// Of earlier sessions: octets, messages, tally.
    pub past: Progress,
    /// Of the session that is up, or of the last one.
    pub progress: Arc<Mutex<Progress>>,
    pub strikes: Strikes,
    /// Which session is the newest.
    serial: u64,
    evict: watch::Sender<bool>,
    baton: Arc<tokio::sync::Mutex<Hold>>,
}

/// What a session says of its router.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    pub realm: Realm,
    pub address: IpAddr,
    pub active: bool,
    pub sys_name: UntrustedText,
    pub sys_descr: UntrustedText,
}

/// A session's place in the table.
#[derive(Debug)]
pub(super) struct Seat {
    key: Key,
    serial: u64,
    /// Turns true when a newer session of the router is there.
    pub evicted: watch::Receiver<bool>,
    /// The right to speak for the router, to be waited for.
    pub baton: Arc<tokio::sync::Mutex<Hold>>,
    /// Where the session writes what it has read.
    pub progress: Arc<Mutex<Progress>>,
    /// Whether an earlier session was still up.
    pub takes_over: bool,
}

impl Seat {
    /// Whom the session speaks for.
    pub const fn router(&self) -> Router {
        Router::Bmp {
            address: self.key.1,
            instance: self.key.2,
        }
    }

    /// Which Internet it speaks of.
    pub const fn realm(&self) -> Realm {
        self.key.0
    }
}

impl Routers {
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.0.table)
    }

    /// Gives a session its place; an older one of the same router is told to leave.
    ///
    /// # Errors
    /// If there is no place.
    pub(super) fn enter(
        &self,
        who: Introduction,
        settings: &Settings,
        now: Timestamp,
        progress: &Arc<Mutex<Progress>>,
    ) -> Result<Seat, Ending> {
        self.table().enter(who, settings, now, progress)
    }

    /// Ends a session whose peers are held, `held` of them; 0 holds nothing.
    pub(super) fn leave(
        &self,
        seat: &Seat,
        ending: Ending,
        held: usize,
        until: Timestamp,
        now: Timestamp,
    ) {
        let mut table = self.table();
        let past = std::mem::take(&mut *lock(&seat.progress));
        table.past.add(&past);
        table.past.count_closed(&ending);
        let Some(entry) = table.entries.get_mut(&seat.key) else {
            return;
        };
        entry.past.absorb(&past);
        entry.last_end = Some(ending);
        if entry.serial != seat.serial {
            return;
        }
        entry.silent = false;
        entry.since = now;
        entry.away = Some(now);
        entry.standing = if held == 0 {
            Standing::Gone
        } else {
            Standing::Stale
        };
        entry.stale_until = (held > 0).then_some(until);
        lock(&entry.progress).stale = u32::try_from(held).unwrap_or(u32::MAX);
        if seat.realm() == Realm::Drill {
            table.entries.remove(&seat.key);
        }
    }

    /// A connection that never became a router's session is over.
    pub(super) fn turned_away(&self, progress: &Progress, ending: &Ending) {
        let mut table = self.table();
        table.past.add(progress);
        table.past.count_closed(ending);
    }

    /// A connection was refused before a byte of it was read.
    pub(super) fn refused(&self, refused: Refused) {
        self.table().past.count_refused(refused);
    }

    /// Routers whose hold may be over: what is held, and where.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<(Key, OwnedMutexGuard<Hold>)> {
        let table = self.table();
        table
            .entries
            .iter()
            .filter(|(_, entry)| {
                entry.standing == Standing::Stale
                    && entry.stale_until.is_none_or(|until| until <= now)
            })
            .filter_map(|(key, entry)| {
                Some((*key, Arc::clone(&entry.baton).try_lock_owned().ok()?))
            })
            .collect()
    }

    /// Nothing is held of a router any more.
    pub(super) fn gone(&self, key: Key, now: Timestamp) {
        let mut table = self.table();
        if let Some(entry) = table.entries.get_mut(&key)
            && entry.standing == Standing::Stale
        {
            entry.standing = Standing::Gone;
            entry.since = now;
            entry.stale_until = None;
            lock(&entry.progress).stale = 0;
        }
    }

    /// Forgets routers that have long been away.
    pub(super) fn forget(&self, now: Timestamp) {
        self.table().entries.retain(|_, entry| {
            entry.standing != Standing::Gone || now.since(entry.since) < REMEMBERED
        });
    }

    /// It was tried to connect to `target`.
    pub(super) fn tried(&self, target: SocketAddr, error: Option<String>, now: Timestamp) {
        let mut table = self.table();
        if error.is_none() {
            table.past.connected += 1;
        } else {
            table.past.connect_failures += 1;
        }
        let state = table.targets.entry(target).or_insert(Target {
            since: now,
            error: None,
        });
        state.error = error;
    }

    /// Marks routers with peers that have sent no update for longer than `after`, zero
    /// being never; returns those for which that has changed.
    pub(super) fn silence(&self, now: Timestamp, after: Duration) -> Vec<(Key, bool)> {
        let mut changed = Vec::new();
        for (key, entry) in &mut self.table().entries {
            if key.0 != Realm::Live || entry.standing != Standing::Up {
                continue;
            }
            let progress = lock(&entry.progress);
            let heard = progress.last_update.unwrap_or(entry.since).max(entry.since);
            let silent = !after.is_zero() && progress.peers > 0 && now.since(heard) >= after;
            if silent != entry.silent {
                entry.silent = silent;
                changed.push((*key, silent));
            }
        }
        changed
    }

    /// Peers that are up or held, of all routers.
    pub fn peers(&self) -> u32 {
        self.0.peers.load(Ordering::Relaxed)
    }

    /// Corrects the sum of peers from what a router had to what it has.
    pub(super) fn count_peers(&self, had: u32, has: u32) {
        // Two's complement: adding the difference is right in both directions.
        self.0
            .peers
            .fetch_add(has.wrapping_sub(had), Ordering::Relaxed);
    }

    /// A drill session begins; it waits while the world of drills is being ended.
    pub(super) async fn drill_begins(&self) {
        *self.0.drills.lock().await += 1;
    }

    /// A drill session is over. Returns the lock on beginnings where it was the last.
    pub(super) async fn drill_ends(&self) -> Option<tokio::sync::MutexGuard<'_, u32>> {
        let mut drills = self.0.drills.lock().await;
        *drills = drills.saturating_sub(1);
        (*drills == 0).then_some(drills)
    }

    /// Every router, by address; configured ones that have no session included.
    pub fn list(&self) -> Vec<RouterState> {
        let table = self.table();
        let mut list: Vec<_> = table
            .entries
            .iter()
            .map(|(key, entry)| entry.show(key))
            .collect();
        let tried = table.targets.iter().filter(|(target, _)| {
            let address = target.ip().to_canonical();
            !table
                .entries
                .iter()
                .any(|((_, at, _), entry)| *at == address && entry.active)
        });
        list.extend(tried.map(|(target, state)| state.show(*target)));
        list
    }

    /// Sums of all sessions, those that are over included.
    pub fn sums(&self) -> Sums {
        let table = self.table();
        let mut sums = table.past.clone();
        for entry in table.entries.values() {
            sums.add(&lock(&entry.progress));
        }
        sums
    }
}

impl Table {
    fn enter(
        &mut self,
        who: Introduction,
        settings: &Settings,
        now: Timestamp,
        progress: &Arc<Mutex<Progress>>,
    ) -> Result<Seat, Ending> {
        let key = self.place(&who, settings)?;
        self.serial += 1;
        let serial = self.serial;
        let (evict, evicted) = watch::channel(false);
        let known = self.entries.remove(&key);
        let takes_over = known
            .as_ref()
            .is_some_and(|entry| entry.standing == Standing::Up);
        let (baton, past, sessions, last_end) = known.map_or_else(Default::default, |entry| {
            // Who receives this leaves; nobody does where the session is over.
            entry.evict.send_replace(true);
            let stale = lock(&entry.progress).stale;
            lock(progress).stale = stale;
            (entry.baton, entry.past, entry.sessions, entry.last_end)
        });
        let entry = Entry {
            sys_name: who.sys_name,
            sys_descr: who.sys_descr,
            active: who.active,
            standing: Standing::Up,
            since: now,
            away: None,
            stale_until: None,
            sessions: sessions + 1,
            last_end,
            silent: false,
            past,
            progress: Arc::clone(progress),
            strikes: Strikes::default(),
            serial,
            evict,
            baton: Arc::clone(&baton),
        };
        self.entries.insert(key, entry);
        if takes_over {
            self.past.take_overs += 1;
        }
        Ok(Seat {
            key,
            serial,
            evicted,
            baton,
            progress: Arc::clone(progress),
            takes_over,
        })
    }

    /// The router's place: its own, or a new one.
    fn place(&mut self, who: &Introduction, settings: &Settings) -> Result<Key, Ending> {
        let first = (who.realm, who.address, 0);
        let last = (who.realm, who.address, u16::MAX);
        let mut free = 0;
        let mut here = 0;
        for (key, entry) in self.entries.range(first..=last) {
            if entry.sys_name == who.sys_name {
                return Ok(*key);
            }
            // Instances come in order: the first gap is the first free number.
            free += u16::from(free == key.2);
            here += u32::from(entry.standing != Standing::Gone);
        }
        if here >= settings.most_at_one_address() || free == u16::MAX {
            return Err(Ending::TooManyAtAddress);
        }
        if self.entries.len() >= settings.most_routers as usize {
            let oldest = self
                .entries
                .iter()
                .filter(|(_, entry)| entry.standing == Standing::Gone)
                .min_by_key(|(_, entry)| entry.since)
                .map(|(key, _)| *key)
                .ok_or(Ending::TooManyRouters)?;
            self.entries.remove(&oldest);
        }
        Ok((who.realm, who.address, free))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
