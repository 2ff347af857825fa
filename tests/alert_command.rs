//! `leakwatch alert` as a user meets it: what is sent, what is said, exit statuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, UdpSocket},
    path::PathBuf,
    process::{Command, Output},
    thread,
};

fn leakwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(arguments)
        .env_remove("LEAKWATCH_CONFIG")
        .env("COLUMNS", "110")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Answers one request with `status`, and gives back what it was.
fn server(status: &'static str) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "closed before the request was whole");
            request.extend_from_slice(&buffer[..count]);
            let all = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = all.split_once("\r\n\r\n") else {
                continue;
            };
            let length: usize = head
                .lines()
                .find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.parse().unwrap())
                })
                .unwrap();
            if body.len() >= length {
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nhello");
                stream.write_all(answer.as_bytes()).unwrap();
                return all;
            }
        }
    });
    (port, served)
}

#[test]
fn a_test_goes_through_every_sink_and_says_what_each_answers() {
    let (good, taken) = server("202 Accepted");
    let (bad, refused) = server("429 Too Many Requests\r\nRetry-After: 120");
    let syslog = UdpSocket::bind("127.0.0.1:0").unwrap();
    let lines = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("alert-test.jsonl");
    let _ = std::fs::remove_file(&lines);
    let secret = file("alert-test.secret", "s3cret-key\n");
    let config = file(
        "alert-test.toml",
        &format!(
            "local_as = 64500\n\
             [[alert.webhook]]\nurl = \"http://127.0.0.1:{good}/in\"\nsecret_file = \"{secret}\"\n\
             [[alert.pagerduty]]\nrouting_key_file = \"{secret}\"\n\
             url = \"http://127.0.0.1:{bad}/v2/enqueue\"\n\
             [[alert.syslog]]\naddress = \"udp:{}\"\n\
             [[alert.file]]\npath = \"alert-test.jsonl\"\n",
            syslog.local_addr().unwrap()
        ),
    );
    let output = leakwatch(&["alert", "test", "--config", &config]);
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{said}{}",
        text(&output.stderr)
    );
    for part in [
        "webhook (webhook): taken, after ",
        "202 Accepted: hello",
        "pagerduty (pagerduty): NOT TAKEN, after ",
        "429 Too Many Requests: hello",
        "not before 2 min",
        "syslog (syslog): taken, after ",
        "file (file): taken, after ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let taken = taken.join().unwrap();
    assert!(taken.contains("\"title\":\"TEST, nothing is wrong: CRITICAL AS15169 (Google) leaks"));
    assert!(
        taken
            .to_ascii_lowercase()
            .contains("x-leakwatch-signature: v1=")
    );
    assert!(
        refused
            .join()
            .unwrap()
            .contains("\"routing_key\":\"s3cret-key\"")
    );
    assert!(!said.contains("s3cret"));
    let mut datagram = [0; 4096];
    let count = syslog.recv(&mut datagram).unwrap();
    assert!(text(&datagram[..count]).contains("test=\"true\""));
    let line = std::fs::read_to_string(lines).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["test"], &line["event"]),
        (&true.into(), &"opened".into())
    );

    let one = leakwatch(&["alert", "test", "file", "--resolved", "--config", &config]);
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    assert_eq!(text(&one.stdout).matches("taken, after").count(), 1);
}

#[test]
fn a_preview_sends_nothing_and_shows_no_secret() {
    let secret = file("alert-show.secret", "s3cret-key\n");
    let config = file(
        "alert-show.toml",
        &format!(
            "[[alert.pagerduty]]\nrouting_key_file = \"{secret}\"\n\
             url = \"http://127.0.0.1:1/\"\n[[alert.file]]\npath = \"/nowhere/x.jsonl\"\n"
        ),
    );
    let output = leakwatch(&["alert", "show", "--config", &config]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(said.contains("\"routing_key\": \"***\"") && said.contains("-- file --"));
    assert!(!said.contains("s3cret"));
}

#[test]
fn what_cannot_be_tried_is_said() {
    let none = file("alert-none.toml", "");
    let one = file("alert-one.toml", "[[alert.file]]\npath = \"x\"\n");
    // Where leakwatch is installed, its own configuration would be taken.
    if !std::path::Path::new("/etc/leakwatch/leakwatch.toml").exists() {
        let output = leakwatch(&["alert", "test"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("--config FILE"));
    }
    for (arguments, said) in [
        (vec!["alert", "test", "--config", &none], "has no [[alert."),
        (
            vec!["alert", "test", "files", "--config", &one],
            "there is no sink `files`; there are file",
        ),
    ] {
        let output = leakwatch(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(error.contains(said), "{error}");
    }
}
