//! A file of JSON lines, the document of docs/webhook.md on each.
//!
//! It is opened for appending and looked at before each line: where the name leads to another
//! file by now, or to none, it is opened anew, so a rotation that renames loses nothing; one that
//! copies and truncates only moves the end. A line is on the disk when it counts as told. What a
//! full disk took half of is taken back, so every line is whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use super::{Failure, Message, Sent, Sink, json};

/// `[[alert.file]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which file; its directory must be there.
    pub path: PathBuf,
}

/// Appends lines.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: Option<File>,
}

impl Lines {
    pub(super) fn open(settings: &Settings) -> Lines {
        Lines {
            path: settings.path.clone(),
            file: None,
        }
    }

    fn append(&mut self, line: &str) -> io::Result<u64> {
        let file = self.file()?;
        let before = file.metadata()?.len();
        let written = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Half a line would spoil the next one.
            let _ = file.set_len(before);
            self.file = None;
            return Err(error);
        }
        Ok(before + line.len() as u64)
    }

    /// The file that the name leads to now.
    fn file(&mut self) -> io::Result<&mut File> {
        let now = std::fs::metadata(&self.path).ok();
        let held = self.file.as_ref().map(File::metadata).transpose()?;
        let same = match (&now, &held) {
            (Some(now), Some(held)) => (now.dev(), now.ino()) == (held.dev(), held.ino()),
            _ => false,
        };
        if !same {
            self.file = Some(open(&self.path)?);
        }
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("is not open"))
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o640)
        // A named pipe without a reader must not hold us.
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)?;
    let held = file.metadata()?;
    if !held.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    // A line that a crash tore must not take ours with it.
    if held.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

impl Sink for Lines {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let mut line =
            json::document(message).map_err(|error| Failure::give_up(error.to_string()))?;
        line.push('\n');
        match self.append(&line) {
            Ok(end) => Ok(Sent::to_all(format!(
                "{}: {end} octets",
                self.path.display()
            ))),
            Err(error) => Err(Failure::retry(format!("{}: {error}", self.path.display()))),
        }
    }

    fn deduplicates(&self) -> bool {
        false
    }

    fn preview(&self, message: &Message) -> String {
        json::document(message).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    fn sink(name: &str) -> (Lines, PathBuf) {
        let path =
            std::env::temp_dir().join(format!("leakwatch-file-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        (Lines::open(&Settings { path: path.clone() }), path)
    }

    fn lines(path: &PathBuf) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with('\n'));
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_message_is_one_line_also_after_a_rotation() {
        let (mut sink, path) = sink("rotated");
        let message = samples::opened();
        sink.send(&message).unwrap();
        sink.send(&message).unwrap();
        assert_eq!(lines(&path).len(), 2);
        // Renamed and made anew by the rotation …
        let old = path.with_extension("1");
        std::fs::rename(&path, &old).unwrap();
        std::fs::write(&path, "").unwrap();
        sink.send(&message).unwrap();
        assert_eq!((lines(&path).len(), lines(&old).len()), (1, 2));
        // … renamed only, or removed …
        std::fs::rename(&path, &old).unwrap();
        sink.send(&message).unwrap();
        assert_eq!(lines(&path).len(), 1);
        // … or copied and cut.
        std::fs::write(&path, "").unwrap();
        sink.send(&message).unwrap();
        assert_eq!(lines(&path).len(), 1);
        for file in [&path, &old] {
            std::fs::remove_file(file).unwrap();
        }
    }

    #[test]
    fn a_torn_line_does_not_take_the_next_one_with_it() {
        let (mut sink, path) = sink("torn");
        std::fs::write(&path, "{\"schema\":1,\"to").unwrap();
        sink.send(&samples::opened()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(last).is_ok());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_full_disk_is_tried_again() {
        let mut sink = Lines::open(&Settings {
            path: PathBuf::from("/dev/full"),
        });
        let failure = sink.send(&samples::opened()).unwrap_err();
        assert!(failure.what.contains("/dev/full") && !failure.may_have_arrived);
        let mut sink = Lines::open(&Settings {
            path: PathBuf::from("/nowhere/x"),
        });
        let failure = sink.send(&samples::opened()).unwrap_err();
        assert_eq!(failure.then, super::super::Then::Retry(None));
    }
}
