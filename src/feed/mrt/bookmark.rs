//! How far a directory was read, across restarts.
//!
//! Kept is the time of the latest record, and not the names of files: a recording that was
//! renamed, compressed or cut in two meanwhile is still the same recording. What was recorded
//! until then was judged before the restart, and is read again as part of the table; news begins
//! after it, as it would have without the restart.
//!
//! A bookmark goes with the last batch that it covers, and is written down by whoever has judged
//! that: what nobody judged must not be taken for the table.

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::{
    bgp::Timestamp,
    store::{Store, Write},
};

/// What the store calls these documents; each has the name of its directory.
const KIND: &str = "mrt";
/// It is of no use once all that it tells apart is older than what is read at the start.
const SPARE: std::time::Duration = std::time::Duration::from_secs(86_400);

/// The place up to which a directory was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// The directory's name.
    pub name: String,
    /// The latest record.
    pub read_until: Timestamp,
    /// It may be forgotten after this.
    pub until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Document {
    read_until: Timestamp,
}

impl Bookmark {
    pub(super) fn new(settings: &Settings, read_until: Timestamp, now: Timestamp) -> Bookmark {
        Bookmark {
            name: settings.name.clone(),
            read_until,
            until: now + settings.backlog + SPARE,
        }
    }

    /// The row that keeps it.
    pub fn row(&self) -> Write {
        let read_until = self.read_until;
        Write::Document {
            kind: KIND.to_owned(),
            name: self.name.clone(),
            document: serde_json::to_string(&Document { read_until }).ok(),
            until: Some(self.until),
        }
    }
}

/// The latest record of the directory of this name that was judged the last time we ran.
pub fn find(store: &Store, name: &str) -> Option<Timestamp> {
    let document: Document = serde_json::from_str(&store.document(KIND, name)?).ok()?;
    Some(document.read_until)
}
