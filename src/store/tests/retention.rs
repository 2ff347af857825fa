use std::{fs, time::Duration};

use super::*;
use crate::store::{
    disk,
    journal::write,
    retention::{MOST_INCIDENTS, MOST_SLIPS, MOST_SLIPS_AT_ALL, bytes, forget, forget_orphans},
};

const DAY: u64 = 86_400;
const KEEP: Duration = Duration::from_secs(10 * DAY);

fn count(rows: &rusqlite::Connection, table: &str) -> u32 {
    let sql = format!("SELECT count(*) FROM {table}");
    rows.query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// Forgets until nothing more is forgotten, and returns in how many pieces.
fn forget_all(rows: &mut rusqlite::Connection, now: Timestamp, most: u64) -> u32 {
    let mut pieces = 0;
    while forget(rows, now, KEEP, most).unwrap() > 0 {
        pieces += 1;
    }
    pieces
}

#[test]
fn what_is_over_for_long_goes_with_all_that_belongs_to_it() {
    let store = Store::in_memory();
    store.set(&Settings {
        keep: KEEP,
        ..Settings::default()
    });
    let mut rows = vec![opened(1), step(1, 1), slice(1, 10), kept(1, Some(b"k"))];
    for (number, over) in [(2, 100), (3, 100 + DAY)] {
        rows.push(Write::Incident(incident(number, Some(over))));
        rows.extend([step(number, 1), slice(number, 10), kept(number, Some(b"k"))]);
    }
    rows.push(slip("mail", "incident-00002", Some("s")));
    rows.push(document("mute", "short", Some("d"), Some(11 * DAY)));
    rows.push(document("mute", "long", Some("d"), Some(11 * DAY + 2)));
    rows.push(document("mute", "ever", Some("d"), None));
    store.write(&rows, at(0));
    store.look_after(at(10 * DAY + 100));
    assert_eq!(names(&store).len(), 3, "kept to the last moment");
    store.look_after(at(11 * DAY + 1));
    assert_eq!(names(&store), ["incident-00001", "incident-00003"]);
    assert_eq!(store.steps("incident-00002", false), []);
    assert_eq!(store.slice("incident-00002", false), None);
    let keeps: Vec<String> = store.kept().into_iter().map(|(id, _)| id).collect();
    assert_eq!(keeps, ["incident-00001", "incident-00003"]);
    assert_eq!(store.slips().len(), 1, "still to be told");
    let mutes: Vec<String> = store.documents("mute").into_iter().map(|d| d.0).collect();
    assert_eq!(mutes, ["long", "ever"]);
    assert_eq!(store.figures().rows_forgotten, 5);
    assert_eq!(store.steps("incident-00001", false).len(), 1);
    assert!(store.slice("incident-00003", false).is_some());
}

#[test]
fn what_belongs_to_no_incident_goes_after_a_day() {
    let mut rows = disk::in_memory();
    let orphans = [step(1, 1), slice(1, 10), kept(1, Some(b"k"))];
    write(&mut rows, &orphans, at(1)).unwrap();
    assert_eq!(forget_orphans(&rows, at(DAY)).unwrap(), 0);
    assert_eq!(forget_orphans(&rows, at(DAY + 2)).unwrap(), 3);
    assert_eq!(
        count(&rows, "step") + count(&rows, "slice") + count(&rows, "kept"),
        0
    );
}

#[test]
fn what_belongs_to_no_incident_is_looked_for_now_and_then() {
    let store = Store::in_memory();
    store.write(&[step(1, 1)], at(1));
    store.look_after(at(2));
    store.look_after(at(DAY + 2));
    assert_eq!(store.steps("incident-00001", false), []);
    assert_eq!(store.figures().rows_forgotten, 1);
}

#[test]
fn of_too_many_the_oldest_go_and_open_incidents_last() {
    let mut rows = disk::in_memory();
    let surplus = 3000;
    rows.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO incident (id, drill, opened, resolved, event)
         SELECT 'i' || i, 0, i, CASE WHEN i > 10 THEN i + 1 END, '' FROM n",
        MOST_INCIDENTS + surplus
    ))
    .unwrap();
    let pieces = forget_all(&mut rows, Timestamp::ZERO, u64::MAX);
    assert!(pieces > 1, "a little at a time");
    assert_eq!(count(&rows, "incident"), MOST_INCIDENTS);
    let oldest = |what: &str| -> i64 {
        rows.query_row(&format!("SELECT {what}"), [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(oldest("min(opened) FROM incident"), 1, "an open one");
    assert_eq!(
        oldest("min(opened) FROM incident WHERE resolved IS NOT NULL"),
        i64::from(surplus) + 11
    );
}

/// As many slips of one sink, called 1 and so on; `text` says what one says, by its number `i`.
fn slips(rows: &rusqlite::Connection, sink: &str, count: u32, text: &str) {
    rows.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO slip (sink, subject, slip) SELECT '{sink}', i, {text} FROM n"
    ))
    .unwrap();
}

#[test]
fn of_too_many_slips_those_go_that_say_nothing_any_more() {
    let mut rows = disk::in_memory();
    let told = |over: bool, pending: &str| {
        format!("{{\"told\":{{\"count\":1,\"over\":{over}}},\"pending\":{pending}}}")
    };
    let (over, open) = (told(true, "[]"), told(false, "[]"));
    let (waits, first) = (told(true, "[{}]"), "{\"told\":null,\"pending\":[{}]}");
    // The oldest are those that matter; of the others every third is over.
    let text = format!(
        "CASE WHEN i <= 30 THEN '{open}' WHEN i <= 60 THEN '{waits}' WHEN i <= 90 THEN '{first}'
         WHEN i = 91 THEN 'no JSON' WHEN i % 3 THEN '{open}' ELSE '{over}' END"
    );
    let before = MOST_SLIPS * 3 + 300;
    slips(&rows, "mail", before, &text);
    slips(&rows, "slack", MOST_SLIPS + 2, &format!("'{over}'"));
    slips(&rows, "pager", MOST_SLIPS + 2, &format!("'{open}'"));
    forget_all(&mut rows, Timestamp::ZERO, u64::MAX);
    let left = |sink: &str, which: &str| -> u32 {
        let sql = format!("SELECT count(*) FROM slip WHERE sink = '{sink}' AND {which}");
        rows.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(left("mail", "subject + 0 <= 91"), 91);
    let are_over = (before - 90) / 3;
    assert_eq!(left("mail", "1"), before - (are_over - MOST_SLIPS));
    assert_eq!(left("slack", "1"), MOST_SLIPS);
    assert_eq!(left("slack", "subject + 0 > 2"), MOST_SLIPS);
    assert_eq!(left("pager", "1"), MOST_SLIPS + 2);
}

#[test]
fn slips_are_bounded_even_where_nobody_else_bounds_them() {
    let mut rows = disk::in_memory();
    let open = "'{\"told\":{\"over\":false},\"pending\":[]}'";
    slips(&rows, "mail", MOST_SLIPS_AT_ALL + 7, open);
    let pieces = forget_all(&mut rows, Timestamp::ZERO, u64::MAX);
    assert_eq!((pieces, count(&rows, "slip")), (1, MOST_SLIPS_AT_ALL));
}

#[test]
fn of_too_much_messages_go_first_and_what_is_open_stays() {
    let mut rows = disk::in_memory();
    for number in 1..=60 {
        let resolved = (number > 5).then_some(100 + number);
        let all = [
            Write::Incident(incident(number, resolved)),
            slice(number, 50_000),
        ];
        write(&mut rows, &all, at(number)).unwrap();
    }
    let before = bytes(&rows).unwrap();
    forget_all(&mut rows, at(1000), before - 900_000);
    assert_eq!(count(&rows, "incident"), 60);
    assert_eq!(count(&rows, "slice"), 40);
    forget_all(&mut rows, at(1000), 0);
    assert_eq!((count(&rows, "slice"), count(&rows, "incident")), (0, 5));
}

#[test]
fn space_is_given_back_to_the_file_system() {
    let scratch = Scratch::new();
    let store = scratch.open();
    for number in 1..=40 {
        let all = [
            Write::Incident(incident(number, Some(number))),
            slice(number, 500_000),
        ];
        store.write(&all, at(number));
    }
    let sizes = || {
        list(&scratch.0.join("state"))
            .iter()
            .map(|file| fs::metadata(file).unwrap().len())
            .sum::<u64>()
    };
    assert!(sizes() > 20_000_000);
    for second in 0..10 {
        store.look_after(at(401 * DAY + second));
    }
    assert_eq!(names(&store), [""; 0]);
    assert!(store.figures().bytes < 1_000_000, "{:?}", store.figures());
    let after = sizes();
    assert!(
        after < 18 << 20,
        "{after}: the log at its longest and little else"
    );
}
