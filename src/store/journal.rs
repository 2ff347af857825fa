//! Rows in and out, of one database, wherever that is.
//!
//! A row that cannot be read as what it should be (a text that is not UTF-8 after a bit was
//! flipped) is left out, and the others are read.

use rusqlite::{Connection, OptionalExtension, Params, Result, Row, TransactionBehavior, params};

use super::{Incident, StepRow, Write};
use crate::bgp::Timestamp;

/// The first steps of an incident are kept, and as many of the latest.
pub const STEPS_OF_EACH_END: u32 = 300;

/// A time as it is stored.
pub fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.micros()).unwrap_or(i64::MAX)
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Writes all of `rows` or none.
pub fn write(to: &mut Connection, rows: &[Write], now: Timestamp) -> Result<()> {
    let change = to.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for row in rows {
        put(&change, row, now)?;
    }
    change.commit()
}

fn put(to: &Connection, row: &Write, now: Timestamp) -> Result<()> {
    match row {
        Write::Incident(Incident {
            id,
            drill,
            opened,
            resolved,
            event,
        }) => to.execute(
            "INSERT INTO incident (id, drill, opened, resolved, event) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id, drill) DO UPDATE SET
             opened = excluded.opened, resolved = excluded.resolved, event = excluded.event",
            params![id, drill, micros(*opened), resolved.map(micros), event],
        )?,
        Write::Step {
            incident,
            drill,
            number,
            time,
            event,
        } => {
            to.execute(
                "INSERT INTO step (incident, drill, number, time, event)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (incident, drill, number) DO UPDATE SET
                 time = excluded.time, event = excluded.event",
                params![incident, drill, number, micros(*time), event],
            )?;
            let ends = STEPS_OF_EACH_END;
            to.execute(
                "DELETE FROM step
                 WHERE incident = ?1 AND drill = ?2 AND number > ?3 AND number <= ?4",
                params![incident, drill, ends, number.saturating_sub(ends)],
            )?
        }
        Write::Kept {
            incident,
            kept: Some(kept),
        } => to.execute(
            "INSERT INTO kept (incident, written, kept) VALUES (?1, ?2, ?3)
             ON CONFLICT (incident) DO UPDATE SET
             written = excluded.written, kept = excluded.kept",
            params![incident, micros(now), kept],
        )?,
        Write::Kept {
            incident,
            kept: None,
        } => to.execute("DELETE FROM kept WHERE incident = ?1", [incident])?,
        Write::Slice {
            incident,
            drill,
            mrt,
        } => to.execute(
            "INSERT INTO slice (incident, drill, written, mrt) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (incident, drill) DO UPDATE SET
             written = excluded.written, mrt = excluded.mrt",
            params![incident, drill, micros(now), mrt],
        )?,
        Write::Slip {
            sink,
            subject,
            slip: Some(slip),
        } => to.execute(
            "INSERT INTO slip (sink, subject, slip) VALUES (?1, ?2, ?3)
             ON CONFLICT (sink, subject) DO UPDATE SET slip = excluded.slip",
            params![sink, subject, slip],
        )?,
        Write::Slip {
            sink,
            subject,
            slip: None,
        } => to.execute(
            "DELETE FROM slip WHERE sink = ?1 AND subject = ?2",
            [sink, subject],
        )?,
        Write::Document {
            kind,
            name,
            document: Some(document),
            until,
        } => to.execute(
            "INSERT INTO document (kind, name, document, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (kind, name) DO UPDATE SET
             document = excluded.document, until = excluded.until",
            params![kind, name, document, until.map(micros)],
        )?,
        Write::Document {
            kind,
            name,
            document: None,
            ..
        } => to.execute(
            "DELETE FROM document WHERE kind = ?1 AND name = ?2",
            [kind, name],
        )?,
    };
    Ok(())
}

/// Those rows of an answer that are what they should be.
fn all<T>(
    from: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = from.prepare(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(read(row));
    }
    Ok(found)
}

fn one<T>(
    from: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let found = from.query_row(sql, params, |row| Ok(read(row).ok()));
    Ok(found.optional()?.flatten())
}

fn to_incident(row: &Row<'_>) -> Result<Incident> {
    let resolved: Option<i64> = row.get(3)?;
    Ok(Incident {
        id: row.get(0)?,
        drill: row.get(1)?,
        opened: time(row.get(2)?),
        resolved: resolved.map(time),
        event: row.get(4)?,
    })
}

/// See [`super::Store::incidents`].
pub fn incidents(from: &Connection, most_resolved: usize) -> Result<Vec<Incident>> {
    let mut found = all(
        from,
        "SELECT id, drill, opened, resolved, event FROM incident WHERE resolved IS NULL",
        [],
        to_incident,
    )?;
    let most = i64::try_from(most_resolved).unwrap_or(i64::MAX);
    found.extend(all(
        from,
        "SELECT id, drill, opened, resolved, event FROM incident WHERE resolved IS NOT NULL
         ORDER BY resolved DESC, place DESC LIMIT ?1",
        [most],
        to_incident,
    )?);
    found.sort_by(|a, b| (a.opened, &a.id, a.drill).cmp(&(b.opened, &b.id, b.drill)));
    Ok(found)
}

/// See [`super::Store::incident`].
pub fn incident(from: &Connection, id: &str, drill: bool) -> Result<Option<Incident>> {
    one(
        from,
        "SELECT id, drill, opened, resolved, event FROM incident WHERE id = ?1 AND drill = ?2",
        params![id, drill],
        to_incident,
    )
}

/// See [`super::Store::steps`].
pub fn steps(from: &Connection, id: &str, drill: bool) -> Result<Vec<StepRow>> {
    all(
        from,
        "SELECT number, time, event FROM step WHERE incident = ?1 AND drill = ?2 ORDER BY number",
        params![id, drill],
        |row| {
            Ok(StepRow {
                number: row.get(0)?,
                time: time(row.get(1)?),
                event: row.get(2)?,
            })
        },
    )
}

/// See [`super::Store::kept`].
pub fn kept(from: &Connection) -> Result<Vec<(String, Vec<u8>)>> {
    all(
        from,
        "SELECT incident, kept FROM kept ORDER BY place",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// See [`super::Store::slice`].
pub fn slice(from: &Connection, id: &str, drill: bool) -> Result<Option<Vec<u8>>> {
    one(
        from,
        "SELECT mrt FROM slice WHERE incident = ?1 AND drill = ?2",
        params![id, drill],
        |row| row.get(0),
    )
}

/// See [`super::Store::slips`].
pub fn slips(from: &Connection) -> Result<Vec<(String, String, String)>> {
    all(
        from,
        "SELECT sink, subject, slip FROM slip ORDER BY place",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// See [`super::Store::documents`].
pub fn documents(from: &Connection, kind: &str) -> Result<Vec<(String, String)>> {
    all(
        from,
        "SELECT name, document FROM document WHERE kind = ?1 ORDER BY place",
        [kind],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// See [`super::Store::document`].
pub fn document(from: &Connection, kind: &str, name: &str) -> Result<Option<String>> {
    one(
        from,
        "SELECT document FROM document WHERE kind = ?1 AND name = ?2",
        [kind, name],
        |row| row.get(0),
    )
}
