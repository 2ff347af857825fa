//! What was known when we ended, back in its place before the first feed connects.

use std::collections::{BTreeMap, BTreeSet};

use super::recorder::{Entry, Recorder};
use crate::{
    alert::{Quiet, Slip, Subject, Trouble},
    bgp::Timestamp,
    feed::intake::Realm,
    http::{Board, MOST_RESOLVED},
    incident::{IncidentEvent, Output, Step},
    store::Store,
};

/// Shows the journal's incidents on the board. Returns those that were open.
pub fn board(store: &Store, board: &Board) -> Vec<(Realm, IncidentEvent)> {
    let mut open = Vec::new();
    for row in store.incidents(MOST_RESOLVED) {
        let Some(record) = super::journal::record(store, &row) else {
            continue;
        };
        if record.resolved.is_none() {
            open.push((record.realm, record.last.clone()));
        }
        board.restore(record);
    }
    open
}

/// Ends what nobody goes on with: drills, which ended with us, what the engine could not be told
/// of again, and what some sink still believes to go on and nobody else knows. `goes_on` are the
/// names of incidents that the engine was told of. Returns the keys of what is ended.
pub fn end_what_is_lost(
    open: Vec<(Realm, IncidentEvent)>,
    goes_on: &[String],
    store: &Store,
    now: Timestamp,
    recorder: &Recorder,
) -> BTreeSet<String> {
    let mut all: BTreeMap<String, IncidentEvent> = BTreeMap::new();
    for (_, _, text) in store.slips() {
        // One that is not understood is told no more; whoever reads all of them says so.
        if let Ok(slip) = serde_json::from_str::<Slip>(&text)
            && let Some(subject @ Subject::Incident(event)) = slip.goes_on()
        {
            all.insert(subject.key(), event.as_ref().clone());
        }
    }
    for (_, event) in open {
        // The journal knows it best.
        all.insert(Subject::Incident(Box::new(event.clone())).key(), event);
    }
    let mut ended = BTreeSet::new();
    for (key, event) in all {
        if !event.drill && goes_on.contains(&event.id) {
            continue;
        }
        let (realm, why) = if event.drill {
            (Realm::Drill, "the drill ended when leakwatch did")
        } else {
            let why = "it cannot be followed since leakwatch was restarted";
            (Realm::Live, why)
        };
        // One that ended keeps its end: only some sink has not heard of it.
        let over = its_end(store, &event).unwrap_or_else(|| IncidentEvent {
            event: Step::Resolved,
            number: event.number + 1,
            time: now.max(event.time),
            unobservable: !event.drill,
            summary: format!("{}; {why}", event.summary),
            ..event
        });
        let output = Output::Incident(Box::new(over));
        recorder.put(Entry::Said(realm, output));
        ended.insert(key);
    }
    ended
}

/// Tells of expected changes what we ended before telling: that one is missing is in the store a
/// moment before any sink's slip is, and that it is no more too.
pub fn tell_of_changes(quiet: &Quiet, store: &Store, now: Timestamp, recorder: &Recorder) {
    let (mut heard_of, mut open) = (BTreeSet::new(), BTreeMap::new());
    for (_, subject, text) in store.slips() {
        if let Ok(slip) = serde_json::from_str::<Slip>(&text)
            && let Some(Subject::Trouble(trouble)) = slip.goes_on()
            && trouble.chapter == "expected-change-missing"
        {
            open.insert(trouble.id.clone(), trouble.as_ref().clone());
        }
        heard_of.insert(subject);
    }
    for trouble in quiet.missing(now) {
        open.remove(&trouble.id);
        if !heard_of.contains(&trouble.id) {
            recorder.put(Entry::Trouble(Box::new(trouble)));
        }
    }
    for trouble in open.into_values() {
        let over = Trouble {
            event: Step::Resolved,
            time: now,
            summary: format!("{}; no longer so", trouble.summary),
            actions: Vec::new(),
            ..trouble
        };
        recorder.put(Entry::Trouble(Box::new(over)));
    }
}

/// The end of an incident that the journal has as over.
fn its_end(store: &Store, event: &IncidentEvent) -> Option<IncidentEvent> {
    let row = store.incident(&event.id, event.drill)?;
    row.resolved?;
    let end: IncidentEvent = serde_json::from_str(&row.event).ok()?;
    (end.event == Step::Resolved).then_some(end)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        alert::{
            Pace,
            quiet::{Announced, Asked},
        },
        bgp::Asn,
        incident::{Kind, Severity, report::Routes},
        metrics::Metrics,
        store::Write,
    };

    const PACE: Pace = Pace {
        group_window: std::time::Duration::ZERO,
        repeat_interval: std::time::Duration::ZERO,
        holds: std::time::Duration::ZERO,
        resolved: true,
    };

    fn at(second: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + second)
    }

    /// An incident that opened, of this name.
    pub fn opened(id: &str, drill: bool) -> IncidentEvent {
        IncidentEvent {
            event: Step::Opened,
            drill,
            number: 1,
            id: id.to_owned(),
            time: at(0),
            kind: Kind::Leak,
            severity: Severity::Critical,
            confidence: 0.9,
            offender: None,
            neighbour: None,
            views: Vec::new(),
            afi: None,
            unobservable: false,
            routes: Routes {
                active: 1,
                peak: 1,
                total: 1,
            },
            origins: 1,
            covers: 0,
            normal: None,
            first_seen: at(0),
            last_seen: at(0),
            detectors: Vec::new(),
            victims: Vec::new(),
            samples: Vec::new(),
            evidence: Vec::new(),
            summary: String::new(),
        }
    }

    /// What a sink was told of an incident, or is to be told.
    fn slip(event: &IncidentEvent, told: bool, over: bool) -> Write {
        let subject = Subject::Incident(Box::new(event.clone()));
        let mut slip = Slip::default();
        assert!(slip.offer(&subject, at(0), &PACE));
        if told {
            slip.begin();
            slip.delivered(&event.id, at(1));
        }
        if over {
            let end = IncidentEvent {
                event: Step::Resolved,
                ..event.clone()
            };
            slip.offer(&Subject::Incident(Box::new(end)), at(2), &PACE);
        }
        Write::Slip {
            sink: "pager".to_owned(),
            subject: subject.key(),
            slip: Some(serde_json::to_string(&slip).unwrap()),
        }
    }

    #[test]
    fn what_a_sink_believes_to_go_on_and_nobody_knows_is_ended() {
        let store = Store::in_memory();
        let rows = [
            slip(&opened("nobody-s", false), true, false),
            slip(&opened("never-told", false), false, false),
            slip(&opened("canary", true), true, false),
            slip(&opened("ends", false), true, true),
            slip(&opened("goes-on", false), true, false),
            slip(&opened("open", false), true, false),
        ];
        store.write(&rows, at(3));
        let recorder = Recorder::new(std::sync::Arc::new(Metrics::new()));
        let open = vec![(Realm::Live, opened("open", false))];
        end_what_is_lost(open, &["goes-on".to_owned()], &store, at(10), &recorder);
        let mut told = Vec::new();
        for entry in recorder.take().unwrap() {
            let Entry::Said(realm, Output::Incident(event)) = entry else {
                panic!("{entry:?}");
            };
            assert_eq!((event.event, event.time), (Step::Resolved, at(10)));
            told.push((realm, event.id));
        }
        let live = |id: &str| (Realm::Live, id.to_owned());
        assert_eq!(
            told,
            [
                (Realm::Drill, "canary".to_owned()),
                live("never-told"),
                live("nobody-s"),
                live("open"),
            ]
        );
    }

    /// What is told of expected changes at the start, as `id step`.
    fn of_changes(quiet: &Quiet, store: &Store, now: Timestamp) -> Vec<String> {
        let recorder = Recorder::new(std::sync::Arc::new(Metrics::new()));
        tell_of_changes(quiet, store, now, &recorder);
        recorder.end(std::time::Duration::ZERO);
        (recorder.take().into_iter().flatten())
            .map(|entry| match entry {
                Entry::Trouble(trouble) => format!("{} {:?}", trouble.id, trouble.event),
                entry => panic!("{entry:?}"),
            })
            .collect()
    }

    #[test]
    fn of_a_change_that_is_missing_people_hear_even_where_we_were_killed_before_it_was_told() {
        let store = Store::in_memory();
        let quiet = Quiet::load(store.clone(), at(0));
        let announced = Announced {
            asn: Asn(64_500),
            routes: 4000,
            margin: None,
            from: None,
            until: at(600),
            prefixes: Vec::new(),
            kinds: Vec::new(),
        };
        let asked = |now| Asked {
            by: "ops",
            why: "turn-up",
            now,
        };
        quiet.expect(announced, &asked(at(0))).unwrap();
        quiet.tick(at(1), &|_| Some(100), &[]);
        assert_eq!(of_changes(&quiet, &store, at(2)), [""; 0]);
        let troubles = quiet.tick(at(601), &|_| Some(100), &[]);
        assert_eq!(troubles.len(), 1);
        // Killed here; and again, behind what the sink was to be told.
        let quiet = Quiet::load(store.clone(), at(602));
        let id = &troubles[0].id;
        assert_eq!(
            of_changes(&quiet, &store, at(602)),
            [format!("{id} Opened")]
        );
        let mut slip = Slip::default();
        slip.offer(
            &Subject::Trouble(Box::new(troubles[0].clone())),
            at(601),
            &PACE,
        );
        let row = Write::Slip {
            sink: "pager".to_owned(),
            subject: id.clone(),
            slip: Some(serde_json::to_string(&slip).unwrap()),
        };
        store.write(&[row], at(602));
        assert_eq!(of_changes(&quiet, &store, at(603)), [""; 0]);
        // And where it came after all, and nobody heard of that.
        assert_eq!(quiet.tick(at(700), &|_| Some(5000), &[]).len(), 1);
        let quiet = Quiet::load(store.clone(), at(701));
        assert_eq!(
            of_changes(&quiet, &store, at(702)),
            [format!("{id} Resolved")]
        );
    }

    #[test]
    fn what_ended_as_it_should_keeps_its_end() {
        let store = Store::in_memory();
        let end = |id: &str| IncidentEvent {
            event: Step::Resolved,
            number: 4,
            time: at(2),
            summary: "its own end".to_owned(),
            ..opened(id, false)
        };
        let over = |id: &str| {
            Write::Incident(crate::store::Incident {
                id: id.to_owned(),
                drill: false,
                opened: at(0),
                resolved: Some(at(2)),
                event: serde_json::to_string(&end(id)).unwrap(),
            })
        };
        // A sink that is told of no ends was away when it began, and still is.
        let quiet = Pace {
            resolved: false,
            ..PACE
        };
        let mut slip = Slip::default();
        slip.offer(
            &Subject::Incident(Box::new(opened("quiet", false))),
            at(0),
            &quiet,
        );
        slip.offer(&Subject::Incident(Box::new(end("quiet"))), at(2), &quiet);
        assert_eq!((slip.len(), slip.goes_on()), (1, None));
        let rows = [
            over("quiet"),
            Write::Slip {
                sink: "quiet".to_owned(),
                subject: "quiet".to_owned(),
                slip: Some(serde_json::to_string(&slip).unwrap()),
            },
            over("unheard"),
            super::tests::slip(&opened("unheard", false), true, false),
        ];
        store.write(&rows, at(3));
        let recorder = Recorder::new(std::sync::Arc::new(Metrics::new()));
        end_what_is_lost(Vec::new(), &[], &store, at(10), &recorder);
        let told = recorder.take().unwrap();
        let [Entry::Said(Realm::Live, Output::Incident(event))] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(**event, end("unheard"));
    }

    #[test]
    fn the_journal_can_tell_a_slip_that_says_nothing_any_more() {
        let event = opened("a", false);
        let subject = Subject::Incident(Box::new(event.clone()));
        let mut slip = Slip::default();
        slip.offer(&subject, at(0), &PACE);
        let text = |slip: &Slip| serde_json::to_value(slip).unwrap();
        assert!(text(&slip)["told"].is_null());
        slip.delivered("a", at(1));
        assert_eq!(text(&slip)["told"]["over"], false);
        let end = IncidentEvent {
            event: Step::Resolved,
            ..event
        };
        slip.offer(&Subject::Incident(Box::new(end)), at(2), &PACE);
        assert_eq!(text(&slip)["pending"].as_array().unwrap().len(), 1);
        slip.delivered("a", at(3));
        assert_eq!(text(&slip)["told"]["over"], true);
        assert_eq!(text(&slip)["pending"].as_array().unwrap().len(), 0);
    }
}
