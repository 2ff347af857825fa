//! What is known of the networks and sessions of an incident, wherever it is told from.

use super::cover;
use crate::{
    bgp::{Asn, Prefix},
    engine::Engine,
    incident::{
        IncidentEvent, advice,
        report::{Sample, ViewName, as_name},
    },
};

/// Words that are not in an incident itself.
pub(super) trait Words {
    /// A network's number, and its name where one is known.
    fn network(&self, asn: Asn) -> String;
    /// What the configuration calls a session.
    fn session(&self, view: &ViewName) -> Option<String>;
    /// Our own network, where it is known.
    fn local_as(&self) -> Option<Asn>;
    /// What to do, the first thing first.
    fn steps(&self, event: &IncidentEvent) -> Vec<String>;
    /// The route that covers a new one, where the table is at hand.
    fn cover(&self, sample: &Sample) -> Option<(Prefix, String)>;
}

/// Known from an engine of our own.
pub(super) struct Known<'a> {
    pub engine: &'a Engine,
}

impl Words for Known<'_> {
    fn network(&self, asn: Asn) -> String {
        as_name(asn, self.engine.reference())
    }

    fn session(&self, view: &ViewName) -> Option<String> {
        advice::policy_name(view, self.engine.reference()).filter(|name| !name.is_empty())
    }

    fn local_as(&self) -> Option<Asn> {
        self.engine.reference().local_as
    }

    fn steps(&self, event: &IncidentEvent) -> Vec<String> {
        advice::steps(event, self.engine.reference())
    }

    fn cover(&self, sample: &Sample) -> Option<(Prefix, String)> {
        cover::of(self.engine, sample)
    }
}
