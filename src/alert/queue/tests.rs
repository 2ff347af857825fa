use super::*;
use crate::{
    alert::{Destination, Trouble, file, samples},
    incident::Severity,
};

const PACE: Pace = Pace {
    group_window: Duration::from_secs(30),
    repeat_interval: Duration::ZERO,
    holds: Duration::ZERO,
    resolved: true,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_500_000_000 + second)
}

fn queue() -> Queue {
    let to = Destination::File(file::Settings {
        path: "/dev/null".into(),
    });
    let settings = samples::sink("pager", to);
    Queue::new(settings, PACE, BTreeMap::new())
}

fn subject(id: &str, step: Step, severity: Severity) -> Subject {
    Subject::Trouble(Box::new(Trouble {
        id: id.to_owned(),
        event: step,
        severity,
        since: at(0),
        time: at(0),
        summary: id.to_owned(),
        details: Vec::new(),
        actions: Vec::new(),
        chapter: "x".to_owned(),
    }))
}

/// Offers a critical one that opens.
fn open(queue: &mut Queue, id: &str, second: u64) {
    let subject = subject(id, Step::Opened, Severity::Critical);
    queue.offer(&subject, at(second), &mut Vec::new());
}

fn tell(_: &Subject) -> Judgement {
    Judgement::Tell { notes: Vec::new() }
}

/// What is sent next, by name.
fn next(queue: &mut Queue, second: u64) -> Option<String> {
    match queue.next(at(second), &tell, &mut Vec::new()) {
        Next::Send(notice) => Some(notice.subject.id().to_owned()),
        Next::Wait(_) => None,
    }
}

fn deliver(queue: &mut Queue, id: &str, second: u64) {
    queue.begin(id);
    queue.delivered(id, at(second));
}

#[test]
fn what_waited_longest_goes_first() {
    let mut queue = queue();
    for (id, second) in [("c", 1), ("a", 2), ("b", 3)] {
        open(&mut queue, id, second);
    }
    let mut order = Vec::new();
    while let Some(id) = next(&mut queue, 10) {
        deliver(&mut queue, &id, 10);
        order.push(id);
    }
    assert_eq!(order, ["c", "a", "b"]);
}

#[test]
fn a_sink_that_fails_is_left_alone_for_a_while_and_what_waits_keeps_its_order() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    open(&mut queue, "b", 1);
    queue.begin("a");
    queue.failed("a", &Failure::retry("connection refused"), at(1), 0.0);
    assert_eq!(
        queue.next(at(1), &tell, &mut Vec::new()),
        Next::Wait(Some(at(2)))
    );
    assert_eq!(next(&mut queue, 2).as_deref(), Some("a"));
    let failing = queue.failing().unwrap();
    assert_eq!((failing.since, failing.attempts), (at(1), 1));
    deliver(&mut queue, "a", 3);
    assert!(queue.failing().is_none());
    assert_eq!(next(&mut queue, 3).as_deref(), Some("b"));
}

#[test]
fn as_long_as_the_sink_asks_it_is_not_tried() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    let asked = Failure {
        then: Then::Retry(Some(Duration::from_secs(120))),
        ..Failure::retry("429")
    };
    queue.begin("a");
    queue.failed("a", &asked, at(0), 0.0);
    assert_eq!(next(&mut queue, 119), None);
    assert_eq!(next(&mut queue, 120).as_deref(), Some("a"));
}

#[test]
fn a_sink_that_asks_to_be_tried_at_once_is_not() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    for (attempt, wait) in [(1, 1), (2, 2), (3, 4)] {
        let asked = Failure {
            then: Then::Retry(Some(Duration::ZERO)),
            ..Failure::retry("503")
        };
        let now = at(100 * attempt);
        queue.begin("a");
        queue.failed("a", &asked, now, 0.0);
        let until = now + Duration::from_secs(wait);
        assert_eq!(
            queue.next(now, &tell, &mut Vec::new()),
            Next::Wait(Some(until))
        );
    }
}

#[test]
fn a_reload_tries_a_sink_that_fails_at_once_and_does_not_call_it_well() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    queue.begin("a");
    let asked = Failure {
        then: Then::Retry(Some(Duration::from_secs(600))),
        ..Failure::retry("503")
    };
    queue.failed("a", &asked, at(0), 0.0);
    assert_eq!(next(&mut queue, 1), None);
    queue.renew(queue.settings.clone(), PACE);
    assert_eq!(next(&mut queue, 1).as_deref(), Some("a"));
    let failing = queue.failing().expect("nobody knows that it is well");
    assert_eq!((failing.since, failing.attempts), (at(0), 1));
    let elsewhere = SinkSettings {
        to: Destination::File(file::Settings {
            path: "/dev/full".into(),
        }),
        ..queue.settings.clone()
    };
    queue.renew(elsewhere, PACE);
    assert!(queue.failing().is_none(), "it is another sink");
}

#[test]
fn a_message_that_never_gets_through_does_not_keep_the_others() {
    let mut queue = queue();
    open(&mut queue, "poison", 0);
    open(&mut queue, "good", 1);
    let mut tried = Vec::new();
    for second in 0..40 {
        let now = 100 * second + 100;
        let Some(id) = next(&mut queue, now) else {
            break;
        };
        queue.begin(&id);
        if id == "poison" {
            let stumbles = Failure {
                of_message: true,
                ..Failure::retry("500")
            };
            queue.failed(&id, &stumbles, at(now), 0.0);
        } else {
            queue.delivered(&id, at(now));
        }
        tried.push(id);
    }
    assert!(tried.contains(&"good".to_owned()));
    assert!(
        queue.oldest_due(at(9999)).is_some(),
        "the other is still tried"
    );
}

#[test]
fn many_messages_that_never_get_through_do_not_keep_the_others() {
    let mut queue = queue();
    for (id, second) in [
        ("poison-1", 0),
        ("poison-2", 1),
        ("poison-3", 2),
        ("good", 3),
    ] {
        open(&mut queue, id, second);
    }
    for second in 0..60 {
        let now = 100 * second + 100;
        let id = next(&mut queue, now).expect("some wait");
        queue.begin(&id);
        if id == "good" {
            return;
        }
        let stumbles = Failure {
            of_message: true,
            ..Failure::retry("500")
        };
        queue.failed(&id, &stumbles, at(now), 0.0);
    }
    panic!("it was never tried");
}

#[test]
fn what_a_sink_stumbled_over_while_it_was_ill_gets_through_behind_what_never_does() {
    let mut queue = queue();
    let stumbles = Failure {
        of_message: true,
        ..Failure::retry("500")
    };
    let mut now = 0;
    let mut attempt = |queue: &mut Queue, well: bool| {
        now += 100;
        let id = next(queue, now).expect("some wait");
        queue.begin(&id);
        if well && id != "poison" {
            queue.delivered(&id, at(now));
        } else {
            queue.failed(&id, &stumbles, at(now), 0.0);
        }
    };
    for (id, second) in [("poison", 0), ("a", 1), ("b", 2), ("c", 3)] {
        open(&mut queue, id, second);
    }
    for _ in 0..60 {
        attempt(&mut queue, false);
    }
    for id in ["a", "b", "c"] {
        assert!(
            queue.slips[id].refusals() >= STUBBORN,
            "{id} was never tried"
        );
    }
    for _ in 0..60 {
        attempt(&mut queue, true);
    }
    assert_eq!(queue.len(), 1, "only the one that never gets through waits");
}

#[test]
fn a_sink_that_refused_one_thing_is_in_doubt_for_an_hour_at_most() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    queue.begin("a");
    queue.failed("a", &Failure::give_up("400"), at(0), 0.0);
    assert_eq!(next(&mut queue, 3599), None);
    assert!(queue.failing().is_some_and(Failing::is_doubt));
    assert_eq!(next(&mut queue, 3600), None);
    assert!(queue.failing().is_none());
}

#[test]
fn a_sink_that_refuses_what_stands_is_tried_with_what_is_new_and_still_fails() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    deliver(&mut queue, "a", 0);
    queue.refuses_what_stands("413", at(60));
    open(&mut queue, "b", 61);
    assert_eq!(next(&mut queue, 61).as_deref(), Some("b"));
    deliver(&mut queue, "b", 61);
    let failing = queue.failing().expect("what stands is not said");
    assert_eq!((failing.since, failing.why.as_str()), (at(60), "413"));
    assert!(queue.works());
    assert!(queue.failing().is_none());
}

#[test]
fn what_is_refused_for_good_is_not_tried_again() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    queue.begin("a");
    let row = queue.failed("a", &Failure::give_up("400"), at(0), 0.0);
    assert_eq!(next(&mut queue, 1), None);
    let failing = queue.failing().expect("it refuses what it is sent");
    assert_eq!((failing.refused, failing.attempts), (1, 0));
    assert!(!queue.is_put_off(at(0)), "what comes next is tried at once");
    assert!(!queue.works(), "to take reminders is not to take alerts");
    open(&mut queue, "b", 2);
    deliver(&mut queue, "b", 2);
    assert!(queue.failing().is_none());
    assert!(
        matches!(&row, Some(Write::Slip { subject, .. }) if subject == "a"),
        "{row:?}"
    );
}

#[test]
fn what_a_sink_does_not_want_has_no_slip() {
    let mut queue = queue();
    let mut rows = Vec::new();
    queue.offer(
        &subject("a", Step::Opened, Severity::Info),
        at(0),
        &mut rows,
    );
    let own = Trouble::sink_failing("pager");
    queue.offer(
        &subject(&own, Step::Opened, Severity::Critical),
        at(0),
        &mut rows,
    );
    assert!(rows.is_empty());
    assert_eq!(queue.len(), 0);
}

#[test]
fn what_is_muted_waits_and_if_it_ends_meanwhile_nobody_hears_of_it() {
    let mut queue = queue();
    let until = at(100);
    let muted = move |_: &Subject| Judgement::Hold {
        until,
        why: String::new(),
    };
    open(&mut queue, "a", 0);
    open(&mut queue, "b", 0);
    let mut rows = Vec::new();
    assert_eq!(
        queue.next(at(1), &muted, &mut rows),
        Next::Wait(Some(until))
    );
    assert!(rows.is_empty());
    queue.offer(
        &subject("a", Step::Resolved, Severity::Critical),
        at(2),
        &mut rows,
    );
    rows.clear();
    assert_eq!(
        queue.next(at(3), &muted, &mut rows),
        Next::Wait(Some(until))
    );
    assert_eq!(rows.len(), 1, "that of `a` is written as it now is");
    assert_eq!(queue.quieted, 2);
    assert_eq!(next(&mut queue, 100).as_deref(), Some("b"));
    deliver(&mut queue, "b", 100);
    assert_eq!(next(&mut queue, 101), None);
}

#[test]
fn of_what_somebody_looks_after_only_what_is_worse_and_the_end_are_told() {
    let mut queue = queue();
    let acknowledged = |_: &Subject| Judgement::Acknowledged {
        until: at(9999),
        why: String::new(),
    };
    let offer = |queue: &mut Queue, step, severity, second| {
        queue.offer(&subject("a", step, severity), at(second), &mut Vec::new());
    };
    let told =
        |queue: &mut Queue, second| match queue.next(at(second), &acknowledged, &mut Vec::new()) {
            Next::Send(notice) => {
                deliver(queue, "a", second);
                Some(notice.step)
            }
            Next::Wait(_) => None,
        };
    offer(&mut queue, Step::Opened, Severity::Warning, 0);
    assert_eq!(next(&mut queue, 0).as_deref(), Some("a"));
    deliver(&mut queue, "a", 0);
    offer(&mut queue, Step::Updated, Severity::Warning, 10);
    assert_eq!(told(&mut queue, 50), None);
    offer(&mut queue, Step::Updated, Severity::Critical, 60);
    assert_eq!(told(&mut queue, 60), Some(Step::Updated));
    offer(&mut queue, Step::Resolved, Severity::Critical, 70);
    assert_eq!(told(&mut queue, 70), Some(Step::Resolved));
}

#[test]
fn who_works_on_it_is_not_reminded_until_that_is_over() {
    let mut queue = queue();
    queue.pace.repeat_interval = Duration::from_secs(3600);
    open(&mut queue, "a", 0);
    deliver(&mut queue, "a", 0);
    let until = at(9000);
    let acknowledged = |_: &Subject| Judgement::Acknowledged {
        until,
        why: String::new(),
    };
    for second in [3600, 3601, 8999] {
        let mut rows = Vec::new();
        let waits = queue.next(at(second), &acknowledged, &mut rows);
        assert_eq!(waits, Next::Wait(Some(until)));
        assert!(rows.is_empty(), "nothing has changed");
        assert_eq!(queue.oldest_due(at(second)), None, "nobody waits for it");
    }
    assert_eq!(queue.quieted, 0);
    assert_eq!(next(&mut queue, 9000).as_deref(), Some("a"));
    deliver(&mut queue, "a", 9000);
    assert_eq!(next(&mut queue, 9001), None);
}

#[test]
fn what_was_announced_waits_and_is_told_if_it_becomes_more() {
    let mut queue = queue();
    let until = at(1000);
    let announced = |_: &Subject| Judgement::Expected {
        until,
        why: String::new(),
    };
    let end = |queue: &mut Queue, id, second| {
        let over = subject(id, Step::Resolved, Severity::Critical);
        queue.offer(&over, at(second), &mut Vec::new());
    };
    open(&mut queue, "told", 0);
    deliver(&mut queue, "told", 0);
    for id in ["more", "over"] {
        open(&mut queue, id, 10);
    }
    let waits = |queue: &mut Queue, second| queue.next(at(second), &announced, &mut Vec::new());
    assert_eq!(waits(&mut queue, 11), Next::Wait(Some(until)));
    end(&mut queue, "over", 20);
    assert_eq!(waits(&mut queue, 21), Next::Wait(Some(until)));
    assert_eq!(queue.quieted, 2, "it was what was announced, and is over");
    end(&mut queue, "told", 30);
    let Next::Send(notice) = waits(&mut queue, 31) else {
        panic!("whoever was told of it hears of its end");
    };
    assert_eq!((notice.subject.id(), notice.step), ("told", Step::Resolved));
    deliver(&mut queue, "told", 31);
    // More was seen than was announced: it is judged otherwise.
    assert_eq!(next(&mut queue, 40).as_deref(), Some("more"));
}

#[test]
fn what_comes_of_a_notice_is_not_kept_where_its_slip_is_with_another_sink() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    queue.begin("a");
    assert_eq!(queue.hand_over().len(), 1);
    assert_eq!(queue.delivered("a", at(1)), None);
    let failure = Failure::retry("timeout");
    assert_eq!(queue.failed("a", &failure, at(1), 0.0), None);
}

#[test]
fn slips_are_bounded_and_what_is_over_goes_first() {
    let mut kept = BTreeMap::new();
    for number in 0..MOST_SLIPS {
        let (id, now) = (format!("{number:05}"), at(number as u64));
        let mut slip = Slip::default();
        let steps = [Step::Opened, Step::Resolved];
        for step in steps.iter().take(1 + number % 2) {
            let subject = subject(&id, *step, Severity::Critical);
            slip.offer(&subject, now, &PACE);
            slip.delivered(&id, now);
        }
        kept.insert(id, slip);
    }
    let mut queue = Queue::new(queue().settings, PACE, kept);
    let mut rows = Vec::new();
    let late = subject("late", Step::Opened, Severity::Critical);
    queue.offer(&late, at(MOST_SLIPS as u64), &mut rows);
    let gone = |row: &Write| match row {
        Write::Slip {
            subject,
            slip: None,
            ..
        } => Some(subject.clone()),
        _ => None,
    };
    let gone: Vec<String> = rows.iter().filter_map(gone).collect();
    assert_eq!(gone.len(), PIECE);
    assert_eq!(gone[..2], ["00001", "00003"]);
    assert_eq!(queue.slips.len(), MOST_SLIPS - PIECE + 1);
}

#[test]
fn where_too_much_waits_what_is_least_bad_goes() {
    let mut queue = queue();
    for number in 0..MOST_WAITING {
        open(&mut queue, &format!("critical-{number:05}"), 1);
    }
    let mild = subject("mild", Step::Opened, Severity::Warning);
    queue.offer(&mild, at(2), &mut Vec::new());
    let mut rows = Vec::new();
    queue.offer(
        &subject("late", Step::Opened, Severity::Critical),
        at(3),
        &mut rows,
    );
    let gone =
        |row: &Write| matches!(row, Write::Slip { subject, slip: None, .. } if subject == "mild");
    assert!(rows.iter().any(gone), "{rows:?}");
    assert_eq!(queue.dropped, 1);
}

#[test]
fn what_is_being_sent_is_not_dropped() {
    let mut queue = queue();
    for number in 0..MOST_WAITING {
        open(&mut queue, &format!("{number:05}"), number as u64);
    }
    let id = next(&mut queue, 20_000).unwrap();
    assert_eq!(id, "00000");
    queue.begin(&id);
    open(&mut queue, "late", 20_000);
    assert!(!queue.slips.contains_key("00001"), "the next oldest goes");
    queue.delivered(&id, at(20_001));
    let end = subject(&id, Step::Resolved, Severity::Critical);
    queue.offer(&end, at(20_002), &mut Vec::new());
    assert!(queue.slips[&id].ends(), "whoever was told hears of its end");
}

#[test]
fn sinks_that_forget_are_told_what_stands_and_what_is_lately_over() {
    let mut queue = queue();
    for id in ["over", "stands", "waits"] {
        open(&mut queue, id, 0);
    }
    deliver(&mut queue, "over", 0);
    deliver(&mut queue, "stands", 0);
    let end = subject("over", Step::Resolved, Severity::Critical);
    queue.offer(&end, at(10), &mut Vec::new());
    deliver(&mut queue, "over", 10);
    let said = |second| -> Vec<(String, Step)> {
        let standing = queue.standing(at(second));
        let said = |notice: Notice| (notice.subject.id().to_owned(), notice.step);
        standing.into_iter().map(said).collect()
    };
    let stands = ("stands".to_owned(), Step::Opened);
    assert_eq!(
        said(60),
        [("over".to_owned(), Step::Resolved), stands.clone()]
    );
    assert_eq!(said(60 * 60), [stands]);
}

#[test]
fn slips_of_what_has_long_been_over_are_forgotten() {
    let mut queue = queue();
    open(&mut queue, "a", 0);
    deliver(&mut queue, "a", 0);
    queue.offer(
        &subject("a", Step::Resolved, Severity::Critical),
        at(10),
        &mut Vec::new(),
    );
    deliver(&mut queue, "a", 10);
    let mut rows = Vec::new();
    queue.tidy(at(3600), &mut rows);
    assert!(rows.is_empty(), "it may come back in the same thread");
    queue.tidy(at(3 * 86_400), &mut rows);
    assert_eq!(rows.len(), 1);
    assert!(queue.slips.is_empty());
}
