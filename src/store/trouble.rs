//! What can be wrong with a database on a disk, by what is to be done about it.

use std::io;

use rusqlite::{ErrorCode, ffi};

/// Why a database cannot be used.
#[derive(Debug)]
pub enum Trouble {
    /// Another process has the directory: its number.
    InUse(String),
    /// A later version wrote it: its schema.
    Later(u64),
    /// It is no sound database: set it aside and begin anew.
    Damaged(String),
    /// It cannot be reached or written now: go on without it and try again.
    Disk(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let Some(ffi::Error {
            code,
            extended_code,
        }) = error.sqlite_error()
        else {
            // A value that is not of its column's type.
            return Trouble::Damaged(error.to_string());
        };
        let torn = *extended_code == ffi::SQLITE_IOERR_SHORT_READ;
        match code {
            ErrorCode::DiskFull => Trouble::Disk("the disk is full".to_owned()),
            ErrorCode::ReadOnly => Trouble::Disk("it can only be read".to_owned()),
            ErrorCode::SystemIoFailure if !torn => {
                Trouble::Disk(format!("the disk fails ({error}, code {extended_code})"))
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                Trouble::Disk("another program has it open".to_owned())
            }
            ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::OperationInterrupted => Trouble::Disk(error.to_string()),
            _ => Trouble::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Disk(error.to_string())
    }
}

impl Trouble {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Trouble::InUse(pid) => format!("it is in use by another leakwatch, process {pid}"),
            Trouble::Later(found) => format!("a later leakwatch wrote it (schema {found})"),
            Trouble::Damaged(what) | Trouble::Disk(what) => what.clone(),
        }
    }
}

/// Whether it is the row that cannot be written, and another could.
pub fn is_of_the_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}
