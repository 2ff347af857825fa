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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[u32]) -> Finds {
        let (run, separate) = scan(AsPath::sequence(words));
        judge(run, separate, &settings::PathRepeat::default())
    }

    fn prepended(times: usize) -> Vec<u32> {
        let mut words = vec![3356, 29113];
        words.extend(std::iter::repeat_n(47868, times));
        words
    }

    #[test]
    fn a_run_is_noted_above_ten_warned_of_above_twenty_and_pages_above_fifty() {
        assert_eq!(found(&prepended(10)), Finds::NONE);
        assert_eq!(found(&prepended(11)), Finds::of(Detector::PathRepeat));
        assert!(!found(&prepended(20)).any(Finds::NOTABLE));
        assert!(found(&prepended(21)).any(Finds::NOTABLE));
        assert!(!found(&prepended(50)).any(Finds::EXTREME));
        assert!(found(&prepended(51)).any(Finds::EXTREME));
    }

    #[test]
    fn the_run_is_laid_to_whom_it_is_of_and_who_took_it() {
        let (run, _) = scan(AsPath::sequence(&prepended(252)));
        assert_eq!(
            (run.asn, run.before, run.times),
            (Asn(47868), Some(Asn(29113)), 252)
        );
        let (run, _) = scan(AsPath::sequence(&[65; 30]));
        assert_eq!((run.asn, run.before, run.times), (Asn(65), None, 30));
    }

    #[test]
    fn a_run_over_two_segments_is_one_run() {
        let mut words = vec![AsPath::header(AsPath::SEQUENCE, 255)];
        words.extend([47868; 255]);
        words.push(AsPath::header(AsPath::SEQUENCE, 100));
        words.extend([47868; 100]);
        let path = AsPath {
            words: &words,
            segmented: true,
        };
        assert_eq!(scan(path).0.times, 355);
    }

    #[test]
    fn one_as_at_two_separate_places_is_found_and_prepending_is_not_that() {
        assert!(found(&[3356, 65, 66, 65]).any(Finds::SEPARATE));
        assert!(found(&[3356, 65, 66, 65]).has(Detector::PathRepeat));
        assert_eq!(found(&[3356, 65, 65, 65]), Finds::NONE);
        assert_eq!(found(&[]), Finds::NONE);
    }
}
