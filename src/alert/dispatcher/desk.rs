//! One sink's place at the dispatcher: its queue, and the bell that its courier listens to.

use std::{
    fmt,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::alert::{Pace, Sink, SinkSettings, queue::Queue};

/// The place.
#[derive(Debug)]
pub(in crate::alert) struct Desk {
    pub queue: Mutex<Queue>,
    pub bell: Condvar,
    /// A sink to be used from now on, after a reload.
    pub renewed: Mutex<Option<Renewed>>,
    /// The courier is to end: at once, or when nothing is due.
    pub closed: AtomicBool,
    pub ending: AtomicBool,
}

/// A sink that takes the place of another.
pub(in crate::alert) struct Renewed(pub Box<dyn Sink>);

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewed")
    }
}

impl Desk {
    pub fn new(queue: Queue) -> Desk {
        Desk {
            queue: Mutex::new(queue),
            bell: Condvar::new(),
            renewed: Mutex::default(),
            closed: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        }
    }

    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another sink of the same name is used from now on.
    pub fn renew(&self, of: SinkSettings, pace: Pace, canary: bool, sink: Box<dyn Sink>) {
        let mut queue = self.queue();
        queue.canary = canary;
        queue.renew(of, pace);
        drop(queue);
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        *renewed = Some(Renewed(sink));
        drop(renewed);
        self.bell.notify_all();
    }

    /// The courier is to end at once.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.bell.notify_all();
    }
}
