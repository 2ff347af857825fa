//! The daemon as a process, and routers that speak to it.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use leakwatch::{
    bgp::{Afi, AsPath, Asn, Nlri},
    wire::{
        bmp::{Capabilities, Open, PeerHeader, TerminationReason, encode},
        encode as bgp,
    },
};
use serde_json::Value;

/// For ever, for a test.
const EVER: Duration = Duration::from_secs(60);

/// Sockets on free ports of loopback.
pub const FREE_PORTS: &str = "\
[bmp]
listen = \"127.0.0.1:0\"
[http]
listen = \"127.0.0.1:0\"
";

#[allow(
    clippy::disallowed_methods,
    reason = "a test that waits for ever would not say what for"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// A directory of one test, gone with it.
pub struct Place(PathBuf);

impl Place {
    pub fn new() -> Place {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("leakwatch-daemon-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // An earlier process of our number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary, with nothing of our own surroundings.
pub fn leakwatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakwatch"));
    for name in [
        "LEAKWATCH_CONFIG",
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "JOURNAL_STREAM",
    ] {
        command.env_remove(name);
    }
    command
}

/// A daemon that runs; it is killed when dropped.
pub struct Daemon {
    child: Child,
    lines: Receiver<Value>,
    pub seen: Vec<Value>,
    pub bmp: SocketAddr,
    pub http: SocketAddr,
    pub config: PathBuf,
    pub place: Place,
}

impl Daemon {
    /// Starts with this configuration, and waits until it says where it listens.
    pub fn start(config: &str) -> Daemon {
        Daemon::start_with(config, |_| {})
    }

    pub fn start_with(config: &str, change: impl FnOnce(&mut Command)) -> Daemon {
        let place = Place::new();
        let config = place.file("leakwatch.toml", config);
        let mut command = leakwatch();
        command.arg("run").arg("--config").arg(&config);
        change(&mut command);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (said, lines) = channel_of_lines();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let mut daemon = Daemon {
            child,
            lines,
            seen: Vec::new(),
            bmp: SocketAddr::from(([0; 4], 0)),
            http: SocketAddr::from(([0; 4], 0)),
            config,
            place,
        };
        daemon.bmp = daemon.said("listening for BMP")["address"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        daemon.http = daemon.line("listening for HTTP", |line| {
            message(line).starts_with("listening for HTTP")
        })["address"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        daemon
    }

    /// Waits for a line of this message.
    pub fn said(&mut self, wanted: &str) -> Value {
        self.line(wanted, |line| message(line) == wanted)
    }

    /// Waits for a line; those before it are past.
    pub fn line(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = now() + EVER;
        loop {
            let left = until.saturating_duration_since(now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("never said: {what}: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended before it said: {what}: {:#?}", self.seen)
                }
            }
        }
    }

    /// All lines that have come.
    pub fn all_said(&mut self) -> &[Value] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    /// Answer to a GET.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(EVER)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.http
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// Waits until an answer is as wanted.
    pub fn until(&self, path: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = now();
        loop {
            let answer = self.json(path);
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < EVER, "never {what}: {path}: {answer:#}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The value of a series; none if it is not there.
    pub fn metric(&self, series: &str) -> Option<f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        let line = text.lines().find(|line| {
            line.strip_prefix(series)
                .is_some_and(|rest| rest.starts_with(' '))
        })?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until a series has this value.
    pub fn shows(&self, series: &str, value: f64) {
        let began = now();
        loop {
            let shown = self.metric(series);
            if shown == Some(value) {
                return;
            }
            assert!(
                began.elapsed() < EVER,
                "{series} is {shown:?}, never {value}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        let began = now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < EVER, "it goes on: {:#?}", self.seen);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// One of our clients, asked about this daemon.
    pub fn client(&self, arguments: &[&str]) -> Output {
        leakwatch()
            .args(arguments)
            .arg("--url")
            .arg(format!("http://{}", self.http))
            .output()
            .unwrap()
    }
}

fn channel_of_lines() -> (std::sync::mpsc::Sender<Value>, Receiver<Value>) {
    #[allow(
        clippy::disallowed_methods,
        reason = "as many lines as one test's daemon writes"
    )]
    channel()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The message of a line.
pub fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

/// A router with one peer, AS64510.
pub struct Router {
    stream: TcpStream,
    header: PeerHeader,
    pub written: Vec<u8>,
}

impl Router {
    /// Connects and says its name; `texts` are strings of the Initiation.
    pub fn connect(daemon: &Daemon, name: &str, texts: &[&str]) -> Router {
        let address = IpAddr::from([198, 51, 100, 1]);
        let mut router = Router {
            stream: TcpStream::connect(daemon.bmp).unwrap(),
            header: PeerHeader::global(address, Asn(64_510), 7),
            written: Vec::new(),
        };
        encode::initiation(&mut router.written, name, "a test's router", texts);
        let local = IpAddr::from([192, 0, 2, 1]);
        let (sent, received) = (open(64_500), open(64_510));
        encode::peer_up(&mut router.written, &router.header, local, &sent, &received);
        router.send();
        router
    }

    /// A table of `count` /24s from 20.0.0.0 on, whole.
    pub fn table(&mut self, count: u32) {
        for number in 0..count {
            self.announce(
                0x1400_0000 + (number << 8),
                &[64_510, 64_520, 64_530 + number % 9],
            );
        }
        encode::end_of_rib(&mut self.written, &self.header, Afi::Ipv4);
        self.send();
    }

    /// Writes one /24 by this path.
    pub fn announce(&mut self, prefix: u32, path: &[u32]) {
        let mut attributes = Vec::new();
        bgp::PathAttributes {
            path: AsPath {
                words: path,
                segmented: false,
            },
            next_hop: Some(IpAddr::from([192, 0, 2, 9])),
            ..bgp::PathAttributes::default()
        }
        .write(&mut attributes);
        let mut announced = Vec::new();
        bgp::nlri(&mut announced, &slash24(prefix));
        encode::route_monitoring(&mut self.written, &self.header, |out| {
            bgp::update(out, &[], &attributes, &announced);
        });
    }

    /// Writes the withdrawal of one /24.
    pub fn withdraw(&mut self, prefix: u32) {
        let mut withdrawn = Vec::new();
        bgp::nlri(&mut withdrawn, &slash24(prefix));
        encode::route_monitoring(&mut self.written, &self.header, |out| {
            bgp::update(out, &withdrawn, &[], &[]);
        });
    }

    /// Says that it ends.
    pub fn terminate(mut self) {
        let reason = TerminationReason::AdministrativelyClosed;
        encode::termination(&mut self.written, reason);
        self.send();
    }

    /// Sends what is written.
    pub fn send(&mut self) {
        let written = std::mem::take(&mut self.written);
        self.stream.write_all(&written).unwrap();
    }

    /// Sends for as long as it is listened to; returns how many octets were taken.
    pub fn send_on(mut self) -> thread::JoinHandle<usize> {
        thread::spawn(move || {
            let (mut taken, length) = (0, self.written.len());
            while let Ok(count @ 1..) = self.stream.write(&self.written[taken % length..]) {
                taken += count;
            }
            taken
        })
    }
}

fn slash24(addr: u32) -> Nlri<u32> {
    Nlri {
        addr,
        len: 24,
        path_id: 0,
    }
}

fn open(asn: u32) -> Open {
    Open {
        asn: Asn(asn),
        hold_time: 90,
        bgp_id: 7,
        capabilities: Capabilities {
            asn4: Some(Asn(asn)),
            ipv4_unicast: true,
            ..Capabilities::default()
        },
        damaged: false,
    }
}
