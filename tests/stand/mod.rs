//! A listener on loopback with routers that speak to it, for tests over real sockets.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use leakwatch::{
    bgp::{Afi, AsPath, Asn, EventKind, Nlri, PeerKey},
    engine::Snapshot,
    feed::{
        bmp::{RouterState, Routers, Settings, Site, Standing, serve},
        clock::Clock,
        intake::{Outlet, Parcel, Realm, queue},
    },
    metrics::Metrics,
    wire::{
        bmp::{Capabilities, Open, PeerHeader, Statistics, TerminationReason, encode},
        encode as bgp,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// One event as it came out of the intake.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub realm: Realm,
    pub peer: PeerKey,
    pub kind: EventKind,
    /// Prefixes in it.
    pub nlri: usize,
}

/// What came out of the intake so far.
#[derive(Debug, Default)]
pub struct Log {
    pub events: Vec<Heard>,
    pub drills_ended: usize,
    /// Prefixes announced.
    pub announced: usize,
    /// The largest batch seen, in bytes.
    pub largest: usize,
    /// Whether prefixes are counted only.
    pub brief: bool,
}

impl Log {
    fn take(&mut self, parcel: &Parcel) {
        self.drills_ended += usize::from(parcel.last);
        self.largest = self.largest.max(parcel.batch.bytes());
        for event in &parcel.batch.events {
            let nlri = match event.kind {
                EventKind::Announce { nlri, .. } => {
                    self.announced += nlri.len as usize;
                    nlri.len as usize
                }
                EventKind::Withdraw { nlri, .. } => nlri.len as usize,
                _ => 0,
            };
            if !self.brief {
                self.events.push(Heard {
                    realm: parcel.world,
                    peer: parcel.batch.peers[usize::from(event.peer)],
                    kind: event.kind,
                    nlri,
                });
            }
        }
    }

    /// Events of one kind, by the predicate.
    pub fn count(&self, wanted: impl Fn(&EventKind) -> bool) -> usize {
        self.events
            .iter()
            .filter(|heard| wanted(&heard.kind))
            .count()
    }
}

pub fn is_up(kind: &EventKind) -> bool {
    matches!(kind, EventKind::PeerUp)
}

pub fn is_lost(kind: &EventKind) -> bool {
    matches!(kind, EventKind::PeerLost)
}

pub fn is_down(kind: &EventKind) -> bool {
    matches!(kind, EventKind::PeerDown(_))
}

/// A listener and what stands around it.
pub struct Stand {
    pub address: SocketAddr,
    pub routers: Routers,
    pub metrics: Arc<Metrics>,
    pub log: Arc<Mutex<Log>>,
    pub settings: watch::Sender<Arc<Settings>>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
    /// The intake's other end, while nobody reads it.
    outlet: Option<Outlet>,
}

/// Settings under which what takes minutes takes less.
pub fn quick() -> Settings {
    Settings {
        hold_stale: Duration::from_millis(200),
        ..Settings::default()
    }
}

impl Stand {
    /// A listener whose intake is emptied as fast as it fills.
    pub async fn new(settings: Settings) -> Stand {
        let mut stand = Stand::idle(settings).await;
        stand.drain();
        stand
    }

    /// The same at another address.
    pub async fn new_at(address: &str, settings: Settings) -> Stand {
        let mut stand = Stand::idle_at(address, settings).await;
        stand.drain();
        stand
    }

    /// A listener whose intake nobody empties yet.
    pub async fn idle(settings: Settings) -> Stand {
        Stand::idle_at("127.0.0.1:0", settings).await
    }

    async fn idle_at(address: &str, settings: Settings) -> Stand {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (intake, outlet) = queue(settings.queue);
        let (settings, settings_seen) = watch::channel(Arc::new(settings));
        let (snapshots, snapshots_seen) = watch::channel(Arc::default());
        let (stop, stop_seen) = watch::channel(false);
        let routers = Routers::default();
        let metrics = Arc::new(Metrics::new());
        let site = Site {
            settings: settings_seen,
            intake,
            routers: routers.clone(),
            clock: Clock::system(),
            metrics: Arc::clone(&metrics),
            snapshots: snapshots_seen,
            stop: stop_seen,
        };
        Stand {
            address,
            routers,
            metrics,
            log: Arc::default(),
            settings,
            snapshots,
            stop,
            served: tokio::spawn(serve(Some(listener), site)),
            outlet: Some(outlet),
        }
    }

    /// Empties the intake from now on.
    pub fn drain(&mut self) {
        let mut outlet = self.outlet.take().unwrap();
        let log = Arc::clone(&self.log);
        tokio::spawn(async move {
            while let Some(parcel) = outlet.next().await {
                log.lock().unwrap().take(&parcel);
                outlet.done(parcel);
            }
        });
    }

    /// The intake's other end, for a test that empties it itself.
    pub fn outlet(&mut self) -> Outlet {
        self.outlet.take().unwrap()
    }

    /// Other settings from now on.
    pub fn reload(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::clone(&self.settings.borrow());
        change(&mut settings);
        self.settings.send_replace(Arc::new(settings));
    }

    /// A router that has connected and said nothing.
    pub async fn connect(&self) -> Speaker {
        Speaker::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// A router that has connected and said its name.
    pub async fn router(&self, name: &str) -> Speaker {
        let mut speaker = self.connect().await;
        speaker.initiation(name, &[]);
        speaker.send().await;
        speaker
    }

    /// Waits until a router is listed as this.
    pub async fn listed(&self, name: &str, wanted: impl Fn(&RouterState) -> bool) -> RouterState {
        let find = || {
            self.routers
                .list()
                .into_iter()
                .find(|router| router.sys_name.raw() == name && wanted(router))
        };
        let mut found = None;
        until(&format!("{name} as wanted"), || {
            found = find();
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// Waits until the log is as wanted.
    pub async fn heard(&self, what: &str, wanted: impl Fn(&Log) -> bool) {
        until(what, || wanted(&self.log.lock().unwrap())).await;
    }

    /// How many sessions ended for this reason.
    pub fn closed(&self, reason: &str) -> u64 {
        let place = leakwatch::feed::bmp::Ending::NAMES
            .iter()
            .position(|name| *name == reason)
            .unwrap();
        self.routers.sums().closed[place]
    }

    /// Stops, and waits for the last session.
    pub async fn stop(self) -> Routers {
        self.stop.send_replace(true);
        self.served.await.unwrap();
        self.routers
    }

    /// A metric's value, once it is this.
    pub async fn shows(&self, line: &str) {
        until(line, || {
            let text = self.metrics.text().unwrap();
            text.lines().any(|found| found == line)
        })
        .await;
    }

    /// How many routers stand like this.
    pub fn standing(&self, wanted: Standing) -> usize {
        let routers = self.routers.list();
        routers
            .iter()
            .filter(|router| router.state == wanted)
            .count()
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test that waits for ever would not say what for"
)]
fn now() -> Instant {
    Instant::now()
}

/// Waits for a condition; half a minute is for ever.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// A router's end of a session.
pub struct Speaker {
    pub stream: TcpStream,
    /// Written, not sent.
    pub pending: Vec<u8>,
}

/// The peer of this number.
pub fn peer(number: u32) -> PeerHeader {
    let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
    PeerHeader::global(address, Asn(64_500), 0x0a00_0000 + number)
}

fn open(asn: u32, bgp_id: u32) -> Open {
    Open {
        asn: Asn(asn),
        hold_time: 90,
        bgp_id,
        capabilities: Capabilities {
            asn4: Some(Asn(asn)),
            ipv4_unicast: true,
            ..Capabilities::default()
        },
        damaged: false,
    }
}

impl Speaker {
    pub fn new(stream: TcpStream) -> Speaker {
        Speaker {
            stream,
            pending: Vec::new(),
        }
    }

    pub fn initiation(&mut self, name: &str, texts: &[&str]) {
        encode::initiation(&mut self.pending, name, "a test's router", texts);
    }

    pub fn peer_up(&mut self, number: u32) {
        let header = peer(number);
        let local = IpAddr::from([192, 0, 2, 1]);
        let (sent, received) = (open(64_496, 1), open(64_500, header.bgp_id));
        encode::peer_up(&mut self.pending, &header, local, &sent, &received);
    }

    /// Announces /24s, one for each UPDATE, from this number on.
    pub fn routes(&mut self, number: u32, from: u32, count: u32) {
        let mut attributes = Vec::new();
        let path = [64_500, 64_501, 64_502];
        bgp::PathAttributes {
            path: AsPath {
                words: &path,
                segmented: false,
            },
            next_hop: Some(IpAddr::from([192, 0, 2, 9])),
            ..bgp::PathAttributes::default()
        }
        .write(&mut attributes);
        for route in from..from + count {
            let mut announced = Vec::new();
            let prefix = Nlri {
                addr: 0x1400_0000_u32.wrapping_add(route << 8),
                len: 24,
                path_id: 0,
            };
            bgp::nlri(&mut announced, &prefix);
            encode::route_monitoring(&mut self.pending, &peer(number), |out| {
                bgp::update(out, &[], &attributes, &announced);
            });
        }
    }

    pub fn end_of_rib(&mut self, number: u32) {
        encode::end_of_rib(&mut self.pending, &peer(number), Afi::Ipv4);
    }

    pub fn statistics(&mut self, number: u32, statistics: &Statistics) {
        encode::statistics(&mut self.pending, &peer(number), statistics);
    }

    pub fn terminate(&mut self, reason: TerminationReason) {
        encode::termination(&mut self.pending, reason);
    }

    /// Sends what is written.
    pub async fn send(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.stream.write_all(&pending).await.unwrap();
    }

    /// Sends what is written, as far as anyone listens.
    pub async fn try_send(&mut self) -> std::io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.stream.write_all(&pending).await
    }

    /// Waits until the other end closes.
    pub async fn is_closed(&mut self) {
        let mut rest = [0; 16];
        let read = tokio::time::timeout(Duration::from_secs(30), self.stream.read(&mut rest));
        match read.await {
            Ok(Ok(0) | Err(_)) => {}
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Breaks the connection with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
}
