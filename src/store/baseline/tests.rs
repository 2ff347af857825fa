use std::io::{Seek, SeekFrom, Write};

use super::*;

/// A directory of a test's own, gone after it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let name = format!("leakwatch-baseline-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn open(directory: &Path) -> Baseline {
    let (baseline, said) = Baseline::open(directory).unwrap();
    assert_eq!(said, None);
    baseline
}

fn write(baseline: &mut Baseline, pages: &[&[u8]]) {
    for page in pages {
        baseline.write_page(page).unwrap();
    }
}

fn pages(baseline: &mut Baseline) -> Option<(Timestamp, Vec<Vec<u8>>)> {
    let read = baseline.read().unwrap()?;
    Some((read.time, read.pages))
}

#[test]
fn a_generation_is_there_when_it_is_whole_and_not_before() {
    let directory = Directory::new("whole");
    let mut baseline = open(&directory.0);
    assert_eq!(pages(&mut baseline), None);
    write(&mut baseline, &[b"one", b"two"]);
    assert_eq!(pages(&mut baseline), None);
    baseline.finish_generation(at(1)).unwrap();
    let first = Some((at(1), vec![b"one".to_vec(), b"two".to_vec()]));
    assert_eq!(pages(&mut baseline), first);
    // Killed in the middle of the next.
    write(&mut baseline, &[b"three"]);
    drop(baseline);
    let mut baseline = open(&directory.0);
    assert_eq!(pages(&mut baseline), first);
    write(&mut baseline, &[b"four"]);
    baseline.finish_generation(at(2)).unwrap();
    assert_eq!(pages(&mut baseline), Some((at(2), vec![b"four".to_vec()])));
    let left: i64 = baseline
        .connection
        .query_row("SELECT count(*) FROM page", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 1, "the old ones are dropped");
}

#[test]
fn nothing_written_is_no_generation() {
    let directory = Directory::new("nothing");
    let mut baseline = open(&directory.0);
    write(&mut baseline, &[b"one"]);
    baseline.finish_generation(at(1)).unwrap();
    baseline.finish_generation(at(2)).unwrap();
    write(&mut baseline, &[b"two"]);
    baseline.abandon();
    baseline.finish_generation(at(3)).unwrap();
    assert_eq!(pages(&mut baseline), Some((at(1), vec![b"one".to_vec()])));
}

#[test]
fn what_is_no_database_is_set_aside_and_begun_anew() {
    let directory = Directory::new("other");
    let file = directory.0.join(FILE);
    for content in [&b"something else altogether"[..], &[0; 5000]] {
        fs::write(&file, content).unwrap();
        let (mut baseline, said) = Baseline::open(&directory.0).unwrap();
        let said = said.unwrap().to_string();
        assert!(said.contains("set aside as"), "{said}");
        assert!(directory.0.join("baseline.sqlite.damaged").exists());
        write(&mut baseline, &[b"one"]);
        baseline.finish_generation(at(1)).unwrap();
        assert!(pages(&mut baseline).is_some());
    }
}

#[test]
fn wherever_it_is_overwritten_it_is_read_set_aside_or_refused() {
    let directory = Directory::new("overwritten");
    let file = directory.0.join(FILE);
    let big: Vec<u8> = (0..40_000_u32).map(|nth| nth as u8).collect();
    let mut aside = 0;
    for place in 0..24_u64 {
        let mut baseline = open(&directory.0);
        write(&mut baseline, &[&big, &big]);
        baseline.finish_generation(at(place)).unwrap();
        drop(baseline);
        let len = fs::metadata(&file).unwrap().len();
        let mut opened = fs::OpenOptions::new().write(true).open(&file).unwrap();
        opened.seek(SeekFrom::Start(len * place / 24)).unwrap();
        opened.write_all(&[0xA5; 300]).unwrap();
        drop(opened);
        let (mut baseline, said) = Baseline::open(&directory.0).unwrap();
        aside += u32::from(said.is_some());
        // Octets of a page may be others; whoever wrote them has a sum over them.
        if baseline.read().is_err() {
            aside += 1;
            assert_eq!(baseline.read(), Ok(None));
        }
        write(&mut baseline, &[b"one"]);
        baseline.finish_generation(at(100)).unwrap();
    }
    assert!(aside > 0);
}

#[test]
fn a_directory_that_is_none_is_refused_with_its_name() {
    let error = Baseline::open(Path::new("/nonexistent/leakwatch")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/nonexistent/leakwatch/baseline.sqlite")
    );
}

/// Lets the file grow no further, as a full disk does; with none it may again.
fn limit(baseline: &Baseline, more: Option<u32>) {
    let pages: u32 = baseline
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    let most = more.map_or(u32::MAX - 1, |more| pages + more);
    let set = format!("PRAGMA max_page_count = {most}");
    let _: u32 = baseline
        .connection
        .query_row(&set, [], |row| row.get(0))
        .unwrap();
}

#[test]
fn one_page_that_cannot_be_written_costs_its_generation_and_not_the_one_before() {
    let directory = Directory::new("page");
    let mut baseline = open(&directory.0);
    write(&mut baseline, &[b"one", b"two"]);
    baseline.finish_generation(at(1)).unwrap();
    write(&mut baseline, &[b"three"]);
    limit(&baseline, Some(1));
    assert!(baseline.write_page(&vec![7; 50_000]).is_err());
    limit(&baseline, None);
    write(&mut baseline, &[b"five", b"six"]);
    baseline.finish_generation(at(2)).unwrap();
    let first = Some((at(1), vec![b"one".to_vec(), b"two".to_vec()]));
    assert_eq!(pages(&mut baseline), first);
    drop(baseline);
    let mut baseline = open(&directory.0);
    assert_eq!(pages(&mut baseline), first);
    write(&mut baseline, &[b"next"]);
    baseline.finish_generation(at(3)).unwrap();
    assert_eq!(pages(&mut baseline), Some((at(3), vec![b"next".to_vec()])));
}

#[test]
fn a_full_disk_hides_nothing_that_was_learned_and_is_tried_again() {
    let directory = Directory::new("full");
    let mut baseline = open(&directory.0);
    write(&mut baseline, &[b"one"]);
    baseline.finish_generation(at(1)).unwrap();
    let before = fs::metadata(directory.0.join(FILE)).unwrap().modified();
    drop(baseline);
    let mut baseline = open(&directory.0);
    let after = fs::metadata(directory.0.join(FILE)).unwrap().modified();
    assert_eq!(before.unwrap(), after.unwrap(), "opening writes nothing");
    let first = Some((at(1), vec![b"one".to_vec()]));
    assert_eq!(pages(&mut baseline), first);
    limit(&baseline, Some(0));
    assert!(baseline.write_page(&vec![7; 50_000]).is_err());
    baseline.finish_generation(at(2)).unwrap();
    assert_eq!(pages(&mut baseline), first);
    // The limit is the connection's: there is room in the file opened anew.
    write(&mut baseline, &[&vec![8; 50_000]]);
    baseline.finish_generation(at(3)).unwrap();
    assert_eq!(pages(&mut baseline), Some((at(3), vec![vec![8; 50_000]])));
}

#[test]
fn what_can_only_be_read_is_read_and_written_once_it_can_be() {
    let directory = Directory::new("read-only");
    let mut baseline = open(&directory.0);
    write(&mut baseline, &[b"one"]);
    baseline.finish_generation(at(1)).unwrap();
    let file = directory.0.join(FILE);
    // As SQLite opens a file on a disk that cannot be written.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    baseline.connection = Connection::open_with_flags(&file, flags).unwrap();
    let first = Some((at(1), vec![b"one".to_vec()]));
    assert_eq!(pages(&mut baseline), first);
    assert!(baseline.write_page(b"two").is_err());
    write(&mut baseline, &[b"three"]);
    baseline.finish_generation(at(2)).unwrap();
    assert_eq!(pages(&mut baseline), first);
    write(&mut baseline, &[b"four"]);
    baseline.finish_generation(at(3)).unwrap();
    assert_eq!(pages(&mut baseline), Some((at(3), vec![b"four".to_vec()])));
}
