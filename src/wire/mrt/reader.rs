//! The reader: one file's records, batch by batch.

use crate::bgp::Batch;
use crate::wire::{Reason, Tally};

use super::decoder::Decoder;
use super::header::{self, Header};
use super::input::{Compression, Input};
use super::problem::{MAX_PROBLEMS, Problem};

/// A batch is handed on once it holds this many prefixes (what the engine has to say of
/// the first waits for the last, and a batch should stay in the nearest caches) …
const BATCH_NLRI: usize = 1024;
/// … this many octets of messages …
const BATCH_RAW: usize = 128 << 10;
/// … or this many events, for records without prefixes.
const BATCH_EVENTS: usize = 1024;
/// Records looked at per batch: a file of records that give nothing must still let
/// its caller draw a progress bar.
const BATCH_RECORDS: u32 = 1 << 16;

/// Whether there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Call again.
    More,
    /// The batch just filled is the last one; it may hold events still.
    End,
}

/// Reads one MRT file.
#[derive(Debug)]
pub struct MrtReader {
    input: Input,
    decoder: Decoder,
    /// Octets of whole records read, uncompressed.
    offset: u64,
    ended: bool,
    /// Ended by damage beyond which nothing can be read.
    stopped: bool,
    by_second: bool,
    problems: Vec<Problem>,
    problem_count: u64,
}

impl MrtReader {
    /// A reader at the start of `input`.
    pub fn new(input: Input) -> Self {
        MrtReader {
            input,
            decoder: Decoder::default(),
            offset: 0,
            ended: false,
            stopped: false,
            by_second: false,
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    /// Ends a batch where the second does, for a caller that plays
    /// the file at the speed at which it was recorded.
    #[must_use]
    pub fn by_second(mut self) -> Self {
        self.by_second = true;
        self
    }

    /// Reads on where the input ended, as it does for a file that grows; returns whether
    /// that is possible: beyond some damage nothing is.
    pub fn resume(&mut self) -> bool {
        self.ended = self.stopped;
        !self.stopped
    }

    /// Decodes and drops what comes before `offset`, which was read before.
    pub fn pass_over(&mut self, offset: u64, batch: &mut Batch) {
        while self.offset < offset && !self.ended {
            batch.clear();
            self.decoder.peers.new_batch();
            self.record(batch);
        }
        batch.clear();
        self.decoder.tally = Tally::default();
    }

    /// Empties `batch` and fills it with the next records, up to about 1,024 prefixes
    /// or 128 KiB of messages.
    pub fn read_batch(&mut self, batch: &mut Batch) -> Status {
        batch.clear();
        self.decoder.peers.new_batch();
        let mut records = 0;
        while !self.ended {
            if batch.nlri_count() >= BATCH_NLRI
                || batch.raw.len() >= BATCH_RAW
                || batch.events.len() >= BATCH_EVENTS
                || records >= BATCH_RECORDS
            {
                return Status::More;
            }
            if self.by_second && !batch.events.is_empty() {
                let next = Header::read(self.input.peek_up_to(header::LEN));
                let now = self.decoder.time().secs();
                if next.is_some_and(|next| u64::from(next.seconds) != now) {
                    return Status::More;
                }
            }
            records += 1;
            self.record(batch);
        }
        self.decoder.end_of_dump(batch);
        Status::End
    }

    /// The file being read.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.decoder.tally
    }

    /// The first [`MAX_PROBLEMS`] parts of the file that could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many there were in all.
    pub fn problem_count(&self) -> u64 {
        self.problem_count
    }

    /// Whether any part of the file could not be read.
    pub fn damaged(&self) -> bool {
        self.problem_count > 0
    }

    /// Octets read so far, uncompressed.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn record(&mut self, batch: &mut Batch) {
        let (bytes, outcome) = self.input.take_up_to(header::LEN);
        let read = bytes.len();
        let Some(header) = Header::read(bytes) else {
            match outcome {
                Err(error) => self.torn_stream(&error, read as u64),
                Ok(()) if read == 0 => self.ended = true,
                Ok(()) => {
                    let what = format!("the file ends {read} bytes into a record's header");
                    self.stop(Reason::MrtTruncated, what, Some(read as u64));
                }
            }
            return;
        };
        if let Some(fault) = header.fault() {
            let what = if self.offset == 0 {
                format!("not an MRT file: its first record has {fault}")
            } else {
                let Header {
                    kind, subtype, len, ..
                } = header;
                format!("not a record header, {fault} (type {kind}/{subtype}, length {len})")
            };
            return self.stop(Reason::MrtHeader, what, None);
        }
        let len = header.len as usize;
        let (body, outcome) = self.input.take_up_to(len);
        let read = header::LEN + body.len();
        if body.len() == len {
            let decoded = self.decoder.record(header, body, batch);
            let start = self.offset;
            self.offset += read as u64;
            if let Err(fault) = decoded {
                let Header { kind, subtype, .. } = header;
                let what = format!("{} (type {kind}/{subtype})", fault.what);
                self.problem(start, fault.reason, what, Some(read as u64));
            }
            if self.input.is_bomb(self.offset) {
                let what = "the file expands beyond what any table dump does".to_owned();
                self.stop(Reason::MrtBomb, what, None);
            }
            return;
        }
        if let Err(error) = outcome {
            return self.torn_stream(&error, read as u64);
        }
        let there = read - header::LEN;
        let what = format!("the file ends {there} bytes into a record of {len}");
        self.stop(Reason::MrtTruncated, what, Some(read as u64));
    }

    /// The bytes stopped coming with an error.
    fn torn_stream(&mut self, error: &std::io::Error, skipped: u64) {
        let (reason, what) = if self.input.compression() == Compression::None {
            (Reason::MrtTruncated, "the file could not be read on")
        } else if error.kind() == std::io::ErrorKind::UnexpectedEof {
            (Reason::MrtCompression, "the compressed data are cut short")
        } else {
            (Reason::MrtCompression, "the compressed data are damaged")
        };
        let what = format!("{what}, {skipped} bytes into a record ({error})");
        self.stop(reason, what, None);
    }

    fn stop(&mut self, reason: Reason, what: String, skipped: Option<u64>) {
        self.ended = true;
        self.stopped = true;
        self.problem(self.offset, reason, what, skipped);
    }

    fn problem(&mut self, offset: u64, reason: Reason, what: String, skipped: Option<u64>) {
        self.decoder.tally.error(reason);
        self.problem_count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem {
                offset,
                reason,
                what,
                skipped,
            });
        }
    }
}
