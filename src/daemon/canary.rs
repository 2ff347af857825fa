//! The canary: a small leak of our own, played through everything that a real one passes.
//!
//! Now and then a BMP session comes to our own listener, over TCP, marked as a drill. Its only peer
//! has a small table, and then announces one route with a path that takes routers down. What is
//! read must be judged, written down, and taken by a sink that has been named for it. Where that
//! does not happen in time, the other sinks are told: whatever is in the way of the canary is in
//! the way of a real leak.
//!
//! The incident goes to that one sink and nowhere else: not to the board, not to the journal.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    alert::{self, CANARY, Notice, Subject, is_canary},
    bgp::{Afi, AsPath, Asn, Nlri, Timestamp},
    feed::clock::Clock,
    incident::{IncidentEvent, Step},
    wire::{
        bmp::{Capabilities, DRILL_MARK, Open, PeerHeader, TerminationReason, encode as say},
        encode::{self, PathAttributes},
    },
};

/// The canary's neighbour; documentation's (RFC 5737).
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Its AS, which no registry has given out.
const PEER_AS: Asn = Asn(CANARY.0 - 1);
/// Prefixes of its table.
const TABLE: u32 = 20;
/// The AS so often in a row is far beyond what pages, and fits one segment.
const PREPENDS: usize = 200;
/// A table is taken as complete after a second in which nothing comes.
const SETTLES: Duration = Duration::from_secs(4);
/// Writing a few messages takes no longer.
const WRITES: Duration = Duration::from_secs(10);
/// How often we look whether it came out.
const LOOK: Duration = Duration::from_millis(250);

/// A canary that did not come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Where it was awaited.
    pub sink: String,
    /// When it was sent.
    pub since: Timestamp,
    /// How far it is known to have come.
    pub why: String,
}

#[derive(Debug, Default)]
struct State {
    /// When the canary came out last, at the named sink.
    came: Option<Timestamp>,
    lost: Option<Lost>,
}

/// What is known of canaries; clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Canary(Arc<Mutex<State>>);

impl Canary {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears that a sink took a notice.
    pub fn taken(&self, notice: &Notice, now: Timestamp) {
        if let Subject::Incident(event) = &notice.subject
            && is_canary(event)
            && notice.step != Step::Resolved
        {
            let mut state = self.state();
            state.came = Some(now);
            state.lost = None;
        }
    }

    /// The one that did not come out, until another does.
    pub fn lost(&self) -> Option<Lost> {
        self.state().lost.clone()
    }

    /// Sends canaries for as long as the daemon runs, as the settings say at the time.
    pub async fn fly(
        self,
        bmp: Option<SocketAddr>,
        mut settings: watch::Receiver<Arc<alert::Settings>>,
        clock: Clock,
    ) {
        loop {
            let now = settings.borrow_and_update().canary.clone();
            let (Some(sink), Some(address)) = (now.sink.clone(), bmp.map(reachable)) else {
                self.state().lost = None;
                if settings.changed().await.is_err() {
                    return;
                }
                continue;
            };
            self.send_one(address, &sink, now.patience, &clock).await;
            tokio::select! {
                () = sleep(now.every) => {}
                changed = settings.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn send_one(&self, address: SocketAddr, sink: &str, patience: Duration, clock: &Clock) {
        let began = clock.now();
        let why = match timeout(patience, self.play(address, began, clock)).await {
            Ok(Ok(())) => return tracing::debug!(sink, "the canary came out"),
            Ok(Err(error)) => format!("It could not be sent to {address}: {error}."),
            Err(_) => format!(
                "It was sent to {address} and had not been taken {} s later.",
                patience.as_secs()
            ),
        };
        tracing::error!(sink, why, "the canary did not come out");
        let mut state = self.state();
        let since = state.lost.as_ref().map_or(began, |lost| lost.since);
        state.lost = Some(Lost {
            sink: sink.to_owned(),
            since,
            why,
        });
    }

    /// Plays the leak, and waits until it came out.
    async fn play(&self, address: SocketAddr, began: Timestamp, clock: &Clock) -> io::Result<()> {
        let mut stream = TcpStream::connect(address).await?;
        write(&mut stream, &table()).await?;
        sleep(SETTLES).await;
        let began = began.max(clock.now());
        write(&mut stream, &leak()).await?;
        while self.state().came.is_none_or(|at| at < began) {
            sleep(LOOK).await;
        }
        let mut end = Vec::new();
        say::termination(&mut end, TerminationReason::AdministrativelyClosed);
        write(&mut stream, &end).await
    }
}

/// Where a listener at `address` is reached from this host.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    timeout(WRITES, stream.write_all(bytes))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn header() -> PeerHeader {
    PeerHeader::global(PEER, PEER_AS, 1)
}

/// The session's beginning, up to a complete table.
fn table() -> Vec<u8> {
    let mut out = Vec::new();
    let mark = format!("{DRILL_MARK}canary");
    say::initiation(&mut out, "canary", "leakwatch tests itself", &[&mark]);
    let open = |asn| Open {
        asn,
        hold_time: 90,
        bgp_id: 1,
        capabilities: Capabilities {
            asn4: Some(asn),
            ipv4_unicast: true,
            ..Capabilities::default()
        },
        damaged: false,
    };
    let local = IpAddr::from([192, 0, 2, 2]);
    say::peer_up(&mut out, &header(), local, &open(CANARY), &open(PEER_AS));
    for number in 0..TABLE {
        announce(&mut out, number, &[PEER_AS.0, CANARY.0]);
    }
    say::end_of_rib(&mut out, &header(), Afi::Ipv4);
    out
}

/// The route that a router may not survive.
fn leak() -> Vec<u8> {
    let mut path = vec![PEER_AS.0];
    path.resize(1 + PREPENDS, CANARY.0);
    let mut out = Vec::new();
    announce(&mut out, 0, &path);
    out
}

fn announce(out: &mut Vec<u8>, number: u32, path: &[u32]) {
    let mut attributes = Vec::new();
    PathAttributes {
        path: AsPath {
            words: path,
            segmented: false,
        },
        next_hop: Some(PEER),
        ..PathAttributes::default()
    }
    .write(&mut attributes);
    let mut announced = Vec::new();
    let prefix = Nlri {
        addr: 0x1400_0000_u32 + (number << 16),
        len: 16,
        path_id: 0,
    };
    encode::nlri(&mut announced, &prefix);
    say::route_monitoring(out, &header(), |out| {
        encode::update(out, &[], &attributes, &announced);
    });
}

/// The event as people are told of it.
pub fn mark(event: &IncidentEvent) -> IncidentEvent {
    IncidentEvent {
        summary: "CANARY: leakwatch tests itself; nothing is to be done".to_owned(),
        ..event.clone()
    }
}
