//! MRT files (RFC 6396, RFC 8050) to batches of events.
//!
//! [`Input`] opens a file and undoes its compression; [`MrtReader`] turns its records
//! into events. Reading never fails: what could not be read is listed as a
//! [`Problem`] with its place in the file, counted, and passed over.
//!
//! Read are `TABLE_DUMP`, `TABLE_DUMP_V2` (unicast, with and without path
//! identifiers), `BGP4MP` and `BGP4MP_ET` messages and state changes, and the records
//! of type 5 that came before them.

mod bgp4mp;
mod decoder;
mod header;
mod input;
mod peers;
mod problem;
mod reader;
mod table_dump;
#[cfg(test)]
mod tests;
mod whole;

pub use input::{Compression, Input};
pub use problem::{MAX_PROBLEMS, Problem};
pub use reader::{MrtReader, Status};
pub use whole::WholeRecords;

use std::{io, path::Path};

use super::cursor;
use crate::bgp::Timestamp;

/// What a file's first record says of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peek {
    /// The first record's time.
    pub time: Timestamp,
    /// Whether that record is part of a table dump: the file is a RIB file.
    pub table_dump: bool,
}

/// Looks at the first record of a file; None where there is none to be read.
///
/// # Errors
/// The file cannot be opened or read.
pub fn peek(path: &Path) -> io::Result<Option<Peek>> {
    peek_input(Input::open(path)?)
}

/// Looks at the first record of an input; None where there is none to be read.
///
/// # Errors
/// The input cannot be read.
pub fn peek_input(mut input: Input) -> io::Result<Option<Peek>> {
    let (bytes, outcome) = input.take_up_to(header::LEN + header::MICROSECONDS_LEN);
    let header = header::Header::read(bytes);
    match (header, outcome) {
        // A compressed stream too torn to give even this is for the reader to report.
        (Some(header), _) if header.fault().is_none() => {
            let micros = bytes
                .get(header::LEN..)
                .and_then(<[u8]>::first_chunk)
                .map_or(0, |octets| u32::from_be_bytes(*octets));
            Ok(Some(Peek {
                time: header.time(micros),
                table_dump: header.is_table_dump(),
            }))
        }
        (_, Err(error)) if input.compression() == Compression::None => Err(error),
        _ => Ok(None),
    }
}

/// The time of a file's first record, for putting files in order.
///
/// # Errors
/// As [`peek`].
pub fn first_timestamp(path: &Path) -> io::Result<Option<Timestamp>> {
    Ok(peek(path)?.map(|peek| peek.time))
}
