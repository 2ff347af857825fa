//! A database file: opened, checked, made ready to be written.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    copy,
    schema::{self, MIGRATIONS},
    trouble::Trouble,
};
use crate::bgp::Timestamp;

/// Octets of a page, in every database of ours.
pub const PAGE: u16 = 4096;
/// A write-ahead log that has become longer is cut to this when it has been worked in.
const LONGEST_LOG: u32 = 16 << 20;
/// Another program that reads the file is waited for so long.
const BUSY: Duration = Duration::from_secs(1);

/// The database of a state directory, open.
#[derive(Debug)]
pub struct Disk {
    /// The rows.
    pub rows: Connection,
    path: PathBuf,
    /// Device and number of the file, to see whether it was moved away.
    file: (u64, u64),
}

impl Disk {
    /// Opens the database, or begins one where there is none.
    ///
    /// The write-ahead log is synced at every commit. The file is locked for as long as it is
    /// open: nobody who reads it can hold up a write, and there is no shared memory, which would
    /// end us where the disk below it is full.
    ///
    /// # Errors
    /// It is damaged, of a later version, or cannot be read or written.
    pub fn open(path: &Path, now: Timestamp) -> Result<Disk, Trouble> {
        prepare_file(path)?;
        let is_new = check_header(path)?;
        let mut rows = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW,
        )?;
        rows.busy_timeout(BUSY)?;
        // One that is not ours, or is damaged, is left as it is, its log beside it.
        rows.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        rows.execute_batch(&format!(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA cell_size_check = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA temp_store = MEMORY;
             PRAGMA journal_size_limit = {LONGEST_LOG};"
        ))?;
        if is_new {
            // To one that is there already it would be written, as it is.
            rows.execute_batch(&format!(
                "PRAGMA page_size = {PAGE};
                 PRAGMA auto_vacuum = INCREMENTAL;"
            ))?;
        }
        let mode: String = rows.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            let what = format!("its journal cannot be a write-ahead log but only `{mode}`");
            return Err(Trouble::Disk(what));
        }
        rows.execute_batch("PRAGMA synchronous = FULL")?;
        check(&rows)?;
        if schema::version(&rows)? == MIGRATIONS.len() as i64 {
            // Before anything is written: its log would hide the first page, which can be mended.
            copy::check_tables(&rows)?;
        }
        schema::bring_up(&mut rows, MIGRATIONS, now)?;
        copy::check_tables(&rows)?;
        rows.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        let metadata = fs::metadata(path)?;
        Ok(Disk {
            rows,
            path: path.to_owned(),
            file: (metadata.dev(), metadata.ino()),
        })
    }

    /// Closes it and gives it another name, under which it is complete.
    ///
    /// # Errors
    /// It stays where it is, or cannot be closed.
    pub fn move_to(self, path: &Path) -> Result<(), Trouble> {
        let cut = self
            .rows
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            })?;
        if cut != 0 {
            return Err(Trouble::Disk("its log cannot be worked in".to_owned()));
        }
        (self.rows.close()).map_err(|(_, error)| Trouble::from(error))?;
        fs::rename(&self.path, path)?;
        if let Some(directory) = path.parent() {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    /// Moves what stands in the log alone into the database: from where it can only be read, a
    /// database is read more surely than its log. Whoever reads it meanwhile is not waited for.
    ///
    /// # Errors
    /// The disk fails.
    pub fn work_in_the_log(&self) -> rusqlite::Result<()> {
        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
        self.rows.query_row(sql, [], |_| Ok(()))
    }

    /// Whether the file is still where it was. One that was removed takes what is written to it
    /// along.
    pub fn is_there(&self) -> bool {
        let there = fs::metadata(&self.path);
        there.is_ok_and(|there| (there.dev(), there.ino()) == self.file)
    }
}

/// Octets written to try a disk out, at least and at most.
const TRIAL: std::ops::Range<u64> = 64 << 10..4 << 20;

/// Writes so much to a directory, within bounds, and removes it again. One that does not exist yet
/// has nothing in it that would take long.
///
/// # Errors
/// It cannot be written.
pub fn try_out(directory: &Path, octets: u64) -> Result<(), Trouble> {
    if !directory.is_dir() {
        return Ok(());
    }
    let path = directory.join("trial");
    // One that we left behind when we were killed.
    let _ = fs::remove_file(&path);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            let piece = vec![0xA5; 64 << 10];
            for _ in 0..octets.clamp(TRIAL.start, TRIAL.end) / piece.len() as u64 {
                file.write_all(&piece)?;
            }
            file.sync_all()
        });
    let _ = fs::remove_file(&path);
    written.map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Trouble::Disk("the disk is full".to_owned())
        }
        ErrorKind::ReadOnlyFilesystem => Trouble::Disk("it can only be read".to_owned()),
        _ => Trouble::Disk(format!("{}: {error}", path.display())),
    })
}

/// A database in memory, with the same tables.
///
/// # Panics
/// If there is no memory for an empty one.
#[expect(
    clippy::expect_used,
    reason = "the statements are constants, and without memory nothing goes on"
)]
pub fn in_memory() -> Connection {
    let mut rows = Connection::open_in_memory().expect("memory for an empty database");
    rows.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")
        .and_then(|()| {
            let made = schema::bring_up(&mut rows, MIGRATIONS, Timestamp::ZERO);
            made.map_err(|_| rusqlite::Error::InvalidQuery)
        })
        .expect("memory for empty tables");
    rows
}

/// A file of the same name with something after it.
pub fn beside(path: &Path, after: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(after);
    PathBuf::from(name)
}

/// Makes the file where it is missing, readable for us alone from the beginning; SQLite gives its
/// other files the same permissions.
///
/// # Errors
/// It cannot be made, or is no file.
pub fn prepare_file(path: &Path) -> Result<(), Trouble> {
    let named = |error: std::io::Error| Trouble::Disk(format!("{}: {error}", path.display()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(named)?;
    let metadata = file.metadata().map_err(named)?;
    if !metadata.is_file() {
        return Err(Trouble::Damaged("it is not a regular file".to_owned()));
    }
    if metadata.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(named)?;
    }
    Ok(())
}

/// Looks at what SQLite would take for a database that cannot be written, or of another form.
/// Says whether there is nothing yet.
fn check_header(path: &Path) -> Result<bool, Trouble> {
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    let is_new = header.is_empty();
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    if is_new && log > 0 {
        return Err(Trouble::Damaged(
            "it is empty, and its log is not".to_owned(),
        ));
    }
    let is_ours = header.len() == 100
        && header.starts_with(b"SQLite format 3\0")
        && header[16..18] == PAGE.to_be_bytes()
        && header[18..20]
            .iter()
            .all(|version| matches!(version, 1 | 2))
        && header[20..24] == [0, 64, 32, 32];
    if is_new || is_ours {
        Ok(is_new)
    } else {
        Err(Trouble::Damaged(
            "its header is not a database's".to_owned(),
        ))
    }
}

/// Indexes are compared with their tables too, which `quick_check` leaves out: one that disagrees
/// hides rows that are there.
fn check(rows: &Connection) -> Result<(), Trouble> {
    let first: String = rows.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if first == "ok" {
        Ok(())
    } else {
        let lines: Vec<&str> = first
            .lines()
            .filter(|line| !line.starts_with("***"))
            .collect();
        Err(Trouble::Damaged(lines.join("; ")))
    }
}
