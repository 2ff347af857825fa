//! Bytes to vocabulary: the edge that knows how BGP looks on the wire and in files.
//!
//! [`update`] scans UPDATE messages, [`mrt`] reads recorded files; both fill a
//! [`crate::bgp::Batch`] and count what they met in a [`Tally`]. What was wrong with
//! the input never leaves this room as an error: it is counted under a [`Reason`].
//! [`bmp`] takes the messages of live routers apart; their sessions are kept in `feed`.

pub mod bmp;
mod cursor;
pub mod encode;
pub mod mrt;
pub mod recorded;
mod tally;
pub mod update;

pub use tally::{Reason, Tally};
