//! Records of a file that is still being written.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::header::{self, Header};

const ROOM: usize = 256 << 10;

/// Passes whole records on and keeps a torn one back until the rest of it is written;
/// what comes after damage passes as it is, for the reader to say so.
#[derive(Debug)]
pub struct WholeRecords<R> {
    inner: R,
    buffer: Vec<u8>,
    /// Octets of the buffer that are passed on already …
    passed: usize,
    /// … and up to where they are whole.
    whole: usize,
    complete: Arc<AtomicBool>,
}

impl<R: Read> WholeRecords<R> {
    /// Reads `inner`. Once `complete` is set nothing more is awaited: what is torn then
    /// passes too.
    pub fn new(inner: R, complete: Arc<AtomicBool>) -> Self {
        WholeRecords {
            inner,
            buffer: Vec::new(),
            passed: 0,
            whole: 0,
            complete,
        }
    }

    /// Moves `whole` past every whole record in the buffer.
    fn measure(&mut self) {
        while let Some(rest) = self.buffer.get(self.whole..) {
            match Header::read(rest) {
                Some(header) if header.fault().is_some() => self.whole = self.buffer.len(),
                Some(header) => {
                    let len = header::LEN + header.len as usize;
                    if rest.len() < len {
                        return;
                    }
                    self.whole += len;
                }
                None => return,
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.passed);
        self.whole -= self.passed;
        self.passed = 0;
        while self.whole == 0 {
            let before = self.buffer.len();
            self.buffer.resize(before + ROOM, 0);
            let room = self.buffer.get_mut(before..).unwrap_or_default();
            let outcome = self.inner.read(room);
            let read = *outcome.as_ref().unwrap_or(&0);
            self.buffer.truncate(before + read);
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => {
                    if self.complete.load(Ordering::Relaxed) {
                        self.whole = self.buffer.len();
                    }
                    return Ok(());
                }
                Ok(_) => self.measure(),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for WholeRecords<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.passed == self.whole {
            self.fill()?;
        }
        let ready = self.buffer.get(self.passed..self.whole).unwrap_or_default();
        let len = ready.len().min(room.len());
        if let (Some(to), Some(from)) = (room.get_mut(..len), ready.get(..len)) {
            to.copy_from_slice(from);
        }
        self.passed += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Gives what is there, and more once more is there.
    #[derive(Clone, Default)]
    struct Growing(Arc<Mutex<Vec<u8>>>);

    impl Read for Growing {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let mut bytes = self.0.lock().unwrap();
            let len = bytes.len().min(room.len());
            room[..len].copy_from_slice(&bytes[..len]);
            bytes.drain(..len);
            Ok(len)
        }
    }

    fn record(body: &[u8]) -> Vec<u8> {
        let mut record = vec![0, 0, 0, 1, 0, 16, 0, 4];
        record.extend((body.len() as u32).to_be_bytes());
        record.extend(body);
        record
    }

    #[test]
    fn a_torn_record_waits_for_its_rest_and_passes_torn_only_at_the_end() {
        let (file, complete) = (Growing::default(), Arc::new(AtomicBool::new(false)));
        let mut reader = WholeRecords::new(file.clone(), Arc::clone(&complete));
        let mut out = Vec::new();
        let one = record(b"one");
        for byte in &one {
            assert_eq!(reader.read_to_end(&mut out).unwrap(), 0);
            file.0.lock().unwrap().push(*byte);
        }
        assert_eq!(reader.read_to_end(&mut out).unwrap(), one.len());
        assert_eq!(out, one);
        let torn = &record(b"another")[..15];
        file.0.lock().unwrap().extend(torn);
        assert_eq!(reader.read_to_end(&mut out).unwrap(), 0);
        complete.store(true, Ordering::Relaxed);
        assert_eq!(reader.read_to_end(&mut out).unwrap(), 15);
        assert_eq!(out.strip_prefix(one.as_slice()), Some(torn));
    }

    #[test]
    fn damage_passes_as_it_is() {
        let file = Growing::default();
        file.0.lock().unwrap().extend([0xFF; 40]);
        let mut out = Vec::new();
        let mut reader = WholeRecords::new(file, Arc::default());
        assert_eq!(reader.read_to_end(&mut out).unwrap(), 40);
    }
}
