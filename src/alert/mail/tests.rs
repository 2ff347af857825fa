//! A server that fails in every way, and one that takes the mail.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use super::{super::samples, *};
use crate::alert::Then;

/// Of a test in which it runs out; all that has to be done before is done in a moment.
const SHORT: Duration = Duration::from_secs(6);

pub(super) fn settings(port: u16) -> Settings {
    Settings {
        server: "127.0.0.1".to_owned(),
        port,
        tls: Tls::Off,
        insecure: false,
        login: None,
        from: "leakwatch <leakwatch@noc.example>".parse().unwrap(),
        to: vec![
            "oncall@noc.example".parse().unwrap(),
            "Duty <duty@noc.example>".parse().unwrap(),
        ],
        subject_prefix: "[leakwatch] ".to_owned(),
        ca_file: None,
        timeout: Duration::from_secs(30),
    }
}

/// What a server answers to each command, by the word that it begins with.
pub(super) type Answers = &'static [(&'static str, &'static str)];

/// Answers each command by the first word it begins with; silent where the answer is empty.
fn server(answers: Answers) -> (SocketAddr, Receiver<String>) {
    sessions(vec![answers])
}

/// One session after the other; hands on what was heard in each.
pub(super) fn sessions(all: Vec<Answers>) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = sync_channel(all.len());
    thread::spawn(move || {
        for answers in all {
            let (stream, _) = listener.accept().unwrap();
            let mut writer = stream.try_clone().unwrap();
            let mut reader = BufReader::new(stream);
            let mut heard = String::new();
            let answer = |word: &str| {
                let found = answers.iter().find(|(one, _)| word.starts_with(one));
                found.map_or("250 ok", |(_, answer)| *answer)
            };
            let mut said = answer("CONNECT").to_owned();
            let mut in_data = false;
            loop {
                if !said.is_empty() && writer.write_all(format!("{said}\r\n").as_bytes()).is_err() {
                    break;
                }
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                heard.push_str(&line);
                said = if in_data {
                    if line != ".\r\n" {
                        said = String::new();
                        continue;
                    }
                    in_data = false;
                    answer("END").to_owned()
                } else {
                    in_data = line.starts_with("DATA") && answer("DATA").starts_with("354");
                    answer(&line).to_owned()
                };
            }
            let _ = sender.send(heard);
        }
    });
    (address, receiver)
}

pub(super) const GOOD: [(&str, &str); 3] = [
    ("CONNECT", "220 mail.example ESMTP"),
    ("DATA", "354 go on"),
    ("END", "250 2.0.0 Ok: queued as 4F2"),
];

#[test]
fn a_mail_is_delivered_and_the_answer_told() {
    let (address, heard) = server(&GOOD);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let sent = sink.send(&samples::opened()).unwrap();
    assert_eq!(sent.answer, "250 2.0.0 Ok: queued as 4F2");
    let heard = heard.recv().unwrap();
    for part in [
        "MAIL FROM:<leakwatch@noc.example>",
        "RCPT TO:<oncall@noc.example>",
        "RCPT TO:<duty@noc.example>",
        "Subject: [leakwatch] CRITICAL AS15169",
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
}

#[test]
fn one_recipient_that_is_refused_does_not_keep_it_from_the_others() {
    let (address, _heard) = server(&[
        GOOD[0],
        GOOD[1],
        GOOD[2],
        ("RCPT TO:<oncall", "550 5.1.1 no such user"),
    ]);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let sent = sink.send(&samples::opened()).unwrap();
    assert!(sent.answer.starts_with("250 2.0.0"), "{sent:?}");
    assert!(
        sent.answer
            .contains("but not to oncall@noc.example: 127.0.0.1, RCPT:"),
        "{sent:?}"
    );
}

#[test]
fn what_went_wrong_and_what_to_do_about_it_is_told() {
    type Case = (
        &'static [(&'static str, &'static str)],
        Then,
        bool,
        &'static str,
    );
    let cases: [Case; 6] = [
        (&[("CONNECT", "421 busy")], Then::Retry(None), false, "421"),
        (
            &[("CONNECT", "220 x"), ("MAIL", "451 later")],
            Then::Retry(None),
            false,
            "MAIL",
        ),
        (
            &[("CONNECT", "220 x"), ("RCPT", "550 nobody")],
            Then::Retry(None),
            false,
            "RCPT",
        ),
        (
            &[
                ("CONNECT", "220 x"),
                ("DATA", "354 go"),
                ("END", "554 spam"),
            ],
            Then::GiveUp,
            false,
            "spam",
        ),
        (
            &[
                ("CONNECT", "220 x"),
                ("DATA", "354 go"),
                ("END", "452 full"),
            ],
            Then::Retry(None),
            false,
            "full",
        ),
        (
            &[("CONNECT", "SSH-2.0-x")],
            Then::Retry(None),
            false,
            "127.0.0.1",
        ),
    ];
    for (answers, then, may_have_arrived, said) in cases {
        let (address, _heard) = server(answers);
        let mut sink = Mail::open(&settings(address.port())).unwrap();
        let failure = sink.send(&samples::opened()).unwrap_err();
        assert_eq!(failure.then, then, "{failure:?}");
        assert_eq!(failure.may_have_arrived, may_have_arrived, "{failure:?}");
        assert!(failure.what.contains(said), "{failure:?}");
        let after_data = answers.iter().any(|(command, _)| *command == "END");
        assert_eq!(failure.of_message, after_data, "{failure:?}");
    }
}

#[test]
fn a_server_that_is_silent_after_the_mail_may_have_it() {
    let (address, _heard) = server(&[GOOD[0], GOOD[1], ("END", "")]);
    let mut short = settings(address.port());
    short.timeout = SHORT;
    let mut sink = Mail::open(&short).unwrap();
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert!(
        failure.may_have_arrived && failure.then == Then::Retry(None),
        "{failure:?}"
    );
}

#[test]
fn a_server_that_trickles_is_waited_for_no_longer_than_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        while stream.write_all(b"2").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut slow = settings(port);
    slow.timeout = SHORT;
    let mut sink = Mail::open(&slow).unwrap();
    for _ in 0..2 {
        // The second finds the first still there, and begins no other.
        let failure = sink.send(&samples::opened()).unwrap_err();
        assert!(
            failure.what.contains("does not end the session in time"),
            "{failure:?}"
        );
    }
}

#[test]
fn nothing_is_sent_in_the_clear_where_encryption_is_asked_for() {
    let (address, heard) = server(&GOOD);
    let mut strict = settings(address.port());
    strict.tls = Tls::StartTls;
    let mut sink = Mail::open(&strict).unwrap();
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert!(
        failure.what.contains("does not offer STARTTLS"),
        "{failure:?}"
    );
    drop(sink);
    assert!(!heard.recv().unwrap().contains("MAIL"));
}

#[test]
fn one_incident_is_one_thread() {
    let head = |message: &Message, name: &str| {
        let mail = super::shown(message);
        let line = mail
            .lines()
            .find_map(|line| line.strip_prefix(name).map(str::to_owned));
        line.map(|value| value.trim().to_owned())
    };
    let (opened, resolved) = (samples::opened(), samples::resolved());
    let first = head(&opened, "Message-ID:").unwrap();
    assert_eq!(head(&opened, "In-Reply-To:"), None);
    assert_eq!(head(&resolved, "In-Reply-To:"), Some(first.clone()));
    assert_eq!(head(&resolved, "References:"), Some(first.clone()));
    assert_ne!(head(&resolved, "Message-ID:"), Some(first.clone()));
    // Told again, from whichever daemon, it is the same mail; a drill is another.
    assert_eq!(
        head(&samples::repeated(), "Message-ID:"),
        Some(first.clone())
    );
    assert_ne!(head(&samples::drill(), "Message-ID:"), Some(first));
}
