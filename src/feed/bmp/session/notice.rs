//! What a session tells its caller beside the routes.

use std::{fmt, net::IpAddr};

use crate::{
    bgp::{DownReason, PeerKey, RibView, UntrustedText},
    wire::{
        Reason,
        bmp::{Initiation, Open, Statistics, TerminationReason},
    },
};

/// Something that happened in a session and is not a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The router said who it is. `again` where it had said so before, or had sent
    /// something else first: its identity stays what it was.
    Initiated {
        /// What it said.
        initiation: Initiation,
        /// Not the session's first message.
        again: bool,
    },
    /// A peer is up, or (`again`) was and sends its table anew. One without either OPEN
    /// may be a Loc-RIB that no Peer Up announced.
    PeerUp {
        /// Which.
        peer: PeerKey,
        /// In which of the router's tables.
        rib: RibView,
        /// The router's address on that BGP session.
        local: Option<IpAddr>,
        /// The OPEN that the router sent.
        sent: Option<Open>,
        /// The OPEN that the peer sent.
        received: Option<Open>,
        /// Name of the VRF or table (RFC 9069 §4.4.1); may be empty.
        table: UntrustedText,
        /// It was up.
        again: bool,
    },
    /// A peer went down.
    PeerDown {
        /// Which.
        peer: PeerKey,
        /// What it means to its routes.
        reason: DownReason,
        /// The code of the Peer Down: 1 and 2 the router closed, 3 and 4 the peer,
        /// 5 and 6 no longer monitored.
        code: u8,
        /// Shutdown communication (RFC 9003); may be empty.
        text: UntrustedText,
    },
    /// How many routes the router says it has.
    Statistics {
        /// Of which peer.
        peer: PeerKey,
        /// The report's own flags; each gauge names its table itself.
        rib: RibView,
        /// The gauges.
        statistics: Statistics,
    },
    /// Something was wrong, for the first time in this session; how often is in the
    /// tally.
    Fault {
        /// What.
        reason: Reason,
        /// Whose message it was, where that is known.
        peer: Option<PeerKey>,
    },
}

/// Why a session has to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Not BMP version 3.
    Version {
        /// The octet where the version stands.
        version: u8,
        /// What the stream looks like.
        looks_like: &'static str,
    },
    /// A message says it has this many octets: below 6, or more than the limit.
    Length(u32),
    /// The router has terminated the session.
    Terminated {
        /// Why.
        reason: TerminationReason,
        /// In its words; may be empty.
        text: UntrustedText,
    },
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Version {
                version,
                looks_like,
            } => write!(
                f,
                "not BMP version 3 but {looks_like} (first octet {version})"
            ),
            End::Length(octets) => write!(f, "a message of {octets} octets"),
            End::Terminated { reason, text } if text.is_empty() => {
                write!(f, "terminated by the router: {reason}")
            }
            End::Terminated { reason, text } => {
                write!(f, "terminated by the router: {reason} ({text})")
            }
        }
    }
}

/// What to do after [`super::Session::feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Read on: the next message is whole once this many octets are there, counted from
    /// the first one not used.
    Read(usize),
    /// Say who the router is ([`super::Session::identify`]), then feed what is left.
    Identify,
    /// Hand the batch on and see to the notices, then feed what is left.
    HandOn,
    /// Close the connection. What is left is not to be read.
    Close(End),
}

/// How far a call of [`super::Session::feed`] came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Octets used: whole messages only.
    pub used: usize,
    /// What to do next.
    pub then: Then,
}
