//! A thread for each watched directory: files are read with blocking calls, and a
//! directory that hangs (a mirror on a dead server) holds up nobody else.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::runtime::Handle;

use super::{
    Bookmark, Settings,
    directory::{Directory, Step},
    state::FeedState,
};
use crate::{
    bgp::{Batch, Router},
    feed::{
        clock::{self, Clock},
        intake::{Intake, Stopped},
    },
    store::Store,
};

/// The longest a thread sleeps without a look at the clock, which counts pauses of ours.
const NAP: Duration = Duration::from_secs(1);

/// Every watched directory.
#[derive(Debug)]
pub struct Watches {
    intake: Intake,
    clock: Clock,
    runtime: Handle,
    /// Where it was kept how far each was read.
    store: Store,
    all: Vec<Watch>,
    /// Names given out, which live as long as the process: as many as were configured.
    names: Vec<&'static str>,
}

#[derive(Debug)]
struct Watch {
    settings: Settings,
    orders: SyncSender<Order>,
    state: Arc<Mutex<FeedState>>,
}

#[derive(Debug)]
enum Order {
    Set(Settings),
    /// Stop, and say of the peers that they are not watched any more.
    Leave,
}

impl Watches {
    /// None yet; batches go to `intake`, stamped by `clock`, sent by way of `runtime`.
    pub fn new(intake: Intake, clock: Clock, runtime: Handle) -> Self {
        Watches {
            intake,
            clock,
            runtime,
            store: Store::in_memory(),
            all: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Begins with each where this store says that it was left, so that a restart judges nothing
    /// twice. Holds for directories that are begun with later.
    #[must_use]
    pub fn remembering(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Watches these directories and no others: begins with new ones, leaves those that
    /// are not among them, and goes on with the rest, by their new settings. A thread
    /// ends by itself once the engine has stopped.
    ///
    /// # Errors
    /// If a thread cannot be started; that directory is not watched.
    pub fn set(&mut self, wanted: &[Settings]) -> std::io::Result<()> {
        self.all.retain(|watch| {
            let kept = wanted.iter().find(|settings| {
                settings.name == watch.settings.name
                    && settings.directory == watch.settings.directory
            });
            let order = kept.map_or(Order::Leave, |settings| Order::Set(settings.clone()));
            // Where it is full, orders were given that it has not got to; it cannot be
            // awaited, since its file system may hang.
            let _ = watch.orders.try_send(order);
            kept.is_some()
        });
        for settings in wanted {
            let watched = self.all.iter_mut().find(|watch| {
                settings.name == watch.settings.name
                    && settings.directory == watch.settings.directory
            });
            if let Some(watch) = watched {
                watch.settings = settings.clone();
            } else {
                let watch = self.begin(settings.clone())?;
                self.all.push(watch);
            }
        }
        Ok(())
    }

    /// What is known of each.
    pub fn states(&self) -> Vec<FeedState> {
        let state = |watch: &Watch| {
            let state = watch.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.clone()
        };
        self.all.iter().map(state).collect()
    }

    fn name(&mut self, name: &str) -> &'static str {
        if let Some(known) = self.names.iter().find(|known| **known == name) {
            return known;
        }
        let name: &'static str = Box::leak(name.into());
        self.names.push(name);
        name
    }

    fn begin(&mut self, settings: Settings) -> std::io::Result<Watch> {
        let router = Router::Directory(self.name(&settings.name));
        let directory = Directory::new(settings.clone(), router);
        let state = Arc::new(Mutex::new(directory.state().clone()));
        let (orders, taken) = sync_channel(8);
        let mut runner = Runner {
            directory,
            state: Arc::clone(&state),
            orders: taken,
            intake: self.intake.clone(),
            clock: self.clock.clone(),
            runtime: self.runtime.clone(),
        };
        let store = self.store.clone();
        thread::Builder::new()
            .name("mrt".to_owned())
            .spawn(move || {
                // Here, since it may have to wait for the disk.
                runner.directory = runner.directory.begin_as_left(&store);
                let _ = runner.run();
            })?;
        Ok(Watch {
            settings,
            orders,
            state,
        })
    }
}

struct Runner {
    directory: Directory,
    state: Arc<Mutex<FeedState>>,
    orders: Receiver<Order>,
    intake: Intake,
    clock: Clock,
    runtime: Handle,
}

impl Runner {
    fn run(mut self) -> Result<(), Stopped> {
        let mut wait = Duration::ZERO;
        loop {
            match self.orders.recv_timeout(wait.min(NAP)) {
                Ok(Order::Set(settings)) => self.directory.set(settings),
                Ok(Order::Leave) => {
                    let now = self.clock.now();
                    let batch = self.directory.leave(now);
                    return self.send(batch, self.directory.bookmark(now));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let intake = &self.intake;
            let step = self
                .directory
                .step(self.clock.now(), &mut || intake.batch());
            wait = match step {
                Step::Hand(batch) => {
                    let bookmark = self.directory.bookmark(self.clock.now());
                    self.send(batch, bookmark)?;
                    Duration::ZERO
                }
                Step::Wait(wait) => wait,
            };
            let state = self.directory.state();
            self.state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(state);
        }
    }

    fn send(&self, batch: Batch, bookmark: Option<Bookmark>) -> Result<(), Stopped> {
        let received = clock::instant();
        self.runtime
            .block_on(self.intake.send_marked(batch, received, bookmark))
    }
}
