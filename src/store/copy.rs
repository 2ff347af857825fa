//! Rows from one database into another, one by one: out of a damaged file whatever can be read,
//! from the disk into memory when the disk fails, and back.

use std::time::{Duration, Instant};

use rusqlite::{
    Connection, Result, ToSql, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::trouble::is_of_the_row;

/// A table, but for `place`.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    /// So many of them, the first, are there once.
    key: usize,
    /// Which of its rows.
    only: &'static str,
}

const ALL: &str = "true";

/// What is small, and goes away when it is done with: it is replaced as a whole.
pub const PENDING: [Table; 3] = [
    Table {
        name: "kept",
        columns: &["incident", "written", "kept"],
        key: 1,
        only: ALL,
    },
    Table {
        name: "slip",
        columns: &["sink", "subject", "slip"],
        key: 2,
        only: ALL,
    },
    Table {
        name: "document",
        columns: &["kind", "name", "document", "until"],
        key: 2,
        only: ALL,
    },
];

/// What accumulates, in the order in which it matters.
pub const HISTORY: [Table; 3] = [
    Table {
        name: "incident",
        columns: &["id", "drill", "opened", "resolved", "event"],
        key: 2,
        only: ALL,
    },
    Table {
        name: "step",
        columns: &["incident", "drill", "number", "time", "event"],
        key: 3,
        only: ALL,
    },
    Table {
        name: "slice",
        columns: &["incident", "drill", "written", "mrt"],
        key: 2,
        only: ALL,
    },
];

/// Incidents that go on, however long they have.
pub const OPEN: Table = Table {
    only: "resolved IS NULL",
    ..HISTORY[0]
};

/// What to do with a row whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    /// The one that is there stays.
    Stays,
    /// The one that comes replaces it.
    Yields,
}

/// How much may be copied.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    until: Instant,
    octets: u64,
}

impl Budget {
    /// So long from now, and so many octets.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a damaged disk is read is the time of whoever waits, not event time"
    )]
    pub fn new(time: Duration, octets: u64) -> Self {
        Budget {
            until: Instant::now() + time,
            octets,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "as above")]
    fn spend(&mut self, octets: u64) -> bool {
        let affordable = octets <= self.octets;
        self.octets = self.octets.saturating_sub(octets);
        affordable && Instant::now() < self.until
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows that are now in the other database and were not, or were otherwise.
    pub rows: u64,
    /// Rows that could be read and not taken: what is in them is not what should be.
    pub odd: u64,
    /// Some part could not be read.
    pub gaps: bool,
    /// The budget was used up.
    pub cut: bool,
}

impl std::ops::AddAssign for Copied {
    fn add_assign(&mut self, more: Copied) {
        self.rows += more.rows;
        self.odd += more.odd;
        self.gaps |= more.gaps;
        self.cut |= more.cut;
    }
}

/// Copies a table, the latest rows first. Where a part cannot be read the next part is tried,
/// further and further away, and in the end from the other side.
///
/// # Errors
/// The other database cannot be written.
pub fn table(
    table: &Table,
    from: &Connection,
    to: &Connection,
    meets: Meets,
    budget: &mut Budget,
) -> Result<Copied> {
    let mut copied = Copied::default();
    down(table, from, to, meets, budget, &mut copied)?;
    if copied.gaps && !copied.cut {
        up(table, from, to, meets, budget, &mut copied)?;
    }
    Ok(copied)
}

/// Copies all rows with their places, in place of what was there.
///
/// # Errors
/// One of them cannot be read or written.
pub fn replace(table: &Table, from: &Connection, to: &Connection) -> Result<()> {
    to.execute(&format!("DELETE FROM {}", table.name), [])?;
    let columns = format!("place, {}", table.columns.join(", "));
    let mut select = from.prepare(&format!(
        "SELECT {columns} FROM {} ORDER BY place",
        table.name
    ))?;
    let mut insert = to.prepare(&table.insert(&columns, table.columns.len() + 1))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..=table.columns.len())
            .map(|at| row.get_ref(at).map(Borrowed))
            .collect::<Result<Vec<_>>>()?;
        insert.execute(params_from_iter(values))?;
    }
    Ok(())
}

/// Whether all tables are there, with all columns.
///
/// # Errors
/// They are not.
pub fn check_tables(rows: &Connection) -> Result<()> {
    for table in PENDING.iter().chain(&HISTORY) {
        let columns = table.columns.join(", ");
        rows.prepare(&format!("SELECT place, {columns} FROM {}", table.name))?;
    }
    Ok(())
}

impl Table {
    fn insert(&self, columns: &str, count: usize) -> String {
        let marks = vec!["?"; count].join(", ");
        format!("INSERT INTO {} ({columns}) VALUES ({marks})", self.name)
    }

    /// A row that is there already as it should be is not written again: coming back to a disk
    /// takes room for what is new.
    fn upsert(&self, meets: Meets) -> String {
        let (key, rest) = self.columns.split_at(self.key);
        let insert = self.insert(&self.columns.join(", "), self.columns.len());
        let key = key.join(", ");
        match meets {
            Meets::Stays => format!("{insert} ON CONFLICT ({key}) DO NOTHING"),
            Meets::Yields => {
                let set: Vec<String> = rest.iter().map(|c| format!("{c} = excluded.{c}")).collect();
                let differs: Vec<String> = rest
                    .iter()
                    .map(|c| format!("{}.{c} IS NOT excluded.{c}", self.name))
                    .collect();
                format!(
                    "{insert} ON CONFLICT ({key}) DO UPDATE SET {} WHERE {}",
                    set.join(", "),
                    differs.join(" OR ")
                )
            }
        }
    }
}

struct Borrowed<'a>(ValueRef<'a>);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

/// How one run along a table ended.
enum Run {
    /// At the end of the table, or of the budget.
    Over,
    /// At a part that cannot be read, after this place.
    Broken(Option<i64>),
}

fn down(
    table: &Table,
    from: &Connection,
    to: &Connection,
    meets: Meets,
    budget: &mut Budget,
    copied: &mut Copied,
) -> Result<()> {
    let (mut below, mut skip) = (i64::MAX, 1_i64);
    loop {
        match run(table, from, to, meets, ("<", "DESC", below), budget, copied)? {
            Run::Over => return Ok(()),
            Run::Broken(Some(last)) => (below, skip) = (last, 1),
            // Without a last row we do not know where we are.
            Run::Broken(None) if below == i64::MAX => {
                copied.gaps = true;
                return Ok(());
            }
            Run::Broken(None) => {}
        }
        copied.gaps = true;
        below = below.saturating_sub(skip);
        skip = skip.saturating_mul(2);
        if below < 1 {
            return Ok(());
        }
    }
}

fn up(
    table: &Table,
    from: &Connection,
    to: &Connection,
    meets: Meets,
    budget: &mut Budget,
    copied: &mut Copied,
) -> Result<()> {
    // What the way down has brought is met again.
    let (mut above, mut skip) = (0_i64, 1_i64);
    loop {
        match run(table, from, to, meets, (">", "ASC", above), budget, copied)? {
            Run::Over => return Ok(()),
            Run::Broken(Some(last)) => (above, skip) = (last, 1),
            Run::Broken(None) => {}
        }
        let Some(next) = above.checked_add(skip) else {
            return Ok(());
        };
        above = next;
        skip = skip.saturating_mul(2);
    }
}

fn run(
    table: &Table,
    from: &Connection,
    to: &Connection,
    meets: Meets,
    (side, order, start): (&str, &str, i64),
    budget: &mut Budget,
    copied: &mut Copied,
) -> Result<Run> {
    let columns = table.columns.join(", ");
    let sql = format!(
        "SELECT place, {columns} FROM {} NOT INDEXED
         WHERE place {side} ?1 AND {} ORDER BY place {order}",
        table.name, table.only
    );
    let mut insert = to.prepare(&table.upsert(meets))?;
    let Ok(mut select) = from.prepare(&sql) else {
        copied.gaps = true;
        return Ok(Run::Over);
    };
    let Ok(mut rows) = select.query([start]) else {
        return Ok(Run::Broken(None));
    };
    let mut last = None;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Run::Over),
            Err(_) => return Ok(Run::Broken(last)),
        };
        let Ok(place) = row.get::<_, i64>(0) else {
            return Ok(Run::Broken(last));
        };
        // Damaged pages may lead back to where we were, for ever.
        let before = last.unwrap_or(start);
        let goes_on = if side == "<" {
            place < before && place > 0
        } else {
            place > before
        };
        if !goes_on {
            return Ok(Run::Broken(last));
        }
        last = Some(place);
        let mut octets = 0;
        let mut sound = true;
        let mut values = Vec::with_capacity(table.columns.len());
        for at in 1..=table.columns.len() {
            let Ok(value) = row.get_ref(at) else {
                sound = false;
                break;
            };
            match value {
                ValueRef::Text(text) => {
                    sound &= std::str::from_utf8(text).is_ok();
                    octets += text.len() as u64;
                }
                ValueRef::Blob(blob) => octets += blob.len() as u64,
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => octets += 8,
            }
            values.push(Borrowed(value));
        }
        if !sound {
            copied.odd += 1;
            continue;
        }
        if !budget.spend(octets) {
            copied.cut = true;
            return Ok(Run::Over);
        }
        match insert.execute(params_from_iter(values)) {
            Ok(changed) => copied.rows += changed as u64,
            Err(error) if is_of_the_row(&error) => copied.odd += 1,
            Err(error) => return Err(error),
        }
    }
}
