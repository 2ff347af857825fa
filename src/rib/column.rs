//! One view's routes: which path each row of the table has there.
//!
//! A view with few routes is a hash of rows; once it holds a good part of the
//! table it is a plain vector indexed by row, four bytes a route.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::PathId;

/// A column's cell: a path and whether a finding stands on the route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell(u32);

const FOUND: u32 = 1 << 31;

impl Cell {
    /// The path in use.
    pub const fn path(self) -> PathId {
        PathId(self.0 & !FOUND)
    }

    /// Whether a finding stands on this route.
    pub const fn found(self) -> bool {
        self.0 & FOUND != 0
    }

    const fn new(path: PathId, found: bool) -> Self {
        Cell(path.0 & !FOUND | if found { FOUND } else { 0 })
    }
}

#[derive(Debug)]
enum Shape {
    Sparse(HashMap<u32, Cell, RandomState>),
    Dense(Vec<Cell>),
}

/// Rows with a route, and their paths.
#[derive(Debug)]
pub struct Column {
    shape: Shape,
    routes: u32,
}

impl Default for Column {
    fn default() -> Self {
        Column {
            shape: Shape::Sparse(HashMap::default()),
            routes: 0,
        }
    }
}

/// A hash entry costs about 10 bytes at usual load, a dense cell 4: a view with
/// more than a third of the table is smaller, and faster, as a vector.
const DENSE_SHARE: usize = 3;
const DENSE_LEAST: usize = 4096;

impl Column {
    /// Routes held.
    pub fn routes(&self) -> u32 {
        self.routes
    }

    /// The cell at `row`.
    pub fn get(&self, row: u32) -> Cell {
        match &self.shape {
            Shape::Dense(cells) => cells.get(row as usize).copied().unwrap_or_default(),
            Shape::Sparse(cells) => cells.get(&row).copied().unwrap_or_default(),
        }
    }

    /// Puts `path` at `row` (none removes) without a finding; returns what was there.
    ///
    /// `rows` is the table's size, which decides the column's shape.
    pub fn put(&mut self, row: u32, path: PathId, rows: usize) -> Cell {
        let cell = Cell::new(path, false);
        let old = match &mut self.shape {
            Shape::Dense(cells) => {
                let index = row as usize;
                if index >= cells.len() {
                    if path.is_none() {
                        return Cell::default();
                    }
                    cells.resize(index + 1, Cell::default());
                }
                match cells.get_mut(index) {
                    Some(place) => std::mem::replace(place, cell),
                    None => Cell::default(),
                }
            }
            Shape::Sparse(cells) => {
                if path.is_some() {
                    cells.insert(row, cell).unwrap_or_default()
                } else {
                    cells.remove(&row).unwrap_or_default()
                }
            }
        };
        match (old.path().is_some(), path.is_some()) {
            (false, true) => {
                self.routes += 1;
                if matches!(self.shape, Shape::Sparse(_))
                    && self.routes as usize > DENSE_LEAST
                    && self.routes as usize * DENSE_SHARE > rows
                {
                    self.densify(rows);
                }
            }
            (true, false) => self.routes -= 1,
            _ => {}
        }
        old
    }

    #[cold]
    fn densify(&mut self, rows: usize) {
        let Shape::Sparse(sparse) = &self.shape else {
            return;
        };
        let mut dense = vec![Cell::default(); rows];
        for (&row, &cell) in sparse {
            if let Some(place) = dense.get_mut(row as usize) {
                *place = cell;
            }
        }
        self.shape = Shape::Dense(dense);
    }

    /// Notes whether a finding stands on `row`'s route.
    pub fn set_found(&mut self, row: u32, found: bool) {
        let cell = match &mut self.shape {
            Shape::Dense(cells) => cells.get_mut(row as usize),
            Shape::Sparse(cells) => cells.get_mut(&row),
        };
        if let Some(cell) = cell {
            *cell = Cell::new(cell.path(), found);
        }
    }

    /// Rows with a route, in ascending order.
    pub fn rows(&self) -> Vec<u32> {
        match &self.shape {
            Shape::Dense(cells) => (0_u32..)
                .zip(cells)
                .filter(|(_, cell)| cell.path().is_some())
                .map(|(row, _)| row)
                .collect(),
            Shape::Sparse(cells) => {
                let mut rows: Vec<u32> = cells.keys().copied().collect();
                rows.sort_unstable();
                rows
            }
        }
    }

    /// Every row with a route and its path, in no order.
    pub fn each(&self, mut look: impl FnMut(u32, PathId)) {
        match &self.shape {
            Shape::Dense(cells) => (0_u32..)
                .zip(cells)
                .filter(|(_, cell)| cell.path().is_some())
                .for_each(|(row, cell)| look(row, cell.path())),
            Shape::Sparse(cells) => cells.iter().for_each(|(&row, cell)| look(row, cell.path())),
        }
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        match &self.shape {
            Shape::Dense(cells) => cells.capacity() * size_of::<Cell>(),
            Shape::Sparse(cells) => cells.capacity() * (size_of::<(u32, Cell)>() + 1),
        }
    }
}
