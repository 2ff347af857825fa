//! What is written and read back.

use crate::bgp::Timestamp;

/// One row to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// An incident as it now stands; replaces what was known of it.
    Incident(Incident),
    /// A step in an incident's life, numbered from 1 within it.
    Step {
        /// Whose.
        incident: String,
        /// Whether it is a drill's.
        drill: bool,
        /// Its place among the steps of this incident.
        number: u32,
        /// When, in event time.
        time: Timestamp,
        /// The event, complete in itself, as JSON.
        event: String,
    },
    /// What the engine needs to go on with an incident after a restart; opaque here.
    Kept {
        /// Whose.
        incident: String,
        /// What is needed; none once nothing is.
        kept: Option<Vec<u8>>,
    },
    /// BGP messages of an incident as an MRT file; replaces what was known, and goes with the
    /// incident.
    Slice {
        /// Whose.
        incident: String,
        /// Whether it is a drill's.
        drill: bool,
        /// The file.
        mrt: Vec<u8>,
    },
    /// What is to be told of a subject at a sink, and what was.
    Slip {
        /// The queue.
        sink: String,
        /// The incident or trouble.
        subject: String,
        /// The slip as JSON; none removes it.
        slip: Option<String>,
    },
    /// A document of another kind: a mute, an expected change, a file that was read.
    Document {
        /// What it is, such as `mute`.
        kind: String,
        /// Its name among its kind.
        name: String,
        /// Itself as JSON; none removes it.
        document: Option<String>,
        /// It may be forgotten after this.
        until: Option<Timestamp>,
    },
}

/// An incident of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its deterministic name.
    pub id: String,
    /// Whether it is a drill's.
    pub drill: bool,
    /// When it opened.
    pub opened: Timestamp,
    /// When it was over; none while it is open.
    pub resolved: Option<Timestamp>,
    /// It as last told (an `IncidentEvent` as JSON).
    pub event: String,
}

/// A step read back.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRow {
    /// From 1.
    pub number: u32,
    /// When.
    pub time: Timestamp,
    /// The event as JSON.
    pub event: String,
}

impl Write {
    /// Whether it takes something away.
    pub(super) fn removes(&self) -> bool {
        matches!(
            self,
            Write::Kept { kept: None, .. }
                | Write::Slip { slip: None, .. }
                | Write::Document { document: None, .. }
        )
    }
}
