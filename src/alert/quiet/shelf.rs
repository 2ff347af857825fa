//! What was asked for and holds, and the rows that keep it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    super::Trouble,
    Acknowledgement, Asked, Entry, Event, Expected, MOST, Mute, Refusal, Rules,
    expected::State,
    record::{KEPT, MOST_ENTRIES},
};
use crate::{
    bgp::{Asn, Timestamp},
    incident::IncidentEvent,
    store::{Store, Write},
};

/// Kinds of documents of the store.
const MUTE: &str = "mute";
const ACKNOWLEDGEMENT: &str = "acknowledgement";
const EXPECTED: &str = "expected";
const RECORD: &str = "quiet-log";
const NUMBERS: &str = "quiet-numbers";

/// An expected change that ended is kept for so long, to be shown beside its incidents.
const REMEMBERED_SECONDS: u64 = 86_400;
/// How an expected change goes is written down so often at most, while nothing but its
/// numbers changes.
const GROWTH_SECONDS: u64 = 30;
/// Who ends what ends by itself.
const OURSELVES: &str = "leakwatch";

/// The last number of each that was given away.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Numbers {
    mute: u64,
    acknowledgement: u64,
    expected: u64,
}

/// Rows that one change writes.
#[derive(Debug)]
pub(super) struct Writing {
    now: Timestamp,
    pub rows: Vec<Write>,
}

impl Writing {
    pub fn new(now: Timestamp) -> Writing {
        Writing {
            now,
            rows: Vec::new(),
        }
    }

    fn put<T: Serialize>(&mut self, kind: &str, name: &str, value: &T, until: Option<Timestamp>) {
        // Nothing in these can fail to be written as JSON; if it did, it would hold until the
        // next start all the same.
        if let Ok(document) = serde_json::to_string(value) {
            self.row(kind, name, Some(document), until);
        }
    }

    fn drop(&mut self, kind: &str, name: &str) {
        self.row(kind, name, None, None);
    }

    fn row(&mut self, kind: &str, name: &str, document: Option<String>, until: Option<Timestamp>) {
        self.rows.push(Write::Document {
            kind: kind.to_owned(),
            name: name.to_owned(),
            document,
            until,
        });
    }
}

/// What holds.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub mutes: Vec<Mute>,
    pub acknowledgements: Vec<Acknowledgement>,
    pub expected: Vec<Expected>,
    pub record: VecDeque<Entry>,
    numbers: Numbers,
    /// Ends of troubles of changes that were taken back.
    owed: Vec<Trouble>,
    /// When the numbers of an expected change were last written.
    written: BTreeMap<String, Timestamp>,
}

impl Shelf {
    /// What a store kept. A document that is not understood is passed over: it is of a later
    /// version, and comes back with it.
    pub fn read(store: &Store) -> Shelf {
        let mut record: Vec<Entry> = documents(store, RECORD);
        record.sort_by_key(|entry| entry.number);
        let numbers = documents(store, NUMBERS).pop().unwrap_or_default();
        Shelf {
            mutes: documents(store, MUTE),
            acknowledgements: documents(store, ACKNOWLEDGEMENT),
            expected: documents(store, EXPECTED),
            record: record.into(),
            numbers,
            owed: Vec::new(),
            written: BTreeMap::new(),
        }
    }

    pub fn rules(&self) -> Rules<'_> {
        Rules {
            mutes: &self.mutes,
            acknowledgements: &self.acknowledgements,
            expected: &self.expected,
        }
    }

    pub fn next_mute(&self) -> String {
        format!("m-{}", self.numbers.mute + 1)
    }

    pub fn next_acknowledgement(&self) -> String {
        format!("a-{}", self.numbers.acknowledgement + 1)
    }

    pub fn next_expected(&self) -> String {
        format!("e-{}", self.numbers.expected + 1)
    }

    pub fn add_mute(&mut self, mute: Mute, writing: &mut Writing) -> Result<Mute, Refusal> {
        room(self.mutes.len())?;
        self.numbers.mute += 1;
        writing.put(NUMBERS, "all", &self.numbers, None);
        writing.put(MUTE, &mute.id, &mute, Some(mute.until));
        self.mutes.push(mute.clone());
        let by = (mute.by.as_str(), mute.why.as_str());
        self.note(Event::Added, &Noted::mute(&mute), by, writing);
        Ok(mute)
    }

    pub fn remove_mute(
        &mut self,
        id: &str,
        asked: &Asked,
        writing: &mut Writing,
    ) -> Result<Mute, Refusal> {
        let (by, why) = asked.checked()?;
        let mute = take(&mut self.mutes, id, |mute| mute.id == id)?;
        writing.drop(MUTE, id);
        self.note(Event::Removed, &Noted::mute(&mute), (&by, &why), writing);
        Ok(mute)
    }

    pub fn add_acknowledgement(
        &mut self,
        one: Acknowledgement,
        writing: &mut Writing,
    ) -> Result<Acknowledgement, Refusal> {
        let same =
            |other: &Acknowledgement| other.incident == one.incident && other.drill == one.drill;
        let before = self.acknowledgements.iter().position(same);
        if let Some(place) = before {
            let before = self.acknowledgements.remove(place);
            writing.drop(ACKNOWLEDGEMENT, &before.id);
        } else {
            room(self.acknowledgements.len())?;
        }
        self.numbers.acknowledgement += 1;
        writing.put(NUMBERS, "all", &self.numbers, None);
        writing.put(ACKNOWLEDGEMENT, &one.id, &one, Some(one.until));
        self.acknowledgements.push(one.clone());
        let by = (one.by.as_str(), one.why.as_str());
        self.note(Event::Added, &Noted::acknowledgement(&one), by, writing);
        Ok(one)
    }

    pub fn take_back(
        &mut self,
        incident: &str,
        drill: bool,
        asked: &Asked,
        writing: &mut Writing,
    ) -> Result<Acknowledgement, Refusal> {
        let (by, why) = asked.checked()?;
        let name = format!("acknowledgement of {incident}");
        let one = take(&mut self.acknowledgements, &name, |one| {
            one.incident == incident && one.drill == drill
        })?;
        writing.drop(ACKNOWLEDGEMENT, &one.id);
        let noted = Noted::acknowledgement(&one);
        self.note(Event::Removed, &noted, (&by, &why), writing);
        Ok(one)
    }

    pub fn incident_ended(&mut self, incident: &str, drill: bool, writing: &mut Writing) {
        let of = |one: &Acknowledgement| one.incident == incident && one.drill == drill;
        if let Ok(one) = take(&mut self.acknowledgements, incident, of) {
            writing.drop(ACKNOWLEDGEMENT, &one.id);
            let by = (OURSELVES, "the incident is over");
            self.note(Event::Ended, &Noted::acknowledgement(&one), by, writing);
        }
    }

    pub fn add_expected(
        &mut self,
        change: Expected,
        writing: &mut Writing,
    ) -> Result<Expected, Refusal> {
        room(self.expected.len())?;
        self.numbers.expected += 1;
        writing.put(NUMBERS, "all", &self.numbers, None);
        put_expected(&change, writing);
        self.expected.push(change.clone());
        let by = (change.by.as_str(), change.why.as_str());
        self.note(Event::Added, &Noted::expected(&change), by, writing);
        Ok(change)
    }

    pub fn remove_expected(
        &mut self,
        id: &str,
        asked: &Asked,
        writing: &mut Writing,
    ) -> Result<Expected, Refusal> {
        let (by, why) = asked.checked()?;
        let change = take(&mut self.expected, id, |change| change.id == id)?;
        if change.course.state == State::Missing {
            let over = change.missing_no_more(writing.now, "it was taken back");
            self.owed.push(over);
        }
        self.written.remove(id);
        writing.drop(EXPECTED, id);
        let noted = Noted::expected(&change);
        self.note(Event::Removed, &noted, (&by, &why), writing);
        Ok(change)
    }

    /// Networks whose routes have to be counted.
    pub fn watched(&self, now: Timestamp) -> Vec<Asn> {
        let running = self.expected.iter();
        let running = running.filter(|one| one.from <= now && !one.is_over());
        let mut watched: Vec<Asn> = running.map(|one| one.asn).collect();
        watched.sort_unstable();
        watched.dedup();
        watched
    }

    /// Looks how expected changes go.
    pub fn look(
        &mut self,
        counted: &[(Asn, Option<u32>)],
        incidents: &[&IncidentEvent],
        writing: &mut Writing,
    ) -> Vec<Trouble> {
        let now = writing.now;
        let mut troubles = std::mem::take(&mut self.owed);
        let mut notes = Vec::new();
        for change in &mut self.expected {
            let before = change.course.clone();
            let count = counted.iter().find(|(asn, _)| *asn == change.asn);
            let count = count.and_then(|(_, count)| *count);
            troubles.extend(change.look(now, count, incidents));
            let course = &change.course;
            let turned = course.state != before.state || course.baseline != before.baseline;
            let grown = course.largest != before.largest && {
                let written = self.written.get(&change.id).copied().unwrap_or_default();
                now.since(written).as_secs() >= GROWTH_SECONDS
            };
            if turned || grown {
                self.written.insert(change.id.clone(), now);
                put_expected(change, writing);
            }
            let event = match course.state {
                state if state == before.state => continue,
                State::Happened => Event::Happened,
                State::Missing => Event::Missing,
                State::DidNotHappen => Event::Ended,
                State::Unseen => Event::Unseen,
                State::Planned | State::Running => continue,
            };
            let seen = match course.state {
                State::Unseen if course.counted_late => {
                    "its routes were first counted after it began".to_owned()
                }
                State::Unseen => "nobody counted its routes".to_owned(),
                _ => change.compared(course.largest),
            };
            notes.push((event, Noted::expected(change), seen));
        }
        for (event, noted, seen) in notes {
            self.note(event, &noted, (OURSELVES, &seen), writing);
        }
        troubles
    }

    /// Ends what is over.
    pub fn expire(&mut self, writing: &mut Writing) {
        let now = writing.now;
        for mute in extract(&mut self.mutes, |mute| mute.until <= now) {
            writing.drop(MUTE, &mute.id);
            let by = (OURSELVES, "its time is over");
            self.note(Event::Ended, &Noted::mute(&mute), by, writing);
        }
        for one in extract(&mut self.acknowledgements, |one| one.until <= now) {
            writing.drop(ACKNOWLEDGEMENT, &one.id);
            let by = (OURSELVES, "its time is over");
            self.note(Event::Ended, &Noted::acknowledgement(&one), by, writing);
        }
        // How it went is on record already.
        for change in extract(&mut self.expected, |change| {
            change.is_over() && now.since(change.until).as_secs() >= REMEMBERED_SECONDS
        }) {
            self.written.remove(&change.id);
            writing.drop(EXPECTED, &change.id);
        }
        while self.record.front().is_some_and(|one| one.time + KEPT < now) {
            self.forget_oldest(writing);
        }
    }

    fn note(
        &mut self,
        event: Event,
        noted: &Noted,
        (by, why): (&str, &str),
        writing: &mut Writing,
    ) {
        let number = self.record.back().map_or(0, |last| last.number) + 1;
        let entry = Entry {
            number,
            time: writing.now,
            event,
            id: noted.id.clone(),
            what: noted.what.clone(),
            until: noted.until,
            by: by.to_owned(),
            why: why.to_owned(),
        };
        let until = writing.now + KEPT;
        writing.put(RECORD, &entry_name(number), &entry, Some(until));
        self.record.push_back(entry);
        while self.record.len() > MOST_ENTRIES {
            self.forget_oldest(writing);
        }
    }

    fn forget_oldest(&mut self, writing: &mut Writing) {
        if let Some(oldest) = self.record.pop_front() {
            writing.drop(RECORD, &entry_name(oldest.number));
        }
    }
}

/// What an entry of the record is about.
struct Noted {
    id: String,
    what: String,
    until: Timestamp,
}

impl Noted {
    fn mute(mute: &Mute) -> Noted {
        Noted {
            id: mute.id.clone(),
            what: mute.what(),
            until: mute.until,
        }
    }

    fn acknowledgement(one: &Acknowledgement) -> Noted {
        Noted {
            id: one.id.clone(),
            what: one.incident.clone(),
            until: one.until,
        }
    }

    fn expected(change: &Expected) -> Noted {
        Noted {
            id: change.id.clone(),
            what: change.what(),
            until: change.until,
        }
    }
}

/// Numbers sort as texts.
fn entry_name(number: u64) -> String {
    format!("{number:012}")
}

fn put_expected(change: &Expected, writing: &mut Writing) {
    // Its end is ours to tell, so that the store must not forget it first.
    let until = change.until + std::time::Duration::from_secs(2 * REMEMBERED_SECONDS);
    writing.put(EXPECTED, &change.id, change, Some(until));
}

fn documents<T: DeserializeOwned>(store: &Store, kind: &str) -> Vec<T> {
    store
        .documents(kind)
        .into_iter()
        .filter_map(|(name, text)| match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::warn!(kind, name, %error, "a document of the state is not understood");
                None
            }
        })
        .collect()
}

fn room(held: usize) -> Result<(), Refusal> {
    if held < MOST {
        Ok(())
    } else {
        Err(Refusal::Full { most: MOST })
    }
}

fn take<T>(all: &mut Vec<T>, name: &str, wanted: impl Fn(&T) -> bool) -> Result<T, Refusal> {
    match all.iter().position(wanted) {
        Some(place) => Ok(all.remove(place)),
        None => Err(Refusal::Unknown(name.to_owned())),
    }
}

fn extract<T>(all: &mut Vec<T>, over: impl Fn(&T) -> bool) -> Vec<T> {
    all.extract_if(.., |one| over(one)).collect()
}
