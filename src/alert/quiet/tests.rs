use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    incident::{Kind, Severity, Step},
    store::Store,
};

const NIGHT: u64 = 1_800_000_000;

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(NIGHT + second)
}

fn asked(second: u64) -> Asked<'static> {
    Asked {
        by: "mk",
        why: "called Verizon",
        now: at(second),
    }
}

/// An incident of AS64500 with 4,000 routes of two origins, seen at two peers.
fn event() -> IncidentEvent {
    serde_json::from_value(json!({
        "event": "opened", "id": "leak-1", "time": at(10), "kind": "leak",
        "severity": "warning", "confidence": 0.9, "offender": 64500, "neighbour": 701,
        "views": [
            {"router": "192.0.2.1", "peer": "198.51.100.1", "peer_as": 701,
             "rib": "adj-rib-in-pre"},
            {"router": "192.0.2.1", "peer": "198.51.100.2", "peer_as": 702,
             "rib": "adj-rib-in-pre"},
        ],
        "routes": {"active": 4000, "peak": 4000, "total": 4000}, "origins": 2, "covers": 0,
        "first_seen": at(10), "last_seen": at(10), "detectors": ["valley"],
        "victims": [{"asn": 64501, "routes": 2000}, {"asn": 64502, "routes": 2000}],
        "samples": [
            {"prefix": "10.1.0.0/24", "time": at(10), "before": null, "after": "701 64500"},
        ],
        "evidence": [], "summary": "AS64500 leaks 4,000 routes",
    }))
    .unwrap()
}

fn subject(event: &IncidentEvent) -> Subject {
    Subject::Incident(Box::new(event.clone()))
}

fn trouble() -> Subject {
    Subject::Trouble(Box::new(Trouble {
        id: "feed-silent-192.0.2.1".to_owned(),
        event: Step::Opened,
        severity: Severity::Critical,
        since: at(0),
        time: at(0),
        summary: "silent".to_owned(),
        details: Vec::new(),
        actions: Vec::new(),
        chapter: "feed-silent".to_owned(),
    }))
}

fn quiet() -> Quiet {
    Quiet::load(Store::in_memory(), at(0))
}

fn wanted(matches: Matches) -> Wanted {
    Wanted {
        matches,
        below_critical: false,
        from: None,
        until: at(3600),
    }
}

fn announced(routes: i32) -> Announced {
    Announced {
        asn: Asn(64500),
        routes,
        margin: None,
        from: None,
        until: at(3600),
        prefixes: Vec::new(),
        kinds: Vec::new(),
    }
}

/// Whether a mute of `matches` keeps `event` from the sink `pager`.
fn mutes(matches: Matches, event: &IncidentEvent) -> bool {
    let quiet = quiet();
    quiet.mute(wanted(matches), &asked(0)).unwrap();
    !quiet.judge(&subject(event), "pager", at(20)).is_told()
}

#[test]
fn a_mute_matches_where_all_that_is_named_holds() {
    let text = |text: &str| Some(text.to_owned());
    for (matches, muted) in [
        (
            Matches {
                incident: text("leak-1"),
                ..Matches::default()
            },
            true,
        ),
        (
            Matches {
                incident: text("leak-2"),
                ..Matches::default()
            },
            false,
        ),
        (
            Matches {
                offender: Some(Asn(64500)),
                ..Matches::default()
            },
            true,
        ),
        (
            Matches {
                offender: Some(Asn(64501)),
                ..Matches::default()
            },
            false,
        ),
        (
            Matches {
                neighbour: Some(Asn(701)),
                ..Matches::default()
            },
            true,
        ),
        (
            Matches {
                kind: Some(Kind::Leak),
                ..Matches::default()
            },
            true,
        ),
        (
            Matches {
                kind: Some(Kind::Bogon),
                ..Matches::default()
            },
            false,
        ),
        (
            Matches {
                router: text("192.0.2.1"),
                ..Matches::default()
            },
            true,
        ),
        // It is seen at another peer as well.
        (
            Matches {
                peer: text("198.51.100.1"),
                ..Matches::default()
            },
            false,
        ),
        (
            Matches {
                sink: text("pager"),
                ..Matches::default()
            },
            true,
        ),
        (
            Matches {
                sink: text("mail"),
                ..Matches::default()
            },
            false,
        ),
        (
            Matches {
                offender: Some(Asn(64500)),
                kind: Some(Kind::Bogon),
                ..Matches::default()
            },
            false,
        ),
    ] {
        assert_eq!(mutes(matches.clone(), &event()), muted, "{matches:?}");
    }
    let mut alone = event();
    alone.views.truncate(1);
    let peer = Matches {
        peer: text("198.51.100.1"),
        ..Matches::default()
    };
    assert!(mutes(peer.clone(), &alone));
    // What is seen nowhere is not seen at this peer alone.
    alone.views.clear();
    assert!(!mutes(peer, &alone));
}

#[test]
fn an_address_is_matched_however_it_is_written() {
    let mut event = event();
    event.views.truncate(1);
    event.views[0].peer = "2001:db8::1".to_owned();
    let peer = Some("2001:DB8:0::1".to_owned());
    assert!(mutes(
        Matches {
            peer,
            ..Matches::default()
        },
        &event
    ));
}

#[test]
fn a_trouble_is_muted_by_its_name_or_at_a_sink_and_by_no_offender() {
    let quiet = quiet();
    let offender = Some(Asn(64500));
    let of = Matches {
        offender,
        ..Matches::default()
    };
    quiet.mute(wanted(of), &asked(0)).unwrap();
    assert!(quiet.judge(&trouble(), "pager", at(1)).is_told());
    let incident = Some("feed-silent-192.0.2.1".to_owned());
    let of = Matches {
        incident,
        ..Matches::default()
    };
    quiet.mute(wanted(of), &asked(0)).unwrap();
    assert!(!quiet.judge(&trouble(), "pager", at(1)).is_told());
}

#[test]
fn a_mute_holds_from_its_beginning_to_its_end_and_says_until_when() {
    let quiet = quiet();
    let offender = Some(Asn(64500));
    let later = Wanted {
        from: Some(at(100)),
        until: at(200),
        ..wanted(Matches {
            offender,
            ..Matches::default()
        })
    };
    quiet.mute(later, &asked(0)).unwrap();
    let judge = |second| quiet.judge(&subject(&event()), "pager", at(second));
    assert!(judge(99).is_told());
    assert_eq!(judge(100).until(), Some(at(200)));
    assert!(
        judge(199)
            .why()
            .unwrap()
            .starts_with("Muted by mk: \"called Verizon\", until ")
    );
    assert!(judge(200).is_told());
}

#[test]
fn below_critical_spares_what_is_critical() {
    let quiet = quiet();
    let offender = Some(Asn(64500));
    let mute = Wanted {
        below_critical: true,
        ..wanted(Matches {
            offender,
            ..Matches::default()
        })
    };
    quiet.mute(mute, &asked(0)).unwrap();
    let mut event = event();
    assert!(!quiet.judge(&subject(&event), "pager", at(1)).is_told());
    event.severity = Severity::Critical;
    assert!(quiet.judge(&subject(&event), "pager", at(1)).is_told());
    assert!(quiet.hush(&event, at(1)).is_empty());
}

#[test]
fn what_cannot_be_asked_for_names_the_field() {
    let quiet = quiet();
    let incident = Some("leak-1".to_owned());
    let one = Matches {
        incident,
        ..Matches::default()
    };
    let refused = |wanted: Wanted, asked: &Asked| match quiet.mute(wanted, asked) {
        Err(Refusal::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let fine = wanted(one.clone());
    assert_eq!(refused(wanted(Matches::default()), &asked(0)), "matches");
    let sink = Some(String::new());
    assert_eq!(
        refused(wanted(Matches { sink, ..one }), &asked(0)),
        "matches.sink"
    );
    assert_eq!(refused(fine.clone(), &asked(3600)), "until");
    let long = Wanted {
        until: at(31 * 86_400),
        ..fine.clone()
    };
    assert_eq!(refused(long, &asked(0)), "until");
    let turned = Wanted {
        from: Some(at(4000)),
        ..fine.clone()
    };
    assert_eq!(refused(turned, &asked(0)), "until");
    for by in ["", "  ", "a\nb", "a\u{202e}b", &"x".repeat(65)] {
        assert_eq!(refused(fine.clone(), &Asked { by, ..asked(0) }), "by");
    }
    assert_eq!(
        refused(
            fine,
            &Asked {
                why: "\t",
                ..asked(0)
            }
        ),
        "why"
    );
    assert!(quiet.mutes().is_empty() && quiet.record(9).1 == 0);
}

#[test]
fn an_acknowledged_incident_is_told_when_it_is_worse_or_over() {
    let quiet = quiet();
    let mut event = event();
    quiet.acknowledge(&event, at(3600), &asked(20)).unwrap();
    let judge = |event: &IncidentEvent| quiet.judge(&subject(event), "pager", at(30));
    event.event = Step::Updated;
    assert_eq!(judge(&event).until(), Some(at(3600)));
    assert!(quiet.hush(&event, at(30)).is_quiet());
    event.severity = Severity::Critical;
    match judge(&event) {
        Judgement::Tell { notes } => {
            let note = "It is critical now, and was warning when mk acknowledged it";
            assert_eq!(notes, [note]);
        }
        other => panic!("{other:?}"),
    }
    assert!(!quiet.hush(&event, at(30)).is_quiet());
    event.severity = Severity::Warning;
    event.event = Step::Resolved;
    assert!(judge(&event).is_told());
    // An incident of a drill with the same name is another one.
    event.event = Step::Updated;
    event.drill = true;
    assert!(judge(&event).is_told());
    event.drill = false;
    assert!(quiet.judge(&subject(&event), "pager", at(3600)).is_told());
}

#[test]
fn an_acknowledgement_ends_with_its_incident() {
    let quiet = quiet();
    let mut event = event();
    quiet.acknowledge(&event, at(3600), &asked(20)).unwrap();
    event.event = Step::Reopened;
    event.time = at(40);
    assert!(quiet.judge(&subject(&event), "pager", at(40)).is_told());
    quiet.ended("leak-1", true, at(50));
    assert_eq!(quiet.acknowledgements().len(), 1);
    quiet.ended("leak-1", false, at(50));
    assert!(quiet.acknowledgements().is_empty());
    event.event = Step::Updated;
    assert!(quiet.judge(&subject(&event), "pager", at(60)).is_told());
    let (record, _) = quiet.record(1);
    assert_eq!(
        (record[0].event, record[0].id.as_str()),
        (Event::Ended, "a-1")
    );
}

#[test]
fn acknowledging_again_replaces_what_was_said() {
    let quiet = quiet();
    quiet.acknowledge(&event(), at(100), &asked(20)).unwrap();
    quiet.acknowledge(&event(), at(900), &asked(30)).unwrap();
    let all = quiet.acknowledgements();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].id.as_str(), all[0].until), ("a-2", at(900)));
    quiet.take_back("leak-1", false, &asked(40)).unwrap();
    let again = quiet.take_back("leak-1", false, &asked(40));
    assert!(matches!(again, Err(Refusal::Unknown(_))), "{again:?}");
}

#[test]
fn what_is_told_all_the_same_says_why_also_when_it_is_told_once_more() {
    let quiet = quiet();
    let mut event = event();
    assert!(quiet.notes(&subject(&event), at(20)).is_empty());
    quiet.acknowledge(&event, at(3600), &asked(20)).unwrap();
    assert!(quiet.notes(&subject(&event), at(30)).is_empty());
    event.severity = Severity::Critical;
    let notes = quiet.notes(&subject(&event), at(30));
    assert_eq!(
        notes,
        ["It is critical now, and was warning when mk acknowledged it"]
    );
    let judgement = quiet.judge(&subject(&event), "pager", at(30));
    assert_eq!(judgement, Judgement::Tell { notes });
    assert!(quiet.notes(&trouble(), at(30)).is_empty());
}

#[test]
fn what_was_expected_is_quiet_up_to_its_number_and_its_margin() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    let judge = |peak: u32, second: u64| {
        let mut event = event();
        event.routes.peak = peak;
        quiet.judge(&subject(&event), "pager", at(second))
    };
    assert_eq!(judge(4800, 20).until(), Some(at(3600)));
    let Judgement::Tell { notes } = judge(9100, 20) else {
        panic!()
    };
    assert!(
        notes[0].contains("expected +4,000, seen 9,100"),
        "{notes:?}"
    );
    // Its time is over and it is still there.
    let Judgement::Tell { notes } = judge(4000, 3600) else {
        panic!()
    };
    assert!(
        notes[0].starts_with("Still there after its announced time"),
        "{notes:?}"
    );
    let mut over = event();
    over.event = Step::Resolved;
    assert!(
        quiet.notes(&subject(&over), at(3600)).is_empty(),
        "it is there no more"
    );
    let mut event = event();
    event.routes.peak = 9100;
    let hush = quiet.hush(&event, at(20));
    assert!(!hush.is_quiet());
    assert!(
        hush.sentences()[0]
            .text
            .ends_with("expected +4,000, seen 9,100, told")
    );
}

#[test]
fn only_what_is_of_the_network_and_of_the_window_is_expected() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    let told = |change: &dyn Fn(&mut IncidentEvent)| {
        let mut event = event();
        change(&mut event);
        quiet.judge(&subject(&event), "pager", at(20)).is_told()
    };
    assert!(!told(&|_| {}));
    assert!(told(&|event| event.offender = Some(Asn(64999))));
    assert!(told(
        &|event| event.first_seen = Timestamp::from_secs(NIGHT - 1)
    ));
    assert!(told(&|event| event.drill = true));
    assert!(told(&|event| event.kind = Kind::OwnPrefix));
    // Another one's leak of its routes alone.
    let of_its_routes = |share: u32| {
        move |event: &mut IncidentEvent| {
            event.offender = Some(Asn(64999));
            event.victims[0].asn = Asn(64500);
            event.victims[0].routes = share;
        }
    };
    assert!(!told(&of_its_routes(3600)));
    assert!(told(&of_its_routes(3599)));
}

#[test]
fn fewer_routes_are_no_leak_and_more_are_no_withdrawal() {
    let told = |routes: i32, kinds: &[Kind], kind: Kind| {
        let quiet = quiet();
        let change = Announced {
            kinds: kinds.to_vec(),
            ..announced(routes)
        };
        quiet.expect(change, &asked(0)).unwrap();
        let mut event = event();
        event.kind = kind;
        quiet.judge(&subject(&event), "pager", at(20)).is_told()
    };
    for kind in [Kind::Leak, Kind::MoreSpecific, Kind::Origin, Kind::Path] {
        assert!(told(-4000, &[], kind), "{kind:?}");
        assert!(!told(4000, &[], kind), "{kind:?}");
        // Who names it knows.
        assert!(!told(-4000, &[kind], kind), "{kind:?}");
    }
    assert!(!told(-4000, &[], Kind::Withdrawal));
    assert!(told(4000, &[], Kind::Withdrawal));
    assert!(!told(-4000, &[], Kind::Surge));
    assert!(!told(4000, &[], Kind::Surge));
}

#[test]
fn prefixes_and_kinds_narrow_what_is_expected() {
    let told = |prefix: &str, kinds: Vec<Kind>| {
        let quiet = quiet();
        let change = Announced {
            prefixes: vec![prefix.parse().unwrap()],
            kinds,
            ..announced(4000)
        };
        quiet.expect(change, &asked(0)).unwrap();
        quiet.judge(&subject(&event()), "pager", at(20)).is_told()
    };
    assert!(!told("10.0.0.0/8^24", Vec::new()));
    assert!(told("10.0.0.0/8^16-23", Vec::new()));
    assert!(told("10.2.0.0/16^24", Vec::new()));
    assert!(!told("10.0.0.0/8^24", vec![Kind::Leak]));
    assert!(told("10.0.0.0/8^24", vec![Kind::Surge]));
}

#[test]
fn a_change_that_happens_is_put_on_record() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    assert_eq!(quiet.watched(at(1)), [Asn(64500)]);
    for (second, count) in [(1, 1000), (900, 3000), (1800, 2500)] {
        assert!(quiet.tick(at(second), &|_| Some(count), &[]).is_empty());
    }
    assert!(quiet.tick(at(3600), &|_| Some(1000), &[]).is_empty());
    let course = quiet.expected().remove(0).course;
    assert_eq!(course.state, CourseState::Happened);
    assert_eq!((course.baseline, course.largest), (Some(1000), 2000));
    assert_eq!(quiet.record(1).0[0].event, Event::Happened);
    assert!(quiet.watched(at(3601)).is_empty());
    // It stays for a day, beside the incidents it explains.
    quiet.tick(at(3600 + 86_399), &|_| None, &[]);
    assert_eq!(quiet.expected().len(), 1);
    quiet.tick(at(3600 + 86_400), &|_| None, &[]);
    assert!(quiet.expected().is_empty());
}

#[test]
fn more_than_was_expected_counts_in_all_incidents_together() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    quiet.tick(at(1), &|_| Some(1000), &[]);
    quiet.tick(at(2), &|_| Some(1000 + 9100), &[]);
    let Judgement::Tell { notes } = quiet.judge(&subject(&event()), "pager", at(20)) else {
        panic!()
    };
    assert!(
        notes[0].contains("expected +4,000, seen 9,100"),
        "{notes:?}"
    );
}

#[test]
fn a_change_that_does_not_happen_is_told_and_waited_for() {
    let quiet = quiet();
    quiet.expect(announced(-4000), &asked(0)).unwrap();
    quiet.tick(at(1), &|_| Some(10_000), &[]);
    quiet.tick(at(60), &|_| Some(8001), &[]);
    let told = quiet.tick(at(3600), &|_| Some(10_000), &[]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].event, Step::Opened);
    assert_eq!(
        told[0].summary,
        "An expected change did not happen: −4,000 routes of AS64500, expected −4,000, seen 1,999"
    );
    assert!(quiet.tick(at(3601), &|_| Some(10_000), &[]).is_empty());
    let told = quiet.tick(at(4000), &|_| Some(8000), &[]);
    assert_eq!(
        (told[0].event, told[0].id.as_str()),
        (Step::Resolved, "expected-change-missing-e-1")
    );
    assert!(quiet.tick(at(4001), &|_| Some(8000), &[]).is_empty());
}

#[test]
fn a_change_that_may_have_happened_before_its_routes_were_counted_is_not_said_to_be_missing() {
    let change = || Announced {
        from: Some(at(0)),
        ..announced(4000)
    };
    let state = |quiet: &Quiet| quiet.expected()[0].course.state;
    // It began half an hour before it was announced.
    let quiet = quiet();
    quiet.expect(change(), &asked(1800)).unwrap();
    quiet.tick(at(1810), &|_| Some(5000), &[]);
    assert!(quiet.tick(at(3600), &|_| Some(5000), &[]).is_empty());
    assert_eq!(state(&quiet), CourseState::Unseen);
    let why = &quiet.record(1).0[0].why;
    assert_eq!(why, "its routes were first counted after it began");
    // Half of it came later.
    let quiet = Quiet::load(Store::in_memory(), at(0));
    quiet.expect(change(), &asked(1800)).unwrap();
    quiet.tick(at(1810), &|_| Some(3000), &[]);
    quiet.tick(at(1900), &|_| Some(5000), &[]);
    quiet.tick(at(3600), &|_| Some(5000), &[]);
    assert_eq!(state(&quiet), CourseState::Happened);
}

#[test]
fn what_an_incident_shows_of_a_change_is_seen_of_it() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    let event = event();
    let mut of_another = event.clone();
    of_another.offender = Some(Asn(64999));
    of_another.routes.peak = 9000;
    quiet.tick(at(20), &|_| None, &[&event, &of_another]);
    let course = quiet.expected().remove(0).course;
    assert_eq!((course.baseline, course.largest), (None, 4000));
    assert!(quiet.tick(at(3600), &|_| None, &[]).is_empty());
    assert_eq!(quiet.expected()[0].course.state, CourseState::Happened);
}

#[test]
fn a_change_whose_end_nobody_counted_is_judged_by_the_next_count() {
    for (count, told) in [(Some(5000), 0), (Some(900), 1)] {
        let quiet = quiet();
        quiet.expect(announced(4000), &asked(0)).unwrap();
        quiet.tick(at(1), &|_| Some(1000), &[]);
        for second in [3600, 3700] {
            assert!(quiet.tick(at(second), &|_| None, &[]).is_empty());
            assert_eq!(quiet.expected()[0].course.state, CourseState::Running);
        }
        assert_eq!(quiet.tick(at(3710), &|_| count, &[]).len(), told);
    }
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    quiet.tick(at(1), &|_| Some(1000), &[]);
    quiet.tick(at(3600), &|_| None, &[]);
    assert!(quiet.tick(at(7200), &|_| None, &[]).is_empty());
    assert_eq!(quiet.expected()[0].course.state, CourseState::Unseen);
}

#[test]
fn a_change_that_never_happens_is_waited_for_for_an_hour() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    quiet.tick(at(1), &|_| Some(10), &[]);
    assert_eq!(quiet.tick(at(3600), &|_| Some(10), &[]).len(), 1);
    let told = quiet.tick(at(7200), &|_| Some(10), &[]);
    assert_eq!(told[0].event, Step::Resolved);
    assert_eq!(quiet.expected()[0].course.state, CourseState::DidNotHappen);
}

#[test]
fn what_nobody_counted_is_no_alarm_and_one_taken_back_ends_its_own() {
    let quiet = quiet();
    quiet.expect(announced(4000), &asked(0)).unwrap();
    quiet.tick(at(1), &|_| None, &[]);
    assert!(quiet.tick(at(3600), &|_| None, &[]).is_empty());
    assert_eq!(quiet.expected()[0].course.state, CourseState::Unseen);
    let again = Announced {
        until: at(9000),
        ..announced(4000)
    };
    quiet.expect(again, &asked(4000)).unwrap();
    quiet.tick(at(4001), &|_| Some(10), &[]);
    assert_eq!(quiet.tick(at(9000), &|_| Some(10), &[]).len(), 1);
    quiet.expect_no_more("e-2", &asked(9001)).unwrap();
    let told = quiet.tick(at(9002), &|_| Some(10), &[]);
    assert_eq!((told.len(), told[0].event), (1, Step::Resolved));
    assert!(quiet.tick(at(9003), &|_| Some(10), &[]).is_empty());
}

#[test]
fn all_of_it_is_there_after_a_restart_and_no_name_comes_twice() {
    let store = Store::in_memory();
    let quiet = Quiet::load(store.clone(), at(0));
    let offender = Some(Asn(64500));
    let of = Matches {
        offender,
        ..Matches::default()
    };
    quiet.mute(wanted(of.clone()), &asked(0)).unwrap();
    quiet.mute(wanted(of.clone()), &asked(0)).unwrap();
    quiet.unmute("m-2", &asked(1)).unwrap();
    quiet.acknowledge(&event(), at(3600), &asked(2)).unwrap();
    let prefixes = vec!["10.0.0.0/8^16-24".parse().unwrap()];
    let change = Announced {
        prefixes,
        kinds: vec![Kind::Leak],
        ..announced(-4000)
    };
    quiet.expect(change, &asked(3)).unwrap();
    quiet.tick(at(4), &|_| Some(77), &[]);
    let again = Quiet::load(store.clone(), at(5));
    assert_eq!(again.mutes(), quiet.mutes());
    assert_eq!(again.acknowledgements(), quiet.acknowledgements());
    assert_eq!(again.expected(), quiet.expected());
    assert_eq!(again.expected()[0].course.baseline, Some(77));
    assert_eq!(again.record(99), quiet.record(99));
    assert_eq!(again.mute(wanted(of), &asked(6)).unwrap().id, "m-3");
    // What ended while nobody was there ends on record.
    let later = Quiet::load(store, at(9000));
    assert!(later.mutes().is_empty() && later.acknowledgements().is_empty());
    let (record, total) = later.record(3);
    assert_eq!(total, quiet.record(0).1 + 4);
    assert!(
        record
            .iter()
            .all(|entry| entry.event == Event::Ended && entry.by == "leakwatch")
    );
}

#[test]
fn it_is_read_back_from_the_disk() {
    let directory = std::env::temp_dir().join(format!("leakwatch-quiet-{}", std::process::id()));
    // An earlier process of our number may have been killed.
    let _ = std::fs::remove_dir_all(&directory);
    let settings = crate::store::Settings {
        directory: Some(directory.clone()),
        ..crate::store::Settings::default()
    };
    let open = || Store::open(&settings, at(0)).unwrap().0;
    let quiet = Quiet::load(open(), at(0));
    let sink = Some("pager".to_owned());
    let of = Matches {
        sink,
        ..Matches::default()
    };
    quiet.mute(wanted(of), &asked(0)).unwrap();
    quiet.acknowledge(&event(), at(3600), &asked(1)).unwrap();
    quiet.expect(announced(4000), &asked(2)).unwrap();
    let before = (
        quiet.mutes(),
        quiet.acknowledgements(),
        quiet.expected(),
        quiet.record(99),
    );
    drop(quiet);
    let quiet = Quiet::load(open(), at(3));
    let after = (
        quiet.mutes(),
        quiet.acknowledgements(),
        quiet.expected(),
        quiet.record(99),
    );
    assert_eq!(after, before);
    assert_eq!(before.3.1, 3);
    drop(quiet);
    let _ = std::fs::remove_dir_all(directory);
}

#[test]
fn a_document_of_another_version_is_passed_over() {
    let store = Store::in_memory();
    let document = |name: &str, text: &str| crate::store::Write::Document {
        kind: "mute".to_owned(),
        name: name.to_owned(),
        document: Some(text.to_owned()),
        until: None,
    };
    store.write(&[document("m-1", "{}"), document("m-2", "not JSON")], at(0));
    assert!(Quiet::load(store, at(0)).mutes().is_empty());
}

#[test]
fn more_than_the_most_are_refused_and_the_record_is_bounded() {
    let quiet = quiet();
    let offender = Some(Asn(64500));
    let of = Matches {
        offender,
        ..Matches::default()
    };
    for _ in 0..MOST {
        quiet.mute(wanted(of.clone()), &asked(0)).unwrap();
    }
    let refused = quiet.mute(wanted(of), &asked(0));
    assert_eq!(refused, Err(Refusal::Full { most: MOST }));
    for _ in 0..record::MOST_ENTRIES {
        quiet.acknowledge(&event(), at(100), &asked(0)).unwrap();
    }
    let (entries, total) = quiet.record(usize::MAX);
    assert_eq!(
        (entries.len(), total),
        (record::MOST_ENTRIES, record::MOST_ENTRIES)
    );
    quiet.tick(
        at(100) + record::KEPT + Duration::from_secs(4000),
        &|_| None,
        &[],
    );
    // Of the year before nothing is left but what ended just now.
    assert_eq!(quiet.record(0).1, MOST + 1);
}
