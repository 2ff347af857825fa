//! UPDATE messages, scanned in place (RFC 4271 §4.3, RFC 4760, RFC 7606).
//!
//! One pass over the bytes, no allocation once the columns of the batch have grown:
//! [`Scanner::scan`] for whole messages, [`Scanner::scan_attributes`] for the attribute
//! blocks of table dumps.

mod attributes;
mod emit;
mod mp;
mod nlri;
mod path;
mod scanner;
#[cfg(test)]
mod tests;

pub use scanner::{Block, Scanner};

pub(crate) use nlri::{Octets, prefix};

use crate::bgp::{RibView, Timestamp};

/// What decides how a message's octets read: the capabilities that both OPENs carried,
/// or, for MRT, the record's subtype.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// AS numbers take four octets (RFC 6793).
    pub asn4: bool,
    /// IPv4 unicast NLRI carry path identifiers (RFC 7911).
    pub add_path_v4: bool,
    /// IPv6 unicast NLRI carry path identifiers (RFC 7911).
    pub add_path_v6: bool,
}

/// Where and when a message was seen: copied to each [`crate::bgp::Event`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// When.
    pub time: Timestamp,
    /// Whose: an index into the batch's peers.
    pub peer: u16,
    /// In which of the router's tables.
    pub rib: RibView,
}

/// Octets before an UPDATE's body: marker, length, type.
pub const HEADER_LEN: usize = 19;

/// Type octet of an UPDATE (RFC 4271 §4.1).
pub const UPDATE: u8 = 2;
