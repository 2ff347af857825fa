//! Why a session came to its end.

use std::fmt;

use crate::{bgp::UntrustedText, wire::bmp::TerminationReason};

/// Who or what ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The router closed the connection without a word.
    Closed,
    /// The connection broke: reset, or nothing came back from keepalives.
    Broken(std::io::ErrorKind),
    /// The router said that it would (RFC 7854 §4.5).
    Terminated(TerminationReason, UntrustedText),
    /// A message was not whole in time.
    Stalled,
    /// Nothing whole came after the connection was made.
    NoInitiation,
    /// What came is not BMP version 3; with what it looks like.
    NotBmp(&'static str),
    /// A length that no message has, or above the limit: what follows cannot be framed.
    Framing(u32),
    /// The router has a newer session.
    TakenOver,
    /// Its address is no longer in `allow`.
    NotAllowed,
    /// There are as many routers as there may be.
    TooManyRouters,
    /// There are as many routers at its address as there may be at one.
    TooManyAtAddress,
    /// The daemon stops.
    Shutdown,
}

impl Ending {
    /// Every stable name.
    pub const NAMES: [&'static str; 12] = [
        "closed",
        "broken",
        "terminated",
        "stalled",
        "no_initiation",
        "not_bmp",
        "framing",
        "taken_over",
        "not_allowed",
        "too_many_routers",
        "too_many_at_address",
        "shutdown",
    ];

    /// Its place in [`Ending::NAMES`].
    pub const fn index(&self) -> usize {
        match self {
            Ending::Closed => 0,
            Ending::Broken(_) => 1,
            Ending::Terminated(..) => 2,
            Ending::Stalled => 3,
            Ending::NoInitiation => 4,
            Ending::NotBmp(_) => 5,
            Ending::Framing(_) => 6,
            Ending::TakenOver => 7,
            Ending::NotAllowed => 8,
            Ending::TooManyRouters => 9,
            Ending::TooManyAtAddress => 10,
            Ending::Shutdown => 11,
        }
    }

    /// The stable name, a metric's label.
    pub fn name(&self) -> &'static str {
        Self::NAMES.get(self.index()).copied().unwrap_or_default()
    }

    /// Whether the router said that it will not be back: nothing is held for it.
    pub const fn is_for_good(&self) -> bool {
        matches!(
            self,
            Ending::Terminated(TerminationReason::PermanentlyClosed, _)
        )
    }

    /// Whether the router did as it should; what is else is worth a warning.
    pub const fn is_orderly(&self) -> bool {
        matches!(
            self,
            Ending::Terminated(..) | Ending::Shutdown | Ending::TakenOver
        )
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Closed => f.write_str("the router closed the connection"),
            Ending::Broken(kind) => write!(f, "the connection broke: {kind}"),
            Ending::Terminated(reason, text) if text.is_empty() => {
                write!(f, "the router ended the session: {reason}")
            }
            Ending::Terminated(reason, text) => {
                write!(f, "the router ended the session: {reason}: {text}")
            }
            Ending::Stalled => f.write_str("a message was not whole in time"),
            Ending::NoInitiation => f.write_str("no whole message came in time"),
            Ending::NotBmp(looks) => write!(f, "not BMP version 3 but {looks}"),
            Ending::Framing(octets) => write!(
                f,
                "a message of {octets} octets: none is so short, or most_message forbids it"
            ),
            Ending::TakenOver => f.write_str("the router has a newer session"),
            Ending::NotAllowed => f.write_str("its address is no longer allowed"),
            Ending::TooManyRouters => f.write_str("there are too many routers"),
            Ending::TooManyAtAddress => f.write_str("there are too many routers at its address"),
            Ending::Shutdown => f.write_str("the daemon stops"),
        }
    }
}
