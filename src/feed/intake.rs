//! The way from readers to the engine: a queue that holds so many bytes, not batches.
//!
//! A reader never waits for detection until the budget is used up; then it waits,
//! stops reading its socket, and TCP holds the router back. Nothing is lost.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};

use super::mrt::Bookmark;
use crate::bgp::Batch;

/// Which Internet a batch speaks of. A drill is played into one of its own, so that
/// nothing made up is ever learned, and no page mixes the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Realm {
    /// Real routers.
    #[default]
    Live,
    /// A drill.
    Drill,
}

/// A batch on its way.
#[derive(Debug)]
pub struct Parcel {
    /// Which Internet it speaks of.
    pub world: Realm,
    /// The updates.
    pub batch: Batch,
    /// When its first byte had been read.
    pub received: Instant,
    /// It is the last of its world: nobody is left who speaks of it. Said of
    /// [`Realm::Drill`] only, whose world then ends; what follows is another drill's.
    pub last: bool,
    /// How far a directory was read with it; to be written down once it was judged.
    pub bookmark: Option<Bookmark>,
    held: OwnedSemaphorePermit,
}

/// Batches that wait at most, whatever their size.
const MOST_PARCELS: usize = 4096;
/// What one permit stands for.
const UNIT: usize = 1024;
/// Emptied batches kept for the next reader.
const MOST_SPARE: usize = 64;
/// A batch that has grown beyond this is not kept.
const MOST_SPARE_BYTES: usize = 1 << 20;

#[derive(Debug)]
struct Shared {
    units: u32,
    budget: Arc<Semaphore>,
    waits: AtomicU64,
    spare: Mutex<Vec<Batch>>,
}

/// The readers' end; one clone each.
#[derive(Clone, Debug)]
pub struct Intake {
    sender: mpsc::Sender<Parcel>,
    shared: Arc<Shared>,
}

/// The engine's end.
#[derive(Debug)]
pub struct Outlet {
    receiver: mpsc::Receiver<Parcel>,
    shared: Arc<Shared>,
}

/// The engine has stopped: stop reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct Stopped;

/// A queue for `bytes` of batches.
pub fn queue(bytes: usize) -> (Intake, Outlet) {
    let units = u32::try_from(bytes.div_ceil(UNIT))
        .unwrap_or(u32::MAX >> 3)
        .clamp(1, u32::MAX >> 3);
    let (sender, receiver) = mpsc::channel(MOST_PARCELS);
    let shared = Arc::new(Shared {
        units,
        budget: Arc::new(Semaphore::new(units as usize)),
        waits: AtomicU64::new(0),
        spare: Mutex::new(Vec::new()),
    });
    let intake = Intake {
        sender,
        shared: Arc::clone(&shared),
    };
    (intake, Outlet { receiver, shared })
}

impl Intake {
    /// An empty batch, with the room of an earlier one where there is one.
    pub fn batch(&self) -> Batch {
        let mut spare = self
            .shared
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }

    /// Hands a batch on; waits while the budget is used up. A batch larger than the
    /// whole budget passes alone.
    ///
    /// # Errors
    /// If the engine has stopped.
    pub async fn send(&self, world: Realm, batch: Batch, received: Instant) -> Result<(), Stopped> {
        self.hand_on(world, batch, received, false, None).await
    }

    /// Hands on a batch of a directory, which was read up to `bookmark` with it.
    ///
    /// # Errors
    /// If the engine has stopped.
    pub async fn send_marked(
        &self,
        batch: Batch,
        received: Instant,
        bookmark: Option<Bookmark>,
    ) -> Result<(), Stopped> {
        self.hand_on(Realm::Live, batch, received, false, bookmark)
            .await
    }

    /// Says that the world of drills ends with what was sent before.
    ///
    /// # Errors
    /// If the engine has stopped.
    pub async fn end_drill(&self, now: Instant) -> Result<(), Stopped> {
        self.hand_on(Realm::Drill, self.batch(), now, true, None)
            .await
    }

    async fn hand_on(
        &self,
        world: Realm,
        batch: Batch,
        received: Instant,
        last: bool,
        bookmark: Option<Bookmark>,
    ) -> Result<(), Stopped> {
        let units = u32::try_from(batch.bytes().div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .clamp(1, self.shared.units);
        let budget = Arc::clone(&self.shared.budget);
        let held = match budget.try_acquire_many_owned(units) {
            Ok(held) => held,
            Err(TryAcquireError::Closed) => return Err(Stopped),
            Err(TryAcquireError::NoPermits) => {
                self.shared.waits.fetch_add(1, Ordering::Relaxed);
                let budget = Arc::clone(&self.shared.budget);
                budget
                    .acquire_many_owned(units)
                    .await
                    .map_err(|_| Stopped)?
            }
        };
        let parcel = Parcel {
            world,
            batch,
            received,
            last,
            bookmark,
            held,
        };
        self.sender.send(parcel).await.map_err(|_| Stopped)
    }

    /// Bytes that wait now, to the next KiB for each batch.
    pub fn held_bytes(&self) -> usize {
        let free = self.shared.budget.available_permits();
        (self.shared.units as usize).saturating_sub(free) * UNIT
    }

    /// Bytes that may wait.
    pub fn budget_bytes(&self) -> usize {
        self.shared.units as usize * UNIT
    }

    /// How often a reader had to wait.
    pub fn waits(&self) -> u64 {
        self.shared.waits.load(Ordering::Relaxed)
    }
}

impl Outlet {
    /// The next batch; none once every reader is gone.
    pub async fn next(&mut self) -> Option<Parcel> {
        self.receiver.recv().await
    }

    /// The next batch, if one waits.
    pub fn try_next(&mut self) -> Option<Parcel> {
        self.receiver.try_recv().ok()
    }

    /// Whether no batch waits.
    pub fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }

    /// Takes an applied batch back: its bytes are free, its room is used again.
    pub fn done(&self, parcel: Parcel) {
        let Parcel {
            mut batch, held, ..
        } = parcel;
        drop(held);
        if batch.bytes() > MOST_SPARE_BYTES {
            return;
        }
        batch.clear();
        let mut spare = self
            .shared
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE {
            spare.push(batch);
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.shared.budget.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(bytes: usize) -> Batch {
        Batch {
            raw: vec![0; bytes],
            ..Batch::default()
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "a batch is stamped when it is read"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    #[tokio::test]
    async fn a_reader_waits_only_beyond_the_budget_and_loses_nothing() {
        let (intake, mut outlet) = queue(10 * UNIT);
        for _ in 0..2 {
            intake
                .send(Realm::Live, batch(5 * UNIT), now())
                .await
                .unwrap();
        }
        assert_eq!((intake.held_bytes(), intake.waits()), (10 * UNIT, 0));
        let third = tokio::spawn({
            let intake = intake.clone();
            async move { intake.send(Realm::Live, batch(1), now()).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(intake.waits(), 1);
        assert!(!third.is_finished());
        let first = outlet.next().await.unwrap();
        outlet.done(first);
        third.await.unwrap().unwrap();
        let mut left = Vec::new();
        while let Some(parcel) = outlet.try_next() {
            left.push(parcel.batch.raw.len());
            outlet.done(parcel);
        }
        assert_eq!(left, [5 * UNIT, 1]);
        assert_eq!(intake.held_bytes(), 0);
    }

    #[tokio::test]
    async fn a_batch_above_the_whole_budget_passes_alone() {
        let (intake, mut outlet) = queue(UNIT);
        intake
            .send(Realm::Live, batch(100 * UNIT), now())
            .await
            .unwrap();
        let parcel = outlet.next().await.unwrap();
        assert_eq!(parcel.batch.raw.len(), 100 * UNIT);
    }

    #[tokio::test]
    async fn the_end_of_a_drill_comes_after_what_it_sent() {
        let (intake, mut outlet) = queue(UNIT);
        intake.send(Realm::Drill, batch(1), now()).await.unwrap();
        let end = tokio::spawn({
            let intake = intake.clone();
            async move { intake.end_drill(now()).await }
        });
        let first = outlet.next().await.unwrap();
        assert_eq!((first.world, first.last), (Realm::Drill, false));
        outlet.done(first);
        let last = outlet.next().await.unwrap();
        assert_eq!((last.world, last.last), (Realm::Drill, true));
        assert!(last.batch.events.is_empty());
        end.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn readers_are_told_when_the_engine_has_stopped() {
        let (intake, outlet) = queue(UNIT);
        drop(outlet);
        assert_eq!(
            intake.send(Realm::Live, batch(1), now()).await,
            Err(Stopped)
        );
    }
}
