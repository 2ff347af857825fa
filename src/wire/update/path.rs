//! AS paths: `AS_PATH` (RFC 4271 §4.3, RFC 5065 §3), `AS4_PATH` and their merge (RFC 6793 §4.2.3).

use crate::bgp::AsPath;

/// A segment's type, AS count and octets.
type Segment<'m> = (u8, u8, &'m [u8]);

/// Octets that are no segments.
struct Malformed;

/// Segments of an AS path attribute, checked as they are met.
struct Segments<'m> {
    rest: &'m [u8],
    asn4: bool,
}

impl<'m> Segments<'m> {
    /// The next segment; None at the end.
    ///
    /// Malformed (RFC 7606 §7.2) is an unknown type, no ASes, or more of them than
    /// octets are left.
    #[inline]
    fn next(&mut self) -> Result<Option<Segment<'m>>, Malformed> {
        let (kind, count, rest) = match self.rest {
            [] => return Ok(None),
            [kind, count, rest @ ..] => (*kind, *count, rest),
            [_] => return Err(Malformed),
        };
        let octets = usize::from(count) * if self.asn4 { 4 } else { 2 };
        if !(AsPath::SET..=AsPath::CONFED_SET).contains(&kind) || count == 0 {
            return Err(Malformed);
        }
        let Some((body, rest)) = rest.split_at_checked(octets) else {
            return Err(Malformed);
        };
        self.rest = rest;
        Ok(Some((kind, count, body)))
    }
}

fn push_asns(octets: &[u8], asn4: bool, words: &mut Vec<u32>) {
    if asn4 {
        let (asns, _) = octets.as_chunks::<4>();
        words.extend(asns.iter().map(|asn| u32::from_be_bytes(*asn)));
    } else {
        let (asns, _) = octets.as_chunks::<2>();
        words.extend(asns.iter().map(|asn| u32::from(u16::from_be_bytes(*asn))));
    }
}

/// Appends a path attribute's words to `words` and says whether they are segmented.
///
/// Adjacent sequences become one. None, and `words` as they were, for a malformed path.
#[inline]
pub fn decode(octets: &[u8], asn4: bool, words: &mut Vec<u32>) -> Option<bool> {
    let mut segments = Segments { rest: octets, asn4 };
    let mut segmented = false;
    while let Some((kind, _, _)) = segments.next().ok()? {
        segmented |= kind != AsPath::SEQUENCE;
    }
    let mut segments = Segments { rest: octets, asn4 };
    let mut open: Option<usize> = None;
    while let Ok(Some((kind, count, body))) = segments.next() {
        if segmented {
            open_run(words, &mut open, kind, u32::from(count));
        }
        push_asns(body, asn4, words);
    }
    Some(segmented)
}

/// Writes the header of a run, or lengthens the sequence that is still open.
fn open_run(words: &mut Vec<u32>, open: &mut Option<usize>, kind: u8, count: u32) {
    if kind != AsPath::SEQUENCE {
        *open = None;
    } else if let Some(header) = open.and_then(|at| words.get_mut(at)) {
        *header += count;
        return;
    } else {
        *open = Some(words.len());
    }
    words.push(AsPath::header(kind, count));
}

/// Decodes an `AS4_PATH` into `words`, without the confederation segments it must not
/// hold (RFC 6793 §6); returns (segmented, whether any were left out), or None where
/// it is malformed.
pub fn decode_as4(octets: &[u8], words: &mut Vec<u32>) -> Option<(bool, bool)> {
    let mut segments = Segments {
        rest: octets,
        asn4: true,
    };
    let (mut segmented, mut confederation) = (false, false);
    while let Some((kind, _, _)) = segments.next().ok()? {
        segmented |= kind == AsPath::SET;
        confederation |= kind > AsPath::SEQUENCE;
    }
    if octets.is_empty() {
        return None;
    }
    let mut segments = Segments {
        rest: octets,
        asn4: true,
    };
    let mut open = None;
    while let Ok(Some((kind, count, body))) = segments.next() {
        if kind > AsPath::SEQUENCE {
            continue;
        }
        if segmented {
            open_run(words, &mut open, kind, u32::from(count));
        }
        push_asns(body, true, words);
    }
    Some((segmented, confederation))
}

/// Rebuilds the path behind a two-octet session: as many leading ASes of `path` as it
/// is longer than `as4`, then `as4`. None where `as4` is the longer and is ignored.
///
/// The result is appended to `merged`; returns whether it is segmented.
pub fn merge(path: AsPath<'_>, as4: AsPath<'_>, merged: &mut Vec<u32>) -> Option<bool> {
    let keep = path.length().checked_sub(as4.length())?;
    if !path.segmented && !as4.segmented {
        merged.extend(path.words.iter().take(keep));
        merged.extend(as4.words);
        return Some(false);
    }
    let mut open = None;
    prepend(path, keep, &mut open, merged);
    if as4.segmented {
        for run in (Runs { rest: as4.words }) {
            open_run(merged, &mut open, run.0, run.1.len() as u32);
            merged.extend(run.1);
        }
    } else if !as4.words.is_empty() {
        open_run(merged, &mut open, AsPath::SEQUENCE, as4.words.len() as u32);
        merged.extend(as4.words);
    }
    Some(true)
}

/// The leading part of `path` that counts `keep`. Confederation segments count nothing
/// and come along where they lead or touch a segment that was kept (RFC 6793 §4.2.3).
fn prepend(path: AsPath<'_>, mut keep: usize, open: &mut Option<usize>, merged: &mut Vec<u32>) {
    let whole = [(AsPath::SEQUENCE, path.words)];
    let runs = Runs {
        rest: if path.segmented { path.words } else { &[] },
    };
    let flat = whole.into_iter().filter(|_| !path.segmented);
    let mut touching = true;
    for (kind, members) in runs.chain(flat) {
        let taken = match kind {
            AsPath::SEQUENCE => members.get(..keep.min(members.len())).unwrap_or_default(),
            AsPath::SET if keep > 0 => members,
            AsPath::SET => &[],
            _ if touching => members,
            _ => &[],
        };
        touching = taken.len() == members.len();
        if taken.is_empty() {
            if !touching {
                break;
            }
            continue;
        }
        match kind {
            AsPath::SEQUENCE => keep -= taken.len(),
            AsPath::SET => keep -= 1,
            _ => {}
        }
        open_run(merged, open, kind, taken.len() as u32);
        merged.extend(taken);
    }
}

/// Runs of a segmented path: type and members.
struct Runs<'a> {
    rest: &'a [u32],
}

impl<'a> Iterator for Runs<'a> {
    type Item = (u8, &'a [u32]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&header, rest) = self.rest.split_first()?;
        let count = ((header & 0x00FF_FFFF) as usize).min(rest.len());
        let (members, rest) = rest.split_at(count);
        self.rest = rest;
        Some(((header >> 24) as u8, members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(octets: &[u8], asn4: bool) -> Option<String> {
        let mut words = Vec::new();
        let segmented = decode(octets, asn4, &mut words)?;
        Some(
            AsPath {
                words: &words,
                segmented,
            }
            .to_string(),
        )
    }

    fn merged(path: &[u8], as4: &[u8]) -> Option<String> {
        let (mut two, mut four, mut out) = (Vec::new(), Vec::new(), Vec::new());
        let path = AsPath {
            segmented: decode(path, false, &mut two)?,
            words: &two,
        };
        let (segmented, _) = decode_as4(as4, &mut four)?;
        let as4 = AsPath {
            segmented,
            words: &four,
        };
        let segmented = merge(path, as4, &mut out)?;
        Some(
            AsPath {
                words: &out,
                segmented,
            }
            .to_string(),
        )
    }

    #[test]
    fn adjacent_sequences_are_one() {
        let octets = [2, 1, 0, 1, 2, 2, 0, 2, 0, 3];
        assert_eq!(text(&octets, false).unwrap(), "1 2 3");
        let octets = [2, 1, 0, 1, 1, 2, 0, 7, 0, 8, 2, 1, 0, 2, 2, 1, 0, 3];
        assert_eq!(text(&octets, false).unwrap(), "1 {7,8} 2 3");
    }

    #[test]
    fn malformed_segments_are_refused() {
        for octets in [
            &[2][..],         // half a header
            &[2, 0],          // no ASes (RFC 7606 §7.2)
            &[0, 1, 0, 1],    // type 0
            &[5, 1, 0, 1],    // type 5
            &[2, 2, 0, 1],    // overrun
            &[2, 1, 0, 1, 2], // an octet left over
            &[2, 255, 0, 1],  // 255 promised
        ] {
            assert_eq!(text(octets, false), None, "{octets:?}");
        }
    }

    #[test]
    fn a_path_of_4096_octets_is_one_sequence() {
        let mut octets = Vec::new();
        for _ in 0..8 {
            octets.extend([2, 255]);
            octets.extend([0, 1].repeat(255));
        }
        let mut words = Vec::new();
        assert_eq!(decode(&octets, false, &mut words), Some(false));
        assert_eq!(words.len(), 8 * 255);
    }

    #[test]
    fn as4_path_replaces_the_tail() {
        let as4 = [2, 2, 0, 3, 0, 0, 0, 4, 0, 0];
        assert_eq!(
            merged(&[2, 3, 0, 9, 0x5B, 0xA0, 0x5B, 0xA0], &as4).unwrap(),
            "9 196608 262144"
        );
    }

    #[test]
    fn as4_path_longer_than_as_path_is_ignored() {
        assert_eq!(merged(&[2, 1, 0, 9], &[2, 2, 0, 3, 0, 0, 0, 4, 0, 0]), None);
    }

    #[test]
    fn confederation_segments_that_lead_are_kept_in_the_merge() {
        let path = [3, 1, 0xFD, 0xE8, 2, 2, 0, 9, 0x5B, 0xA0];
        assert_eq!(
            merged(&path, &[2, 1, 0, 3, 0, 0]).unwrap(),
            "(65000) 9 196608"
        );
    }

    #[test]
    fn a_set_counts_one_in_the_merge() {
        let path = [2, 2, 0, 9, 0, 8, 1, 2, 0x5B, 0xA0, 0, 7];
        let as4 = [1, 2, 0, 3, 0, 0, 0, 0, 0, 7];
        assert_eq!(merged(&path, &as4).unwrap(), "9 8 {196608,7}");
    }

    #[test]
    fn confederation_segments_inside_as4_path_are_left_out() {
        let mut words = Vec::new();
        let as4 = [3, 1, 0, 0, 0, 1, 2, 1, 0, 3, 0, 0];
        assert_eq!(decode_as4(&as4, &mut words), Some((false, true)));
        assert_eq!(words, [196_608]);
    }
}
