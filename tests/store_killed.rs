//! What the store has said is written is there after `kill -9`, at whatever moment.
//!
//! The test runs itself once more as the process that is killed.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use leakwatch::{
    bgp::Timestamp,
    store::{Durability, Incident, OpenError, Settings, Store, Write},
};

/// Where the process that is killed writes.
const DIRECTORY: &str = "LEAKWATCH_TEST_STORE";
const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn open(directory: &Path) -> Result<(Store, Vec<String>), OpenError> {
    let settings = Settings {
        directory: Some(directory.to_owned()),
        ..Settings::default()
    };
    Store::open(&settings, NOW)
}

fn id(number: u32) -> String {
    format!("incident-{number:06}")
}

/// An incident, a step and a slip of one number, which are there together or not at all.
fn rows(number: u32) -> [Write; 4] {
    let incident = id(number);
    [
        Write::Incident(Incident {
            id: incident.clone(),
            drill: false,
            opened: NOW,
            resolved: None,
            event: "{}".repeat(200),
        }),
        Write::Step {
            incident: incident.clone(),
            drill: false,
            number: 1,
            time: NOW,
            event: "{}".to_owned(),
        },
        Write::Slip {
            sink: "mail".to_owned(),
            subject: incident.clone(),
            slip: Some("{}".to_owned()),
        },
        // What was told of the one before.
        Write::Slip {
            sink: "mail".to_owned(),
            subject: id(number.wrapping_sub(1)),
            slip: None,
        },
    ]
}

#[test]
#[ignore = "the process that the other test starts and kills"]
fn the_process_that_is_killed() {
    let directory = std::env::var_os(DIRECTORY).unwrap();
    let (store, _) = open(&PathBuf::from(directory)).unwrap();
    let mut out = std::io::stdout();
    for number in store.incidents(0).len().. {
        let number = u32::try_from(number).unwrap();
        store.write(&rows(number), NOW);
        writeln!(out, "\nwritten {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_said_to_be_written_is_there_after_kill_9() {
    let scratch = std::env::temp_dir().join(format!("leakwatch-killed-{}", std::process::id()));
    let _ = fs::remove_dir_all(&scratch);
    let directory = scratch.join("state");
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut all = 0;
    for round in 0..25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "the_process_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, &directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // It is at work; then at some moment within the next writes.
        let first = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("written")));
        assert!(first.is_some(), "round {round}: nothing was written");
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        thread::sleep(Duration::from_micros(seed % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = first
            .into_iter()
            .chain(lines)
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("written ")?.parse::<u32>().ok())
            .last()
            .unwrap();
        let (store, said) = open(&directory).unwrap();
        assert_eq!(said, [""; 0], "round {round}: sound, and ours at once");
        assert_eq!(store.durability(), Durability::Durable);
        let found = store.incidents(0);
        let names: Vec<String> = (0..u32::try_from(found.len()).unwrap()).map(id).collect();
        assert!(found.iter().map(|one| &one.id).eq(&names), "without a gap");
        let count = u32::try_from(found.len()).unwrap();
        assert!(
            (last + 1..=last + 2).contains(&count),
            "round {round}: {last} was said to be written, and there are {count}"
        );
        assert_eq!(store.steps(&id(count - 1), false).len(), 1);
        let slips: Vec<String> = store.slips().into_iter().map(|slip| slip.1).collect();
        assert_eq!(slips, [id(count - 1)], "of one write all or nothing");
        all = count;
    }
    assert!(all > 25, "{all} written in all");
    fs::remove_dir_all(&scratch).unwrap();
}
