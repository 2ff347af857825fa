//! One file of a directory, from when it appears until it is read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    Settings,
    listing::{FileId, Stamp},
};
use crate::{
    bgp::Timestamp,
    wire::mrt::{self, Compression, Input, MrtReader, Peek, WholeRecords},
};

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its size may change still.
    Settling,
    /// To be read, in its turn.
    Ready,
    /// Being read.
    Open,
    /// Read to its end.
    Read,
    /// Not to be read, unless it changes.
    Passed,
}

/// A file that was seen.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its name when last seen.
    pub path: PathBuf,
    /// Its state when last seen.
    pub stamp: Stamp,
    /// Since when its state has been this.
    pub since: Timestamp,
    /// What its first record says; none as long as it has not been looked into.
    pub peek: Option<Peek>,
    /// Its size when it was read.
    pub size_read: u64,
    /// Octets, uncompressed, that were read when it seemed complete.
    pub offset: u64,
    /// Whether it may be read before it is complete.
    pub plain: bool,
    /// Whether the last look at the directory found it.
    pub there: bool,
    /// Whether it was said that it cannot be read.
    pub told: bool,
    /// What has become of it.
    pub stage: Stage,
}

impl Recording {
    /// A file just found. What was last written some time ago has been so since then.
    pub fn new(path: PathBuf, stamp: Stamp, now: Timestamp) -> Self {
        Recording {
            path,
            stamp,
            since: stamp.time().min(now),
            peek: None,
            size_read: 0,
            offset: 0,
            plain: false,
            there: true,
            told: false,
            stage: Stage::Settling,
        }
    }

    /// Whether it has not changed for long enough to be complete.
    pub fn is_whole(&self, settings: &Settings, now: Timestamp) -> bool {
        now.since(self.since) >= settings.stable
    }

    /// The first record's time, of a file of updates that was looked into.
    pub fn updates(&self) -> Option<Timestamp> {
        self.peek
            .filter(|peek| !peek.table_dump)
            .map(|peek| peek.time)
    }
}

/// What stands at the beginning of a file.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Its first record; none where there is none.
    pub peek: Option<Peek>,
    /// Whether it is uncompressed.
    pub plain: bool,
}

/// A file that is being read.
#[derive(Debug)]
pub struct Reading {
    /// Which.
    pub id: FileId,
    /// The reader.
    pub reader: MrtReader,
    file: File,
    size: u64,
    complete: Arc<AtomicBool>,
    /// Whether the file may grow still.
    pub growing: bool,
    /// Whether it is a table that is being looked through before it is handed on.
    pub checking: bool,
    /// Time of its first record.
    pub first: Timestamp,
}

/// Opens the regular file `id`, and nothing that was put in its place meanwhile. A pipe
/// is opened without waiting for its writer.
fn open(path: &Path, id: FileId) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && FileId::of(&metadata) == id {
        Ok(file)
    } else {
        Err(io::Error::other("it was replaced while it was opened"))
    }
}

/// Looks into a file.
///
/// # Errors
/// It cannot be opened or read.
pub fn look_into(path: &Path, id: FileId) -> io::Result<Opening> {
    let file = open(path, id)?;
    let size = file.metadata()?.len();
    let input = Input::from_reader(path, file, Some(size))?;
    let plain = input.compression() == Compression::None;
    Ok(Opening {
        peek: mrt::peek_input(input)?,
        plain,
    })
}

impl Reading {
    /// Begins to read a file.
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn begin(id: FileId, recording: &Recording, peek: Peek, growing: bool) -> io::Result<Self> {
        let file = open(&recording.path, id)?;
        let size = file.metadata()?.len();
        let complete = Arc::new(AtomicBool::new(!growing));
        let handle = file.try_clone()?;
        let input = if growing {
            let whole = WholeRecords::new(handle, Arc::clone(&complete));
            Input::from_reader(&recording.path, whole, None)?
        } else {
            Input::from_reader(&recording.path, handle, Some(size))?
        };
        Ok(Reading {
            id,
            reader: MrtReader::new(input).by_second(),
            file,
            size,
            complete,
            growing,
            checking: peek.table_dump,
            first: peek.time,
        })
    }

    /// Begins anew, now that the table was found to be whole.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn checked(&mut self) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let name = self.reader.input().name().to_owned();
        let input = Input::from_reader(&name, self.file.try_clone()?, Some(self.size))?;
        self.reader = MrtReader::new(input).by_second();
        self.checking = false;
        Ok(())
    }

    /// Octets of the file when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file is awaited no longer: what is torn at its end is damage.
    pub fn complete(&mut self) {
        self.growing = false;
        self.complete.store(true, Ordering::Relaxed);
    }

    /// Whether the file is shorter now than when it was opened, or than what was read.
    pub fn is_truncated(&self) -> bool {
        let taken = self.reader.input().consumed().load(Ordering::Relaxed);
        let least = if self.growing { taken } else { self.size };
        self.file
            .metadata()
            .is_ok_and(|metadata| metadata.len() < least)
    }
}
