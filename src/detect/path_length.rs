//! `path_length`: paths longer than anybody needs.
//!
//! Counted after the `AS4_PATH` merge; a set is 1, confederation segments 0. Paths
//! over 25 ASes are one route in 10,000, over 50 have no known use; some routers
//! reset sessions at 75 (and cannot encode above 255 in one segment), and 100 is
//! the customary filter, hence the defaults.

use super::{Detector, Finds, settings};

/// Judges a length in ASes.
pub fn judge(length: usize, settings: &settings::PathLength) -> Finds {
    if length > usize::from(settings.page) {
        Finds::of(Detector::PathLength) | Finds::EXTREME | Finds::NOTABLE
    } else if length > usize::from(settings.warn) {
        Finds::of(Detector::PathLength) | Finds::NOTABLE
    } else {
        Finds::NONE
    }
}
