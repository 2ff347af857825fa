//! The vocabulary of the house: what BGP speakers exchange, as plain values.
//!
//! Nothing here reads bytes, keeps state or knows the time of day. Everything
//! later in the house is written in these words.

mod asn;
mod batch;
pub mod compact;
mod nlri;
mod path;
mod peer;
mod text;
mod time;

pub use asn::{Asn, ParseAsnError};
pub use batch::{Attributes, Batch, Column, DownReason, Event, EventKind, Span, SpecialCommunity};
pub use nlri::{Address, Afi, Nlri};
pub use path::{AsPath, Hop};
pub use peer::{PeerKey, RibView, Router};
pub use text::{Plain, UntrustedText};
pub use time::Timestamp;

/// A prefix of either family, for the edges of the house: reports, settings, tests.
///
/// Inside the hot path a prefix is an [`Nlri`] of one family.
pub type Prefix = ipnet::IpNet;
