//! The last minute's suspicious changes, kept until they explain one another.

use std::{collections::VecDeque, time::Duration};

use super::{gains::Gains, messages::Message};
use crate::{
    bgp::{Afi, Timestamp},
    detect::{Finds, Verdict, settings},
    rib::{PathId, Rib, ViewId},
};

/// One route of one view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    /// Whose view.
    pub view: ViewId,
    /// Family.
    pub afi: Afi,
    /// Row in the family's table.
    pub row: u32,
}

/// A change that may be part of an event.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// When.
    pub time: Timestamp,
    /// Which route.
    pub route: RouteKey,
    /// The path it had; none if it is new to the view.
    pub old: PathId,
    /// The path it has.
    pub new: PathId,
    /// What the detectors say of it.
    pub finds: Finds,
    /// The covering row, for new more-specifics; `u32::MAX` if there is none.
    pub cover: u32,
    /// The message it came in.
    pub message: Message,
}

/// Candidates in order of arrival. Their paths are pinned, so they can be read even
/// after the routes have moved on.
#[derive(Debug, Default)]
pub struct Window {
    candidates: VecDeque<Candidate>,
    /// Candidates that were pushed out by newer ones before their time.
    pub dropped: u64,
    /// What ASes gained by the changes held.
    pub gains: Gains,
}

/// Candidates held at most. An event is recognised within hundreds; this many are
/// held only when a large harmless change is under way. 64 Ki × 48 bytes.
const MOST: usize = 65_536;

impl Window {
    /// Adds one.
    pub fn push(
        &mut self,
        candidate: Candidate,
        rib: &mut Rib<Verdict>,
        settings: &settings::Surge,
    ) {
        if self.candidates.len() >= MOST {
            self.pop(rib);
            self.dropped += 1;
        }
        self.push_beyond(candidate, rib, settings);
    }

    /// Adds one, however many there are.
    pub fn push_beyond(
        &mut self,
        candidate: Candidate,
        rib: &mut Rib<Verdict>,
        settings: &settings::Surge,
    ) {
        rib.paths.pin(candidate.old);
        rib.paths.pin(candidate.new);
        self.gains.add(&candidate, rib, settings);
        self.candidates.push_back(candidate);
    }

    fn pop(&mut self, rib: &mut Rib<Verdict>) {
        if let Some(oldest) = self.candidates.pop_front() {
            self.let_go(&oldest, rib);
        }
    }

    /// Forgets one that was taken out.
    pub fn let_go(&mut self, one: &Candidate, rib: &mut Rib<Verdict>) {
        self.gains.remove(one, rib);
        rib.paths.unpin(one.old);
        rib.paths.unpin(one.new);
    }

    /// Drops what is older than `keep`.
    pub fn expire(&mut self, now: Timestamp, keep: Duration, rib: &mut Rib<Verdict>) {
        while self
            .candidates
            .front()
            .is_some_and(|oldest| now.since(oldest.time) > keep)
        {
            self.pop(rib);
        }
    }

    /// Takes out those that `wanted` names; the caller lets them go.
    pub fn take(&mut self, mut wanted: impl FnMut(&Candidate) -> bool) -> Vec<Candidate> {
        let mut taken = Vec::new();
        self.candidates.retain(|candidate| {
            let take = wanted(candidate);
            if take {
                taken.push(*candidate);
            }
            !take
        });
        taken
    }

    /// Gives each the findings that `judge` says it has.
    pub fn judge_anew(&mut self, judge: impl Fn(&Candidate) -> Finds) {
        for one in &mut self.candidates {
            one.finds = judge(one);
        }
    }

    /// Those held, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter()
    }

    /// Number held.
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }
}
