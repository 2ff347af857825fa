//! A report as values: what its audience may see, and nothing else.
//!
//! As JSON this is the contract with programs: fields may be added, none is removed or given
//! another meaning while [`SCHEMA`] stays.

use serde::Serialize;

use super::{
    account::Stage,
    cause::Cause,
    impact::{OwnCustomers, OwnPrefixes},
    request::{Audience, Language, Sharing, Sort},
    settings::Reporter,
    threshold::Assessment,
};
use crate::{
    bgp::{Asn, RibView, Timestamp},
    detect::Detector,
    incident::{
        Kind, Severity,
        evidence::Item,
        report::{Routes, Sample},
    },
};

/// The version of the JSON.
pub(super) const SCHEMA: u32 = 1;

/// A report on an incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// Which incident. Its name holds AS numbers, so customers are not told unless the public may
    /// know.
    pub incident: Option<String>,
    /// Its number among the reports on it.
    pub number: u32,
    /// Which sort.
    pub sort: Sort,
    /// For whom.
    pub audience: Audience,
    /// In which language its texts are.
    pub language: Language,
    /// It is about something made up: an exercise.
    pub drill: bool,
    /// When it was written.
    pub written: Timestamp,
    /// Who reports.
    pub reporter: Reporter,
    /// Who may know.
    pub sharing: Sharing,
    /// When it was.
    pub time: Times,
    /// What the operator added.
    pub note: Option<String>,
    /// What customers are told; none for others.
    pub notice: Option<String>,
    /// The networks that customers may be told of; empty for others, who have them in `facts`.
    #[serde(skip)]
    pub(super) public_networks: Vec<Network>,
    /// What customers are not told.
    pub facts: Option<Box<Facts>>,
}

/// When it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The first affected route.
    pub began: Timestamp,
    /// When it was recognised.
    pub recognised: Timestamp,
    /// When it was confirmed to be over; none while it goes on.
    pub ended: Option<Timestamp>,
    /// From its beginning until it was confirmed to be over, or until now, in seconds.
    pub seconds: u64,
    /// The zone in which texts tell times, beside UTC.
    pub zone: String,
}

/// What is known beyond the mere fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// What sort of event.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// One sentence in English.
    pub summary: String,
    /// Our own network.
    pub local: Option<Network>,
    /// Who is blamed.
    pub offender: Option<Network>,
    /// Who passed it on.
    pub neighbour: Option<Network>,
    /// Where it is seen.
    pub sessions: Vec<Session>,
    /// Prefixes.
    pub routes: Routes,
    /// Networks whose prefixes they are.
    pub origins: u32,
    /// Routes that stood before, within which new ones appeared.
    pub covers: u32,
    /// The networks with the most.
    pub whose: Vec<Whose>,
    /// Ours among them.
    pub own_prefixes: OwnPrefixes,
    /// Our customers among them.
    pub customers: OwnCustomers,
    /// What was done.
    pub response: Response,
    /// Why it happened.
    pub cause: Presumed,
    /// How it stands to the thresholds; for the authority.
    pub assessment: Option<Assessment>,
    /// Routes as they were and as they are.
    pub examples: Vec<Sample>,
    /// How it went.
    pub timeline: Vec<Stage>,
    /// Steps left out of it after the first.
    pub timeline_omitted: u32,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Its number.
    pub asn: Asn,
    /// Its name, where one is known.
    pub name: Option<String>,
}

/// A network's share of what is affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// Which.
    #[serde(flatten)]
    pub network: Network,
    /// Its prefixes among those affected.
    pub routes: u32,
}

/// Where it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Our router; none where a collector's recording is read.
    pub router: Option<String>,
    /// What we call the session.
    pub name: Option<String>,
    /// The peer's address.
    pub peer: String,
    /// The peer's network.
    pub network: Network,
    /// Which table.
    pub rib: RibView,
}

/// What was done and can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Response {
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// An AS path expression that holds it back, where there is one. It was suggested; whether a
    /// filter was set, only the note can say.
    pub suggested_filter: Option<String>,
    /// Networks that can end it, the most urgent first. That they were called, only the note can
    /// say.
    pub can_end_it: Vec<Network>,
}

/// A cause and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Presumed {
    /// Which.
    pub cause: Cause,
    /// The operator said so; otherwise it is presumed from routes.
    pub stated: bool,
    /// How sure the incident is what it looks like, 0 to 1; not how sure the cause is.
    pub confidence: f64,
    /// Which detectors saw it.
    pub detectors: Vec<Detector>,
    /// What speaks for it, in English.
    pub evidence: Vec<Item>,
}
