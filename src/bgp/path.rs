//! AS paths as the core sees them: merged (RFC 6793), borrowed, in 32-bit words.

use std::fmt;

use super::Asn;

/// One element of a path, in the order it is read: nearest AS first, origin last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop<'a> {
    /// One AS of an `AS_SEQUENCE`.
    As(Asn),
    /// An `AS_SET` (RFC 4271; deprecated by RFC 9774). Counts 1, has no origin.
    Set(&'a [u32]),
    /// An `AS_CONFED_SEQUENCE` (RFC 5065). Counts 0.
    ConfedSequence(&'a [u32]),
    /// An `AS_CONFED_SET` (RFC 5065). Counts 0.
    ConfedSet(&'a [u32]),
}

/// A borrowed AS path.
///
/// `words` has one of two shapes. Where `segmented` is false, as on nearly every
/// route, each word is one AS of a single `AS_SEQUENCE` (adjacent sequences are one:
/// a path longer than 255 ASes arrives in several). Where it is true, words come
/// in runs: a header `type << 24 | count`, then `count` AS numbers, the type being
/// RFC 4271's and RFC 5065's (1 set, 2 sequence, 3 confederation sequence,
/// 4 confederation set).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct AsPath<'a> {
    /// The words; see the type's documentation.
    pub words: &'a [u32],
    /// Whether segment headers stand in `words`.
    pub segmented: bool,
}

impl<'a> AsPath<'a> {
    /// `AS_SET`.
    pub const SET: u8 = 1;
    /// `AS_SEQUENCE`.
    pub const SEQUENCE: u8 = 2;
    /// `AS_CONFED_SEQUENCE`.
    pub const CONFED_SEQUENCE: u8 = 3;
    /// `AS_CONFED_SET`.
    pub const CONFED_SET: u8 = 4;

    /// A path of one `AS_SEQUENCE`.
    pub const fn sequence(words: &'a [u32]) -> Self {
        AsPath {
            words,
            segmented: false,
        }
    }

    /// The word that opens a run of `count` ASes of segment type `kind`.
    pub const fn header(kind: u8, count: u32) -> u32 {
        ((kind as u32) << 24) | (count & 0x00FF_FFFF)
    }

    /// Every element from the nearest AS to the origin.
    pub fn hops(self) -> Hops<'a> {
        Hops {
            rest: self.words,
            sequence: if self.segmented { 0 } else { self.words.len() },
        }
    }

    /// ASes of sequences only, nearest first: sets and confederations left out.
    pub fn sequence_hops(self) -> impl Iterator<Item = Asn> + 'a {
        self.hops().filter_map(|hop| match hop {
            Hop::As(asn) => Some(asn),
            _ => None,
        })
    }

    /// Length as route selection counts it: a set is 1 (RFC 4271 §9.1.2.2),
    /// confederation segments 0 (RFC 5065 §5.3).
    pub fn length(self) -> usize {
        if !self.segmented {
            return self.words.len();
        }
        self.hops()
            .filter(|hop| matches!(hop, Hop::As(_) | Hop::Set(_)))
            .count()
    }

    /// The AS that originated the route; none for an empty path or one ending in
    /// a set (RFC 6811 §2).
    pub fn origin(self) -> Option<Asn> {
        if !self.segmented {
            return self.words.last().copied().map(Asn);
        }
        match self
            .hops()
            .filter(|hop| matches!(hop, Hop::As(_) | Hop::Set(_)))
            .last()
        {
            Some(Hop::As(asn)) => Some(asn),
            _ => None,
        }
    }
}

/// Iterator over [`Hop`]s.
#[derive(Clone, Debug)]
pub struct Hops<'a> {
    rest: &'a [u32],
    sequence: usize,
}

impl<'a> Iterator for Hops<'a> {
    type Item = Hop<'a>;

    fn next(&mut self) -> Option<Hop<'a>> {
        loop {
            let (&word, rest) = self.rest.split_first()?;
            self.rest = rest;
            if self.sequence > 0 {
                self.sequence -= 1;
                return Some(Hop::As(Asn(word)));
            }
            let count = ((word & 0x00FF_FFFF) as usize).min(rest.len());
            let kind = (word >> 24) as u8;
            if kind == AsPath::SEQUENCE {
                self.sequence = count;
                continue;
            }
            let (members, after) = rest.split_at(count);
            self.rest = after;
            return Some(match kind {
                AsPath::SET => Hop::Set(members),
                AsPath::CONFED_SEQUENCE => Hop::ConfedSequence(members),
                _ => Hop::ConfedSet(members),
            });
        }
    }
}

/// As routers print it: `701 15169 {45629,64500} (65001 65002) [65003]`.
impl fmt::Display for AsPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, hop) in self.hops().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            let (open, members, between, close) = match hop {
                Hop::As(Asn(asn)) => {
                    write!(f, "{asn}")?;
                    continue;
                }
                Hop::Set(members) => ("{", members, ",", "}"),
                Hop::ConfedSequence(members) => ("(", members, " ", ")"),
                Hop::ConfedSet(members) => ("[", members, ",", "]"),
            };
            f.write_str(open)?;
            for (index, asn) in members.iter().enumerate() {
                if index > 0 {
                    f.write_str(between)?;
                }
                write!(f, "{asn}")?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}
