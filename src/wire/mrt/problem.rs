//! What of a file could not be read, and where.

use std::fmt;

use crate::wire::Reason;

/// Problems kept per file; more are counted only.
pub const MAX_PROBLEMS: usize = 32;

/// One part of a file that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the record starts, in octets of the uncompressed file.
    pub offset: u64,
    /// What it is counted as.
    pub reason: Reason,
    /// What was wrong, in words.
    pub what: String,
    /// Octets passed over; None for the rest of the file, whose length is not known.
    pub skipped: Option<u64>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.what)?;
        match self.skipped {
            Some(bytes) => write!(f, "; {bytes} bytes skipped"),
            None => f.write_str("; the rest of the file was not read"),
        }
    }
}

/// A record that was not taken: what to count, and why in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: Reason,
    pub what: &'static str,
}

impl Fault {
    /// A record whose body does not fit its type.
    pub const fn record(what: &'static str) -> Self {
        Fault {
            reason: Reason::MrtRecord,
            what,
        }
    }
}
