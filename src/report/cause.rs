//! The causes that a report chooses from, and which of them an incident speaks for.

use serde::{Deserialize, Serialize};

use crate::{bgp::Asn, incident::IncidentEvent, reference::Reference};

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A cause as accident reports list them (Japanese ministry's form of 2018).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Cause { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Cause {
            /// Every cause, with its name.
            pub const ALL: &'static [(&'static str, Cause)] = &[$(($name, Cause::$variant),)*];

            /// As requests and JSON spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Cause::$variant => $name,)* }
            }
        }
    };
}

causes! {
    /// Equipment that wore out.
    NaturalFailure = "natural-failure";
    /// Software.
    SoftwareDefect = "software-defect";
    /// More traffic than was planned for.
    AbnormalTraffic = "abnormal-traffic";
    /// Our own mistake.
    HumanError = "human-error";
    /// Somebody whose service we resell.
    OtherWholesaler = "other-operator-wholesaler";
    /// Somebody we exchange routes with, or from whom it came to us.
    OtherInterconnected = "other-operator-interconnected";
    /// Somebody farther away.
    OtherOperator = "other-operator";
    /// Electricity.
    PowerCut = "power-cut";
    /// Earthquakes, storms, floods.
    NaturalDisaster = "natural-disaster";
    /// Fire.
    Fire = "fire";
    /// A cable that was dug up.
    RoadWorks = "third-party-road-works";
    /// A pole that was run into.
    Vehicles = "third-party-vehicles";
    /// Another third party.
    ThirdParty = "third-party";
    /// A flood of packets against equipment.
    CyberAttack = "cyber-attack";
    /// Nobody knows yet.
    Unknown = "unknown";
    /// None of these.
    Other = "other";
}

/// What the incident alone speaks for. Routes show who passed them on; whether by a slip or on
/// purpose they do not show.
pub(super) fn presume(event: &IncidentEvent, reference: &Reference) -> Cause {
    let Some(offender) = event.offender else {
        return Cause::Unknown;
    };
    if event.kind.is_of_a_view()
        || reference
            .local_as
            .is_some_and(|local| ours(local, offender, reference))
    {
        return Cause::Unknown;
    }
    // Over whose sessions it reached us, of those who took part.
    let beside: Vec<Asn> = [Some(offender), event.neighbour]
        .into_iter()
        .flatten()
        .filter(|asn| event.views.iter().any(|view| view.peer_as == *asn))
        .collect();
    if reference.local_as.is_none() || beside.is_empty() {
        return Cause::OtherOperator;
    }
    Cause::OtherInterconnected
}

/// Whether the network is our own or of our own house.
pub(super) fn ours(local: Asn, asn: Asn, reference: &Reference) -> bool {
    reference.siblings.are(local, asn)
}
