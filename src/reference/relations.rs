//! Business relations between ASes, as CAIDA's relationship files give them.
//!
//! Serial-1 lines are `provider|customer|-1` and `peer|peer|0`; serial-2 adds a
//! fourth column, the source of the inference. `1` for siblings, which some
//! inference tools write, is understood. Lines starting with `#` are comments.

use std::io::BufRead;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::bgp::Asn;

/// What one AS is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It pays the other for transit.
    Customer,
    /// It sells the other transit.
    Provider,
    /// They exchange their own and their customers' routes.
    Peer,
    /// One administration.
    Sibling,
    /// Nothing is known, or what is known contradicts itself.
    Unknown,
}

impl Relation {
    /// The same link seen from the other end.
    #[must_use]
    pub const fn reversed(self) -> Relation {
        match self {
            Relation::Customer => Relation::Provider,
            Relation::Provider => Relation::Customer,
            other => other,
        }
    }
}

/// A relationship file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RelationsError {
    /// A line of it says nothing that is understood.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// It could not be read to its end.
    #[error("after line {line}: {source}")]
    Read {
        /// The last line that was read.
        line: usize,
        /// Why.
        source: std::io::Error,
    },
    /// It holds not one link: surely another file was meant.
    #[error("holds no `provider|customer|-1` or `peer|peer|0` line")]
    Empty,
}

/// Longest line taken; real ones are under 40 bytes.
const LONGEST_LINE: u64 = 4096;

/// Links between ASes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relations {
    /// Lower AS number in the high half; what the higher AS is to the lower.
    links: HashMap<u64, Relation, FixedState>,
    /// Provider in the high half, customer in the low, ascending.
    customers: Vec<u64>,
}

const fn pair(high: Asn, low: Asn) -> u64 {
    ((high.0 as u64) << 32) | low.0 as u64
}

impl Relations {
    /// Reads serial-1 or serial-2 text.
    ///
    /// Two lines that contradict each other (a hybrid relation, different in
    /// different places) leave the link [`Relation::Unknown`].
    ///
    /// # Errors
    /// The first line that is not understood, with its number.
    pub fn parse(mut reader: impl BufRead) -> Result<Relations, RelationsError> {
        let mut relations = Relations::default();
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let mut limited = std::io::Read::take(&mut reader, LONGEST_LINE);
            let read =
                limited
                    .read_until(b'\n', &mut text)
                    .map_err(|source| RelationsError::Read {
                        line: line - 1,
                        source,
                    })?;
            if read == 0 {
                break;
            }
            if text.first() == Some(&b'#') {
                skip_rest(&mut reader, &text).map_err(|source| RelationsError::Read {
                    line: line - 1,
                    source,
                })?;
                continue;
            }
            match link(&text) {
                Ok(Some((a, b, relation))) => relations.add(a, b, relation),
                Ok(None) => {}
                Err(problem) => return Err(RelationsError::Line { line, problem }),
            }
        }
        if relations.links.is_empty() {
            return Err(RelationsError::Empty);
        }
        relations.finish();
        Ok(relations)
    }

    /// Records that `b` is a `relation` of `a`.
    fn add(&mut self, a: Asn, b: Asn, relation: Relation) {
        let (key, relation) = if a <= b {
            (pair(a, b), relation)
        } else {
            (pair(b, a), relation.reversed())
        };
        self.links
            .entry(key)
            .and_modify(|known| {
                if *known != relation {
                    *known = Relation::Unknown;
                }
            })
            .or_insert(relation);
    }

    fn finish(&mut self) {
        self.customers = self
            .links
            .iter()
            .filter_map(|(key, relation)| match relation {
                Relation::Customer => Some(*key),
                Relation::Provider => Some(key.rotate_left(32)),
                _ => None,
            })
            .collect();
        self.customers.sort_unstable();
        self.links.shrink_to_fit();
    }

    /// What `b` is to `a`.
    pub fn relation(&self, a: Asn, b: Asn) -> Relation {
        if a <= b {
            self.link(pair(a, b))
        } else {
            self.link(pair(b, a)).reversed()
        }
    }

    fn link(&self, key: u64) -> Relation {
        self.links.get(&key).copied().unwrap_or(Relation::Unknown)
    }

    /// The direct customers of `provider`, ascending.
    pub fn customers(&self, provider: Asn) -> impl Iterator<Item = Asn> + '_ {
        let from = self
            .customers
            .partition_point(|key| *key < pair(provider, Asn(0)));
        self.customers
            .iter()
            .skip(from)
            .take_while(move |key| (*key >> 32) as u32 == provider.0)
            .map(|key| Asn(*key as u32))
    }

    /// Number of links.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether no file was read.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

/// A comment may be longer than any line of data (CAIDA lists its collectors so).
fn skip_rest(reader: &mut impl BufRead, line: &[u8]) -> std::io::Result<()> {
    if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
        reader.skip_until(b'\n')?;
    }
    Ok(())
}

/// `(a, b, what b is to a)`, or none of a blank line.
fn link(line: &[u8]) -> Result<Option<(Asn, Asn, Relation)>, String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Err("is not text; is the file compressed in another format?".to_owned());
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut columns = text.split('|').map(str::trim);
    let mut column = || columns.next().unwrap_or_default();
    let (first, second, kind) = (column(), column(), column());
    let (Ok(a), Ok(b)) = (first.parse::<Asn>(), second.parse::<Asn>()) else {
        let shown: String = text.chars().take(60).collect();
        return Err(format!(
            "`{}` is not `AS|AS|-1` or `AS|AS|0`",
            shown.escape_debug()
        ));
    };
    let relation = match kind {
        "-1" => Relation::Customer,
        "0" => Relation::Peer,
        "1" => Relation::Sibling,
        other => {
            let shown: String = other.chars().take(20).collect();
            return Err(format!(
                "relation `{}` is none of -1 (provider|customer), 0 (peers), 1 (siblings)",
                shown.escape_debug()
            ));
        }
    };
    if a == b {
        return Err(format!("links {a} with itself"));
    }
    Ok(Some((a, b, relation)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Relations, RelationsError> {
        Relations::parse(text.as_bytes())
    }

    #[test]
    fn both_serials_are_read_and_seen_from_both_ends() {
        let text = "# source:topology|BGP\n\n1|11537|0\n701|64500|-1\r\n64501|174|-1|bgp\n3|4|1\n";
        let relations = parse(text).unwrap();
        let relation = |a, b| relations.relation(Asn(a), Asn(b));
        assert_eq!(relation(701, 64500), Relation::Customer);
        assert_eq!(relation(64500, 701), Relation::Provider);
        assert_eq!(relation(64501, 174), Relation::Customer);
        assert_eq!(relation(174, 64501), Relation::Provider);
        assert_eq!(relation(11537, 1), Relation::Peer);
        assert_eq!(relation(4, 3), Relation::Sibling);
        assert_eq!(relation(1, 2), Relation::Unknown);
        assert_eq!(relations.len(), 4);
    }

    #[test]
    fn customers_are_listed_whichever_number_is_higher() {
        let relations = parse("20|30|-1\n20|10|-1\n20|40|0\n50|20|-1\n19|60|-1\n").unwrap();
        let customers: Vec<Asn> = relations.customers(Asn(20)).collect();
        assert_eq!(customers, [Asn(10), Asn(30)]);
        assert_eq!(relations.customers(Asn(40)).count(), 0);
    }

    #[test]
    fn contradicting_lines_leave_the_link_unknown() {
        let relations = parse("1|2|-1\n2|1|-1\n1|3|-1\n1|3|-1\n").unwrap();
        assert_eq!(relations.relation(Asn(1), Asn(2)), Relation::Unknown);
        assert_eq!(relations.relation(Asn(1), Asn(3)), Relation::Customer);
        assert_eq!(relations.customers(Asn(1)).count(), 1);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        for (text, line) in [
            ("1|2|0\n1|x|0\n", 2),
            ("1|2|7\n", 1),
            ("1|2\n", 1),
            ("#\n5|5|0\n", 2),
            ("1|4294967296|0\n", 1),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("line {line}: ")),
                "{text:?}: {error}"
            );
        }
        let error = Relations::parse(&b"1|2|0\n\x1f\x8b\n"[..]).unwrap_err();
        assert!(error.to_string().contains("not text"));
        assert!(matches!(parse("# only\n"), Err(RelationsError::Empty)));
    }

    #[test]
    fn an_endless_line_is_refused_and_an_endless_comment_skipped() {
        let long = "x".repeat(100_000);
        assert!(parse(&long).is_err());
        let relations = parse(&format!("#{long}\n1|2|0\n")).unwrap();
        assert_eq!(relations.relation(Asn(1), Asn(2)), Relation::Peer);
    }
}
