//! The stream of events.

use std::io::{BufRead, BufReader, Write};

use leakwatch::{config, feed::intake::Realm, incident::Output};

use super::{
    client::{connect, get},
    server::{Server, empty, live_through},
};

struct Stream(BufReader<std::net::TcpStream>);

/// One event: its name, id and data.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Stream {
    fn open(server: &Server, query: &str, last: Option<&str>) -> Stream {
        let mut stream = connect(server.at);
        let last = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        write!(
            stream,
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        Stream(reader)
    }

    /// The next event; none at the end of the stream.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let text = line.trim_end();
            if let Some((field, value)) = text.split_once(": ") {
                match field {
                    "event" => value.clone_into(&mut event.name),
                    "id" => value.clone_into(&mut event.id),
                    "data" => value.clone_into(&mut event.data),
                    _ => {}
                }
            } else if text.is_empty() && !event.name.is_empty() {
                return Some(event);
            }
        }
    }
}

fn incidents() -> Vec<Output> {
    live_through("google-2017", false, true)
        .said
        .into_iter()
        .filter(|one| matches!(one, Output::Incident(_)))
        .collect()
}

#[test]
fn what_is_told_arrives_in_order_and_a_reader_that_was_away_misses_nothing() {
    let server = empty(&config::Http::default());
    let said = incidents();
    assert!(said.len() >= 3);
    let mut stream = Stream::open(&server, "", None);
    assert_eq!(stream.next().unwrap().name, "hello");
    server.board.tell(Realm::Live, &said[0]);
    let first = stream.next().unwrap();
    assert_eq!(first.name, "incident");
    let json: serde_json::Value = serde_json::from_str(&first.data).unwrap();
    assert_eq!(json["event"], "opened");
    assert_eq!(server.metrics.http.sse_clients.get(), 1);
    drop(stream);

    server.board.tell(Realm::Live, &said[1]);
    server.board.tell(Realm::Drill, &said[1]);
    server.board.tell(Realm::Live, &said[2]);
    let mut stream = Stream::open(&server, "?drill=false", Some(&first.id));
    assert_eq!(stream.next().unwrap().name, "hello");
    for wanted in [&said[1], &said[2]] {
        let Output::Incident(wanted) = wanted else {
            unreachable!()
        };
        let found = stream.next().unwrap();
        assert_eq!(found.data, serde_json::to_string(wanted).unwrap());
    }
}

#[test]
fn an_id_of_an_earlier_daemon_starts_from_the_beginning() {
    let server = empty(&config::Http::default());
    let said = incidents();
    server.board.tell(Realm::Live, &said[0]);
    for id in ["1234-99", "nonsense", ""] {
        let mut stream = Stream::open(&server, "", Some(id));
        assert_eq!(stream.next().unwrap().name, "hello", "{id}");
        assert_eq!(stream.next().unwrap().name, "incident", "{id}");
    }
}

#[test]
fn who_was_away_for_too_long_is_told_so_and_cut_off() {
    let server = empty(&config::Http::default());
    let said = incidents();
    server.board.tell(Realm::Live, &said[0]);
    let mut stream = Stream::open(&server, "", Some("0-0"));
    assert_eq!(stream.next().unwrap().name, "hello");
    let seen = stream.next().unwrap().id;
    drop(stream);
    for _ in 0..2000 {
        server.board.tell(Realm::Live, &said[0]);
    }
    let mut stream = Stream::open(&server, "", Some(&seen));
    assert_eq!(stream.next().unwrap().name, "hello");
    let missed = stream.next().unwrap();
    assert_eq!(missed.name, "missed");
    assert_eq!(missed.data, format!("{{\"missed\":{}}}", 2000 - 1024));
    assert_eq!(stream.next(), None);
    assert_eq!(server.metrics.http.sse_dropped.get(), 1);
    // From there on everything is had.
    let mut stream = Stream::open(&server, "", Some(&missed.id));
    assert_eq!(stream.next().unwrap().name, "hello");
    for _ in 0..1024 {
        assert_eq!(stream.next().unwrap().name, "incident");
    }
}

#[test]
fn there_is_a_most_of_followers_and_others_are_still_answered() {
    let server = empty(&config::Http::default());
    let mut streams: Vec<Stream> = (0..64).map(|_| Stream::open(&server, "", None)).collect();
    let answer = get(server.at, "/api/v1/events");
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(get(server.at, "/metrics").status, 200);
    drop(streams.pop());
    let mut tries = 0;
    while get_status(&server) != 200 {
        tries += 1;
        assert!(tries < 1000, "the place is never free again");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The status alone: the stream itself has no end.
fn get_status(server: &Server) -> u16 {
    let mut stream = connect(server.at);
    write!(
        stream,
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    .unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_stream_ends_when_the_server_does() {
    let mut server = empty(&config::Http::default());
    let mut stream = Stream::open(&server, "", None);
    assert_eq!(stream.next().unwrap().name, "hello");
    server.stop();
    assert_eq!(stream.next(), None);
}
