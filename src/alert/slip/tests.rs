use proptest::prelude::*;

use super::*;
use crate::alert::Trouble;

const PACE: Pace = Pace {
    group_window: Duration::from_secs(30),
    repeat_interval: Duration::from_secs(3600),
    holds: Duration::from_secs(90),
    resolved: true,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_500_000_000 + second)
}

fn subject(step: Step, severity: Severity, second: u64) -> Subject {
    Subject::Trouble(Box::new(Trouble {
        id: "x".to_owned(),
        event: step,
        severity,
        since: at(0),
        time: at(second),
        summary: format!("at {second}"),
        details: Vec::new(),
        actions: Vec::new(),
        chapter: "x".to_owned(),
    }))
}

fn offer(slip: &mut Slip, step: Step, second: u64) -> bool {
    slip.offer(&subject(step, Severity::Warning, second), at(second), &PACE)
}

/// Sends what comes next, as `step key text`.
fn send(slip: &mut Slip, second: u64) -> String {
    let notice = slip.next("x").expect("something waits");
    slip.begin();
    slip.delivered("x", at(second));
    told(&notice)
}

fn told(notice: &Notice) -> String {
    let Subject::Trouble(trouble) = &notice.subject else {
        unreachable!()
    };
    let repeat = if notice.maybe_repeat { " again" } else { "" };
    format!(
        "{:?} {} {}{repeat}",
        notice.step, notice.key, trouble.summary
    )
}

#[test]
fn the_first_word_goes_at_once_and_what_follows_is_gathered() {
    let mut slip = Slip::default();
    assert!(offer(&mut slip, Step::Opened, 0));
    assert_eq!(slip.due(&PACE), Some(at(0)));
    assert_eq!(send(&mut slip, 0), "Opened x/1 at 0");
    offer(&mut slip, Step::Updated, 1);
    offer(&mut slip, Step::Updated, 9);
    assert_eq!(slip.due(&PACE), Some(at(30)));
    assert_eq!(send(&mut slip, 30), "Updated x/2 at 9");
    assert_eq!(slip.due(&PACE), None);
}

#[test]
fn what_is_worse_does_not_wait() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    slip.offer(&subject(Step::Updated, Severity::Critical, 2), at(2), &PACE);
    assert_eq!(slip.due(&PACE), Some(at(2)));
}

#[test]
fn what_opened_and_ended_while_the_sink_was_away_is_told_as_a_beginning_and_an_end() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    for second in 1..50 {
        offer(&mut slip, Step::Updated, second);
    }
    offer(&mut slip, Step::Resolved, 50);
    assert_eq!(slip.len(), 2);
    assert_eq!(send(&mut slip, 1000), "Opened x/1 at 49");
    assert_eq!(
        slip.due(&PACE),
        Some(at(1090)),
        "a grouping sink would drop it"
    );
    assert_eq!(send(&mut slip, 1090), "Resolved x/2 at 50");
    assert!(!slip.is_open());
}

#[test]
fn an_end_that_nobody_heard_of_before_it_came_back_is_not_told() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    offer(&mut slip, Step::Resolved, 600);
    offer(&mut slip, Step::Reopened, 700);
    assert_eq!(slip.len(), 1);
    assert_eq!(send(&mut slip, 700), "Updated x/2 at 700");
}

#[test]
fn one_that_comes_back_after_its_end_was_told_begins_anew_in_the_same_thread() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    offer(&mut slip, Step::Resolved, 600);
    send(&mut slip, 600);
    offer(&mut slip, Step::Reopened, 700);
    let notice = slip.next("x").unwrap();
    assert_eq!(
        (notice.thread.as_str(), notice.step),
        ("x/1", Step::Reopened)
    );
    assert_eq!(send(&mut slip, 700), "Reopened x/3 at 700");
}

#[test]
fn what_may_have_arrived_is_sent_as_it_was_and_says_so() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    slip.begin();
    let kept = serde_json::to_string(&slip).unwrap();
    // The process dies here.
    let mut slip: Slip = serde_json::from_str(&kept).unwrap();
    slip.picked_up(at(4));
    offer(&mut slip, Step::Updated, 5);
    assert_eq!(send(&mut slip, 6), "Opened x/1 at 0 again");
    assert_eq!(send(&mut slip, 36), "Updated x/2 at 5");
}

#[test]
fn what_was_surely_not_taken_is_brought_up_to_date() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    slip.begin();
    slip.failed(&Failure::retry("connection refused"));
    assert_eq!(slip.refusals(), 0);
    offer(&mut slip, Step::Updated, 5);
    assert_eq!(send(&mut slip, 6), "Opened x/1 at 5");
}

#[test]
fn after_a_refused_beginning_the_next_news_is_the_beginning() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    slip.begin();
    offer(&mut slip, Step::Updated, 5);
    slip.given_up(at(5));
    assert_eq!(send(&mut slip, 6), "Opened x/1 at 5");

    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    offer(&mut slip, Step::Resolved, 5);
    slip.given_up(at(5));
    assert!(slip.is_empty(), "nobody needs to hear that it is over");
}

#[test]
fn an_end_is_not_told_to_whom_nothing_was_told_or_who_does_not_want_to_hear_it() {
    let mut slip = Slip::default();
    assert!(!offer(&mut slip, Step::Resolved, 0));
    assert!(slip.is_empty());

    let deaf = Pace {
        resolved: false,
        ..PACE
    };
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    assert!(!slip.offer(&subject(Step::Resolved, Severity::Warning, 9), at(9), &deaf));
    assert!(slip.is_empty() && !slip.is_open());
}

#[test]
fn what_goes_on_is_told_again_once_in_an_interval() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    assert!(!slip.remind(at(3599), &PACE));
    assert!(slip.remind(at(3600), &PACE));
    assert!(!slip.remind(at(3600), &PACE), "one waits already");
    assert!(slip.next("x").unwrap().reminder);
    assert_eq!(send(&mut slip, 3600), "Updated x/2 at 0");
    offer(&mut slip, Step::Resolved, 4000);
    send(&mut slip, 4000);
    assert_eq!(slip.reminder_due(&PACE), None);
}

#[test]
fn a_reminder_that_does_not_get_through_is_due_again_an_interval_later() {
    for get_rid in [
        |slip: &mut Slip| slip.given_up(at(3601)),
        |slip: &mut Slip| {
            slip.hush();
        },
    ] {
        let mut slip = Slip::default();
        offer(&mut slip, Step::Opened, 0);
        send(&mut slip, 0);
        assert!(slip.remind(at(3600), &PACE));
        get_rid(&mut slip);
        assert!(!slip.remind(at(3602), &PACE));
        assert_eq!(slip.reminder_due(&PACE), Some(at(7200)));
    }
}

#[test]
fn an_end_that_is_refused_is_an_end() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    offer(&mut slip, Step::Resolved, 100);
    slip.begin();
    slip.given_up(at(190));
    assert!(!slip.is_open());
    assert_eq!(slip.reminder_due(&PACE), None);
    assert_eq!(slip.over_since(), Some(at(190)));
    offer(&mut slip, Step::Reopened, 200);
    assert_eq!(send(&mut slip, 200), "Reopened x/2 at 200");
}

#[test]
fn where_ends_are_not_told_what_ended_on_the_way_does_not_stay_open() {
    let deaf = Pace {
        resolved: false,
        ..PACE
    };
    let end = |slip: &mut Slip, second| {
        let over = subject(Step::Resolved, Severity::Warning, second);
        assert!(!slip.offer(&over, at(second), &deaf));
    };
    // Before anybody heard of it: that it was is told, once.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    end(&mut slip, 5);
    assert!(slip.ends());
    assert_eq!(send(&mut slip, 6), "Opened x/1 at 0");
    assert!(!slip.is_open());
    assert_eq!(slip.reminder_due(&deaf), None);
    // While its growth was being sent.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    offer(&mut slip, Step::Updated, 1);
    slip.begin();
    end(&mut slip, 2);
    slip.delivered("x", at(3));
    assert!(!slip.is_open());
    // It comes back.
    offer(&mut slip, Step::Reopened, 9);
    assert_eq!(send(&mut slip, 9), "Reopened x/3 at 9");
    assert!(slip.is_open());
}

#[test]
fn a_clock_that_was_ahead_puts_nothing_off() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 3600);
    send(&mut slip, 3600);
    offer(&mut slip, Step::Updated, 3700);
    slip.picked_up(at(0));
    assert_eq!(slip.due(&PACE), Some(at(30)));
    assert_eq!(send(&mut slip, 30), "Updated x/2 at 3700");
}

#[test]
fn what_stands_is_said_again_as_it_was_told() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    let said = |slip: &Slip| {
        let (notice, _) = slip.standing("x").unwrap();
        (notice.step, notice.reminder)
    };
    assert_eq!(said(&slip), (Step::Opened, false));
    slip.remind(at(3600), &PACE);
    send(&mut slip, 3600);
    assert_eq!(said(&slip), (Step::Opened, false), "a reminder is no news");
    offer(&mut slip, Step::Resolved, 4000);
    send(&mut slip, 4000);
    assert_eq!(said(&slip), (Step::Resolved, false));
}

/// What may happen to a slip.
#[derive(Clone, Copy, Debug)]
enum Act {
    Grows,
    Ends,
    Delivered,
    Lost,
    Refused,
    Killed,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        Just(Act::Grows),
        Just(Act::Ends),
        Just(Act::Delivered),
        Just(Act::Lost),
        Just(Act::Refused),
        Just(Act::Killed),
    ];
    prop::collection::vec(act, 0..40)
}

proptest! {
    /// Whatever happens on the way, a sink hears beginnings and ends in turn, under keys that
    /// ascend, and in the end it knows what is so.
    #[test]
    fn a_sink_hears_beginnings_and_ends_in_turn_and_knows_how_it_ended(acts in acts()) {
        let mut slip = Slip::default();
        let mut open = false;
        // What surely arrived, and what the sink believes.
        let mut keys: Vec<String> = Vec::new();
        let believes = std::cell::Cell::new(None);
        let mut hear = |slip: &mut Slip, second: u64| {
            let notice = slip.next("x").unwrap();
            if notice.maybe_repeat && keys.contains(&notice.key) {
                slip.delivered("x", at(second));
                return;
            }
            assert!(!keys.contains(&notice.key), "told twice without saying so");
            match notice.step {
                Step::Opened => assert_eq!(believes.get(), None),
                Step::Reopened => assert_eq!(believes.get(), Some(false)),
                Step::Updated | Step::Resolved => assert_eq!(believes.get(), Some(true)),
            }
            believes.set(Some(notice.step != Step::Resolved));
            keys.push(notice.key);
            slip.delivered("x", at(second));
        };
        let mut refused = false;
        for (second, act) in (1..).zip(acts) {
            match act {
                Act::Grows => {
                    let step = if open { Step::Updated } else { Step::Opened };
                    open = true;
                    offer(&mut slip, step, second);
                }
                Act::Ends if open => {
                    open = false;
                    offer(&mut slip, Step::Resolved, second);
                }
                Act::Delivered if !slip.is_empty() => {
                    slip.begin();
                    hear(&mut slip, second);
                }
                Act::Lost if !slip.is_empty() => {
                    slip.begin();
                    slip.failed(&Failure {
                        may_have_arrived: second % 2 == 0,
                        ..Failure::retry("lost")
                    });
                }
                Act::Refused if !slip.is_empty() && !slip.next("x").unwrap().maybe_repeat => {
                    slip.begin();
                    // The sink never hears of an end that it refuses; for us it was told.
                    if slip.next("x").unwrap().step == Step::Resolved {
                        believes.set(Some(false));
                    }
                    refused = true;
                    slip.given_up(at(second));
                }
                Act::Killed => {
                    let kept = serde_json::to_string(&slip).unwrap();
                    slip = serde_json::from_str(&kept).unwrap();
                    slip.picked_up(at(second));
                }
                _ => {}
            }
            prop_assert!(slip.len() <= 3, "{slip:?}");
        }
        while !slip.is_empty() {
            hear(&mut slip, 1000);
        }
        if !refused {
            prop_assert_eq!(believes.get().unwrap_or(false), open);
        }
        prop_assert_eq!(slip.is_open(), believes.get().unwrap_or(false));
    }
}
