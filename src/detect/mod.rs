//! One file per detector: what a change of a route, a path or a count says is wrong.
//!
//! Path detectors judge a path once, when it is first seen ([`judge`]); route
//! detectors judge the route as it was and as it is; rate detectors keep token
//! buckets per view. What they find is folded into incidents next door.

pub mod bogon;
mod bucket;
mod finds;
mod gate;
pub mod maximum_prefix;
pub mod more_specific;
pub mod never_transit;
pub mod origin;
pub mod outbound;
pub mod own_prefix;
pub mod path_length;
pub mod path_repeat;
pub mod peerlock;
pub mod settings;
pub mod specific;
pub mod surge;
pub mod valley;
mod verdict;
pub mod withdrawal;

pub use bucket::Bucket;
pub use finds::{Detector, Finds};
pub use gate::{Gate, Phase};
pub use verdict::{Leak, Verdict, judge, sender};
