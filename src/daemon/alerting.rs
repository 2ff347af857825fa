//! Everything that remembers and tells, wired together: the journal, the dispatcher and its sinks,
//! the recorder, and what looks after them.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::{
    Fault,
    canary::Canary,
    directories::Directories,
    engine_thread::Command,
    recorder::{Clerk, Recorder},
    upkeep::Upkeep,
};
use crate::{
    alert::{
        self, Dispatcher, Judgement, Message, Notice, Office, Quiet, Sink, SinkSettings, Subject,
        Voice,
    },
    bgp::Timestamp,
    config::Config,
    feed::{
        bmp::Routers,
        clock::{Clock, wall},
        intake::Realm,
    },
    http::{Board, Telling},
    incident::Step,
    metrics::Metrics,
    reference::Reference,
    store::{Durability, Store},
};

/// Other sinks are waited for so long: what waited for those that are gone is removed from a disk
/// that may hang, and signals are heeded all the same.
const RENEWS: Duration = Duration::from_secs(2);

/// A sink, ready to be used, and what it is told.
pub type Opened = (SinkSettings, Box<dyn Sink>);

/// All of it.
#[derive(Debug)]
pub struct Alerting {
    /// The journal.
    pub store: Store,
    /// What somebody asked to be quiet about.
    pub quiet: Quiet,
    /// The box for what the engines say.
    pub recorder: Recorder,
    dispatcher: Dispatcher,
    canary: Canary,
    settings: watch::Sender<Arc<alert::Settings>>,
    telling: watch::Sender<Arc<Telling>>,
    stop: Arc<AtomicBool>,
    /// Other settings that have not taken effect yet.
    renewing: Option<JoinHandle<()>>,
}

impl Alerting {
    /// Opens the journal, with what was known and was still to be told when we ended. Nobody is
    /// told anything yet. `page` is the address of our own status page; `board` has incidents as
    /// they are.
    pub fn open(
        config: &Config,
        clock: &Clock,
        reference: watch::Receiver<Arc<Reference>>,
        page: String,
        board: &Board,
        metrics: &Arc<Metrics>,
    ) -> Result<Alerting, Fault> {
        let now = clock.now();
        let (store, said) = Store::open(&config.state, now).map_err(|error| Fault::Unusable {
            key: "state.directory",
            message: error.to_string(),
        })?;
        if store.durability() == Durability::Volatile {
            tracing::info!(
                "nothing is kept over a restart; `state.directory` names where it could be"
            );
        }
        for problem in said {
            tracing::warn!(problem, "the state directory is not as it was left");
        }
        let quiet = Quiet::load(store.clone(), now);
        let telling = watch::Sender::new(Arc::new(Telling::new(now, store.durability())));
        let canary = Canary::default();
        let (settings, shown) = watch::channel(Arc::new(config.alert.clone()));
        let dispatcher = Dispatcher::new(Office {
            store: store.clone(),
            metrics: Arc::clone(metrics),
            clock: Arc::new({
                let clock = clock.clone();
                move || clock.now()
            }),
            judge: Arc::new({
                let (quiet, board) = (quiet.clone(), board.clone());
                move |subject, sink, now| judge(&quiet, &board, (subject, sink), now, wall())
            }),
            render: Arc::new({
                let (settings, clock) = (shown, clock.clone());
                let (quiet, board) = (quiet.clone(), board.clone());
                move |mut notice: Notice| {
                    let (now, wall) = (clock.now(), wall());
                    // What is told once more is told with what is so now.
                    if notice.notes.is_empty() {
                        let subject = as_it_is(&notice.subject, &board, wall.since(now));
                        notice.notes = quiet.notes(&subject, wall);
                    }
                    let (settings, reference) = (settings.borrow(), reference.borrow());
                    let voice = Voice {
                        wall,
                        ..Voice::new(&settings, &page, &reference, now)
                    };
                    Message::new(notice, &voice)
                }
            }),
            taken: Arc::new({
                let (canary, clock) = (canary.clone(), clock.clone());
                move |_, notice: &Notice| canary.taken(notice, clock.now())
            }),
            open: Arc::new({
                let board = board.clone();
                move || open(&board)
            }),
        });
        Ok(Alerting {
            store,
            quiet,
            recorder: Recorder::new(Arc::clone(metrics)),
            dispatcher,
            canary,
            settings,
            telling,
            stop: Arc::default(),
            renewing: None,
        })
    }

    /// Begins to write down and to tell; the ends of the subjects in `ended` are in the box.
    pub fn begin(
        &self,
        config: &Config,
        sinks: Vec<Opened>,
        ended: &BTreeSet<String>,
        board: &Board,
        watched: Watched,
    ) -> std::io::Result<()> {
        // Sinks first: what is written down before there are any is offered to none.
        self.dispatcher.begin(&config.alert, sinks, ended)?;
        self.recorder.start(Clerk {
            store: self.store.clone(),
            dispatcher: self.dispatcher.clone(),
            board: board.clone(),
        })?;
        let fly = self.canary.clone();
        let clock = watched.clock.clone();
        tokio::spawn(fly.fly(watched.bmp, self.settings.subscribe(), clock.clone()));
        Upkeep {
            store: self.store.clone(),
            dispatcher: self.dispatcher.clone(),
            quiet: self.quiet.clone(),
            board: board.clone(),
            recorder: self.recorder.clone(),
            routers: watched.routers,
            directories: watched.directories,
            canary: self.canary.clone(),
            engine: watched.engine,
            telling: self.telling.clone(),
            clock,
            metrics: watched.metrics,
        }
        .start(Arc::clone(&self.stop))
    }

    /// How telling goes, as it is looked at each second.
    pub fn telling(&self) -> watch::Receiver<Arc<Telling>> {
        self.telling.subscribe()
    }

    /// Other settings and sinks from now on, or where the disk hangs from when it does not.
    pub async fn renew(&mut self, config: &Arc<Config>, sinks: Vec<Opened>) {
        self.settings.send_replace(Arc::new(config.alert.clone()));
        let before = self.renewing.take();
        let (dispatcher, store) = (self.dispatcher.clone(), self.store.clone());
        let config = Arc::clone(config);
        let mut renewing = tokio::spawn(async move {
            // It does not panic, and those of a later reload must not be replaced by an earlier's.
            if let Some(before) = before {
                let _ = before.await;
            }
            let _ = spawn_blocking(move || {
                if let Err(error) = dispatcher.configure(&config.alert, sinks) {
                    tracing::error!(%error, "a sink is not used: no thread for it");
                }
                store.set(&config.state);
            })
            .await;
        });
        if timeout(RENEWS, &mut renewing).await.is_err() {
            tracing::error!("the disk hangs; sinks are the former ones until it does not");
            self.renewing = Some(renewing);
        }
    }

    /// Writes down what is left and tells what is due, for so long at most each.
    pub async fn end(&self, writing: Duration, telling: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let (recorder, dispatcher) = (self.recorder.clone(), self.dispatcher.clone());
        let ended = spawn_blocking(move || {
            if !recorder.end(writing) {
                tracing::error!("ended before all was written down");
            }
            dispatcher.end(telling);
        });
        // It does not panic, and where the disk hangs it cannot be waited for.
        let most = writing + telling + Duration::from_millis(300);
        if timeout(most, ended).await.is_err() {
            tracing::error!("ended while the disk or a sink still hung");
        }
    }
}

/// Whether a subject is told at a sink. Who asks for quiet until six means the clock on the wall,
/// which ours may be behind by hours after a pause; whoever waits for the end of it goes by ours.
fn judge(
    quiet: &Quiet,
    board: &Board,
    (subject, sink): (&Subject, &str),
    now: Timestamp,
    wall: Timestamp,
) -> Judgement {
    let subject = as_it_is(subject, board, wall.since(now));
    let mut judgement = quiet.judge(&subject, sink, wall);
    match &mut judgement {
        Judgement::Tell { .. } => {}
        Judgement::Hold { until, .. }
        | Judgement::Acknowledged { until, .. }
        | Judgement::Expected { until, .. } => *until = now + until.since(wall),
    }
    judgement
}

/// Incidents that go on.
fn open(board: &Board) -> Vec<Subject> {
    let records = board.incidents();
    let open = records.iter().filter(|record| record.resolved.is_none());
    open.map(|record| Subject::Incident(Box::new(record.last.clone())))
        .collect()
}

/// What goes on as it is now, to be judged by: between two steps that are told an incident may
/// come to be seen elsewhere, or grow tenfold. The board may lag a second behind what was told, so
/// that nothing is less than it was then. Our clock is `behind` the wall's, by which changes are
/// announced.
fn as_it_is<'a>(subject: &'a Subject, board: &Board, behind: Duration) -> Cow<'a, Subject> {
    let as_told = Cow::Borrowed(subject);
    let Subject::Incident(told) = subject else {
        return as_told;
    };
    if !behind.is_zero() {
        let Subject::Incident(mut event) = as_it_is(subject, board, Duration::ZERO).into_owned()
        else {
            return as_told;
        };
        event.first_seen = event.first_seen + behind;
        return Cow::Owned(Subject::Incident(event));
    }
    let realm = if told.drill {
        Realm::Drill
    } else {
        Realm::Live
    };
    let record = match board.incident(realm, &told.id) {
        Some(record) if record.resolved.is_none() && told.event != Step::Resolved => record,
        _ => return as_told,
    };
    let mut event = record.last.clone();
    (event.event, event.number, event.time) = (told.event, told.number, told.time);
    event.severity = event.severity.max(told.severity);
    event.routes.peak = event.routes.peak.max(told.routes.peak);
    Cow::Owned(Subject::Incident(Box::new(event)))
}

/// What is looked after, and with what.
#[derive(Debug)]
pub struct Watched {
    /// Where BMP is heard.
    pub bmp: Option<SocketAddr>,
    /// Routers.
    pub routers: Routers,
    /// Directories.
    pub directories: Directories,
    /// Where routes are counted.
    pub engine: mpsc::Sender<Command>,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

#[cfg(test)]
mod tests;
