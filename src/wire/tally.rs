//! What was read and what was wrong with it, in plain counters.
//!
//! A tally is flat: counting is one addition, on the hot path too. Names are turned
//! to text only when someone asks, and a caller that reads on several threads adds
//! the tallies together at the end.

use std::ops::AddAssign;

/// Why a message, an attribute or a record was not taken as it stood.
///
/// The set is closed and its names are stable: they are the `reason` label of
/// `leakwatch_decode_errors_total` and the keys of `decode_errors` in `replay`'s JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// The 16 octets before the length are not all ones (RFC 4271 §6.1); message skipped.
    Marker,
    /// Length field below 19 or 23, or beyond the bytes at hand; message skipped.
    MessageLength,
    /// Not the message type expected here; message skipped.
    MessageType,
    /// Bytes follow the message; it was read, they were not.
    TrailingBytes,
    /// Withdrawn Routes or Total Path Attribute Length beyond the message
    /// (RFC 7606 §3 a); session-reset class, message skipped.
    UpdateLength,
    /// NLRI that cannot be read: mask too long or cut short (RFC 7606 §5.3);
    /// session-reset class, that field and all announcements skipped.
    Nlri,
    /// NLRI that only make sense with the path identifiers that were not negotiated
    /// (RFC 7911 §6); session-reset class.
    AddPath,
    /// An attribute runs beyond the attribute block (RFC 7606 §4); treat-as-withdraw.
    AttributeList,
    /// Optional or Transitive bit against the attribute's definition (RFC 7606 §3 c).
    AttributeFlags,
    /// An attribute came twice: the first was kept (RFC 7606 §3 g), but for MP
    /// attributes, where the message is skipped.
    DuplicateAttribute,
    /// Unknown attribute not marked optional (RFC 4271 §6.3); session-reset class.
    UnrecognisedWellKnown,
    /// `ORIGIN`, `AS_PATH` or `NEXT_HOP` missing beside NLRI (RFC 7606 §3 d).
    MissingAttribute,
    /// `ORIGIN` malformed (RFC 7606 §7.1); treat-as-withdraw.
    Origin,
    /// `AS_PATH` malformed (RFC 7606 §7.2); treat-as-withdraw.
    AsPath,
    /// `NEXT_HOP` malformed (RFC 7606 §7.3); treat-as-withdraw.
    NextHop,
    /// `MULTI_EXIT_DISC` malformed (RFC 7606 §7.4); treat-as-withdraw.
    MultiExitDisc,
    /// `LOCAL_PREF` malformed (RFC 7606 §7.5); treat-as-withdraw.
    LocalPref,
    /// `ATOMIC_AGGREGATE` malformed (RFC 7606 §7.6); attribute discarded.
    AtomicAggregate,
    /// `AGGREGATOR` malformed (RFC 7606 §7.7); attribute discarded.
    Aggregator,
    /// `COMMUNITIES` malformed (RFC 7606 §7.8); treat-as-withdraw.
    Communities,
    /// `ORIGINATOR_ID` malformed (RFC 7606 §7.9); treat-as-withdraw.
    OriginatorId,
    /// `CLUSTER_LIST` malformed (RFC 7606 §7.10); treat-as-withdraw.
    ClusterList,
    /// `MP_REACH_NLRI` whose NLRI cannot be located (RFC 7606 §7.11); session-reset class.
    MpReach,
    /// `MP_UNREACH_NLRI` too short (RFC 7606 §7.12); session-reset class.
    MpUnreach,
    /// Extended communities, IPv4 or IPv6, malformed (RFC 7606 §7.14, §7.15); treat-as-withdraw.
    ExtendedCommunities,
    /// `AS4_PATH` malformed or holding confederation segments (RFC 6793 §6), or sent on
    /// a session of four-octet AS numbers (§4.1); attribute or segments discarded.
    As4Path,
    /// `AS4_AGGREGATOR` malformed or out of place, as above; attribute discarded.
    As4Aggregator,
    /// Large communities malformed (RFC 8092 §5); treat-as-withdraw.
    LargeCommunities,
    /// Only-To-Customer malformed (RFC 9234 §5); treat-as-withdraw.
    OnlyToCustomer,
    /// Tunnel Encapsulation (RFC 9012) whose TLVs do not add up. Leakwatch has no use
    /// for it, so it is discarded rather than the route withdrawn.
    TunnelEncapsulation,
    /// AIGP malformed (RFC 7311 §3); attribute discarded.
    Aigp,
    /// BGP Prefix-SID malformed (RFC 8669 §6); attribute discarded.
    PrefixSid,
    /// An MRT header that cannot be one: the rest of the file is unreadable.
    MrtHeader,
    /// An MRT record cut short by the end of the file.
    MrtTruncated,
    /// An MRT record whose body does not fit its type; record skipped.
    MrtRecord,
    /// An MRT type or subtype not read here; record skipped.
    MrtUnsupported,
    /// A RIB entry of a peer that no peer index table lists; entry skipped.
    MrtPeerIndex,
    /// The compressed stream is damaged; the rest of the file is unreadable.
    MrtCompression,
    /// The file expands beyond what any table dump does; the rest was not read.
    MrtBomb,
    /// A BMP header of another version than 3 (RFC 7854 §4.1), or no BMP at all; the
    /// session ends.
    BmpVersion,
    /// A BMP length below the header's own 6 octets or above the cap: where the next
    /// message starts is not known, so the session ends.
    BmpLength,
    /// A BMP message type not known (RFC 7854 §4.1); message skipped.
    BmpType,
    /// A BMP message shorter than its fields; message skipped.
    BmpMessage,
    /// A BMP peer type not known (RFC 7854 §4.2, RFC 9069 §4.1); message skipped.
    BmpPeerType,
    /// A per-peer header whose flags, type and fields do not go together; read by its flags.
    BmpPeerFlags,
    /// A TLV that runs beyond its BMP message, or one whose value has not its type's
    /// length; the rest of the TLVs, or that one, skipped.
    BmpTlv,
    /// A session's first message is no Initiation, or a later one is
    /// (RFC 7854 §3.3, §4.3); the router's identity is not changed by it.
    BmpInitiation,
    /// Routes or statistics of a peer that no Peer Up announced or that is down; message
    /// skipped.
    BmpUnknownPeer,
    /// A Peer Up of a peer that is up: taken for a new table.
    BmpPeerUp,
    /// A Peer Up beyond the limit on peers; the peer is not monitored.
    BmpPeerLimit,
    /// An OPEN of a Peer Up that cannot be read (RFC 4271 §4.2, RFC 9072); what it did
    /// not say is taken as not negotiated.
    BmpOpen,
    /// A per-peer header against the OPENs: other AS number, other BGP identifier, or
    /// two-octet AS paths on a session of four; the header is believed.
    BmpPeerOpen,
    /// A Peer Down whose reason is not known or whose NOTIFICATION cannot be read;
    /// the peer is down all the same.
    BmpPeerDown,
    /// Octets after a Termination (RFC 7854 §4.5), counted once a session; not read.
    BmpAfterTermination,
}

impl Reason {
    /// How many reasons there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every reason, in declaration order.
    pub const ALL: [Reason; 54] = [
        Reason::Marker,
        Reason::MessageLength,
        Reason::MessageType,
        Reason::TrailingBytes,
        Reason::UpdateLength,
        Reason::Nlri,
        Reason::AddPath,
        Reason::AttributeList,
        Reason::AttributeFlags,
        Reason::DuplicateAttribute,
        Reason::UnrecognisedWellKnown,
        Reason::MissingAttribute,
        Reason::Origin,
        Reason::AsPath,
        Reason::NextHop,
        Reason::MultiExitDisc,
        Reason::LocalPref,
        Reason::AtomicAggregate,
        Reason::Aggregator,
        Reason::Communities,
        Reason::OriginatorId,
        Reason::ClusterList,
        Reason::MpReach,
        Reason::MpUnreach,
        Reason::ExtendedCommunities,
        Reason::As4Path,
        Reason::As4Aggregator,
        Reason::LargeCommunities,
        Reason::OnlyToCustomer,
        Reason::TunnelEncapsulation,
        Reason::Aigp,
        Reason::PrefixSid,
        Reason::MrtHeader,
        Reason::MrtTruncated,
        Reason::MrtRecord,
        Reason::MrtUnsupported,
        Reason::MrtPeerIndex,
        Reason::MrtCompression,
        Reason::MrtBomb,
        Reason::BmpVersion,
        Reason::BmpLength,
        Reason::BmpType,
        Reason::BmpMessage,
        Reason::BmpPeerType,
        Reason::BmpPeerFlags,
        Reason::BmpTlv,
        Reason::BmpInitiation,
        Reason::BmpUnknownPeer,
        Reason::BmpPeerUp,
        Reason::BmpPeerLimit,
        Reason::BmpOpen,
        Reason::BmpPeerOpen,
        Reason::BmpPeerDown,
        Reason::BmpAfterTermination,
    ];

    /// The stable name, in `snake_case`.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Marker => "marker",
            Reason::MessageLength => "message_length",
            Reason::MessageType => "message_type",
            Reason::TrailingBytes => "trailing_bytes",
            Reason::UpdateLength => "update_length",
            Reason::Nlri => "nlri",
            Reason::AddPath => "add_path",
            Reason::AttributeList => "attribute_list",
            Reason::AttributeFlags => "attribute_flags",
            Reason::DuplicateAttribute => "duplicate_attribute",
            Reason::UnrecognisedWellKnown => "unrecognised_well_known",
            Reason::MissingAttribute => "missing_attribute",
            Reason::Origin => "origin",
            Reason::AsPath => "as_path",
            Reason::NextHop => "next_hop",
            Reason::MultiExitDisc => "multi_exit_disc",
            Reason::LocalPref => "local_pref",
            Reason::AtomicAggregate => "atomic_aggregate",
            Reason::Aggregator => "aggregator",
            Reason::Communities => "communities",
            Reason::OriginatorId => "originator_id",
            Reason::ClusterList => "cluster_list",
            Reason::MpReach => "mp_reach",
            Reason::MpUnreach => "mp_unreach",
            Reason::ExtendedCommunities => "extended_communities",
            Reason::As4Path => "as4_path",
            Reason::As4Aggregator => "as4_aggregator",
            Reason::LargeCommunities => "large_communities",
            Reason::OnlyToCustomer => "only_to_customer",
            Reason::TunnelEncapsulation => "tunnel_encapsulation",
            Reason::Aigp => "aigp",
            Reason::PrefixSid => "prefix_sid",
            Reason::MrtHeader => "mrt_header",
            Reason::MrtTruncated => "mrt_truncated",
            Reason::MrtRecord => "mrt_record",
            Reason::MrtUnsupported => "mrt_unsupported",
            Reason::MrtPeerIndex => "mrt_peer_index",
            Reason::MrtCompression => "mrt_compression",
            Reason::MrtBomb => "mrt_bomb",
            Reason::BmpVersion => "bmp_version",
            Reason::BmpLength => "bmp_length",
            Reason::BmpType => "bmp_type",
            Reason::BmpMessage => "bmp_message",
            Reason::BmpPeerType => "bmp_peer_type",
            Reason::BmpPeerFlags => "bmp_peer_flags",
            Reason::BmpTlv => "bmp_tlv",
            Reason::BmpInitiation => "bmp_initiation",
            Reason::BmpUnknownPeer => "bmp_unknown_peer",
            Reason::BmpPeerUp => "bmp_peer_up",
            Reason::BmpPeerLimit => "bmp_peer_limit",
            Reason::BmpOpen => "bmp_open",
            Reason::BmpPeerOpen => "bmp_peer_open",
            Reason::BmpPeerDown => "bmp_peer_down",
            Reason::BmpAfterTermination => "bmp_after_termination",
        }
    }
}

/// Counters of one reader; add two with `+=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// MRT records read, whatever became of them.
    pub records: u64,
    /// UPDATE messages given to the scanner.
    pub updates: u64,
    /// NLRI announced: `bgpdump -m` lines of kind A.
    pub announced: u64,
    /// NLRI withdrawn by the sender: `bgpdump -m` lines of kind W.
    pub withdrawn: u64,
    /// NLRI announced in a malformed message and therefore withdrawn (RFC 7606);
    /// in neither of the two above.
    pub treated_as_withdrawn: u64,
    /// Table dump entries: `bgpdump -m` lines of kind B.
    pub rib_entries: u64,
    /// MP attributes and table records of families that are not kept. Multicast NLRI
    /// are counted as announced, withdrawn too, since `bgpdump` prints them.
    pub other_families: u64,
    /// End-of-RIB markers, of any family.
    pub end_of_rib: u64,
    /// Session state changes: `bgpdump -m` lines of kind STATE.
    pub state_changes: u64,
    errors: [u64; Reason::COUNT],
    error_count: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            records: 0,
            updates: 0,
            announced: 0,
            withdrawn: 0,
            treated_as_withdrawn: 0,
            rib_entries: 0,
            other_families: 0,
            end_of_rib: 0,
            state_changes: 0,
            errors: [0; Reason::COUNT],
            error_count: 0,
        }
    }
}

impl Tally {
    /// Counts one more of `reason`.
    pub fn error(&mut self, reason: Reason) {
        self.error_count += 1;
        if let Some(count) = self.errors.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// How often `reason` was met.
    pub fn count(&self, reason: Reason) -> u64 {
        self.errors
            .get(reason as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Every reason met at least once, with its count, in declaration order.
    pub fn errors(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL
            .into_iter()
            .zip(self.errors)
            .filter(|&(_, count)| count > 0)
    }

    /// All errors of all reasons.
    pub const fn error_count(&self) -> u64 {
        self.error_count
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.records += other.records;
        self.updates += other.updates;
        self.announced += other.announced;
        self.withdrawn += other.withdrawn;
        self.treated_as_withdrawn += other.treated_as_withdrawn;
        self.rib_entries += other.rib_entries;
        self.other_families += other.other_families;
        self.end_of_rib += other.end_of_rib;
        self.state_changes += other.state_changes;
        for (mine, theirs) in self.errors.iter_mut().zip(other.errors) {
            *mine += theirs;
        }
        self.error_count += other.error_count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_slot_and_name() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::COUNT);
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index, "{}", reason.name());
        }
    }

    #[test]
    fn adding_two_tallies_adds_every_counter() {
        let mut one = Tally {
            announced: 3,
            records: 1,
            ..Tally::default()
        };
        one.error(Reason::AsPath);
        let mut two = one.clone();
        two.error(Reason::Nlri);
        one += &two;
        assert_eq!((one.announced, one.records), (6, 2));
        assert_eq!(
            one.errors().collect::<Vec<_>>(),
            [(Reason::Nlri, 1), (Reason::AsPath, 2)]
        );
    }
}
