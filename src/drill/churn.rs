//! The ordinary noise of the Internet: one peer's real operations of 2026-05-11.
//!
//! Which prefixes and whether announced or withdrawn is real, in their real order and
//! at their real mean rate; times within the second and attributes are made up. An
//! announcement mostly moves a route between its best and its second path or changes
//! a detail, since that is what most real ones do.

use super::{
    feed::Variant,
    random::hash,
    recorder::{Mark, Move, What},
    stage::Stage,
    topology::{NONE, Node},
};
use crate::bgp::Nlri;

/// Operations a second, as in the twelve hours the list is from.
const RATE: u64 = 16;

/// Churn leaves these prefixes alone while they are part of a leak.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    /// Sorted.
    pub prefixes: Vec<Nlri<u32>>,
    /// Microseconds since the recording began.
    pub from: u64,
    pub until: u64,
}

/// Writes down the churn from the recording's beginning for `duration` microseconds.
pub(super) fn moves(stage: &mut Stage, duration: u64, reserved: &[Reserved]) -> Vec<Move> {
    let churn = std::mem::take(&mut stage.holdings.churn);
    let mut out = Vec::new();
    let feeds = stage.feeds.len();
    // A sampled table churns in proportion to its size.
    let share = churn.operations.len() as u64 * 1_000 / 696_710;
    let gap = 1_000_000 * 1_000 / (RATE * share.max(1));
    let mut at = 2_000_000;
    for (operation, index) in churn.operations.iter().zip(0_u64..) {
        at += hash(stage.seed ^ 0xC4, index) % (2 * gap);
        if at >= duration {
            break;
        }
        let place = usize::from(operation.prefix);
        let Some(&prefix) = churn.prefixes.get(place) else {
            continue;
        };
        let origin = stage
            .holdings
            .churn_origins
            .get(place)
            .copied()
            .unwrap_or(NONE);
        if reserved.iter().any(|leak| leak.holds(&prefix, at)) {
            continue;
        }
        // Half of all prefixes change for everyone, the others for one neighbour only.
        let scope = hash(
            stage.seed,
            u64::from(prefix.addr) << 8 | u64::from(prefix.len),
        );
        let only = (scope % 2 == 1).then_some((scope >> 8) as usize % feeds.max(1));
        for feed in (0..feeds).filter(|feed| only.is_none_or(|only| only == *feed)) {
            let delay = hash(index, feed as u64) % 800_000;
            let what = if operation.withdraw {
                What::Withdraw
            } else {
                announcement(stage, feed, origin, &prefix, hash(index, 0xA))
            };
            out.push(Move {
                at: at + if feed == 0 { 0 } else { delay },
                feed: feed as u8,
                what,
                prefix,
                mark: Mark::Ordinary,
            });
        }
    }
    stage.holdings.churn = churn;
    out
}

impl Reserved {
    fn holds(&self, prefix: &Nlri<u32>, at: u64) -> bool {
        (self.from..self.until).contains(&at) && self.prefixes.binary_search(prefix).is_ok()
    }
}

fn announcement(
    stage: &mut Stage,
    feed: usize,
    origin: Node,
    prefix: &Nlri<u32>,
    chance: u64,
) -> What {
    let topology = &stage.topology;
    let Some(feed) = stage.feeds.get_mut(feed) else {
        return What::Withdraw;
    };
    What::Announce(match chance % 100 {
        0..55 => feed.ordinary(origin, prefix),
        55..80 => feed.alternate(origin),
        80..92 => feed.variant(topology, origin, Variant::Med),
        _ => feed.variant(topology, origin, Variant::Prepended),
    })
}
