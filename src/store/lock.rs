//! One daemon to a directory.
//!
//! The lock is the system's and goes with the process; the number in the file is for people, and
//! one left by a process that is gone locks nobody out.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::trouble::Trouble;

/// A directory that is ours for as long as this lives.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes `directory`.
    ///
    /// # Errors
    /// Another process has it, or the file cannot be made.
    pub fn take(directory: &Path) -> Result<Lock, Trouble> {
        let path = directory.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(|error| Trouble::Disk(format!("{}: {error}", path.display())))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Trouble::InUse(holder(&mut file))),
            Err(TryLockError::Error(error)) => {
                let what = format!("{} cannot be locked: {error}", path.display());
                return Err(Trouble::Disk(what));
            }
        }
        // On a full disk nothing can be written into it; the lock holds all the same.
        let _ = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Lock { path, file })
    }

    /// Whether the file is still where others look for it.
    pub fn holds(&self) -> bool {
        let there = std::fs::metadata(&self.path);
        let ours = self.file.metadata();
        there.is_ok_and(|there| {
            ours.is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
        })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(16).read_to_string(&mut text));
    let pid = text.trim();
    let is_number = !pid.is_empty() && pid.bytes().all(|octet| octet.is_ascii_digit());
    if read.is_ok() && is_number {
        pid.to_owned()
    } else {
        "unknown".to_owned()
    }
}
