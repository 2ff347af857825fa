//! Whether incidents are written down and told: what the status page and `leakwatch status` say
//! of the journal, the sinks, and troubles of the watch itself.

use std::time::Duration;

use crate::{
    alert::{SinkState, Trouble},
    bgp::Timestamp,
    store::Durability,
};

/// How telling goes, as it was when somebody last looked: a copy, since to look may take as long
/// as the disk lets one wait.
#[derive(Clone, Debug)]
pub struct Telling {
    /// When it was looked at, which is once a second. Long ago means that the disk hangs.
    pub time: Timestamp,
    /// Whether what is known outlives us.
    pub journal: Durability,
    /// Every sink, by name.
    pub sinks: Vec<SinkState>,
    /// What is wrong with the watch itself, by name.
    pub troubles: Vec<Trouble>,
}

/// One that is older than this was looked at by somebody who still waits for the disk.
const HANGS: Duration = Duration::from_secs(30);

impl Telling {
    /// For how long the disk has not answered; none where it does.
    pub fn hangs(&self, now: Timestamp) -> Option<Duration> {
        let age = now.since(self.time);
        (age >= HANGS).then_some(age)
    }

    /// How it goes before anybody has looked.
    pub fn new(time: Timestamp, journal: Durability) -> Telling {
        Telling {
            time,
            journal,
            sinks: Vec::new(),
            troubles: Vec::new(),
        }
    }
}
