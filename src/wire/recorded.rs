//! BGP messages that were kept as received, as an MRT file that other tools read too
//! (RFC 6396, RFC 8050).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::encode::{self, Form, Session};
use crate::{
    bgp::{Asn, PeerKey, RibView},
    incident::Recorded,
};

/// Writes messages, given in order of time, as `BGP4MP_ET` records. Before a peer's first one
/// stands that its session is up. MRT has no word for a router's RIBs beyond who sent a
/// message: those that the router sends are written as local.
pub fn recorded(messages: &[Recorded], local_as: Option<Asn>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut up: Vec<(PeerKey, RibView)> = Vec::new();
    for one in messages {
        let session = session(&one.peer, local_as.unwrap_or_default());
        if !up.contains(&(one.peer, one.rib)) {
            up.push((one.peer, one.rib));
            // RFC 4271 §8.2.2: 5 OpenConfirm, 6 Established.
            encode::state_change(&mut out, one.time, &session, 5, 6);
        }
        let form = Form {
            asn4: has_long_as_numbers(&one.message),
            local: one.rib.is_out(),
            add_path: one.add_path,
        };
        encode::message_as(&mut out, one.time, &session, form, |out| {
            out.extend_from_slice(&one.message);
        });
    }
    out
}

fn session(peer: &PeerKey, local_as: Asn) -> Session {
    let unknown = match peer.address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let router = peer.router.address();
    Session {
        peer_as: peer.asn,
        local_as,
        peer: peer.address,
        local: router
            .filter(|router| router.is_ipv4() == peer.address.is_ipv4())
            .unwrap_or(unknown),
    }
}

/// Whether the AS numbers of an UPDATE's `AS_PATH` have four octets (RFC 6793): its segments
/// fill it only in one of the two ways, or it is empty, which is the same in both.
fn has_long_as_numbers(message: &[u8]) -> bool {
    let path = as_path(message).unwrap_or_default();
    fills(path, 4) || !fills(path, 2)
}

/// The value of `AS_PATH` (RFC 4271 §4.3, §5.1.2).
fn as_path(message: &[u8]) -> Option<&[u8]> {
    let body = message.get(19..)?;
    let (withdrawn, rest) = body.split_first_chunk::<2>()?;
    let rest = rest.get(usize::from(u16::from_be_bytes(*withdrawn))..)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let mut attributes = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    loop {
        let (&[flags, code], rest) = attributes.split_first_chunk::<2>()?;
        let (length, rest) = if flags & 0x10 == 0 {
            let (&length, rest) = rest.split_first()?;
            (usize::from(length), rest)
        } else {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        if code == 2 {
            return Some(value);
        }
        attributes = rest;
    }
}

fn fills(mut path: &[u8], width: usize) -> bool {
    while let Some((&[kind, count], rest)) = path.split_first_chunk::<2>() {
        let Some(rest) = rest.get(usize::from(count) * width..) else {
            return false;
        };
        if !(1..=4).contains(&kind) || count == 0 {
            return false;
        }
        path = rest;
    }
    path.is_empty()
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, path::Path};

    use super::*;
    use crate::{
        bgp::{AsPath, Batch, EventKind, Nlri, Router, Timestamp},
        wire::{
            encode::PathAttributes,
            mrt::{Input, MrtReader, Status},
        },
    };

    const PATH: [u32; 3] = [64500, 15169, 4_200_000];

    fn update(path_id: Option<u32>, short: bool) -> Vec<u8> {
        let mut attributes = Vec::new();
        PathAttributes {
            path: AsPath {
                words: &PATH,
                segmented: false,
            },
            next_hop: Some([192, 0, 2, 9].into()),
            ..PathAttributes::default()
        }
        .write(&mut attributes);
        if short {
            // ORIGIN, then AS_PATH of two octets each; AS4_PATH is not needed here.
            attributes = vec![0x40, 1, 1, 0, 0x40, 2, 6, 2, 2, 0xFB, 0xF4, 0x3B, 0x41];
            attributes.extend([0x40, 3, 4, 192, 0, 2, 9]);
        }
        let mut announced = Vec::new();
        announced.extend(path_id.map(u32::to_be_bytes).into_iter().flatten());
        encode::nlri(&mut announced, &Nlri::new(0x1400_0000_u32, 16, 0));
        let mut out = Vec::new();
        encode::update(&mut out, &[], &attributes, &announced);
        out
    }

    fn one(peer: PeerKey, rib: RibView, add_path: bool, message: Vec<u8>) -> Recorded {
        Recorded {
            time: Timestamp::from_micros(1_500_000_000_123_456),
            peer,
            rib,
            add_path,
            message,
        }
    }

    fn read(bytes: Vec<u8>) -> Batch {
        let input = Input::from_reader(Path::new("slice"), Cursor::new(bytes), None).unwrap();
        let mut reader = MrtReader::new(input);
        let mut batch = Batch::default();
        while reader.read_batch(&mut batch) == Status::More {}
        assert_eq!(reader.problem_count(), 0);
        batch
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was_received() {
        let four = PeerKey::mrt([192, 0, 2, 1].into(), Asn(64500));
        let six = PeerKey {
            router: Router::bmp([198, 51, 100, 7].into()),
            ..PeerKey::mrt("2001:db8::1".parse().unwrap(), Asn(4_200_000))
        };
        let pre = RibView::AdjRibInPre;
        let messages = [
            one(four, pre, false, update(None, false)),
            one(four, pre, false, update(None, true)),
            one(six, pre, true, update(Some(7), false)),
            one(six, RibView::AdjRibOutPost, false, update(None, false)),
        ];
        let batch = read(recorded(&messages, Some(Asn(64496))));
        let mut announced = Vec::new();
        for event in &batch.events {
            let peer = batch.peers[usize::from(event.peer)];
            if let EventKind::Announce {
                attributes, nlri, ..
            } = event.kind
            {
                let prefix = nlri.of(&batch.v4)[0];
                let path = batch.path(&attributes).words.to_vec();
                assert_eq!(event.raw.of(&batch.raw), messages[announced.len()].message);
                assert_eq!(event.time, messages[0].time);
                announced.push((peer.address, event.rib, prefix.path_id, path));
            }
        }
        let (all, short) = (PATH.to_vec(), PATH[..2].to_vec());
        assert_eq!(
            announced,
            [
                (four.address, pre, 0, all.clone()),
                (four.address, pre, 0, short),
                (six.address, pre, 7, all.clone()),
                (six.address, RibView::AdjRibOutPost, 0, all),
            ]
        );
        let ups = batch.events.iter();
        let ups = ups.filter(|event| event.kind == EventKind::PeerUp).count();
        assert_eq!(ups, 3);
    }

    #[test]
    fn no_message_is_no_file_and_any_octets_are_written() {
        assert_eq!(recorded(&[], None), Vec::<u8>::new());
        let peer = PeerKey::mrt([192, 0, 2, 1].into(), Asn(64500));
        let good = update(None, false);
        for cut in 0..good.len() {
            let message = good[..cut].to_vec();
            recorded(&[one(peer, RibView::LocRib, false, message)], None);
        }
    }
}
