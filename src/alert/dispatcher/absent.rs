//! Sinks that are used no more, and what they believe.
//!
//! A reload may give a sink another name, or leave it out by mistake until somebody puts it back.
//! A pager that was told of a beginning must then still be told of the end, so what a sink believes
//! is kept up to date for a day after it is gone. Nothing is sent there meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    alert::{Destination, Pace, SinkSettings, Slip, Subject, queue},
    bgp::Timestamp,
    store::Write,
};

/// For so long it is kept.
const KEPT: Duration = Duration::from_secs(86_400);

/// What was told and is to be told, by subject.
pub(super) type Slips = BTreeMap<String, Slip>;

/// A sink that is gone.
#[derive(Debug)]
struct Gone {
    /// Since when; of what an earlier process left, since we began.
    since: Timestamp,
    /// Where it went; not known of what an earlier process left.
    to: Option<Destination>,
    /// Ends are told there.
    resolved: bool,
    slips: Slips,
}

/// Sinks that are gone, by name.
#[derive(Debug, Default)]
pub(super) struct Absent {
    gone: BTreeMap<String, Gone>,
    /// Names of those that others go on for.
    followed: BTreeSet<String>,
}

impl Absent {
    /// What an earlier process left of a sink.
    pub fn left(&mut self, sink: String, subject: String, slip: Slip, now: Timestamp) {
        let gone = self.gone.entry(sink).or_insert_with(|| Gone {
            since: now,
            to: None,
            resolved: true,
            slips: Slips::new(),
        });
        gone.slips.insert(subject, slip);
    }

    /// A sink is used no more.
    pub fn leaves(&mut self, of: SinkSettings, mut slips: Slips, now: Timestamp) {
        for slip in slips.values_mut() {
            slip.picked_up(now);
        }
        let gone = Gone {
            since: now,
            to: Some(of.to),
            resolved: of.resolved,
            slips,
        };
        self.gone.insert(of.name, gone);
    }

    /// What a sink that is used from now on was told and is to be told: it was there under its name,
    /// or under another. `names` are those of all sinks. Returns whether it was another.
    ///
    /// An Alertmanager that gets a second member, or loses it, has another name in our configuration
    /// and is the same to whoever it pages: what stands there has to be told again by each, or it
    /// looks as if it were over. Of other sinks one is enough.
    pub fn returns(
        &mut self,
        of: &SinkSettings,
        names: &BTreeSet<String>,
        rows: &mut Vec<Write>,
    ) -> (Slips, bool) {
        if let Some(gone) = self.gone.remove(&of.name) {
            return (gone.slips, false);
        }
        let mut free = self.gone.iter().filter(|(name, _)| !names.contains(*name));
        if !matches!(of.to, Destination::Alertmanager(_)) {
            let same_place = |to: &Destination| to.is_same_place(&of.to);
            let same = free.find(|(_, gone)| gone.to.as_ref().is_some_and(same_place));
            let Some(name) = same.map(|(name, _)| name.clone()) else {
                return (Slips::new(), false);
            };
            return (self.forget(&name, rows), true);
        }
        let section = |name: &str| name.split('/').next().map(str::to_owned);
        let same = free
            .filter(|(name, _)| section(name) == section(&of.name))
            .max_by_key(|(_, gone)| gone.since);
        let Some((name, gone)) = same else {
            return (Slips::new(), false);
        };
        self.followed.insert(name.clone());
        (gone.slips.clone(), true)
    }

    /// All sinks are there: those that others go on for are forgotten.
    pub fn settle(&mut self, rows: &mut Vec<Write>) {
        for name in std::mem::take(&mut self.followed) {
            self.forget(&name, rows);
        }
    }

    fn forget(&mut self, name: &str, rows: &mut Vec<Write>) -> Slips {
        let gone = self.gone.remove(name);
        let slips = gone.map(|gone| gone.slips).unwrap_or_default();
        rows.extend(slips.keys().map(|key| queue::row(name, key, None)));
        slips
    }

    /// Takes what happened to what they know.
    pub fn offer(&mut self, subject: &Subject, now: Timestamp, rows: &mut Vec<Write>) {
        let key = subject.key();
        for (name, gone) in &mut self.gone {
            if let Some(slip) = gone.slips.get_mut(&key) {
                let pace = Pace {
                    group_window: Duration::ZERO,
                    repeat_interval: Duration::ZERO,
                    holds: Duration::ZERO,
                    resolved: gone.resolved,
                };
                slip.offer(subject, now, &pace);
                rows.push(queue::row(name, &key, Some(slip)));
            }
        }
    }

    /// Forgets those that have been gone for long.
    pub fn tidy(&mut self, now: Timestamp, rows: &mut Vec<Write>) {
        let long = |gone: &Gone| now.since(gone.since) >= KEPT;
        let long = self.gone.iter().filter(|(_, gone)| long(gone));
        let names: Vec<String> = long.map(|(name, _)| name.clone()).collect();
        for name in names {
            let slips = self.forget(&name, rows);
            let waiting: usize = slips.values().map(Slip::len).sum();
            if waiting > 0 {
                tracing::warn!(
                    sink = name,
                    waiting,
                    "the sink has been gone for a day; what waited for it is told no more"
                );
            }
        }
    }

    /// Subjects that go on as far as these sinks knew, or were to be told.
    pub fn going_on(&self) -> impl Iterator<Item = &Subject> {
        let slips = self.gone.values().flat_map(|gone| gone.slips.values());
        slips.filter_map(Slip::goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alert::{file, samples},
        incident::Step,
    };

    const NOW: Timestamp = samples::NOW;

    fn sink(name: &str, path: &str) -> SinkSettings {
        let to = Destination::File(file::Settings { path: path.into() });
        samples::sink(name, to)
    }

    fn absent(name: &str, path: &str) -> (Absent, Subject) {
        let subject = samples::trouble(Step::Opened).notice.subject;
        let mut queue = queue::Queue::new(sink(name, path), ANY, Slips::new());
        queue.offer(&subject, NOW, &mut Vec::new());
        let mut absent = Absent::default();
        absent.leaves(sink(name, path), queue.hand_over(), NOW);
        (absent, subject)
    }

    const ANY: Pace = Pace {
        group_window: Duration::ZERO,
        repeat_interval: Duration::ZERO,
        holds: Duration::ZERO,
        resolved: true,
    };

    #[test]
    fn what_a_sink_believed_is_kept_for_a_day() {
        let (mut absent, _) = absent("pager", "/a");
        let mut rows = Vec::new();
        absent.tidy(NOW + Duration::from_secs(86_399), &mut rows);
        assert!(rows.is_empty());
        absent.tidy(NOW + KEPT, &mut rows);
        assert!(matches!(&rows[..], [Write::Slip { slip: None, .. }]));
        assert_eq!(absent.going_on().count(), 0);
    }

    #[test]
    fn only_who_goes_to_the_same_place_follows_and_only_one() {
        let (mut absent, _) = absent("pager", "/a");
        let names = BTreeSet::new();
        let mut rows = Vec::new();
        let mut follows = |path| {
            let (slips, was_another) = absent.returns(&sink("duty", path), &names, &mut rows);
            (slips.len(), was_another)
        };
        assert_eq!(follows("/b"), (0, false));
        assert_eq!(follows("/a"), (1, true));
        assert_eq!(follows("/a"), (0, false));
    }

    #[test]
    fn nobody_follows_one_that_is_there_itself() {
        let (mut absent, _) = absent("pager", "/a");
        let names = BTreeSet::from(["duty".to_owned(), "pager".to_owned()]);
        let mut rows = Vec::new();
        let (slips, _) = absent.returns(&sink("duty", "/a"), &names, &mut rows);
        assert!(slips.is_empty());
        let (slips, was_another) = absent.returns(&sink("pager", "/a"), &names, &mut rows);
        assert!(slips.len() == 1 && !was_another && rows.is_empty());
    }

    #[test]
    fn where_ends_are_not_told_none_waits_when_it_is_back() {
        let (mut absent, subject) = absent("pager", "/a");
        absent.gone.get_mut("pager").unwrap().resolved = false;
        let mut over = subject.clone();
        if let Subject::Trouble(trouble) = &mut over {
            trouble.event = Step::Resolved;
        }
        let mut rows = Vec::new();
        absent.offer(&over, NOW, &mut rows);
        assert_eq!(rows.len(), 1);
        assert_eq!(absent.going_on().count(), 0);
        let slip = &absent.gone["pager"].slips[&subject.key()];
        assert_eq!(slip.len(), 1, "that it was is told");
    }
}
