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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bgp::AsPath;

    fn found(length: usize) -> Finds {
        judge(length, &settings::PathLength::default())
    }

    #[test]
    fn fifty_is_quiet_fifty_one_warns_a_hundred_and_one_pages() {
        assert_eq!(found(0), Finds::NONE);
        assert_eq!(found(50), Finds::NONE);
        assert!(found(51).any(Finds::NOTABLE) && !found(51).any(Finds::EXTREME));
        assert!(!found(100).any(Finds::EXTREME));
        assert!(found(101).any(Finds::EXTREME) && found(101).has(Detector::PathLength));
    }

    #[test]
    fn a_set_counts_one_and_a_confederation_nothing() {
        let mut words = vec![AsPath::header(AsPath::CONFED_SEQUENCE, 60)];
        words.extend(65_001..65_061);
        words.extend([AsPath::header(AsPath::CONFED_SET, 2), 65_100, 65_101]);
        words.push(AsPath::header(AsPath::SEQUENCE, 49));
        words.extend(1..50);
        words.extend([AsPath::header(AsPath::SET, 3), 7, 8, 9]);
        let path = AsPath {
            words: &words,
            segmented: true,
        };
        assert_eq!(path.length(), 50);
        assert_eq!(found(path.length()), Finds::NONE);
    }

    #[test]
    fn two_sequences_one_after_the_other_are_one_path() {
        let mut words = vec![AsPath::header(AsPath::SEQUENCE, 255)];
        words.extend([47868; 255]);
        words.push(AsPath::header(AsPath::SEQUENCE, 2));
        words.extend([47868, 47868]);
        let path = AsPath {
            words: &words,
            segmented: true,
        };
        assert_eq!(path.length(), 257);
        assert!(found(path.length()).any(Finds::EXTREME));
    }
}
