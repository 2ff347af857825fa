//! Incidents across a restart.
//!
//! After it nothing can be seen until the peers are back: an incident is taken up as if all
//! of them had gone down when it was last written. Their tables then show what is left of it.
//! Routes that were part of it return to it, and so do those that came after it was written
//! and lead over the same edge with the same findings; if none comes, it recedes and is over
//! ten minutes later, as after any peer's return.

use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::{
    bgp::{Prefix, Timestamp, compact::Unreadable},
    detect::{self, Gate, Phase},
    incident::{Kept, Recorded, kept::Remembered},
    rib::{ViewId, ViewKey},
};

use super::Engine;

/// Lasting names of directories at most.
const MOST_NAMES: usize = 256;
/// Own prefixes of views that are kept at most.
const MOST_HELD: usize = 65_536;

/// The lasting names of directories of MRT files, met in what was kept.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<&'static str>);

impl Names {
    /// The lasting name; none where there are too many, or it is none that a person gives.
    pub(super) fn lasting(&mut self, name: &str) -> Option<&'static str> {
        if let Some(known) = self.0.iter().find(|known| **known == name) {
            return Some(known);
        }
        if self.0.len() >= MOST_NAMES || name.len() > 256 {
            return None;
        }
        let name: &'static str = Box::leak(name.into());
        self.0.push(name);
        Some(name)
    }
}

impl Engine {
    /// Hands out what is to be kept of open and lately resolved incidents; only of those that
    /// have changed since, at once where something was told. Ask after each batch that
    /// something was told in, and once a second. It costs nothing while nothing changes, and
    /// some milliseconds for 100,000 prefixes.
    pub fn keep(&mut self, out: &mut Vec<Kept>) {
        let (visibility, reference, rib) = (&self.visibility, &self.reference, &self.rib);
        let held = || -> Vec<(Prefix, ViewKey)> {
            let mut held = visibility.held(reference, rib);
            held.truncate(MOST_HELD);
            held
        };
        self.folder.keep(rib, self.now, &held, out);
    }

    /// Takes up what [`Engine::keep`] handed out in another life, each by its incident's name.
    /// Call it once, before anything is fed and after [`Engine::learn`]. Nobody is told.
    ///
    /// What cannot be read is given back, with the reason; the other incidents are taken up.
    pub fn restore(&mut self, kept: &[(String, Vec<u8>)]) -> Vec<(String, Unreadable)> {
        let mut refused = Vec::new();
        for (id, octets) in kept {
            let names = &mut self.names;
            match Remembered::read(octets, &mut |name| names.lasting(name)) {
                Ok(one) if one.id == *id => self.take_up(&one),
                Ok(_) => refused.push((id.clone(), Unreadable::Damaged)),
                Err(error) => refused.push((id.clone(), error)),
            }
        }
        refused
    }

    fn take_up(&mut self, one: &Remembered) {
        self.resume(one.time);
        let shares: HashMap<u32, Timestamp, RandomState> = one.shares.iter().copied().collect();
        let silent = |place: u32| shares.get(&place).copied().unwrap_or(one.time);
        let views: Vec<Option<ViewId>> = (0..)
            .zip(&one.views)
            .map(|(place, key)| self.silent_view(key, silent(place)))
            .collect();
        let apart = one.offender.map_or(0, |asn| self.learned.standing(asn));
        let most = self.limits.prefixes.saturating_sub(self.rib.known());
        let (reference, settings) = (&self.reference, &self.settings);
        let judge = |path: crate::bgp::AsPath<'_>| detect::judge(path, reference, settings);
        self.folder
            .revive(one, &views, &mut self.rib, &judge, most, apart);
        for (prefix, view) in &one.held {
            if let Some(Some(view)) = views.get(*view as usize) {
                self.visibility
                    .had(&self.reference, prefix, *view, self.now);
            }
        }
    }

    /// Event time goes on from here; what lies between it and the next that is heard is not
    /// lived through.
    pub(super) fn resume(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
        self.resumed = true;
    }

    /// The other life's clock was ahead of ours by `back`: nothing that is remembered is later than
    /// now.
    pub(super) fn set_back(&mut self, now: Timestamp, back: Duration) {
        if back > self.settings.gate.resume {
            // How old it is nobody knows.
            self.learned.distrust();
        }
        for state in &mut self.views {
            let down = state.gate.phase == Phase::Down;
            let since = state.gate.since.min(now);
            state.gate = Gate::new(now, true);
            if down {
                state.gate.down(since);
            }
            state.last_change = state.last_change.min(now);
            state.withdrawals.reset(now);
        }
        for (since, _) in &mut self.parted {
            *since = (*since).min(now);
        }
        self.reaped = Timestamp::ZERO;
        self.folder.set_back(now);
    }

    /// A view of a peer that has been down since then.
    fn silent_view(&mut self, key: &ViewKey, since: Timestamp) -> Option<ViewId> {
        if let Some(view) = self.rib.find_view(key) {
            return Some(view);
        }
        let view = self.new_view(key, true)?;
        let state = self.views.get_mut(view.index())?;
        state.gate.down(since);
        state.last_change = since;
        self.parted.push_back((since, view));
        Some(view)
    }

    /// The BGP messages that an incident's examples came in, as received, in order of time,
    /// each once. Empty for one that is not known, or whose routes came in no message.
    pub fn messages(&self, id: &str) -> Vec<Recorded> {
        self.folder.messages_of(id, &self.rib)
    }
}
