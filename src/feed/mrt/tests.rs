use std::{
    fs,
    io::Write,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::{
    FeedState, Settings,
    directory::{Directory, Step},
};
use crate::{
    bgp::{AsPath, Asn, Batch, EventKind, Nlri, Router, Timestamp},
    feed::clock::Clock,
    store::Store,
    wire::{
        Reason,
        encode::{self, PathAttributes, RibRecord, Session},
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// A directory that is gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("leakwatch-mrt-{}-{number}", std::process::id()));
        // An earlier process of our number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SESSION: Session = Session {
    peer_as: Asn(64510),
    local_as: Asn(64500),
    peer: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10)),
    local: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
};

fn attributes() -> Vec<u8> {
    let mut out = Vec::new();
    PathAttributes {
        path: AsPath::sequence(&[64510, 64496]),
        next_hop: Some(SESSION.peer),
        ..PathAttributes::default()
    }
    .write(&mut out);
    out
}

fn prefix(number: u32) -> Nlri<u32> {
    Nlri::new(0x0B00_0000 | number << 8, 24, 0)
}

/// An UPDATE that announces the prefix of this number.
fn announce(time: Timestamp, number: u32) -> Vec<u8> {
    let (mut out, mut nlri) = (Vec::new(), Vec::new());
    encode::nlri(&mut nlri, &prefix(number));
    encode::message(&mut out, time, &SESSION, |out| {
        encode::update(out, &[], &attributes(), &nlri);
    });
    out
}

/// A table of the prefixes of these numbers.
fn table(time: Timestamp, numbers: std::ops::Range<u32>) -> Vec<u8> {
    let mut out = Vec::new();
    encode::peer_index_table(&mut out, time, 1, &[(1, SESSION.peer, SESSION.peer_as)]);
    for number in numbers {
        let mut record = RibRecord::begin(&mut out, time, number, &prefix(number));
        record.entry(&mut out, 0, &attributes());
        record.finish(&mut out);
    }
    out
}

/// A directory under the hand of a clock.
struct Desk {
    scratch: Scratch,
    directory: Directory,
    follow: bool,
    began: Timestamp,
    now: Timestamp,
    /// What was handed on: seconds since the beginning, and what, by prefix number.
    told: Vec<(u64, String)>,
    /// Where it is kept how far it was read.
    store: Store,
}

impl Desk {
    fn new(follow: bool) -> Self {
        let scratch = Scratch::new();
        let settings = Settings {
            name: "rrc00".to_owned(),
            directory: scratch.0.clone(),
            follow,
            ..Settings::default()
        };
        let now = Clock::system().now();
        Desk {
            directory: Directory::new(settings, Router::Directory("rrc00")),
            scratch,
            follow,
            began: now,
            now,
            told: Vec::new(),
            store: Store::in_memory(),
        }
    }

    /// Ends and begins anew, so many seconds later, with the same files and the same store.
    fn restart(&mut self, store: &Store, seconds: u64) {
        let settings = Settings {
            name: "rrc00".to_owned(),
            directory: self.scratch.0.clone(),
            follow: self.follow,
            ..Settings::default()
        };
        let directory = Directory::new(settings, Router::Directory("rrc00"));
        self.directory = directory.begin_as_left(store);
        self.store = store.clone();
        self.now = self.now + SECOND * u32::try_from(seconds).unwrap();
        self.told.clear();
    }

    fn plain() -> Self {
        Desk::new(false)
    }

    fn following() -> Self {
        Desk::new(true)
    }

    /// So many seconds before the beginning.
    fn ago(&self, seconds: u64) -> Timestamp {
        Timestamp::from_micros(self.began.micros() - seconds * 1_000_000)
    }

    fn run(&mut self, seconds: u64) {
        let until = self.now + SECOND * u32::try_from(seconds).unwrap();
        while self.now < until {
            match self.directory.step(self.now, &mut Batch::default) {
                Step::Hand(batch) => {
                    self.tell(&batch);
                    let rows = self.directory.bookmark(self.now).map(|one| one.row());
                    self.store.write(rows.as_slice(), self.now);
                }
                Step::Wait(wait) => self.now = (self.now + wait).min(until),
            }
        }
    }

    fn tell(&mut self, batch: &Batch) {
        for event in &batch.events {
            assert_eq!(event.time, self.now, "stamped with our time");
            let peer = batch.peers[usize::from(event.peer)];
            assert_eq!(peer.router, Router::Directory("rrc00"));
            let of = |nlri: crate::bgp::Span| {
                let numbers = nlri.of(&batch.v4).iter().map(|one| one.addr >> 8 & 0xFFFF);
                numbers.map(|number| number.to_string()).collect::<Vec<_>>()
            };
            let what = match event.kind {
                EventKind::Announce { nlri, .. } => format!("news {}", of(nlri).join(" ")),
                EventKind::RibEntry { nlri, .. } => format!("table {}", of(nlri).join(" ")),
                EventKind::EndOfRib(_) => "complete".to_owned(),
                EventKind::PeerDown(_) => "down".to_owned(),
                other => format!("{other:?}"),
            };
            self.told.push((self.now.since(self.began).as_secs(), what));
        }
    }

    fn state(&self) -> &FeedState {
        self.directory.state()
    }

    fn words(&self) -> Vec<&str> {
        self.told.iter().map(|(_, what)| what.as_str()).collect()
    }

    /// Runs long enough for everything that lies there to be read.
    fn settle(&mut self) -> Vec<&str> {
        self.run(120);
        self.words()
    }
}

#[test]
fn what_lies_there_is_the_table_and_what_comes_is_news_at_its_own_speed() {
    let mut desk = Desk::plain();
    let mut old = announce(desk.ago(700), 1);
    old.extend(announce(desk.ago(400), 2));
    desk.scratch.write("2026.01/UPDATES/updates.1", &old);
    desk.scratch
        .write("2026.01/RIBS/rib.1", &table(desk.ago(500), 7..9));
    desk.scratch
        .write("2026.01/RIBS/rib.0", &table(desk.ago(5000), 5..6));
    desk.scratch
        .write("2026.01/UPDATES/updates.0", &announce(desk.ago(900), 9));
    assert_eq!(
        desk.settle(),
        ["table 7", "table 8", "table 1", "table 2", "complete"]
    );
    assert!(desk.state().caught_up && desk.state().has_table);
    let mut fresh = announce(desk.ago(300), 3);
    fresh.extend(announce(desk.ago(280), 4));
    fresh.extend(announce(desk.ago(275), 5));
    desk.scratch.write("2026.01/UPDATES/updates.2", &fresh);
    desk.told.clear();
    desk.run(120);
    assert_eq!(desk.words(), ["news 3", "news 4", "news 5"]);
    let apart: Vec<u64> = desk
        .told
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    assert_eq!(apart, [20, 5]);
    let state = desk.state();
    assert_eq!((state.files_read, state.peers), (3, 1));
    assert_eq!(state.last_record, Some(desk.ago(275)));
    assert!(
        (400.0..480.0).contains(&state.lag_seconds),
        "{}",
        state.lag_seconds
    );
    assert_eq!((state.files_passed.table, state.files_passed.late), (1, 1));
}

#[test]
fn a_file_is_read_once_it_is_complete_and_only_once() {
    let mut desk = Desk::plain();
    let path = desk
        .scratch
        .write(".updates.1.x7", &announce(desk.ago(60), 1));
    desk.scratch
        .write("updates.2.part", &announce(desk.ago(50), 2));
    desk.run(30);
    assert_eq!(desk.words(), [""; 0]);
    let name = desk.scratch.0.join("updates.1");
    fs::rename(path, &name).unwrap();
    desk.run(30);
    assert_eq!(desk.words(), ["news 1"]);
    // Renamed, touched, and compressed by a log rotation: still the same recording.
    fs::rename(&name, desk.scratch.0.join("updates.1.old")).unwrap();
    desk.run(30);
    let bytes = announce(desk.ago(60), 1);
    desk.scratch.write("updates.1.old", &bytes);
    desk.run(30);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    desk.scratch
        .write("updates.1.old.gz", &gz.finish().unwrap());
    assert_eq!(desk.settle(), ["news 1"]);
    assert_eq!(desk.state().files_passed.duplicate, 1);
    assert_eq!(desk.state().files_waiting, 0);
}

#[test]
fn what_is_appended_to_a_file_that_seemed_complete_is_read_too() {
    let mut desk = Desk::plain();
    let mut bytes = announce(desk.ago(60), 1);
    let second = announce(desk.ago(59), 2);
    bytes.extend(&second[..20]);
    let path = desk.scratch.write("updates", &bytes);
    assert_eq!(desk.settle(), ["news 1"]);
    assert_eq!(desk.state().files_damaged, 1);
    assert_eq!(desk.state().tally.count(Reason::MrtTruncated), 1);
    let mut file = fs::File::options().append(true).open(path).unwrap();
    file.write_all(&second[20..]).unwrap();
    assert_eq!(desk.settle(), ["news 1", "news 2"]);
}

#[test]
fn a_growing_file_is_followed_and_its_torn_end_awaited() {
    let mut desk = Desk::following();
    let (one, two) = (announce(desk.ago(9), 1), announce(desk.ago(8), 2));
    let path = desk.scratch.write("updates", &one);
    desk.run(3);
    assert_eq!(desk.words(), ["news 1"]);
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(&two[..15]).unwrap();
    desk.run(30);
    assert_eq!(desk.words(), ["news 1"]);
    file.write_all(&two[15..]).unwrap();
    desk.run(3);
    assert_eq!(desk.words(), ["news 1", "news 2"]);
    assert_eq!(desk.state().files_damaged, 0);
    // The router goes on with another file; the last of the old one is still read.
    fs::rename(&path, desk.scratch.0.join("updates.old")).unwrap();
    file.write_all(&announce(desk.ago(7), 3)).unwrap();
    file.write_all(&two[..15]).unwrap();
    desk.scratch.write("updates", &announce(desk.ago(2), 4));
    assert_eq!(desk.settle(), ["news 1", "news 2", "news 3", "news 4"]);
    assert_eq!(desk.state().files_damaged, 1, "torn for good");
    // And empties this one to begin anew.
    desk.scratch
        .write("updates", &announce(desk.ago(1), 5)[..50]);
    desk.run(5);
    desk.scratch.write("updates", &announce(desk.ago(1), 5));
    assert_eq!(desk.settle().last(), Some(&"news 5"));
}

#[test]
fn the_first_table_comes_late_and_the_updates_since_are_read_again() {
    let mut desk = Desk::plain();
    desk.scratch.write("updates.1", &announce(desk.ago(300), 1));
    assert_eq!(desk.settle(), ["news 1"]);
    desk.scratch.write("rib", &table(desk.ago(310), 7..8));
    desk.told.clear();
    assert_eq!(desk.settle(), ["table 7", "table 1", "complete"]);
}

#[test]
fn a_torn_table_is_not_taken_for_the_whole() {
    let mut desk = Desk::plain();
    let bytes = table(desk.ago(500), 0..100);
    let path = desk.scratch.write("rib", &bytes[..bytes.len() - 10]);
    desk.scratch.write("updates", &announce(desk.ago(400), 200));
    assert_eq!(desk.settle(), ["news 200"]);
    let state = desk.state();
    assert_eq!((state.files_damaged, state.files_passed.unreadable), (1, 1));
    assert!(!state.has_table);
    fs::write(path, &bytes).unwrap();
    desk.told.clear();
    let words = desk.settle();
    assert_eq!(
        (words.len(), words[100], words[101]),
        (102, "table 200", "complete")
    );
}

#[test]
fn what_comes_late_is_left_alone_and_what_was_missed_for_hours_is_a_table() {
    let mut desk = Desk::plain();
    desk.scratch.write("rib", &table(desk.ago(9000), 0..1));
    desk.scratch
        .write("updates.2", &announce(desk.ago(8900), 2));
    desk.settle();
    desk.scratch
        .write("updates.1", &announce(desk.ago(8950), 1));
    desk.settle();
    assert_eq!(desk.state().files_passed.late, 1);
    desk.told.clear();
    for (name, ago) in [("updates.3", 8000), ("updates.4", 4000), ("updates.5", 500)] {
        desk.scratch.write(name, &announce(desk.ago(ago), 3));
    }
    assert_eq!(desk.settle(), ["table 3", "table 3", "table 3", "complete"]);
}

#[test]
fn recordings_of_long_ago_are_left_alone() {
    let mut desk = Desk::plain();
    desk.scratch
        .write("updates.1", &announce(desk.ago(100_000), 1));
    desk.scratch.write("rib", &table(desk.ago(100_000), 1..2));
    assert_eq!(desk.settle(), [""; 0]);
    assert_eq!(desk.state().files_passed.backlog, 1);
    assert_eq!(desk.state().files_passed.table, 1);
}

#[test]
fn links_pipes_depths_and_what_cannot_be_read_stop_nobody() {
    let mut desk = Desk::plain();
    let root = desk.scratch.0.clone();
    let elsewhere = Scratch::new();
    let target = elsewhere.write("updates", &announce(desk.ago(60), 9));
    symlink(&target, root.join("link")).unwrap();
    symlink(&elsewhere.0, root.join("linked")).unwrap();
    symlink("..", root.join("up")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(root.join("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    desk.scratch
        .write("a/b/c/updates", &announce(desk.ago(60), 8));
    desk.scratch.write(
        "notes",
        b"these are not recordings, whatever they are called",
    );
    desk.scratch
        .write("future", &announce(desk.began + SECOND * 90_000, 7));
    desk.scratch.write("empty", b"");
    let mut torn = announce(desk.ago(60), 1);
    torn.extend(&announce(desk.ago(59), 2)[..30]);
    desk.scratch.write("updates.1", &torn);
    let mut garbage = announce(desk.ago(58), 3);
    garbage.extend([0xFF; 64]);
    desk.scratch.write("updates.2", &garbage);
    desk.scratch.write("updates.3", &announce(desk.ago(57), 4));
    desk.settle();
    assert_eq!(desk.words(), ["news 1", "news 3", "news 4"]);
    let state = desk.state();
    assert_eq!(state.files_passed.odd, 5, "{:?}", state.files_passed);
    assert_eq!(state.files_passed.unreadable, 1);
    assert_eq!(state.files_passed.future, 1);
    assert_eq!((state.files_read, state.files_damaged), (3, 2));
    assert_eq!(state.tally.count(Reason::MrtTruncated), 1);
    assert_eq!(state.tally.count(Reason::MrtHeader), 1);
}

#[test]
fn a_file_cut_short_or_renamed_while_it_is_read_is_said_and_others_go_on() {
    let mut desk = Desk::plain();
    desk.settle();
    // Two seconds apart, so that reading takes its time.
    let many = |from: u64, desk: &Desk| -> Vec<u8> {
        (0..5000_u32)
            .flat_map(|n| announce(desk.ago(from - u64::from(n / 100)), n % 200))
            .collect()
    };
    let first = desk.scratch.write("updates.1", &many(300, &desk));
    desk.run(12);
    assert!(desk.state().reading.is_some());
    fs::File::options()
        .write(true)
        .open(&first)
        .unwrap()
        .set_len(300_000)
        .unwrap();
    desk.settle();
    assert_eq!(desk.state().files_damaged, 1);
    let before = desk.told.len();
    let second = desk.scratch.write("updates.2", &many(200, &desk));
    desk.run(12);
    fs::rename(&second, desk.scratch.0.join("updates.2.moved")).unwrap();
    desk.settle();
    assert_eq!(desk.told.len() - before, 5000);
    assert_eq!(
        (desk.state().files_damaged, desk.state().files_read),
        (1, 2)
    );
}

#[test]
fn a_bomb_is_left_and_a_directory_that_goes_is_awaited() {
    let mut desk = Desk::plain();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&announce(desk.ago(60), 1)).unwrap();
    // A record of nothing, over and over.
    let nothing: Vec<u8> = [0, 0, 0, 0, 0, 16, 0, 4, 0, 1, 0, 0]
        .into_iter()
        .chain(std::iter::repeat_n(0, 1 << 16))
        .collect();
    for _ in 0..1500 {
        gz.write_all(&nothing).unwrap();
    }
    desk.scratch.write("updates.gz", &gz.finish().unwrap());
    desk.settle();
    assert_eq!(desk.state().tally.count(Reason::MrtBomb), 1);
    assert_eq!(desk.state().files_damaged, 1);
    let away = desk.scratch.0.with_extension("away");
    fs::rename(&desk.scratch.0, &away).unwrap();
    desk.run(20);
    assert!(!desk.state().reachable);
    fs::rename(&away, &desk.scratch.0).unwrap();
    desk.scratch.write("updates.2", &announce(desk.ago(30), 2));
    assert_eq!(desk.settle().last(), Some(&"news 2"));
    assert!(desk.state().reachable);
}

#[test]
fn peers_of_a_directory_that_is_left_are_not_watched_any_more() {
    let mut desk = Desk::plain();
    desk.scratch.write("rib", &table(desk.ago(500), 0..3));
    desk.settle();
    let batch = desk.directory.leave(desk.now);
    desk.tell(&batch);
    assert_eq!(desk.words().last(), Some(&"down"));
}

#[test]
fn after_a_restart_news_begins_where_it_ended() {
    let store = Store::in_memory();
    let mut desk = Desk::plain();
    desk.restart(&store, 0);
    desk.scratch.write("rib", &table(desk.ago(900), 7..9));
    desk.settle();
    desk.scratch.write("updates.1", &announce(desk.ago(800), 1));
    desk.settle();
    assert_eq!(desk.words(), ["table 7", "table 8", "complete", "news 1"]);
    // It comes while we are away; the other is renamed and touched.
    desk.scratch.write("updates.2", &announce(desk.ago(700), 2));
    fs::rename(
        desk.scratch.0.join("updates.1"),
        desk.scratch.0.join("updates.1.old"),
    )
    .unwrap();
    desk.scratch
        .write("updates.1.old", &announce(desk.ago(800), 1));
    desk.restart(&store, 60);
    assert_eq!(
        desk.settle(),
        ["table 7", "table 8", "table 1", "complete", "news 2"]
    );
    assert!(desk.state().caught_up);
    desk.restart(&store, 60);
    assert_eq!(
        desk.settle(),
        ["table 7", "table 8", "table 1", "table 2", "complete"]
    );
    // What a store that knows nothing makes of it.
    desk.restart(&Store::in_memory(), 60);
    assert_eq!(desk.settle().last(), Some(&"complete"));
}

#[test]
fn after_a_restart_a_growing_file_is_news_from_where_it_was_left() {
    let store = Store::in_memory();
    let mut desk = Desk::following();
    desk.restart(&store, 0);
    desk.scratch.write("rib", &table(desk.ago(900), 7..8));
    desk.settle();
    let path = desk.scratch.write("updates", &announce(desk.ago(300), 1));
    desk.run(30);
    assert_eq!(desk.words(), ["table 7", "complete", "news 1"]);
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(&announce(desk.ago(200), 2)).unwrap();
    desk.restart(&store, 5);
    desk.run(30);
    assert_eq!(desk.words(), ["table 7", "table 1", "complete", "news 2"]);
    file.write_all(&announce(desk.ago(190), 3)).unwrap();
    desk.run(30);
    assert_eq!(desk.words().last(), Some(&"news 3"));
}

#[test]
fn a_table_recorded_while_we_were_away_is_the_beginning_and_hours_away_are_all_table() {
    let store = Store::in_memory();
    let mut desk = Desk::plain();
    desk.restart(&store, 0);
    desk.scratch.write("rib.1", &table(desk.ago(9000), 1..2));
    desk.scratch
        .write("updates.1", &announce(desk.ago(8900), 2));
    desk.settle();
    desk.scratch.write("rib.2", &table(desk.ago(8000), 3..4));
    // Half of it is in the table.
    let mut bytes = announce(desk.ago(8010), 4);
    bytes.extend(announce(desk.ago(7900), 5));
    desk.scratch.write("updates.2", &bytes);
    desk.restart(&store, 60);
    assert_eq!(desk.settle(), ["table 3", "table 4", "complete", "news 5"]);
    desk.scratch.write("updates.3", &announce(desk.ago(600), 6));
    desk.restart(&store, 60);
    assert_eq!(
        desk.settle(),
        ["table 3", "table 4", "table 5", "table 6", "complete"],
        "what was missed for hours is a table"
    );
}

#[test]
fn what_is_handed_on_says_how_far_it_was_read() {
    let store = Store::in_memory();
    let mut desk = Desk::plain();
    desk.restart(&store, 0);
    let bytes: Vec<u8> = (0..60_u32)
        .flat_map(|second| announce(desk.ago(300 - u64::from(second)), second))
        .collect();
    desk.scratch.write("updates", &bytes);
    assert_eq!(desk.directory.bookmark(desk.now), None);
    desk.settle();
    let last = desk.state().last_record.unwrap();
    let document = store.document("mrt", "rrc00").unwrap();
    assert_eq!(document, format!("{{\"read_until\":\"{last}\"}}"));
    // What is the table after a restart is further back.
    desk.restart(&store, 5);
    let rows = store.figures().rows_written;
    desk.settle();
    assert_eq!(store.figures().rows_written, rows);
    assert_eq!(desk.directory.bookmark(desk.now), None);
}

#[test]
fn names_are_shown_with_what_does_not_show_escaped() {
    let name = Path::new("updates\n\u{1b}[31m");
    assert_eq!(
        super::shelf::shown(name).to_string(),
        "updates\\u{a}\\u{1b}[31m"
    );
}
