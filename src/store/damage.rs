//! A damaged database: out of the way, and what can be read of it into a new one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    copy::{self, Budget, Copied, HISTORY, Meets, PENDING},
    disk::{Disk, PAGE, beside},
    trouble::Trouble,
};
use crate::bgp::Timestamp;

/// Damaged databases that are kept; of more, those set aside first are removed. A disk that
/// spoils every database would be filled with them.
const MOST_ASIDE: usize = 4;
/// SQLite's other files, which hold what was written last.
const WITH_IT: [&str; 3] = ["", "-wal", "-shm"];

/// Gives a database and its other files a name with the time, and returns it.
///
/// # Errors
/// It cannot be renamed.
pub fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let time: String = now
        .to_string()
        .chars()
        .take_while(|c| *c != '.')
        .filter(char::is_ascii_alphanumeric)
        .filter(|c| *c != 'Z')
        .collect();
    let mut aside = beside(path, &format!(".corrupt-{time}Z"));
    let mut number = 1_u32;
    while aside.symlink_metadata().is_ok() {
        number += 1;
        aside = beside(path, &format!(".corrupt-{time}Z-{number}"));
    }
    // The database last: a new one must not meet the old one's log.
    for after in WITH_IT.iter().rev() {
        match fs::rename(beside(path, after), beside(&aside, after)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound || after.is_empty() => {
                return Err(error);
            }
            _ => {}
        }
    }
    // Its removal would be the end of a new log.
    let _ = fs::remove_file(beside(path, "-journal"));
    forget_oldest(path);
    Ok(aside)
}

/// Where the database lies that is to take the place of a damaged one.
pub fn fresh(path: &Path) -> PathBuf {
    beside(path, ".new")
}

/// Removes a database and its other files.
pub fn remove(path: &Path) {
    for after in WITH_IT {
        // Mostly there is none.
        let _ = fs::remove_file(beside(path, after));
    }
}

/// The database that was set aside last, where none has taken its place: we ended while it was
/// being read.
pub fn half_saved(path: &Path) -> Option<PathBuf> {
    let is_missing = matches!(
        path.symlink_metadata(),
        Err(error) if error.kind() == io::ErrorKind::NotFound
    );
    if is_missing && fresh(path).exists() {
        all_aside(path).pop()
    } else {
        None
    }
}

fn forget_oldest(path: &Path) {
    let aside = all_aside(path);
    let surplus = aside.len().saturating_sub(MOST_ASIDE);
    for path in &aside[..surplus] {
        remove(path);
    }
}

/// Databases that were set aside, the last one at the end.
fn all_aside(path: &Path) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let beginning = [name.as_encoded_bytes(), b".corrupt-"].concat();
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut aside: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            name.starts_with(&beginning) && !name.ends_with(b"-wal") && !name.ends_with(b"-shm")
        })
        .map(|entry| entry.path())
        .collect();
    // The time is in the name.
    aside.sort();
    aside
}

/// Reads what can be read of a database that was set aside, and leaves it as it is.
///
/// Where some of it cannot be, it is read once more with the first page of an empty database of
/// ours: without its own, whole tables would be lost.
pub fn salvage(aside: &Path, to: &mut Connection, time: Duration, octets: u64) -> Copied {
    let copied = read_out(aside, to, time, octets);
    if !copied.gaps {
        return copied;
    }
    let Ok(mended) = Mended::begin(aside) else {
        return copied;
    };
    let more = read_out(aside, to, time, octets);
    drop(mended);
    Copied {
        rows: copied.rows + more.rows,
        odd: copied.odd.max(more.odd),
        gaps: more.gaps,
        cut: copied.cut || more.cut,
    }
}

/// A database with another first page for as long as this lives.
struct Mended {
    file: File,
    page: [u8; PAGE as usize],
}

impl Mended {
    fn begin(path: &Path) -> Result<Mended, Trouble> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)?;
        let mut page = [0; PAGE as usize];
        file.read_exact_at(&mut page, 0)?;
        let pages = file.metadata()?.len() / u64::from(PAGE);
        let mut sound = first_page(&beside(path, "-form"))?;
        // SQLite's file format, section 1.3: used with a write-ahead log, and so many pages.
        sound[18..20].copy_from_slice(&[2, 2]);
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        sound[28..32].copy_from_slice(&pages.to_be_bytes());
        file.write_all_at(&sound, 0)?;
        Ok(Mended { file, page })
    }
}

impl Drop for Mended {
    fn drop(&mut self) {
        // What was found there is worth looking into.
        let _ = self.file.write_all_at(&self.page, 0);
    }
}

/// The first page of an empty database, made at `path` and removed again: the schema, with the
/// places of the tables. They lie where they were first made, in every database of ours.
fn first_page(path: &Path) -> Result<[u8; PAGE as usize], Trouble> {
    let _ = fs::remove_file(path);
    let mut page = [0; PAGE as usize];
    let made = Disk::open(path, Timestamp::ZERO).and_then(|disk| {
        drop(disk);
        File::open(path)?.read_exact_at(&mut page, 0)?;
        Ok(())
    });
    remove(path);
    made.map(|()| page)
}

fn read_out(aside: &Path, to: &mut Connection, time: Duration, octets: u64) -> Copied {
    let mut copied = Copied::default();
    let lost = Copied {
        gaps: true,
        ..Copied::default()
    };
    let Ok(from) = open_damaged(aside) else {
        return lost;
    };
    let mut budget = Budget::new(time, octets);
    for table in PENDING.iter().chain(&HISTORY) {
        copied += match to.transaction() {
            Ok(change) => {
                let some = copy::table(table, &from, &change, Meets::Stays, &mut budget);
                some.and_then(|some| change.commit().map(|()| some))
                    .unwrap_or(lost)
            }
            Err(_) => lost,
        };
    }
    copied
}

/// With its log, but so that nothing is moved from that into it.
fn open_damaged(aside: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let from = Connection::open_with_flags(aside, flags)?;
    from.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // The tables are read even where the schema names one that makes no sense.
    from.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA trusted_schema = OFF;
         PRAGMA writable_schema = ON;",
    )?;
    Ok(from)
}
