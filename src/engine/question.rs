//! Questions that need the routing table itself, answered within a budget.

use serde::Serialize;

use crate::bgp::{Prefix, RibView, Timestamp};

/// Which routes of a prefix are meant, as routers name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// The prefix itself.
    #[default]
    Exact,
    /// The longest prefix that covers it.
    Longest,
    /// Every prefix that covers it, itself included.
    Shorter,
    /// Every prefix within it, itself included.
    Longer,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Around this prefix.
    pub prefix: Prefix,
    /// Which of those around it.
    pub matching: Match,
    /// Entries in the answer at most: the engine does nothing else meanwhile.
    pub most: usize,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Prefix.
    pub prefix: Prefix,
    /// ADD-PATH identifier (RFC 7911); 0 where none was sent.
    pub path_id: u32,
    /// The router.
    pub router: String,
    /// The peer's address.
    pub peer: String,
    /// The peer's AS.
    pub peer_as: crate::bgp::Asn,
    /// Which RIB.
    pub rib: RibView,
    /// AS path, as routers print it.
    pub path: String,
    /// What is found wrong with it, by detector.
    pub findings: Vec<&'static str>,
    /// The open incident it belongs to.
    pub incident: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Event time of the answer.
    pub time: Timestamp,
    /// Routes, by prefix and then by view.
    pub routes: Vec<Entry>,
    /// There are more than were asked for.
    pub truncated: bool,
}
