//! BMP over loopback TCP into the table and every detector: one router sends one peer's
//! whole table as fast as it is taken, as after a session reset. The listener, the queue and
//! the engine's thread are the daemon's; what is around them (HTTP, metrics) is not there.
//!
//! `transfer` has some six prefixes in an UPDATE, as a first transfer has; `one` has one.
//! Wall time is from the first octet sent to the last route applied; processor time is that
//! of the whole process but for the sending thread.
//!
//!     cargo bench --bench ingest [-- transfer|one [RUNS]]
//!     cargo bench --bench ingest -- write FILE [MOST]
//!
//! `write FILE` writes a stream, of `transfer` or with at most so many prefixes in an UPDATE,
//! for another program to be fed with.

#![allow(clippy::disallowed_methods, clippy::expect_used, missing_docs)]

mod worlds;

use std::{
    env, fs,
    io::Write,
    net::{IpAddr, SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use leakwatch::{
    bgp::{Afi, Asn, Batch, EventKind},
    engine::{Engine, Snapshot},
    feed::{
        bmp::{Routers, Settings, Site, serve},
        clock::Clock,
        intake::{Outlet, queue},
    },
    metrics::Metrics,
    wire::{
        bmp::{Capabilities, Open, PeerHeader, encode},
        mrt::Status,
    },
};
use tokio::sync::watch;

const RUNS: usize = 5;

fn main() {
    let arguments: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let recording = worlds::recording(None, None);
    let stream = |most| stream(&worlds::transfer(&recording, most).0);
    if let [what, file, most @ ..] = &arguments[..]
        && what == "write"
    {
        let most = most.first().and_then(|most| most.parse().ok());
        let (bytes, updates, nlri) = stream(most.unwrap_or(12));
        fs::write(file, bytes).expect("room for the stream");
        println!("{updates} Route Monitorings, {nlri} NLRI");
        return;
    }
    let only = arguments.first();
    let runs = arguments.get(1).and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(RUNS);
    for (name, most) in [("transfer", 12), ("one", 1)] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let (bytes, updates, nlri) = stream(most);
        let mut taken: Vec<_> = (0..runs).map(|_| run(&bytes, nlri)).collect();
        taken.sort_by_key(|(_, processor)| *processor);
        let (wall, processor) = taken.get(runs / 2).copied().expect("a run");
        println!(
            "{name:10} {updates} Route Monitorings, {nlri} NLRI: {:.0} ms, on processors {:.0} ms: \
             {:.0} Route Monitorings and {:.0} NLRI in a second of processor",
            wall.as_secs_f64() * 1e3,
            processor.as_secs_f64() * 1e3,
            updates as f64 / processor.as_secs_f64(),
            nlri as f64 / processor.as_secs_f64(),
        );
    }
}

/// A session of one peer that sends the UPDATEs of an MRT file: octets, Route
/// Monitorings and NLRI.
fn stream(transfer: &[u8]) -> (Vec<u8>, u64, u64) {
    let peer = PeerHeader::global(IpAddr::from([192, 0, 2, 7]), Asn(64_500), 7);
    let open = |asn: u32, bgp_id| Open {
        asn: Asn(asn),
        hold_time: 90,
        bgp_id,
        capabilities: Capabilities {
            asn4: Some(Asn(asn)),
            ipv4_unicast: true,
            ..Capabilities::default()
        },
        damaged: false,
    };
    let mut out = Vec::new();
    encode::initiation(&mut out, "ingest", "a benchmark's router", &[]);
    let local = IpAddr::from([192, 0, 2, 1]);
    encode::peer_up(&mut out, &peer, local, &open(64_496, 1), &open(64_500, 7));
    let (mut updates, mut nlri) = (0, 0);
    let mut reader = worlds::reader(transfer.to_vec());
    let mut batch = Batch::default();
    loop {
        let status = reader.read_batch(&mut batch);
        for event in &batch.events {
            if let EventKind::Announce { nlri: span, .. } = event.kind {
                let update = event.raw.of(&batch.raw);
                encode::route_monitoring(&mut out, &peer, |out| out.extend_from_slice(update));
                updates += 1;
                nlri += u64::from(span.len);
            }
        }
        if status == Status::End {
            break;
        }
    }
    encode::end_of_rib(&mut out, &peer, Afi::Ipv4);
    (out, updates, nlri)
}

/// Wall and processor time of one session.
fn run(bytes: &[u8], nlri: u64) -> (Duration, Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let settings = Settings::default();
    let (intake, outlet) = queue(settings.queue);
    let (_settings, settings) = watch::channel(Arc::new(settings));
    let (_snapshots, snapshots) = watch::channel(Arc::<Snapshot>::default());
    let (stop, stopped) = watch::channel(false);
    let site = Site {
        settings,
        intake,
        routers: Routers::default(),
        clock: Clock::system(),
        metrics: Arc::new(Metrics::new()),
        snapshots,
        stop: stopped,
    };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = runtime.spawn(serve(Some(listener), site));
    let (applied, all) = mpsc::sync_channel(1);
    let engine = worlds::engine();
    let engine = thread::spawn(move || take(outlet, engine, nlri, &applied));
    let (clock, before) = (Instant::now(), processor());
    thread::scope(|scope| {
        scope.spawn(|| send(address, bytes));
        all.recv().expect("the engine");
    });
    // The sending thread is over, so its time is no longer in the sum.
    let taken = (clock.elapsed(), processor().saturating_sub(before));
    stop.send_replace(true);
    runtime.block_on(served).expect("the listener");
    engine.join().expect("the engine");
    taken
}

fn send(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(bytes).expect("a reader");
}

/// The engine's thread: applies batches until all routes are there, and then until the end.
fn take(mut outlet: Outlet, mut engine: Engine, nlri: u64, applied: &mpsc::SyncSender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut out = Vec::new();
    let mut count = 0;
    while let Some(parcel) = runtime.block_on(outlet.next()) {
        engine.apply(&parcel.batch, &mut out);
        out.clear();
        count += parcel.batch.nlri_count() as u64;
        outlet.done(parcel);
        if count == nlri {
            applied.send(()).expect("someone who waits");
            count = 0;
        }
    }
    // Freeing a million routes is not part of taking them.
    std::mem::forget(engine);
}

/// Time that all threads of the process have been on processors.
fn processor() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("the threads");
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let accounting = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        accounting.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
