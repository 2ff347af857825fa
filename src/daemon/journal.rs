//! Incidents of the journal.

use crate::{
    feed::intake::Realm,
    http::{MOST_STAGES, Record, Stage},
    incident::IncidentEvent,
    store::{self, Store},
};

/// An incident of the journal as the board has it; none if it is not understood.
pub fn record(store: &Store, row: &store::Incident) -> Option<Record> {
    let last: IncidentEvent = match serde_json::from_str(&row.event) {
        Ok(last) => last,
        Err(error) => {
            tracing::warn!(id = row.id, %error, "an incident of the journal is not understood");
            return None;
        }
    };
    let mut record = Record {
        realm: if row.drill { Realm::Drill } else { Realm::Live },
        opened: row.opened,
        resolved: row.resolved,
        worst: last.severity,
        timeline: Vec::new(),
        omitted: 0,
        last,
    };
    for step in store.steps(&row.id, row.drill) {
        if let Ok(event) = serde_json::from_str::<IncidentEvent>(&step.event) {
            record.worst = record.worst.max(event.severity);
            record.timeline.push(Stage::of(&event));
        }
    }
    while record.timeline.len() > MOST_STAGES {
        record.timeline.remove(1);
        record.omitted += 1;
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{incident::Step, store::Write};

    #[test]
    fn an_incident_of_the_journal_has_its_course() {
        let text = include_str!("../../tests/data/incidents/google-2017.json");
        let events: Vec<IncidentEvent> = serde_json::from_str(text).unwrap();
        let last = events.last().unwrap();
        let json = |event| serde_json::to_string(event).unwrap();
        let mut rows = vec![Write::Incident(store::Incident {
            id: last.id.clone(),
            drill: false,
            opened: events[0].time,
            resolved: Some(last.time),
            event: json(last),
        })];
        rows.extend((1..).zip(&events).map(|(number, event)| Write::Step {
            incident: event.id.clone(),
            drill: false,
            number,
            time: event.time,
            event: json(event),
        }));
        let store = Store::in_memory();
        store.write(&rows, last.time);
        let row = store.incident(&last.id, false).unwrap();
        let record = record(&store, &row).unwrap();
        assert_eq!(record.last, *last);
        assert_eq!(record.resolved, Some(last.time));
        let steps: Vec<Step> = record.timeline.iter().map(|stage| stage.event).collect();
        assert_eq!(steps, [Step::Opened, Step::Updated, Step::Resolved]);
        let event = "{}".to_owned();
        assert_eq!(
            super::record(&store, &store::Incident { event, ..row }),
            None
        );
    }
}
