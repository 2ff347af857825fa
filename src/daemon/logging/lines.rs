//! Lines on their way out: a bounded queue and one thread that writes.
//!
//! A terminal that is stopped (Ctrl-S) or a pipe that nobody reads must not stop the
//! engine or a session: what does not fit in the queue is dropped and counted.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

use prometheus::IntCounter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait at most.
const MOST_LINES: usize = 4096;
/// How long the end of the process waits for lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

enum Message {
    Line(Vec<u8>),
    /// Everything before it is written; the other end hears of it by the drop.
    Last(#[allow(dead_code, reason = "only dropped")] SyncSender<()>),
}

/// The end at which lines are put in; a clone for each line.
#[derive(Clone, Debug)]
pub struct Lines {
    sender: SyncSender<Message>,
    dropped: IntCounter,
}

/// Writes what is left when dropped.
#[derive(Debug)]
pub struct Writing {
    sender: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
    /// [`LAST_LINES`]; a test may have more.
    patience: Duration,
}

/// A queue whose lines a thread of its own writes to `out`.
///
/// # Errors
/// If the system gives no thread.
pub fn queue(
    out: impl Write + Send + 'static,
    dropped: IntCounter,
) -> io::Result<(Lines, Writing)> {
    let (sender, receiver) = sync_channel(MOST_LINES);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(out, &receiver))?;
    let lines = Lines {
        sender: sender.clone(),
        dropped,
    };
    let writing = Writing {
        sender,
        thread: Some(thread),
        patience: LAST_LINES,
    };
    Ok((lines, writing))
}

fn write_all(mut out: impl Write, lines: &Receiver<Message>) {
    while let Ok(message) = lines.recv() {
        match message {
            // A log that cannot be written has nowhere to say so.
            Message::Line(line) => drop(out.write_all(&line)),
            Message::Last(_told) => {
                let _ = out.flush();
                return;
            }
        }
    }
}

impl Write for Lines {
    /// Takes a whole line: the formatter hands one over at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.sender.try_send(Message::Line(line.to_vec())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.dropped.inc(),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let (told, hears) = sync_channel(0);
        // A full queue behind a stopped terminal stays as it is: the process ends.
        if self.sender.try_send(Message::Last(told)).is_ok() {
            let _ = hears.recv_timeout(self.patience);
        }
        if let Some(thread) = self.thread.take().filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc::channel};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn counter() -> IntCounter {
        IntCounter::new("dropped", "dropped").unwrap()
    }

    #[test]
    fn what_was_logged_is_written_before_the_end() {
        let kept = Kept::default();
        let (mut lines, mut writing) = queue(kept.clone(), counter()).unwrap();
        writing.patience = Duration::from_secs(60);
        for _ in 0..100 {
            lines.write_all(b"line\n").unwrap();
        }
        drop(writing);
        assert_eq!(kept.0.lock().unwrap().len(), 500);
    }

    /// Blocks until the other end of its channel is dropped.
    struct Stopped(std::sync::mpsc::Receiver<()>);

    impl Write for Stopped {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(line.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "nothing is ever sent: its end is what is waited for"
    )]
    fn a_stopped_terminal_costs_lines_and_stops_nobody() {
        let (go_on, stopped) = channel();
        let dropped = counter();
        let (mut lines, writing) = queue(Stopped(stopped), dropped.clone()).unwrap();
        for _ in 0..MOST_LINES + 100 {
            lines.write_all(b"line\n").unwrap();
        }
        // The thread may have taken one line out of the queue before it stopped.
        assert!((99..=100).contains(&dropped.get()), "{}", dropped.get());
        drop(writing);
        drop(go_on);
    }
}
