//! What was known when we ended, back in its place before the first feed connects.

use std::collections::BTreeMap;

use super::recorder::{Entry, Recorder};
use crate::{
    alert::{Slip, Subject},
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
/// names of incidents that the engine was told of.
pub fn end_what_is_lost(
    open: Vec<(Realm, IncidentEvent)>,
    goes_on: &[String],
    store: &Store,
    now: Timestamp,
    recorder: &Recorder,
) {
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
    for event in all.into_values() {
        if !event.drill && goes_on.contains(&event.id) {
            continue;
        }
        let (realm, why) = if event.drill {
            (Realm::Drill, "the drill ended when leakwatch did")
        } else {
            let why = "it cannot be followed since leakwatch was restarted";
            (Realm::Live, why)
        };
        let over = IncidentEvent {
            event: Step::Resolved,
            number: event.number + 1,
            time: now.max(event.time),
            summary: format!("{}; {why}", event.summary),
            ..event
        };
        let output = Output::Incident(Box::new(over));
        recorder.put(Entry::Said(realm, output));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        alert::Pace,
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
