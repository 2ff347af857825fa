//! Every peer's routes, in one prefix trie; `announce` and `withdraw` say what changed.
//!
//! The table is shared: a prefix is a row once, whatever the number of views, and
//! each view is a column of path ids over the rows. What one row remembers (holders,
//! history, origins) is therefore the table-wide index that novelty, covering routes
//! and origin changes need. `docs/decisions` has the measurements.

mod column;
mod paths;
mod table;
mod topology;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::bgp::{Afi, Nlri, PeerKey, RibView, Timestamp};

pub use column::{Cell, Column};
pub use paths::{Marks, PathId, PathTable};
pub use table::{Belongs, History, NEVER, Row, Table, seconds};
pub use topology::{AsRoutes, Topology};

/// Names a view while it is kept; the number of one that is forgotten is given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub u16);

impl ViewId {
    /// Position in tables kept beside the views.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One table of one peer of one router, one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewKey {
    /// Whose.
    pub peer: PeerKey,
    /// Which of the router's RIBs.
    pub rib: RibView,
    /// Family.
    pub afi: Afi,
}

/// What happened to one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row of the prefix in its family's table.
    pub row: u32,
    /// The route as it was, with whether a finding stood on it.
    pub old: Cell,
    /// The path it has now; none when withdrawn.
    pub new: PathId,
    /// Nobody held the prefix before, since this second; [`NEVER`] if nobody ever
    /// did; none when somebody did.
    pub absent_since: Option<u32>,
}

/// A family with a table of its own.
pub trait Family: crate::bgp::Column
where
    (Self, u8): prefix_trie::Prefix,
{
    /// This family's table.
    fn table<V>(rib: &Rib<V>) -> &Table<Self>;
    /// The same, to be changed.
    fn table_mut<V>(rib: &mut Rib<V>) -> &mut Table<Self>;
    /// Table, paths and the column of `view` at once.
    #[doc(hidden)]
    fn parts<V>(
        rib: &mut Rib<V>,
        view: ViewId,
    ) -> Option<(&mut Table<Self>, &mut PathTable<V>, &mut Column)>;
}

impl Family for u32 {
    fn table<V>(rib: &Rib<V>) -> &Table<u32> {
        &rib.v4
    }
    fn table_mut<V>(rib: &mut Rib<V>) -> &mut Table<u32> {
        &mut rib.v4
    }
    fn parts<V>(
        rib: &mut Rib<V>,
        view: ViewId,
    ) -> Option<(&mut Table<u32>, &mut PathTable<V>, &mut Column)> {
        let column = rib.columns.get_mut(view.index())?;
        Some((&mut rib.v4, &mut rib.paths, column))
    }
}

impl Family for u128 {
    fn table<V>(rib: &Rib<V>) -> &Table<u128> {
        &rib.v6
    }
    fn table_mut<V>(rib: &mut Rib<V>) -> &mut Table<u128> {
        &mut rib.v6
    }
    fn parts<V>(
        rib: &mut Rib<V>,
        view: ViewId,
    ) -> Option<(&mut Table<u128>, &mut PathTable<V>, &mut Column)> {
        let column = rib.columns.get_mut(view.index())?;
        Some((&mut rib.v6, &mut rib.paths, column))
    }
}

/// All routes of all views; `V` is the verdict kept beside each path.
#[derive(Debug)]
pub struct Rib<V> {
    v4: Table<u32>,
    v6: Table<u128>,
    /// Interned paths.
    pub paths: PathTable<V>,
    /// Routes per AS edge, as of the last [`Rib::settle`].
    pub topology: Topology,
    /// None where a view was forgotten.
    views: Vec<Option<ViewKey>>,
    free_views: Vec<ViewId>,
    columns: Vec<Column>,
    by_key: HashMap<ViewKey, ViewId, RandomState>,
}

impl<V: Copy + Default> Default for Rib<V> {
    fn default() -> Self {
        Rib {
            v4: Table::default(),
            v6: Table::default(),
            paths: PathTable::default(),
            topology: Topology::default(),
            views: Vec::new(),
            free_views: Vec::new(),
            columns: Vec::new(),
            by_key: HashMap::default(),
        }
    }
}

impl<V: Copy + Default> Rib<V> {
    /// The id of `key`, made if there is none; none once 65,535 views exist.
    pub fn view(&mut self, key: &ViewKey) -> Option<ViewId> {
        if let Some(&id) = self.by_key.get(key) {
            return Some(id);
        }
        let id = if let Some(id) = self.free_views.pop() {
            if let Some(place) = self.views.get_mut(id.index()) {
                *place = Some(*key);
            }
            id
        } else {
            let id = u16::try_from(self.views.len())
                .ok()
                .filter(|id| *id < u16::MAX)
                .map(ViewId)?;
            self.views.push(Some(*key));
            self.columns.push(Column::default());
            id
        };
        self.by_key.insert(*key, id);
        Some(id)
    }

    /// Forgets a view that has no routes; its number may be given to another.
    pub fn forget_view(&mut self, view: ViewId) {
        let key = self.views.get_mut(view.index()).and_then(Option::take);
        if let (Some(key), Some(column)) = (key, self.columns.get_mut(view.index())) {
            self.by_key.remove(&key);
            *column = Column::default();
            self.free_views.push(view);
        }
    }

    /// Views kept.
    pub fn view_count(&self) -> usize {
        self.by_key.len()
    }

    /// The id of `key`, if the view is known.
    pub fn find_view(&self, key: &ViewKey) -> Option<ViewId> {
        self.by_key.get(key).copied()
    }

    /// All views, in order of their ids.
    pub fn views(&self) -> impl Iterator<Item = (ViewId, &ViewKey)> {
        let ids = (0..).map(ViewId);
        ids.zip(&self.views)
            .filter_map(|(id, key)| Some((id, key.as_ref()?)))
    }

    /// Whose view it is.
    pub fn view_key(&self, view: ViewId) -> Option<&ViewKey> {
        self.views.get(view.index())?.as_ref()
    }

    /// A view's routes.
    pub fn column(&self, view: ViewId) -> Option<&Column> {
        self.columns.get(view.index())
    }

    /// The same, to mark findings on.
    pub fn column_mut(&mut self, view: ViewId) -> Option<&mut Column> {
        self.columns.get_mut(view.index())
    }

    /// Routes of one view.
    pub fn routes(&self, view: ViewId) -> u32 {
        self.column(view).map_or(0, Column::routes)
    }

    /// `view` now has `nlri` by `path`.
    ///
    /// An unchanged route (route refresh, a second dump) leaves all as it is,
    /// findings too, and has `old.path() == new`.
    pub fn announce<A: Family>(&mut self, view: ViewId, nlri: Nlri<A>, path: PathId) -> Change
    where
        (A, u8): prefix_trie::Prefix,
    {
        let Some((table, paths, column)) = A::parts(self, view) else {
            return Change {
                row: 0,
                old: Cell::default(),
                new: path,
                absent_since: None,
            };
        };
        let row = table.row_or_new(nlri);
        let old = column.get(row);
        let before = old.path();
        if before == path {
            return Change {
                row,
                old,
                new: path,
                absent_since: None,
            };
        }
        column.put(row, path, table.rows());
        paths.acquire(path);
        let mut absent_since = None;
        if before.is_some() {
            paths.release(before);
        } else {
            let primary = table.primary(row);
            absent_since = table
                .get(primary)
                .filter(|row| row.holders == 0)
                .map(|row| row.left);
            table.hold(row);
        }
        Change {
            row,
            old,
            new: path,
            absent_since,
        }
    }

    /// `view` no longer has `nlri`; none if it had not.
    pub fn withdraw<A: Family>(
        &mut self,
        view: ViewId,
        nlri: Nlri<A>,
        now: Timestamp,
    ) -> Option<Change>
    where
        (A, u8): prefix_trie::Prefix,
    {
        let row = A::table(self).row(nlri)?;
        self.withdraw_row::<A>(view, row, now)
    }

    /// The same for a row; how a whole view is emptied.
    pub fn withdraw_row<A: Family>(
        &mut self,
        view: ViewId,
        row: u32,
        now: Timestamp,
    ) -> Option<Change>
    where
        (A, u8): prefix_trie::Prefix,
    {
        let (table, paths, column) = A::parts(self, view)?;
        let old = column.put(row, PathId::NONE, table.rows());
        if old.path().is_none() {
            return None;
        }
        paths.release(old.path());
        table.let_go(row, now);
        Some(Change {
            row,
            old,
            new: PathId::NONE,
            absent_since: None,
        })
    }

    /// The table of a family.
    pub fn table<A: Family>(&self) -> &Table<A>
    where
        (A, u8): prefix_trie::Prefix,
    {
        A::table(self)
    }

    /// Brings the counts per AS edge up to date and releases unused paths.
    pub fn settle(&mut self) {
        let topology = &mut self.topology;
        self.paths
            .settle(|path, before, now| topology.settle(path, before, now));
        self.topology.tidy();
    }

    /// Prefixes present, IPv4 and IPv6.
    pub fn prefixes(&self) -> (u32, u32) {
        (self.v4.present(), self.v6.present())
    }

    /// Rows in use, of either family: prefixes present and remembered, and those of
    /// path identifiers.
    pub fn known(&self) -> usize {
        self.v4.known() + self.v6.known()
    }

    /// Bytes held by tables, columns, paths and counts.
    pub fn memory(&self) -> usize {
        self.v4.memory()
            + self.v6.memory()
            + self.columns.iter().map(Column::memory).sum::<usize>()
            + self.paths.memory()
            + self.topology.memory()
    }

    /// The row that stands for a row's prefix: itself, but for those of ADD-PATH.
    pub fn primary(&self, afi: Afi, row: u32) -> u32 {
        match afi {
            Afi::Ipv4 => self.v4.primary(row),
            Afi::Ipv6 => self.v6.primary(row),
        }
    }

    /// A row of either family as a prefix.
    pub fn prefix(&self, afi: Afi, row: u32) -> Option<crate::bgp::Prefix> {
        match afi {
            Afi::Ipv4 => self.v4.nlri(row).map(|nlri| nlri.prefix()),
            Afi::Ipv6 => self.v6.nlri(row).map(|nlri| nlri.prefix()),
        }
    }
}
