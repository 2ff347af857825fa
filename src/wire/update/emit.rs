//! From what a message held to the batch's events and the tally's counts.

use crate::bgp::{Afi, Attributes, Batch, Event, EventKind, Span};
use crate::wire::{Reason, Tally};

use super::mp::Family;
use super::nlri::field;
use super::{Origin, Session};

/// What one family's field turned out to hold.
#[derive(Clone, Copy, Default)]
pub struct Prefixes {
    pub v4: Span,
    pub v6: Span,
    /// Multicast prefixes: counted only.
    pub multicast: u64,
}

impl Prefixes {
    /// Unicast prefixes.
    pub fn count(self) -> u64 {
        u64::from(self.v4.len) + u64::from(self.v6.len)
    }
}

/// Where one message's events go.
pub struct Emit<'b, 't> {
    pub batch: &'b mut Batch,
    pub tally: &'t mut Tally,
    pub at: Origin,
    pub raw: Span,
}

impl Emit<'_, '_> {
    #[inline]
    fn push(&mut self, kind: EventKind) {
        self.batch.events.push(Event {
            time: self.at.time,
            peer: self.at.peer,
            rib: self.at.rib,
            kind,
            raw: self.raw,
        });
    }

    /// Reads IPv4 unicast NLRI into their column.
    #[inline]
    pub fn classic(&mut self, bytes: &[u8], session: Session) -> Result<Prefixes, Reason> {
        let before = self.batch.v4.len();
        field(bytes, session.add_path_v4, &mut self.batch.v4)?;
        Ok(Prefixes {
            v4: added(&self.batch.v4, before),
            ..Prefixes::default()
        })
    }

    fn withdraw_events(&mut self, prefixes: Prefixes) {
        for (afi, nlri) in [(Afi::Ipv4, prefixes.v4), (Afi::Ipv6, prefixes.v6)] {
            if nlri.len > 0 {
                self.push(EventKind::Withdraw { afi, nlri });
            }
        }
    }

    pub fn withdraw(&mut self, prefixes: Prefixes) {
        self.tally.withdrawn += prefixes.count() + prefixes.multicast;
        self.withdraw_events(prefixes);
    }

    pub fn treat_as_withdraw(&mut self, prefixes: Prefixes) {
        self.tally.treated_as_withdrawn += prefixes.count() + prefixes.multicast;
        self.withdraw_events(prefixes);
    }

    #[inline]
    pub fn announce(&mut self, attributes: Attributes, prefixes: Prefixes) {
        self.tally.announced += prefixes.count() + prefixes.multicast;
        for (afi, nlri) in [(Afi::Ipv4, prefixes.v4), (Afi::Ipv6, prefixes.v6)] {
            if nlri.len > 0 {
                self.push(EventKind::Announce {
                    afi,
                    attributes,
                    nlri,
                });
            }
        }
    }

    pub fn end_of_rib(&mut self, afi: Afi) {
        self.tally.end_of_rib += 1;
        self.push(EventKind::EndOfRib(afi));
    }

    /// An `MP_UNREACH_NLRI` with no NLRI: End-of-RIB if `alone` (RFC 4724 §2).
    pub fn empty_unreach(&mut self, family: Family, alone: bool) {
        match family {
            Family::Ipv4Unicast if alone => self.end_of_rib(Afi::Ipv4),
            Family::Ipv6Unicast if alone => self.end_of_rib(Afi::Ipv6),
            Family::Ipv4Unicast | Family::Ipv6Unicast => {}
            _ => {
                self.tally.end_of_rib += u64::from(alone);
                self.tally.other_families += 1;
            }
        }
    }
}

/// What was appended to `column` since it had `before` elements.
pub fn added<T>(column: &[T], before: usize) -> Span {
    Span {
        start: before as u32,
        len: (column.len() - before) as u32,
    }
}
