use std::{fs, os::unix::fs::symlink};

use super::*;
use crate::store::retention;

/// Lets the database grow no further, as a full disk does.
fn fill(store: &Store) {
    let state = store.state();
    let disk = state.disk.as_ref().unwrap();
    let pages: u32 = disk
        .rows
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    let _: u32 = disk
        .rows
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
            row.get(0)
        })
        .unwrap();
}

fn degraded(store: &Store) -> (Timestamp, String) {
    match store.durability() {
        Durability::Degraded { since, why } => (since, why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn on_a_full_disk_everything_goes_on_and_is_on_the_disk_once_there_is_room() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let before = [
        opened(1),
        step(1, 1),
        slice(1, 30_000),
        kept(1, Some(b"k")),
        slip("mail", "a", Some("1")),
        slip("mail", "b", Some("2")),
        document("mute", "m", Some("d"), None),
    ];
    store.write(&before, at(1));
    fill(&store);
    store.write(&[opened(2), slice(2, 100_000)], at(50));
    assert_eq!(degraded(&store), (at(50), "the disk is full".to_owned()));
    let said = store.said();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("state is only in memory: the disk is full."),
        "{said:?}"
    );
    store.write(
        &[
            slip("mail", "a", None),
            opened(3),
            document("mute", "m", None, None),
        ],
        at(60),
    );
    let check = |store: &Store| {
        assert_eq!(
            names(store),
            ["incident-00001", "incident-00002", "incident-00003"]
        );
        assert_eq!(store.slice("incident-00001", false), Some(vec![7; 30_000]));
        assert_eq!(store.slice("incident-00002", false), Some(vec![7; 100_000]));
        assert_eq!(store.steps("incident-00001", false).len(), 1);
        let slips = store.slips();
        assert_eq!(slips.len(), 1, "what was told is not told again: {slips:?}");
        assert_eq!(store.documents("mute"), []);
        assert_eq!(store.kept().len(), 1);
    };
    check(&store);
    // A file opened anew may grow: there is room again.
    store.look_after(at(80));
    assert_eq!(store.durability(), Durability::Durable);
    let said = store.said();
    assert!(
        said[0].starts_with("state is on the disk again"),
        "{said:?}"
    );
    assert_eq!(store.figures().failures, 1);
    assert_eq!(
        store.figures().last_error.as_deref(),
        Some("the disk is full")
    );
    check(&store);
    drop(store);
    check(&scratch.open());
}

#[test]
fn a_database_is_looked_through_only_on_a_disk_that_can_be_written() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1)], at(1));
    fill(&store);
    store.write(&[slice(1, 100_000)], at(2));
    assert_eq!(degraded(&store).0, at(2));
    // Whatever is wrong with the database would be found, were it opened.
    fs::write(scratch.database(), "no database").unwrap();
    let trial = scratch.0.join("state/trial");
    fs::create_dir(&trial).unwrap();
    store.look_after(at(30));
    let (since, why) = degraded(&store);
    assert_eq!(since, at(2));
    assert!(why.contains("state/trial"), "{why}");
    assert_eq!(scratch.aside().len(), 0);
    fs::remove_dir(&trial).unwrap();
    store.look_after(at(60));
    assert_eq!(store.durability(), Durability::Durable);
    assert_eq!(scratch.aside().len(), 1);
    assert!(!trial.exists(), "nothing is left of it");
}

#[test]
fn a_directory_that_cannot_be_made_is_awaited_and_what_was_in_it_is_not_lost() {
    let scratch = Scratch::new();
    scratch.open().write(
        &[
            opened(1),
            slip("mail", "a", Some("1")),
            slip("mail", "b", Some("2")),
        ],
        at(1),
    );
    let (state, away) = (scratch.0.join("state"), scratch.0.join("away"));
    fs::rename(&state, &away).unwrap();
    fs::write(&state, "in the way").unwrap();
    let (store, said) = Store::open(&scratch.settings(), at(2)).unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(degraded(&store).0, at(2));
    store.write(
        &[
            opened(2),
            slip("mail", "a", None),
            slip("mail", "c", Some("3")),
        ],
        at(3),
    );
    store.look_after(at(30));
    assert_eq!(degraded(&store).0, at(2), "since the beginning");
    assert_eq!(store.said(), [""; 0], "said once");
    fs::remove_file(&state).unwrap();
    fs::rename(&away, &state).unwrap();
    store.look_after(at(60));
    assert_eq!(store.durability(), Durability::Durable);
    let check = |store: &Store| {
        assert_eq!(names(store), ["incident-00001", "incident-00002"]);
        let slips = store.slips();
        let subjects: Vec<&str> = slips.iter().map(|slip| slip.1.as_str()).collect();
        assert_eq!(
            subjects,
            ["b", "c"],
            "what was removed meanwhile stays removed"
        );
    };
    check(&store);
    drop(store);
    check(&scratch.open());
}

#[test]
fn a_directory_that_is_removed_is_made_again_with_all_that_was_known() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1), slip("mail", "a", Some("1"))], at(1));
    fs::remove_dir_all(scratch.0.join("state")).unwrap();
    store.write(&[opened(2)], at(2));
    store.look_after(at(30));
    assert_eq!(store.durability(), Durability::Durable);
    assert!(store.said().iter().any(|line| line.contains("moved away")));
    assert!(
        Store::open(&scratch.settings(), at(31)).is_err(),
        "still ours"
    );
    drop(store);
    let store = scratch.open();
    assert_eq!(names(&store), ["incident-00001", "incident-00002"]);
    assert_eq!(store.slips().len(), 1);
}

#[test]
fn a_directory_that_another_took_meanwhile_is_left_to_it() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1)], at(1));
    fs::remove_dir_all(scratch.0.join("state")).unwrap();
    let other = scratch.open();
    other.write(&[opened(7)], at(2));
    store.look_after(at(30));
    assert!(degraded(&store).1.contains("in use by another leakwatch"));
    store.write(&[opened(2)], at(31));
    assert_eq!(names(&store), ["incident-00001", "incident-00002"]);
    other.write(&[opened(8)], at(32));
    assert_eq!(other.durability(), Durability::Durable);
    assert_eq!(names(&other), ["incident-00007", "incident-00008"]);
}

#[test]
fn without_memory_the_disk_has_it_and_without_both_it_is_said_to_be_lost() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let limit = |pages: u32| {
        let state = store.state();
        let sql = format!("PRAGMA max_page_count = {pages}");
        let _: u32 = state.memory.query_row(&sql, [], |row| row.get(0)).unwrap();
    };
    limit(1);
    store.write(
        &[opened(1), slice(1, 100_000), slip("mail", "a", Some("1"))],
        at(1),
    );
    assert_eq!(store.durability(), Durability::Durable);
    assert_eq!((store.said().len(), store.figures().failures), (0, 1));
    limit(1000);
    // Memory catches up, so that nothing is taken for gone when the disk fails.
    store.look_after(at(30));
    fill(&store);
    store.write(&[slice(2, 100_000)], at(31));
    assert_eq!(degraded(&store).0, at(31));
    assert_eq!((names(&store).len(), store.slips().len()), (1, 1));
    store.said();
    limit(1);
    store.write(&[opened(3), slice(3, 100_000)], at(32));
    assert!(store.said()[0].starts_with("2 rows could not be written and are lost"));
    assert_eq!(names(&store).len(), 1, "all or none");
    limit(1000);
    store.look_after(at(60));
    assert_eq!(store.durability(), Durability::Durable);
    assert_eq!((names(&store).len(), store.slips().len()), (1, 1));
}

#[test]
fn a_database_that_another_program_has_open_is_awaited() {
    let scratch = Scratch::new();
    scratch.open().write(&[opened(1)], at(1));
    let other = rusqlite::Connection::open(scratch.database()).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM slip")
        .unwrap();
    let (store, said) = Store::open(&scratch.settings(), at(2)).unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(degraded(&store).1, "another program has it open");
    assert_eq!(names(&store), ["incident-00001"], "it can be read");
    store.write(&[opened(2)], at(3));
    drop(other);
    store.look_after(at(30));
    assert_eq!(store.durability(), Durability::Durable);
    assert_eq!(names(&store), ["incident-00001", "incident-00002"]);
}

#[test]
fn a_burst_of_messages_does_not_fill_memory() {
    let scratch = Scratch::quick();
    let store = scratch.open();
    for number in 1..=100 {
        store.write(&[opened(number), slice(number, 1 << 20)], at(number));
    }
    let in_memory = retention::bytes(&store.state().memory).unwrap();
    assert!(in_memory < 80 << 20, "{in_memory}");
    assert!(store.figures().bytes > 100 << 20, "the disk has all of it");
    assert_eq!(store.figures().rows_forgotten, 0);
}

/// As on a disk that can only be read: no lock, and no shared memory beside the database.
fn bar(scratch: &Scratch) {
    let lock = scratch.0.join("state/lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(lock).unwrap();
    symlink("nowhere", scratch.0.join("state/state.sqlite-shm")).unwrap();
}

#[test]
fn where_the_disk_can_only_be_read_at_the_start_what_was_written_last_is_known() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1), slip("mail", "a", Some("1"))], at(1));
    // Killed: its log is not worked in.
    std::mem::forget(store);
    bar(&scratch);
    let (store, said) = Store::open(&scratch.settings(), at(2)).unwrap();
    assert_eq!(said.len(), 1);
    assert!(!degraded(&store).1.contains("last"), "{said:?}");
    assert_eq!((names(&store).len(), store.slips().len()), (1, 1));
}

#[test]
fn that_what_was_written_last_cannot_be_read_is_said() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1)], at(1));
    store.look_after(at(30));
    std::mem::forget(store);
    bar(&scratch);
    let log = scratch.0.join("state/state.sqlite-wal");
    fs::remove_file(&log).unwrap();
    fs::create_dir(log).unwrap();
    let (store, said) = Store::open(&scratch.settings(), at(31)).unwrap();
    assert_eq!(said.len(), 1);
    for _ in 0..2 {
        let why = degraded(&store).1;
        assert!(
            why.ends_with("could not be read, and is not known now"),
            "{why}"
        );
        assert_eq!(names(&store), ["incident-00001"], "it was looked after");
        store.look_after(at(60));
    }
}
