//! Reads the relationship file that the configuration names.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use crate::reference::Relations;

/// Text beyond this is refused: the whole Internet's links take under 10 MB, so
/// more is another file or a decompression bomb.
const MOST_TEXT: u64 = 256 << 20;

/// Reads serial-1 or serial-2 text, plain, gzip or bzip2 by its first bytes.
pub(super) fn read(path: &Path) -> Result<Relations, String> {
    open(path)
        .and_then(|reader| Relations::parse(reader).map_err(|error| error.to_string()))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, String> {
    // A FIFO or a device would make `check` wait for ever.
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut reader = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let head = reader.fill_buf().map_err(|error| error.to_string())?;
    let plain: Box<dyn Read> = if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(reader))
    } else if head.starts_with(b"BZh") {
        Box::new(bzip2::bufread::MultiBzDecoder::new(reader))
    } else {
        Box::new(reader)
    };
    Ok(Box::new(BufReader::new(plain.take(MOST_TEXT))))
}
