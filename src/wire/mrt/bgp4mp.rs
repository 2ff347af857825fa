//! Messages and state changes: `BGP4MP` (RFC 6396 §4.4, RFC 8050 §3) and the records
//! of type 5 before it (RFC 6396 Appendix B.2).

use crate::bgp::{Afi, Batch, DownReason, EventKind, PeerKey, RibView};
use crate::wire::Reason;
use crate::wire::update::{HEADER_LEN, Session, UPDATE};

use super::cursor::Cursor;
use super::decoder::Decoder;
use super::peers::PeerId;
use super::problem::Fault;

const CUT: Fault = Fault::record("a BGP record shorter than its fields");
const TOO_MANY_PEERS: Fault = Fault::record("more peers than are told apart (65,535)");

/// The state of a session that exchanges routes (RFC 6396 §4.4.1).
const ESTABLISHED: u16 = 6;

/// What a `BGP4MP` message subtype says of the message.
struct Form {
    session: Session,
    rib: RibView,
}

impl Form {
    /// None for subtypes that hold no message.
    fn of(subtype: u16) -> Option<Form> {
        let (asn4, local, add_path) = match subtype {
            1 => (false, false, false),
            4 => (true, false, false),
            6 => (false, true, false),
            7 => (true, true, false),
            8 => (false, false, true),
            9 => (true, false, true),
            10 => (false, true, true),
            11 => (true, true, true),
            _ => return None,
        };
        Some(Form {
            session: Session {
                asn4,
                add_path_v4: add_path,
                add_path_v6: add_path,
            },
            // LOCAL: the collector's own side sent it (RFC 6396 §4.4.3).
            rib: if local {
                RibView::AdjRibOutPost
            } else {
                RibView::AdjRibInPre
            },
        })
    }
}

impl Decoder {
    /// A record of type `BGP4MP` or `BGP4MP_ET`, its microseconds already taken off.
    pub fn bgp4mp(
        &mut self,
        subtype: u16,
        cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        match subtype {
            0 => self.state_change(false, cursor, batch),
            5 => self.state_change(true, cursor, batch),
            _ => {
                let Some(form) = Form::of(subtype) else {
                    // BGP4MP_ENTRY, BGP4MP_SNAPSHOT (Appendix B.3.2), later inventions.
                    self.unsupported();
                    return Ok(());
                };
                self.message(&form, cursor, batch)
            }
        }
    }

    fn message(
        &mut self,
        form: &Form,
        mut cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let asn4 = form.session.asn4;
        let asn = cursor.asn(asn4).ok_or(CUT)?;
        let _local_as = cursor.asn(asn4).ok_or(CUT)?;
        let interface = cursor.u16().ok_or(CUT)?;
        let afi = match cursor.u16().ok_or(CUT)? {
            1 => Afi::Ipv4,
            2 => Afi::Ipv6,
            // Zebra left the addresses out of OPENs; these are the marker's octets.
            0xFFFF if interface == 0xFFFF => return Ok(()),
            _ => return Err(Fault::record("an address family that no peer has")),
        };
        let address = cursor.address(afi).ok_or(CUT)?;
        let _local_address = cursor.address(afi).ok_or(CUT)?;
        let id = self
            .peers
            .id(&PeerKey::mrt(address, asn))
            .ok_or(TOO_MANY_PEERS)?;
        let message = cursor.rest();
        match message.get(HEADER_LEN - 1) {
            Some(3) => {
                let code = message.get(HEADER_LEN).copied().unwrap_or_default();
                let subcode = message.get(HEADER_LEN + 1).copied().unwrap_or_default();
                self.notification(id, code, subcode, batch);
            }
            // OPEN, KEEPALIVE, ROUTE-REFRESH (RFC 2918; 128 is Cisco's before it).
            Some(1 | 4 | 5 | 128) => {}
            // An UPDATE, or nothing known: the scanner counts the latter.
            _ => {
                if let Some(origin) = self.origin(id, form.rib, batch) {
                    self.scanner
                        .scan(message, form.session, origin, batch, &mut self.tally);
                }
            }
        }
        Ok(())
    }

    fn state_change(
        &mut self,
        asn4: bool,
        mut cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        // Zebra's state changes of 8 octets lack the addresses: whose they are is
        // not known, so they are counted and no more.
        let nameless = !asn4 && cursor.rest().len() == 8;
        let asn = cursor.asn(asn4).ok_or(CUT)?;
        let _local_as = cursor.asn(asn4).ok_or(CUT)?;
        if nameless {
            self.tally.state_changes += 1;
            return Ok(());
        }
        let _interface = cursor.u16().ok_or(CUT)?;
        let afi = match cursor.u16().ok_or(CUT)? {
            1 => Afi::Ipv4,
            2 => Afi::Ipv6,
            _ => return Err(Fault::record("an address family that no peer has")),
        };
        let address = cursor.address(afi).ok_or(CUT)?;
        let _local_address = cursor.address(afi).ok_or(CUT)?;
        let old = cursor.u16().ok_or(CUT)?;
        let new = cursor.u16().ok_or(CUT)?;
        let id = self
            .peers
            .id(&PeerKey::mrt(address, asn))
            .ok_or(TOO_MANY_PEERS)?;
        self.state(id, old, new, batch);
        Ok(())
    }

    fn state(&mut self, id: PeerId, old: u16, new: u16, batch: &mut Batch) {
        self.tally.state_changes += 1;
        if old == new {
            return;
        }
        if new == ESTABLISHED {
            self.peers.set_notified(id, false);
            self.push(id, EventKind::PeerUp, batch);
        } else if old == ESTABLISHED && !self.peers.set_notified(id, false) {
            self.push(id, EventKind::PeerDown(DownReason::State), batch);
        }
    }

    /// A NOTIFICATION ends the session at once; collectors record the state change
    /// that follows from it after it, and some record none.
    fn notification(&mut self, id: PeerId, code: u8, subcode: u8, batch: &mut Batch) {
        if !self.peers.set_notified(id, true) {
            let reason = DownReason::Notification { code, subcode };
            self.push(id, EventKind::PeerDown(reason), batch);
        }
    }

    /// A record of type 5: messages without their header, IPv4 and two-octet AS
    /// numbers only.
    pub fn bgp(
        &mut self,
        subtype: u16,
        mut cursor: Cursor<'_>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        const BGP_UPDATE: u16 = 1;
        const BGP_STATE_CHANGE: u16 = 3;
        const BGP_NOTIFY: u16 = 6;
        if !matches!(subtype, BGP_UPDATE | BGP_STATE_CHANGE | BGP_NOTIFY) {
            // OPEN and KEEPALIVE tell of nothing; the rest name files, not routes.
            if !matches!(subtype, 5 | 7) {
                self.unsupported();
            }
            return Ok(());
        }
        let asn = cursor.asn(false).ok_or(CUT)?;
        let address = cursor.address(Afi::Ipv4).ok_or(CUT)?;
        let id = self
            .peers
            .id(&PeerKey::mrt(address, asn))
            .ok_or(TOO_MANY_PEERS)?;
        if subtype == BGP_STATE_CHANGE {
            let old = cursor.u16().ok_or(CUT)?;
            let new = cursor.u16().ok_or(CUT)?;
            self.state(id, old, new, batch);
            return Ok(());
        }
        let _local_as = cursor.asn(false).ok_or(CUT)?;
        let _local_address = cursor.address(Afi::Ipv4).ok_or(CUT)?;
        if subtype == BGP_NOTIFY {
            let code = cursor.u8().ok_or(CUT)?;
            let subcode = cursor.u8().ok_or(CUT)?;
            self.notification(id, code, subcode, batch);
            return Ok(());
        }
        let body = cursor.rest();
        let Ok(len) = u16::try_from(HEADER_LEN + body.len()) else {
            self.tally.error(Reason::MessageLength);
            return Ok(());
        };
        self.message.clear();
        self.message.extend_from_slice(&[0xFF; 16]);
        self.message.extend_from_slice(&len.to_be_bytes());
        self.message.push(UPDATE);
        self.message.extend_from_slice(body);
        if let Some(origin) = self.origin(id, RibView::AdjRibInPre, batch) {
            self.scanner.scan(
                &self.message,
                Session::default(),
                origin,
                batch,
                &mut self.tally,
            );
        }
        Ok(())
    }
}
