//! What is forgotten: what is over for longer than it is kept, and the oldest where there is too
//! much. A little at a time, so that nobody waits for it.

use std::time::Duration;

use rusqlite::{Connection, Result, params};

use super::journal::micros;
use crate::bgp::Timestamp;

/// Incidents, open ones included: those of a thousand open at once, a hundred times over.
pub const MOST_INCIDENTS: u32 = 100_000;
/// Slips of one sink that say nothing any more: what was told there and is over.
pub const MOST_SLIPS: u32 = 10_000;
/// Slips of one sink, whatever they say. Queues are bounded where they are held, far below this.
pub const MOST_SLIPS_AT_ALL: u32 = 100_000;
/// A slip of which the end was told, and behind which nothing waits (`alert::Slip` as JSON).
const OVER: &str = "CASE WHEN json_valid(slip) THEN
     ifnull(json_extract(slip, '$.told.over'), 0) AND json_array_length(slip, '$.pending') = 0
     ELSE 0 END";
/// Documents of one kind: the files of a backlog of weeks.
pub const MOST_DOCUMENTS: u32 = 100_000;
/// Octets on the disk. As much is looked through at every start.
pub const MOST_BYTES: u64 = 1 << 30;

/// Rows removed at once of each kind.
const PIECE: u32 = 200;
/// Pages given back to the file system at once.
const PAGES: u32 = 2000;
/// What belongs to no incident (it was lost, or is still to be written) stays for so long.
const ORPHAN: Duration = Duration::from_secs(86_400);

/// Octets of the pages in use.
///
/// # Errors
/// They cannot be counted.
pub fn bytes(rows: &Connection) -> Result<u64> {
    let pragma = |name: &str| rows.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(used.saturating_mul(pragma("page_size")?).unsigned_abs())
}

/// Removes one piece of what is not kept, and returns how many rows that were.
///
/// # Errors
/// It cannot be removed.
pub fn forget(rows: &mut Connection, now: Timestamp, keep: Duration, most: u64) -> Result<u64> {
    let too_large = bytes(rows)? > most;
    let change = rows.transaction()?;
    let mut gone = 0;
    gone += forget_incidents(
        &change,
        "resolved < ?1 ORDER BY resolved",
        before(now, keep),
        PIECE,
    )?;
    gone += change.execute(
        "DELETE FROM document WHERE place IN
         (SELECT place FROM document WHERE until < ?1 ORDER BY until LIMIT ?2)",
        params![micros(now), PIECE * 10],
    )?;
    let incidents: u32 = change.query_row("SELECT count(*) FROM incident", [], |row| row.get(0))?;
    let surplus = incidents.saturating_sub(MOST_INCIDENTS).min(PIECE * 10);
    gone += forget_incidents(&change, OLDEST, 0, surplus)?;
    gone += cap(&change, ("slip", "sink"), OVER, MOST_SLIPS)?;
    gone += cap(&change, ("slip", "sink"), "1", MOST_SLIPS_AT_ALL)?;
    gone += cap(&change, ("document", "kind"), "1", MOST_DOCUMENTS)?;
    if too_large {
        gone += shrink(&change)?;
    }
    if gone > 0 {
        change.commit()?;
    } else {
        drop(change);
    }
    give_back(rows)?;
    Ok(gone as u64)
}

fn before(now: Timestamp, age: Duration) -> i64 {
    let age = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
    micros(Timestamp::from_micros(now.micros().saturating_sub(age)))
}

/// Gives free pages back to the file system. The statement gives one each time it is stepped.
fn give_back(rows: &Connection) -> Result<()> {
    let mut vacuum = rows.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut freed = vacuum.query([])?;
    while freed.next()?.is_some() {}
    Ok(())
}

/// Those that are over before those that go on, and of each the oldest.
const OLDEST: &str = "?1 = ?1 ORDER BY resolved IS NULL, ifnull(resolved, opened)";

/// Removes what takes most room first: messages, then incidents that are over.
fn shrink(rows: &Connection) -> Result<usize> {
    let slices = rows.execute(
        "DELETE FROM slice WHERE place IN (SELECT place FROM slice ORDER BY written LIMIT ?1)",
        [PIECE / 10],
    )?;
    if slices > 0 {
        return Ok(slices);
    }
    forget_incidents(
        rows,
        "resolved IS NOT NULL AND ?1 = ?1 ORDER BY resolved",
        0,
        PIECE,
    )
}

/// Removes incidents with all that belongs to them.
fn forget_incidents(rows: &Connection, which: &str, bound: i64, most: u32) -> Result<usize> {
    if most == 0 {
        return Ok(0);
    }
    let mut select = rows.prepare(&format!(
        "SELECT place, id, drill FROM incident WHERE {which} LIMIT ?2"
    ))?;
    let found = select
        .query_map(params![bound, most], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<Vec<(i64, String, bool)>>>()?;
    let mut gone = 0;
    for (place, id, drill) in found {
        gone += rows.execute("DELETE FROM incident WHERE place = ?1", [place])?;
        for table in ["step", "slice"] {
            gone += rows.execute(
                &format!("DELETE FROM {table} WHERE incident = ?1 AND drill = ?2"),
                params![id, drill],
            )?;
        }
        if !drill {
            gone += rows.execute("DELETE FROM kept WHERE incident = ?1", [id])?;
        }
    }
    Ok(gone)
}

/// Leaves the latest `most` rows of each value of `group`, of those that `which` holds for.
fn cap(rows: &Connection, (table, group): (&str, &str), which: &str, most: u32) -> Result<usize> {
    // As long as there are no more of all, nothing has to be looked into.
    let mut counted = rows.prepare(&format!(
        "SELECT {group}, count(*) FROM {table} GROUP BY {group} HAVING count(*) > ?1"
    ))?;
    let over = counted
        .query_map([most], |row| row.get(0))?
        .collect::<Result<Vec<String>>>()?;
    let mut gone = 0;
    for name in over {
        let count: u32 = rows.query_row(
            &format!("SELECT count(*) FROM {table} WHERE {group} = ?1 AND {which}"),
            [&name],
            |row| row.get(0),
        )?;
        gone += rows.execute(
            &format!(
                "DELETE FROM {table} WHERE place IN
                 (SELECT place FROM {table} WHERE {group} = ?1 AND {which}
                  ORDER BY place LIMIT ?2)"
            ),
            params![name, count.saturating_sub(most).min(PIECE * 10)],
        )?;
    }
    Ok(gone)
}

/// Removes one piece of what belongs to no incident. It looks through all steps: once an hour is
/// enough.
///
/// # Errors
/// It cannot be removed.
pub fn forget_orphans(rows: &Connection, now: Timestamp) -> Result<u64> {
    let written_before = before(now, ORPHAN);
    let mut gone = 0;
    for (table, written, whose) in [
        ("step", "time", "incident.drill = step.drill"),
        ("slice", "written", "incident.drill = slice.drill"),
        ("kept", "written", "incident.drill = 0"),
    ] {
        gone += rows.execute(
            &format!(
                "DELETE FROM {table} WHERE place IN (SELECT place FROM {table}
                 WHERE {written} < ?1 AND NOT EXISTS (SELECT 1 FROM incident
                 WHERE incident.id = {table}.incident AND {whose}) LIMIT ?2)"
            ),
            params![written_before, PIECE],
        )?;
    }
    Ok(gone as u64)
}
