//! The daemon's life: open the sockets, run, heed signals, end in order.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::Handle,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    Fault, Heartbeat, Options,
    alerting::{Alerting, Watched},
    directories::{Directories, Publisher},
    engine_thread::{self, Bench, Command},
    journal,
    listen::listen,
    logging::Logging,
    memory::{self, Memory},
    notify,
    places::Places,
    reload::{self, Checked},
    restore,
    told::Teller,
    world::{Shown, Worlds},
};
use crate::{
    config::{Config, LogLevel},
    engine::Snapshot,
    feed::{
        bmp,
        clock::{Clock, wall},
        intake::{self, Intake, Realm},
        mrt::Watches,
    },
    http::{self, Access, Board, Desk},
    metrics::{Metrics, raise},
    reference::Reference,
    report,
};

/// Feeds get so long to hand on what they have read.
const FEEDS_END: Duration = Duration::from_secs(2);
/// The engine gets so long to judge what waits.
const ENGINE_ENDS: Duration = Duration::from_secs(4);
/// For the batch at hand.
const GRACE: Duration = Duration::from_millis(200);
/// The journal gets so long to take what was judged.
const JOURNAL_ENDS: Duration = Duration::from_secs(1);
/// Sinks get so long to take what is due; the rest is kept.
const SINKS_END: Duration = Duration::from_secs(1);
/// Answers that are being written get so long; all together stay below ten seconds.
const HTTP_ENDS: Duration = Duration::from_secs(1);

/// Interrupts that come together are one.
const SAME_KEY: Duration = Duration::from_millis(200);
/// What is shown of queues and directories is this old at most.
const UPKEEP: Duration = Duration::from_secs(1);

/// A daemon that runs.
struct Service {
    path: Option<PathBuf>,
    log_level: Option<LogLevel>,
    logging: Logging,
    intake: Intake,
    directories: Directories,
    published: Publisher,
    config: Arc<Config>,
    clock: Clock,
    metrics: Arc<Metrics>,
    commands: mpsc::Sender<Command>,
    access: watch::Sender<Arc<Access>>,
    reference: watch::Sender<Arc<Reference>>,
    report: watch::Sender<Arc<report::Settings>>,
    /// Turns true when it is to end.
    stop: watch::Sender<bool>,
    /// Turns true when HTTP is to end, which shows the rest ending.
    close: watch::Sender<bool>,
    bmp: watch::Sender<Arc<bmp::Settings>>,
    feeds: JoinSet<()>,
    alerting: Alerting,
    http: JoinHandle<()>,
    /// Resolves when the engine's thread has ended.
    engine: oneshot::Receiver<()>,
    status: String,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

/// Runs until a signal ends it.
pub async fn run(
    options: Options,
    config: Config,
    metrics: Arc<Metrics>,
    logging: Logging,
) -> Result<(), Fault> {
    // Before anything else, so that a signal during the start is not the end.
    let mut signals = Signals {
        hangup: signal(SignalKind::hangup())?,
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let mut service = Service::start(options, Checked::new(config)?, metrics, logging).await?;
    let mut upkeep = interval(UPKEEP);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    notify::ready(&service.status);
    loop {
        tokio::select! {
            _ = upkeep.tick() => service.look_after(),
            _ = signals.hangup.recv() => service.reload().await,
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = &mut service.engine => return Err(Fault::Died("the engine's thread")),
            _ = &mut service.http => return Err(Fault::Died("the HTTP server")),
            Some(_) = service.feeds.join_next() => return Err(Fault::Died("the BMP listener")),
        }
    }
    tokio::select! {
        () = service.end() => Ok(()),
        () = again(&mut signals.interrupt) => {
            tracing::warn!("interrupted again: ended at once");
            Ok(())
        }
    }
}

impl Service {
    async fn start(
        options: Options,
        checked: Checked,
        metrics: Arc<Metrics>,
        logging: Logging,
    ) -> Result<Service, Fault> {
        let rules = checked.rules();
        let Checked {
            config,
            access,
            sinks,
        } = checked;
        let asks_password = access.asks_password();
        let scheme = if access.is_tls() { "https" } else { "http" };
        let config = Arc::new(config);
        let clock = Clock::system();
        let heartbeat = Heartbeat::default();
        let started = clock.now();

        // Every socket before any thread: what cannot be opened is said, and that is all.
        let bmp_listener = match config.bmp.listen {
            Some(address) => Some(listen("bmp.listen", address).await?),
            None => None,
        };
        let http_listener = listen("http.listen", config.http.listen).await?;
        let places = Places {
            bmp: bmp_listener
                .as_ref()
                .map(TcpListener::local_addr)
                .transpose()?,
            http: http_listener.local_addr()?,
            scheme,
        };

        let (intake, outlet) = intake::queue(config.bmp.queue);
        let (questions, asked) = Desk::questions();
        let (commands, ordered) = mpsc::channel(4);
        let (live, live_shown) = watch::channel(Arc::new(Snapshot::default()));
        let (drill, drill_shown) = watch::channel(None);
        let (reference, reference_shown) = watch::channel(Arc::new(rules.reference.clone()));
        let (report, report_shown) = watch::channel(Arc::new(config.report.clone()));
        let (access, access_shown) = watch::channel(Arc::new(access));
        let (stop, stopping) = watch::channel(false);
        let (close, closing) = watch::channel(false);
        let board = Board::default();
        let alerting = Alerting::open(
            &config,
            &clock,
            reference_shown.clone(),
            places.page(),
            &board,
            &metrics,
        )?;
        let open = restore::board(&alerting.store, &board);
        let mut worlds = Worlds::new(rules, Shown { live, drill });
        let directory = config.state.directory();
        let mut baseline = directory.as_deref().and_then(memory::open);
        let goes_on = memory::restore(worlds.live(), &alerting.store, baseline.as_mut());
        let ended =
            restore::end_what_is_lost(open, &goes_on, &alerting.store, started, &alerting.recorder);
        restore::tell_of_changes(
            &alerting.quiet,
            &alerting.store,
            started,
            &alerting.recorder,
        );
        let memory = match directory {
            Some(directory) => Memory::start(directory, baseline)?,
            None => Memory::none(),
        };
        let engine = engine_thread::start(Bench {
            worlds,
            clock: clock.clone(),
            outlet,
            questions: asked,
            commands: ordered,
            teller: Teller {
                board: board.clone(),
                recorder: alerting.recorder.clone(),
                metrics: Arc::clone(&metrics),
            },
            memory,
            metrics: Arc::clone(&metrics),
            heartbeat: heartbeat.clone(),
        })?;
        let (bmp, bmp_settings) = watch::channel(Arc::new(config.bmp.clone()));
        let routers = bmp::Routers::default();
        let mut feeds = JoinSet::new();
        feeds.spawn(bmp::serve(
            bmp_listener,
            bmp::Site {
                settings: bmp_settings,
                intake: intake.clone(),
                routers: routers.clone(),
                clock: clock.clone(),
                metrics: Arc::clone(&metrics),
                snapshots: live_shown.clone(),
                stop: stopping,
            },
        ));
        let watches = Watches::new(intake.clone(), clock.clone(), Handle::current())
            .remembering(alerting.store.clone());
        let directories = Directories::new(watches);
        directories.set(&config.mrt);
        let watched = Watched {
            bmp: places.bmp,
            routers: routers.clone(),
            directories: directories.clone(),
            engine: commands.clone(),
            clock: clock.clone(),
            metrics: Arc::clone(&metrics),
        };
        alerting.begin(&config, sinks, &ended, &board, watched)?;
        tokio::spawn(notify::watchdog(heartbeat.clone()));

        let desk = Desk {
            live: live_shown,
            drill: drill_shown,
            questions,
            board: board.clone(),
            quiet: alerting.quiet.clone(),
            metrics: Arc::clone(&metrics),
            routers: Arc::new(move || routers.list()),
            waiting: Arc::new({
                let directories = directories.clone();
                move || directories.waiting()
            }),
            heartbeat: Arc::new({
                let heartbeat = heartbeat.clone();
                move || heartbeat.age()
            }),
            reference: reference_shown,
            telling: alerting.telling(),
            report: report_shown,
            affected: Arc::new({
                let commands = commands.clone();
                move |id, drill| {
                    let realm = if drill { Realm::Drill } else { Realm::Live };
                    let (answer, asked) = oneshot::channel();
                    let order = Command::Affected(realm, id.to_owned(), answer);
                    commands.blocking_send(order).ok()?;
                    asked.blocking_recv().ok()?
                }
            }),
            journal: Arc::new({
                let store = alerting.store.clone();
                move |id, drill| journal::record(&store, &store.incident(id, drill)?)
            }),
            slice: Arc::new({
                let store = alerting.store.clone();
                move |id, drill| store.slice(id, drill)
            }),
            clock: Arc::new({
                let clock = clock.clone();
                move || clock.now()
            }),
            wall: Arc::new(wall),
            started,
        };
        let http = tokio::spawn(http::serve(
            http_listener,
            access_shown,
            desk,
            told(closing),
        ));
        metrics.config.last_reload_successful.set(1);
        metrics
            .config
            .last_reload_success
            .set(started.micros() as f64 / 1e6);
        show_limits(&config, &metrics);
        places.tell(asks_password, options.config.as_deref());
        Ok(Service {
            path: options.config,
            log_level: options.log_level,
            logging,
            intake,
            directories,
            published: Publisher::default(),
            config,
            clock,
            metrics,
            commands,
            access,
            reference,
            report,
            stop,
            close,
            bmp,
            feeds,
            alerting,
            http,
            engine,
            status: places.status(),
        })
    }

    /// What is to be done every second, beside all else.
    fn look_after(&mut self) {
        let engine = &self.metrics.engine;
        engine.queue_bytes.set(self.intake.held_bytes() as i64);
        engine.queue_limit.set(self.intake.budget_bytes() as i64);
        raise(&engine.queue_waits, self.intake.waits());
        self.published
            .show(&self.directories.states(), &self.metrics);
        self.logging.tell_held_back();
    }

    /// Reads the configuration anew; if anything is wrong with it, nothing changes.
    async fn reload(&mut self) {
        let Some(path) = self.path.clone() else {
            tracing::warn!("nothing to reload: no configuration was named at the start");
            return;
        };
        notify::reloading();
        // Relationship files are large: the sockets' threads have better things to do.
        let read = tokio::task::spawn_blocking({
            let path = path.clone();
            move || Checked::load(&path)
        });
        match read.await {
            Ok(Ok(checked)) => self.take_effect(checked).await,
            Ok(Err(fault)) => {
                for problem in fault.to_string().lines() {
                    tracing::error!(file = %path.display(), problem, "configuration refused");
                }
                self.metrics.config.last_reload_successful.set(0);
                self.metrics.config.reloads_failed.inc();
            }
            // Cancelled, since the runtime ends.
            Err(_) => return,
        }
        notify::ready(&self.status);
    }

    async fn take_effect(&mut self, checked: Checked) {
        let rules = checked.rules();
        let Checked {
            config,
            access,
            sinks,
        } = checked;
        for key in reload::needs_restart(&self.config, &config) {
            tracing::warn!(key, "this setting holds from the next start");
        }
        let config = reload::in_force(&self.config, config);
        self.reference
            .send_replace(Arc::new(rules.reference.clone()));
        self.report.send_replace(Arc::new(config.report.clone()));
        self.access.send_replace(Arc::new(access));
        self.bmp.send_replace(Arc::new(config.bmp.clone()));
        let (done, renewed) = oneshot::channel();
        let order = Command::Renew(Box::new(rules), done);
        // The engine's thread ends only with us.
        if self.commands.send(order).await.is_ok() {
            let _ = renewed.await;
        }
        self.directories.set(&config.mrt);
        self.alerting.renew(&config, sinks).await;
        self.logging
            .set_level(self.log_level.unwrap_or(config.log.level));
        show_limits(&config, &self.metrics);
        self.config = config;
        let now = self.clock.now().micros() as f64 / 1e6;
        self.metrics.config.last_reload_successful.set(1);
        self.metrics.config.last_reload_success.set(now);
        self.metrics.config.reloads.inc();
        tracing::info!("configuration reloaded");
    }

    /// Ends in order: no new connections, what was read is judged, answers are finished.
    async fn end(&mut self) {
        tracing::info!("ending");
        notify::stopping();
        self.stop.send_replace(true);
        let feeds = async { while self.feeds.join_next().await.is_some() {} };
        if timeout(FEEDS_END, feeds).await.is_err() {
            self.feeds.abort_all();
        }
        let engine = async {
            // Where nobody takes the order, it has ended already.
            let _ = self.commands.send(Command::Stop(ENGINE_ENDS)).await;
            let _ = (&mut self.engine).await;
        };
        if timeout(ENGINE_ENDS + GRACE, engine).await.is_err() {
            tracing::warn!("the engine did not end in time");
        }
        self.alerting.end(JOURNAL_ENDS, SINKS_END).await;
        self.close.send_replace(true);
        let _ = timeout(HTTP_ENDS, &mut self.http).await;
        tracing::info!("ended");
    }
}

/// Caps that only the configuration knows.
fn show_limits(config: &Config, metrics: &Metrics) {
    let engine = &metrics.engine;
    engine.incidents_limit.set(config.incident.most_open as i64);
    engine.routes_limit.set(config.limits.routes as i64);
    engine.views_limit.set(config.limits.views as i64);
}

/// Waits for one more interrupt. One key may come as several, by way of a wrapper.
async fn again(interrupt: &mut Signal) {
    sleep(SAME_KEY).await;
    let _ = timeout(Duration::ZERO, interrupt.recv()).await;
    interrupt.recv().await;
}

/// Waits until `turned` is true, or nobody is left who could turn it.
async fn told(mut turned: watch::Receiver<bool>) {
    let _ = turned.wait_for(|turned| *turned).await;
}
