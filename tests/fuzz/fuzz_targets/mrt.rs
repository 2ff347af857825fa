//! Any bytes as an MRT file: no panic, every byte accounted for, and the laws of
//! `tests/laws` hold of every batch.
#![no_main]

use std::{io::Cursor, path::Path};

use leakwatch::bgp::Batch;
use leakwatch::wire::mrt::{Compression, Input, MAX_PROBLEMS, MrtReader, Status};
use libfuzzer_sys::fuzz_target;

#[path = "../../laws/mod.rs"]
mod laws;

fuzz_target!(|data: &[u8]| {
    // Decompressors are others' work and fuzzed by them.
    if Compression::recognise(data) != Compression::None {
        return;
    }
    let input = Input::from_reader(Path::new("fuzz"), Cursor::new(data.to_vec()), None);
    let Ok(input) = input else { return };
    let mut reader = MrtReader::new(input);
    let mut batch = Batch::default();
    let mut counts = laws::Counts::default();
    loop {
        let status = reader.read_batch(&mut batch);
        let one = laws::check(&batch);
        counts.announced += one.announced;
        counts.withdrawn += one.withdrawn;
        counts.rib_entries += one.rib_entries;
        if status == Status::End {
            break;
        }
    }
    let tally = reader.tally();
    if tally.rib_entries == 0 {
        laws::adds_up(tally, counts);
    }
    assert_eq!(tally.rib_entries, counts.rib_entries);
    assert!(reader.offset() <= data.len() as u64);
    assert!(reader.damaged() || reader.offset() == data.len() as u64);
    assert!(reader.problems().len() <= MAX_PROBLEMS);
});
