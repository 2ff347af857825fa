use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
};

use super::*;

#[test]
fn what_was_written_is_there_after_a_restart() {
    let scratch = Scratch::new();
    let check = |store: &Store| {
        let incidents = store.incidents(2);
        let names: Vec<&str> = incidents.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            names,
            ["incident-00001", "incident-00003", "incident-00004"],
            "the open one, and of those that are over the latest, the oldest first"
        );
        assert_eq!(
            store.incident("incident-00002", false),
            Some(incident(2, Some(90)))
        );
        assert_eq!(store.incident("incident-00002", true), None);
        let steps = store.steps("incident-00001", false);
        let numbers: Vec<u32> = steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(
            (steps[1].time, steps[1].event.as_str()),
            (at(1), "{\"step\":2}")
        );
        assert_eq!(
            store.kept(),
            [("incident-00001".to_owned(), b"\0\xFF".to_vec())]
        );
        assert_eq!(store.slice("incident-00001", false), Some(vec![7; 100_000]));
        let slips = store.slips();
        let subjects: Vec<&str> = slips
            .iter()
            .map(|(_, subject, _)| subject.as_str())
            .collect();
        assert_eq!(subjects, ["b", "c", "a"], "in the order first written");
        assert_eq!(slips[0].2, "later");
        assert_eq!(store.documents("mute"), [("m".to_owned(), "1".to_owned())]);
        assert_eq!(store.document("mute", "m").as_deref(), Some("1"));
        assert_eq!(store.documents("other"), []);
    };
    let rows = [
        opened(1),
        Write::Incident(incident(2, Some(90))),
        Write::Incident(incident(3, Some(91))),
        opened(4),
        Write::Incident(incident(4, Some(92))),
        step(1, 2),
        step(1, 1),
        kept(1, Some(b"\0\xFF")),
        kept(2, Some(b"2")),
        kept(2, None),
        slice(1, 100_000),
        slip("slack", "a", Some("1")),
        slip("slack", "b", Some("2")),
        slip("mail", "c", Some("3")),
        slip("slack", "b", Some("later")),
        slip("slack", "a", None),
        slip("slack", "a", Some("again")),
        document("mute", "m", Some("1"), Some(500)),
        document("mute", "n", Some("1"), None),
        document("mute", "n", None, None),
    ];
    let store = scratch.open();
    assert_eq!(store.durability(), Durability::Durable);
    store.write(&rows, at(10));
    check(&store);
    assert_eq!(store.figures().rows_written, rows.len() as u64);
    assert!(store.figures().bytes > 100_000);
    drop(store);
    check(&scratch.open());
    // Without a directory the same, but for the restart.
    let store = Store::in_memory();
    assert_eq!(store.durability(), Durability::Volatile);
    store.write(&rows, at(10));
    store.look_after(at(20));
    check(&store);
    assert_eq!(store.said(), [""; 0]);
}

#[test]
fn a_drill_and_an_incident_of_one_name_are_two() {
    let store = Store::in_memory();
    let drill = Incident {
        drill: true,
        event: "drill".to_owned(),
        ..incident(1, None)
    };
    store.write(&[opened(1), Write::Incident(drill)], at(0));
    assert_eq!(store.incidents(0).len(), 2);
    assert_eq!(
        store.incident("incident-00001", true).unwrap().event,
        "drill"
    );
}

#[test]
fn only_we_may_read_the_state_and_nobody_else_may_open_it() {
    let scratch = Scratch::new();
    let store = scratch.open();
    store.write(&[opened(1)], at(1));
    let directory = scratch.0.join("state");
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    let files = list(&directory);
    assert_eq!(files.len(), 3, "the lock, the database, its log: {files:?}");
    for file in files {
        let mode = fs::metadata(&file).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    let Err(error) = Store::open(&scratch.settings(), at(2)) else {
        panic!("two at once");
    };
    let pid = std::process::id();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is in use by another leakwatch, process {pid}",
            directory.display()
        )
    );
    drop(store);
    // What a process that is gone wrote into the file locks nobody out.
    fs::write(directory.join("lock"), "4000000000\n").unwrap();
    assert_eq!(names(&scratch.open()), ["incident-00001"]);
}

#[test]
fn links_in_the_state_directory_are_not_followed() {
    let scratch = Scratch::new();
    let directory = scratch.0.join("state");
    fs::create_dir(&directory).unwrap();
    let other = scratch.0.join("other");
    fs::write(&other, "precious").unwrap();
    symlink(&other, directory.join("state.sqlite")).unwrap();
    let (store, said) = Store::open(&scratch.settings(), at(0)).unwrap();
    assert!(matches!(store.durability(), Durability::Degraded { .. }));
    assert_eq!(said.len(), 1);
    store.write(&[opened(1)], at(1));
    assert_eq!(fs::read_to_string(other).unwrap(), "precious");
}

#[test]
fn the_middle_of_very_many_steps_is_not_kept() {
    let store = Store::in_memory();
    let rows: Vec<Write> = (1..=1000).map(|number| step(1, number)).collect();
    for rows in rows.chunks(7) {
        store.write(rows, at(1));
    }
    let steps = store.steps("incident-00001", false);
    let numbers: Vec<u32> = steps.iter().map(|step| step.number).collect();
    let kept: Vec<u32> = (1..=300).chain(701..=1000).collect();
    assert_eq!(numbers, kept);
}

#[test]
fn a_thread_that_dies_while_it_holds_the_store_leaves_it_usable() {
    let store = Store::in_memory();
    store.write(&[opened(1)], at(1));
    let other = store.clone();
    let died = std::thread::spawn(move || {
        let _held = other.state();
        panic!("on purpose");
    });
    assert!(died.join().is_err());
    store.write(&[opened(2)], at(1));
    assert_eq!(names(&store).len(), 2);
}

#[test]
fn times_at_the_edges_come_back() {
    let store = Store::in_memory();
    let row = Incident {
        opened: Timestamp::ZERO,
        resolved: Some(Timestamp::from_micros(i64::MAX as u64)),
        ..incident(1, None)
    };
    store.write(&[Write::Incident(row.clone())], at(0));
    assert_eq!(store.incident(&row.id, false), Some(row.clone()));
    let beyond = Incident {
        resolved: Some(Timestamp::from_micros(u64::MAX)),
        ..row.clone()
    };
    store.write(&[Write::Incident(beyond)], at(0));
    assert_eq!(store.incident(&row.id, false), Some(row));
}
