//! The BGP Monitoring Protocol on the wire: RFC 7854, RFC 8671 (Adj-RIB-Out),
//! RFC 9069 (Loc-RIB).
//!
//! [`frame`] finds where a message ends, [`Message::read`] takes it apart in place.
//! Nothing here remembers anything: what one message means after another is for
//! `feed::bmp::session`. [`encode`] writes what a drill and the tests send.

pub mod encode;
mod frame;
mod message;
mod open;
mod peer;
mod statistics;
mod tlv;

pub use frame::{Framing, HEADER_LEN, Kind, VERSION, frame, recognise};
pub use message::{Closing, Down, Initiation, Message, Mirroring, PeerUp, TerminationReason};
pub use open::{Capabilities, Direction, Open, negotiated};
pub use peer::{HEADER_LEN as PEER_HEADER_LEN, PeerHeader, PeerType};
pub use statistics::{Gauge, Statistics};
pub use tlv::{Tlv, Tlvs};

/// What the String TLV of an Initiation starts with where the session is a drill.
pub const DRILL_MARK: &str = "leakwatch-drill/1 ";
