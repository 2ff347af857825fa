//! The store on a small file system that is really filled, and one that is made read-only.
//!
//! It takes a user who may mount: the test runs itself once more in a mount namespace of its own
//! (`unshare -m`), and is passed over, saying so, where that is not allowed.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use leakwatch::{
    bgp::Timestamp,
    store::{Durability, Incident, Settings, Store, Write},
};

/// Set where it runs in a namespace of its own, to an empty directory.
const PLACE: &str = "LEAKWATCH_TEST_MOUNT";

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_795_000_000 + seconds)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Runs the test of this name in a namespace in which it may mount.
fn elsewhere(name: &str) {
    let place = std::env::temp_dir().join(format!("leakwatch-{name}-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let may = run(Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "none"])
        .arg(&place));
    if let Err(why) = may {
        println!("passed over, since nothing can be mounted here: {why}");
    } else {
        let output = Command::new("unshare")
            .arg("-m")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(PLACE, &place)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        assert!(text.contains("1 passed"), "{text}");
    }
    fs::remove_dir_all(&place).unwrap();
}

/// File systems of 8 MiB: in memory, and on a loop device where there are some.
fn small(place: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut found = Vec::new();
    let memory = place.join("memory");
    fs::create_dir(&memory).unwrap();
    run(Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=8m", "none"])
        .arg(&memory))
    .unwrap();
    found.push(("tmpfs", memory));
    let (image, ext4) = (place.join("image"), place.join("ext4"));
    fs::create_dir(&ext4).unwrap();
    File::create(&image).unwrap().set_len(8 << 20).unwrap();
    let made = run(Command::new("mkfs.ext4")
        .args(["-q", "-m", "0"])
        .arg(&image))
    .and_then(|()| {
        run(Command::new("mount")
            .args(["-o", "loop"])
            .arg(&image)
            .arg(&ext4))
    });
    match made {
        Ok(()) => found.push(("ext4", ext4)),
        Err(why) => println!("not on ext4, since that cannot be mounted here: {why}"),
    }
    found
}

fn rows(number: u64) -> [Write; 3] {
    let incident = format!("incident-{number:05}");
    [
        Write::Incident(Incident {
            id: incident.clone(),
            drill: false,
            opened: at(number),
            resolved: None,
            event: "{}".repeat(5000),
        }),
        Write::Slip {
            sink: "mail".to_owned(),
            subject: incident.clone(),
            slip: Some("{}".to_owned()),
        },
        Write::Slice {
            incident,
            drill: false,
            mrt: vec![7; 10_000],
        },
    ]
}

fn all_there(store: &Store, count: u64) {
    assert_eq!(store.incidents(0).len() as u64, count);
    assert_eq!(store.slips().len() as u64, count);
    for number in 0..count {
        let slice = store.slice(&format!("incident-{number:05}"), false);
        assert_eq!(slice.map(|slice| slice.len()), Some(10_000), "{number}");
    }
}

fn is_degraded(store: &Store) -> bool {
    matches!(store.durability(), Durability::Degraded { .. })
}

fn settings(directory: PathBuf) -> Settings {
    Settings {
        directory: Some(directory),
        ..Settings::default()
    }
}

#[test]
fn a_disk_that_is_full_loses_nothing_and_has_all_of_it_once_there_is_room() {
    let Some(place) = std::env::var_os(PLACE) else {
        elsewhere("a_disk_that_is_full_loses_nothing_and_has_all_of_it_once_there_is_room");
        return;
    };
    for (kind, place) in small(Path::new(&place)) {
        let settings = settings(place.join("state"));
        let (store, said) = Store::open(&settings, at(0)).unwrap();
        assert_eq!(said, [""; 0]);
        for number in 0..20 {
            store.write(&rows(number), at(number));
        }
        assert_eq!(store.durability(), Durability::Durable);
        // Somebody else fills it to the last octet.
        let filler = place.join("filler");
        let mut file = File::create(&filler).unwrap();
        while file.write_all(&[0; 1024]).is_ok() {}
        drop(file);
        let mut count = 20;
        // The log may have some room of its own yet.
        while !is_degraded(&store) {
            store.write(&rows(count), at(count));
            count += 1;
            assert!(count < 500, "{kind} is full, and nobody noticed");
        }
        println!("{kind}: full after {count}: {:?}", store.durability());
        for _ in 0..20 {
            store.write(&rows(count), at(count));
            count += 1;
        }
        store.look_after(at(count));
        assert!(is_degraded(&store), "{kind}");
        all_there(&store, count);
        assert!(store.said()[0].starts_with("state is only in memory: the disk is full"));
        fs::remove_file(&filler).unwrap();
        store.look_after(at(count + 30));
        assert_eq!(store.durability(), Durability::Durable, "{kind}");
        assert!(store.said()[0].starts_with("state is on the disk again"));
        store.write(&rows(count), at(count));
        all_there(&store, count + 1);
        drop(store);
        let (store, said) = Store::open(&settings, at(count)).unwrap();
        assert_eq!(said, [""; 0], "{kind}");
        all_there(&store, count + 1);
    }
}

#[test]
fn a_disk_that_is_read_only_is_read_and_gone_without() {
    let Some(place) = std::env::var_os(PLACE) else {
        elsewhere("a_disk_that_is_read_only_is_read_and_gone_without");
        return;
    };
    for (kind, place) in small(Path::new(&place)) {
        let remount = |how: &str| {
            run(Command::new("mount")
                .args(["-o", &format!("remount,{how}")])
                .arg(&place))
            .unwrap();
        };
        let settings = settings(place.join("state"));
        let (store, _) = Store::open(&settings, at(0)).unwrap();
        for number in 0..5 {
            store.write(&rows(number), at(number));
        }
        drop(store);
        remount("ro");
        let (store, said) = Store::open(&settings, at(10)).unwrap();
        assert!(is_degraded(&store), "{kind}");
        assert_eq!(said.len(), 1, "{said:?}");
        println!("{kind}: {}", said[0]);
        all_there(&store, 5);
        store.write(&rows(5), at(11));
        all_there(&store, 6);
        // Told meanwhile: it must not come back with the disk.
        let told = Write::Slip {
            sink: "mail".to_owned(),
            subject: "incident-00000".to_owned(),
            slip: None,
        };
        store.write(&[told], at(12));
        store.look_after(at(40));
        assert!(is_degraded(&store), "{kind}");
        remount("rw");
        store.look_after(at(70));
        assert_eq!(store.durability(), Durability::Durable, "{kind}");
        drop(store);
        let (store, said) = Store::open(&settings, at(80)).unwrap();
        assert_eq!(said, [""; 0], "{kind}");
        assert_eq!(
            (store.incidents(0).len(), store.slips().len()),
            (6, 5),
            "{kind}"
        );
    }
}
