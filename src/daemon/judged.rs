//! How far directories were read of which everything was judged.
//!
//! A bookmark is written down behind all that was said of what it covers, by the same recorder:
//! what is the table after a restart was judged before it, and what came of that is known. What
//! nobody came to judge, or to write down, is news again.

use std::{collections::BTreeMap, time::Duration};

use super::recorder::Entry;
use crate::{bgp::Timestamp, feed::mrt::Bookmark, store::Write};

/// So often at most it is written down: every time costs a sync of the disk. What was judged since
/// is judged twice where we end without warning, which finds the same incidents.
const EVERY: Duration = Duration::from_secs(10);
/// Records of one moment may come in more than one batch; no others come after so long.
const SETTLES: Duration = Duration::from_secs(2);

/// The bookmarks of all directories.
#[derive(Debug, Default)]
pub struct Judged {
    places: BTreeMap<String, Place>,
    turned: Timestamp,
}

#[derive(Debug)]
struct Place {
    /// The latest, and when it came.
    latest: Bookmark,
    at: Timestamp,
    /// The one before: no more can come of it.
    before: Option<Bookmark>,
    /// It is to be written down at the next turn, when what began then has shown itself.
    next: Option<Bookmark>,
    /// Up to where it was written down.
    written: Timestamp,
}

impl Judged {
    /// All up to this was judged.
    pub fn put(&mut self, bookmark: Bookmark, now: Timestamp) {
        match self.places.get_mut(&bookmark.name) {
            Some(place) if bookmark.read_until > place.latest.read_until => {
                place.before = Some(std::mem::replace(&mut place.latest, bookmark));
                place.at = now;
            }
            // More of the same moment.
            Some(place) if bookmark.read_until == place.latest.read_until => place.at = now,
            // It is read from an earlier place once more.
            Some(_) => {}
            None => {
                let place = Place {
                    latest: bookmark,
                    at: now,
                    before: None,
                    next: None,
                    written: Timestamp::ZERO,
                };
                self.places.insert(place.latest.name.clone(), place);
            }
        }
    }

    /// What is to be written down now, if anything is. `idle` is whether nothing waits to be
    /// judged.
    pub fn tick(&mut self, now: Timestamp, idle: bool) -> Option<Entry> {
        if now.since(self.turned) < EVERY {
            return None;
        }
        self.turned = now;
        let mut rows = Vec::new();
        for place in self.places.values_mut() {
            let due = place.next.take();
            rows.extend(due.and_then(|due| place.write(&due)));
            place.next = place.sure(now, idle);
        }
        entry(rows)
    }

    /// What is to be written down at the end.
    pub fn finish(&mut self, now: Timestamp, idle: bool) -> Option<Entry> {
        let write = |place: &mut Place| place.write(&place.sure(now, idle)?);
        entry(self.places.values_mut().filter_map(write).collect())
    }
}

impl Place {
    fn sure(&self, now: Timestamp, idle: bool) -> Option<Bookmark> {
        if idle && now.since(self.at) >= SETTLES {
            Some(self.latest.clone())
        } else {
            self.before.clone()
        }
    }

    fn write(&mut self, bookmark: &Bookmark) -> Option<Write> {
        if bookmark.read_until <= self.written {
            return None;
        }
        self.written = bookmark.read_until;
        Some(bookmark.row())
    }
}

fn entry(rows: Vec<Write>) -> Option<Entry> {
    (!rows.is_empty()).then_some(Entry::Rows(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + second)
    }

    fn bookmark(read: u64) -> Bookmark {
        Bookmark {
            name: "rrc00".to_owned(),
            read_until: at(read),
            until: at(100_000),
        }
    }

    /// Up to which second is written down.
    fn written(entry: Option<Entry>) -> Option<u64> {
        let Some(Entry::Rows(rows)) = entry else {
            return None;
        };
        let [row] = &rows[..] else {
            panic!("{rows:?}");
        };
        (0..1000).find(|second| *row == bookmark(*second).row())
    }

    #[test]
    fn a_place_is_written_a_turn_after_it_was_judged() {
        let mut judged = Judged::default();
        judged.put(bookmark(1), at(100));
        assert_eq!(written(judged.tick(at(103), true)), None);
        judged.put(bookmark(2), at(104));
        judged.put(bookmark(3), at(105));
        assert_eq!(written(judged.tick(at(112), true)), None, "too soon");
        assert_eq!(written(judged.tick(at(113), true)), Some(1));
        assert_eq!(written(judged.tick(at(123), true)), Some(3));
        assert_eq!(written(judged.tick(at(133), true)), None, "once");
        assert_eq!(written(judged.finish(at(134), true)), None);
    }

    #[test]
    fn of_a_moment_of_which_more_may_come_nothing_is_said() {
        let mut judged = Judged::default();
        judged.put(bookmark(1), at(100));
        assert_eq!(written(judged.finish(at(101), true)), None);
        assert_eq!(written(judged.finish(at(110), false)), None, "more waits");
        judged.put(bookmark(1), at(111));
        assert_eq!(written(judged.finish(at(112), true)), None);
        judged.put(bookmark(2), at(112));
        assert_eq!(written(judged.finish(at(112), false)), Some(1));
        assert_eq!(written(judged.finish(at(114), true)), Some(2));
        judged.put(bookmark(1), at(115));
        assert_eq!(written(judged.finish(at(120), true)), None, "read again");
    }
}
