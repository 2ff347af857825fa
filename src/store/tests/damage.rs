use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
};

use super::*;
use crate::store::{
    disk,
    schema::{self, MIGRATIONS},
    trouble::Trouble,
};

/// So many incidents, each with a step, and a slip for every tenth.
fn fill(store: &Store, incidents: u64) {
    for number in 1..=incidents {
        let mut rows = vec![opened(number), step(number, 1)];
        if number % 10 == 0 {
            rows.push(slip(
                "mail",
                &format!("{number:05}"),
                Some("{\"to\":\"tell\"}"),
            ));
        }
        store.write(&rows, at(number));
    }
}

/// A closed database, and the octets of its file.
fn closed(scratch: &Scratch, incidents: u64) -> Vec<u8> {
    fill(&scratch.open(), incidents);
    let files = list(&scratch.0.join("state"));
    assert_eq!(files.len(), 2, "the log went into the database: {files:?}");
    fs::read(scratch.database()).unwrap()
}

/// Numbers that look thrown, always the same.
fn random(seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed >> 11).unwrap()
}

/// Opens what is there; it must be a store that works and survives, whatever that was.
fn opens(scratch: &Scratch, what: &str) -> (usize, Vec<String>) {
    let (store, mut said) = Store::open(&scratch.settings(), at(5000))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    store.write(&[opened(99_999)], at(5001));
    store.look_after(at(5002));
    assert_eq!(store.durability(), Durability::Durable, "{what}");
    let found = names(&store);
    let written = |name: &String| name == "incident-99999";
    assert!(found.iter().any(written), "{what}");
    let hidden = |one: &Incident| store.incident(&one.id, one.drill).is_none();
    let hidden = store.incidents(usize::MAX).into_iter().find(hidden);
    assert_eq!(hidden, None, "{what}: listed and not found");
    let _ = (store.slips(), store.steps("incident-00001", false));
    // Damage may be met only where it is.
    said.extend(store.said());
    drop(store);
    let (store, again) = Store::open(&scratch.settings(), at(5003)).unwrap();
    assert_eq!(again, [""; 0], "{what}: put right once and for all");
    assert!(store.incident("incident-99999", false).is_some(), "{what}");
    (found.len() - 1, said)
}

#[test]
fn whatever_bits_are_flipped_there_is_a_store_that_works() {
    let scratch = Scratch::quick();
    let sound = closed(&scratch, 400);
    let mut seed = 424_242;
    let mut aside = 0;
    let everywhere = (0..110)
        .chain((110..sound.len()).step_by(sound.len() / 70))
        .chain(std::iter::repeat_with(|| random(&mut seed) % sound.len()).take(70));
    for (round, at) in everywhere.enumerate() {
        let flip = if round % 2 == 0 { 0x01 } else { 0xFF };
        let mut bytes = sound.clone();
        bytes[at] ^= flip;
        let _ = fs::remove_dir_all(scratch.0.join("state"));
        fs::create_dir(scratch.0.join("state")).unwrap();
        fs::write(scratch.database(), &bytes).unwrap();
        let (saved, said) = opens(&scratch, &format!("octet {at} flipped by {flip}"));
        aside += usize::from(!said.is_empty());
        assert_eq!(said.is_empty(), scratch.aside().is_empty());
        assert!(
            saved >= 300,
            "octet {at} flipped by {flip}: {saved} of 400 incidents, which is less than all pages but \
             one; {said:?}"
        );
    }
    assert!(aside > 50, "{aside} were found damaged");
}

#[test]
fn an_index_that_disagrees_with_its_table_hides_nothing() {
    let scratch = Scratch::quick();
    let sound = closed(&scratch, 400);
    let name = b"incident-00200";
    let places = sound.windows(name.len()).enumerate();
    let places: Vec<usize> = places
        .filter(|(_, window)| window == name)
        .map(|(at, _)| at + name.len() - 1)
        .collect();
    assert!(places.len() >= 4, "two tables and an index of each");
    let mut aside = 0;
    for at in places {
        let mut bytes = sound.clone();
        bytes[at] = b'~';
        let _ = fs::remove_dir_all(scratch.0.join("state"));
        fs::create_dir(scratch.0.join("state")).unwrap();
        fs::write(scratch.database(), &bytes).unwrap();
        let (saved, said) = opens(&scratch, &format!("octet {at}"));
        assert_eq!(saved, 400);
        aside += usize::from(!said.is_empty());
    }
    assert!(aside >= 4, "{aside}");
}

#[test]
fn wherever_a_file_is_cut_or_overwritten_there_is_a_store_that_works() {
    let scratch = Scratch::quick();
    let sound = closed(&scratch, 400);
    let mut seed = 11;
    let cuts: Vec<usize> = (0..60)
        .map(|_| random(&mut seed) % sound.len())
        .chain([0, 1, 16, 99, 100, 101, 4095, 4096, 4097, sound.len() - 1])
        .collect();
    for cut in cuts {
        let mut overwritten = sound.clone();
        let end = (cut + 3000).min(sound.len());
        for octet in &mut overwritten[cut..end] {
            *octet = u8::try_from(random(&mut seed) & 0xFF).unwrap();
        }
        for (what, bytes) in [("cut", &sound[..cut]), ("overwritten", &overwritten[..])] {
            let _ = fs::remove_dir_all(scratch.0.join("state"));
            fs::create_dir(scratch.0.join("state")).unwrap();
            fs::write(scratch.database(), bytes).unwrap();
            opens(&scratch, &format!("{what} at {cut}"));
        }
    }
}

#[test]
fn a_torn_log_costs_no_more_than_what_was_in_it() {
    let scratch = Scratch::quick();
    let store = scratch.open();
    fill(&store, 100);
    let log = fs::read(scratch.0.join("state/state.sqlite-wal")).unwrap();
    let base = fs::read(scratch.database()).unwrap();
    assert!(log.len() > 100_000);
    drop(store);
    let mut seed = 3;
    let mut worst = 100;
    for round in 0..120 {
        let mut torn = log.clone();
        let place = random(&mut seed) % log.len();
        if round % 2 == 0 {
            torn.truncate(place);
        } else {
            torn[place] ^= 0x55;
        }
        let _ = fs::remove_dir_all(scratch.0.join("state"));
        fs::create_dir(scratch.0.join("state")).unwrap();
        fs::write(scratch.database(), &base).unwrap();
        fs::write(scratch.0.join("state/state.sqlite-wal"), &torn).unwrap();
        let (saved, said) = opens(&scratch, &format!("log torn at {place}"));
        assert_eq!(said, [""; 0], "the database below it is sound");
        worst = worst.min(saved);
    }
    assert!(worst < 100, "some were torn before the end");
}

#[test]
fn what_is_damaged_is_set_aside_and_what_can_be_read_is_saved() {
    let scratch = Scratch::quick();
    let sound = closed(&scratch, 400);
    // A page in the middle, its own header included.
    let page = sound.len() / 4096 / 2 * 4096;
    let file = OpenOptions::new()
        .write(true)
        .open(scratch.database())
        .unwrap();
    file.write_all_at(&[0xA5; 4096], page as u64).unwrap();
    let damaged = fs::read(scratch.database()).unwrap();
    let (store, said) = Store::open(&scratch.settings(), at(5000)).unwrap();
    let aside = scratch.aside();
    assert_eq!(aside.len(), 1, "{aside:?}");
    let name = aside[0].file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "state.sqlite.corrupt-20261118T123000Z");
    assert_eq!(fs::read(&aside[0]).unwrap(), damaged, "left as it is");
    assert_eq!(said.len(), 1);
    for part in ["was damaged", name, "rows were saved", "dmesg"] {
        assert!(said[0].contains(part), "{said:?}");
    }
    let saved = names(&store).len() + store.slips().len();
    assert!(
        saved >= 380,
        "{saved} of 440, but for what was in that page"
    );
    assert_eq!(store.figures().failures, 1);
}

#[test]
fn a_crash_while_a_damaged_database_is_saved_loses_nothing_of_it() {
    let scratch = Scratch::quick();
    let sound = closed(&scratch, 400);
    let page = sound.len() / 4096 / 2 * 4096;
    let file = OpenOptions::new()
        .write(true)
        .open(scratch.database())
        .unwrap();
    file.write_all_at(&[0xA5; 4096], page as u64).unwrap();
    let fresh = scratch.0.join("state/state.sqlite.new");
    // Before the damaged one has left.
    drop(disk::Disk::open(&fresh, at(1)).unwrap());
    {
        let held = fs::read(scratch.database()).unwrap();
        let (saved, said) = opens(&scratch, "before");
        assert!(saved >= 380, "{saved}");
        assert!(said[0].contains("rows were saved"), "{said:?}");
        assert!(!fresh.exists());
        fs::remove_dir_all(scratch.0.join("state")).unwrap();
        fs::create_dir(scratch.0.join("state")).unwrap();
        fs::write(scratch.database(), &held).unwrap();
    }
    // And in the middle of reading it.
    let mut half = disk::Disk::open(&fresh, at(1)).unwrap();
    crate::store::journal::write(&mut half.rows, &[opened(1)], at(1)).unwrap();
    drop(half);
    let aside = scratch
        .0
        .join("state/state.sqlite.corrupt-20261118T123000Z");
    fs::rename(scratch.database(), &aside).unwrap();
    let (saved, said) = opens(&scratch, "in the middle");
    assert!(saved >= 380, "{saved}");
    assert!(
        said[0].contains("we ended before all of it was saved"),
        "{said:?}"
    );
    assert!(!fresh.exists());
    assert_eq!(scratch.aside(), [aside]);
}

#[test]
fn damage_met_while_running_loses_nothing_of_this_session() {
    let scratch = Scratch::quick();
    closed(&scratch, 400);
    let store = scratch.open();
    store.write(&[opened(500), slip("mail", "x", Some("1"))], at(500));
    // Under the feet of the open database; what it has cached is soon not enough.
    let file = OpenOptions::new()
        .write(true)
        .open(scratch.database())
        .unwrap();
    let length = file.metadata().unwrap().len();
    for page in 1..length / 4096 {
        file.write_all_at(&[0xA5; 4096], page * 4096).unwrap();
    }
    {
        let state = store.state();
        let disk = state.disk.as_ref().unwrap();
        disk.rows.release_memory().unwrap();
    }
    let found = names(&store);
    assert!(found.contains(&"incident-00500".to_owned()));
    store.write(&[opened(501)], at(501));
    assert_eq!(store.durability(), Durability::Durable);
    let said = store.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("set aside"), "{said:?}");
    assert_eq!(names(&store).len(), 402, "memory had them all");
    drop(store);
    let store = scratch.open();
    assert_eq!(names(&store).len(), 402);
    assert_eq!(store.slips().len(), 41);
}

#[test]
fn no_more_than_four_are_kept_aside() {
    let scratch = Scratch::quick();
    drop(scratch.open());
    for _ in 0..7 {
        fs::write(
            scratch.database(),
            "not a database, and longer than nothing",
        )
        .unwrap();
        let (_store, said) = Store::open(&scratch.settings(), at(5000)).unwrap();
        assert_eq!(said.len(), 1);
    }
    assert_eq!(scratch.aside().len(), 4);
}

#[test]
fn a_database_of_a_later_version_is_refused_and_not_touched() {
    let scratch = Scratch::quick();
    closed(&scratch, 3);
    let later = [
        MIGRATIONS[0],
        "CREATE TABLE more (x ANY) STRICT",
        "DROP TABLE slip",
    ];
    {
        let mut rows = rusqlite::Connection::open(scratch.database()).unwrap();
        schema::bring_up(&mut rows, &later, at(1)).unwrap();
    }
    let before = fs::read(scratch.database()).unwrap();
    let error = Store::open(&scratch.settings(), at(2)).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Later {
                found: 3,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(fs::read(scratch.database()).unwrap(), before);
    let mut rows = rusqlite::Connection::open(scratch.database()).unwrap();
    schema::bring_up(&mut rows, &later, at(1)).unwrap();
}

#[test]
fn a_database_of_every_earlier_version_is_brought_up_all_at_once_or_not_at_all() {
    let versions = [
        MIGRATIONS[0],
        "ALTER TABLE incident ADD COLUMN note TEXT",
        "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (1)",
    ];
    for earlier in 0..=versions.len() {
        let mut rows = rusqlite::Connection::open_in_memory().unwrap();
        if earlier > 0 {
            schema::bring_up(&mut rows, &versions[..earlier], at(0)).unwrap();
            let sql = "INSERT INTO incident (id, drill, opened, event) VALUES ('a', 0, 1, '{}')";
            rows.execute_batch(sql).unwrap();
        }
        let failing = [&versions[..], &["CREATE TABLE yet (x); SELECT nonsense"]].concat();
        assert!(matches!(
            schema::bring_up(&mut rows, &failing, at(0)),
            Err(Trouble::Damaged(_))
        ));
        let version = |rows: &rusqlite::Connection| -> u32 {
            rows.query_row("PRAGMA user_version", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(version(&rows) as usize, earlier, "nothing of it happened");
        schema::bring_up(&mut rows, &versions, at(0)).unwrap();
        assert_eq!(version(&rows) as usize, versions.len());
        let count: u32 = rows
            .query_row(
                "SELECT count(note IS NULL) + (SELECT sum(x) FROM more) FROM incident",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(count, 1 + u32::from(earlier > 0));
    }
}

#[test]
fn one_bit_of_the_header_is_not_a_later_version() {
    let scratch = Scratch::quick();
    closed(&scratch, 3);
    let file = File::options()
        .write(true)
        .open(scratch.database())
        .unwrap();
    file.write_all_at(&[9], 63).unwrap();
    let (saved, said) = opens(&scratch, "version");
    assert_eq!((saved, said.len()), (3, 1));
}
