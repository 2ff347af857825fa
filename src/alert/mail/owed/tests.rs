//! A server that takes some recipients and not others, now or ever.

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
const IS_BUSY: Answers = &[GOOD[0], ("DATA", "451 4.3.0 later")];

/// So long after the sample was told.
fn after(seconds: u64) -> Timestamp {
    samples::NOW + Duration::from_secs(seconds)
}

/// Tries what is due, and says whether anything was, and what is missed.
fn caught_up(sink: &mut Mail, now: Timestamp) -> (bool, Vec<Missed>) {
    let mut missed = sink.catch_up(now);
    let tried = sink.trial.is_some();
    while sink.trial.is_some() {
        std::thread::sleep(Duration::from_millis(1));
        missed.extend(sink.catch_up(now));
    }
    (tried, missed)
}

fn head<'a>(heard: &'a str, name: &str) -> &'a str {
    heard.lines().find(|line| line.starts_with(name)).unwrap()
}

#[test]
fn who_is_refused_for_now_is_tried_again_alone_with_the_same_mail() {
    let (address, heard) = sessions(vec![GREYLISTS, TAKES_ALL, TAKES_ALL]);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let sent = sink.send(&samples::opened()).unwrap();
    assert!(
        sent.answer
            .contains("not yet to oncall@noc.example: 127.0.0.1, RCPT:"),
        "{sent:?}"
    );
    assert_eq!(sent.missed, [""; 0]);
    // What comes next is not kept waiting.
    sink.send(&samples::resolved()).unwrap();
    assert_eq!(caught_up(&mut sink, after(59)), (false, vec![]));
    assert_eq!(caught_up(&mut sink, after(60)), (true, vec![]));
    assert_eq!(sink.owed.next(after(100_000)), None, "all is delivered");
    let all: Vec<String> = (0..3).map(|_| heard.recv().unwrap()).collect();
    assert!(all[0].contains("RCPT TO:<duty") && all[0].contains("RCPT TO:<oncall"));
    assert!(all[1].contains("RCPT TO:<duty") && all[1].contains("RCPT TO:<oncall"));
    assert!(!all[2].contains("RCPT TO:<duty") && all[2].contains("RCPT TO:<oncall"));
    for name in ["Message-ID:", "Subject:"] {
        assert_eq!(head(&all[0], name), head(&all[2], name));
    }
}

#[test]
fn who_is_refused_for_good_is_named_and_owed_nothing() {
    let (address, _heard) = sessions(vec![REFUSES]);
    let mut sink = Mail::open(&settings(address.port())).unwrap();
    let sent = sink.send(&samples::opened()).unwrap();
    assert_eq!(sent.missed.len(), 1);
    assert!(
        sent.missed[0].starts_with("oncall@noc.example: 127.0.0.1, RCPT:"),
        "{sent:?}"
    );
    assert_eq!(caught_up(&mut sink, after(100_000)), (false, vec![]));
}

#[test]
fn what_is_refused_for_good_the_second_time_is_missed() {
    for second in [REFUSES, REFUSES_THE_MAIL] {
        let (address, _heard) = sessions(vec![GREYLISTS, second]);
        let mut sink = Mail::open(&settings(address.port())).unwrap();
        sink.send(&samples::opened()).unwrap();
        let (_, missed) = caught_up(&mut sink, after(60));
        assert_eq!(missed.len(), 1, "{missed:?}");
        assert_eq!(missed[0].key, samples::opened().notice.key);
        assert!(missed[0].what.starts_with("oncall@noc.example: "));
        assert_eq!(sink.owed.next(after(100_000)), None);
    }
}

#[test]
fn waits_grow_and_end_after_hours_whatever_the_server_says() {
    for again in [GREYLISTS, IS_BUSY] {
        let (address, _heard) = sessions([&[GREYLISTS][..], &[again; 40]].concat());
        let mut sink = Mail::open(&settings(address.port())).unwrap();
        sink.send(&samples::opened()).unwrap();
        let (mut tried, mut missed) = (Vec::new(), Vec::new());
        for minute in 0..300 {
            let (was_tried, lost) = caught_up(&mut sink, after(minute * 60));
            tried.extend(was_tried.then_some(minute));
            missed.extend(lost);
        }
        assert_eq!(tried[..6], [1, 3, 7, 15, 30, 45]);
        assert_eq!(tried.last(), Some(&240));
        assert_eq!(missed.len(), 1, "{missed:?}");
    }
}

#[test]
fn a_reload_forgets_nobody_who_is_still_a_recipient() {
    let (address, heard) = sessions(vec![GREYLISTS, TAKES_ALL]);
    let mut settings = settings(address.port());
    let mut before = Mail::open(&settings).unwrap();
    before.send(&samples::opened()).unwrap();
    heard.recv().unwrap();
    let owed = before.hand_over();
    assert_eq!(owed.len(), 1);
    let mut sink = Mail::open(&settings).unwrap();
    sink.take_over(owed.clone());
    assert_eq!(caught_up(&mut sink, after(60)), (true, vec![]));
    assert!(heard.recv().unwrap().contains("RCPT TO:<oncall"));
    settings.to.remove(0);
    let mut without = Mail::open(&settings).unwrap();
    without.take_over(owed);
    assert_eq!(without.owed.next(after(60)), None);
}

/// Owes mails `numbers` to `to`.
fn owe(owed: &mut Owed, to: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        owed.owe(Owing {
            key: format!("leak/{number}"),
            to: to.to_owned(),
            message: [0].into(),
            since: after(0),
            why: "450 later".to_owned(),
        });
    }
}

#[test]
fn a_full_mailbox_keeps_nothing_from_another_recipient() {
    let mut owed = Owed::default();
    owe(&mut owed, "full@noc.example", 0..30);
    owe(&mut owed, "late@noc.example", 0..30);
    let now = after(60);
    let mut tried = Vec::new();
    while let Some(one) = owed.next(now).cloned() {
        let ended = if one.to.starts_with("full") {
            Err(Failure::retry("452 mailbox full"))
        } else {
            Ok(Ended {
                answer: Some("250 ok".to_owned()),
                refused: Vec::new(),
            })
        };
        owed.tried(&one.key, &one.to, ended, now);
        tried.push(one.to);
    }
    let full = |to: &&String| to.starts_with("full");
    assert_eq!(tried.iter().filter(full).count(), 1, "one shows for all");
    assert_eq!(tried.len(), 31);
    assert_eq!(owed.missed(), []);
}

#[test]
fn what_is_owed_is_bounded_and_the_oldest_is_said_to_be_missed() {
    let mut owed = Owed::default();
    owe(&mut owed, "oncall@noc.example", 0..MOST + 2);
    assert_eq!(owed.mails.len(), MOST);
    let missed = owed.missed();
    let keys: Vec<&str> = missed.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["leak/0", "leak/1"]);
}
