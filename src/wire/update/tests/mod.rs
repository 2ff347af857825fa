//! Hostile and odd UPDATEs, each with what becomes of it and the counter it moves.

mod attributes;
mod framing;
mod paths;

use super::*;
use crate::bgp::{Afi, Asn, Batch, Event, EventKind, PeerKey, Span, SpecialCommunity};
use crate::wire::{Reason, Tally};

const TWO: Session = Session {
    asn4: false,
    add_path_v4: false,
    add_path_v6: false,
};
const FOUR: Session = Session { asn4: true, ..TWO };
const ADD_PATH: Session = Session {
    asn4: true,
    add_path_v4: true,
    add_path_v6: true,
};

/// One attribute; its length is extended where flags say so.
fn attribute(flags: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, kind];
    if flags & 0x10 == 0 {
        bytes.push(value.len() as u8);
    } else {
        bytes.extend((value.len() as u16).to_be_bytes());
    }
    bytes.extend(value);
    bytes
}

/// `ORIGIN`, `NEXT_HOP`, and nothing else.
fn basics() -> Vec<u8> {
    [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 3, &[192, 0, 2, 1]),
    ]
    .concat()
}

/// A four-octet `AS_PATH` of one sequence.
fn path(asns: &[u32]) -> Vec<u8> {
    let mut value = vec![2, asns.len() as u8];
    for asn in asns {
        value.extend(asn.to_be_bytes());
    }
    attribute(0x50, 2, &value)
}

fn good() -> Vec<u8> {
    [basics(), path(&[64500, 15169])].concat()
}

fn body(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut bytes = (withdrawn.len() as u16).to_be_bytes().to_vec();
    bytes.extend(withdrawn);
    bytes.extend((attributes.len() as u16).to_be_bytes());
    bytes.extend(attributes);
    bytes.extend(nlri);
    bytes
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF; 16];
    bytes.extend(((HEADER_LEN + body.len()) as u16).to_be_bytes());
    bytes.push(UPDATE);
    bytes.extend(body);
    bytes
}

fn update(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    framed(&body(withdrawn, attributes, nlri))
}

struct Scanned {
    batch: Batch,
    tally: Tally,
}

fn scan(message: &[u8], session: Session) -> Scanned {
    let (mut batch, mut tally) = (Batch::default(), Tally::default());
    batch.peer_index(&PeerKey::mrt([192, 0, 2, 1].into(), Asn(64500)));
    Scanner::new().scan(message, session, Origin::default(), &mut batch, &mut tally);
    Scanned { batch, tally }
}

impl Scanned {
    /// Events as text: `A 10.0.0.0/8 64500 15169`, `W 10.0.0.0/8`, `EOR ipv4`.
    fn events(&self) -> Vec<String> {
        let prefixes = |afi: Afi, nlri: Span| {
            let list: Vec<String> = match afi {
                Afi::Ipv4 => nlri
                    .of(&self.batch.v4)
                    .iter()
                    .map(|nlri| nlri.prefix().to_string())
                    .collect(),
                Afi::Ipv6 => nlri
                    .of(&self.batch.v6)
                    .iter()
                    .map(|nlri| nlri.prefix().to_string())
                    .collect(),
            };
            list.join(",")
        };
        let text = |event: &Event| match event.kind {
            EventKind::Announce {
                afi,
                attributes,
                nlri,
            } => {
                let path = self.batch.path(&attributes);
                format!("A {} {path}", prefixes(afi, nlri))
            }
            EventKind::Withdraw { afi, nlri } => format!("W {}", prefixes(afi, nlri)),
            EventKind::EndOfRib(afi) => format!("EOR {afi:?}"),
            other => format!("{other:?}"),
        };
        self.batch.events.iter().map(text).collect()
    }

    fn errors(&self) -> Vec<(Reason, u64)> {
        self.tally.errors().collect()
    }

    /// Attributes of the first announcement.
    fn attributes(&self) -> crate::bgp::Attributes {
        self.batch
            .events
            .iter()
            .find_map(|event| match event.kind {
                EventKind::Announce { attributes, .. } => Some(attributes),
                _ => None,
            })
            .unwrap()
    }
}

const TEN: &[u8] = &[8, 10];
const V6: &[u8] = &[32, 0x20, 1, 0x0D, 0xB8];

/// `MP_REACH_NLRI` of IPv6 unicast.
fn reach(nlri: &[u8]) -> Vec<u8> {
    let mut value = vec![0, 2, 1, 16];
    value.extend([0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    value.extend(nlri);
    attribute(0x90, 14, &value)
}

fn unreach(nlri: &[u8]) -> Vec<u8> {
    attribute(0x90, 15, &[&[0, 2, 1], nlri].concat())
}
