//! What the store promises, of its own accord and when the disk goes.

mod damage;
mod failing;
mod journal;
mod retention;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{Durability, Incident, OpenError, Settings, Store, Write};
use crate::bgp::Timestamp;

/// A directory that is gone after the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        Scratch::below(&std::env::temp_dir())
    }

    /// In memory where the system has that, since syncing to a disk hundreds of times takes its
    /// time.
    pub fn quick() -> Self {
        let shared = Path::new("/dev/shm");
        if shared.is_dir() {
            Scratch::below(shared)
        } else {
            Scratch::new()
        }
    }

    fn below(directory: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("leakwatch-store-{}-{number}", std::process::id());
        let path = directory.join(name);
        // An earlier process of our number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn settings(&self) -> Settings {
        Settings {
            directory: Some(self.0.join("state")),
            ..Settings::default()
        }
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("state/state.sqlite")
    }

    /// Opens it; nothing may be said.
    pub fn open(&self) -> Store {
        let (store, said) = Store::open(&self.settings(), at(0)).unwrap();
        assert_eq!(said, [""; 0]);
        store
    }

    pub fn aside(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = list(&self.0.join("state"));
        found.retain(|path| {
            let path = path.display().to_string();
            path.contains(".corrupt-") && !path.ends_with("-wal")
        });
        found
    }
}

fn list(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// So many seconds after the tests' beginning.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_795_000_000 + seconds)
}

pub fn incident(number: u64, resolved: Option<u64>) -> Incident {
    Incident {
        id: format!("incident-{number:05}"),
        drill: false,
        opened: at(number),
        resolved: resolved.map(at),
        event: format!("{{\"number\":{number}}}"),
    }
}

pub fn opened(number: u64) -> Write {
    Write::Incident(incident(number, None))
}

pub fn step(incident: u64, number: u32) -> Write {
    Write::Step {
        incident: format!("incident-{incident:05}"),
        drill: false,
        number,
        time: at(incident),
        event: format!("{{\"step\":{number}}}"),
    }
}

pub fn slip(sink: &str, subject: &str, slip: Option<&str>) -> Write {
    Write::Slip {
        sink: sink.to_owned(),
        subject: subject.to_owned(),
        slip: slip.map(str::to_owned),
    }
}

pub fn document(kind: &str, name: &str, document: Option<&str>, until: Option<u64>) -> Write {
    Write::Document {
        kind: kind.to_owned(),
        name: name.to_owned(),
        document: document.map(str::to_owned),
        until: until.map(at),
    }
}

pub fn slice(incident: u64, octets: usize) -> Write {
    Write::Slice {
        incident: format!("incident-{incident:05}"),
        drill: false,
        mrt: vec![7; octets],
    }
}

pub fn kept(incident: u64, kept: Option<&[u8]>) -> Write {
    Write::Kept {
        incident: format!("incident-{incident:05}"),
        kept: kept.map(<[u8]>::to_vec),
    }
}

/// The names of all incidents.
pub fn names(store: &Store) -> Vec<String> {
    let all = store.incidents(usize::MAX);
    all.into_iter().map(|incident| incident.id).collect()
}
