//! The MRT common header (RFC 6396 §2, §3): time, type, subtype, length.

use crate::bgp::Timestamp;

use super::cursor::Cursor;

/// Octets of the common header.
pub const LEN: usize = 12;

/// Octets of the microsecond field of the `_ET` types.
pub const MICROSECONDS_LEN: usize = 4;

/// Longest record that is read, in octets after the header.
///
/// A BGP4MP record holds one message of at most 65,535 octets. A RIB record holds one
/// prefix as seen by each peer: the largest collectors have some hundreds of peers at
/// a few hundred octets each, so 4 MiB is more than ten times what exists. Beyond it
/// stands a damaged length field, which must not choose how much memory is taken.
pub const MAX_LEN: u32 = 4 << 20;

pub const BGP: u16 = 5;
pub const TABLE_DUMP: u16 = 12;
pub const TABLE_DUMP_V2: u16 = 13;
pub const BGP4MP: u16 = 16;
pub const BGP4MP_ET: u16 = 17;

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Seconds since the epoch.
    pub seconds: u32,
    /// Type.
    pub kind: u16,
    /// Subtype.
    pub subtype: u16,
    /// Octets that follow.
    pub len: u32,
}

impl Header {
    /// Reads the header that opens `bytes`; None where they are too few.
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let mut cursor = Cursor::new(bytes);
        Some(Header {
            seconds: cursor.u32()?,
            kind: cursor.u16()?,
            subtype: cursor.u16()?,
            len: cursor.u32()?,
        })
    }

    /// Why this cannot be a header, if so.
    pub fn fault(&self) -> Option<&'static str> {
        if self.len > MAX_LEN {
            return Some("a length that no record has");
        }
        match self.kind {
            // RFC 6396 §4 and Appendix B; 32, 33, 48, 49 are IS-IS and OSPFv3.
            1..=13 | 16 | 17 | 32 | 33 | 48 | 49 => None,
            _ => Some("a type that is not assigned"),
        }
    }

    /// The record's time; `micros` is the `_ET` field, ignored for other types.
    pub fn time(&self, micros: u32) -> Timestamp {
        let micros = if self.is_extended() {
            // Some writers let it run over; a second is the most it can mean.
            u64::from(micros.min(999_999))
        } else {
            0
        };
        Timestamp::from_micros(u64::from(self.seconds) * 1_000_000 + micros)
    }

    /// Whether a microsecond field opens the record's body.
    pub const fn is_extended(&self) -> bool {
        matches!(self.kind, BGP4MP_ET | 33 | 49)
    }

    /// Whether this is a record of a table dump.
    pub const fn is_table_dump(&self) -> bool {
        matches!(self.kind, TABLE_DUMP | TABLE_DUMP_V2)
    }
}
