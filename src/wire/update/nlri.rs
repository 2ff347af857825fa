//! NLRI fields: RFC 4271 §4.3, with path identifiers per RFC 7911 §3.
//!
//! One octet of mask length, then as many octets as the mask needs. What lies beyond
//! the mask is cleared; a mask longer than an address, or an address cut short, makes
//! the whole field unreadable, since nothing says where the next prefix would start.

use crate::bgp::{Address, Nlri};
use crate::wire::Reason;

/// An address width that can be read from the wire.
pub trait Octets: Address {
    /// The address whose leading octets open `bytes`; later bits are arbitrary.
    fn load(bytes: &[u8]) -> Self;
}

impl Octets for u32 {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        // Nearly always more bytes follow: one load, and the mask clears the excess.
        if let Some(whole) = bytes.first_chunk::<4>() {
            return u32::from_be_bytes(*whole);
        }
        let mut padded = [0; 4];
        for (to, from) in padded.iter_mut().zip(bytes) {
            *to = *from;
        }
        u32::from_be_bytes(padded)
    }
}

impl Octets for u128 {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        if let Some(whole) = bytes.first_chunk::<16>() {
            return u128::from_be_bytes(*whole);
        }
        let mut padded = [0; 16];
        for (to, from) in padded.iter_mut().zip(bytes) {
            *to = *from;
        }
        u128::from_be_bytes(padded)
    }
}

/// Reads one prefix (mask length and address) and returns it with what follows.
///
/// None where the mask is too long or the address is cut short.
#[inline]
pub fn prefix<A: Octets>(bytes: &[u8]) -> Option<(A, u8, &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    let octets = usize::from(len).div_ceil(8);
    if len > A::BITS || rest.len() < octets {
        return None;
    }
    let addr = A::load(rest).masked(len);
    Some((addr, len, rest.get(octets..)?))
}

/// Reads a whole NLRI field into `out`.
///
/// On failure `out` is as it was.
///
/// # Errors
/// [`Reason::Nlri`] where the field cannot be read to its end; [`Reason::AddPath`]
/// where a field without path identifiers holds the default route twice: the high
/// octets of a small path identifier read just so, and no sender repeats a prefix.
#[inline]
pub fn field<A: Octets>(
    mut bytes: &[u8],
    add_path: bool,
    out: &mut Vec<Nlri<A>>,
) -> Result<(), Reason> {
    let before = out.len();
    let mut defaults = 0_u32;
    while !bytes.is_empty() {
        let mut path_id = 0;
        if add_path {
            let Some((id, rest)) = bytes.split_first_chunk::<4>() else {
                out.truncate(before);
                return Err(Reason::Nlri);
            };
            path_id = u32::from_be_bytes(*id);
            bytes = rest;
        }
        let Some((addr, len, rest)) = prefix::<A>(bytes) else {
            out.truncate(before);
            return Err(if defaults > 1 {
                Reason::AddPath
            } else {
                Reason::Nlri
            });
        };
        bytes = rest;
        defaults += u32::from(len == 0 && !add_path);
        out.push(Nlri { addr, path_id, len });
    }
    if defaults > 1 {
        out.truncate(before);
        return Err(Reason::AddPath);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(bytes: &[u8], add_path: bool) -> Result<Vec<String>, Reason> {
        let mut out: Vec<Nlri<u32>> = Vec::new();
        field(bytes, add_path, &mut out)?;
        Ok(out.iter().map(|nlri| nlri.prefix().to_string()).collect())
    }

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!(v4(&[9, 10, 0xFF], false).unwrap(), ["10.128.0.0/9"]);
        assert_eq!(
            v4(&[0, 32, 1, 2, 3, 4], false).unwrap(),
            ["0.0.0.0/0", "1.2.3.4/32"]
        );
    }

    #[test]
    fn masks_longer_than_an_address_are_refused() {
        assert_eq!(v4(&[33, 1, 2, 3, 4, 5], false), Err(Reason::Nlri));
        let mut out: Vec<Nlri<u128>> = Vec::new();
        assert_eq!(field(&[129; 18], false, &mut out), Err(Reason::Nlri));
        assert!(out.is_empty());
    }

    #[test]
    fn a_prefix_cut_short_voids_the_field() {
        assert_eq!(v4(&[8, 10, 24, 10, 1], false), Err(Reason::Nlri));
        assert_eq!(v4(&[0, 0, 0], true), Err(Reason::Nlri));
        assert_eq!(v4(&[0, 0, 0, 1], true), Err(Reason::Nlri));
    }

    #[test]
    fn unexpected_path_identifiers_are_told_by_repeated_defaults() {
        let field = [0, 0, 0, 1, 24, 10, 1, 2];
        assert_eq!(v4(&field, false), Err(Reason::AddPath));
        assert_eq!(v4(&field, true).unwrap(), ["10.1.2.0/24"]);
    }
}
