//! A database that can only be read, since it cannot be written any more.
//!
//! What was written last may stand in its write-ahead log alone, and SQLite reads that only beside
//! a file of shared memory, which on such a disk cannot be made. Where there is a log, a copy is
//! read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{disk::beside, trouble::Trouble};

/// Octets of a database and its log that are copied at most: the copy may lie in memory.
const MOST_COPIED: u64 = 256 << 20;
/// Names that are tried for a directory of our own.
const NAMES: u32 = 100;

/// Opens a database only to read it, with its write-ahead log if that can be read, otherwise
/// without. Says too whether that is all there is.
///
/// # Errors
/// It cannot be read.
pub fn open(path: &Path) -> Result<(Connection, bool), Trouble> {
    let log = octets(&beside(path, "-wal"));
    if let Ok(rows) = open_as(path, "mode=ro") {
        return Ok((rows, true));
    }
    if log > 0 && octets(path).saturating_add(log) <= MOST_COPIED {
        for directory in [&std::env::temp_dir(), Path::new("/dev/shm")] {
            if let Ok(rows) = open_copy(path, directory) {
                return Ok((rows, true));
            }
        }
    }
    Ok((open_as(path, "immutable=1")?, log == 0))
}

fn octets(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn open_as(path: &Path, how: &str) -> Result<Connection, Trouble> {
    let name = path.as_os_str().as_encoded_bytes();
    // What a URI gives a meaning of its own; and what is not text, which it would not survive.
    let name: String = name
        .iter()
        .map(|octet| match octet {
            b'/' | b'.' | b'-' | b'_' => char::from(*octet).to_string(),
            octet if octet.is_ascii_alphanumeric() => char::from(*octet).to_string(),
            octet => format!("%{octet:02x}"),
        })
        .collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let rows = Connection::open_with_flags(format!("file:{name}?{how}"), flags)?;
    begin(&rows)?;
    Ok(rows)
}

fn begin(rows: &Connection) -> rusqlite::Result<()> {
    rows.execute_batch("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF")?;
    rows.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Opens a copy of a database and its log below `directory`, of which no name is left.
fn open_copy(path: &Path, directory: &Path) -> Result<Connection, Trouble> {
    let own = Own::below(directory)?;
    let copy = own.0.join("state.sqlite");
    let left = copied(path, &copy, MOST_COPIED)?;
    copied(&beside(path, "-wal"), &beside(&copy, "-wal"), left)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let rows = Connection::open_with_flags(&copy, flags)?;
    rows.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    rows.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA temp_store = MEMORY;
         PRAGMA query_only = ON;",
    )?;
    // Both files are open after this, and need no name.
    begin(&rows)?;
    Ok(rows)
}

/// Copies a file of at most so many octets; returns how many are left of them.
fn copied(from: &Path, to: &Path, most: u64) -> io::Result<u64> {
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let from = File::open(from)?;
    let copied = io::copy(&mut from.take(most.saturating_add(1)), &mut to)?;
    most.checked_sub(copied)
        .ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

/// A directory that is ours alone, removed with what is in it.
struct Own(PathBuf);

impl Own {
    fn below(directory: &Path) -> io::Result<Own> {
        let mut failed = io::ErrorKind::AlreadyExists.into();
        for number in 0..NAMES {
            let path = directory.join(format!("leakwatch-{}-{number}", std::process::id()));
            // One that is there already may be another's.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Own(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => failed = error,
                Err(error) => return Err(error),
            }
        }
        Err(failed)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What cannot be removed is small, and lies where such things are cleaned up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::store::tests::{Scratch, at, opened, step};

    /// A database as it lies there after a kill, and its name.
    fn left_behind(scratch: &Scratch) -> PathBuf {
        let store = scratch.open();
        store.look_after(at(0));
        store.write(&[opened(1), step(1, 1)], at(1));
        let copy = scratch.0.join("copy.sqlite");
        fs::copy(scratch.database(), &copy).unwrap();
        let log = beside(&scratch.database(), "-wal");
        fs::copy(log, beside(&copy, "-wal")).unwrap();
        copy
    }

    fn incidents(rows: &Connection) -> u32 {
        let sql = "SELECT count(*) FROM incident";
        rows.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_is_only_in_the_log_is_read_where_nothing_can_be_written_beside_it() {
        let scratch = Scratch::new();
        let path = left_behind(&scratch);
        let without = open_as(&path, "immutable=1").unwrap();
        assert_eq!(incidents(&without), 0, "or there is nothing to see here");
        // As on a disk that can only be read: no shared memory.
        symlink("nowhere", beside(&path, "-shm")).unwrap();
        assert!(open_as(&path, "mode=ro").is_err());
        let before = fs::read(&path).unwrap();
        let (rows, whole) = open(&path).unwrap();
        assert_eq!((incidents(&rows), whole), (1, true));
        assert_eq!(fs::read(&path).unwrap(), before, "left as it is");
    }

    #[test]
    fn a_copy_leaves_nothing_behind_and_is_bounded() {
        let scratch = Scratch::new();
        let path = left_behind(&scratch);
        let below = scratch.0.join("below");
        fs::create_dir(&below).unwrap();
        let rows = open_copy(&path, &below).unwrap();
        assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
        assert_eq!(incidents(&rows), 1);
        drop(rows);
        assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
        let (size, to) = (octets(&path), below.join("to"));
        assert_eq!(copied(&path, &to, size).unwrap(), 0);
        fs::remove_file(&to).unwrap();
        assert!(copied(&path, &to, size - 1).is_err());
    }
}
