//! `path_repeat`: one AS many times in a row, or at two separate places.
//!
//! Prepending five times is common, ten already odd; twenty helps nobody and has
//! taken routers down (16 February 2009: 252 times). The same AS at two separate
//! places is a loop some router let through, or a forged path.

use super::{Detector, Finds, settings};
use crate::bgp::{AsPath, Asn};

/// The longest run of one AS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Whose.
    pub asn: Asn,
    /// The AS before it, towards us.
    pub before: Option<Asn>,
    /// How often in a row.
    pub times: usize,
}

/// Finds the longest run and whether an AS comes back after another.
pub fn scan(path: AsPath<'_>) -> (Run, Option<Asn>) {
    let mut longest = Run::default();
    let mut current = Run::default();
    let mut separate = None;
    for (index, asn) in path.sequence_hops().enumerate() {
        if current.times > 0 && current.asn == asn {
            current.times += 1;
        } else {
            let before = (current.times > 0).then_some(current.asn);
            if separate.is_none() && before.is_some() && seen_before(path, asn, index) {
                separate = Some(asn);
            }
            current = Run {
                asn,
                before,
                times: 1,
            };
        }
        if current.times > longest.times {
            longest = current;
        }
    }
    (longest, separate)
}

/// Whether `asn` stands among the first `index` ASes. Quadratic in the number of
/// runs at worst, so it looks at the first few hundred only; real paths have ten.
fn seen_before(path: AsPath<'_>, asn: Asn, index: usize) -> bool {
    path.sequence_hops()
        .take(index.min(256))
        .any(|earlier| earlier == asn)
}

/// Judges what [`scan`] found.
pub fn judge(run: Run, separate: Option<Asn>, settings: &settings::PathRepeat) -> Finds {
    let mut finds = Finds::NONE;
    if run.times > usize::from(settings.info) {
        finds |= Finds::of(Detector::PathRepeat);
    }
    if run.times > usize::from(settings.warn) {
        finds |= Finds::NOTABLE;
    }
    if run.times > usize::from(settings.page) {
        finds |= Finds::EXTREME;
    }
    if separate.is_some() {
        finds |= Finds::of(Detector::PathRepeat) | Finds::SEPARATE;
    }
    finds
}
