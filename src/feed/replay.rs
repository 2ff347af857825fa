//! Recorded MRT through the engine, on event time, one batch after the other.

use std::time::Duration;

use crate::{
    bgp::{Batch, Timestamp},
    engine::Engine,
    incident::Output,
    wire::{
        Tally,
        mrt::{MrtReader, Status},
    },
};

/// An engine being fed from files, with what has been read so far.
#[derive(Debug)]
pub struct Replay {
    /// The core.
    pub engine: Engine,
    /// What all files together held.
    pub tally: Tally,
    /// Event time of the first record that changed anything.
    pub first: Option<Timestamp>,
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
        loop {
            self.batch.clear();
            let status = reader.read_batch(&mut self.batch);
            if self.first.is_none() {
                self.first = self.batch.events.first().map(|event| event.time);
            }
            self.engine.apply(&self.batch, &mut self.out);
            self.out.drain(..).for_each(&mut *tell);
            progress();
            if status == Status::End {
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

    /// Seconds of event time read.
    pub fn event_seconds(&self) -> u64 {
        self.first
            .map_or(0, |first| self.engine.now().since(first).as_secs())
    }
}
