//! One record at a time, from bytes to events; no files here.

use crate::bgp::{Batch, Event, EventKind, RibView, Span, Timestamp};
use crate::wire::update::{Origin, Scanner};
use crate::wire::{Reason, Tally};

use super::cursor::Cursor;
use super::header::{BGP, BGP4MP, BGP4MP_ET, Header, TABLE_DUMP, TABLE_DUMP_V2};
use super::peers::{PeerId, Peers};
use super::problem::Fault;

/// What is remembered from record to record.
#[derive(Debug, Default)]
pub struct Decoder {
    pub tally: Tally,
    pub peers: Peers,
    pub scanner: Scanner,
    /// The peer index table in force: what each index stands for.
    pub index: Vec<PeerId>,
    /// Room for messages that lack their header.
    pub message: Vec<u8>,
    /// Type of the table dump being read.
    dump: Option<u16>,
    time: Timestamp,
}

impl Decoder {
    /// Decodes one record into `batch`.
    pub fn record(&mut self, header: Header, body: &[u8], batch: &mut Batch) -> Result<(), Fault> {
        self.tally.records += 1;
        let mut cursor = Cursor::new(body);
        let micros = if header.is_extended() {
            cursor
                .u32()
                .ok_or(Fault::record("too short for its microsecond field"))?
        } else {
            0
        };
        let dump = header.is_table_dump().then_some(header.kind);
        if dump != self.dump {
            self.end_of_dump(batch);
            self.dump = dump;
        }
        self.time = header.time(micros);
        match header.kind {
            BGP4MP | BGP4MP_ET => self.bgp4mp(header.subtype, cursor, batch),
            TABLE_DUMP_V2 => self.table_dump_v2(header.subtype, cursor, batch),
            TABLE_DUMP => self.table_dump(header.subtype, cursor, batch),
            BGP => self.bgp(header.subtype, cursor, batch),
            _ => {
                self.unsupported();
                Ok(())
            }
        }
    }

    /// The time of the last record.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Counts a record that is whole but of a kind not read here.
    pub fn unsupported(&mut self) {
        self.tally.error(Reason::MrtUnsupported);
    }

    /// Says of every peer and family in the table dump just read that it is complete.
    pub fn end_of_dump(&mut self, batch: &mut Batch) {
        for (id, afi) in self.peers.take_dumped() {
            self.push(id, EventKind::EndOfRib(afi), batch);
        }
    }

    /// Where and when, for an event of this peer.
    pub fn origin(&mut self, id: PeerId, rib: RibView, batch: &mut Batch) -> Option<Origin> {
        Some(Origin {
            time: self.time,
            peer: self.peers.slot(id, batch)?,
            rib,
        })
    }

    /// Adds an event that came in no BGP message.
    pub fn push(&mut self, id: PeerId, kind: EventKind, batch: &mut Batch) {
        if let Some(origin) = self.origin(id, RibView::AdjRibInPre, batch) {
            batch.events.push(Event {
                time: origin.time,
                peer: origin.peer,
                rib: origin.rib,
                kind,
                raw: Span::default(),
            });
        }
    }
}
