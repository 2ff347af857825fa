//! What the engine shows of itself: its snapshot, its counters, its incidents as they
//! stand, and answers to questions about routes.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use leakwatch::{
    detect::{Detector, Phase},
    engine::{Answer, Match, Question},
    incident::{Kind, Output, Severity, Step},
};

mod story;

use story::{Stage, at};

const TABLE: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10
    10:00:00 rib $b 20.0.0.0/16*400 1000020 1299 1000+/10
    10:00:00 rib $b 2600::/32*7 1000020 1299 1000
    10:00:00 eor $a
    10:00:00 eor $b
";
const LEAK: &str = "100/s A $a 20.0.0.0/17*300 1000010 701 15169 1000+/10";

fn with_table() -> Stage {
    let mut stage = Stage::configured(
        "[[peer]]\nmatch = { address = \"192.0.2.1\" }\nname = \"transit-a\"\nmaximum_prefix = { ipv4 = 5000 }\n",
    );
    stage.tell(TABLE);
    assert_eq!(stage.said, [], "a sound table");
    stage
}

fn ask(stage: &Stage, prefix: &str, matching: Match, most: usize) -> Answer {
    stage.engine.answer(&Question {
        prefix: prefix.parse().unwrap(),
        matching,
        most,
    })
}

/// `prefix#path_id peer path`, one for each route of an answer.
fn lines(answer: &Answer) -> Vec<String> {
    let line = |one: &leakwatch::engine::Entry| {
        let id = match one.path_id {
            0 => String::new(),
            id => format!("#{id}"),
        };
        format!("{}{id} {} {}", one.prefix, one.peer, one.path)
    };
    answer.routes.iter().map(line).collect()
}

#[test]
fn a_snapshot_names_every_view_with_its_routes_and_limits() {
    let mut stage = with_table();
    stage.tell("10:05:00 W $b 20.0.0.0/16*2\n10:06:00 down $a");
    let snapshot = stage.engine.snapshot();
    let views: Vec<_> = snapshot
        .views
        .iter()
        .map(|view| (view.name.as_str(), view.routes, view.phase, view.limit))
        .collect();
    assert_eq!(
        views,
        [
            ("transit-a", 0, Phase::Down, Some(5000)),
            ("", 398, Phase::Live, None),
            ("", 7, Phase::Live, None),
            // End-of-RIB of a family makes its view.
            ("transit-a", 0, Phase::Down, None),
        ]
    );
    assert_eq!(snapshot.views[0].since, at("10:06:00"));
    assert_eq!(snapshot.views[1].last_change, at("10:05:00"));
    assert_eq!(snapshot.views[2].last_change, at("10:00:00"));
    assert_eq!(snapshot.time, at("10:06:00"));
    assert_eq!(snapshot.prefixes, (398, 7));
    assert!(snapshot.memory > 0 && snapshot.paths > 0);
}

#[test]
fn counters_add_up_to_the_routes_that_stand() {
    let mut stage = with_table();
    stage.tell("10:05:00 A $a 20.0.0.0/16*10 1000010 3356 1000");
    stage.tell("10:05:01 A $a 20.0.0.0/16*10 1000010 174 1000");
    stage.tell("10:05:02 W $a 20.0.0.0/16*3\n10:05:03 W $a 99.0.0.0/16\n10:06:00 down $b");
    let counters = stage.engine.counters();
    assert_eq!(
        (counters.announced, counters.changed, counters.unchanged),
        (807, 10, 10)
    );
    assert_eq!(counters.withdrawn, 3 + 407);
    let standing: u32 = stage
        .engine
        .snapshot()
        .views
        .iter()
        .map(|view| view.routes)
        .sum();
    assert_eq!(counters.announced - counters.withdrawn, u64::from(standing));
}

#[test]
fn findings_and_open_incidents_are_counted() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    let snapshot = stage.engine.snapshot();
    let nth = |detector: Detector| {
        Detector::ALL
            .iter()
            .position(|one| *one == detector)
            .unwrap()
    };
    assert_eq!(snapshot.standing[nth(Detector::NeverTransit)], 300);
    assert_eq!(snapshot.counters.raised[nth(Detector::NeverTransit)], 300);
    let open: Vec<_> = snapshot.open.into_iter().collect();
    assert_eq!(open, [((Kind::Leak, Severity::Critical), 1)]);
    stage.tell("10:20:10 W $a 20.0.0.0/17*300\n10:40:00 wait");
    let snapshot = stage.engine.snapshot();
    assert_eq!(snapshot.standing, [0; Detector::ALL.len()]);
    assert_eq!(snapshot.counters.cleared[nth(Detector::NeverTransit)], 300);
    assert!(snapshot.open.is_empty());
}

#[test]
fn incidents_stand_as_they_are_until_they_are_forgotten() {
    let mut stage = with_table();
    assert!(stage.engine.incidents().is_empty());
    stage.tell(&format!("10:20:00 {LEAK}"));
    let standing = stage.engine.incidents();
    assert_eq!(standing.len(), 1);
    let told = stage.incidents().last().unwrap().clone();
    assert_eq!((&standing[0].id, standing[0].event), (&told.id, told.event));
    assert_eq!(standing[0].time, told.time);
    // More has come since it was told of.
    assert_eq!(standing[0].routes.active, 300);
    stage.tell("10:20:10 W $a 20.0.0.0/17*300\n10:40:00 wait");
    let standing = stage.engine.incidents();
    assert_eq!(
        (standing[0].event, standing[0].routes.active),
        (Step::Resolved, 0)
    );
    stage.tell("11:40:00 wait");
    assert!(stage.engine.incidents().is_empty());
}

#[test]
fn a_drill_says_so_and_ends_when_it_is_closed() {
    let mut stage = with_table();
    let config = leakwatch::config::Config::default();
    stage.engine =
        leakwatch::engine::Engine::new(config.reference, config.detect, config.incident).drill();
    stage.tell(TABLE);
    stage.tell(&format!("10:20:00 {LEAK}"));
    let mut out = Vec::new();
    stage.engine.close(&mut out);
    stage.engine.close(&mut out);
    let [Output::Incident(last)] = &out[..] else {
        panic!("one incident, ended once: {out:?}");
    };
    assert_eq!(last.event, Step::Resolved);
    for event in stage
        .incidents()
        .chain([&**last])
        .chain(&stage.engine.incidents())
    {
        assert!(
            event.drill && event.summary.starts_with("DRILL: "),
            "{event:?}"
        );
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["drill"], true);
    }
    assert!(stage.engine.snapshot().open.is_empty());
}

#[test]
fn what_is_no_drill_does_not_mention_one() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    let json = serde_json::to_value(stage.incidents().next().unwrap()).unwrap();
    assert_eq!(json.get("drill"), None);
}

/// A few prefixes within each other, at two peers and in one more table.
fn nested() -> Stage {
    let mut stage = Stage::default();
    stage.tell(
        "a = 192.0.2.1/1000010
         b = 192.0.2.2/1000020
         10:00:00 rib $a 0.0.0.0/0 1000010 3356
         10:00:00 rib $a 20.0.0.0/8 1000010 3356 65
         10:00:00 rib $a 20.1.0.0/16 1000010 3356 65
         10:00:00 rib $b 20.1.0.0/16 1000020 1299 65
         10:00:00 A $b@loc-rib 20.1.0.0/16 1000020 1299 65
         10:00:00 rib $a 20.1.2.0/24#9 1000010 3356 65
         10:00:00 rib $a 20.1.2.0/24#7 1000010 174 65
         10:00:00 rib $a 20.1.2.0/24#8 1000010 2914 65
         10:00:00 rib $b 20.1.3.0/24 1000020 1299 65
         10:00:00 rib $b 20.1.4.0/24 1000020 1299 65
         10:00:01 W $b 20.1.4.0/24
         10:00:01 W $a 20.1.2.0/24#8
         10:00:01 rib $a 2600::/32 1000010 3356 65",
    );
    stage
}

#[test]
fn an_exact_question_finds_the_prefix_in_every_view() {
    let stage = nested();
    let answer = ask(&stage, "20.1.0.0/16", Match::Exact, 100);
    assert_eq!(
        lines(&answer),
        [
            "20.1.0.0/16 192.0.2.1 1000010 3356 65",
            "20.1.0.0/16 192.0.2.2 1000020 1299 65",
            "20.1.0.0/16 192.0.2.2 1000020 1299 65",
        ]
    );
    let ribs: Vec<_> = answer.routes.iter().map(|one| one.rib).collect();
    assert_ne!(ribs[1], ribs[2]);
    assert!(!answer.truncated);
    assert!(
        lines(&ask(&stage, "20.1.4.0/24", Match::Exact, 9)).is_empty(),
        "withdrawn"
    );
    assert!(
        lines(&ask(&stage, "20.1.5.0/24", Match::Exact, 9)).is_empty(),
        "never seen"
    );
    assert_eq!(ask(&stage, "2600::/32", Match::Exact, 9).routes.len(), 1);
}

#[test]
fn several_paths_to_a_prefix_are_told_in_order() {
    let stage = nested();
    assert_eq!(
        lines(&ask(&stage, "20.1.2.0/24", Match::Exact, 100)),
        [
            "20.1.2.0/24#7 192.0.2.1 1000010 174 65",
            "20.1.2.0/24#9 192.0.2.1 1000010 3356 65",
        ]
    );
}

#[test]
fn the_longest_match_is_what_a_packet_would_follow() {
    let stage = nested();
    let longest = |prefix| {
        let answer = ask(&stage, prefix, Match::Longest, 100);
        let mut found: Vec<_> = answer
            .routes
            .iter()
            .map(|one| one.prefix.to_string())
            .collect();
        found.dedup();
        found
    };
    assert_eq!(longest("20.1.2.3/32"), ["20.1.2.0/24"]);
    assert_eq!(
        longest("20.1.4.3/32"),
        ["20.1.0.0/16"],
        "nobody has the /24 any more"
    );
    assert_eq!(longest("20.0.0.0/7"), ["0.0.0.0/0"]);
    assert_eq!(
        longest("20.1.0.0/16"),
        ["20.1.0.0/16"],
        "itself covers itself"
    );
    assert_eq!(longest("3fff::/20"), [""; 0]);
}

#[test]
fn shorter_and_longer_are_all_that_cover_and_all_within() {
    let stage = nested();
    let found = |prefix, matching| {
        let answer = ask(&stage, prefix, matching, 100);
        let mut found: Vec<_> = answer
            .routes
            .iter()
            .map(|one| one.prefix.to_string())
            .collect();
        found.dedup();
        found
    };
    assert_eq!(
        found("20.1.2.0/24", Match::Shorter),
        ["0.0.0.0/0", "20.0.0.0/8", "20.1.0.0/16", "20.1.2.0/24"]
    );
    assert_eq!(
        found("20.1.0.0/16", Match::Longer),
        ["20.1.0.0/16", "20.1.2.0/24", "20.1.3.0/24"]
    );
    assert_eq!(found("::/0", Match::Longer), ["2600::/32"]);
}

#[test]
fn an_answer_is_no_longer_than_asked_for_and_says_so() {
    let stage = nested();
    for most in 0..8 {
        let answer = ask(&stage, "0.0.0.0/0", Match::Longer, most);
        assert_eq!((answer.routes.len(), answer.truncated), (most, true));
    }
    let answer = ask(&stage, "0.0.0.0/0", Match::Longer, 8);
    assert_eq!((answer.routes.len(), answer.truncated), (8, false));
}

#[test]
fn an_answer_says_what_is_wrong_and_in_which_incident() {
    let mut stage = with_table();
    stage.tell(&format!("10:20:00 {LEAK}"));
    let answer = ask(&stage, "20.7.0.0/17", Match::Exact, 9);
    assert_eq!(
        answer.routes[0].findings,
        ["more_specific", "never_transit"]
    );
    let id = stage.incidents().next().unwrap().id.clone();
    assert_eq!(answer.routes[0].incident, Some(id));
    let answer = ask(&stage, "20.7.0.0/16", Match::Exact, 9);
    assert_eq!(answer.routes.len(), 2);
    assert!(
        answer
            .routes
            .iter()
            .all(|one| one.findings.is_empty() && one.incident.is_none())
    );
}
