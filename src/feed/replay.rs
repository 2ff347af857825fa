//! Recorded MRT through the engine, on event time, one batch after the other.

use std::{collections::HashSet, ops::ControlFlow, time::Duration};

use crate::{
    bgp::{Batch, PeerKey, Timestamp},
    engine::Engine,
    incident::Output,
    wire::{
        Tally,
        mrt::{MrtReader, Status},
    },
};

/// Peers counted at most: no recording has a hundredth of them, and a made-up file
/// must not choose how much is kept.
const MOST_PEERS: usize = 1 << 20;

/// Applies a batch and takes what the engine has to say out of the vector.
pub type Apply<'a> =
    dyn FnMut(&MrtReader, &mut Engine, &mut Batch, &mut Vec<Output>) -> ControlFlow<()> + 'a;

/// An engine being fed from files, with what has been read so far.
#[derive(Debug)]
pub struct Replay {
    /// The core.
    pub engine: Engine,
    /// What all files together held.
    pub tally: Tally,
    /// Event time of the first record that changed anything.
    pub first: Option<Timestamp>,
    peers: HashSet<PeerKey>,
    batch: Batch,
    out: Vec<Output>,
}

impl Replay {
    /// Feeds `engine`.
    pub fn new(engine: Engine) -> Self {
        Replay {
            engine,
            tally: Tally::default(),
            first: None,
            peers: HashSet::new(),
            batch: Batch::default(),
            out: Vec::new(),
        }
    }

    /// Reads one input to its end. What the engine has to say goes to `tell`, as soon
    /// as it is known; `progress` is called after each batch.
    pub fn read(
        &mut self,
        reader: &mut MrtReader,
        tell: &mut dyn FnMut(Output),
        progress: &mut dyn FnMut(),
    ) {
        self.read_by(reader, &mut |_, engine, batch, out| {
            engine.apply(batch, out);
            out.drain(..).for_each(&mut *tell);
            progress();
            ControlFlow::Continue(())
        });
    }

    /// Reads one input, and lets the caller apply each batch, whole or event by event.
    /// Ends where the input does or the caller breaks.
    pub fn read_by(&mut self, reader: &mut MrtReader, apply: &mut Apply<'_>) {
        loop {
            self.batch.clear();
            let status = reader.read_batch(&mut self.batch);
            if self.first.is_none() {
                self.first = self.batch.events.first().map(|event| event.time);
            }
            if self.peers.len() < MOST_PEERS {
                self.peers.extend(&self.batch.peers);
            }
            let flow = apply(reader, &mut self.engine, &mut self.batch, &mut self.out);
            if status == Status::End || flow.is_break() {
                break;
            }
        }
        self.tally += reader.tally();
    }

    /// Lets event time run on after the last record, second by second, until what is
    /// gone is resolved or `most` has passed.
    pub fn run_on(&mut self, most: Duration, tell: &mut dyn FnMut(Output)) {
        let end = self.engine.now() + most;
        while self.engine.is_settling() && self.engine.now() < end {
            let next = self.engine.now() + Duration::from_secs(1);
            self.engine.advance(next, &mut self.out);
            self.out.drain(..).for_each(&mut *tell);
        }
    }

    /// Peers that were heard of, by routes or by state changes.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Seconds of event time read.
    pub fn event_seconds(&self) -> u64 {
        self.first
            .map_or(0, |first| self.engine.now().since(first).as_secs())
    }
}
