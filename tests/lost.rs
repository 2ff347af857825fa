//! When a router cannot be heard: nothing is concluded from its silence, and when it is
//! back what differs is judged as if it had just happened.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use leakwatch::{
    detect::{Detector, Phase},
    incident::Step,
};

mod story;

use story::Stage;

/// A table of two peers: 400 prefixes of 40 origins, complete at 10:00.
const TABLE: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10
    10:00:00 rib $b 20.0.0.0/16*400 1000020 1299 1000+/10
    10:00:00 eor $a
    10:00:00 eor $b
";
const LEAK: &str = "A $a 20.0.0.0/17*300 1000010 701 15169 1000+/10";

fn with_table() -> Stage {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    assert_eq!(stage.said, [], "a sound table");
    stage
}

/// Routes, phase and whether they are stale, of the views that have or had routes.
fn views(stage: &Stage) -> Vec<(u32, Phase, bool)> {
    let views = stage.engine.snapshot().views.into_iter();
    let views = views.filter(|view| view.afi == leakwatch::bgp::Afi::Ipv4);
    views
        .map(|view| (view.routes, view.phase, view.stale))
        .collect()
}

#[test]
fn routes_of_a_lost_router_stay_and_are_stale() {
    let mut stage = with_table();
    stage.tell("10:20:00 lost $a\n12:00:00 wait");
    assert_eq!(
        views(&stage),
        [(400, Phase::Live, true), (400, Phase::Live, false)]
    );
    assert_eq!(stage.said, []);
    stage.tell("12:00:01 down $a");
    assert_eq!(
        views(&stage),
        [(0, Phase::Down, false), (400, Phase::Live, false)]
    );
}

#[test]
fn a_table_sent_again_by_a_router_that_is_back_says_nothing() {
    let mut stage = with_table();
    let balance = |stage: &Stage| {
        let of = |one: &Detector| stage.engine.folder().ledger.balance(*one);
        Detector::ALL.iter().map(of).collect::<Vec<_>>()
    };
    let before = balance(&stage);
    stage.tell(
        "10:20:00 lost $a
         10:22:00 up $a
         10:22:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10",
    );
    assert!(views(&stage)[0].2, "until the table is complete");
    stage.tell("10:22:05 eor $a\n10:40:00 wait");
    assert_eq!(views(&stage)[0], (400, Phase::Live, false));
    assert_eq!(stage.said, []);
    assert_eq!(balance(&stage), before);
    assert_eq!(stage.engine.counters().swept, 0);
}

#[test]
fn what_is_not_sent_again_is_taken_out_in_silence() {
    let mut stage = Stage::configured(
        "local_as = 64500\n[[own]]\nprefixes = [\"20.143.0.0/16\"]\norigins = [1014]\n[detect.withdrawal]\nroutes = 10\n",
    );
    stage.tell(TABLE);
    stage.tell(
        "10:20:00 lost $a
         10:22:00 up $a
         10:22:01 A $a 20.0.0.0/16*100 1000010 3356 1000+/10
         10:22:05 eor $a
         10:22:06 lost $b
         10:50:00 wait",
    );
    assert_eq!(views(&stage)[0], (100, Phase::Live, false));
    assert_eq!(stage.engine.counters().swept, 300);
    assert_eq!(
        stage.said,
        [],
        "own prefixes, too, are gone since nobody knows when"
    );
}

#[test]
fn without_end_of_rib_the_rest_goes_after_thirty_quiet_seconds() {
    let mut stage = with_table();
    stage.tell(
        "10:20:00 lost $a
         10:22:00 up $a
         10:25:00 wait",
    );
    assert_eq!(views(&stage)[0].0, 400, "it may be slow to begin");
    stage.tell("10:25:00 A $a 20.0.0.0/16*100 1000010 3356 1000+/10\n10:25:29 wait");
    assert_eq!(views(&stage)[0], (400, Phase::Live, true));
    stage.tell("10:25:31 wait");
    assert_eq!(views(&stage)[0], (100, Phase::Live, false));
}

#[test]
fn a_leak_that_began_while_nobody_heard_is_found() {
    for leak in [
        // More-specifics, and known prefixes by another path.
        LEAK,
        "A $a 20.0.0.0/16*300 1000010 701 15169 4713 1000+/10",
    ] {
        let mut stage = with_table();
        stage.tell(&format!(
            "10:20:00 lost $a
             10:22:00 up $a
             10:22:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
             10:22:02 {leak}
             10:22:05 eor $a
             10:23:00 wait"
        ));
        assert_eq!(
            stage.lives(),
            ["opened critical leak-15169-via-701"],
            "{leak}"
        );
    }
}

#[test]
fn a_leak_that_stood_in_the_first_table_is_no_news_when_it_is_sent_again() {
    let mut stage = Stage::default();
    let table = "A $a 20.0.0.0/16*300 1000010 701 15169 1000+/10";
    stage.tell(&format!(
        "a = 192.0.2.1/1000010
         10:00:00 up $a
         10:00:01 {table}
         10:00:02 eor $a
         10:20:00 lost $a
         10:22:00 up $a
         10:22:01 {table}
         10:22:02 eor $a
         10:40:00 wait"
    ));
    assert_eq!(stage.lives(), [""; 0]);
    assert_eq!(stage.standing().count(), 1);
}

#[test]
fn an_incident_neither_ends_nor_returns_because_its_router_is_not_heard() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 100/s {LEAK}"));
    stage.tell("10:20:30 lost $a\n11:20:00 wait");
    let open: Vec<_> = stage.engine.folder().open().collect();
    assert_eq!((open.len(), open[0].active), (1, 300));
    assert!(open[0].is_unobservable());
    stage.tell(&format!(
        "11:20:00 up $a
         11:20:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         11:20:01 {LEAK}
         11:20:05 eor $a
         11:50:00 wait"
    ));
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
    assert!(
        !stage
            .engine
            .folder()
            .open()
            .next()
            .unwrap()
            .is_unobservable()
    );
}

#[test]
fn an_incident_is_over_when_its_router_is_back_without_it() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 100/s {LEAK}"));
    stage.tell(
        "10:20:30 lost $a
         10:22:00 up $a
         10:22:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
         10:22:05 eor $a
         10:32:10 wait",
    );
    let last = stage.incidents().last().unwrap();
    assert_eq!((last.event, last.routes.active), (Step::Resolved, 0));
    assert!(last.summary.ends_with("; over"), "{}", last.summary);
}

#[test]
fn an_incident_whose_peer_never_returns_is_closed_after_hours_and_says_why() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 100/s {LEAK}"));
    stage.tell("10:20:30 lost $a\n10:25:30 down $a\n16:20:00 wait");
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
    // Six hours and the usual ten minutes.
    stage.tell("16:35:00 wait");
    let last = stage.incidents().last().unwrap();
    assert_eq!(last.event, Step::Resolved);
    assert!(
        last.summary.ends_with("; it can no longer be seen"),
        "{}",
        last.summary
    );
    stage.tell("17:40:00 wait");
    assert!(stage.engine.incidents().is_empty());
}

#[test]
fn what_a_view_is_blamed_for_is_closed_too_when_its_peer_never_returns() {
    let mut stage = Stage::configured(
        "[[peer]]\nmatch = { address = \"192.0.2.1\" }\nname = \"a\"\nmaximum_prefix = { ipv4 = 500 }\n",
    );
    stage.tell(TABLE);
    stage.tell("10:20:00 A $a 30.0.0.0/16*90 1000010 3356 2000+\n10:21:00 down $a\n16:00:00 wait");
    assert_eq!(stage.engine.folder().open().count(), 1);
    stage.tell("16:32:00 wait");
    assert_eq!(stage.engine.folder().open().count(), 0);
    let last = stage.incidents().last().unwrap();
    assert_eq!(last.event, Step::Resolved);
}

#[test]
fn a_router_lost_in_its_first_dump_goes_on_with_it_when_it_is_back() {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         10:00:00 up $a
         10:00:01 A $a 20.0.0.0/16*100 1000010 3356 1000+/10
         10:00:02 lost $a
         10:04:00 wait",
    );
    assert_eq!(views(&stage), [(100, Phase::Dumping, true)]);
    // Half of the first table was leaked routes that had not been sent yet.
    stage.tell(&format!(
        "10:04:01 up $a
         10:04:02 A $a 20.0.0.0/16*90 1000010 3356 1000+/10
         10:04:03 {LEAK}
         10:04:04 eor $a
         10:30:00 wait"
    ));
    assert_eq!(views(&stage), [(390, Phase::Live, false)]);
    assert_eq!(stage.lives(), [""; 0]);
    assert_eq!(stage.standing().count(), 1);
}

#[test]
fn own_prefixes_are_not_missing_because_nobody_can_be_heard() {
    let mut stage = Stage::configured(
        "local_as = 64500\n[[own]]\nprefixes = [\"20.7.0.0/16\"]\norigins = [1000]\n",
    );
    stage.tell(TABLE);
    stage.tell("10:10:00 W $a 20.7.0.0/16\n10:10:00 W $b 20.7.0.0/16\n10:10:05 wait");
    assert_eq!(stage.critical().len(), 1, "gone everywhere");
    stage.tell("10:10:10 lost $a\n10:10:10 lost $b\n10:40:00 wait");
    assert_eq!(stage.engine.folder().open().count(), 1, "nor are they back");
}
