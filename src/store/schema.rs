//! The tables, and how those of an earlier version become those of this one.
//!
//! Every version adds one entry to [`MIGRATIONS`] and changes none. The number of the version
//! stands twice, in SQLite's `user_version` and in the table `about`, so that a flipped bit in
//! the file's header is not taken for a later leakwatch; every later version keeps both.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::trouble::Trouble;
use crate::bgp::Timestamp;

/// What each version adds to the one before, the first one to nothing.
pub const MIGRATIONS: &[&str] = &[FIRST];

/// Times are microseconds since 1970. `place` is the order of writing.
const FIRST: &str = "
CREATE TABLE about (
    schema INTEGER NOT NULL,
    opened INTEGER NOT NULL
) STRICT;
INSERT INTO about VALUES (0, 0);
CREATE TABLE incident (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    drill INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    resolved INTEGER,
    event TEXT NOT NULL,
    UNIQUE (id, drill)
) STRICT;
CREATE INDEX incident_resolved ON incident (resolved);
CREATE TABLE step (
    place INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    drill INTEGER NOT NULL,
    number INTEGER NOT NULL,
    time INTEGER NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (incident, drill, number)
) STRICT;
CREATE TABLE kept (
    place INTEGER PRIMARY KEY,
    incident TEXT NOT NULL UNIQUE,
    written INTEGER NOT NULL,
    kept BLOB NOT NULL
) STRICT;
CREATE TABLE slice (
    place INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    drill INTEGER NOT NULL,
    written INTEGER NOT NULL,
    mrt BLOB NOT NULL,
    UNIQUE (incident, drill)
) STRICT;
CREATE TABLE slip (
    place INTEGER PRIMARY KEY,
    sink TEXT NOT NULL,
    subject TEXT NOT NULL,
    slip TEXT NOT NULL,
    UNIQUE (sink, subject)
) STRICT;
CREATE TABLE document (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    until INTEGER,
    UNIQUE (kind, name)
) STRICT;
CREATE INDEX document_until ON document (until);
";

/// Of which version a database is; 0 where it is new.
///
/// # Errors
/// It cannot be read.
pub fn version(rows: &Connection) -> Result<i64> {
    rows.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Makes the tables as the last of `migrations` has them, in one transaction. The row written
/// into `about` shows that the database can be written at all.
///
/// # Errors
/// It is of a later version, is damaged, or cannot be written.
pub fn bring_up(
    rows: &mut Connection,
    migrations: &[&str],
    now: Timestamp,
) -> std::result::Result<(), Trouble> {
    let known = migrations.len() as i64;
    let found = version(rows)?;
    let tables: i64 = rows.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let written = if tables == 0 {
        Some(0)
    } else {
        rows.query_row("SELECT schema FROM about", [], |row| row.get(0))
            .optional()?
    };
    if written != Some(found) {
        let what = format!("its schema is {found} in one place and {written:?} in another");
        return Err(Trouble::Damaged(what));
    }
    if found > known {
        return Err(Trouble::Later(found.unsigned_abs()));
    }
    let change = rows.transaction()?;
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        change.execute_batch(migration)?;
    }
    if found < known {
        change.pragma_update(None, "user_version", known)?;
    }
    change.execute(
        "UPDATE about SET schema = ?1, opened = ?2",
        params![known, now.micros() as i64],
    )?;
    change.commit()?;
    Ok(())
}
