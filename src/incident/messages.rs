//! The BGP messages of the last moments, as received, so that those of an incident's examples
//! can be shown though they came before anybody knew that there was an incident.
//!
//! One ring of octets: a message is copied into it once, whatever it announces, and nothing
//! is allocated for it. What is to be kept for longer is copied out.

use crate::bgp::{PeerKey, RibView, Timestamp};

/// Where a message stands in the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message(u64);

impl Message {
    /// There was none, or it was too long.
    pub const NONE: Message = Message(0);
}

/// Octets held: what the window's candidates came in, at about 128 octets each.
const ROOM: u64 = 8 << 20;
/// Longer messages are not kept; those of RFC 4271 are not longer.
pub const LONGEST: usize = 4096;

/// The ring.
#[derive(Debug, Default)]
pub struct Messages {
    octets: Vec<u8>,
    /// Octets ever written, and skipped at the ring's end.
    written: u64,
    /// The message written last, by the event it came in.
    last: (u64, Message),
}

impl Messages {
    /// Takes a message that came in as `event`; again if it was taken already.
    pub fn put(&mut self, event: u64, raw: &[u8]) -> Message {
        if raw.is_empty() || raw.len() > LONGEST {
            return Message::NONE;
        }
        if self.last.0 == event {
            return self.last.1;
        }
        let len = raw.len() as u64;
        let mut place = self.written % ROOM;
        if place + len > ROOM {
            self.written += ROOM - place;
            place = 0;
        }
        let (from, to) = (place as usize, place as usize + raw.len());
        if self.octets.len() < to {
            self.octets.resize(to, 0);
        }
        if let Some(room) = self.octets.get_mut(from..to) {
            room.copy_from_slice(raw);
        }
        let message = Message(self.written << 16 | len);
        self.written += len;
        self.last = (event, message);
        message
    }

    /// The message, if it is still there.
    pub fn get(&self, message: Message) -> Option<&[u8]> {
        let (at, len) = (message.0 >> 16, message.0 & 0xFFFF);
        if len == 0 || self.written > at + ROOM {
            return None;
        }
        let from = (at % ROOM) as usize;
        self.octets.get(from..from + len as usize)
    }
}

/// A BGP message of an incident, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub time: Timestamp,
    /// Whose.
    pub peer: PeerKey,
    /// In which of the router's tables.
    pub rib: RibView,
    /// Its prefixes have path identifiers (RFC 7911).
    pub add_path: bool,
    /// The message, header included.
    pub message: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_there_until_the_ring_has_gone_round() {
        let mut messages = Messages::default();
        let first = messages.put(1, &[7; 100]);
        assert_eq!(messages.put(1, &[7; 100]), first, "of the same event");
        assert_eq!(messages.get(first), Some(&[7; 100][..]));
        let mut event = 1;
        let mut last = first;
        while messages.written + 4096 <= ROOM {
            event += 1;
            last = messages.put(event, &[event as u8; 4000]);
        }
        assert_eq!(messages.get(first), Some(&[7; 100][..]));
        let over = messages.put(event + 1, &[9; 4096]);
        assert_eq!(messages.get(over), Some(&[9; 4096][..]));
        assert_eq!(messages.get(first), None);
        assert_eq!(messages.get(last), Some(&[event as u8; 4000][..]));
        assert!(messages.octets.len() as u64 <= ROOM);
    }

    #[test]
    fn no_message_and_too_long_a_one_are_none() {
        let mut messages = Messages::default();
        assert_eq!(messages.put(1, &[]), Message::NONE);
        assert_eq!(messages.put(2, &[0; LONGEST + 1]), Message::NONE);
        assert_eq!(messages.get(Message::NONE), None);
    }
}
