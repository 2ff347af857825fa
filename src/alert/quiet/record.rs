//! The record of who asked for quiet, who ended it, and why.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bgp::Timestamp;

/// Entries that are kept, the oldest going first.
pub const MOST_ENTRIES: usize = 5000;
/// They are kept for so long.
pub const KEPT: Duration = Duration::from_secs(366 * 86_400);

/// What happened to a mute, an acknowledgement or an expected change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the order of all, from 1.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
    /// To which, such as `m-1`.
    pub id: String,
    /// What that is about, in words.
    pub what: String,
    /// Until when it was to last.
    pub until: Timestamp,
    /// Who did it; `leakwatch` for what ended by itself.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was asked for.
    Added,
    /// Somebody took it back.
    Removed,
    /// Its time was over, or what it was about.
    Ended,
    /// An expected change happened.
    Happened,
    /// An expected change did not happen in its time.
    Missing,
    /// Nobody could tell whether an expected change happened.
    Unseen,
}

impl Event {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Event::Added => "added",
            Event::Removed => "removed",
            Event::Ended => "ended",
            Event::Happened => "happened",
            Event::Missing => "did not happen",
            Event::Unseen => "could not be seen",
        }
    }
}
