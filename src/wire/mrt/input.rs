//! Where bytes come from: a file or standard input, its compression undone.
//!
//! The compression is told by the first bytes, not the name. What is concatenated in
//! the compressed form (gzip members, bzip2 streams, xz streams, zstd frames) reads as
//! one, as collectors' files and `cat a.gz b.gz` need.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Compressed files may expand to this much whatever the ratio.
const FREE_EXPANSION: u64 = 64 << 20;

/// Beyond [`FREE_EXPANSION`], at most this many bytes out for each byte in. Table dumps
/// compress 5 to 40 times; the plainest bomb, zeros in gzip, a thousand times.
const MAX_RATIO: u64 = 250;

/// No file expands to more than this: the largest collectors' tables are some
/// gigabytes, and reading 64 GiB takes minutes, not days.
const MAX_EXPANDED: u64 = 64 << 30;

/// Memory an xz stream may ask for; `xz -9` asks for 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// Window of a zstd stream as a power of two: 128 MiB, the default of `zstd -d`.
const ZSTD_WINDOW_LOG: u32 = 27;

const BUFFER: usize = 256 << 10;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// Tells by a file's first bytes.
    pub fn recognise(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Compression::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Bzip2,
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }
}

/// An open input.
pub struct Input {
    name: PathBuf,
    size: Option<u64>,
    compression: Compression,
    consumed: Arc<AtomicU64>,
    reader: Box<dyn Read + Send>,
    /// What was read ahead; the part not yet taken is `taken..filled`.
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("compression", &self.compression)
            .field("consumed", &self.consumed)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// Opens a file, or standard input where `path` is `-`.
    ///
    /// # Errors
    /// It cannot be opened, is a directory, or its first bytes cannot be read.
    pub fn open(path: &Path) -> io::Result<Input> {
        if path == Path::new("-") {
            return Input::from_reader(path, io::stdin(), None);
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let size = metadata.is_file().then_some(metadata.len());
        Input::from_reader(path, file, size)
    }

    /// Reads from any reader; `name` is for messages, `size` for progress.
    ///
    /// # Errors
    /// The first bytes cannot be read.
    pub fn from_reader(
        name: &Path,
        reader: impl Read + Send + 'static,
        size: Option<u64>,
    ) -> io::Result<Input> {
        let consumed = Arc::new(AtomicU64::new(0));
        let mut head = Vec::with_capacity(8);
        let mut reader = reader;
        // A pipe may deliver a byte at a time, and gzip's mark is two.
        (&mut reader).take(6).read_to_end(&mut head)?;
        let compression = Compression::recognise(&head);
        let counted = Counted {
            inner: io::Cursor::new(head).chain(reader),
            consumed: Arc::clone(&consumed),
        };
        Ok(Input {
            name: name.to_owned(),
            size,
            compression,
            consumed,
            reader: expand(counted, compression)?,
            buffer: vec![0; BUFFER],
            taken: 0,
            filled: 0,
        })
    }

    /// As it was named when opened.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Bytes of the file as it lies on disk; None for pipes.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// How it is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Bytes taken from the file so far, before decompression; shared, so that a
    /// progress bar can watch from another thread.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }

    /// Whether having read `expanded` bytes makes this a bomb.
    pub fn is_bomb(&self, expanded: u64) -> bool {
        if self.compression == Compression::None || expanded <= FREE_EXPANSION {
            return false;
        }
        let consumed = self.consumed.load(Ordering::Relaxed);
        expanded > MAX_EXPANDED || expanded / MAX_RATIO > consumed
    }

    /// The next `len` bytes, or as many as there are; with the error that ended them.
    ///
    /// The bytes stay until the next call.
    pub fn take_up_to(&mut self, len: usize) -> (&[u8], io::Result<()>) {
        let outcome = if self.filled - self.taken < len {
            self.fill(len)
        } else {
            Ok(())
        };
        let start = self.taken;
        self.taken = self.filled.min(start + len);
        let taken = self.buffer.get(start..self.taken);
        (taken.unwrap_or_default(), outcome)
    }

    /// The next `len` bytes, or as many as there are, left where they are.
    pub fn peek_up_to(&mut self, len: usize) -> &[u8] {
        if self.filled - self.taken < len {
            // An error is for whoever takes them.
            let _ = self.fill(len);
        }
        let end = self.filled.min(self.taken + len);
        self.buffer.get(self.taken..end).unwrap_or_default()
    }

    /// Reads until `len` bytes are at hand, or the end, or an error.
    #[cold]
    fn fill(&mut self, len: usize) -> io::Result<()> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        if self.buffer.len() < len {
            self.buffer.resize(len, 0);
        }
        while self.filled < len {
            let Some(room) = self.buffer.get_mut(self.filled..) else {
                break;
            };
            match self.reader.read(room) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn expand(
    raw: impl Read + Send + 'static,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send>> {
    let buffered = |raw| BufReader::with_capacity(BUFFER, raw);
    Ok(match compression {
        Compression::None => Box::new(raw),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(raw))),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(raw))),
        Compression::Xz => Box::new(xz(buffered(raw))?),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(raw))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
    })
}

fn xz<R: BufRead>(raw: R) -> io::Result<liblzma::bufread::XzDecoder<R>> {
    let stream =
        liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
    Ok(liblzma::bufread::XzDecoder::new_stream(raw, stream))
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(room)?;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
