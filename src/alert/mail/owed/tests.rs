//! A server that takes some recipients and not others, now or ever.

use std::time::Duration;

use super::{
    super::{
        Mail,
        tests::{Answers, GOOD, sessions, settings},
    },
    *,
};
use crate::alert::{Sink as _, samples};

const TAKES_ALL: Answers = &GOOD;
const GREYLISTS: Answers = &[
    GOOD[0],
    GOOD[1],
    GOOD[2],
    ("RCPT TO:<oncall", "450 4.2.0 greylisted"),
];
const REFUSES: Answers = &[
    GOOD[0],
    GOOD[1],
    GOOD[2],
    ("RCPT TO:<oncall", "550 5.1.1 no such user"),
];
const REFUSES_THE_MAIL: Answers = &[GOOD[0], GOOD[1], ("END", "554 5.7.1 spam")];

/// The sample as it is told so much later.
fn after(later: Duration) -> Message {
    let message = samples::opened();
    let time = message.now + later;
    samples::told(message.notice, time)
}

fn head<'a>(heard: &'a str, name: &str) -> &'a str {
    heard.lines().find(|line| line.starts_with(name)).unwrap()
}

#[test]
fn who_is_refused_for_now_is_tried_again_alone_with_the_same_mail() {
    let (address, heard) = sessions(vec![GREYLISTS, TAKES_ALL, TAKES_ALL]);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let failure = sink.send(&samples::opened()).unwrap_err();
    assert_eq!(failure.then, Then::Retry(None));
    assert!(
        failure.may_have_arrived && failure.of_message,
        "{failure:?}"
    );
    assert!(
        failure
            .what
            .starts_with("not yet to oncall@noc.example: 127.0.0.1, RCPT:"),
        "{failure:?}"
    );
    // What is told again may be a repeat, but not to them.
    let sent = sink.send(&samples::repeated()).unwrap();
    assert_eq!(sent, Sent::to_all("250 2.0.0 Ok: queued as 4F2"));
    let (first, second) = (heard.recv().unwrap(), heard.recv().unwrap());
    assert!(first.contains("RCPT TO:<duty") && first.contains("RCPT TO:<oncall"));
    assert!(!second.contains("RCPT TO:<duty") && second.contains("RCPT TO:<oncall"));
    for name in ["Message-ID:", "Subject:"] {
        assert_eq!(head(&first, name), head(&second, name));
    }
    // What comes next goes to both.
    sink.send(&samples::resolved()).unwrap();
    assert!(heard.recv().unwrap().contains("RCPT TO:<duty"));
}

#[test]
fn who_is_refused_for_good_is_named_and_keeps_nothing_waiting() {
    let (address, _heard) = sessions(vec![REFUSES]);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let sent = sink.send(&samples::opened()).unwrap();
    assert_eq!(sent.missed.len(), 1);
    assert!(
        sent.missed[0].starts_with("oncall@noc.example: 127.0.0.1, RCPT:"),
        "{sent:?}"
    );
}

#[test]
fn what_is_refused_the_second_time_is_told_all_the_same_since_others_have_it() {
    for second in [REFUSES, REFUSES_THE_MAIL] {
        let (address, _heard) = sessions(vec![GREYLISTS, second]);
        let mut sink = Mail::open(&settings(address.port())).unwrap();
        sink.send(&samples::opened()).unwrap_err();
        let sent = sink.send(&samples::opened()).unwrap();
        assert!(sent.answer.starts_with("250 2.0.0"), "{sent:?}");
        assert_eq!(sent.missed.len(), 1, "{sent:?}");
    }
}

#[test]
fn a_recipient_is_waited_for_ten_minutes_and_not_anew_until_it_is_taken() {
    let all = vec![GREYLISTS, GREYLISTS, GREYLISTS, GREYLISTS, TAKES_ALL];
    let (address, _heard) = sessions(all);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let minute = Duration::from_secs(60);
    sink.send(&samples::opened()).unwrap_err();
    sink.send(&after(9 * minute)).unwrap_err();
    let sent = sink.send(&after(10 * minute)).unwrap();
    assert_eq!(sent.missed.len(), 1, "{sent:?}");
    // The next one is not kept waiting for it, and is offered to it.
    let sent = sink.send(&samples::resolved()).unwrap();
    assert_eq!(sent.missed.len(), 1, "{sent:?}");
    assert_eq!(sink.owed.tired.len(), 1);
    sink.send(&samples::updated()).unwrap();
    assert!(sink.owed.tired.is_empty() && sink.owed.mails.is_empty());
}

#[test]
fn what_is_remembered_is_bounded_and_is_of_the_message_at_hand() {
    let mut owed = Owed::default();
    let later = || Refused {
        to: "oncall@noc.example".parse().unwrap(),
        what: "450 later".to_owned(),
        later: true,
    };
    let envelope = || Envelope {
        to: settings(25).to,
        octets: [0].into(),
    };
    let mut message = samples::opened();
    for number in 0..2 * MOST {
        message.notice.key = format!("leak/{number}");
        let ended = Ended {
            answer: Some("250 ok".to_owned()),
            refused: vec![later()],
        };
        owed.conclude(&message, envelope(), Ok(ended)).unwrap_err();
    }
    assert_eq!(owed.mails.len(), MOST);
    assert_eq!(owed.of(&message).unwrap().to.len(), 1);
    let mut other = samples::resolved();
    other.notice.key = message.notice.key;
    assert!(owed.of(&other).is_none(), "its key came again");
}
