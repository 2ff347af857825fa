//! One connection: octets from a socket through a session into the intake.
//!
//! It reads while there is something to read and hands on when the socket has no more
//! (so that nothing waits) or the batch is large (so that nothing is handed on twice).
//! While the intake is full it does not read; TCP holds the router back, and the time
//! does not count against the router. A batch that was filled is always handed on, also
//! when a newer session takes over: the newer one begins after it.

mod seating;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{
    net::TcpStream,
    sync::{OwnedMutexGuard, watch},
    time::{Instant, sleep_until},
};

use super::{
    Ending, Settings, Site,
    hold::Hold,
    progress::Progress,
    routers::Seat,
    session::{End, Fed, Limits, Notice, Session, Then},
    sums::PeerLimit,
};
use crate::{
    bgp::Batch,
    feed::intake::Realm,
    wire::{Reason, bmp::Initiation},
};

/// Room for one read. More saves nothing: a read costs some ten microseconds, what is
/// read takes a hundred times as long.
const READ: usize = 64 << 10;
/// Room below which what was used is cut off the front of the buffer.
const LEAST_READ: usize = 16 << 10;

struct Connection<'a> {
    site: &'a Site,
    stream: TcpStream,
    address: IpAddr,
    /// The configured target, where we connected to it.
    target: Option<SocketAddr>,
    settings: watch::Receiver<Arc<Settings>>,
    stop: watch::Receiver<bool>,
    session: Session,
    introduced: Option<Initiation>,
    /// Its place, once it has said whose it is.
    seat: Option<Seat>,
    /// The right to speak for the router, once every earlier session has left.
    hold: Option<OwnedMutexGuard<Hold>>,
    /// Peers that stand in the sum of all.
    counted: u32,
    in_drill: bool,
    buffer: Vec<u8>,
    /// Octets at the front of the buffer that are used.
    at: usize,
    batch: Batch,
    /// When the first octet of what is in the batch was read.
    received: Option<Instant>,
    notices: Vec<Notice>,
    bytes: u64,
    progress: Arc<Mutex<Progress>>,
    peers_refused: [u64; PeerLimit::ALL.len()],
    /// When a message must be whole; none between messages.
    deadline: Option<Instant>,
}

/// Runs a connection to its end; everything of it is in the table and the intake then.
pub(super) async fn run(
    stream: TcpStream,
    address: IpAddr,
    target: Option<SocketAddr>,
    site: &Site,
) -> Ending {
    let settings = site.settings.clone();
    let limits = Limits::from(&**settings.borrow());
    let stall = settings.borrow().stall;
    let mut connection = Connection {
        site,
        stream,
        address: address.to_canonical(),
        target,
        stop: site.stop.clone(),
        settings,
        session: Session::new(limits),
        introduced: None,
        seat: None,
        hold: None,
        counted: 0,
        in_drill: false,
        buffer: Vec::new(),
        at: 0,
        batch: Batch::default(),
        received: None,
        notices: Vec::new(),
        bytes: 0,
        progress: Arc::default(),
        peers_refused: [0; PeerLimit::ALL.len()],
        deadline: Some(Instant::now() + stall),
    };
    let ending = match connection.read_on().await {
        Ok(never) => match never {},
        Err(ending) => ending,
    };
    connection.close(ending.clone()).await;
    ending
}

enum Never {}

/// Why waiting is over.
enum Woken {
    Readable,
    Late,
    HoldOver,
    Settings,
}

impl Connection<'_> {
    async fn read_on(&mut self) -> Result<Never, Ending> {
        self.settings.mark_unchanged();
        loop {
            self.is_wanted()?;
            self.make_room();
            match self.stream.try_read_buf(&mut self.buffer) {
                Ok(0) => return Err(Ending::Closed),
                Ok(octets) => {
                    self.received.get_or_insert_with(Instant::now);
                    self.bytes += octets as u64;
                    self.decode().await?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.hand_on().await?;
                    if self.buffer.is_empty() {
                        self.buffer = Vec::new();
                        self.batch = Batch::default();
                    }
                    match self.wait().await? {
                        Woken::Readable => {}
                        Woken::Late => return Err(self.late()),
                        Woken::HoldOver => self.give_up().await?,
                        Woken::Settings => self.reload()?,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Ending::Broken(error.kind())),
            }
        }
    }

    /// Whether the session may go on.
    fn is_wanted(&self) -> Result<(), Ending> {
        if *self.stop.borrow() {
            return Err(Ending::Shutdown);
        }
        match &self.seat {
            Some(seat) if *seat.evicted.borrow() => Err(Ending::TakenOver),
            _ => Ok(()),
        }
    }

    fn late(&self) -> Ending {
        if self.session.messages().iter().all(|&count| count == 0) {
            Ending::NoInitiation
        } else {
            Ending::Stalled
        }
    }

    /// Waits for something to do. What came meanwhile is read before anyone is late: the
    /// octets may have been there when we were not.
    async fn wait(&mut self) -> Result<Woken, Ending> {
        let deadline = self.deadline;
        let hold_over = self.hold.as_ref().and_then(|hold| hold.until);
        let hold_over = hold_over.map(|until| Instant::now() + until.since(self.site.clock.now()));
        let evicted = self.seat.as_mut().map(|seat| &mut seat.evicted);
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Err(Ending::Shutdown),
            () = raised(evicted) => Err(Ending::TakenOver),
            ready = self.stream.readable() => match ready {
                Ok(()) => Ok(Woken::Readable),
                Err(error) => Err(Ending::Broken(error.kind())),
            },
            () = at(deadline) => Ok(Woken::Late),
            () = at(hold_over) => Ok(Woken::HoldOver),
            changed = self.settings.changed() => match changed {
                Ok(()) => Ok(Woken::Settings),
                // Nobody can change them any more: the daemon is going.
                Err(_) => Err(Ending::Shutdown),
            },
        }
    }

    /// Room in the buffer. It grows with what is there, never with what a header says is
    /// to come, and an idle session has none.
    fn make_room(&mut self) {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
        }
        if self.buffer.capacity() - self.buffer.len() >= LEAST_READ {
            return;
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.capacity() - self.buffer.len() < LEAST_READ {
            self.buffer.reserve_exact(self.buffer.len().max(READ));
        }
    }

    /// Takes apart what is in the buffer, as far as messages are whole.
    async fn decode(&mut self) -> Result<(), Ending> {
        let time = self.site.clock.now();
        if self.batch.events.capacity() == 0 {
            self.batch = self.site.intake.batch();
        }
        let before = self.at;
        loop {
            let (limits, limit) = self.limits();
            self.session.set_limits(limits);
            let refused = self.session.tally().count(Reason::BmpPeerLimit);
            let bytes = self.buffer.get(self.at..).unwrap_or_default();
            let Fed { used, then } =
                self.session
                    .feed(bytes, time, &mut self.batch, &mut self.notices);
            self.at += used;
            let refused = self.session.tally().count(Reason::BmpPeerLimit) - refused;
            if let Some(count) = self.peers_refused.get_mut(limit as usize) {
                *count += refused;
            }
            self.take_stock(time);
            match then {
                // An Initiation is enough to know the router, whatever it says next.
                Then::Read(_) if self.introduced.is_some() => self.identify(time).await?,
                Then::Read(_) => break,
                Then::HandOn => {
                    self.hand_on().await?;
                    self.batch = self.site.intake.batch();
                    // Others of this thread have waited as long as a full batch takes.
                    tokio::task::yield_now().await;
                    self.is_wanted()?;
                }
                Then::Identify => self.identify(time).await?,
                Then::Close(end) => return Err(end.into()),
            }
        }
        if self.at == self.buffer.len() {
            self.deadline = None;
        } else if self.at > before || self.deadline.is_none() {
            // What is left is a message's beginning, and it came just now.
            self.deadline = Some(Instant::now() + self.settings.borrow().stall);
        }
        Ok(())
    }

    /// What the session may hold: its own limit, or what is left of everyone's.
    fn limits(&self) -> (Limits, PeerLimit) {
        let settings = self.settings.borrow();
        let mut limits = Limits::from(&**settings);
        let left = settings
            .most_peers
            .saturating_sub(self.site.routers.peers());
        let own = self.session.peer_count() as u32;
        let total = own.saturating_add(left);
        if total < limits.peers {
            limits.peers = total;
            (limits, PeerLimit::Total)
        } else {
            (limits, PeerLimit::Router)
        }
    }

    /// Hands the batch on, and waits while the intake is full.
    async fn hand_on(&mut self) -> Result<(), Ending> {
        let received = self.received.take().unwrap_or_else(Instant::now);
        if self.batch.events.is_empty() {
            return Ok(());
        }
        let realm = self.seat.as_ref().map_or(Realm::Live, Seat::realm);
        let batch = std::mem::take(&mut self.batch);
        let began = Instant::now();
        let sent = self
            .site
            .intake
            .send(realm, batch, received.into_std())
            .await;
        self.pause(began);
        sent.map_err(|_| Ending::Shutdown)
    }

    /// Time in which we did not read is not the router's.
    fn pause(&mut self, began: Instant) {
        self.deadline = self.deadline.map(|deadline| deadline + began.elapsed());
    }

    /// Settings are others from now on.
    fn reload(&mut self) -> Result<(), Ending> {
        let settings = Arc::clone(&self.settings.borrow_and_update());
        let wanted = match self.target {
            Some(target) => settings.connect.contains(&target),
            None => settings.allows(self.address),
        };
        if wanted {
            Ok(())
        } else {
            Err(Ending::NotAllowed)
        }
    }
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Version { looks_like, .. } => Ending::NotBmp(looks_like),
            End::Length(octets) => Ending::Framing(octets),
            End::Terminated { reason, text } => Ending::Terminated(reason, text),
        }
    }
}

/// Waits until `flag` is true; for ever where there is none, or nobody to set it.
async fn raised(flag: Option<&mut watch::Receiver<bool>>) {
    if let Some(flag) = flag
        && flag.wait_for(|set| *set).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Waits until then; for ever where there is no such time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
