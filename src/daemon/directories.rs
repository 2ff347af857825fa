//! Watched directories: what they have read, in metrics and in words.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    feed::mrt::{FeedState, FilesPassed, Passed, Settings, Watches},
    metrics::{Directory, Metrics},
    wire::Tally,
};

/// The directories that are watched; clones share them.
#[derive(Clone, Debug)]
pub struct Directories(Arc<Mutex<Watches>>);

impl Directories {
    /// Those of `watches`.
    pub fn new(watches: Watches) -> Self {
        Directories(Arc::new(Mutex::new(watches)))
    }

    /// Watches these and no others.
    pub fn set(&self, wanted: &[Settings]) {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = watches.set(wanted) {
            tracing::error!(%error, "a directory is not watched: no thread for it");
        }
    }

    /// What is known of each.
    pub fn states(&self) -> Vec<FeedState> {
        let watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watches.states()
    }

    /// Those that have not brought all that lies in them, a sentence each.
    pub fn waiting(&self) -> Vec<String> {
        let waiting = self.states().into_iter().filter_map(|state| {
            let name = &state.name;
            if !state.reachable {
                Some(format!("the directory {name} cannot be read"))
            } else if !state.caught_up {
                Some(format!(
                    "the directory {name} has {} files to be read",
                    state.files_waiting
                ))
            } else {
                None
            }
        });
        waiting.collect()
    }
}

/// Brings the metrics up to what the directories have read.
#[derive(Debug, Default)]
pub struct Publisher {
    /// What was last shown, by name.
    shown: BTreeMap<String, Tally>,
}

impl Publisher {
    /// Shows these and no others.
    pub fn show(&mut self, states: &[FeedState], metrics: &Metrics) {
        let mut before = std::mem::take(&mut self.shown);
        for state in states {
            let was = before.remove(&state.name).unwrap_or_default();
            count(&was, &state.tally, metrics);
            self.shown.insert(state.name.clone(), state.tally.clone());
        }
        metrics.directories(states.iter().map(seen).collect());
    }
}

fn seen(state: &FeedState) -> Directory {
    Directory {
        name: state.name.clone(),
        reachable: state.reachable,
        caught_up: state.caught_up,
        files_waiting: state.files_waiting,
        files_read: state.files_read,
        files_damaged: state.files_damaged,
        files_passed: passed(state.files_passed),
        bytes_read: state.bytes_read,
        last_record: state.last_record.map(|time| time.micros() as f64 / 1e6),
        lag: state.lag_seconds,
    }
}

/// Adds what was read since, to what routers count into as well.
fn count(was: &Tally, is: &Tally, metrics: &Metrics) {
    let wire = &metrics.wire;
    for (counter, was, is) in [
        (&wire.updates, was.updates, is.updates),
        (&wire.announced, was.announced, is.announced),
        (&wire.withdrawn, was.withdrawn, is.withdrawn),
        (
            &wire.treated_as_withdrawn,
            was.treated_as_withdrawn,
            is.treated_as_withdrawn,
        ),
        (&wire.end_of_rib, was.end_of_rib, is.end_of_rib),
    ] {
        counter.inc_by(is.saturating_sub(was));
    }
    for (reason, count) in is.errors() {
        wire.decode_errors
            .with_label_values(&[reason.name()])
            .inc_by(count.saturating_sub(was.count(reason)));
    }
}

fn passed(files: FilesPassed) -> Vec<(&'static str, u64)> {
    let FilesPassed {
        unreadable,
        odd,
        backlog,
        late,
        table,
        duplicate,
        future,
        excess,
    } = files;
    vec![
        (Passed::Unreadable.name(), unreadable),
        (Passed::Odd.name(), odd),
        (Passed::Backlog.name(), backlog),
        (Passed::Late.name(), late),
        (Passed::Table.name(), table),
        (Passed::Duplicate.name(), duplicate),
        (Passed::Future.name(), future),
        (Passed::Excess.name(), excess),
    ]
}
