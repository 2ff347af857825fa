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
    assert_eq!(send(&mut slip, 30), "Updated x/2-updated at 9");
    assert_eq!(slip.due(&PACE), None);
}

#[test]
fn an_end_has_the_key_of_an_end_however_many_steps_a_daemon_has_told_before() {
    let tell = |steps: &[(Step, u64)]| {
        let mut slip = Slip::default();
        offer(&mut slip, Step::Opened, 0);
        let mut keys = vec![slip.next("x").unwrap().key];
        send(&mut slip, 0);
        for (step, second) in steps {
            offer(&mut slip, *step, *second);
            keys.push(slip.next("x").unwrap().key);
            send(&mut slip, *second);
        }
        keys
    };
    // One of them died after the second, the other has gathered what it told.
    let one = tell(&[(Step::Updated, 30)]);
    let other = tell(&[(Step::Resolved, 30)]);
    assert_eq!(one[0], other[0]);
    assert_ne!(one[1], other[1], "who keeps keys would drop the end");
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
    assert_eq!(send(&mut slip, 1090), "Resolved x/2-resolved at 50");
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
    assert_eq!(send(&mut slip, 700), "Updated x/2-updated at 700");
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
    assert_eq!(send(&mut slip, 700), "Reopened x/3-reopened at 700");
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
    assert_eq!(send(&mut slip, 36), "Updated x/2-updated at 5");
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
fn what_is_over_does_not_go_on_whatever_was_told_of_it() {
    let deaf = Pace {
        resolved: false,
        ..PACE
    };
    let ends = |slip: &mut Slip, pace| {
        slip.offer(&subject(Step::Resolved, Severity::Warning, 9), at(9), pace);
    };
    // Told of its beginning, and of no end.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    assert!(slip.goes_on().is_some(), "it is to be told");
    send(&mut slip, 0);
    assert!(slip.goes_on().is_some());
    ends(&mut slip, &deaf);
    assert_eq!(slip.goes_on(), None);
    // Its end waits, and is then refused.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    ends(&mut slip, &PACE);
    assert_eq!(slip.goes_on(), None);
    slip.begin();
    slip.given_up(at(10));
    assert_eq!(slip.goes_on(), None);
    offer(&mut slip, Step::Reopened, 20);
    assert!(slip.goes_on().is_some(), "it is back");
    // Over before its beginning could be told.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    ends(&mut slip, &deaf);
    assert_eq!(slip.goes_on(), None);
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
    assert_eq!(send(&mut slip, 3600), "Updated x/2-reminder at 0");
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
    assert_eq!(send(&mut slip, 200), "Reopened x/2-reopened at 200");
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
    assert_eq!(send(&mut slip, 9), "Reopened x/3-reopened at 9");
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
    assert_eq!(send(&mut slip, 30), "Updated x/2-updated at 3700");
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

#[test]
fn what_came_while_it_was_being_sent_in_vain_is_told_as_if_it_had_not_been() {
    let vain = |slip: &mut Slip| slip.failed(&Failure::retry("cannot be reached"));
    let steps = |slip: &Slip| -> Vec<Step> { slip.pending.iter().map(|one| one.step).collect() };
    // It grows while its beginning is sent.
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    slip.begin();
    offer(&mut slip, Step::Updated, 1);
    vain(&mut slip);
    assert_eq!(send(&mut slip, 2), "Opened x/1 at 1");
    assert!(slip.is_empty());
    // It ends while its growth is sent, and somebody works on it.
    offer(&mut slip, Step::Updated, 3);
    slip.begin();
    offer(&mut slip, Step::Resolved, 4);
    vain(&mut slip);
    assert_eq!(steps(&slip), [Step::Resolved]);
    assert_eq!(slip.hush(), 0, "whoever was told of it hears of its end");
    // It comes back while its end is sent.
    slip.begin();
    offer(&mut slip, Step::Reopened, 5);
    vain(&mut slip);
    assert_eq!(send(&mut slip, 6), "Updated x/2-updated at 5");
}

#[test]
fn a_sink_that_is_told_no_ends_is_not_told_one_by_what_stands() {
    let deaf = Pace {
        resolved: false,
        ..PACE
    };
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    let over = subject(Step::Resolved, Severity::Warning, 1);
    slip.offer(&over, at(1), &deaf);
    send(&mut slip, 2);
    assert_eq!(slip.standing("x"), None);
}

#[test]
fn a_slip_that_an_earlier_version_kept_is_gone_on_with() {
    let mut slip = Slip::default();
    offer(&mut slip, Step::Opened, 0);
    send(&mut slip, 0);
    let mut kept = serde_json::to_value(&slip).unwrap();
    kept.as_object_mut().unwrap().remove("ended").unwrap();
    let told = kept["told"].as_object_mut().unwrap();
    told.remove("step").unwrap();
    told.remove("reminded").unwrap();
    let slip: Slip = serde_json::from_value(kept).unwrap();
    let (notice, _) = slip.standing("x").unwrap();
    assert_eq!((notice.step, notice.reminder), (Step::Opened, false));
    assert_eq!(slip.reminder_due(&PACE), Some(at(3600)));
}

/// What may happen to a slip.
#[derive(Clone, Copy, Debug)]
enum Act {
    Grows,
    Ends,
    /// The next notice is being sent.
    Begins,
    /// What was being sent is taken.
    Delivered,
    /// It surely did not arrive.
    Lost,
    /// Nobody knows whether it arrived; it did.
    Arrived,
    /// Nobody knows whether it arrived; it did not.
    Vanished,
    /// It is refused for good.
    Refused,
    /// The process dies.
    Killed,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    use Act::*;
    let all = vec![
        Grows, Ends, Begins, Begins, Delivered, Lost, Arrived, Vanished, Refused, Killed,
    ];
    prop::collection::vec(prop::sample::select(all), 0..60)
}

/// A sink as it understands what it hears.
#[derive(Debug, Default)]
struct Listener {
    keys: Vec<String>,
    /// Whether it goes on.
    believes: Option<bool>,
}

impl Listener {
    fn hears(&mut self, notice: &Notice) {
        if self.keys.contains(&notice.key) {
            assert!(notice.maybe_repeat, "told twice without saying so");
            return;
        }
        match notice.step {
            Step::Opened => assert_eq!(self.believes, None),
            Step::Reopened => assert_eq!(self.believes, Some(false)),
            Step::Updated | Step::Resolved => assert_eq!(self.believes, Some(true)),
        }
        self.believes = Some(notice.step != Step::Resolved);
        self.keys.push(notice.key.clone());
    }
}

proptest! {
    /// Whatever happens on the way, a sink hears beginnings and ends in turn, under keys that
    /// ascend, and in the end it knows what is so.
    #[test]
    fn a_sink_hears_beginnings_and_ends_in_turn_and_knows_how_it_ended(acts in acts()) {
        let mut slip = Slip::default();
        let mut sink = Listener::default();
        let mut sending: Option<Notice> = None;
        let (mut open, mut refused) = (false, false);
        let unsure = |may_have_arrived| Failure {
            may_have_arrived,
            ..Failure::retry("lost")
        };
        for (second, act) in (1..).zip(acts) {
            match (act, &sending) {
                (Act::Grows, _) => {
                    let step = if open { Step::Updated } else { Step::Opened };
                    open = true;
                    offer(&mut slip, step, second);
                }
                (Act::Ends, _) if open => {
                    open = false;
                    offer(&mut slip, Step::Resolved, second);
                }
                (Act::Begins, None) => {
                    sending = slip.next("x");
                    slip.begin();
                }
                (Act::Delivered, Some(notice)) => {
                    sink.hears(notice);
                    slip.delivered("x", at(second));
                    sending = None;
                }
                (Act::Lost, Some(_)) => {
                    slip.failed(&unsure(false));
                    sending = None;
                }
                (Act::Arrived | Act::Vanished, Some(notice)) => {
                    if matches!(act, Act::Arrived) {
                        sink.hears(notice);
                    }
                    slip.failed(&unsure(true));
                    sending = None;
                }
                // What may have arrived and is then refused is known to nobody.
                (Act::Refused, Some(notice)) if !notice.maybe_repeat => {
                    // The sink never hears of an end that it refuses; for us it was told.
                    if notice.step == Step::Resolved {
                        sink.believes = Some(false);
                    }
                    refused = true;
                    slip.given_up(at(second));
                    sending = None;
                }
                (Act::Killed, _) => {
                    let kept = serde_json::to_string(&slip).unwrap();
                    slip = serde_json::from_str(&kept).unwrap();
                    slip.picked_up(at(second));
                    sending = None;
                }
                _ => {}
            }
            prop_assert!(slip.len() <= 3, "{slip:?}");
        }
        slip.picked_up(at(1000));
        while let Some(notice) = slip.next("x") {
            sink.hears(&notice);
            slip.begin();
            slip.delivered("x", at(1000));
        }
        if !refused {
            prop_assert_eq!(sink.believes.unwrap_or(false), open);
        }
        prop_assert_eq!(slip.is_open(), sink.believes.unwrap_or(false));
    }
}
