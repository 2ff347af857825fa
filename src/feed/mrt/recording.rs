//! One file of a directory, from when it appears until it is read.

use std::{
    fs::{File, OpenOptions},
    hash::{BuildHasher, Hasher},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::listing::{FileId, Stamp};
use crate::{
    bgp::Timestamp,
    wire::mrt::{self, Compression, Input, MrtReader, Peek, WholeRecords},
};

/// Octets by which two files are told apart, with their size.
const HEAD: usize = 16 << 10;

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
    /// Size and first octets, hashed; 0 as long as it has not been looked into.
    pub head: u64,
    /// Octets, uncompressed, that were read when it seemed complete.
    pub offset: u64,
    /// Whether it may be read before it is complete.
    pub plain: bool,
    /// Whether the last look at the directory found it.
    pub there: bool,
    /// What has become of it.
    pub stage: Stage,
}

/// What stands at the beginning of a file.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Its first record; none where there is none.
    pub peek: Option<Peek>,
    /// Size and first octets, hashed.
    pub head: u64,
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
pub fn look_into(
    path: &Path,
    id: FileId,
    hasher: &foldhash::fast::RandomState,
) -> io::Result<Opening> {
    let file = open(path, id)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut bytes)?;
    let mut hash = hasher.build_hasher();
    hash.write_u64(size);
    hash.write(&bytes);
    let plain = Compression::recognise(&bytes) == Compression::None;
    (&file).seek(SeekFrom::Start(0))?;
    let peek = mrt::peek_input(Input::from_reader(path, file, Some(size))?)?;
    Ok(Opening {
        peek,
        head: hash.finish(),
        plain,
    })
}

impl Reading {
    /// Begins to read a file.
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn begin(id: FileId, recording: &Recording, growing: bool) -> io::Result<Self> {
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
        })
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
