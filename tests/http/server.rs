//! A server in front of engines that have lived through a drill.

use std::{
    collections::BTreeMap,
    io::Cursor,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::Duration,
};

use leakwatch::{
    alert::{Failing, Quiet, SinkState, Trouble},
    bgp::{Timestamp, UntrustedText},
    config::{self, Config},
    drill,
    engine::{Engine, Snapshot},
    feed::{
        bmp::{RouterState, Standing},
        intake::Realm,
        replay::Replay,
    },
    http::{self, Access, Asked, Board, Desk, Record, Telling},
    incident::{Output, Severity, Step},
    metrics::Metrics,
    reference::Reference,
    report,
    store::{Durability, Store},
    wire::mrt::{Input, MrtReader},
};
use tokio::sync::{mpsc, oneshot, watch};

/// A running server; it ends with the value.
pub struct Server {
    pub at: SocketAddr,
    pub board: Board,
    pub metrics: Arc<Metrics>,
    pub quiet: Quiet,
    /// What the server is told about the engine's last sign of life.
    pub heartbeat: Arc<Mutex<Duration>>,
    pub live: watch::Sender<Arc<Snapshot>>,
    pub access: watch::Sender<Arc<Access>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An engine that has lived through a drill, and what it said.
pub struct Lived {
    pub engine: Engine,
    pub said: Vec<Output>,
    pub reference: Reference,
}

/// Plays a drill of a small table. Up to its end, or to where the leak is open.
pub fn live_through(name: &str, is_drill: bool, to_the_end: bool) -> Lived {
    let drill = drill::find(name).unwrap();
    let options = drill::Options {
        table: Some(30_000),
        routes: Some(2000),
        ..drill::Options::default()
    };
    let recording = drill::play(drill, &options);
    let config = Config::parse(&recording.config, Path::new(".")).unwrap();
    let reference = config.reference.clone();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    if is_drill {
        engine = engine.drill();
    }
    let mut feed = Replay::new(engine);
    let mut said = Vec::new();
    for (name, bytes) in [("rib", &recording.rib), ("updates", &recording.updates)] {
        let input = Input::from_reader(Path::new(name), Cursor::new(bytes.clone()), None).unwrap();
        let mut reader = MrtReader::new(input);
        feed.read_by(&mut reader, &mut |_, engine, batch, out| {
            engine.apply(batch, out);
            said.append(out);
            let open = said.iter().any(|one| {
                matches!(one, Output::Incident(event)
                    if event.event == Step::Opened && event.severity == Severity::Critical)
            });
            if open && !to_the_end {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
    }
    if to_the_end {
        feed.run_on(Duration::from_secs(7200), &mut |output| said.push(output));
    }
    Lived {
        engine: feed.engine,
        said,
        reference,
    }
}

/// A router whose texts are as bad as can be.
pub fn hostile_router() -> RouterState {
    RouterState {
        router: "192.0.2.1".to_owned(),
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        sys_name: UntrustedText::new("<script>alert(1)</script>\u{202e}\u{1b}[2J".as_bytes()),
        sys_descr: UntrustedText::new(b"\"><img src=x onerror=alert(1)>\r\nX: y\0"),
        drill: false,
        active: false,
        state: Standing::Stale,
        since: Timestamp::from_secs(1_500_000_000),
        away_since: Some(Timestamp::from_secs(1_500_000_000)),
        stale_until: Some(Timestamp::from_secs(1_500_000_300)),
        sessions: 3,
        last_error: Some("the connection was reset".to_owned()),
        peers: 0,
        stale_peers: 2,
        bytes: 123_456,
        messages: BTreeMap::from([("route_monitoring", 17)]),
        decode_errors: BTreeMap::new(),
        last_message: Some(Timestamp::from_secs(1_500_000_000)),
        last_update: None,
        clock_skew_seconds: Some(-1.5),
        silent: false,
        desynchronised: 0,
    }
}

/// A sink that works and one that does not.
fn told(now: Timestamp) -> Telling {
    let why = "<b>connection refused</b>";
    let failing = SinkState {
        name: "pager".to_owned(),
        waiting: 3,
        oldest: Some(now),
        failing: Some(Failing::since(now, why)),
    };
    let well = SinkState {
        name: "chat".to_owned(),
        waiting: 0,
        oldest: None,
        failing: None,
    };
    Telling {
        sinks: vec![well, failing],
        troubles: vec![Trouble {
            id: "sink-failing-pager".to_owned(),
            event: Step::Opened,
            severity: Severity::Critical,
            since: now,
            time: now,
            summary: "alerts do not get through to pager: 3 wait".to_owned(),
            details: vec![format!("the last one: {why}")],
            actions: vec!["Try it.".to_owned()],
            chapter: "sink-failing".to_owned(),
        }],
        ..Telling::new(now, Durability::Durable)
    }
}

/// Who reports in these tests.
fn report_settings() -> report::Settings {
    let text = "[report]\norganisation = \"Example Networks\"\ntime_zone = \"+09:00\"";
    Config::parse_text(text).unwrap().report
}

/// The name of an incident that the board no longer has.
pub const OF_LONG_AGO: &str = "leak-of-long-ago";

/// A journal that has one more incident than the board: like one of its own, and over.
fn of_long_ago(board: &Board, id: &str, drill: bool) -> Option<Record> {
    let mut records = board.incidents().into_iter();
    let over = records.find(|one| one.resolved.is_some() && one.realm == Realm::Live)?;
    let mut record = Record::clone(&over);
    OF_LONG_AGO.clone_into(&mut record.last.id);
    (id == OF_LONG_AGO && !drill).then_some(record)
}

/// Serves with `settings` what `live` and `drill` have lived through.
pub fn serve(settings: &config::Http, live: Lived, drill: Option<Lived>) -> Server {
    let board = Board::default();
    for (realm, lived) in [(Realm::Live, Some(&live)), (Realm::Drill, drill.as_ref())] {
        for output in lived.iter().flat_map(|lived| &lived.said) {
            board.tell(realm, output);
        }
    }
    let metrics = Arc::new(Metrics::new());
    let snapshot = Arc::new(live.engine.snapshot());
    metrics.observe(&snapshot);
    let now = live.engine.now();
    let drilled = drill
        .as_ref()
        .map(|lived| Arc::new(lived.engine.snapshot()));
    let (live_shown, live_seen) = watch::channel(snapshot);
    let (questions, asked) = Desk::questions();
    let quiet = Quiet::load(Store::in_memory(), now);
    let heartbeat = Arc::new(Mutex::new(Duration::from_millis(300)));
    let beat = Arc::clone(&heartbeat);
    let desk = Desk {
        live: live_seen,
        drill: watch::channel(drilled).1,
        questions,
        board: board.clone(),
        quiet: quiet.clone(),
        metrics: Arc::clone(&metrics),
        routers: Arc::new(|| vec![hostile_router()]),
        waiting: Arc::new(Vec::new),
        heartbeat: Arc::new(move || *beat.lock().unwrap()),
        reference: watch::channel(Arc::new(live.reference)).1,
        telling: watch::channel(Arc::new(told(now))).1,
        report: watch::channel(Arc::new(report_settings())).1,
        affected: Arc::new(|_, _| None),
        journal: Arc::new({
            let board = board.clone();
            move |id, drill| of_long_ago(&board, id, drill)
        }),
        slice: Arc::new(|_, drill| drill.then(|| b"slice".to_vec())),
        clock: Arc::new(move || now + Duration::from_secs(90)),
        wall: Arc::new(move || now + Duration::from_secs(90)),
        started: Timestamp::from_secs(now.secs().saturating_sub(3600)),
    };
    let engines = (live.engine, drill.map(|lived| lived.engine));
    thread::spawn(move || answer(asked, &engines));
    let (access, access_seen) = watch::channel(Arc::new(Access::new(settings).unwrap()));
    let (stop, stopped) = oneshot::channel();
    let (bound, at) = std::sync::mpsc::sync_channel(1);
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            http::serve(listener, access_seen, desk, stopped).await;
        });
    });
    Server {
        at: at.recv().unwrap(),
        board,
        metrics,
        quiet,
        heartbeat,
        live: live_shown,
        access,
        stop: Some(stop),
        thread: Some(thread),
    }
}

/// What the engine thread does with questions.
fn answer(mut asked: mpsc::Receiver<Asked>, engines: &(Engine, Option<Engine>)) {
    while let Some(one) = asked.blocking_recv() {
        let engine = match one.realm {
            Realm::Live => Some(&engines.0),
            Realm::Drill => engines.1.as_ref(),
        };
        if let Some(engine) = engine {
            let _ = one.reply.send(engine.answer(&one.question));
        }
    }
}

/// One server for the tests that change nothing: a real leak that is over, and a drill
/// whose leak is open.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        serve(
            &config::Http::default(),
            live_through("google-2017", false, true),
            Some(live_through("allegheny-2019", true, false)),
        )
    })
}

/// A server of one's own without any routes.
pub fn empty(settings: &config::Http) -> Server {
    let reference = Reference::default();
    let engine = Engine::new(
        reference.clone(),
        leakwatch::detect::settings::Settings::default(),
        leakwatch::incident::Settings::default(),
    );
    let lived = Lived {
        engine,
        said: Vec::new(),
        reference,
    };
    serve(settings, lived, None)
}

impl Server {
    /// Ends it in order; returns once it has.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}
