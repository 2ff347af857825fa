use super::*;
use crate::{
    bgp::{Asn, RibView},
    daemon::restore::tests::opened as example,
    incident::report::ViewName,
};

fn kept(incident: u32, octets: usize) -> Write {
    Write::Kept {
        incident: incident.to_string(),
        kept: Some(vec![1; octets]),
    }
}

fn slice(incident: u32, octets: usize) -> Write {
    Write::Slice {
        incident: incident.to_string(),
        drill: false,
        mrt: vec![2; octets],
    }
}

fn gone(incident: u32) -> Write {
    Write::Kept {
        incident: incident.to_string(),
        kept: None,
    }
}

fn rows(recorder: &Recorder) -> Vec<Write> {
    let mut rows = Vec::new();
    for entry in recorder.take().unwrap() {
        match entry {
            Entry::Rows(more) => rows.extend(more),
            entry => panic!("{entry:?}"),
        }
    }
    rows
}

#[test]
fn of_what_is_kept_of_an_incident_only_the_latest_waits() {
    let recorder = Recorder::new(Arc::new(Metrics::new()));
    for octets in 0..1000 {
        let all = vec![kept(1, octets), slice(1, octets), kept(2, 7)];
        recorder.put(Entry::Rows(all));
    }
    recorder.put(Entry::Rows(vec![gone(2)]));
    let all = [kept(1, 999), gone(2), slice(1, 999)];
    let size: usize = all.iter().map(octets).sum();
    assert_eq!(recorder.waiting().states.octets, size);
    assert_eq!(rows(&recorder), all);
    assert_eq!(recorder.waiting().states.octets, 0);
    assert_eq!(recorder.0.metrics.journal.dropped.get(), 0);
    // Others wait as they came.
    let other = Write::Slip {
        sink: "a".to_owned(),
        subject: "b".to_owned(),
        slip: None,
    };
    recorder.put(Entry::Rows(vec![other.clone(), kept(1, 1)]));
    recorder.put(Entry::Rows(vec![other.clone()]));
    assert_eq!(rows(&recorder), [other.clone(), other, kept(1, 1)]);
}

/// Something of an incident that is told of many views.
fn said(id: u32, step: Step, views: usize) -> Entry {
    let view = ViewName {
        router: "192.0.2.1".to_owned(),
        peer: "192.0.2.2".to_owned(),
        peer_as: Asn(64_500),
        rib: RibView::AdjRibInPre,
    };
    let event = IncidentEvent {
        event: step,
        views: vec![view; views],
        ..example(&id.to_string(), false)
    };
    Entry::Said(Realm::Live, Output::Incident(Box::new(event)))
}

#[test]
fn what_is_said_is_bounded_in_octets_and_steps_between_go_first() {
    let recorder = Recorder::new(Arc::new(Metrics::new()));
    // About two megabytes each.
    for step in [Step::Opened].into_iter().chain([Step::Updated; 40]) {
        recorder.put(said(1, step, 16_000));
    }
    let steps: Vec<Step> = (recorder.take().unwrap().iter())
        .map(|entry| match entry {
            Entry::Said(_, Output::Incident(event)) => event.event,
            entry => panic!("{entry:?}"),
        })
        .collect();
    assert_eq!(steps[..2], [Step::Opened, Step::Updated]);
    assert!(steps.len() < 20, "{}", steps.len());
    assert_eq!(recorder.waiting().octets, 0);
    for id in 0..40 {
        recorder.put(said(id, Step::Opened, 16_000));
    }
    assert!(recorder.waiting().octets <= MOST_OCTETS);
    let left = recorder.take().unwrap();
    let last = left.last().unwrap();
    assert!(matches!(last, Entry::Said(_, Output::Incident(event)) if event.id == "39"));
    assert!(left.len() >= 24, "{}", left.len());
}

#[test]
fn no_beginning_outlives_its_end() {
    let recorder = Recorder::new(Arc::new(Metrics::new()));
    recorder.put(said(1, Step::Opened, 1));
    recorder.put(said(1, Step::Resolved, 16_000));
    for id in 2..42 {
        recorder.put(said(id, Step::Opened, 16_000));
    }
    let left = recorder.take().unwrap();
    let of_the_first = |entry: &&Entry| {
        let Entry::Said(_, Output::Incident(event)) = entry else {
            return false;
        };
        event.id == "1"
    };
    assert_eq!(left.iter().filter(of_the_first).count(), 0);
    assert!(left.len() >= 24, "{}", left.len());
}

#[test]
fn what_waits_is_bounded_in_octets_and_messages_go_first() {
    let recorder = Recorder::new(Arc::new(Metrics::new()));
    recorder.put(Entry::Rows(vec![gone(9), slice(1, 100)]));
    for incident in 1..=3 {
        recorder.put(Entry::Rows(vec![kept(
            incident,
            (20 << 20) + incident as usize,
        )]));
    }
    assert_eq!(recorder.0.metrics.journal.dropped.get(), 0);
    recorder.put(Entry::Rows(vec![kept(4, 5 << 20), slice(2, 200)]));
    let left: Vec<(bool, bool, String)> = recorder.waiting().states.rows.keys().cloned().collect();
    let names: Vec<&str> = left.iter().map(|(.., name)| name.as_str()).collect();
    assert_eq!(names, ["1", "2", "4", "9"], "no messages, not the largest");
    assert!(left.iter().all(|(message, ..)| !message));
    assert_eq!(recorder.0.metrics.journal.dropped.get(), 3);
}

#[test]
fn that_incidents_are_gone_is_bounded_too() {
    let recorder = Recorder::new(Arc::new(Metrics::new()));
    recorder.put(Entry::Rows(vec![kept(u32::MAX, 1000)]));
    for incident in 0..300_000 {
        recorder.put(Entry::Rows(vec![gone(incident)]));
    }
    let left = rows(&recorder);
    assert!((150_000..270_000).contains(&left.len()), "{}", left.len());
    assert_eq!(
        left.last(),
        Some(&gone(99_999)),
        "what is larger goes first"
    );
}
