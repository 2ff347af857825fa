//! How far a directory was read, across restarts.
//!
//! Kept is the time of the latest record handed on, and not the names of files: a recording that
//! was renamed, compressed or cut in two meanwhile is still the same recording. What was
//! recorded until then was judged before the restart, and is read again as part of the table;
//! news begins after it, as it would have without the restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::{
    bgp::Timestamp,
    store::{Store, Write},
};

/// What the store calls these documents; each has the name of its directory.
const KIND: &str = "mrt";
/// So often at most it is written down: every time costs a sync of the disk. What was handed on
/// since is judged twice where we end without warning, which finds the same incidents.
const EVERY: Duration = Duration::from_secs(10);
/// It is of no use once all that it tells apart is older than what is read at the start.
const SPARE: Duration = Duration::from_secs(86_400);

/// The place up to which a directory was read.
#[derive(Debug)]
pub struct Bookmark {
    store: Store,
    /// The latest record of the last time we ran.
    before: Option<Timestamp>,
    /// What is written down, and when that was.
    written: Timestamp,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Document {
    read_until: Timestamp,
}

impl Bookmark {
    /// The one of the directory of this name, where there is one.
    pub fn find(store: Store, name: &str) -> Self {
        let document = store.document(KIND, name);
        let document = document.and_then(|text| serde_json::from_str::<Document>(&text).ok());
        let before = document.map(|document| document.read_until);
        Bookmark {
            store,
            before,
            written: before.unwrap_or_default(),
            at: Timestamp::ZERO,
        }
    }

    /// The latest record that was handed on the last time we ran.
    pub fn before(&self) -> Option<Timestamp> {
        self.before
    }

    /// Everything until `read` was handed on; it is written down now and then.
    pub fn put(&mut self, settings: &Settings, read: Timestamp, now: Timestamp) {
        if read > self.written && now.since(self.at) >= EVERY {
            self.keep(settings, read, now);
        }
    }

    /// The same, at once.
    pub fn keep(&mut self, settings: &Settings, read: Timestamp, now: Timestamp) {
        if read <= self.written {
            return;
        }
        (self.written, self.at) = (read, now);
        write(&self.store, settings, read, now);
    }
}

/// Writes down that the directory of these settings was read until `read`.
pub fn write(store: &Store, settings: &Settings, read: Timestamp, now: Timestamp) {
    let document = serde_json::to_string(&Document { read_until: read }).ok();
    let row = Write::Document {
        kind: KIND.to_owned(),
        name: settings.name.clone(),
        document,
        until: Some(now + settings.backlog + SPARE),
    };
    store.write(&[row], now);
}
