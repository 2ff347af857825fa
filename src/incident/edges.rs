//! Between whom the routes of an incident were handed on, as its examples show it.
//!
//! An incident has the name of the edge that it was first seen on. A leak spreads: a minute later
//! it may come in behind two other networks, and a filter for the first edge stops a part of it.

use super::report::IncidentEvent;
use crate::bgp::Asn;

/// Networks that are named one by one, and that a filter is made for.
pub const FEW: usize = 3;
/// Of so many examples one at least has to show an edge: any route may change its way by chance.
const ONE_OF: usize = 10;

/// Who stands before the offender in the paths, towards us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// Networks that took the routes from the offender, the one in the incident's name first.
    pub takers: Vec<Asn>,
    /// It is the first AS of some paths: these came from it, or from us.
    pub direct: bool,
    /// A good part came through others than these.
    pub others: bool,
}

impl Edges {
    /// Those of an incident with an offender; `ours` is our own AS.
    pub fn of(event: &IncidentEvent, ours: Option<Asn>) -> Self {
        let mut edges = Edges::default();
        if let Some(neighbour) = event.neighbour {
            edges.add(neighbour, ours);
        }
        let Some(offender) = event.offender else {
            return edges;
        };
        let mut shown: Vec<(Asn, usize)> = Vec::new();
        let mut all = 0;
        for sample in &event.samples {
            let Some(taker) = taker(&sample.after, offender) else {
                continue;
            };
            all += 1;
            match shown.iter_mut().find(|(asn, _)| *asn == taker) {
                Some((_, count)) => *count += 1,
                None => shown.push((taker, 1)),
            }
        }
        shown.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let mut covered = 0;
        for (taker, count) in shown {
            if count * ONE_OF >= all || Some(taker) == event.neighbour {
                edges.add(if taker == offender { Asn(0) } else { taker }, ours);
                covered += count;
            }
        }
        edges.others = covered * ONE_OF < all * (ONE_OF - 1);
        edges
    }

    /// Takes one in; 0 stands for nobody between the offender and us.
    fn add(&mut self, taker: Asn, ours: Option<Asn>) {
        if taker == Asn(0) || Some(taker) == ours {
            self.direct = true;
        } else if !self.takers.contains(&taker) {
            self.takers.push(taker);
        }
    }

    /// Those that took the routes, where these are all and few.
    pub fn few(&self) -> Option<&[Asn]> {
        let few = (1..=FEW).contains(&self.takers.len()) && !self.others;
        few.then_some(&self.takers[..])
    }
}

/// Who stands before the offender; the offender itself where it is the first. None where it is not
/// on the path, or stands behind a set.
fn taker(path: &str, offender: Asn) -> Option<Asn> {
    let mut before = offender;
    for word in path.split(' ') {
        match word.parse().map(Asn) {
            Ok(asn) if asn == offender => return (before != Asn(0)).then_some(before),
            Ok(asn) => before = asn,
            Err(_) => before = Asn(0),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::filters::tests::event;
    use crate::incident::{Kind, report::Sample};

    /// A leak of 15169's through 701 with so many examples of each path.
    fn edges(paths: &[(usize, &str)]) -> Edges {
        let mut event = event(Kind::Leak);
        let one = event.samples[0].clone();
        event.samples.clear();
        for &(count, path) in paths {
            let sample = Sample {
                after: path.to_owned(),
                ..one.clone()
            };
            event.samples.extend(std::iter::repeat_n(sample, count));
        }
        Edges::of(&event, Some(Asn(64500)))
    }

    #[test]
    fn every_network_that_took_a_good_part_is_named_the_first_one_first() {
        let two = edges(&[(60, "2914 15169 4713"), (40, "3356 701 15169 4713")]);
        assert_eq!(two.few(), Some(&[Asn(701), Asn(2914)][..]));
        assert!(!two.direct);
        let chance = edges(&[(100, "701 15169 4713"), (5, "2914 15169 4713")]);
        assert_eq!(chance.few(), Some(&[Asn(701)][..]));
        assert_eq!(edges(&[]).few(), Some(&[Asn(701)][..]));
    }

    #[test]
    fn it_is_direct_where_the_offender_or_we_stand_first() {
        for path in ["15169 15169 4713", "64500 15169 4713"] {
            let both = edges(&[(10, "701 15169 4713"), (10, path)]);
            assert_eq!((both.takers.len(), both.direct), (1, true), "{path}");
        }
    }

    #[test]
    fn many_small_parts_are_not_taken_for_a_few() {
        let many: Vec<String> = (1..=30).map(|asn| format!("{asn} 15169 4713")).collect();
        let mut paths: Vec<(usize, &str)> = many.iter().map(|path| (1, &path[..])).collect();
        paths.push((30, "701 15169 4713"));
        let many = edges(&paths);
        assert_eq!(
            (many.takers.as_slice(), many.few()),
            (&[Asn(701)][..], None)
        );
    }

    #[test]
    fn a_set_before_the_offender_names_nobody() {
        assert_eq!(taker("701 {1,2} 15169", Asn(15169)), None);
        assert_eq!(taker("701 15169", Asn(15169)), Some(Asn(701)));
        assert_eq!(taker("701 3356", Asn(15169)), None);
    }
}
