//! Prefixes, paths and example routes, as plain values and as octets.

use crate::{
    bgp::{
        Address, Nlri, Prefix, SpecialCommunity, Timestamp,
        compact::{Reader, Writer},
    },
    detect::Finds,
    rib::Marks,
};

/// Prefixes of both families, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// IPv4.
    pub v4: Vec<Nlri<u32>>,
    /// IPv6.
    pub v6: Vec<Nlri<u128>>,
}

/// A prefix with its path identifier.
pub type Route = (Prefix, u32);

/// An example route.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// When.
    pub time: Timestamp,
    /// Whose: a place in `views`.
    pub view: u32,
    /// Which.
    pub route: Route,
    /// The path it had.
    pub old: Option<Path>,
    /// The path it has.
    pub new: Path,
    /// What was found.
    pub finds: Finds,
    /// The covering prefix.
    pub cover: Option<Prefix>,
    /// The message it came in.
    pub message: Option<Vec<u8>>,
}

/// A path as it is interned.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Its words.
    pub words: Vec<u32>,
    /// What tells it from others of the same words.
    pub marks: Marks,
}

impl Sets {
    pub(super) fn write(&self, out: &mut Writer) {
        write_set(out, &self.v4);
        write_set(out, &self.v6);
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Option<Sets> {
        Some(Sets {
            v4: read_set(input)?,
            v6: read_set(input)?,
        })
    }
}

fn write_set<A: Address>(out: &mut Writer, prefixes: &[Nlri<A>]) {
    out.number(prefixes.len() as u64);
    for nlri in prefixes {
        out.nlri(nlri);
    }
}

fn read_set<A: Address>(input: &mut Reader<'_>) -> Option<Vec<Nlri<A>>> {
    let count = input.count(2)?;
    (0..count).map(|_| input.nlri()).collect()
}

impl Example {
    pub(super) fn write(&self, out: &mut Writer, room: &mut usize) {
        out.time(self.time);
        out.number(u64::from(self.view));
        out.prefix(&self.route.0);
        out.number(u64::from(self.route.1));
        out.flag(self.old.is_some());
        if let Some(old) = &self.old {
            old.write(out);
        }
        self.new.write(out);
        out.number(u64::from(self.finds.bits()));
        out.flag(self.cover.is_some());
        if let Some(cover) = &self.cover {
            out.prefix(cover);
        }
        let message = self.message.as_deref().unwrap_or_default();
        let message = if message.len() <= *room { message } else { &[] };
        *room -= message.len();
        out.octets(message);
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Option<Example> {
        Some(Example {
            time: input.time()?,
            view: input.small()?,
            route: (input.prefix()?, input.small()?),
            old: if input.flag()? {
                Some(Path::read(input)?)
            } else {
                None
            },
            new: Path::read(input)?,
            finds: Finds::from_bits(input.small()?),
            cover: if input.flag()? {
                Some(input.prefix()?)
            } else {
                None
            },
            message: Some(input.octets()?)
                .filter(|message| !message.is_empty())
                .map(<[u8]>::to_vec),
        })
    }
}

impl Path {
    pub(super) fn write(&self, out: &mut Writer) {
        out.words(&self.words);
        out.flag(self.marks.segmented);
        out.octet(self.marks.special.0);
        out.number(u64::from(self.marks.otc));
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Option<Path> {
        Some(Path {
            words: input.words()?,
            marks: Marks {
                segmented: input.flag()?,
                special: SpecialCommunity(input.octet()?),
                otc: input.small()?,
            },
        })
    }
}
