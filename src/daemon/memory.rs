//! What the engine of the real routers remembers across a restart: its incidents, and what it has
//! learned in weeks.
//!
//! Incidents go to the journal, with the messages that show them, whenever they have changed. What
//! was learned is large and changes slowly: now and then it is written in pages to a database of
//! its own, a few each second, by a thread that the engine does not wait for.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use super::recorder::Entry;
use crate::{
    bgp::Timestamp,
    engine::{Engine, Writing},
    store::{Baseline, Store, Write},
    wire::recorded::recorded,
};

/// What is to be written down of incidents that have changed; none where none has.
pub fn keep(engine: &mut Engine) -> Option<Entry> {
    let mut kept = Vec::new();
    engine.keep(&mut kept);
    let mut rows = Vec::new();
    for one in kept {
        if !one.gone {
            rows.extend(slice(engine, &one.id, false));
        }
        rows.push(Write::Kept {
            incident: one.id,
            kept: (!one.gone).then_some(one.state),
        });
    }
    (!rows.is_empty()).then_some(Entry::Rows(rows))
}

/// The messages that show an incident, as they are kept; none where it came in none.
pub fn slice(engine: &Engine, id: &str, drill: bool) -> Option<Write> {
    let messages = engine.messages(id);
    (!messages.is_empty()).then(|| Write::Slice {
        incident: id.to_owned(),
        drill,
        mrt: recorded(&messages, engine.reference().local_as),
    })
}

/// Tells an engine that has seen nothing yet what was known when we ended. Returns the names of the
/// incidents that it goes on with.
pub fn restore(engine: &mut Engine, store: &Store, baseline: Option<&mut Baseline>) -> Vec<String> {
    if let Some(baseline) = baseline {
        learn(engine, baseline);
    }
    for (id, why) in engine.restore(&store.kept()) {
        tracing::warn!(id, %why, "an incident cannot be gone on with");
    }
    let known = engine.incidents();
    known.into_iter().map(|event| event.id).collect()
}

fn learn(engine: &mut Engine, baseline: &mut Baseline) {
    let generation = match baseline.read() {
        Ok(Some(generation)) => generation,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, "what was learned before cannot be read; it is learned anew");
            return;
        }
    };
    let pages = generation.pages.len();
    for page in &generation.pages {
        if let Err(why) = engine.learn(page) {
            tracing::warn!(%why, "what was learned before is not all understood");
            break;
        }
    }
    let prefixes = engine.rib().known();
    tracing::info!(
        written = %generation.time,
        pages,
        prefixes,
        "what was learned before is known again"
    );
}

/// Opens what was learned; none where the disk does not let us, which the log then says.
pub fn open(directory: &Path) -> Option<Baseline> {
    match Baseline::open(directory) {
        Ok((baseline, damage)) => {
            if let Some(damage) = damage {
                tracing::warn!(%damage, "what was learned before is lost; it is learned anew");
            }
            Some(baseline)
        }
        Err(error) => {
            tracing::warn!(%error, "what is learned cannot be written down");
            None
        }
    }
}

/// What was learned is written so often: what a crash costs, against a minute of one disk's time.
const EVERY: Duration = Duration::from_secs(900);
/// Pages written in a second at most.
const A_TICK: usize = 3;
/// Pages that wait for the disk.
const WAITING: usize = 8;
/// At the end the disk gets so long.
const AT_THE_END: Duration = Duration::from_secs(2);

enum Page {
    Page(Vec<u8>),
    End(Timestamp),
}

/// The engine's side of writing down what it learned.
#[derive(Debug)]
pub struct Memory {
    pages: Option<SyncSender<Page>>,
    /// Turns to nobody when the writer has ended.
    ended: Option<Receiver<()>>,
    writing: Option<Writing>,
    waiting: Option<Page>,
    last: Timestamp,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Page")
    }
}

impl Memory {
    /// One that remembers nothing.
    pub fn none() -> Memory {
        Memory {
            pages: None,
            ended: None,
            writing: None,
            waiting: None,
            last: Timestamp::ZERO,
        }
    }

    /// One that writes to this database in this directory, on a thread of its own; where it could
    /// not be opened, that is tried again before each time it is written.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(directory: PathBuf, baseline: Option<Baseline>) -> std::io::Result<Memory> {
        let (pages, taken) = sync_channel(WAITING);
        let (end, ended) = sync_channel::<()>(0);
        thread::Builder::new()
            .name("baseline".to_owned())
            .spawn(move || {
                write(&directory, baseline, &taken);
                drop(end);
            })?;
        Ok(Memory {
            pages: Some(pages),
            ended: Some(ended),
            ..Memory::none()
        })
    }

    /// Writes a few pages, where it is time to and something was seen whole: what is not known
    /// yet must not take the place of what was.
    pub fn tick(&mut self, engine: &mut Engine) {
        if self.pages.is_none() || !engine.has_a_table() {
            return;
        }
        let now = engine.now();
        if self.writing.is_none() && self.waiting.is_none() {
            if now.since(self.last) < EVERY {
                return;
            }
            // The first is due one interval after the first table.
            let first = self.last == Timestamp::ZERO;
            self.last = now;
            if first {
                return;
            }
            self.writing = Some(engine.begin_baseline());
        }
        for _ in 0..A_TICK {
            let Some(page) = self.next(engine) else {
                return;
            };
            let Some(pages) = &self.pages else { return };
            match pages.try_send(page) {
                Ok(()) => {}
                Err(TrySendError::Full(page)) => {
                    self.waiting = Some(page);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.pages = None;
                    return;
                }
            }
        }
    }

    /// The next page to hand over; none when all were.
    fn next(&mut self, engine: &Engine) -> Option<Page> {
        if let Some(page) = self.waiting.take() {
            return Some(page);
        }
        let writing = self.writing.as_mut()?;
        if let Some(page) = engine.baseline(writing) {
            return Some(Page::Page(page));
        }
        let time = writing.time();
        self.writing = None;
        Some(Page::End(time))
    }

    /// Writes all of it, before the end. An engine that has no table has nothing to add to what
    /// is written already.
    pub fn finish(&mut self, engine: &mut Engine) {
        let Some(pages) = self.pages.take() else {
            return;
        };
        if engine.has_a_table() {
            // What was begun goes first, or its pages would be mixed with these.
            while let Some(page) = self.next(engine) {
                if pages.send(page).is_err() {
                    return;
                }
            }
            self.writing = Some(engine.begin_baseline());
            while let Some(page) = self.next(engine) {
                if pages.send(page).is_err() {
                    return;
                }
            }
        }
        drop(pages);
        let ended = self.ended.take();
        if let Some(Err(RecvTimeoutError::Timeout)) =
            ended.map(|ended| ended.recv_timeout(AT_THE_END))
        {
            tracing::warn!("ended before what was learned was written down; the last one stays");
        }
    }
}

fn write(directory: &Path, mut baseline: Option<Baseline>, pages: &Receiver<Page>) {
    let mut said = baseline.is_none();
    let mut begins = true;
    while let Ok(page) = pages.recv() {
        if begins && baseline.is_none() {
            // That it is damaged and begun anew matters no more: nothing is learned from it now.
            baseline = Baseline::open(directory).ok().map(|(opened, _)| opened);
        }
        begins = matches!(page, Page::End(_));
        let Some(baseline) = &mut baseline else {
            continue;
        };
        let result = match page {
            Page::Page(page) => baseline.write_page(&page),
            Page::End(time) => baseline.finish_generation(time),
        };
        if let Err(error) = result {
            if !said {
                tracing::warn!(%error, "what was learned cannot be written down");
            }
            said = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_cannot_be_opened_at_the_start_is_opened_when_it_can_be() {
        let name = format!("leakwatch-memory-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        assert!(open(&directory).is_none());
        let (pages, taken) = sync_channel(WAITING);
        let writer = {
            let directory = directory.clone();
            thread::spawn(move || write(&directory, None, &taken))
        };
        let page = |octets: &[u8]| pages.send(Page::Page(octets.to_vec())).unwrap();
        page(b"one");
        // Only where the one before was taken has its fate been decided.
        for _ in 0..=WAITING {
            page(b"two");
        }
        std::fs::create_dir(&directory).unwrap();
        page(b"three");
        pages.send(Page::End(Timestamp::from_secs(1))).unwrap();
        page(b"four");
        pages.send(Page::End(Timestamp::from_secs(2))).unwrap();
        drop(pages);
        writer.join().unwrap();
        let read = open(&directory).unwrap().read().unwrap().unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(read.pages, [b"four"], "not half of one");
        assert_eq!(read.time, Timestamp::from_secs(2));
    }
}
