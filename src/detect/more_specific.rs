//! `more_specific`: a prefix nobody has, nor had of late, under one that somebody has.
//!
//! One is everyday traffic engineering; hundreds through one AS at once are how
//! August 2017 and November 2017 began.

use std::time::Duration;

use crate::{
    bgp::Timestamp,
    rib::{Change, Family, NEVER, Rib, seconds},
};

/// The nearest covering row of a route that is new in this sense.
pub fn cover<A: Family, V: Copy + Default>(
    rib: &Rib<V>,
    change: &Change,
    addr: A,
    len: u8,
    now: Timestamp,
    history: Duration,
) -> Option<u32>
where
    (A, u8): prefix_trie::Prefix,
{
    let left = change.absent_since?;
    if left != NEVER && u64::from(seconds(now).saturating_sub(left)) < history.as_secs() {
        return None;
    }
    let row = rib.table::<A>().cover(addr, len)?;
    // No registry ever delegated a shorter one; a default route covers nothing.
    let shortest = if A::BITS == 32 { 8 } else { 16 };
    rib.table::<A>()
        .get(row)
        .filter(|cover| cover.len >= shortest)
        .map(|_| row)
}
