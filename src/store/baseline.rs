//! What was learned in weeks, page by page, in a database of its own.
//!
//! It is large, and losing it is harmless: prefixes are learned again within a month, and
//! until then a leak that begins while nobody watches is not told after a restart. So it is
//! kept apart from the journal, is never synced, and never waited for. A crash of the
//! machine may damage it; it is then set aside and begun anew. Pages are opaque here.
//!
//! It is written by generations: all pages of a new one are in place before the old one is
//! dropped, so that a crash in between leaves the old one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use crate::bgp::Timestamp;

/// The file in the state directory.
pub const FILE: &str = "baseline.sqlite";
/// Its schema.
const SCHEMA: u32 = 1;
/// Another program that reads the file is waited for so long; nobody waits for us.
const BUSY: Duration = Duration::from_secs(5);

/// It could not be written or read this time. Nothing else depends on it: log it, and go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// The disk or the database refuses; the next attempt may succeed.
    #[error("{file}: {why}; what is learned is not kept until that works again")]
    Refused {
        /// The database.
        file: String,
        /// What it said.
        why: String,
    },
    /// It was damaged, and is begun anew.
    #[error("{file} is damaged ({why}); it was set aside as {aside} and is begun anew")]
    SetAside {
        /// The database.
        file: String,
        /// What it said.
        why: String,
        /// What it is called now.
        aside: String,
    },
}

/// A generation read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// When it was written.
    pub time: Timestamp,
    /// Its pages, in the order in which they were written.
    pub pages: Vec<Vec<u8>>,
}

/// The database.
#[derive(Debug)]
pub struct Baseline {
    file: PathBuf,
    connection: Connection,
    /// The generation being written, and its pages so far.
    writing: Option<(i64, i64)>,
    /// A page could not be written: those that follow are of no use.
    broken: bool,
    /// Something went wrong: the file is opened anew before the next generation. One that was
    /// opened on a disk that could only be read would never be written.
    stale: bool,
}

impl Baseline {
    /// Opens it in the state directory, made if need be. Also returned is what is to be
    /// logged: that it was damaged, and where it is now.
    ///
    /// # Errors
    /// If it can neither be opened nor begun anew, as on a disk that cannot be written.
    pub fn open(directory: &Path) -> Result<(Baseline, Option<BaselineError>), BaselineError> {
        let file = directory.join(FILE);
        match connect(&file) {
            Ok(connection) => Ok((Baseline::of(file, connection), None)),
            Err(error) if is_damage(&error) => {
                let said = set_aside(&file, &error)?;
                let connection = connect(&file).map_err(|error| refused(&file, &error))?;
                Ok((Baseline::of(file, connection), Some(said)))
            }
            Err(error) => Err(refused(&file, &error)),
        }
    }

    fn of(file: PathBuf, connection: Connection) -> Baseline {
        Baseline {
            file,
            connection,
            writing: None,
            broken: false,
            stale: false,
        }
    }

    /// Writes the next page of a generation; the first begins one. After one that could not be
    /// written the others are passed over, until the generation is finished or abandoned.
    ///
    /// # Errors
    /// It is not written, and the generation is given up; the one before stays.
    pub fn write_page(&mut self, page: &[u8]) -> Result<(), BaselineError> {
        if self.broken {
            return Ok(());
        }
        let result = self.try_page(page);
        self.broken = result.is_err();
        self.settle(result)
    }

    fn try_page(&mut self, page: &[u8]) -> rusqlite::Result<()> {
        let (generation, number) = if let Some(writing) = self.writing {
            writing
        } else {
            if self.stale {
                self.connection = connect(&self.file)?;
                self.stale = false;
            }
            self.connection.execute(
                "DELETE FROM page WHERE generation NOT IN (SELECT id FROM generation WHERE whole)",
                [],
            )?;
            self.connection
                .execute("DELETE FROM generation WHERE NOT whole", [])?;
            self.connection
                .execute("INSERT INTO generation (time, whole) VALUES (0, 0)", [])?;
            (self.connection.last_insert_rowid(), 0)
        };
        self.connection.execute(
            "INSERT INTO page (generation, number, octets) VALUES (?1, ?2, ?3)",
            params![generation, number, page],
        )?;
        self.writing = Some((generation, number + 1));
        Ok(())
    }

    /// The generation is whole, and of this time: the one before is dropped. Nothing happens
    /// where no page was written, or not every one.
    ///
    /// # Errors
    /// The one before stays.
    pub fn finish_generation(&mut self, time: Timestamp) -> Result<(), BaselineError> {
        self.broken = false;
        let result = self.try_finish(time);
        self.settle(result)
    }

    fn try_finish(&mut self, time: Timestamp) -> rusqlite::Result<()> {
        let Some((generation, _)) = self.writing.take() else {
            return Ok(());
        };
        let time = i64::try_from(time.micros()).unwrap_or(i64::MAX);
        let all = self.connection.transaction()?;
        all.execute(
            "UPDATE generation SET time = ?2, whole = 1 WHERE id = ?1",
            params![generation, time],
        )?;
        all.execute("DELETE FROM page WHERE generation <> ?1", [generation])?;
        all.execute("DELETE FROM generation WHERE id <> ?1", [generation])?;
        all.commit()
    }

    /// Gives up the generation that is being written.
    pub fn abandon(&mut self) {
        self.writing = None;
        self.broken = false;
    }

    /// The last whole generation.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&mut self) -> Result<Option<Generation>, BaselineError> {
        let result = self.try_read();
        self.settle(result)
    }

    fn try_read(&self) -> rusqlite::Result<Option<Generation>> {
        let last: Option<(i64, i64)> = self
            .connection
            .query_row(
                "SELECT id, time FROM generation WHERE whole ORDER BY id DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((generation, time)) = last else {
            return Ok(None);
        };
        let mut query = self
            .connection
            .prepare("SELECT octets FROM page WHERE generation = ?1 ORDER BY number")?;
        let pages = query
            .query_map([generation], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(Generation {
            time: Timestamp::from_micros(u64::try_from(time).unwrap_or(0)),
            pages,
        }))
    }

    /// Says what went wrong; what is damaged is begun anew.
    fn settle<T>(&mut self, result: rusqlite::Result<T>) -> Result<T, BaselineError> {
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        self.writing = None;
        self.stale = true;
        if !is_damage(&error) {
            return Err(refused(&self.file, &error));
        }
        let said = set_aside(&self.file, &error)?;
        self.connection = connect(&self.file).map_err(|error| refused(&self.file, &error))?;
        Err(said)
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    // The disk's syncs are for the journal.
    connection.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF;")?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let schema: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let damage = |code, why: &str| {
        let error = rusqlite::ffi::Error::new(code);
        Err(rusqlite::Error::SqliteFailure(error, Some(why.to_owned())))
    };
    if sound != "ok" {
        return damage(rusqlite::ffi::SQLITE_CORRUPT, &sound);
    }
    if schema > SCHEMA {
        // A later version's is of no use here, and no loss.
        return damage(
            rusqlite::ffi::SQLITE_NOTADB,
            "it is of a later version of leakwatch",
        );
    }
    if schema == SCHEMA {
        // Nothing is written: on a full disk, and on one that can only be read, what was learned
        // is read all the same.
        return Ok(connection);
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS generation (
             id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, whole INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS page (
             generation INTEGER NOT NULL, number INTEGER NOT NULL, octets BLOB NOT NULL,
             PRIMARY KEY (generation, number)
         ) STRICT;",
    )?;
    connection.pragma_update(None, "user_version", SCHEMA)?;
    Ok(connection)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => matches!(
            error.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
        ),
        // Columns of another shape than ours.
        rusqlite::Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

/// Renames it; one that was set aside before makes room, so that they do not fill the disk.
fn set_aside(file: &Path, error: &rusqlite::Error) -> Result<BaselineError, BaselineError> {
    let aside = file.with_extension("sqlite.damaged");
    let name = |file: &Path| file.display().to_string();
    fs::rename(file, &aside).map_err(|error| BaselineError::Refused {
        file: name(file),
        why: error.to_string(),
    })?;
    // What was half written into the old one is nothing to the new one.
    let journal = file.with_extension("sqlite-journal");
    if journal.exists() {
        fs::remove_file(&journal).map_err(|error| BaselineError::Refused {
            file: name(&journal),
            why: error.to_string(),
        })?;
    }
    Ok(BaselineError::SetAside {
        file: name(file),
        why: error.to_string(),
        aside: name(&aside),
    })
}

fn refused(file: &Path, error: &rusqlite::Error) -> BaselineError {
    BaselineError::Refused {
        file: file.display().to_string(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
