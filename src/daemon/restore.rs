//! What was known when we ended, back in its place before the first feed connects.

use super::recorder::{Entry, Recorder};
use crate::{
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

/// Ends what nobody goes on with: drills, which ended with us, and what the engine could not be
/// told of again. `goes_on` are the names of incidents that it was.
pub fn end_what_is_lost(
    open: Vec<(Realm, IncidentEvent)>,
    goes_on: &[String],
    now: Timestamp,
    recorder: &Recorder,
) {
    for (realm, event) in open {
        if realm == Realm::Live && goes_on.contains(&event.id) {
            continue;
        }
        let why = match realm {
            Realm::Drill => "the drill ended when leakwatch did",
            Realm::Live => "it cannot be followed since leakwatch was restarted",
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
