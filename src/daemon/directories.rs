//! Watched directories: what they have read, in metrics and in words.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    feed::mrt::{FeedState, FilesPassed, Settings, Watches},
    metrics::{Metrics, raise},
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
    /// Shows these, and takes away the series of those that are gone.
    pub fn show(&mut self, states: &[FeedState], metrics: &Metrics) {
        let mut before = std::mem::take(&mut self.shown);
        for state in states {
            show(state, metrics);
            let was = before.remove(&state.name).unwrap_or_default();
            count(&was, &state.tally, metrics);
            self.shown.insert(state.name.clone(), state.tally.clone());
        }
        for name in before.keys() {
            take_away(name, metrics);
        }
    }
}

fn show(state: &FeedState, metrics: &Metrics) {
    let (name, mrt) = (&[state.name.as_str()], &metrics.mrt);
    raise(&mrt.files_read.with_label_values(name), state.files_read);
    raise(&mrt.read_bytes.with_label_values(name), state.bytes_read);
    mrt.files_pending
        .with_label_values(name)
        .set(state.files_waiting as i64);
    if let Some(last) = state.last_record {
        mrt.last_record
            .with_label_values(name)
            .set(last.secs() as i64);
    }
    for (reason, count) in reasons(state) {
        let labels = [state.name.as_str(), reason];
        raise(&mrt.files_failed.with_label_values(&labels), count);
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

fn take_away(name: &str, metrics: &Metrics) {
    let (label, mrt) = (&[name], &metrics.mrt);
    // What fails was never shown.
    let _ = mrt.files_read.remove_label_values(label);
    let _ = mrt.read_bytes.remove_label_values(label);
    let _ = mrt.files_pending.remove_label_values(label);
    let _ = mrt.last_record.remove_label_values(label);
    for (reason, _) in reasons(&FeedState::default()) {
        let _ = mrt.files_failed.remove_label_values(&[name, reason]);
    }
}

fn reasons(state: &FeedState) -> [(&'static str, u64); 9] {
    let FilesPassed {
        unreadable,
        odd,
        backlog,
        late,
        table,
        duplicate,
        future,
        excess,
    } = state.files_passed;
    [
        ("damaged", state.files_damaged),
        ("unreadable", unreadable),
        ("odd", odd),
        ("backlog", backlog),
        ("late", late),
        ("table", table),
        ("duplicate", duplicate),
        ("future", future),
        ("excess", excess),
    ]
}
