//! A few of an incident's routes to show: the first, the last, and a fair draw between.

use std::collections::VecDeque;

use super::window::Candidate;
use crate::{detect::Verdict, rib::Rib};

/// First and last routes kept.
const ENDS: usize = 20;
/// Routes drawn from all.
const DRAWN: usize = 100;

/// Kept candidates; their paths are pinned while they are held.
#[derive(Debug, Default)]
pub struct Samples {
    first: Vec<Candidate>,
    last: VecDeque<Candidate>,
    drawn: Vec<Candidate>,
    seen: u64,
    /// State of the draw: fixed, so that the same input gives the same samples.
    state: u64,
}

impl Samples {
    /// Considers one more route (Vitter's algorithm R for the draw).
    pub fn offer(&mut self, candidate: Candidate, rib: &mut Rib<Verdict>) {
        self.seen += 1;
        if self.first.len() < ENDS {
            Self::pin(&candidate, rib);
            self.first.push(candidate);
            return;
        }
        Self::pin(&candidate, rib);
        self.last.push_back(candidate);
        if self.last.len() > ENDS
            && let Some(oldest) = self.last.pop_front()
        {
            Self::unpin(&oldest, rib);
        }
        if self.drawn.len() < DRAWN {
            Self::pin(&candidate, rib);
            self.drawn.push(candidate);
            return;
        }
        let place = (self.random() % self.seen) as usize;
        if let Some(old) = self.drawn.get_mut(place) {
            let replaced = std::mem::replace(old, candidate);
            Self::pin(&candidate, rib);
            Self::unpin(&replaced, rib);
        }
    }

    /// The generator known as split-mix 64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn pin(candidate: &Candidate, rib: &mut Rib<Verdict>) {
        rib.paths.pin(candidate.old);
        rib.paths.pin(candidate.new);
    }

    fn unpin(candidate: &Candidate, rib: &mut Rib<Verdict>) {
        rib.paths.unpin(candidate.old);
        rib.paths.unpin(candidate.new);
    }

    /// All kept, without repeats: first, drawn, last.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.first.iter().chain(&self.drawn).chain(&self.last)
    }

    /// Lets every path go.
    pub fn release(&mut self, rib: &mut Rib<Verdict>) {
        for candidate in self
            .first
            .drain(..)
            .chain(self.last.drain(..))
            .chain(self.drawn.drain(..))
        {
            Self::unpin(&candidate, rib);
        }
    }
}
