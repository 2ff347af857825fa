//! What holds of every batch that `wire` fills, whatever the bytes were.
//!
//! Shared by the property tests and the fuzz targets.

use leakwatch::bgp::{Address, Attributes, Batch, EventKind, Nlri, Span};
use leakwatch::wire::Tally;

/// Prefixes by what happened to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In `Announce` events.
    pub announced: u64,
    /// In `Withdraw` events.
    pub withdrawn: u64,
    /// In `RibEntry` events.
    pub rib_entries: u64,
}

/// Checks a batch and returns what it holds.
///
/// # Panics
/// A law is broken.
pub fn check(batch: &Batch) -> Counts {
    batch.v4.iter().for_each(check_nlri);
    batch.v6.iter().for_each(check_nlri);
    let mut counts = Counts::default();
    for event in &batch.events {
        assert!(usize::from(event.peer) < batch.peers.len(), "{event:?}");
        whole(event.raw, &batch.raw);
        match event.kind {
            EventKind::Announce {
                afi: _,
                attributes,
                nlri,
            } => {
                check_attributes(batch, &attributes);
                assert_ne!(event.raw.len, 0, "a message was at the bottom of this");
                counts.announced += u64::from(nlri.len);
            }
            EventKind::RibEntry {
                afi: _,
                attributes,
                nlri,
            } => {
                check_attributes(batch, &attributes);
                counts.rib_entries += u64::from(nlri.len);
            }
            EventKind::Withdraw { afi: _, nlri } => counts.withdrawn += u64::from(nlri.len),
            EventKind::PeerUp
            | EventKind::PeerLost
            | EventKind::PeerDown(_)
            | EventKind::EndOfRib(_) => continue,
        }
        let (EventKind::Announce { afi, nlri, .. }
        | EventKind::RibEntry { afi, nlri, .. }
        | EventKind::Withdraw { afi, nlri }) = event.kind
        else {
            continue;
        };
        assert_ne!(nlri.len, 0, "an event without prefixes");
        match afi {
            leakwatch::bgp::Afi::Ipv4 => whole(nlri, &batch.v4),
            leakwatch::bgp::Afi::Ipv6 => whole(nlri, &batch.v6),
        }
    }
    counts
}

/// Checks that a tally says of all batches what they hold.
///
/// # Panics
/// It does not.
pub fn adds_up(tally: &Tally, counts: Counts) {
    assert_eq!(tally.rib_entries, counts.rib_entries);
    // Multicast prefixes are counted and make no events.
    assert!(tally.announced >= counts.announced, "{tally:?} {counts:?}");
    // Treated as withdrawn: by an event in an UPDATE, by none in a table dump.
    assert!(tally.withdrawn + tally.treated_as_withdrawn >= counts.withdrawn);
    if tally.other_families == 0 {
        assert_eq!(tally.announced, counts.announced);
        assert!(tally.withdrawn <= counts.withdrawn);
    }
}

fn check_nlri<A: Address>(nlri: &Nlri<A>) {
    assert!(nlri.len <= A::BITS, "{nlri:?}");
    assert_eq!(nlri.addr, nlri.addr.masked(nlri.len), "{nlri:?}");
}

fn whole<T>(span: Span, column: &[T]) {
    assert_eq!(span.of(column).len(), span.len as usize);
}

fn check_attributes(batch: &Batch, attributes: &Attributes) {
    whole(attributes.path, &batch.words);
    whole(attributes.communities, &batch.communities);
    whole(attributes.large_communities, &batch.large_communities);
    let path = batch.path(attributes);
    if path.segmented {
        // Runs follow one another to the very end, of known types, none empty,
        // and no two sequences beside each other.
        let (mut rest, mut last) = (path.words, 0);
        let mut other = false;
        while let Some((&header, after)) = rest.split_first() {
            let (kind, count) = ((header >> 24) as u8, (header & 0x00FF_FFFF) as usize);
            assert!((1..=4).contains(&kind) && count > 0, "{header:#x}");
            assert!(kind != 2 || last != 2, "two sequences side by side");
            other |= kind != 2;
            last = kind;
            rest = &after[count..];
        }
        let _ = other;
    }
    assert!(path.length() <= path.words.len());
}
