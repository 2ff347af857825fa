//! The form in which the core writes down what has to outlive it: few bytes, and either all
//! of them are what was written or none is read.
//!
//! A document is a version, values one after another, and a sum over all of it. Numbers
//! take as many octets as they need (LEB128), prefixes the distance to the one before.
//! Reading never panics and never takes more memory than the document has octets.

use std::net::IpAddr;

use super::{Address, Asn, Nlri, PeerKey, Prefix, RibView, Router, Timestamp};

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Another version of leakwatch wrote it.
    #[error("it is of version {0}, which this leakwatch does not know")]
    Version(u8),
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
}

/// FNV-1a over octets: it finds what decays, not what is forged.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, octet| {
        (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Writes a document.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    last: u128,
}

impl Writer {
    /// Begins one.
    pub fn new(version: u8) -> Self {
        Writer {
            bytes: vec![version],
            last: 0,
        }
    }

    /// An octet.
    pub fn octet(&mut self, octet: u8) {
        self.bytes.push(octet);
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        self.wide(u128::from(number));
    }

    fn wide(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number that may be missing.
    pub fn maybe(&mut self, number: Option<u32>) {
        self.number(number.map_or(0, |number| u64::from(number) + 1));
    }

    /// Yes or no.
    pub fn flag(&mut self, flag: bool) {
        self.octet(u8::from(flag));
    }

    /// A real number.
    pub fn real(&mut self, real: f64) {
        self.bytes.extend_from_slice(&real.to_bits().to_le_bytes());
    }

    /// A time.
    pub fn time(&mut self, time: Timestamp) {
        self.number(time.micros());
    }

    /// Octets.
    pub fn octets(&mut self, octets: &[u8]) {
        self.number(octets.len() as u64);
        self.bytes.extend_from_slice(octets);
    }

    /// Words, such as an AS path's.
    pub fn words(&mut self, words: &[u32]) {
        self.number(words.len() as u64);
        for word in words {
            self.number(u64::from(*word));
        }
    }

    /// A prefix, as its distance from the one before; sorted ones take least.
    pub fn nlri<A: Address>(&mut self, nlri: &Nlri<A>) {
        self.octet(nlri.len);
        self.distance(nlri);
    }

    /// A prefix whose length is written already.
    pub fn distance<A: Address>(&mut self, nlri: &Nlri<A>) {
        let host = u32::from(A::BITS - nlri.len.min(A::BITS));
        let (here, last) = (shifted(nlri.addr.bits(), host), shifted(self.last, host));
        self.last = nlri.addr.bits();
        let distance = here.wrapping_sub(last) as i128;
        self.wide((distance << 1 ^ distance >> 127) as u128);
    }

    /// A prefix on its own.
    pub fn prefix(&mut self, prefix: &Prefix) {
        self.address(prefix.network());
        self.octet(prefix.prefix_len());
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(ip) => {
                self.octet(4);
                self.bytes.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                self.octet(6);
                self.bytes.extend_from_slice(&ip.octets());
            }
        }
    }

    /// A peer.
    pub fn peer(&mut self, peer: &PeerKey) {
        match peer.router {
            Router::Mrt => self.octet(0),
            Router::Directory(name) => {
                self.octet(1);
                self.octets(name.as_bytes());
            }
            Router::Bmp { address, instance } => {
                self.octet(2);
                self.address(address);
                self.number(u64::from(instance));
            }
        }
        self.number(peer.distinguisher);
        self.address(peer.address);
        self.number(u64::from(peer.asn.0));
        self.number(u64::from(peer.bgp_id));
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing but the version is written.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= 1
    }

    /// Ends it.
    pub fn finish(mut self) -> Vec<u8> {
        let sum = sum(&self.bytes);
        self.bytes.extend_from_slice(&sum.to_le_bytes());
        self.bytes
    }
}

fn shifted(bits: u128, by: u32) -> u128 {
    bits.checked_shr(by).unwrap_or(0)
}

/// Reads a document. Every method gives none where the octets are not what was written.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    last: u128,
}

impl<'a> Reader<'a> {
    /// Opens a document of `version`.
    ///
    /// # Errors
    /// It is damaged, or of another version.
    pub fn open(bytes: &'a [u8], version: u8) -> Result<Self, Unreadable> {
        let (body, end) = bytes.split_last_chunk::<8>().ok_or(Unreadable::Damaged)?;
        if sum(body) != u64::from_le_bytes(*end) {
            return Err(Unreadable::Damaged);
        }
        let (&found, bytes) = body.split_first().ok_or(Unreadable::Damaged)?;
        if found != version {
            return Err(Unreadable::Version(found));
        }
        Ok(Reader { bytes, last: 0 })
    }

    /// An octet.
    pub fn octet(&mut self) -> Option<u8> {
        let (&octet, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(octet)
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        u64::try_from(self.wide()?).ok()
    }

    fn wide(&mut self) -> Option<u128> {
        let mut number = 0_u128;
        for shift in (0..128).step_by(7) {
            let octet = self.octet()?;
            let part = u128::from(octet & 0x7F);
            let placed = part << shift;
            if placed >> shift != part {
                return None;
            }
            number |= placed;
            if octet & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number of 32 bits.
    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A number of 32 bits that may be missing; the outer none is damage.
    pub fn maybe(&mut self) -> Option<Option<u32>> {
        match self.number()?.checked_sub(1) {
            Some(number) => Some(Some(u32::try_from(number).ok()?)),
            None => Some(None),
        }
    }

    /// Yes or no.
    pub fn flag(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A real number; none of the odd ones.
    pub fn real(&mut self) -> Option<f64> {
        let (bits, rest) = self.bytes.split_first_chunk::<8>()?;
        self.bytes = rest;
        Some(f64::from_bits(u64::from_le_bytes(*bits))).filter(|real| real.is_finite())
    }

    /// A time.
    pub fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::from_micros)
    }

    /// Octets.
    pub fn octets(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (octets, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(octets)
    }

    /// Text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.octets()?).ok()
    }

    /// How many things of at least `least` octets follow.
    pub fn count(&mut self, least: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count.checked_mul(least.max(1))? <= self.bytes.len()).then_some(count)
    }

    /// Words.
    pub fn words(&mut self) -> Option<Vec<u32>> {
        let count = self.count(1)?;
        (0..count).map(|_| self.small()).collect()
    }

    /// A prefix after another.
    pub fn nlri<A: Address>(&mut self) -> Option<Nlri<A>> {
        let len = self.octet()?;
        self.distance(len)
    }

    /// A prefix of a length that was read already.
    pub fn distance<A: Address>(&mut self, len: u8) -> Option<Nlri<A>> {
        let host = u32::from(A::BITS.checked_sub(len)?);
        let zigzag = self.wide()?;
        let distance = (zigzag >> 1) ^ 0_u128.wrapping_sub(zigzag & 1);
        let here = shifted(self.last, host).wrapping_add(distance);
        let bits = here.checked_shl(host).unwrap_or(0);
        if shifted(bits, host) != here || shifted(bits, u32::from(A::BITS)) != 0 {
            return None;
        }
        self.last = bits;
        Some(Nlri::new(A::from_bits(bits), len, 0))
    }

    /// A prefix on its own.
    pub fn prefix(&mut self) -> Option<Prefix> {
        let address = self.address()?;
        let prefix = Prefix::new(address, self.octet()?).ok()?;
        (prefix.network() == address).then_some(prefix)
    }

    fn address(&mut self) -> Option<IpAddr> {
        match self.octet()? {
            4 => {
                let (octets, rest) = self.bytes.split_first_chunk::<4>()?;
                self.bytes = rest;
                Some(IpAddr::from(*octets))
            }
            6 => {
                let (octets, rest) = self.bytes.split_first_chunk::<16>()?;
                self.bytes = rest;
                Some(IpAddr::from(*octets))
            }
            _ => None,
        }
    }

    /// A peer; `name` gives the lasting name of a directory.
    pub fn peer(&mut self, name: &mut dyn FnMut(&str) -> Option<&'static str>) -> Option<PeerKey> {
        let router = match self.octet()? {
            0 => Router::Mrt,
            1 => Router::Directory(name(self.text()?)?),
            2 => Router::Bmp {
                address: self.address()?,
                instance: u16::try_from(self.number()?).ok()?,
            },
            _ => return None,
        };
        Some(PeerKey {
            router,
            distinguisher: self.number()?,
            address: self.address()?,
            asn: Asn(self.small()?),
            bgp_id: self.small()?,
        })
    }

    /// Which RIB.
    pub fn rib(&mut self) -> Option<RibView> {
        const ALL: [RibView; 5] = [
            RibView::AdjRibInPre,
            RibView::AdjRibInPost,
            RibView::LocRib,
            RibView::AdjRibOutPre,
            RibView::AdjRibOutPost,
        ];
        ALL.get(usize::from(self.octet()?)).copied()
    }

    /// Ends the reading: all of it was read, or it is not what was written.
    pub fn end(self) -> Option<()> {
        self.bytes.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader(writer: Writer) -> Vec<u8> {
        writer.finish()
    }

    #[test]
    fn another_version_and_any_turned_bit_are_refused() {
        let mut writer = Writer::new(3);
        writer.words(&[1, 2, 300_000]);
        let bytes = reader(writer);
        assert_eq!(Reader::open(&bytes, 4).err(), Some(Unreadable::Version(3)));
        assert!(Reader::open(&bytes, 3).is_ok());
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[place] ^= 1 << bit;
                assert_eq!(Reader::open(&other, 3).err(), Some(Unreadable::Damaged));
            }
            assert!(Reader::open(&bytes[..place], 3).is_err());
        }
    }

    #[test]
    fn neighbouring_prefixes_take_two_octets_each() {
        let mut writer = Writer::new(1);
        for nth in 0..10_000_u32 {
            writer.nlri(&Nlri::new(0x1400_0000 + (nth << 8), 24, 0));
        }
        assert!(writer.len() < 20_010, "{}", writer.len());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            numbers in proptest::collection::vec(any::<u64>(), 0..20),
            v4 in proptest::collection::vec((any::<u32>(), 0..=32_u8), 0..40),
            v6 in proptest::collection::vec((any::<u128>(), 0..=128_u8), 0..40),
        ) {
            let v4: Vec<_> = v4.into_iter().map(|(addr, len)| Nlri::new(addr, len, 0)).collect();
            let v6: Vec<_> = v6.into_iter().map(|(addr, len)| Nlri::new(addr, len, 0)).collect();
            let mut writer = Writer::new(1);
            for number in &numbers {
                writer.number(*number);
            }
            for nlri in &v4 {
                writer.nlri(nlri);
            }
            let mut other = Writer::new(1);
            for nlri in &v6 {
                other.nlri(nlri);
            }
            let (bytes, others) = (writer.finish(), other.finish());
            let mut reader = Reader::open(&bytes, 1).unwrap();
            for number in numbers {
                prop_assert_eq!(reader.number(), Some(number));
            }
            for nlri in v4 {
                prop_assert_eq!(reader.nlri::<u32>(), Some(nlri));
            }
            prop_assert_eq!(reader.end(), Some(()));
            let mut reader = Reader::open(&others, 1).unwrap();
            for nlri in v6 {
                prop_assert_eq!(reader.nlri::<u128>(), Some(nlri));
            }
        }

        #[test]
        fn any_octets_are_read_or_refused(
            body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = vec![1];
            bytes.extend(body);
            let end = sum(&bytes).to_le_bytes();
            bytes.extend(end);
            let mut reader = Reader::open(&bytes, 1).unwrap();
            while reader.nlri::<u128>().is_some() && reader.words().is_some() {}
            let mut reader = Reader::open(&bytes, 1).unwrap();
            while reader.peer(&mut |_| None).is_some() && reader.nlri::<u32>().is_some() {}
        }
    }
}
