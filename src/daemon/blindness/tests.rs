use std::collections::BTreeMap;

use super::*;
use crate::{alert::Failing, bgp::UntrustedText};

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + second)
}

fn router(number: u8, state: Standing, since: u64) -> RouterState {
    let address = std::net::IpAddr::from([192, 0, 2, number]);
    RouterState {
        router: address.to_string(),
        address,
        sys_name: UntrustedText::default(),
        sys_descr: UntrustedText::default(),
        drill: false,
        active: false,
        state,
        since: at(since),
        stale_until: None,
        sessions: 1,
        last_error: Some("connection reset".to_owned()),
        peers: 2,
        stale_peers: 0,
        bytes: 0,
        messages: BTreeMap::new(),
        decode_errors: BTreeMap::new(),
        last_message: None,
        last_update: None,
        clock_skew_seconds: None,
        silent: false,
        desynchronised: 0,
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
