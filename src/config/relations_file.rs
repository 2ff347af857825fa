//! Reads the relationship file that the configuration names.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use crate::reference::Relations;

/// Text beyond this is refused: the whole Internet's links take under 10 MB, so
/// more is another file or a decompression bomb.
const MOST_TEXT: u64 = 256 << 20;

/// Reads serial-1 or serial-2 text, plain, gzip or bzip2 by its first bytes.
pub(super) fn read(path: &Path) -> Result<Relations, String> {
    read_at_most(path, MOST_TEXT).map_err(|problem| format!("{}: {problem}", path.display()))
}

fn read_at_most(path: &Path, most: u64) -> Result<Relations, String> {
    let mut text = open(path).map_err(|error| error.to_string())?.take(most);
    let relations = Relations::parse(BufReader::new(&mut text));
    if text.limit() == 0 {
        return Err(format!("holds more than {} MiB of text", most >> 20));
    }
    relations.map_err(|error| error.to_string())
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    // A FIFO or a device would make `check` wait for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let mut reader = BufReader::new(File::open(path)?);
    let head = reader.fill_buf()?;
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(reader))
    } else if head.starts_with(b"BZh") {
        Box::new(bzip2::bufread::MultiBzDecoder::new(reader))
    } else {
        Box::new(reader)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_expands_beyond_the_bound_is_refused_not_cut() {
        let path = std::env::temp_dir().join(format!("leakwatch-bomb-{}", std::process::id()));
        let text = "64500|64501|-1\n".repeat(100_000);
        std::fs::write(&path, text).unwrap();
        let refused = read_at_most(&path, 1 << 20).unwrap_err();
        assert_eq!(refused, "holds more than 1 MiB of text");
        assert!(read_at_most(&path, 2 << 20).is_ok());
        std::fs::remove_file(&path).unwrap();
    }
}
