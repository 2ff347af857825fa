//! A few of an incident's routes to show: the first, the last, and a fair draw between, each
//! with the message it came in.

use std::collections::VecDeque;

use super::{messages::Messages, window::Candidate};
use crate::{detect::Verdict, rib::Rib};

/// First and last routes kept.
pub const ENDS: usize = 20;
/// Routes drawn from all.
pub const DRAWN: usize = 100;

/// A kept candidate.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// The route.
    pub candidate: Candidate,
    /// The message it came in, once copied.
    pub message: Option<Box<[u8]>>,
}

/// Kept candidates; their paths are pinned while they are held.
#[derive(Debug, Default)]
pub struct Samples {
    /// The first.
    pub(super) first: Vec<Sampled>,
    /// The last.
    pub(super) last: VecDeque<Sampled>,
    /// Those drawn.
    pub(super) drawn: Vec<Sampled>,
    pub(super) seen: u64,
    /// State of the draw: fixed, so that the same input gives the same samples.
    pub(super) state: u64,
    /// The last ones have messages that are not copied yet.
    uncopied: bool,
}

impl Samples {
    /// Samples from another life; their paths are pinned already.
    pub fn revived(
        first: Vec<Sampled>,
        drawn: Vec<Sampled>,
        last: Vec<Sampled>,
        (seen, state): (u64, u64),
    ) -> Self {
        Samples {
            first,
            last: last.into(),
            drawn,
            seen,
            state,
            uncopied: false,
        }
    }

    /// Considers one more route (Vitter's algorithm R for the draw).
    pub fn offer(&mut self, candidate: Candidate, rib: &mut Rib<Verdict>, messages: &Messages) {
        self.seen += 1;
        let copied = || Sampled {
            candidate,
            message: messages.get(candidate.message).map(Box::from),
        };
        if self.first.len() < ENDS {
            Self::pin(&candidate, rib);
            self.first.push(copied());
            return;
        }
        Self::pin(&candidate, rib);
        // Copied once a second, if it is among the last then.
        self.last.push_back(Sampled {
            candidate,
            message: None,
        });
        self.uncopied = true;
        if self.last.len() > ENDS
            && let Some(oldest) = self.last.pop_front()
        {
            Self::unpin(&oldest.candidate, rib);
        }
        if self.drawn.len() < DRAWN {
            Self::pin(&candidate, rib);
            self.drawn.push(copied());
            return;
        }
        let place = (self.random() % self.seen) as usize;
        if let Some(old) = self.drawn.get_mut(place) {
            let replaced = std::mem::replace(old, copied());
            Self::pin(&candidate, rib);
            Self::unpin(&replaced.candidate, rib);
        }
    }

    /// Copies the messages of the last ones out of the ring, before it goes round.
    pub fn copy(&mut self, messages: &Messages) {
        if !std::mem::take(&mut self.uncopied) {
            return;
        }
        for one in &mut self.last {
            if one.message.is_none() {
                one.message = messages.get(one.candidate.message).map(Box::from);
            }
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

    /// Keeps a candidate's paths good.
    pub(super) fn pin(candidate: &Candidate, rib: &mut Rib<Verdict>) {
        rib.paths.pin(candidate.old);
        rib.paths.pin(candidate.new);
    }

    fn unpin(candidate: &Candidate, rib: &mut Rib<Verdict>) {
        rib.paths.unpin(candidate.old);
        rib.paths.unpin(candidate.new);
    }

    /// All kept, without repeats: first, drawn, last.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.all().map(|one| &one.candidate)
    }

    /// The same with their messages.
    pub fn all(&self) -> impl Iterator<Item = &Sampled> {
        self.first.iter().chain(&self.drawn).chain(&self.last)
    }

    /// Lets every path go.
    pub fn release(&mut self, rib: &mut Rib<Verdict>) {
        for one in self
            .first
            .drain(..)
            .chain(self.last.drain(..))
            .chain(self.drawn.drain(..))
        {
            Self::unpin(&one.candidate, rib);
        }
    }
}
