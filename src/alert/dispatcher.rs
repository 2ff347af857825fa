//! Who is told what: every sink's queue, and the one write that comes before anything is sent.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    Destination, Judgement, Message, Notice, Pace, Settings, Sink, SinkSettings, Slip, Subject,
    courier::Courier,
    queue::{Failing, MOST_WAITING, Queue},
};
use crate::{bgp::Timestamp, metrics::Metrics, store::Store, store::Write};

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
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office").finish_non_exhaustive()
    }
}

/// One sink's queue, and the bell its courier listens to.
#[derive(Debug)]
pub(super) struct Desk {
    pub queue: Mutex<Queue>,
    pub bell: Condvar,
    /// A sink to be used from now on, after a reload.
    pub renewed: Mutex<Option<Renewed>>,
    /// The courier is to end: at once, or when nothing is due.
    pub closed: AtomicBool,
    pub ending: AtomicBool,
}

/// A sink that takes the place of another.
pub(super) struct Renewed(pub Box<dyn Sink>);

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewed")
    }
}

impl Desk {
    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// What was kept of sinks until they are configured.
    kept: Mutex<BTreeMap<String, BTreeMap<String, Slip>>>,
}

/// The dispatcher; clones are the same one.
#[derive(Clone, Debug)]
pub struct Dispatcher(Arc<Shared>);

impl Dispatcher {
    /// A dispatcher with what the store kept, and no sinks yet.
    pub fn new(office: Office) -> Dispatcher {
        let mut kept: BTreeMap<String, BTreeMap<String, Slip>> = BTreeMap::new();
        let now = (office.clock)();
        for (sink, subject, text) in office.store.slips() {
            match serde_json::from_str::<Slip>(&text) {
                Ok(mut slip) => {
                    slip.picked_up(now);
                    kept.entry(sink).or_default().insert(subject, slip);
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
            kept: Mutex::new(kept),
        }))
    }

    fn desks(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Desk>>> {
        self.0.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These sinks, and only these, from now on. A sink of a name that was there before has what
    /// waited for it; what waits for one that is gone is told no more.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn configure(
        &self,
        settings: &Settings,
        sinks: Vec<(SinkSettings, Box<dyn Sink>)>,
    ) -> std::io::Result<()> {
        let office = &self.0.office;
        let mut desks = self.desks();
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<String> = sinks.iter().map(|(one, _)| one.name.clone()).collect();
        let now = (office.clock)();
        let mut rows = Vec::new();
        for (of, sink) in sinks {
            let pace = pace(settings, &of, sink.as_ref());
            if let Some(desk) = desks.get(&of.name) {
                let mut queue = desk.queue();
                queue.canary = settings.canary.sink.as_ref() == Some(&of.name);
                queue.renew(of, pace);
                drop(queue);
                let mut renewed = desk.renewed.lock().unwrap_or_else(PoisonError::into_inner);
                *renewed = Some(Renewed(sink));
                drop(renewed);
                desk.bell.notify_all();
                continue;
            }
            let name = of.name.clone();
            let known = kept.remove(&name);
            let taken_over = known.is_none();
            let slips = known.unwrap_or_else(|| inherited(&of, &names, &desks, &kept, now));
            let mut queue = Queue::new(of, pace, slips);
            if taken_over {
                // Before its courier writes anything newer.
                queue.write_all(&mut rows);
                if !rows.is_empty() {
                    office.store.write(&rows, now);
                    rows.clear();
                }
            }
            queue.canary = settings.canary.sink.as_ref() == Some(&name);
            let desk = Arc::new(Desk {
                queue: Mutex::new(queue),
                bell: Condvar::new(),
                renewed: Mutex::default(),
                closed: AtomicBool::new(false),
                ending: AtomicBool::new(false),
            });
            office
                .metrics
                .alerts
                .queue_limit
                .with_label_values(&[&name])
                .set(MOST_WAITING as i64);
            // A counter that begins at one shows no increase.
            for result in [
                "delivered",
                "retried",
                "given_up",
                "dropped",
                "missed",
                "quieted",
            ] {
                let labels = [name.as_str(), result];
                office
                    .metrics
                    .alerts
                    .notifications
                    .with_label_values(&labels);
            }
            let courier = Courier::new(Arc::clone(&desk), sink, office.clone(), name.clone());
            thread::Builder::new()
                .name(format!("sink {name}"))
                .spawn(move || courier.run())?;
            desks.insert(name, desk);
        }
        let gone: Vec<String> = desks
            .keys()
            .filter(|name| !names.contains(name))
            .cloned()
            .collect();
        for name in gone {
            let Some(desk) = desks.remove(&name) else {
                continue;
            };
            desk.closed.store(true, Ordering::Relaxed);
            desk.bell.notify_all();
            let mut queue = desk.queue();
            if queue.len() > 0 {
                let waiting = queue.len();
                tracing::warn!(
                    sink = name,
                    waiting,
                    "the sink is gone; what waited for it is told no more"
                );
            }
            queue.clear(&mut rows);
            forget_series(&name, &office.metrics);
        }
        for (sink, slips) in std::mem::take(&mut *kept) {
            rows.extend(slips.into_keys().map(|subject| Write::Slip {
                sink: sink.clone(),
                subject,
                slip: None,
            }));
        }
        if !rows.is_empty() {
            office.store.write(&rows, (office.clock)());
        }
        Ok(())
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
        for queue in &mut queues {
            for subject in subjects {
                queue.offer(subject, now, &mut rows);
            }
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
        let mut all: BTreeMap<String, super::Trouble> = BTreeMap::new();
        for desk in self.desks().values() {
            for subject in desk.queue().going_on() {
                if let Subject::Trouble(trouble) = subject {
                    all.insert(trouble.id.clone(), trouble.as_ref().clone());
                }
            }
        }
        all.into_values().collect()
    }

    /// Forgets what has long been over.
    pub fn tidy(&self) {
        let office = &self.0.office;
        let now = (office.clock)();
        let mut rows = Vec::new();
        for desk in self.desks().values() {
            desk.queue().tidy(now, &mut rows);
        }
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

/// What a new sink is told and believes from the start. An Alertmanager that gets a second
/// member, or loses it, has another name in our configuration and is the same to whoever it pages:
/// what stands there has to be told again, or it looks as if it were over.
fn inherited(
    new: &SinkSettings,
    names: &[String],
    desks: &BTreeMap<String, Arc<Desk>>,
    kept: &BTreeMap<String, BTreeMap<String, Slip>>,
    now: Timestamp,
) -> BTreeMap<String, Slip> {
    if !matches!(new.to, Destination::Alertmanager(_)) {
        return BTreeMap::new();
    }
    let section = |name: &str| name.split('/').next().map(str::to_owned);
    let goes = |name: &&String| !names.contains(name) && section(name) == section(&new.name);
    let mut slips = match (
        desks.keys().find(goes).and_then(|name| desks.get(name)),
        kept.keys().find(goes).and_then(|name| kept.get(name)),
    ) {
        (Some(desk), _) => desk.queue().slips().clone(),
        (None, Some(slips)) => slips.clone(),
        (None, None) => BTreeMap::new(),
    };
    for slip in slips.values_mut() {
        slip.picked_up(now);
    }
    slips
}

fn pace(settings: &Settings, of: &SinkSettings, sink: &dyn Sink) -> Pace {
    Pace {
        group_window: settings.group_window,
        repeat_interval: of.repeat_interval.unwrap_or(settings.repeat_interval),
        holds: sink.holds(),
        resolved: of.resolved,
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
