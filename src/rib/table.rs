//! Every prefix that any view has, or had of late: one trie for all of them.
//!
//! A prefix is a *row*; views are columns over rows. The row remembers how many
//! routes hold the prefix, when the last one went, and which origins belong to it,
//! so that "is this new?" and "whose was it?" cost no second look-up.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use prefix_trie::PrefixMap;

use crate::bgp::{Address, Asn, Nlri, Timestamp};

/// One prefix (and ADD-PATH identifier) of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row<A> {
    /// Network address.
    pub addr: A,
    /// Routes that hold it now, over all views.
    pub holders: u32,
    /// When the last holder let go, in seconds; [`NEVER`] before the first.
    pub left: u32,
    /// The first origin known to belong to it; 0 is none.
    origin: u32,
    /// Mask length.
    pub len: u8,
    /// Whether `more_origins` has further ones.
    more: bool,
    /// Whether this row is one of several paths of a prefix (RFC 7911).
    add_path: bool,
}

/// An ADD-PATH row among those of its prefix: a link of a chain, so that one is found and
/// taken out at once however many a stranger makes.
#[derive(Clone, Copy, Debug)]
struct Member {
    primary: u32,
    path_id: u32,
    before: u32,
    after: u32,
}

/// The end of a chain.
const NOBODY: u32 = u32::MAX;

/// A row nobody has ever held.
pub const NEVER: u32 = u32::MAX;

/// Origins remembered for one prefix at most; beyond that the oldest goes.
const MOST_ORIGINS: usize = 16;

/// The table of one address family.
#[derive(Debug)]
pub struct Table<A: Address>
where
    (A, u8): prefix_trie::Prefix,
{
    trie: PrefixMap<(A, u8), u32>,
    rows: Vec<Row<A>>,
    free: Vec<u32>,
    /// Rows of path identifiers other than 0, by (row of the prefix, identifier).
    paths: HashMap<(u32, u32), u32, RandomState>,
    /// The other way round: what an ADD-PATH row belongs to.
    primary: HashMap<u32, Member, RandomState>,
    /// The first of a prefix's ADD-PATH rows, by the prefix's row.
    members: HashMap<u32, u32, RandomState>,
    /// Origins beyond the first, with the second they were first seen.
    more_origins: HashMap<u32, Vec<(u32, u32)>, RandomState>,
    /// Prefixes with a holder, ADD-PATH ones counted once.
    present: u32,
    /// The prefix asked for last and its row: table dumps, and peers that hear the
    /// same news, name one prefix several times running.
    last: Option<(A, u8, u32)>,
}

impl<A: Address> Default for Table<A>
where
    (A, u8): prefix_trie::Prefix,
{
    fn default() -> Self {
        Table {
            trie: PrefixMap::default(),
            rows: Vec::new(),
            free: Vec::new(),
            paths: HashMap::default(),
            primary: HashMap::default(),
            members: HashMap::default(),
            more_origins: HashMap::default(),
            present: 0,
            last: None,
        }
    }
}

/// What is remembered of a prefix.
#[derive(Clone, Copy, Debug)]
pub struct History<'a, A> {
    /// Which.
    pub nlri: Nlri<A>,
    /// When the last holder let go, in seconds; none while it is held.
    pub left: Option<u32>,
    /// The first origin known to belong to it; 0 is none.
    pub origin: u32,
    /// Further ones, with the second they were first seen; 0 means that they belong to it.
    pub more: &'a [(u32, u32)],
}

/// Whether an origin belongs to a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// It is known with the prefix.
    Yes,
    /// It has been seen with the prefix since this second.
    Since(u32),
    /// Others are known; this one was never seen.
    No,
    /// No origin is known.
    Unknown,
}

impl<A: Address> Table<A>
where
    (A, u8): prefix_trie::Prefix,
{
    /// The row of `nlri`, made if there is none.
    pub fn row_or_new(&mut self, nlri: Nlri<A>) -> u32 {
        if let Some((addr, len, row)) = self.last
            && (addr, len) == (nlri.addr, nlri.len)
            && nlri.path_id == 0
        {
            return row;
        }
        let (rows, free) = (&mut self.rows, &mut self.free);
        let mut make = |add_path| {
            let row = Row {
                addr: nlri.addr,
                holders: 0,
                left: NEVER,
                origin: 0,
                len: nlri.len,
                more: false,
                add_path,
            };
            if let Some(id) = free.pop() {
                if let Some(place) = rows.get_mut(id as usize) {
                    *place = row;
                }
                id
            } else {
                rows.push(row);
                (rows.len() - 1) as u32
            }
        };
        let primary = *self
            .trie
            .entry((nlri.addr, nlri.len))
            .or_insert_with(|| make(false));
        self.last = Some((nlri.addr, nlri.len, primary));
        if nlri.path_id == 0 {
            return primary;
        }
        let (reverse, members) = (&mut self.primary, &mut self.members);
        *self
            .paths
            .entry((primary, nlri.path_id))
            .or_insert_with(|| {
                let row = make(true);
                let after = members.insert(primary, row).unwrap_or(NOBODY);
                if let Some(next) = reverse.get_mut(&after) {
                    next.before = row;
                }
                let member = Member {
                    primary,
                    path_id: nlri.path_id,
                    before: NOBODY,
                    after,
                };
                reverse.insert(row, member);
                row
            })
    }

    /// The row of a prefix that was there until `left`, in seconds, or later.
    pub fn remember(&mut self, nlri: Nlri<A>, left: u32) -> u32 {
        let row = self.row_or_new(nlri);
        for row in [row, self.primary(row)] {
            if let Some(contents) = self.rows.get_mut(row as usize)
                && contents.holders == 0
                && (contents.left == NEVER || contents.left < left)
            {
                contents.left = left.min(NEVER - 1);
            }
        }
        row
    }

    /// The row of `nlri`, if it has one.
    pub fn row(&self, nlri: Nlri<A>) -> Option<u32> {
        let primary = *self.trie.get(&(nlri.addr, nlri.len))?;
        if nlri.path_id == 0 {
            return Some(primary);
        }
        self.paths.get(&(primary, nlri.path_id)).copied()
    }

    /// The row's contents.
    pub fn get(&self, row: u32) -> Option<&Row<A>> {
        self.rows.get(row as usize)
    }

    /// The row as NLRI.
    pub fn nlri(&self, row: u32) -> Option<Nlri<A>> {
        let contents = self.get(row)?;
        let path_id = self.primary.get(&row).map_or(0, |member| member.path_id);
        Some(Nlri {
            addr: contents.addr,
            len: contents.len,
            path_id,
        })
    }

    /// The row that stands for the prefix: itself, but for ADD-PATH rows.
    pub fn primary(&self, row: u32) -> u32 {
        match self.get(row) {
            Some(contents) if contents.add_path => {
                self.primary.get(&row).map_or(row, |member| member.primary)
            }
            _ => row,
        }
    }

    /// What is remembered of a row's prefix; none of rows that are free or never were held, and
    /// of those of path identifiers.
    pub fn history(&self, row: u32) -> Option<History<'_, A>> {
        let contents = self.get(row)?;
        let held = contents.holders > 0;
        if contents.add_path || (!held && contents.left == NEVER) {
            return None;
        }
        let more = self.more_origins.get(&row).filter(|_| contents.more);
        Some(History {
            nlri: Nlri {
                addr: contents.addr,
                len: contents.len,
                path_id: 0,
            },
            left: (!held).then_some(contents.left),
            origin: contents.origin,
            more: more.map(Vec::as_slice).unwrap_or_default(),
        })
    }

    /// Rows, used or not.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Rows in use: with a holder, or remembered.
    pub fn known(&self) -> usize {
        self.rows.len().saturating_sub(self.free.len())
    }

    /// Prefixes that some view has.
    pub fn present(&self) -> u32 {
        self.present
    }

    /// One more route holds `row`.
    pub(super) fn hold(&mut self, row: u32) {
        let primary = self.primary(row);
        if let Some(contents) = self.rows.get_mut(primary as usize) {
            self.present += u32::from(contents.holders == 0);
            contents.holders += 1;
        }
        if primary != row
            && let Some(contents) = self.rows.get_mut(row as usize)
        {
            contents.holders += 1;
        }
    }

    /// One route less holds `row`; `now` is remembered if it was the last.
    pub(super) fn let_go(&mut self, row: u32, now: Timestamp) {
        let primary = self.primary(row);
        if let Some(contents) = self.rows.get_mut(primary as usize)
            && contents.holders > 0
        {
            contents.holders -= 1;
            if contents.holders == 0 {
                contents.left = seconds(now);
                self.present -= 1;
            }
        }
        if primary != row
            && let Some(contents) = self.rows.get_mut(row as usize)
            && contents.holders > 0
        {
            contents.holders -= 1;
            contents.left = seconds(now);
        }
    }

    /// The nearest covering prefix that some view has; a default route covers nothing.
    pub fn cover(&self, addr: A, len: u8) -> Option<u32> {
        let mut len = len;
        while len > 1 {
            len -= 1;
            let (found, &row) = self.trie.get_lpm(&(addr.masked(len), len))?;
            if found.1 == 0 {
                return None;
            }
            if self.get(row).is_some_and(|row| row.holders > 0) {
                return Some(row);
            }
            len = found.1;
        }
        None
    }

    /// How `origin` stands to the prefix of `row`.
    pub fn belongs(&self, row: u32, origin: Asn) -> Belongs {
        let row = self.primary(row);
        let Some(contents) = self.get(row) else {
            return Belongs::Unknown;
        };
        if contents.origin == origin.0 {
            return if origin.0 == 0 {
                Belongs::Unknown
            } else {
                Belongs::Yes
            };
        }
        if contents.more
            && let Some(since) = self
                .more_origins
                .get(&row)
                .and_then(|more| more.iter().find(|(asn, _)| *asn == origin.0))
                .map(|&(_, since)| since)
        {
            return if since == 0 {
                Belongs::Yes
            } else {
                Belongs::Since(since)
            };
        }
        if contents.origin == 0 {
            Belongs::Unknown
        } else {
            Belongs::No
        }
    }

    /// The first origin known to belong to `row`'s prefix.
    pub fn known_origin(&self, row: u32) -> Option<Asn> {
        let contents = self.get(self.primary(row))?;
        (contents.origin != 0).then_some(Asn(contents.origin))
    }

    /// Notes that `origin` was seen with the prefix; `since` 0 means it belongs.
    pub fn learn_origin(&mut self, row: u32, origin: Asn, since: u32) {
        let row = self.primary(row);
        let Some(contents) = self.rows.get_mut(row as usize) else {
            return;
        };
        if contents.origin == 0 && since == 0 {
            contents.origin = origin.0;
            return;
        }
        if contents.origin == origin.0 {
            return;
        }
        contents.more = true;
        let more = self.more_origins.entry(row).or_default();
        if let Some(known) = more.iter_mut().find(|(asn, _)| *asn == origin.0) {
            known.1 = known.1.min(since);
            return;
        }
        if more.len() >= MOST_ORIGINS {
            more.remove(0);
        }
        more.push((origin.0, since));
    }

    /// Forgets rows without holders that were left before `before`, at most
    /// `budget` of them from `cursor` on; returns where to go on, none at the end.
    pub fn forget(&mut self, before: Timestamp, cursor: u32, budget: u32) -> Option<u32> {
        let end = cursor.saturating_add(budget).min(self.rows.len() as u32);
        for row in cursor..end {
            let Some(&contents) = self.get(row) else {
                break;
            };
            if contents.holders > 0 || contents.left == NEVER || contents.left >= seconds(before) {
                continue;
            }
            if contents.add_path {
                self.forget_path(row);
            } else if self.members.contains_key(&row) {
                // Its ADD-PATH rows go first; they have been left as long.
                continue;
            } else if self.trie.get(&(contents.addr, contents.len)) == Some(&row) {
                self.trie.remove(&(contents.addr, contents.len));
                self.more_origins.remove(&row);
            } else {
                continue;
            }
            self.last = None;
            // A freed row keeps its place: `NEVER` tells it from one with history.
            if let Some(place) = self.rows.get_mut(row as usize) {
                place.left = NEVER;
            }
            self.free.push(row);
        }
        (end < self.rows.len() as u32).then_some(end)
    }

    /// Takes an ADD-PATH row from its prefix.
    fn forget_path(&mut self, row: u32) {
        let Some(member) = self.primary.remove(&row) else {
            return;
        };
        self.paths.remove(&(member.primary, member.path_id));
        if let Some(after) = self.primary.get_mut(&member.after) {
            after.before = member.before;
        }
        if let Some(before) = self.primary.get_mut(&member.before) {
            before.after = member.after;
        } else if member.after == NOBODY {
            self.members.remove(&member.primary);
        } else {
            self.members.insert(member.primary, member.after);
        }
    }

    /// The rows of a prefix: the one without a path identifier, then the others, the
    /// latest made first.
    pub fn rows_of(&self, primary: u32) -> impl Iterator<Item = u32> {
        let first = self.members.get(&primary).copied();
        let others = std::iter::successors(first, |row| {
            let after = self.primary.get(row)?.after;
            (after != NOBODY).then_some(after)
        });
        std::iter::once(primary).chain(others)
    }

    /// Rows of the prefixes that cover this one, the widest first, itself last.
    pub fn shorter(&self, addr: A, len: u8) -> impl Iterator<Item = u32> {
        self.trie.cover(&(addr, len)).map(|(_, &row)| row)
    }

    /// Rows of the prefixes within this one, in order, itself first.
    pub fn longer(&self, addr: A, len: u8) -> impl Iterator<Item = u32> {
        self.trie.children(&(addr, len)).map(|(_, &row)| row)
    }

    /// Bytes held by trie and rows.
    pub fn memory(&self) -> usize {
        self.trie.mem_size()
            + self.rows.capacity() * size_of::<Row<A>>()
            + self.paths.capacity() * 48
            + self.more_origins.capacity() * 48
    }
}

/// Seconds of event time, as rows keep them (good until 2106).
pub fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.secs())
        .unwrap_or(NEVER - 1)
        .clamp(1, NEVER - 1)
}

#[cfg(test)]
mod tests;
