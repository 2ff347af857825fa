//! The real table of 2026-05-11 and its churn, unpacked from the crate.
//!
//! `data/README.md` says where it is from and how it is packed. Prefixes come in
//! columns: how many (u32, little-endian), a length octet for each, then for each the
//! distance from the previous network address as LEB128, in units of a /24 (IPv4) or
//! a /48 (IPv6), because nothing in the table is longer. The churn is such a column
//! of the prefixes it touches, how many operations (u32), a withdraw octet for each
//! eight of them, and the low and high octets of the prefix each is about.

use crate::bgp::{Address, Nlri};

const IPV4: &[u8] = include_bytes!("data/ipv4.zst");
const IPV6: &[u8] = include_bytes!("data/ipv6.zst");
const CHURN: &[u8] = include_bytes!("data/churn.zst");

/// More than any of the files unpacks to.
const UNPACKED: usize = 8 << 20;

/// One operation of the churn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Index into [`Churn::prefixes`].
    pub prefix: u16,
    /// Withdrawn, not announced.
    pub withdraw: bool,
}

/// Twelve hours of one peer's IPv4 operations in their order, without times.
#[derive(Clone, Debug, Default)]
pub(super) struct Churn {
    /// The prefixes touched, sorted by address and length.
    pub prefixes: Vec<Nlri<u32>>,
    /// What happened to them.
    pub operations: Vec<Operation>,
}

/// The 1,042,325 IPv4 prefixes, sorted by address, covering routes first.
pub(super) fn ipv4() -> Vec<Nlri<u32>> {
    unpack(IPV4)
        .and_then(|bytes| prefixes(&mut Reader(&bytes), |step| (step << 8) as u32))
        .unwrap_or_default()
}

/// The 246,175 IPv6 prefixes, sorted likewise.
pub(super) fn ipv6() -> Vec<Nlri<u128>> {
    unpack(IPV6)
        .and_then(|bytes| prefixes(&mut Reader(&bytes), |step| u128::from(step) << 80))
        .unwrap_or_default()
}

/// The 696,710 operations.
pub(super) fn churn() -> Churn {
    unpack(CHURN)
        .and_then(|bytes| operations(&mut Reader(&bytes)))
        .unwrap_or_default()
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::decompress(packed, UNPACKED).ok()
}

fn prefixes<A: Address>(from: &mut Reader, address: impl Fn(u64) -> A) -> Option<Vec<Nlri<A>>> {
    let count = from.count()?;
    let lengths = from.take(count)?;
    let mut position = 0_u64;
    let mut out = Vec::with_capacity(count);
    for &len in lengths {
        position = position.wrapping_add(from.leb128()?);
        out.push(Nlri::new(address(position), len, 0));
    }
    Some(out)
}

fn operations(from: &mut Reader) -> Option<Churn> {
    let prefixes = prefixes(from, |step| (step << 8) as u32)?;
    let count = from.count()?;
    let withdraw = from.take(count.div_ceil(8))?;
    let low = from.take(count)?;
    let high = from.take(count)?;
    let mut operations = Vec::with_capacity(count);
    for (index, (&low, &high)) in low.iter().zip(high).enumerate() {
        operations.push(Operation {
            prefix: u16::from_le_bytes([low, high]),
            withdraw: withdraw.get(index / 8)? >> (index % 8) & 1 == 1,
        });
    }
    Some(Churn {
        prefixes,
        operations,
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }

    fn leb128(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let (&octet, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(octet & 0x7F) << shift;
            if octet & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Read, net::IpAddr, path::Path};

    #[test]
    fn the_packed_table_is_whole() {
        let ipv4 = ipv4();
        assert_eq!(ipv4.len(), 1_042_325);
        assert!(ipv4.is_sorted());
        assert!(ipv4.iter().all(|prefix| prefix.len <= 24));
        let ipv6 = ipv6();
        assert_eq!(ipv6.len(), 246_175);
        assert!(ipv6.is_sorted());
        assert!(ipv6.iter().all(|prefix| prefix.len <= 48));
        let churn = churn();
        assert_eq!(churn.prefixes.len(), 52_121);
        assert_eq!(churn.operations.len(), 696_710);
        assert_eq!(
            churn.operations.iter().filter(|op| op.withdraw).count(),
            23_572
        );
        assert_eq!(
            churn.operations.first().map(|op| op.withdraw),
            Some(false),
            "the day begins with an announcement"
        );
    }

    fn text(path: &Path) -> String {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn parse(text: &str) -> (IpAddr, u8) {
        let (address, len) = text.split_once('/').unwrap();
        (address.parse().unwrap(), len.parse().unwrap())
    }

    fn parse4(text: &str) -> Nlri<u32> {
        match parse(text) {
            (IpAddr::V4(ip), len) => Nlri::new(ip.to_bits(), len, 0),
            _ => panic!("{text}"),
        }
    }

    fn parse6(text: &str) -> Nlri<u128> {
        match parse(text) {
            (IpAddr::V6(ip), len) => Nlri::new(ip.to_bits(), len, 0),
            _ => panic!("{text}"),
        }
    }

    fn pack<A: Address>(out: &mut Vec<u8>, sorted: &[Nlri<A>], step: impl Fn(A) -> u64) {
        out.extend((sorted.len() as u32).to_le_bytes());
        out.extend(sorted.iter().map(|prefix| prefix.len));
        let mut previous = 0;
        for prefix in sorted {
            let mut distance = step(prefix.addr) - previous;
            previous = step(prefix.addr);
            while distance > 0x7F {
                out.push(distance as u8 | 0x80);
                distance >>= 7;
            }
            out.push(distance as u8);
        }
    }

    /// Remakes the files of `data/` from the text that `data/README.md` names:
    /// `LEAKWATCH_TABLE=DIR cargo test pack_the_table -- --ignored`.
    #[test]
    #[ignore = "remakes the packed table; needs its source in $LEAKWATCH_TABLE"]
    fn pack_the_table() {
        let source = std::path::PathBuf::from(std::env::var_os("LEAKWATCH_TABLE").unwrap());
        let write = |name: &str, bytes: &[u8]| {
            let packed = zstd::bulk::compress(bytes, 22).unwrap();
            fs::write(Path::new("src/drill/data").join(name), packed).unwrap();
        };

        let mut v4: Vec<_> = text(&source.join("table-ipv4.txt.gz"))
            .lines()
            .map(parse4)
            .collect();
        v4.sort_unstable();
        let mut out = Vec::new();
        pack(&mut out, &v4, |addr| u64::from(addr >> 8));
        write("ipv4.zst", &out);

        let mut v6: Vec<_> = text(&source.join("table-ipv6.txt.gz"))
            .lines()
            .map(parse6)
            .collect();
        v6.sort_unstable();
        let mut out = Vec::new();
        pack(&mut out, &v6, |addr| (addr >> 80) as u64);
        write("ipv6.zst", &out);

        let operations: Vec<(bool, Nlri<u32>)> =
            text(&source.join("mutations-ipv4-first-half.txt.gz"))
                .lines()
                .map(|line| {
                    let (kind, prefix) = line.split_once(' ').unwrap();
                    (kind == "W", parse4(prefix))
                })
                .collect();
        let mut touched: Vec<_> = operations.iter().map(|operation| operation.1).collect();
        touched.sort_unstable();
        touched.dedup();
        let mut out = Vec::new();
        pack(&mut out, &touched, |addr| u64::from(addr >> 8));
        out.extend((operations.len() as u32).to_le_bytes());
        for eight in operations.chunks(8) {
            let bits = eight.iter().enumerate();
            out.push(bits.fold(0, |bits, (bit, op)| bits | u8::from(op.0) << bit));
        }
        let ids: Vec<u16> = operations
            .iter()
            .map(|op| touched.binary_search(&op.1).unwrap() as u16)
            .collect();
        out.extend(ids.iter().map(|id| *id as u8));
        out.extend(ids.iter().map(|id| (*id >> 8) as u8));
        write("churn.zst", &out);
    }
}
