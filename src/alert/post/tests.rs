//! The other side at its worst.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::*;

/// Of a test in which it runs out; all that has to be done before is done in a moment.
const SHORT: Duration = Duration::from_secs(6);

/// Answers one connection after it has read a whole request.
fn server(answer: impl FnOnce(TcpStream, String) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"{\"a\":1}") {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(count) => request.extend_from_slice(&buffer[..count]),
            }
        }
        answer(stream, String::from_utf8_lossy(&request).into_owned());
    });
    address
}

fn post(address: SocketAddr, path: &str) -> Result<Sent, Failure> {
    post_within(Duration::from_secs(30), address, path)
}

fn post_within(timeout: Duration, address: SocketAddr, path: &str) -> Result<Sent, Failure> {
    let settings = Settings {
        timeout,
        ca_file: None,
    };
    let post = Post::new(&format!("http://{address}{path}"), &settings).unwrap();
    post.json("{\"a\":1}", &[("X-Test".to_owned(), "yes".to_owned())])
}

fn saying(text: &'static str) -> SocketAddr {
    server(move |mut stream, _| {
        let _ = stream.write_all(text.as_bytes());
    })
}

#[test]
fn what_is_taken_is_told_with_what_the_other_side_said() {
    let address = server(|mut stream, request| {
        assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
        let headers = request.to_ascii_lowercase();
        assert!(
            headers.contains("x-test: yes") && headers.contains("content-type: application/json")
        );
        let _ = stream
            .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nok\x1b[2J\r\nx\xff");
    });
    let sent = post(address, "/hook").unwrap();
    assert_eq!(
        sent.answer,
        "202 Accepted: ok\\u{1b}[2J\\u{d}\\u{a}x\u{fffd}"
    );
}

#[test]
fn a_server_that_is_busy_or_broken_is_tried_again_when_it_says() {
    let address =
        saying("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    let failure = post(address, "/").unwrap_err();
    assert_eq!(failure.then, Then::Retry(Some(Duration::from_secs(7))));
    assert!(!failure.may_have_arrived, "it says that it did not take it");

    let address = saying(
        "HTTP/1.1 503 Service Unavailable\r\nDate: Fri, 25 Aug 2017 03:22:00 GMT\r\n\
         Retry-After: Fri, 25 Aug 2017 03:24:00 GMT\r\nContent-Length: 4\r\n\r\noops",
    );
    let failure = post(address, "/").unwrap_err();
    assert_eq!(failure.then, Then::Retry(Some(Duration::from_secs(120))));
    assert!(
        failure
            .what
            .ends_with("answers 503 Service Unavailable: oops"),
        "{failure:?}"
    );

    let address = saying("HTTP/1.1 500 Oh\r\nRetry-After: 999999999\r\nContent-Length: 0\r\n\r\n");
    let failure = post(address, "/").unwrap_err();
    assert_eq!(failure.then, Then::Retry(Some(LONGEST_WAIT)));
    let address = saying("HTTP/1.1 500 Oh\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(post(address, "/").unwrap_err().then, Then::Retry(None));
}

#[test]
fn a_message_that_is_refused_is_given_up_and_what_a_person_can_mend_is_not() {
    let address = saying("HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno such x");
    let failure = post(address, "/").unwrap_err();
    assert_eq!(failure.then, Then::GiveUp);
    assert!(failure.what.contains("400 Bad Request: no such x"));
    let address = saying("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    let failure = post(address, "/").unwrap_err();
    assert_eq!(failure.then, Then::Retry(None));
    assert!(failure.what.contains("password or token") && !failure.of_message);
}

#[test]
fn what_may_be_answered_to_this_message_alone_counts_against_it_and_not_the_sink() {
    for (status, of_message) in [
        ("403 Forbidden", true),
        ("404 Not Found", true),
        ("406 Not Acceptable", true),
        ("409 Conflict", true),
        ("431 Request Header Fields Too Large", true),
        ("500 Oh", true),
        ("502 Bad Gateway", true),
        ("401 Unauthorized", false),
        ("429 Too Many Requests", false),
        ("503 Service Unavailable", false),
    ] {
        let address = server(move |mut stream, _| {
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        });
        let failure = post(address, "/").unwrap_err();
        assert_eq!(failure.then, Then::Retry(None), "{status}");
        assert_eq!(failure.of_message, of_message, "{status}");
    }
}

#[test]
fn a_redirect_is_not_followed_and_its_path_not_repeated() {
    let address = saying(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://evil.example/token-123\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let failure = post(address, "/secret").unwrap_err();
    assert_eq!(failure.then, Then::Retry(None));
    assert!(
        failure.what.contains("points to evil.example;"),
        "{failure:?}"
    );
    assert!(!failure.what.contains("token-123") && !failure.what.contains("secret"));
}

#[test]
fn an_answer_without_end_is_read_up_to_a_bound() {
    let address = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        let block = vec![b'x'; 65_536];
        while stream.write_all(&block).is_ok() {}
    });
    let sent = post(address, "/").unwrap();
    assert!(sent.answer.chars().count() < 300);
}

#[test]
fn an_answer_that_trickles_ends_in_time_and_its_status_counts() {
    let posts = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n",
    ]
    .map(|head| {
        let address = server(move |mut stream, _| {
            let _ = stream.write_all(head.as_bytes());
            trickle(&mut stream, b'.');
        });
        thread::spawn(move || post_within(SHORT, address, "/"))
    });
    for post in posts {
        let sent = post.join().unwrap().unwrap();
        assert!(sent.answer.starts_with("200 OK"), "{sent:?}");
        assert!(sent.answer.contains("did not come"), "{sent:?}");
    }
}

/// Writes an octet now and then, for as long as anybody listens.
fn trickle(stream: &mut TcpStream, octet: u8) {
    while stream.write_all(&[octet]).is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_head_that_trickles_or_never_comes_may_have_been_taken() {
    // Nothing is ever sent: it is silent until the test is over.
    let (_over, hold) = sync_channel::<()>(0);
    let silent = server(move |stream, _| {
        let _ = hold.recv();
        drop(stream);
    });
    let trickling = server(|mut stream, _| {
        for octet in b"HTTP/1.1 200 OK\r\nX: " {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(&[*octet]).is_err() {
                return;
            }
        }
        trickle(&mut stream, b'a');
    });
    let posts = [silent, trickling].map(|at| thread::spawn(move || post_within(SHORT, at, "/")));
    for post in posts {
        let failure = post.join().unwrap().unwrap_err();
        assert!(failure.may_have_arrived && failure.then == Then::Retry(None));
        assert!(
            failure.what.contains("does not answer in time"),
            "{failure:?}"
        );
    }
}

#[test]
fn a_connection_that_closes_early_may_have_delivered() {
    let address = server(|stream, _| drop(stream));
    let failure = post(address, "/").unwrap_err();
    assert!(failure.may_have_arrived, "{failure:?}");
    assert_eq!(failure.then, Then::Retry(None));
}

#[test]
fn what_could_not_connect_was_not_delivered() {
    // Bound by us, so that nobody else listens there, and not listened at.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let failure = post(address, "/path-with-token").unwrap_err();
    assert!(!failure.may_have_arrived);
    assert!(!failure.what.contains("token"), "{failure:?}");
    let settings = Settings::default();
    let nowhere = Post::new("http://nowhere.invalid/", &settings).unwrap();
    let failure = nowhere.json("{}", &[]).unwrap_err();
    assert!(!failure.may_have_arrived, "{failure:?}");
}

#[test]
fn an_answer_that_is_not_http_is_no_success() {
    let address = saying("220 mail.example ESMTP\r\n");
    assert_eq!(post(address, "/").unwrap_err().then, Then::Retry(None));
}

#[test]
fn addresses_are_http_and_hold_no_password() {
    assert_eq!(host("https://a.example/x"), Some("a.example".to_owned()));
    assert_eq!(host("http://[::1]:80/"), Some("[::1]:80".to_owned()));
    for wrong in [
        "",
        "a.example",
        "ftp://a.example/",
        "http://u:p@a.example/",
        "/x",
        "https://",
    ] {
        assert_eq!(host(wrong), None, "{wrong}");
    }
}

#[test]
fn other_roots_are_read_from_a_file() {
    let path = std::env::temp_dir().join(format!("leakwatch-roots-{}", std::process::id()));
    let settings = Settings {
        ca_file: Some(path.clone()),
        ..Settings::default()
    };
    let open = || Post::new("https://a.example/", &settings).map(|_| ());
    assert!(open().unwrap_err().contains("No such file"));
    std::fs::write(&path, "nothing").unwrap();
    assert!(open().unwrap_err().contains("no certificate"));
    let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
    std::fs::write(&path, made.cert.pem()).unwrap();
    open().unwrap();
    std::fs::remove_file(&path).unwrap();
}
