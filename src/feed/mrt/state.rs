//! What is known of a watched directory, for metrics, the interface and people.

use std::{fmt, path::PathBuf};

use serde::Serialize;

use crate::{
    bgp::{Timestamp, UntrustedText},
    wire::Tally,
};

/// One watched directory.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FeedState {
    /// As the configuration calls it; its peers' router.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
    /// Whether it could be listed when last looked at.
    pub reachable: bool,
    /// Whether what lay there at the start has been read.
    pub caught_up: bool,
    /// Whether a table has been read: without one nothing can be told to be new.
    pub has_table: bool,
    /// Peers met.
    pub peers: usize,
    /// Files that wait to be read, those still being written among them.
    pub files_waiting: usize,
    /// Files read to their end, damaged ones among them.
    pub files_read: u64,
    /// Files of which some part could not be read.
    pub files_damaged: u64,
    /// Octets of files read, as they lie on disk.
    pub bytes_read: u64,
    /// Files and other entries not read at all, by the reason why.
    pub files_passed: FilesPassed,
    /// The file being read.
    pub reading: Option<UntrustedText>,
    /// When the last record handed on was recorded, by the recorder's clock.
    pub last_record: Option<Timestamp>,
    /// When it was handed on.
    pub last_update: Option<Timestamp>,
    /// How long after it was recorded that was, in seconds.
    pub lag_seconds: f64,
    /// What was read, all files together.
    #[serde(skip)]
    pub tally: Tally,
}

/// How many files and other entries were not read, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilesPassed {
    /// Not MRT, not readable, replaced while it was opened.
    pub unreadable: u64,
    /// Symbolic links, pipes, devices, directories too far down or not to be listed.
    pub odd: u64,
    /// Older than what is wanted when we start.
    pub backlog: u64,
    /// Came after younger ones of the same directory had been read.
    pub late: u64,
    /// Tables that say nothing new.
    pub table: u64,
    /// The same recording was read under another name.
    pub duplicate: u64,
    /// Recorded in the future, it says.
    pub future: u64,
    /// More files than are looked at.
    pub excess: u64,
}

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// See [`FilesPassed::unreadable`].
    Unreadable,
    /// See [`FilesPassed::odd`].
    Odd,
    /// See [`FilesPassed::backlog`].
    Backlog,
    /// See [`FilesPassed::late`].
    Late,
    /// See [`FilesPassed::table`].
    Table,
    /// See [`FilesPassed::duplicate`].
    Duplicate,
    /// See [`FilesPassed::future`].
    Future,
    /// See [`FilesPassed::excess`].
    Excess,
}

impl Passed {
    /// Every reason.
    pub const ALL: [Passed; 8] = [
        Passed::Unreadable,
        Passed::Odd,
        Passed::Backlog,
        Passed::Late,
        Passed::Table,
        Passed::Duplicate,
        Passed::Future,
        Passed::Excess,
    ];

    /// The stable name, for a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Passed::Unreadable => "unreadable",
            Passed::Odd => "odd",
            Passed::Backlog => "backlog",
            Passed::Late => "late",
            Passed::Table => "table",
            Passed::Duplicate => "duplicate",
            Passed::Future => "future",
            Passed::Excess => "excess",
        }
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FilesPassed {
    /// Counts one more.
    pub fn count(&mut self, why: Passed) {
        *self.slot(why) += 1;
    }

    /// How many for this reason.
    pub fn of(mut self, why: Passed) -> u64 {
        *self.slot(why)
    }

    fn slot(&mut self, why: Passed) -> &mut u64 {
        match why {
            Passed::Unreadable => &mut self.unreadable,
            Passed::Odd => &mut self.odd,
            Passed::Backlog => &mut self.backlog,
            Passed::Late => &mut self.late,
            Passed::Table => &mut self.table,
            Passed::Duplicate => &mut self.duplicate,
            Passed::Future => &mut self.future,
            Passed::Excess => &mut self.excess,
        }
    }
}
