//! Who is told what: every sink's queue, and the one write that comes before anything is sent.

mod absent;
mod desk;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use super::{
    Judgement, Message, Notice, Pace, Settings, Sink, SinkSettings, Slip, Subject,
    courier::Courier,
    queue::{Failing, MOST_WAITING, Queue},
};
use crate::{bgp::Timestamp, metrics::Metrics, store::Store, store::Write};

use absent::Absent;
pub(super) use desk::{Desk, Renewed};

/// Judges a subject at the sink of a name, at a time.
pub type Judge = Arc<dyn Fn(&Subject, &str, Timestamp) -> Judgement + Send + Sync>;
/// Hears what a sink has taken.
pub type Taken = Arc<dyn Fn(&str, &Notice) + Send + Sync>;

/// What the dispatcher works with.
#[derive(Clone)]
pub struct Office {
    /// Where queues are kept.
    pub store: Store,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Whether somebody asked for quiet about a subject, at the sink of this name.
    pub judge: Judge,
    /// Works out what an alert says.
    pub render: Arc<dyn Fn(Notice) -> Message + Send + Sync>,
    /// Hears of each notice that a sink has taken.
    pub taken: Taken,
    /// Incidents that go on, also those that no sink was told of.
    pub open: Arc<dyn Fn() -> Vec<Subject> + Send + Sync>,
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office").finish_non_exhaustive()
    }
}

/// How a sink does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkState {
    /// Its name.
    pub name: String,
    /// Notices that wait.
    pub waiting: usize,
    /// Since when the oldest that is due has waited.
    pub oldest: Option<Timestamp>,
    /// What is wrong with it.
    pub failing: Option<Failing>,
}

#[derive(Debug)]
struct Shared {
    office: Office,
    desks: Mutex<BTreeMap<String, Arc<Desk>>>,
    /// What is kept of sinks that are not there, or not yet. Taken only while `desks` is held.
    absent: Mutex<Absent>,
}

/// The dispatcher; clones are the same one.
#[derive(Clone, Debug)]
pub struct Dispatcher(Arc<Shared>);

impl Dispatcher {
    /// A dispatcher with what the store kept, and no sinks yet.
    pub fn new(office: Office) -> Dispatcher {
        let mut absent = Absent::default();
        let now = (office.clock)();
        for (sink, subject, text) in office.store.slips() {
            match serde_json::from_str::<Slip>(&text) {
                Ok(mut slip) => {
                    slip.picked_up(now);
                    absent.left(sink, subject, slip, now);
                }
                Err(error) => tracing::warn!(
                    sink, subject, %error,
                    "what was to be told is not understood; it is told no more"
                ),
            }
        }
        Dispatcher(Arc::new(Shared {
            office,
            desks: Mutex::default(),
            absent: Mutex::new(absent),
        }))
    }

    fn desks(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Desk>>> {
        self.0.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn absent(&self) -> MutexGuard<'_, Absent> {
        let absent = self.0.absent.lock();
        absent.unwrap_or_else(PoisonError::into_inner)
    }

    /// These sinks, and only these, from now on. A sink of a name that was there before, or that
    /// goes where one went that is gone, has what waited for it; what waits for one that is gone is
    /// kept for a day. One that is new hears of what goes on.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn configure(
        &self,
        settings: &Settings,
        sinks: Vec<(SinkSettings, Box<dyn Sink>)>,
    ) -> std::io::Result<()> {
        self.begin(settings, sinks, &BTreeSet::new())
    }

    /// The same at a start: whoever is new hears nothing of the subjects in `ended`, whose ends are
    /// about to be told.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn begin(
        &self,
        settings: &Settings,
        sinks: Vec<(SinkSettings, Box<dyn Sink>)>,
        ended: &BTreeSet<String>,
    ) -> std::io::Result<()> {
        let office = &self.0.office;
        let (mut desks, mut absent) = (self.desks(), self.absent());
        let names: BTreeSet<String> = sinks.iter().map(|(one, _)| one.name.clone()).collect();
        let now = (office.clock)();
        let mut rows = Vec::new();
        desks.retain(|name, desk| {
            let stays = names.contains(name);
            if !stays {
                self.close(name, desk, &mut absent, now);
            }
            stays
        });
        let mut going_on = going_on(&desks, &absent, &(office.open)());
        going_on.retain(|subject| !ended.contains(&subject.key()));
        for (of, sink) in sinks {
            let pace = pace(settings, &of, sink.as_ref());
            let canary = settings.canary.sink.as_ref() == Some(&of.name);
            if let Some(desk) = desks.get(&of.name) {
                desk.renew(of, pace, canary, sink);
                continue;
            }
            let name = of.name.clone();
            let (slips, was_another) = absent.returns(&of, &names, &mut rows);
            let mut queue = Queue::new(of, pace, slips);
            queue.canary = canary;
            if was_another {
                queue.write_all(&mut rows);
            }
            for subject in &going_on {
                if !queue.knows(subject) {
                    queue.offer(subject, now, &mut rows);
                }
            }
            if !rows.is_empty() {
                // Before its courier writes anything newer.
                office.store.write(&rows, now);
                rows.clear();
            }
            let desk = Arc::new(Desk::new(queue));
            show_series(&name, &office.metrics);
            let courier = Courier::new(Arc::clone(&desk), sink, office.clone(), name.clone());
            thread::Builder::new()
                .name(format!("sink {name}"))
                .spawn(move || courier.run())?;
            desks.insert(name, desk);
        }
        absent.settle(&mut rows);
        if !rows.is_empty() {
            office.store.write(&rows, now);
        }
        Ok(())
    }

    /// A sink is used no more.
    fn close(&self, name: &str, desk: &Desk, absent: &mut Absent, now: Timestamp) {
        desk.close();
        let mut queue = desk.queue();
        if queue.len() > 0 {
            let waiting = queue.len();
            tracing::warn!(
                sink = name,
                waiting,
                "the sink is gone; what waits for it is kept for a day"
            );
        }
        absent.leaves(queue.settings.clone(), queue.hand_over(), now);
        forget_series(name, &self.0.office.metrics);
    }

    /// Writes `rows` and what is to be told of `subjects`, all of it at once, and only then lets
    /// the couriers go.
    pub fn tell(&self, subjects: &[Subject], mut rows: Vec<Write>) {
        let office = &self.0.office;
        let now = (office.clock)();
        // Held to the end: a sink that takes another's place must not miss what comes meanwhile.
        let desks = self.desks();
        // In the order of names, by everybody who holds more than one.
        let mut queues: Vec<MutexGuard<'_, Queue>> =
            desks.values().map(|desk| desk.queue()).collect();
        let mut absent = self.absent();
        for subject in subjects {
            for queue in &mut queues {
                queue.offer(subject, now, &mut rows);
            }
            absent.offer(subject, now, &mut rows);
        }
        if !rows.is_empty() {
            office.store.write(&rows, now);
        }
        drop(queues);
        for desk in desks.values() {
            desk.bell.notify_all();
        }
    }

    /// How every sink does; also shows it in the metrics.
    pub fn states(&self) -> Vec<SinkState> {
        let office = &self.0.office;
        let now = (office.clock)();
        let alerts = &office.metrics.alerts;
        let desks = self.desks();
        let state = |(name, desk): (&String, &Arc<Desk>)| {
            let mut queue = desk.queue();
            let state = SinkState {
                name: name.clone(),
                waiting: queue.len(),
                oldest: queue.oldest_due(now),
                failing: queue.failing().cloned(),
            };
            for (result, count) in [
                ("dropped", std::mem::take(&mut queue.dropped)),
                ("quieted", std::mem::take(&mut queue.quieted)),
            ] {
                if count > 0 {
                    let counter = alerts
                        .notifications
                        .with_label_values(&[name.as_str(), result]);
                    counter.inc_by(count);
                }
            }
            drop(queue);
            let waited = state.oldest.map_or(0, |oldest| now.since(oldest).as_secs());
            let name = [name.as_str()];
            alerts
                .queue
                .with_label_values(&name)
                .set(state.waiting as i64);
            alerts.oldest.with_label_values(&name).set(waited as i64);
            let failing = i64::from(state.failing.is_some());
            alerts.failing.with_label_values(&name).set(failing);
            state
        };
        desks.iter().map(state).collect()
    }

    /// Troubles that go on as far as sinks know, by name.
    pub fn standing_troubles(&self) -> Vec<super::Trouble> {
        let desks = self.desks();
        let of_sinks = going_on(&desks, &self.absent(), &[]);
        let troubles = of_sinks.into_iter().filter_map(|subject| match subject {
            Subject::Trouble(trouble) => Some(*trouble),
            Subject::Incident(_) => None,
        });
        troubles.collect()
    }

    /// Forgets what has long been over.
    pub fn tidy(&self) {
        let office = &self.0.office;
        let now = (office.clock)();
        let mut rows = Vec::new();
        let desks = self.desks();
        for desk in desks.values() {
            desk.queue().tidy(now, &mut rows);
        }
        self.absent().tidy(now, &mut rows);
        if !rows.is_empty() {
            office.store.write(&rows, now);
        }
    }

    /// Lets the couriers deliver what is due, for `most` at the longest. What is left is kept.
    pub fn end(&self, most: Duration) {
        const STEP: Duration = Duration::from_millis(20);
        let desks = self.desks();
        for desk in desks.values() {
            desk.ending.store(true, Ordering::Relaxed);
            desk.bell.notify_all();
        }
        let mut waited = Duration::ZERO;
        while waited < most
            && desks
                .values()
                .any(|desk| !desk.closed.load(Ordering::Relaxed))
        {
            thread::sleep(STEP);
            waited += STEP;
        }
    }
}

/// What goes on as far as any sink knows, or is `open`, each as it was last heard of.
fn going_on(
    desks: &BTreeMap<String, Arc<Desk>>,
    absent: &Absent,
    open: &[Subject],
) -> Vec<Subject> {
    let mut newest: BTreeMap<String, Subject> = BTreeMap::new();
    let mut add = |subject: &Subject| {
        let key = subject.key();
        let older = newest
            .get(&key)
            .is_none_or(|one| one.time() < subject.time());
        if older {
            newest.insert(key, subject.clone());
        }
    };
    for desk in desks.values() {
        desk.queue().going_on().for_each(&mut add);
    }
    absent.going_on().for_each(&mut add);
    open.iter().for_each(&mut add);
    newest.into_values().collect()
}

fn pace(settings: &Settings, of: &SinkSettings, sink: &dyn Sink) -> Pace {
    Pace {
        group_window: settings.group_window,
        repeat_interval: of.repeat_interval.unwrap_or(settings.repeat_interval),
        holds: sink.holds(),
        resolved: of.resolved,
    }
}

fn show_series(name: &str, metrics: &Metrics) {
    let alerts = &metrics.alerts;
    let limit = alerts.queue_limit.with_label_values(&[name]);
    limit.set(MOST_WAITING as i64);
    // A counter that begins at one shows no increase.
    for result in [
        "delivered",
        "retried",
        "given_up",
        "dropped",
        "missed",
        "quieted",
    ] {
        alerts.notifications.with_label_values(&[name, result]);
    }
}

fn forget_series(name: &str, metrics: &Metrics) {
    let alerts = &metrics.alerts;
    for gauge in [
        &alerts.queue,
        &alerts.queue_limit,
        &alerts.oldest,
        &alerts.failing,
    ] {
        // It may have had none yet.
        let _ = gauge.remove_label_values(&[name]);
    }
}

#[cfg(test)]
mod tests;
