//! AS paths, each kept once, with what was judged of it.
//!
//! Paths come from strangers, so the hash is keyed. Words live in one arena;
//! a slot is freed when no route uses it and its room is handed to the next path
//! of the same length, so churning unique paths stays flat. Release waits for
//! [`PathTable::settle`], which first reports how each path's use has changed:
//! that is how exact counts per AS edge are kept without touching them per route.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::bgp::{AsPath, SpecialCommunity};

/// Names an interned path; [`PathId::NONE`] is "no route".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(pub(super) u32);

impl PathId {
    /// The absence of a route.
    pub const NONE: PathId = PathId(0);

    /// Whether there is a route.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }

    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Position in tables kept beside the paths.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What tells two interned paths apart beside their words: whether segments are
/// marked, the communities that change a judgement, and Only-To-Customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// See [`AsPath::segmented`].
    pub segmented: bool,
    /// Well-known communities.
    pub special: SpecialCommunity,
    /// Only-To-Customer (RFC 9234); 0 is absent.
    pub otc: u32,
}

#[derive(Clone, Debug)]
struct Slot<V> {
    start: u32,
    len: u16,
    /// Waiting in `dirty` for the next settlement.
    dirty: bool,
    marks: Marks,
    /// Routes that use it now.
    routes: u32,
    /// Others that still speak of it: kept, not counted.
    pins: u32,
    /// Routes at the last settlement.
    settled: u32,
    verdict: V,
}

/// The interner; `V` is the verdict that is kept beside each path.
#[derive(Debug)]
pub struct PathTable<V> {
    hasher: RandomState,
    index: HashTable<u32>,
    slots: Vec<Slot<V>>,
    free_slots: Vec<u32>,
    words: Vec<u32>,
    /// Freed room by exact length, short paths first: nearly all are.
    free_short: Vec<Vec<u32>>,
    free_long: HashMap<u16, Vec<u32>, RandomState>,
    dirty: Vec<u32>,
    /// Paths that found the arena full and were kept as the empty path.
    overflowed: u64,
}

/// Arena words at most: 1 GiB. A full table of four views needs about 4 million;
/// only a flood of long unique paths comes near.
const MOST_WORDS: usize = 256 << 20;
/// Distinct paths at most: 1.3 GB with their index. Sixteen full tables have about 4
/// million.
const MOST_PATHS: usize = 16 << 20;
const SHORT: usize = 64;

impl<V: Copy + Default> Default for PathTable<V> {
    fn default() -> Self {
        let mut table = PathTable {
            hasher: RandomState::default(),
            index: HashTable::new(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            words: Vec::new(),
            free_short: vec![Vec::new(); SHORT + 1],
            free_long: HashMap::default(),
            dirty: Vec::new(),
            overflowed: 0,
        };
        // Slot 0 is PathId::NONE and is never found by a look-up.
        table.slots.push(Slot {
            start: 0,
            len: 0,
            dirty: false,
            marks: Marks::default(),
            routes: 0,
            pins: 0,
            settled: 0,
            verdict: V::default(),
        });
        table
    }
}

#[inline]
fn hash_of(hasher: &RandomState, words: &[u32], marks: Marks) -> u64 {
    let mut state = hasher.build_hasher();
    // By twos: a path is a handful of words, and a call for so few costs more than they do.
    let (pairs, odd) = words.as_chunks::<2>();
    for [one, other] in pairs {
        state.write_u64(u64::from(*one) << 32 | u64::from(*other));
    }
    for word in odd {
        state.write_u64(u64::from(*word));
    }
    // With the length, [1] is not [0, 1].
    state.write_u64(
        u64::from(marks.otc) << 32
            | (words.len() as u64) << 16
            | u64::from(marks.special.0) << 1
            | u64::from(marks.segmented),
    );
    state.finish()
}

fn slice<'a, V>(words: &'a [u32], slot: &Slot<V>) -> &'a [u32] {
    words
        .get(slot.start as usize..slot.start as usize + usize::from(slot.len))
        .unwrap_or_default()
}

impl<V: Copy + Default> PathTable<V> {
    /// The id of `words` under `marks`; `judge` is called if it was not known.
    ///
    /// The id stays good while a route uses it, and at least until the next
    /// [`settle`](Self::settle).
    pub fn intern(&mut self, words: &[u32], marks: Marks, judge: impl FnOnce() -> V) -> PathId {
        let hash = hash_of(&self.hasher, words, marks);
        let (slots, arena) = (&self.slots, &self.words);
        if let Some(&id) = self.index.find(hash, |&id| {
            slots
                .get(id as usize)
                .is_some_and(|slot| slot.marks == marks && slice(arena, slot) == words)
        }) {
            return PathId(id);
        }
        self.insert(hash, words, marks, judge())
    }

    #[cold]
    fn insert(&mut self, hash: u64, words: &[u32], marks: Marks, verdict: V) -> PathId {
        let nothing = words.is_empty() && marks == Marks::default();
        let full = self.index.len() >= MOST_PATHS && !nothing;
        let Some((start, len)) = (if full { None } else { self.room(words) }) else {
            // The empty path takes no room; its own verdict is that nothing is wrong.
            self.overflowed += 1;
            return if nothing {
                PathId::NONE
            } else {
                self.intern(&[], Marks::default(), V::default)
            };
        };
        let slot = Slot {
            start,
            len,
            dirty: false,
            marks,
            routes: 0,
            pins: 0,
            settled: 0,
            verdict,
        };
        let id = if let Some(id) = self.free_slots.pop() {
            if let Some(place) = self.slots.get_mut(id as usize) {
                *place = slot;
            }
            id
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        };
        let (slots, arena, hasher) = (&self.slots, &self.words, &self.hasher);
        self.index.insert_unique(hash, id, |&id| {
            slots
                .get(id as usize)
                .map_or(0, |slot| hash_of(hasher, slice(arena, slot), slot.marks))
        });
        // Unused yet: the next settlement releases it if that is still so.
        self.touch(PathId(id));
        PathId(id)
    }

    fn room(&mut self, words: &[u32]) -> Option<(u32, u16)> {
        let len = u16::try_from(words.len()).ok()?;
        let freed = match self.free_short.get_mut(usize::from(len)) {
            Some(list) => list.pop(),
            None => self.free_long.get_mut(&len).and_then(Vec::pop),
        };
        if let Some(start) = freed {
            let range = start as usize..start as usize + words.len();
            self.words.get_mut(range)?.copy_from_slice(words);
            return Some((start, len));
        }
        if self.words.len() + words.len() > MOST_WORDS {
            return None;
        }
        let start = self.words.len() as u32;
        self.words.extend_from_slice(words);
        Some((start, len))
    }

    fn touch(&mut self, id: PathId) {
        if let Some(slot) = self.slots.get_mut(id.index())
            && !slot.dirty
        {
            slot.dirty = true;
            self.dirty.push(id.0);
        }
    }

    /// One more route uses `id`.
    pub fn acquire(&mut self, id: PathId) {
        if let Some(slot) = self.slots.get_mut(id.index()) {
            slot.routes += 1;
            if !slot.dirty {
                slot.dirty = true;
                self.dirty.push(id.0);
            }
        }
    }

    /// One route less uses `id`.
    pub fn release(&mut self, id: PathId) {
        if id.is_none() {
            return;
        }
        if let Some(slot) = self.slots.get_mut(id.index()) {
            slot.routes = slot.routes.saturating_sub(1);
            if !slot.dirty {
                slot.dirty = true;
                self.dirty.push(id.0);
            }
        }
    }

    /// Keeps `id` good until [`unpin`](Self::unpin), without a route.
    pub fn pin(&mut self, id: PathId) {
        if let Some(slot) = self.slots.get_mut(id.index()).filter(|_| id.is_some()) {
            slot.pins += 1;
        }
    }

    /// Takes back one [`pin`](Self::pin).
    pub fn unpin(&mut self, id: PathId) {
        if let Some(slot) = self.slots.get_mut(id.index()).filter(|_| id.is_some()) {
            slot.pins = slot.pins.saturating_sub(1);
            if slot.pins == 0 && slot.routes == 0 {
                self.touch(id);
            }
        }
    }

    /// The path.
    pub fn path(&self, id: PathId) -> AsPath<'_> {
        match self.slots.get(id.index()) {
            Some(slot) => AsPath {
                words: slice(&self.words, slot),
                segmented: slot.marks.segmented,
            },
            None => AsPath::default(),
        }
    }

    /// What was judged of it.
    pub fn verdict(&self, id: PathId) -> V {
        self.slots
            .get(id.index())
            .map(|slot| slot.verdict)
            .unwrap_or_default()
    }

    /// The verdict, to be changed.
    pub fn verdict_mut(&mut self, id: PathId) -> Option<&mut V> {
        self.slots.get_mut(id.index()).map(|slot| &mut slot.verdict)
    }

    /// What tells it from other paths of the same words.
    pub fn marks(&self, id: PathId) -> Marks {
        self.slots
            .get(id.index())
            .map(|slot| slot.marks)
            .unwrap_or_default()
    }

    /// Every path held, in order of their ids.
    pub fn ids(&self) -> Vec<PathId> {
        let mut ids: Vec<PathId> = self.index.iter().map(|&id| PathId(id)).collect();
        ids.sort_unstable();
        ids
    }

    /// Routes that use it.
    pub fn routes(&self, id: PathId) -> u32 {
        self.slots.get(id.index()).map_or(0, |slot| slot.routes)
    }

    /// Paths whose use has changed since the last settlement.
    pub fn unsettled(&self) -> usize {
        self.dirty.len()
    }

    /// Reports each path whose use has changed, as (path, routes before, routes
    /// now), and releases those that no route uses.
    pub fn settle(&mut self, mut report: impl FnMut(AsPath<'_>, u32, u32)) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            let Some(slot) = self.slots.get_mut(id as usize) else {
                continue;
            };
            slot.dirty = false;
            let (before, now) = (slot.settled, slot.routes);
            slot.settled = now;
            let slot = &*slot;
            if before != now {
                let words = slice(&self.words, slot);
                report(
                    AsPath {
                        words,
                        segmented: slot.marks.segmented,
                    },
                    before,
                    now,
                );
            }
            if now == 0 && slot.pins == 0 {
                let hash = hash_of(&self.hasher, slice(&self.words, slot), slot.marks);
                let (start, len) = (slot.start, slot.len);
                if let Ok(entry) = self.index.find_entry(hash, |&other| other == id) {
                    entry.remove();
                }
                match self.free_short.get_mut(usize::from(len)) {
                    Some(list) => list.push(start),
                    None => self.free_long.entry(len).or_default().push(start),
                }
                self.free_slots.push(id);
            }
        }
        self.dirty = dirty;
    }

    /// Distinct paths held.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no path is held.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Paths that found the table or the arena full.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// Bytes held by words, slots and index.
    pub fn memory(&self) -> usize {
        self.words.capacity() * 4
            + self.slots.capacity() * size_of::<Slot<V>>()
            + self.index.capacity() * 5
    }
}
