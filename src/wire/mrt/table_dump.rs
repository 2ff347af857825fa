//! Table dumps: `TABLE_DUMP` (RFC 6396 §4.2), `TABLE_DUMP_V2` (§4.3, RFC 8050 §4).

use crate::bgp::{Afi, Attributes, Batch, EventKind, Nlri, PeerKey, Span};
use crate::wire::Reason;
use crate::wire::update::{Block, Octets, prefix};

use super::cursor::Cursor;
use super::decoder::Decoder;
use super::peers::PeerId;
use super::problem::Fault;

const CUT: Fault = Fault::record("a table dump record shorter than its fields");
const TOO_MANY_PEERS: Fault = Fault::record("more peers than are told apart (65,535)");
const BAD_PREFIX: Fault = Fault::record("a prefix longer than an address");
const NO_PEER: Fault = Fault {
    reason: Reason::MrtPeerIndex,
    what: "entries of peers that no peer index table lists",
};

/// Appends one prefix to the batch's column of its family.
trait Keep: Octets {
    fn keep(self, len: u8, path_id: u32, batch: &mut Batch) -> Span;
}

impl Keep for u32 {
    fn keep(self, len: u8, path_id: u32, batch: &mut Batch) -> Span {
        batch.push_v4([Nlri::new(self, len, path_id)])
    }
}

impl Keep for u128 {
    fn keep(self, len: u8, path_id: u32, batch: &mut Batch) -> Span {
        batch.push_v6([Nlri::new(self, len, path_id)])
    }
}

impl Decoder {
    /// `TABLE_DUMP`: one route of one peer.
    pub fn table_dump(
        &mut self,
        subtype: u16,
        cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        match subtype {
            1 => self.table_dump_entry::<u32>(cursor, batch),
            2 => self.table_dump_entry::<u128>(cursor, batch),
            _ => {
                self.unsupported();
                Ok(())
            }
        }
    }

    fn table_dump_entry<A: Keep>(
        &mut self,
        mut cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let _view_and_sequence = cursor.u32().ok_or(CUT)?;
        let octets = usize::from(A::BITS / 8);
        let addr = A::load(cursor.bytes(octets).ok_or(CUT)?);
        let len = cursor.u8().ok_or(CUT)?;
        let _status = cursor.u8().ok_or(CUT)?;
        let _originated = cursor.u32().ok_or(CUT)?;
        let address = cursor.address(A::AFI).ok_or(CUT)?;
        let asn = cursor.asn(false).ok_or(CUT)?;
        let attributes_len = cursor.u16().ok_or(CUT)?;
        let block = cursor.bytes(usize::from(attributes_len)).ok_or(CUT)?;
        if len > A::BITS {
            return Err(BAD_PREFIX);
        }
        let id = self
            .peers
            .id(&PeerKey::mrt(address, asn))
            .ok_or(TOO_MANY_PEERS)?;
        let found = self
            .scanner
            .scan_attributes(block, Block::TableDump, batch, &mut self.tally);
        self.rib_entry(id, addr, len, 0, found, batch);
        Ok(())
    }

    /// `TABLE_DUMP_V2`: the peers, then for each prefix the routes of all peers.
    pub fn table_dump_v2(
        &mut self,
        subtype: u16,
        cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        match subtype {
            1 => {
                // A second table starts a second dump.
                self.end_of_dump(batch);
                self.peer_index_table(cursor)
            }
            2 => self.rib::<u32>(false, cursor, batch),
            4 => self.rib::<u128>(false, cursor, batch),
            8 => self.rib::<u32>(true, cursor, batch),
            10 => self.rib::<u128>(true, cursor, batch),
            // Multicast and generic: families that are not kept, nor printed by bgpdump.
            3 | 5 | 6 | 9 | 11 | 12 => {
                self.tally.other_families += 1;
                Ok(())
            }
            _ => {
                self.unsupported();
                Ok(())
            }
        }
    }

    /// `PEER_INDEX_TABLE` (RFC 6396 §4.3.1). Where it is cut short, the peers before
    /// the cut are kept.
    fn peer_index_table(&mut self, mut cursor: Cursor<'_>) -> Result<(), Fault> {
        const ADDRESS_IS_IPV6: u8 = 1;
        const AS_NUMBER_IS_LONG: u8 = 2;
        self.index.clear();
        let cut = Fault::record("a peer index table shorter than its fields");
        let _collector = cursor.u32().ok_or(cut)?;
        let name_len = cursor.u16().ok_or(cut)?;
        let _name = cursor.bytes(usize::from(name_len)).ok_or(cut)?;
        let count = cursor.u16().ok_or(cut)?;
        for _ in 0..count {
            let kind = cursor.u8().ok_or(cut)?;
            let _bgp_id = cursor.u32().ok_or(cut)?;
            let afi = if kind & ADDRESS_IS_IPV6 == 0 {
                Afi::Ipv4
            } else {
                Afi::Ipv6
            };
            let address = cursor.address(afi).ok_or(cut)?;
            let asn = cursor.asn(kind & AS_NUMBER_IS_LONG != 0).ok_or(cut)?;
            let key = PeerKey::mrt(address, asn);
            self.index.push(self.peers.id(&key).ok_or(TOO_MANY_PEERS)?);
        }
        Ok(())
    }

    /// `RIB_*_UNICAST` and its ADD-PATH form (RFC 8050 §4.1): a prefix, then entries.
    fn rib<A: Keep>(
        &mut self,
        add_path: bool,
        mut cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let _sequence = cursor.u32().ok_or(CUT)?;
        let (addr, len, rest) = prefix::<A>(cursor.rest()).ok_or(BAD_PREFIX)?;
        cursor.set_rest(rest);
        let count = cursor.u16().ok_or(CUT)?;
        let mut unlisted = false;
        for _ in 0..count {
            let index = cursor.u16().ok_or(CUT)?;
            let _originated = cursor.u32().ok_or(CUT)?;
            let path_id = if add_path {
                cursor.u32().ok_or(CUT)?
            } else {
                0
            };
            let attributes_len = cursor.u16().ok_or(CUT)?;
            let block = cursor.bytes(usize::from(attributes_len)).ok_or(CUT)?;
            let Some(&id) = self.index.get(usize::from(index)) else {
                // Counted for each entry, reported once for the record.
                if unlisted {
                    self.tally.error(Reason::MrtPeerIndex);
                }
                unlisted = true;
                continue;
            };
            let found =
                self.scanner
                    .scan_attributes(block, Block::TableDumpV2, batch, &mut self.tally);
            self.rib_entry(id, addr, len, path_id, found, batch);
        }
        if unlisted { Err(NO_PEER) } else { Ok(()) }
    }

    fn rib_entry<A: Keep>(
        &mut self,
        id: PeerId,
        addr: A,
        len: u8,
        path_id: u32,
        attributes: Option<Attributes>,
        batch: &mut Batch,
    ) {
        let Some(attributes) = attributes else {
            // The reason is counted already.
            self.tally.treated_as_withdrawn += 1;
            return;
        };
        self.tally.rib_entries += 1;
        self.peers.set_dumped(id, A::AFI);
        let nlri = addr.keep(len, path_id, batch);
        let kind = EventKind::RibEntry {
            afi: A::AFI,
            attributes,
            nlri,
        };
        self.push(id, kind, batch);
    }
}
