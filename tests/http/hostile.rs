//! Clients that mean harm, or are broken.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    thread,
    time::Duration,
};

use leakwatch::config;

use super::{
    client::{connect, get, parse, request},
    server::{empty, shared},
};

/// Sends `bytes` and returns what comes back before the connection ends.
fn send(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(to);
    // The server may close before all is taken.
    let _ = stream.write_all(bytes);
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back);
    back
}

#[test]
fn what_is_not_http_is_closed_and_others_are_served() {
    let server = empty(&config::Http::default());
    let long = [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ".to_vec(),
        vec![b'a'; 100_000],
    ]
    .concat();
    let many = format!(
        "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
        "X: y\r\n".repeat(1000)
    );
    let path = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(60_000)
    );
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n\r\n",
        b"\x03\x00\x00\x00\x06\x04",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long,
        many.as_bytes(),
        path.as_bytes(),
    ] {
        let mut ended = bytes.to_vec();
        ended.extend_from_slice(b"\r\n\r\n");
        let back = send(server.at, &ended);
        if !back.is_empty() {
            let status = parse(&back).status;
            assert!((400..500).contains(&status), "{status}: {ended:?}");
        }
        assert_eq!(get(server.at, "/healthz").status, 200);
    }
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let server = empty(&config::Http::default());
    let mut stream = connect(server.at);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        .unwrap();
    let mut drip = stream.try_clone().unwrap();
    // A header line every second or so, for as long as anybody listens.
    let dripping = thread::spawn(move || {
        while drip.write_all(b"X: y\r\n").is_ok() {
            thread::sleep(Duration::from_millis(700));
        }
    });
    // One that has been answered and asks nothing more is closed as well.
    let mut idle = connect(server.at);
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back);
    dripping.join().unwrap();
    let mut answer = Vec::new();
    idle.read_to_end(&mut answer).unwrap();
    assert_eq!(parse(&answer).status, 200);
    assert!(back.is_empty() || parse(&back).status == 408, "{back:?}");
}

#[test]
fn beyond_the_most_connections_one_is_refused_and_counted_until_another_ends() {
    let server = empty(&config::Http {
        most_connections: 2,
        ..config::Http::default()
    });
    let mut held: Vec<_> = (0..2).map(|_| connect(server.at)).collect();
    for stream in &mut held {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let mut third = connect(server.at);
    let mut nothing = Vec::new();
    let _ = third.read_to_end(&mut nothing);
    assert!(nothing.is_empty());
    let refused = &server.metrics.http.refused;
    assert_eq!(refused.with_label_values(&["connections"]).get(), 1);
    assert_eq!(server.metrics.http.connections.get(), 2);
    drop(held);
    for look in 0.. {
        if server.metrics.http.connections.get() == 0 {
            break;
        }
        assert!(look < 6000, "connections that have ended are counted");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(get(server.at, "/healthz").status, 200);
}

#[test]
fn two_hundred_clients_at_once_are_all_answered() {
    let server = shared();
    let clients: Vec<_> = (0..200)
        .map(|number| {
            thread::spawn(move || {
                let path = ["/api/v1/status", "/metrics", "/", "/api/v1/peers"][number % 4];
                get(shared().at, path).status
            })
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), 200);
    }
    assert_eq!(get(server.at, "/healthz").status, 200);
}

#[test]
fn labels_do_not_grow_with_what_is_asked_for() {
    let server = empty(&config::Http::default());
    for number in 0..300 {
        get(server.at, &format!("/made-up-{number}"));
        get(server.at, &format!("/api/v1/incidents/made-up-{number}"));
        let method = format!("M{number}");
        request(server.at, &method, "/", &[]);
    }
    let text = get(server.at, "/metrics").body;
    let series: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("leakwatch_http_requests_total"))
        .collect();
    assert_eq!(series.len(), 3, "{series:#?}");
    assert!(
        series
            .iter()
            .any(|one| one.contains("route=\"other\"") && one.ends_with(" 300"))
    );
}

#[test]
fn an_engine_that_stands_still_shows() {
    let server = empty(&config::Http::default());
    assert_eq!(get(server.at, "/healthz").status, 200);
    *server.heartbeat.lock().unwrap() = Duration::from_secs(40);
    let answer = get(server.at, "/healthz");
    assert_eq!(answer.status, 503);
    assert!(answer.detail().contains("40 s"), "{answer:?}");
    assert_eq!(get(server.at, "/readyz").status, 503);
}

#[test]
fn ready_is_what_sees_and_says_why_it_does_not() {
    let server = empty(&config::Http::default());
    let answer = get(server.at, "/readyz");
    assert_eq!(answer.status, 503);
    let reasons = answer.json()["reasons"].to_string();
    assert!(reasons.contains("no router has connected"), "{reasons}");
    // After a whole recording everything is seen.
    assert_eq!(get(shared().at, "/readyz").status, 200);
    // A first table that is on its way.
    let mut snapshot = leakwatch::engine::Snapshot::clone(&shared().live.borrow());
    for view in &mut snapshot.views {
        view.phase = leakwatch::detect::Phase::Dumping;
        view.had_table = false;
    }
    server
        .live
        .send_replace(std::sync::Arc::new(snapshot.clone()));
    let answer = get(server.at, "/readyz");
    assert_eq!(answer.status, 503);
    let reasons = answer.json()["reasons"].to_string();
    assert!(reasons.contains("is still being sent"), "{reasons}");
    // One that is sent again can be compared with what was there.
    for view in &mut snapshot.views {
        view.had_table = true;
    }
    server.live.send_replace(std::sync::Arc::new(snapshot));
    assert_eq!(get(server.at, "/readyz").status, 200);
}
