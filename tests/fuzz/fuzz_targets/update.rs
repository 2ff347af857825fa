//! Any bytes as an UPDATE: no panic, and the laws of `tests/laws` hold.
//!
//! The first octet chooses the session; its high bit, whether the rest is a whole
//! message or a body to be framed, so that the fuzzer need not learn the header.
#![no_main]

use leakwatch::bgp::{Asn, Batch, PeerKey};
use leakwatch::wire::{
    Tally,
    update::{Block, HEADER_LEN, Origin, Scanner, Session},
};
use libfuzzer_sys::fuzz_target;

#[path = "../../laws/mod.rs"]
mod laws;

fuzz_target!(|data: &[u8]| {
    let Some((&flags, rest)) = data.split_first() else {
        return;
    };
    let session = Session {
        asn4: flags & 1 != 0,
        add_path_v4: flags & 2 != 0,
        add_path_v6: flags & 4 != 0,
    };
    let message = if flags & 0x80 == 0 {
        let Ok(len) = u16::try_from(HEADER_LEN + rest.len()) else {
            return;
        };
        let mut message = vec![0xFF; 16];
        message.extend(len.to_be_bytes());
        message.push(2);
        message.extend(rest);
        message
    } else {
        rest.to_vec()
    };
    let mut batch = Batch::default();
    batch.peer_index(&PeerKey::mrt([0; 4].into(), Asn(0)));
    let (mut scanner, mut tally) = (Scanner::new(), Tally::default());
    let at = Origin::default();
    scanner.scan(&message, session, at, &mut batch, &mut tally);
    laws::adds_up(&tally, laws::check(&batch));
    assert!(batch.events.is_empty() || message.starts_with(&batch.raw));
    // What one message leaves behind must not show in the next.
    let (mut again, mut tally_again) = (Batch::default(), Tally::default());
    again.peer_index(&PeerKey::mrt([0; 4].into(), Asn(0)));
    scanner.scan(&message, session, at, &mut again, &mut tally_again);
    assert_eq!((&batch, &tally), (&again, &tally_again));
    for kind in [Block::TableDump, Block::TableDumpV2] {
        if let Some(attributes) = scanner.scan_attributes(rest, kind, &mut batch, &mut tally) {
            let path = batch.path(&attributes);
            assert!(path.length() <= path.words.len());
        }
    }
});
