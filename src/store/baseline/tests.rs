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
