//! What an alert says, worked out once for all sinks.
//!
//! A sink lays it out in its own form and escapes it for where it goes: nothing in here is
//! escaped for HTML, Slack or a header, but all of it is on one line each and without what does
//! not show ([`crate::bgp::Plain`]), except for [`Suggestion::text`], which has line ends.

use serde::Serialize;

use super::Notice;
use crate::{bgp::Asn, incident::Severity};

/// A line with a name: `Routes: 160,000 at the worst, 0 now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// `Who`, `Routes`, `Whose`, `Since`, `Seen on`, `How sure`, …
    pub name: &'static str,
    /// What is so.
    pub value: String,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Which network.
    pub asn: Asn,
    /// Its people, or the network's name where no contact is configured.
    pub name: String,
    /// As dialled.
    pub phone: Option<String>,
    /// Mail.
    pub mail: Option<String>,
    /// `it leaks`, `it accepted the leak`, `ours`.
    pub why: String,
}

/// A filter or limit that would hold the event back, in the words of one router's system.
/// Never pushed anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The session it is for, as people call it.
    pub session: String,
    /// Whose words: `Cisco IOS XR`, `Junos`, …
    pub platform: &'static str,
    /// The lines to enter.
    pub text: String,
    /// What else it does.
    pub caution: String,
}

/// An alert, ready to be laid out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// What it is about, and why it is told now.
    pub notice: Notice,
    /// How bad.
    pub severity: Severity,
    /// A line that says it all: `CRITICAL AS15169 (Google) leaks 160,000 routes through AS701`.
    /// Drills, tests, reminders, ends and possible repeats say so at its beginning.
    pub title: String,
    /// The facts, the most important first.
    pub facts: Vec<Fact>,
    /// Why we think so, strongest first.
    pub evidence: Vec<String>,
    /// What to do, the first step first.
    pub actions: Vec<String>,
    /// Whom to call, the most urgent first.
    pub calls: Vec<Call>,
    /// Filters for the sessions at hand.
    pub suggestions: Vec<Suggestion>,
    /// The incident's page.
    pub link: String,
    /// Its chapter of the runbook.
    pub runbook: String,
}
