//! Killed and started again: an incident goes on as the same one, ends if it is over, and
//! what began meanwhile is found.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::BTreeMap;

use leakwatch::{
    config::Config,
    detect::Phase,
    incident::{IncidentEvent, Kept, Output, Step},
};

mod story;

use story::{Stage, at};

/// A table of two peers: 400 prefixes of 40 origins, complete at 10:00.
const TABLE: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:00:00 rib $a 20.0.0.0/16*400 1000010 3356 1000+/10
    10:00:00 rib $b 20.0.0.0/16*400 1000020 1299 1000+/10
    10:00:01 eor $a
    10:00:01 eor $b
";
/// More-specifics of the table's prefixes, through a network that sells no transit.
const LEAK: &str = "A $a 20.0.0.0/17*300 1000010 701 15169 1000+/10";

/// What is on the disk.
#[derive(Default)]
struct Disk {
    kept: BTreeMap<String, Vec<u8>>,
    pages: Vec<Vec<u8>>,
    toml: &'static str,
}

impl Disk {
    /// Writes as the daemon does.
    fn write(&mut self, stage: &mut Stage) {
        let mut kept = Vec::new();
        stage.engine.keep(&mut kept);
        for Kept { id, state, gone } in kept {
            if gone {
                self.kept.remove(&id);
            } else {
                self.kept.insert(id, state);
            }
        }
    }

    /// Writes what was learned.
    fn learn(&mut self, stage: &Stage) {
        let mut writing = stage.engine.begin_baseline();
        self.pages.clear();
        while let Some(page) = stage.engine.baseline(&mut writing) {
            self.pages.push(page);
        }
    }

    /// The core as it is after a restart.
    fn start(&self) -> Stage {
        let mut stage = Stage::new(Config::parse_text(self.toml).unwrap());
        for page in &self.pages {
            assert_eq!(stage.engine.learn(page), Ok(()));
        }
        let kept: Vec<_> = self.kept.clone().into_iter().collect();
        assert_eq!(stage.engine.restore(&kept), []);
        assert_eq!(stage.said, [], "nobody is told of a restart");
        stage
    }
}

fn told(stage: &Stage) -> Vec<(Step, String, u32)> {
    stage
        .incidents()
        .map(|event| (event.event, event.id.clone(), event.number))
        .collect()
}

/// A leak of 300 routes that was opened, and the restart after it.
fn in_a_leak() -> (Stage, Stage, Disk) {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    stage.tell(&format!("10:20:00 100/s {LEAK}\n10:20:10 wait"));
    assert_eq!(stage.lives(), ["opened critical leak-15169-via-701"]);
    let mut disk = Disk::default();
    disk.write(&mut stage);
    assert_eq!(disk.kept.len(), 1);
    let next = disk.start();
    (stage, next, disk)
}

const RETURN: &str = "
    a = 192.0.2.1/1000010
    b = 192.0.2.2/1000020
    10:25:00 up $a
    10:25:00 up $b
    10:25:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
    10:25:01 A $b 20.0.0.0/16*400 1000020 1299 1000+/10
";

#[test]
fn an_incident_goes_on_when_the_tables_still_have_it() {
    let (before, mut stage, _) = in_a_leak();
    let open = stage.engine.incidents();
    assert_eq!(open.len(), 1);
    let was = &before.engine.incidents()[0];
    assert_eq!((&open[0].id, open[0].number), (&was.id, 1));
    assert_eq!(open[0].routes.peak, 300);
    assert_eq!(open[0].samples, was.samples);
    assert_eq!(open[0].evidence, was.evidence);
    assert_eq!(open[0].victims, was.victims);
    stage.tell(RETURN);
    stage.tell(&format!(
        "10:25:02 {LEAK}\n10:25:05 eor $a\n10:25:05 eor $b\n11:00:00 wait"
    ));
    assert_eq!(told(&stage), []);
    let now = &stage.engine.incidents()[0];
    assert_eq!((now.routes.active, now.routes.total), (300, 300));
    stage.tell("11:10:00 W $a 20.0.0.0/17*300\n11:30:00 wait");
    assert_eq!(told(&stage), [(Step::Resolved, was.id.clone(), 2)]);
    assert_eq!(stage.incidents().last().unwrap().time, at("11:20:01"));
}

#[test]
fn an_incident_that_is_over_by_the_tables_ends_ten_minutes_later_and_once() {
    let (before, mut stage, mut disk) = in_a_leak();
    stage.tell(RETURN);
    stage.tell("10:25:05 eor $a\n10:25:05 eor $b\n10:35:04 wait");
    assert_eq!(told(&stage), []);
    stage.tell("10:36:00 wait");
    let id = before.engine.incidents()[0].id.clone();
    assert_eq!(told(&stage), [(Step::Resolved, id.clone(), 2)]);
    // It is over after another restart too, and forgotten in time.
    disk.write(&mut stage);
    let mut stage = disk.start();
    stage.tell(&RETURN.replace("10:25", "11:00"));
    stage.tell("11:00:05 eor $a\n11:00:05 eor $b\n11:30:00 wait");
    assert_eq!(told(&stage), []);
    assert_eq!(stage.engine.incidents().len(), 1);
    stage.tell("11:40:00 wait");
    assert_eq!(stage.engine.incidents().len(), 0);
    disk.write(&mut stage);
    assert!(disk.kept.is_empty());
}

/// The offender of a path is on the route's good path too.
#[test]
fn a_path_that_was_put_right_meanwhile_is_over() {
    for (path, steps) in [("3356 1000", 1), ("3356 65 1000*252", 0)] {
        let mut stage = Stage::default();
        stage.tell(TABLE);
        stage.tell("10:20:00 A $a 20.0.0.0/16 1000010 3356 65 1000*252\n10:20:10 wait");
        assert_eq!(stage.lives(), ["opened critical path-1000-via-65"]);
        let mut disk = Disk::default();
        disk.write(&mut stage);
        let mut stage = disk.start();
        stage.tell(RETURN);
        stage.tell(&format!("10:25:02 A $a 20.0.0.0/16 1000010 {path}"));
        stage.tell("10:25:05 eor $a\n10:25:05 eor $b\n10:36:00 wait");
        assert_eq!(told(&stage).len(), steps, "{path}");
    }
}

#[test]
fn until_the_peers_are_back_nothing_is_over_however_long_that_takes() {
    let (_, mut stage, _) = in_a_leak();
    stage.tell("14:00:00 wait");
    assert_eq!(told(&stage), []);
    let phases: Vec<Phase> = stage
        .engine
        .snapshot()
        .views
        .iter()
        .map(|view| view.phase)
        .collect();
    assert!(
        phases.iter().all(|phase| *phase == Phase::Down),
        "{phases:?}"
    );
    stage.tell("16:40:00 wait");
    let last = stage.incidents().last().unwrap();
    assert_eq!((last.event, last.number), (Step::Resolved, 2));
    assert!(
        last.summary.ends_with("it can no longer be seen"),
        "{}",
        last.summary
    );
}

#[test]
fn a_leak_back_within_the_hour_is_the_same_one_again_after_a_restart() {
    let (_, mut stage, mut disk) = in_a_leak();
    stage.tell(RETURN);
    stage.tell("10:25:05 eor $a\n10:25:05 eor $b\n10:40:00 wait");
    disk.write(&mut stage);
    let mut stage = disk.start();
    stage.tell(&RETURN.replace("10:25", "10:45"));
    stage.tell(&format!(
        "10:45:05 eor $a\n10:45:05 eor $b\n11:00:00 100/s {LEAK}\n11:01:00 wait"
    ));
    let steps = told(&stage);
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!((steps[0].0, steps[0].2), (Step::Reopened, 3));
}

#[test]
fn cut_off_in_the_middle_of_a_burst_the_rest_belongs_to_it() {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    let mut disk = Disk::default();
    // It opens after some hundred, is written at once, and the kill comes there.
    let mut sent = 0;
    while stage.incidents().count() == 0 {
        let next = 0x1400_0000_u32 + (sent << 15);
        let prefix = std::net::Ipv4Addr::from(next);
        stage.tell(&format!(
            "10:20:00 A $a {prefix}/17 1000010 701 15169 {}",
            1000 + sent / 10
        ));
        sent += 1;
    }
    assert!(sent < 200, "{sent}");
    disk.write(&mut stage);
    let mut stage = disk.start();
    stage.tell(RETURN);
    stage.tell(&format!(
        "10:25:02 {LEAK}\n10:25:05 eor $a\n10:25:05 eor $b\n11:00:00 wait"
    ));
    let steps = told(&stage);
    assert!(
        steps.iter().all(|(step, ..)| *step != Step::Opened),
        "{steps:?}"
    );
    let now = &stage.engine.incidents()[0];
    assert_eq!((now.routes.active, now.routes.total), (300, 300));
    stage.tell("11:10:00 W $a 20.0.0.0/17*300\n11:30:00 wait");
    let ends = told(&stage)
        .iter()
        .filter(|(step, ..)| *step == Step::Resolved)
        .count();
    assert_eq!(ends, 1);
    assert_eq!(stage.engine.incidents()[0].routes.active, 0);
}

#[test]
fn what_a_view_as_a_whole_is_blamed_for_goes_on_or_ends() {
    let toml = "
        [[peer]]
        match = { as = 1000010 }
        name = \"a\"
        maximum_prefix = { ipv4 = 500 }
    ";
    for (routes, goes_on) in [(500, true), (100, false)] {
        let mut stage = Stage::configured(toml);
        stage.tell(
            "a = 192.0.2.1/1000010
            10:00:00 rib $a 20.0.0.0/16*300 1000010 3356 1000+/10
            10:00:01 eor $a
            10:20:00 20/s A $a 21.44.0.0/16*190 1000010 3356 1030+/10
            10:21:00 wait",
        );
        let before = told(&stage);
        assert!(
            before
                .iter()
                .any(|(_, id, _)| id.starts_with("maximum_prefix")),
            "{before:?}"
        );
        let mut disk = Disk {
            toml,
            ..Disk::default()
        };
        disk.write(&mut stage);
        let mut stage = disk.start();
        stage.tell(&format!(
            "a = 192.0.2.1/1000010
            10:30:00 up $a
            10:30:01 A $a 20.0.0.0/16*{routes} 1000010 3356 1000+/10
            10:30:02 eor $a
            10:50:00 wait"
        ));
        let after: Vec<Step> = told(&stage).iter().map(|one| one.0).collect();
        assert_eq!(
            after,
            if goes_on {
                vec![]
            } else {
                vec![Step::Resolved]
            }
        );
    }
}

#[test]
fn own_prefixes_that_went_missing_are_missing_after_a_restart() {
    let toml = "local_as = 64500\n[[own]]\nprefixes = [\"20.143.0.0/16\"]\norigins = [1014]\n";
    for back in [false, true] {
        let mut stage = Stage::configured(toml);
        stage.tell(TABLE);
        stage.tell("10:20:00 W $a 20.143.0.0/16\n10:20:00 W $b 20.143.0.0/16\n10:21:00 wait");
        assert_eq!(stage.lives().len(), 1, "{:?}", stage.lives());
        let mut disk = Disk {
            toml,
            ..Disk::default()
        };
        disk.write(&mut stage);
        let mut stage = disk.start();
        let rest = "20.0.0.0/16*143 1000010 3356 1000+/10";
        stage.tell(&format!(
            "a = 192.0.2.1/1000010
            b = 192.0.2.2/1000020
            10:30:00 up $a\n10:30:00 up $b
            10:30:01 A $a {rest}
            10:30:01 A $b {}",
            rest.replace("1000010 3356", "1000020 1299")
        ));
        if back {
            stage.tell("10:30:01 A $a 20.143.0.0/16 1000010 3356 1014\n10:30:01 A $b 20.143.0.0/16 1000020 1299 1014");
        }
        stage.tell("10:30:05 eor $a\n10:30:05 eor $b\n10:59:00 wait");
        let after: Vec<Step> = told(&stage).iter().map(|one| one.0).collect();
        assert_eq!(after, if back { vec![Step::Resolved] } else { vec![] });
    }
}

#[test]
fn what_is_damaged_is_given_back_and_the_rest_is_taken_up() {
    let (_, _, disk) = in_a_leak();
    let (id, good) = disk.kept.first_key_value().unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    let mut stage = Stage::default();
    let kept = [
        ("broken".to_owned(), bad),
        (id.clone(), good.clone()),
        ("other".to_owned(), good.clone()),
    ];
    let refused: Vec<String> = stage
        .engine
        .restore(&kept)
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(refused, ["broken", "other"]);
    assert_eq!(stage.engine.incidents().len(), 1);
}

#[test]
fn what_is_kept_is_the_same_after_it_was_taken_up() {
    let (_, mut stage, disk) = in_a_leak();
    // As soon as it is due again.
    stage.tell("10:20:10 wait");
    let mut again = Disk::default();
    let mut kept = Vec::new();
    stage.engine.keep(&mut kept);
    assert_eq!(kept, [], "it is on the disk as it is");
    stage.tell("10:40:00 wait");
    again.write(&mut stage);
    let mut third = again.start();
    third.tell("10:40:00 wait\n11:00:00 wait");
    let mut last = Disk::default();
    last.write(&mut third);
    assert_eq!(
        again.kept.keys().collect::<Vec<_>>(),
        disk.kept.keys().collect::<Vec<_>>()
    );
    let sizes = |disk: &Disk| disk.kept.values().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(&again), sizes(&last));
    let shown = |stage: &Stage| stage.engine.incidents();
    assert_eq!(shown(&stage), shown(&third));
}

#[test]
fn an_incident_that_does_not_change_is_not_written_again_every_second() {
    let (mut stage, _, mut disk) = in_a_leak();
    let mut writes = 0;
    for second in 11..=60 {
        stage.tell(&format!("10:20:{:02} wait", second.min(59)));
        let mut kept = Vec::new();
        stage.engine.keep(&mut kept);
        writes += kept.len();
    }
    assert!(writes <= 1, "{writes}");
    stage.tell("10:21:00 1/s W $a 20.0.0.0/17*20\n10:21:30 wait");
    disk.write(&mut stage);
    let said: Vec<&Output> = stage.said.iter().collect();
    assert_eq!(said.len(), 1);
}

/// A table at 10:00, what was learned of it at 10:20, and the restart after it.
fn with_baseline() -> (Stage, Disk) {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    stage.tell("10:20:00 wait");
    let mut disk = Disk::default();
    disk.learn(&stage);
    disk.write(&mut stage);
    assert!(disk.kept.is_empty());
    (disk.start(), disk)
}

/// Leaks of more than a hundred routes, and what must be said of them.
const LEAKS: [(&str, &str); 4] = [
    (LEAK, "opened critical leak-15169-via-701"),
    // Nothing is known of this network; only that all of it is new.
    (
        "A $a 20.0.0.0/17*250 1000010 6453 1900001 1000+",
        "opened critical leak-1900001-via-6453",
    ),
    // Known prefixes by another path: against a network no path spoke against before.
    (
        "A $a 20.0.0.0/16*300 1000010 701 15169 4713 1000+/10",
        "opened critical leak-15169-via-701",
    ),
    (
        "A $a 20.0.0.0/16*150 1000010 3356 1900001",
        "opened critical origin-1900001-via-3356",
    ),
];

#[test]
fn a_leak_that_began_meanwhile_is_told_when_the_table_is_whole() {
    for (leak, wanted) in LEAKS {
        let (mut stage, disk) = with_baseline();
        stage.tell(RETURN);
        stage.tell(&format!("10:25:02 {leak}"));
        assert_eq!(told(&stage), [], "{leak}: not before");
        stage.tell("10:25:05 eor $a\n10:25:05 eor $b\n10:26:00 wait");
        assert_eq!(stage.lives(), [wanted], "{leak}");
        // It is an incident like any other.
        let mut disk = Disk {
            pages: Vec::new(),
            ..disk
        };
        disk.write(&mut stage);
        assert_eq!(disk.kept.len(), 1);
        stage.tell(
            &RETURN
                .replace("10:25:01 A", "11:00:00 A")
                .replace("10:25:00 up $a", "")
                .replace("10:25:00 up $b", ""),
        );
        stage.tell("11:00:00 W $a 20.0.0.0/17*300\n11:30:00 wait");
        let steps: Vec<Step> = told(&stage).iter().map(|one| one.0).collect();
        assert_eq!(steps, [Step::Opened, Step::Resolved], "{leak}");
    }
}

#[test]
fn a_leak_that_was_opened_and_killed_before_it_was_written_opens_again() {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    stage.tell("10:19:00 wait");
    let mut disk = Disk::default();
    disk.learn(&stage);
    stage.tell(&format!("10:20:00 100/s {LEAK}"));
    let first: Vec<String> = stage.incidents().map(|event| event.id.clone()).collect();
    // The kill comes before the write.
    let mut stage = disk.start();
    stage.tell(RETURN);
    stage.tell(&format!(
        "10:25:02 {LEAK}\n10:25:05 eor $a\n10:25:05 eor $b\n10:26:00 wait"
    ));
    let steps = told(&stage);
    assert_eq!(steps.len(), 1);
    assert_eq!(
        (steps[0].0, &steps[0].1, steps[0].2),
        (Step::Opened, &first[0], 1),
        "the same name"
    );
}

#[test]
fn cut_off_in_a_burst_of_which_only_the_novelty_is_seen() {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    stage.tell("10:19:00 wait");
    let mut disk = Disk::default();
    disk.learn(&stage);
    stage.tell("10:20:00 100/s A $a 20.0.0.0/17*250 1000010 6453 1900001 1000+");
    let opened = "opened critical leak-1900001-via-6453".to_owned();
    assert!(stage.lives().contains(&opened));
    disk.write(&mut stage);
    let mut stage = disk.start();
    stage.tell(RETURN);
    stage.tell(
        "10:25:02 A $a 20.0.0.0/17*400 1000010 6453 1900001 1000+
        10:25:05 eor $a\n10:25:05 eor $b\n10:26:00 wait",
    );
    assert_eq!(told(&stage), []);
    let leak = |event: &IncidentEvent| event.id.starts_with("leak");
    let now = stage.engine.incidents().into_iter().find(leak).unwrap();
    assert_eq!((now.routes.active, now.routes.total), (400, 400));
}

#[test]
fn what_always_stood_against_an_offender_does_not_keep_an_incident_open() {
    // 40 routes that were there before anybody leaked.
    let odd = "20.0.0.0/16*40 1000010 701 15169 4713 1000+/10";
    let rest = "20.40.0.0/16*360 1000010 3356 1004+/10";
    let table = format!(
        "a = 192.0.2.1/1000010
         10:00:00 rib $a {odd}\n10:00:00 rib $a {rest}\n10:00:01 eor $a\n10:10:00 wait"
    );
    for learned in [true, false] {
        let mut stage = Stage::default();
        stage.tell(&table);
        let mut disk = Disk::default();
        if learned {
            disk.learn(&stage);
        }
        stage.tell(&format!("10:20:00 100/s {LEAK}\n10:20:10 wait"));
        disk.write(&mut stage);
        let mut stage = disk.start();
        stage.tell(&format!(
            "a = 192.0.2.1/1000010
             10:25:00 up $a
             10:25:01 A $a {odd}\n10:25:01 A $a {rest}\n10:25:05 eor $a\n10:50:00 wait"
        ));
        let steps: Vec<Step> = told(&stage).iter().map(|one| one.0).collect();
        assert_eq!(
            steps,
            if learned {
                vec![Step::Resolved]
            } else {
                vec![]
            }
        );
    }
}

#[test]
fn what_was_learned_too_long_ago_or_not_as_a_whole_is_not_compared_with() {
    let (_, disk) = with_baseline();
    let mut late = disk.start();
    late.tell(&RETURN.replace("10:25", "12:25"));
    late.tell(&format!(
        "12:25:02 {LEAK}\n12:25:05 eor $a\n12:25:05 eor $b\n12:26:00 wait"
    ));
    assert_eq!(told(&late), []);
    assert_eq!(late.standing().count(), 1, "it stands");
    for missing in 0..disk.pages.len() {
        let mut stage = Stage::default();
        for (number, page) in disk.pages.iter().enumerate() {
            let mut page = page.clone();
            if number == missing {
                let middle = page.len() / 2;
                page[middle] ^= 4;
            }
            let learned = stage.engine.learn(&page);
            assert_eq!(
                learned.is_ok(),
                number < missing,
                "{number} {missing} {learned:?}"
            );
        }
        stage.tell(RETURN);
        stage.tell(&format!(
            "10:25:02 {LEAK}\n10:25:05 eor $a\n10:25:05 eor $b\n10:26:00 wait"
        ));
        assert_eq!(told(&stage), []);
    }
}

#[test]
fn a_peer_that_the_baseline_has_not_is_no_news() {
    let (mut stage, _) = with_baseline();
    stage.tell(
        "c = 192.0.2.3/1000030
        10:25:00 up $c
        10:25:01 A $c 20.0.0.0/16*400 1000030 2914 1000+/10
        10:25:01 A $c 20.0.0.0/17*300 1000030 6453 1900001 1000+
        10:25:05 eor $c\n10:26:00 wait",
    );
    assert_eq!(told(&stage), []);
}

#[test]
fn what_was_learned_is_the_same_when_it_is_written_again() {
    let (stage, disk) = with_baseline();
    let mut again = Disk::default();
    again.learn(&stage);
    let prefixes = |disk: &Disk| disk.pages.iter().map(Vec::len).skip(1).collect::<Vec<_>>();
    assert_eq!(prefixes(&again).len(), prefixes(&disk).len());
    // As history now, and not as what is held.
    let mut third = again.start();
    third.tell(RETURN);
    third.tell("10:25:05 eor $a\n10:25:05 eor $b\n10:26:00 wait");
    assert_eq!(third.said, []);
    assert_eq!(third.engine.rib().prefixes(), (400, 0));
    assert_eq!(third.engine.rib().known(), 400);
}

#[test]
fn a_clock_that_was_put_back_between_two_lives_does_not_blind_the_second() {
    let mut stage = Stage::default();
    stage.tell(TABLE);
    stage.tell(&format!("11:20:00 100/s {LEAK}\n11:20:10 wait"));
    let mut disk = Disk::default();
    disk.write(&mut stage);
    disk.learn(&stage);
    // The clock was an hour ahead: it is 10:21 now.
    let mut next = disk.start();
    next.tell(
        "
        a = 192.0.2.1/1000010
        b = 192.0.2.2/1000020
        10:21:00 up $a
        10:21:00 up $b
        10:21:01 A $a 20.0.0.0/16*400 1000010 3356 1000+/10
        10:21:01 A $b 20.0.0.0/16*400 1000020 1299 1000+/10
        10:21:05 eor $a
        10:21:05 eor $b
        10:22:00 wait
        ",
    );
    assert_eq!(next.engine.now(), at("10:22:00"));
    let views = next.engine.snapshot().views.clone();
    assert!(views.iter().all(|view| view.phase == Phase::Live));
    let known = &next.engine.incidents()[0];
    assert!(known.last_seen <= at("10:21:00"), "{}", known.last_seen);
    next.tell("11:10:00 wait");
    assert_eq!(
        next.lives(),
        ["resolved critical leak-15169-via-701"],
        "what the tables do not have any more is over, by our own clock"
    );
    next.tell(&format!("12:30:00 100/s {LEAK}\n12:30:10 wait"));
    assert_eq!(next.lives().len(), 2, "{:?}", next.lives());
}

#[test]
fn a_baseline_from_a_clock_that_was_hours_ahead_is_not_compared_with() {
    for (hours, told) in [("10:40:00", 1), ("13:40:00", 0)] {
        let mut stage = Stage::default();
        stage.tell(TABLE);
        stage.tell(&format!("{hours} wait"));
        let mut disk = Disk::default();
        disk.learn(&stage);
        // It is 10:30 now, and a leak has begun, nobody knows how long ago.
        let mut next = disk.start();
        next.tell(&RETURN.replace("10:25", "10:30"));
        next.tell(&format!(
            "10:30:02 {LEAK}\n10:30:05 eor $a\n10:30:05 eor $b\n10:31:00 wait"
        ));
        assert_eq!(next.lives().len(), told, "{hours}: {:?}", next.lives());
    }
}

#[test]
fn an_incident_of_a_limit_that_is_configured_no_more_ends_after_a_restart() {
    let with =
        "[[peer]]\nmatch = { as = 1000010 }\nname = \"a\"\nmaximum_prefix = { ipv4 = 500 }\n";
    let mut stage = Stage::configured(with);
    stage.tell(
        "
        a = 192.0.2.1/1000010
        10:00:00 rib $a 20.0.0.0/16*300 1000010 3356 1000+/10
        10:00:01 eor $a
        10:20:00 20/s A $a 21.44.0.0/16*190 1000010 3356 1030+/10
        10:21:00 wait
        ",
    );
    assert_eq!(stage.engine.folder().open().count(), 1);
    let mut disk = Disk::default();
    disk.write(&mut stage);
    disk.toml = "[[peer]]\nmatch = { as = 1000010 }\nname = \"a\"\n";
    let mut next = disk.start();
    next.tell(
        "
        a = 192.0.2.1/1000010
        10:30:00 up $a
        10:30:01 A $a 20.0.0.0/16*490 1000010 3356 1000+/10
        10:30:02 eor $a
        11:30:00 wait
        ",
    );
    assert_eq!(next.engine.folder().open().count(), 0);
    assert_eq!(next.lives().len(), 1, "{:?}", next.lives());
}

#[test]
fn an_incident_of_own_prefixes_that_are_configured_no_more_ends_after_a_restart_and_a_reload() {
    let with = "local_as = 64500\n[[own]]\nprefixes = [\"20.143.0.0/16\"]\norigins = [1014]\n";
    let without = "local_as = 64500\n";
    let mut stage = Stage::configured(with);
    stage.tell(TABLE);
    stage.tell("10:20:00 W $a 20.143.0.0/16\n10:20:00 W $b 20.143.0.0/16\n10:21:00 wait");
    assert_eq!(stage.engine.folder().open().count(), 1);
    let mut disk = Disk::default();
    disk.write(&mut stage);
    disk.toml = without;
    let mut next = disk.start();
    next.tell(RETURN);
    next.tell("10:25:05 eor $a\n10:25:05 eor $b\n11:30:00 wait");
    assert_eq!(next.engine.folder().open().count(), 0);

    let config = Config::parse_text(without).unwrap();
    stage
        .engine
        .renew(config.reference, config.detect, config.incident);
    stage.tell("11:30:00 wait");
    assert_eq!(stage.engine.folder().open().count(), 0);
}
