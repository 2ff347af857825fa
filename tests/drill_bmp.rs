//! Drills told over BMP: what a router would send, through a session into the engine,
//! gives the incident that the recording gives.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot run has failed"
)]

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use leakwatch::{
    bgp::{Afi, Batch, Router, Timestamp},
    config::Config,
    drill::{self, Expected, Options, Speaker, Timing, Truth, Vantage},
    engine::Engine,
    feed::bmp::session::{Notice, Session, Then},
    incident::{self, IncidentEvent, Severity, Step},
    wire::bmp::Kind,
};
use socket2::{Domain, Socket, Type};

const SMALL: Options = Options {
    seed: 1,
    routes: Some(3_000),
    rate: Some(1_000),
    vantage: Vantage::Border,
    nlri_per_update: None,
    table: Some(60_000),
    timing: Timing::WATCHED,
};

/// A daemon's inside: one session and one engine.
struct Daemon {
    session: Session,
    engine: Engine,
    batch: Batch,
    notices: Vec<Notice>,
    out: Vec<incident::Output>,
    pending: Vec<u8>,
    ended: bool,
}

impl Daemon {
    fn new() -> Self {
        // As installed: it knows nothing of the drill's sessions.
        let config = Config::default();
        Daemon {
            session: Session::new(leakwatch::feed::bmp::session::Limits::default()),
            engine: Engine::new(config.reference, config.detect, config.incident),
            batch: Batch::default(),
            notices: Vec::new(),
            out: Vec::new(),
            pending: Vec::new(),
            ended: false,
        }
    }

    fn hear(&mut self, bytes: &[u8], now: Timestamp) {
        assert!(!self.ended, "nothing comes after the end");
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let mut used = 0;
        loop {
            let fed = self
                .session
                .feed(&bytes[used..], now, &mut self.batch, &mut self.notices);
            used += fed.used;
            match fed.then {
                Then::Identify => self.session.identify(Router::bmp([127, 0, 0, 1].into())),
                Then::HandOn => self.apply(),
                Then::Read(_) => break,
                Then::Close(_) => {
                    self.ended = true;
                    break;
                }
            }
        }
        self.pending.extend_from_slice(&bytes[used..]);
        self.apply();
    }

    fn apply(&mut self) {
        self.engine.apply(&self.batch, &mut self.out);
        self.batch.clear();
    }

    fn advance(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let next = self.engine.now() + Duration::from_secs(1);
            self.engine.advance(next, &mut self.out);
        }
    }

    fn incidents(&self) -> Vec<&IncidentEvent> {
        let events = self.out.iter().filter_map(|output| match output {
            incident::Output::Incident(event) => Some(&**event),
            incident::Output::Standing(_) => None,
        });
        events.collect()
    }
}

/// Plays a drill into a daemon and compares what comes out.
fn check(name: &str, options: &Options) {
    let drill = drill::find(name).unwrap();
    let recording = drill::play(drill, options);
    let truth = recording.truth.clone();
    let speaker = Speaker::new(recording).unwrap();
    let start = Timestamp::from_secs(1_900_000_000);
    let mut daemon = Daemon::new();

    let mut bytes = Vec::new();
    Speaker::introduce(drill, &mut bytes);
    speaker.begin(&mut bytes);
    daemon.hear(&bytes, start);
    let Notice::Initiated { initiation, .. } = &daemon.notices[0] else {
        panic!("{:?}", daemon.notices[0]);
    };
    assert!(initiation.drill, "it says that it is a drill");
    assert_eq!(initiation.sys_name.raw(), format!("leakwatch-drill-{name}"));
    assert_eq!(daemon.session.peer_count(), speaker.sessions().count());

    speaker
        .tables(&mut |bytes| {
            daemon.hear(bytes, start);
            Ok(())
        })
        .unwrap();
    let held: u32 = daemon
        .engine
        .rib()
        .views()
        .map(|(view, _)| daemon.engine.rib().routes(view))
        .sum();
    assert_eq!(held as usize, speaker.routes());
    assert!(!daemon.engine.is_warming());

    let mut updates = speaker.updates().unwrap();
    let (mut message, mut last) = (Vec::new(), Duration::ZERO);
    while let Some(at) = updates.next(&mut message) {
        assert!(at >= last, "time goes back");
        last = at;
        daemon.hear(&message, start + at);
        message.clear();
    }
    assert_eq!(last, speaker.duration().unwrap());
    daemon.advance(1200);
    verify(drill.expected, &truth, &daemon, name);

    speaker.end(&mut message);
    daemon.hear(&message, start + last);
    assert!(daemon.ended, "terminated");
    assert_eq!(daemon.session.peer_count(), 0);
    let tally = daemon.session.tally();
    assert_eq!(
        tally.error_count(),
        0,
        "{:?}",
        tally.errors().collect::<Vec<_>>()
    );
}

fn verify(expected: Expected, truth: &Truth, daemon: &Daemon, name: &str) {
    let events = daemon.incidents();
    let mut critical: Vec<&str> = events
        .iter()
        .filter(|event| event.severity == Severity::Critical)
        .map(|event| event.id.as_str())
        .collect();
    critical.sort_unstable();
    critical.dedup();
    let wanted = match expected {
        Expected::Incidents(wanted) => wanted,
        Expected::Quiet => 0,
    };
    assert_eq!(critical.len(), wanted, "{name}: {critical:?}");
    for one in &truth.incidents {
        let life: Vec<_> = events
            .iter()
            .filter(|event| event.offender == Some(one.offender))
            .filter(|event| critical.contains(&event.id.as_str()))
            .collect();
        let last = life.last().unwrap();
        if one.neighbour.is_some() {
            assert_eq!(last.neighbour, one.neighbour, "{name}");
        }
        let off = last.routes.total.abs_diff(one.routes);
        assert!(
            off * 10 <= one.routes,
            "{name}: {} of {}",
            last.routes.total,
            one.routes
        );
        assert_eq!(last.event, Step::Resolved, "{name}");
    }
}

#[test]
fn a_leak_told_over_bmp_is_the_leak_of_the_recording() {
    check("google-2017", &SMALL);
    let collector = Options {
        vantage: Vantage::Collector,
        ..SMALL
    };
    check("allegheny-2019", &collector);
}

#[test]
fn known_routes_that_change_their_way_are_found_too() {
    check("telekom-malaysia-2015", &SMALL);
    check("dery-2012", &SMALL);
}

#[test]
fn two_leaks_are_two_incidents() {
    check("two-leaks", &SMALL);
}

#[test]
fn nobody_is_woken_by_an_exercise() {
    for name in [
        "session-reset",
        "route-refresh",
        "quiet-churn",
        "blackhole-wave",
    ] {
        check(name, &SMALL);
    }
}

#[test]
fn tables_are_packed_as_speakers_pack_them_and_carry_both_families() {
    let drill = drill::find("google-2017").unwrap();
    let speaker = Speaker::new(drill::play(drill, &SMALL)).unwrap();
    let mut daemon = Daemon::new();
    let mut bytes = Vec::new();
    Speaker::introduce(drill, &mut bytes);
    speaker.begin(&mut bytes);
    daemon.hear(&bytes, Timestamp::from_secs(1));
    speaker
        .tables(&mut |bytes| {
            daemon.hear(bytes, Timestamp::from_secs(1));
            Ok(())
        })
        .unwrap();
    let messages = daemon.session.messages()[Kind::RouteMonitoring as usize];
    let packed = speaker.routes() as u64 / messages;
    assert!((2..100).contains(&packed), "{packed} prefixes a message");
    let mut families: Vec<_> = daemon
        .engine
        .rib()
        .views()
        .map(|(_, key)| key.afi)
        .collect();
    families.sort_unstable();
    assert_eq!(families, [Afi::Ipv4, Afi::Ipv4, Afi::Ipv6]);
}

fn leakwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .unwrap()
}

#[test]
fn where_nobody_listens_it_says_what_to_do_and_another_host_needs_a_word() {
    // Bound by us, so that nobody else listens there, and not listened at.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    taken.bind(&any.into()).unwrap();
    let free = taken.local_addr().unwrap().as_socket().unwrap();
    let small = ["drill", "supronet-2009", "--table", "20000", "--bmp"];
    let output = leakwatch(&[&small[..], &[&free.to_string()]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("leakwatch run"), "{said}");
    let output = leakwatch(&[&small[..], &["192.0.2.1"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("192.0.2.1:11019") && said.contains("--remote"),
        "{said}"
    );
    let output = leakwatch(&["drill", "google-2017", "--speed", "2"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_command_plays_to_a_collector_and_says_what_had_to_come_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let collector = thread::spawn(move || {
        let mut bytes = Vec::new();
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        let mut daemon = Daemon::new();
        daemon.hear(&bytes, Timestamp::from_secs(1));
        assert!(daemon.ended);
        assert_eq!(daemon.session.tally().error_count(), 0);
        daemon.session.tally().announced
    });
    let options = ["--table", "20000", "--routes", "500", "--speed", "100"];
    let output = leakwatch(&[&["drill", "google-2017", "--bmp", &address], &options[..]].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for line in [
        "the leak begins: AS15169 through AS701",
        "all 500 routes of AS15169 are out",
        "the leak of AS15169 is over",
        "One critical incident: AS15169, accepted by AS701, 500 routes.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(collector.join().unwrap() > 40_000);
}

#[test]
fn a_session_closed_on_it_and_a_port_of_something_else_are_told() {
    for answer in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_leakwatch"))
            .args([
                "drill",
                "quiet-churn",
                "--table",
                "20000",
                "--bmp",
                &address,
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0; 6];
        stream.read_exact(&mut first).unwrap();
        std::io::Write::write_all(&mut stream, answer).unwrap();
        let reader = thread::spawn(move || {
            if answer.is_empty() {
                drop(stream);
            } else {
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
        });
        let mut said = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        reader.join().unwrap();
        let wanted = if answer.is_empty() {
            "closed there"
        } else {
            "the port of something else"
        };
        assert!(said.contains(wanted), "{said}");
    }
}
