//! Which files are read, and in what order.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::sheet::escape;
use crate::{
    bgp::Timestamp,
    wire::mrt::{Peek, peek},
};

/// Files in the order in which they are to be read, and what is to be said about
/// those that are not.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// To be read, first to last.
    pub files: Vec<PathBuf>,
    /// One line for each thing that was passed over.
    pub notes: Vec<String>,
    /// Whether something that was asked for cannot be read.
    pub incomplete: bool,
    /// Octets on disk; none as soon as a pipe is among them.
    pub bytes: Option<u64>,
    /// Octets on disk before each of `files`.
    pub before: Vec<u64>,
}

struct Candidate {
    path: PathBuf,
    peek: Option<Peek>,
    bytes: Option<u64>,
}

impl Inputs {
    /// `ribs` first and as given; then `named`, directories opened, by the time of the
    /// first record, table dumps first where that is the same. What cannot be looked
    /// into without taking from it (standard input, pipes) comes last, as given.
    pub(super) fn gather(ribs: &[PathBuf], named: &[PathBuf]) -> Self {
        let mut inputs = Inputs {
            bytes: Some(0),
            ..Inputs::default()
        };
        let mut seen = HashSet::new();
        let first: Vec<Candidate> = ribs
            .iter()
            .filter_map(|path| inputs.candidate(path, &mut seen))
            .collect();
        let mut rest = Vec::new();
        for path in named {
            if path.is_dir() {
                rest.extend(inputs.directory(path, &mut seen));
            } else {
                rest.extend(inputs.candidate(path, &mut seen));
            }
        }
        rest.sort_by(|a, b| Candidate::order(a).cmp(&Candidate::order(b)));
        inputs.note_late_tables(&first, &rest);
        let mut sum = 0;
        for candidate in first.into_iter().chain(rest) {
            inputs.before.push(sum);
            sum += candidate.bytes.unwrap_or_default();
            inputs.bytes = inputs.bytes.zip(candidate.bytes).map(|_| sum);
            inputs.files.push(candidate.path);
        }
        inputs
    }

    fn candidate(&mut self, path: &Path, seen: &mut HashSet<PathBuf>) -> Option<Candidate> {
        if path == Path::new("-") {
            return Some(Candidate {
                path: path.to_owned(),
                peek: None,
                bytes: None,
            });
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.missing(path, &error);
                return None;
            }
        };
        if metadata.is_dir() {
            self.missing(path, &io::ErrorKind::IsADirectory.into());
            return None;
        }
        if !metadata.is_file() {
            // To look at a pipe's first record would be to take it away.
            return Some(Candidate {
                path: path.to_owned(),
                peek: None,
                bytes: None,
            });
        }
        if !seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())) {
            self.note(path, "named twice; read once");
            return None;
        }
        match peek(path) {
            Ok(peek) => {
                if metadata.len() == 0 {
                    self.note(path, "empty");
                }
                Some(Candidate {
                    path: path.to_owned(),
                    peek,
                    bytes: Some(metadata.len()),
                })
            }
            Err(error) => {
                self.missing(path, &error);
                None
            }
        }
    }

    /// The regular files of a directory. Nothing else in it is followed or opened: a
    /// pipe would wait for ever, and a link may lead anywhere.
    fn directory(&mut self, path: &Path, seen: &mut HashSet<PathBuf>) -> Vec<Candidate> {
        let mut found: Vec<PathBuf> = Vec::new();
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                self.missing(path, &error);
                return Vec::new();
            }
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                // A drill's directory holds its settings beside its recordings.
                Ok((file, kind)) if kind.is_file() && file.extension() == Some("toml".as_ref()) => {
                    self.note(&file, "settings, not a recording; skipped");
                }
                Ok((file, kind)) if kind.is_file() => found.push(file),
                Ok((other, kind)) => {
                    let what = match kind {
                        kind if kind.is_dir() => "a directory within a directory; skipped",
                        kind if kind.is_symlink() => "a symbolic link; skipped",
                        _ => "not a regular file; skipped",
                    };
                    self.note(&other, what);
                }
                Err(error) => self.missing(path, &error),
            }
        }
        // The order of a directory is its own affair.
        found.sort();
        self.notes.sort();
        found
            .iter()
            .filter_map(|file| self.candidate(file, seen))
            .collect()
    }

    /// A table that is younger than the first updates is compared with the past.
    fn note_late_tables(&mut self, ribs: &[Candidate], rest: &[Candidate]) {
        let times = rest.iter().filter_map(|file| file.peek);
        let Some(first) = times
            .filter(|peek| !peek.table_dump)
            .map(|peek| peek.time)
            .min()
        else {
            return;
        };
        let late = ribs
            .iter()
            .filter(|rib| rib.peek.is_some_and(|peek| peek.time > first));
        let late: Vec<PathBuf> = late.map(|rib| rib.path.clone()).collect();
        for path in late {
            self.note(&path, "this table is younger than the first updates");
        }
    }

    fn note(&mut self, path: &Path, what: &str) {
        self.notes.push(format!("{}: {what}", name(path)));
    }

    fn missing(&mut self, path: &Path, error: &io::Error) {
        self.incomplete = true;
        self.notes
            .push(format!("{}: not read: {error}", name(path)));
    }
}

impl Candidate {
    fn order(&self) -> (bool, Option<Timestamp>, bool, Option<&Path>) {
        let pipe = self.bytes.is_none();
        (
            pipe || self.peek.is_none(),
            self.peek.map(|peek| peek.time),
            !self.peek.is_some_and(|peek| peek.table_dump),
            // Pipes keep the order in which they were given.
            (!pipe).then_some(self.path.as_path()),
        )
    }
}

/// An input as messages name it.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        escape(&path.to_string_lossy())
    }
}
