use super::*;
use crate::alert::Failing;

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + second)
}

/// A router that stands so since then.
pub fn router(number: u8, state: Standing, since: u64) -> RouterState {
    let address = std::net::IpAddr::from([192, 0, 2, number]);
    RouterState {
        away_since: (state != Standing::Up).then(|| at(since)),
        sessions: 1,
        last_error: Some("connection reset".to_owned()),
        peers: 2,
        ..RouterState::unheard(address.to_string(), address, state, at(since))
    }
}

fn found(routers: &[RouterState], directories: &[FeedState], now: u64) -> Vec<(String, Severity)> {
    let seen = Seen {
        now: at(now),
        durability: &Durability::Volatile,
        sinks: &[],
        routers,
        directories,
        canary: None,
    };
    let named = |trouble: Trouble| (trouble.id, trouble.severity);
    troubles(&seen).into_iter().map(named).collect()
}

fn warning(id: &str) -> (String, Severity) {
    (id.to_owned(), Severity::Warning)
}

#[test]
fn where_all_is_well_nothing_is_said() {
    let routers = [router(1, Standing::Up, 0), router(2, Standing::Up, 0)];
    assert_eq!(found(&routers, &[], 9999), []);
    assert_eq!(found(&[], &[], 9999), [], "nothing was ever heard");
}

#[test]
fn a_router_that_is_lost_is_named_after_five_minutes_and_until_a_day_has_passed() {
    let routers = [router(1, Standing::Up, 0), router(2, Standing::Gone, 0)];
    assert_eq!(found(&routers, &[], 299), []);
    assert_eq!(found(&routers, &[], 300), [warning("feed-lost-192.0.2.2")]);
    assert_eq!(found(&routers, &[], 86_400), []);
}

#[test]
fn when_nothing_is_heard_any_more_it_is_one_trouble_and_pages() {
    let routers = [router(1, Standing::Stale, 0), router(2, Standing::Gone, 0)];
    let blind = ("blind".to_owned(), Severity::Critical);
    assert_eq!(found(&routers, &[], 600), [blind]);
    let directory = FeedState {
        name: "rrc00".to_owned(),
        reachable: true,
        caught_up: true,
        last_update: Some(at(590)),
        ..FeedState::default()
    };
    let lost = [
        warning("feed-lost-192.0.2.1"),
        warning("feed-lost-192.0.2.2"),
    ];
    assert_eq!(found(&routers, &[directory], 600), lost);
}

#[test]
fn a_drill_that_has_gone_is_nobody_s_loss() {
    let mut drill = router(1, Standing::Gone, 0);
    drill.drill = true;
    assert_eq!(found(&[drill], &[], 600), []);
}

#[test]
fn a_feed_that_brings_nothing_is_named() {
    let mut silent = router(1, Standing::Up, 0);
    silent.silent = true;
    let still = FeedState {
        name: "rrc00".to_owned(),
        reachable: true,
        caught_up: true,
        last_update: Some(at(0)),
        ..FeedState::default()
    };
    assert_eq!(
        found(&[silent], &[still], 3601),
        [
            warning("feed-silent-192.0.2.1"),
            warning("feed-silent-rrc00")
        ]
    );
}

#[test]
fn a_sink_that_fails_for_five_minutes_and_a_forgetful_journal_are_told() {
    let sink = SinkState {
        name: "pager".to_owned(),
        waiting: 3,
        oldest: Some(at(0)),
        failing: Some(Failing::since(at(0), "connection\nrefused")),
    };
    let durability = Durability::Degraded {
        since: at(0),
        why: "database or disk is full".to_owned(),
    };
    let seen = |now| Seen {
        now: at(now),
        durability: &durability,
        sinks: std::slice::from_ref(&sink),
        routers: &[],
        directories: &[],
        canary: None,
    };
    assert_eq!(troubles(&seen(299)).len(), 1);
    let all = troubles(&seen(300));
    let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["durability-degraded", "sink-failing-pager"]);
    assert!(
        all.iter()
            .all(|one| one.details.iter().all(|line| !line.contains('\n')))
    );
}

#[test]
fn what_a_sink_refused_for_good_is_not_said_to_wait() {
    let mut failing = Failing::since(at(0), "400 Bad Request");
    failing.refused = 2;
    let mut sink = SinkState {
        name: "pager".to_owned(),
        waiting: 0,
        oldest: None,
        failing: Some(failing.clone()),
    };
    let told = |sink: &SinkState| {
        let all = troubles(&Seen {
            now: at(300),
            durability: &Durability::Durable,
            sinks: std::slice::from_ref(sink),
            routers: &[],
            directories: &[],
            canary: None,
        });
        let [one] = &all[..] else { panic!("{all:?}") };
        format!(
            "{}\n{}\n{}",
            one.summary,
            one.details.join("\n"),
            one.actions.join("\n")
        )
    };
    let text = told(&sink);
    assert!(
        text.starts_with("pager refuses what it is sent: 2 alerts nobody was told of there\n"),
        "{text}"
    );
    assert!(text.contains("400 Bad Request"), "{text}");
    assert!(text.contains("leakwatch incidents"), "{text}");
    assert!(!text.contains("not lost"), "{text}");
    failing.attempts = 3;
    sink.failing = Some(failing);
    sink.waiting = 1;
    let text = told(&sink);
    assert!(text.contains("get through to pager: 1 wait"), "{text}");
    assert!(text.contains("2 alerts refused for good"), "{text}");
    assert!(text.contains("What waits is not lost"), "{text}");
}

#[test]
fn every_trouble_says_what_to_do_and_has_a_chapter_of_the_runbook() {
    let runbook = include_str!("../../../docs/runbook.md");
    let mut silent = router(1, Standing::Up, 0);
    silent.silent = true;
    let sink = SinkState {
        name: "pager".to_owned(),
        waiting: 3,
        oldest: None,
        failing: Some(Failing::since(at(0), "x")),
    };
    let mut all = Vec::new();
    for routers in [
        vec![silent, router(2, Standing::Gone, 0)],
        vec![router(2, Standing::Gone, 0)],
    ] {
        all.extend(troubles(&Seen {
            now: at(600),
            durability: &Durability::Degraded {
                since: at(0),
                why: "full".to_owned(),
            },
            sinks: std::slice::from_ref(&sink),
            routers: &routers,
            directories: &[],
            canary: Some(canary::Lost {
                sink: "pager".to_owned(),
                since: at(0),
                why: "not taken".to_owned(),
            }),
        }));
    }
    let mut chapters: Vec<&str> = all.iter().map(|one| one.chapter.as_str()).collect();
    chapters.sort_unstable();
    chapters.dedup();
    assert_eq!(chapters, CHAPTERS);
    for trouble in &all {
        assert!(!trouble.actions.is_empty(), "{}", trouble.id);
        let heading = format!("\n## {}\n", trouble.chapter);
        assert!(runbook.contains(&heading), "{heading}");
    }
}

/// What is told of the end of what was found, when this is seen; none where it goes on.
fn end(trouble: &Trouble, routers: &[RouterState], now: u64) -> Option<String> {
    let seen = Seen {
        now: at(now),
        durability: &Durability::Volatile,
        sinks: &[],
        routers,
        directories: &[],
        canary: None,
    };
    over(trouble, &seen, true)
}

fn first(routers: &[RouterState], now: u64) -> Trouble {
    let seen = Seen {
        now: at(now),
        durability: &Durability::Volatile,
        sinks: &[],
        routers,
        directories: &[],
        canary: None,
    };
    troubles(&seen).remove(0)
}

#[test]
fn that_nothing_is_held_of_a_lost_router_any_more_changes_nothing() {
    let mut routers = [router(1, Standing::Stale, 0), router(2, Standing::Up, 0)];
    let lost = [warning("feed-lost-192.0.2.1")];
    assert_eq!(found(&routers, &[], 300), lost);
    routers[0].state = Standing::Gone;
    routers[0].since = at(301);
    assert_eq!(found(&routers, &[], 302), lost);
}

#[test]
fn blind_is_over_when_something_is_heard_and_not_before() {
    let mut routers = [router(1, Standing::Gone, 0)];
    let blind = first(&routers, 300);
    assert_eq!(blind.id, "blind");
    assert_eq!(end(&blind, &routers, 86_400), None, "it was given up");
    assert_eq!(end(&blind, &[], 90_000), None, "we began anew");
    routers[0] = router(1, Standing::Up, 90_000);
    let said = end(&blind, &routers, 90_001).unwrap();
    assert!(said.starts_with("over: leakwatch is blind"), "{said}");
}

#[test]
fn a_lost_router_is_found_again_only_when_it_is_up_and_given_up_in_words() {
    let mut routers = [router(1, Standing::Gone, 0), router(2, Standing::Up, 0)];
    let lost = first(&routers, 300);
    assert_eq!(lost.id, "feed-lost-192.0.2.1");
    assert_eq!(end(&lost, &[], 400), None, "we began anew");
    assert_eq!(end(&lost, &routers, 86_399), None);
    for routers in [&routers[..], &[]] {
        let said = end(&lost, routers, 86_400).unwrap();
        assert!(said.starts_with("given up: router 192.0.2.1"), "{said}");
        assert!(said.ends_with("Nothing is heard there"), "{said}");
    }
    routers[1].state = Standing::Gone;
    routers[1].away_since = Some(at(500));
    assert_eq!(found(&routers, &[], 900).first().unwrap().0, "blind");
    assert_eq!(
        end(&lost, &routers, 900),
        None,
        "blind is said in its place"
    );
    routers[0] = router(1, Standing::Up, 1000);
    let said = end(&lost, &routers, 1001).unwrap();
    assert!(said.starts_with("over: router 192.0.2.1"), "{said}");
}

/// We connect to it: until it is heard it is listed by its address and port.
#[test]
fn a_router_that_we_connect_to_is_found_again_under_the_name_it_was_lost_by() {
    let mut tried = router(1, Standing::Connecting, 0);
    tried.router = "192.0.2.1:11019".to_owned();
    tried.active = true;
    let heard = router(2, Standing::Up, 0);
    let lost = first(&[tried.clone(), heard.clone()], 300);
    assert_eq!(lost.id, "feed-lost-192.0.2.1");
    assert_eq!(end(&lost, &[tried, heard.clone()], 400), None);
    let mut back = router(1, Standing::Up, 500);
    back.active = true;
    let said = end(&lost, &[back, heard], 501).unwrap();
    assert!(said.starts_with("over: "), "{said}");
}

#[test]
fn a_silent_router_is_well_when_it_has_sent_something() {
    let mut routers = [router(1, Standing::Up, 0)];
    routers[0].silent = true;
    routers[0].last_update = Some(at(10));
    let silent = first(&routers, 5000);
    assert_eq!(silent.id, "feed-silent-192.0.2.1");
    assert_eq!(end(&silent, &[], 6000), None, "we began anew");
    routers[0].silent = false;
    routers[0].last_update = None;
    assert_eq!(end(&silent, &routers, 6000), None, "it has just connected");
    routers[0].peers = 0;
    routers[0].since = at(5900);
    assert_eq!(end(&silent, &routers, 6000), None, "and said nothing yet");
    assert!(end(&silent, &routers, 6200).is_some(), "it has no peers");
    routers[0].peers = 2;
    routers[0].last_update = Some(at(6000));
    assert!(end(&silent, &routers, 6001).is_some());
    let away = [router(1, Standing::Gone, 6100)];
    assert_eq!(end(&silent, &away, 6200), None);
    let said = end(&silent, &away, 6500).unwrap();
    assert!(said.ends_with("now it is not connected at all"), "{said}");
}

#[test]
fn a_sink_that_failed_before_a_restart_is_well_when_it_has_taken_something() {
    let mut sink = SinkState {
        name: "pager".to_owned(),
        waiting: 3,
        oldest: Some(at(0)),
        failing: Some(Failing::since(at(0), "connection refused")),
    };
    let ends = |trouble: &Trouble, sink: &SinkState| {
        let seen = Seen {
            now: at(400),
            durability: &Durability::Volatile,
            sinks: std::slice::from_ref(sink),
            routers: &[],
            directories: &[],
            canary: None,
        };
        over(trouble, &seen, true).is_some()
    };
    let failing = mute(&sink, at(400)).unwrap();
    sink.failing = Some(Failing::since(at(350), "connection refused"));
    assert!(!ends(&failing, &sink));
    sink.failing = None;
    assert!(ends(&failing, &sink));
}
