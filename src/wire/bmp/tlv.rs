//! Type, length, value (RFC 7854 §4.4).

use crate::wire::Reason;

/// One TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'m> {
    /// Type; what it means depends on the message.
    pub kind: u16,
    /// Value.
    pub value: &'m [u8],
}

/// The TLVs of a message, in order.
///
/// A TLV that runs beyond the message gives [`Reason::BmpTlv`] once, and the end.
#[derive(Clone, Debug)]
pub struct Tlvs<'m> {
    rest: &'m [u8],
}

impl<'m> Tlvs<'m> {
    /// Over what is left of a message.
    pub const fn new(rest: &'m [u8]) -> Self {
        Tlvs { rest }
    }

    fn one(&mut self) -> Option<Tlv<'m>> {
        let (&[k0, k1, l0, l1], rest) = self.rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
        self.rest = rest;
        Some(Tlv {
            kind: u16::from_be_bytes([k0, k1]),
            value,
        })
    }
}

impl<'m> Iterator for Tlvs<'m> {
    type Item = Result<Tlv<'m>, Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let one = self.one();
        if one.is_none() {
            self.rest = &[];
        }
        Some(one.ok_or(Reason::BmpTlv))
    }
}
