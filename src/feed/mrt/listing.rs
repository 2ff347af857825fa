//! What lies in a watched directory. Nothing is opened here, nothing followed.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::bgp::Timestamp;

/// Levels of directories below the watched one: `YYYY.MM/UPDATES` of `RouteViews`.
pub const DEPTH: usize = 2;

/// Files taken from one look; a collector's year has fewer.
pub const MOST_FILES: usize = 1 << 17;

/// Other entries named in one look.
const MOST_PASSED: usize = 1024;

/// Endings of files that a mirror has not finished, or that are no recordings.
const UNFINISHED: [&str; 10] = [
    "tmp", "part", "partial", "filepart", "download", "swp", "toml", "md5", "sha256", "txt",
];

/// A file, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    device: u64,
    inode: u64,
}

/// What tells that a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Octets.
    pub size: u64,
    modified: i64,
    modified_nanos: i64,
}

/// A regular file.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub id: FileId,
    /// Its name now.
    pub path: PathBuf,
    /// Its state now.
    pub stamp: Stamp,
}

/// Why an entry of the directory is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// It may lead anywhere.
    SymbolicLink,
    /// A pipe would wait for ever.
    NotRegular,
    /// More than [`DEPTH`] levels down.
    TooDeep,
    /// A directory that cannot be listed.
    Unlistable,
}

impl Oddity {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Oddity::SymbolicLink => "a symbolic link is not followed",
            Oddity::NotRegular => "not a regular file",
            Oddity::TooDeep => "more than two directories down",
            Oddity::Unlistable => "a directory that cannot be listed",
        }
    }
}

/// One look at a directory.
#[derive(Debug, Default)]
pub struct Listing {
    /// Regular files that may be recordings.
    pub files: Vec<Listed>,
    /// What is neither that nor a directory to look into, at most 1,024 of them.
    pub odd: Vec<(PathBuf, Oddity)>,
    /// Whether there were more files than [`MOST_FILES`].
    pub cut: bool,
}

impl FileId {
    /// Of an open or listed file.
    pub fn of(metadata: &fs::Metadata) -> Self {
        FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

impl Stamp {
    /// When it was last written, by the file system's clock.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_secs(u64::try_from(self.modified).unwrap_or(0))
    }

    /// Of an open or listed file.
    pub fn of(metadata: &fs::Metadata) -> Self {
        Stamp {
            size: metadata.size(),
            modified: metadata.mtime(),
            modified_nanos: metadata.mtime_nsec(),
        }
    }
}

/// Looks at `directory`; it may itself be a link, since we were told of it.
///
/// # Errors
/// It cannot be listed.
pub fn list(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut below = vec![(directory.to_owned(), 0)];
    while let Some((directory, depth)) = below.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => {
                listing.passed(directory, Oddity::Unlistable);
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if is_unfinished(&path) {
                continue;
            }
            // Of the entry itself, not of what a link names; it may be gone by now.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let kind = metadata.file_type();
            if kind.is_dir() {
                if depth < DEPTH {
                    below.push((path, depth + 1));
                } else {
                    listing.passed(path, Oddity::TooDeep);
                }
            } else if kind.is_symlink() {
                listing.passed(path, Oddity::SymbolicLink);
            } else if !kind.is_file() {
                listing.passed(path, Oddity::NotRegular);
            } else if listing.files.len() < MOST_FILES {
                listing.files.push(Listed {
                    id: FileId::of(&metadata),
                    path,
                    stamp: Stamp::of(&metadata),
                });
            } else {
                listing.cut = true;
            }
        }
    }
    Ok(listing)
}

impl Listing {
    fn passed(&mut self, path: PathBuf, oddity: Oddity) {
        if self.odd.len() < MOST_PASSED {
            self.odd.push((path, oddity));
        }
    }
}

/// Hidden files and those a mirror renames once they are whole.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".")
        || name.ends_with(b"~")
        || path.extension().is_some_and(|extension| {
            UNFINISHED
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
}
