//! What flows from the edge to the core: many updates in a few flat columns.
//!
//! A [`Batch`] is filled by `wire`, applied by the engine, cleared and filled
//! again: once its columns have grown to size, a route costs no allocation. It
//! stands alone (peers are named in it), so it can cross a thread or be recorded.

use std::net::IpAddr;

use super::{Address, Afi, AsPath, Asn, Nlri, PeerKey, RibView, Timestamp};

/// A range of one of a batch's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: u32,
    /// Number of elements.
    pub len: u32,
}

impl Span {
    /// The part of `column` it names; empty where it does not fit.
    pub fn of<T>(self, column: &[T]) -> &[T] {
        let start = self.start as usize;
        column
            .get(start..start + self.len as usize)
            .unwrap_or_default()
    }

    fn added<T>(column: &[T], before: usize) -> Span {
        Span {
            start: before as u32,
            len: (column.len() - before) as u32,
        }
    }
}

/// Well-known communities whose presence changes a judgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpecialCommunity(pub u8);

impl SpecialCommunity {
    /// 65535:666 (RFC 7999).
    pub const BLACKHOLE: u8 = 1;
    /// 65535:65281 (RFC 1997).
    pub const NO_EXPORT: u8 = 2;
    /// 65535:65282 (RFC 1997).
    pub const NO_ADVERTISE: u8 = 4;
    /// 65535:6 `LLGR_STALE` (RFC 9494) or 65535:0 `GRACEFUL_SHUTDOWN` (RFC 8326).
    pub const LEAVING: u8 = 8;

    /// Whether any of `bits` is set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// What one UPDATE says of all prefixes it announces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The AS path's words, in [`Batch::words`].
    pub path: Span,
    /// Whether those words carry segment headers; see [`AsPath`].
    pub segmented: bool,
    /// Well-known communities seen.
    pub special: SpecialCommunity,
    /// Standard communities (RFC 1997), in [`Batch::communities`].
    pub communities: Span,
    /// Large communities (RFC 8092), in [`Batch::large_communities`].
    pub large_communities: Span,
    /// Only-To-Customer (RFC 9234 §5).
    pub otc: Option<Asn>,
    /// Next hop: of `NEXT_HOP` or of `MP_REACH_NLRI`.
    pub next_hop: Option<IpAddr>,
}

/// Why a peer's routes went away together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    /// The router or the peer sent a NOTIFICATION (RFC 4271 §4.5): code, subcode.
    Notification {
        /// Error code; 6 is Cease.
        code: u8,
        /// Subcode; Cease/1 is "maximum number of prefixes reached" (RFC 4486).
        subcode: u8,
    },
    /// The session's state machine left Established without a NOTIFICATION.
    State,
    /// The router stopped monitoring the peer (RFC 7854 §4.9, reason 5).
    Unmonitored,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An UPDATE's announcements of one family; spans of [`Batch::v4`] or [`Batch::v6`].
    Announce {
        /// Family.
        afi: Afi,
        /// Shared attributes.
        attributes: Attributes,
        /// Prefixes.
        nlri: Span,
    },
    /// Withdrawals of one family, explicit or treat-as-withdraw (RFC 7606).
    Withdraw {
        /// Family.
        afi: Afi,
        /// Prefixes.
        nlri: Span,
    },
    /// Routes out of a table dump (RFC 6396 §4.2, §4.3): state, not news.
    RibEntry {
        /// Family.
        afi: Afi,
        /// Attributes.
        attributes: Attributes,
        /// Prefixes.
        nlri: Span,
    },
    /// The session came up.
    PeerUp,
    /// The session went down; every route of the peer is gone with it.
    PeerDown(DownReason),
    /// The router cannot be heard, so what the peer would say is unknown: its routes
    /// stay, stale, until it is heard again or declared down.
    PeerLost,
    /// The initial table of this family is complete (RFC 4724 §2), or a RIB file's
    /// last entry of this peer was read.
    EndOfRib(Afi),
}

/// One thing that happened at one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, by the router's or collector's clock.
    pub time: Timestamp,
    /// Whose: an index into [`Batch::peers`].
    pub peer: u16,
    /// In which of the router's tables.
    pub rib: RibView,
    /// What.
    pub kind: EventKind,
    /// The BGP message it came in, in [`Batch::raw`]; empty for table dumps.
    pub raw: Span,
}

/// A run of events and the columns they point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What happened, in order of arrival.
    pub events: Vec<Event>,
    /// The peers that [`Event::peer`] indexes.
    pub peers: Vec<PeerKey>,
    /// AS path words.
    pub words: Vec<u32>,
    /// IPv4 prefixes.
    pub v4: Vec<Nlri<u32>>,
    /// IPv6 prefixes.
    pub v6: Vec<Nlri<u128>>,
    /// Standard communities.
    pub communities: Vec<u32>,
    /// Large communities.
    pub large_communities: Vec<[u32; 3]>,
    /// BGP messages as received, header included.
    pub raw: Vec<u8>,
}

impl Batch {
    /// Empties every column and keeps their room.
    pub fn clear(&mut self) {
        self.events.clear();
        self.peers.clear();
        self.words.clear();
        self.v4.clear();
        self.v6.clear();
        self.communities.clear();
        self.large_communities.clear();
        self.raw.clear();
    }

    /// Bytes that the columns hold: what a batch costs while it waits.
    pub fn bytes(&self) -> usize {
        size_of_val(self.events.as_slice())
            + size_of_val(self.peers.as_slice())
            + size_of_val(self.words.as_slice())
            + size_of_val(self.v4.as_slice())
            + size_of_val(self.v6.as_slice())
            + size_of_val(self.communities.as_slice())
            + size_of_val(self.large_communities.as_slice())
            + self.raw.len()
    }

    /// Prefixes held, announced and withdrawn.
    pub fn nlri_count(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// The path that `attributes` names.
    pub fn path(&self, attributes: &Attributes) -> AsPath<'_> {
        AsPath {
            words: attributes.path.of(&self.words),
            segmented: attributes.segmented,
        }
    }

    /// Index of `peer` for [`Event::peer`], adding it if new.
    ///
    /// None once 65,535 peers stand in one batch: hand it on and start another.
    pub fn peer_index(&mut self, peer: &PeerKey) -> Option<u16> {
        // The last peer is nearly always the one asked for; files interleave dozens.
        let index = match self.peers.iter().rposition(|known| known == peer) {
            Some(index) => index,
            None if self.peers.len() < usize::from(u16::MAX) => {
                self.peers.push(*peer);
                self.peers.len() - 1
            }
            None => return None,
        };
        u16::try_from(index).ok()
    }

    /// Stores a path's words and returns where they are.
    pub fn push_path(&mut self, words: &[u32]) -> Span {
        let before = self.words.len();
        self.words.extend_from_slice(words);
        Span::added(&self.words, before)
    }

    /// Stores IPv4 prefixes and returns where they are.
    pub fn push_v4(&mut self, nlri: impl IntoIterator<Item = Nlri<u32>>) -> Span {
        let before = self.v4.len();
        self.v4.extend(nlri);
        Span::added(&self.v4, before)
    }

    /// Stores IPv6 prefixes and returns where they are.
    pub fn push_v6(&mut self, nlri: impl IntoIterator<Item = Nlri<u128>>) -> Span {
        let before = self.v6.len();
        self.v6.extend(nlri);
        Span::added(&self.v6, before)
    }
}

/// Picks the column of one family out of a batch.
pub trait Column: Address {
    /// The prefixes of this family.
    fn column(batch: &Batch) -> &[Nlri<Self>];
}

impl Column for u32 {
    fn column(batch: &Batch) -> &[Nlri<u32>] {
        &batch.v4
    }
}

impl Column for u128 {
    fn column(batch: &Batch) -> &[Nlri<u128>] {
        &batch.v6
    }
}
