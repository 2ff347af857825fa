//! The causes that a report chooses from, and which of them an incident speaks for.

use serde::{Deserialize, Serialize};

use crate::{bgp::Asn, incident::IncidentEvent, reference::Reference};

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $en:literal, $ja:literal;)*) => {
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

            /// In English.
            pub(super) const fn english(self) -> &'static str {
                match self { $(Cause::$variant => $en,)* }
            }

            /// In Japanese.
            pub(super) const fn japanese(self) -> &'static str {
                match self { $(Cause::$variant => $ja,)* }
            }
        }
    };
}

causes! {
    /// Equipment that wore out.
    NaturalFailure = "natural-failure", "natural failure of equipment", "自然故障";
    /// Software.
    SoftwareDefect = "software-defect", "software defect", "ソフトウェア不具合";
    /// More traffic than was planned for.
    AbnormalTraffic = "abnormal-traffic", "abnormal traffic", "異常トラヒック";
    /// Our own mistake.
    HumanError = "human-error", "human error", "人為的要因";
    /// Somebody whose service we resell.
    OtherWholesaler = "other-operator-wholesaler",
        "another operator's fault (wholesaler)", "他の電気通信事業者の事故（卸元）";
    /// Somebody we exchange routes with, or from whom it came to us.
    OtherInterconnected = "other-operator-interconnected",
        "another operator's fault (interconnected)", "他の電気通信事業者の事故（接続先）";
    /// Somebody farther away.
    OtherOperator = "other-operator",
        "another operator's fault (other)", "他の電気通信事業者の事故（その他）";
    /// Electricity.
    PowerCut = "power-cut", "power cut", "停電";
    /// Earthquakes, storms, floods.
    NaturalDisaster = "natural-disaster", "natural disaster", "自然災害";
    /// Fire.
    Fire = "fire", "fire", "火災";
    /// A cable that was dug up.
    RoadWorks = "third-party-road-works", "third party (road works)", "第三者要因（道路工事）";
    /// A pole that was run into.
    Vehicles = "third-party-vehicles", "third party (vehicles)", "第三者要因（車両等）";
    /// Another third party.
    ThirdParty = "third-party", "third party (other)", "第三者要因（その他）";
    /// A flood of packets against equipment.
    CyberAttack = "cyber-attack",
        "transmission-type cyber-attack on telecommunications equipment",
        "送信型対電気通信設備サイバー攻撃";
    /// Nobody knows yet.
    Unknown = "unknown", "unknown", "不明";
    /// None of these.
    Other = "other", "other", "その他";
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
