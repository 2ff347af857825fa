//! The real churn of a real table between the last baseline and the table after a restart:
//! an hour of it is no news, and a leak in the middle of it is.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{io::Cursor, path::Path, time::Duration};

use leakwatch::{
    bgp::{Afi, Attributes, Batch, Event, EventKind, Span, Timestamp},
    config::Config,
    drill::{self, Options, Recording, Vantage},
    engine::Engine,
    incident::{Output, Severity, Step},
    wire::mrt::{Input, MrtReader, Status},
};

fn engine(recording: &Recording) -> Engine {
    let config = Config::parse(&recording.config, Path::new(".")).unwrap();
    Engine::new(config.reference, config.detect, config.incident)
}

/// Feeds a recording until `end`.
fn feed(engine: &mut Engine, bytes: &[u8], end: Timestamp) -> Vec<Output> {
    let input = Input::from_reader(Path::new("drill"), Cursor::new(bytes.to_vec()), None);
    let mut reader = MrtReader::new(input.unwrap());
    let (mut batch, mut out) = (Batch::default(), Vec::new());
    loop {
        batch.clear();
        let status = reader.read_batch(&mut batch);
        batch.events.retain(|event| event.time <= end);
        engine.apply(&batch, &mut out);
        if status == Status::End || engine.now() >= end {
            return out;
        }
    }
}

/// The table of every peer, as it sends it in a new session at `time`.
fn tables(engine: &Engine, time: Timestamp) -> Vec<Batch> {
    let mut batches = Vec::new();
    let rib = engine.rib();
    for (view, key) in rib.views() {
        let mut batch = Batch::default();
        let peer = batch.peer_index(&key.peer).unwrap();
        let event = |kind| Event {
            time,
            peer,
            rib: key.rib,
            kind,
            raw: Span::default(),
        };
        batch.events.push(event(EventKind::PeerUp));
        let column = rib.column(view).unwrap();
        for row in column.rows() {
            let path = column.get(row).path();
            let attributes = Attributes {
                path: batch.push_path(rib.paths.path(path).words),
                segmented: rib.paths.path(path).segmented,
                ..Attributes::default()
            };
            let nlri = match key.afi {
                Afi::Ipv4 => batch.push_v4(rib.table::<u32>().nlri(row)),
                Afi::Ipv6 => batch.push_v6(rib.table::<u128>().nlri(row)),
            };
            batch.events.push(event(EventKind::Announce {
                afi: key.afi,
                attributes,
                nlri,
            }));
        }
        batch.events.push(event(EventKind::EndOfRib(key.afi)));
        batches.push(batch);
    }
    batches
}

/// What is said after a restart between `from` and `to` of a recording.
fn restart(recording: &Recording, from: Timestamp, to: Timestamp) -> Vec<Output> {
    let mut before = engine(recording);
    feed(&mut before, &recording.rib, to);
    feed(&mut before, &recording.updates, from);
    let mut after = engine(recording);
    let mut writing = before.begin_baseline();
    while let Some(page) = before.baseline(&mut writing) {
        assert_eq!(after.learn(&page), Ok(()));
    }
    feed_rest(&mut before, recording, from, to);
    let mut out = Vec::new();
    for batch in tables(&before, to) {
        after.apply(&batch, &mut out);
    }
    for second in 1..=120 {
        after.advance(to + Duration::from_secs(second), &mut out);
    }
    assert_eq!(after.rib().prefixes(), before.rib().prefixes());
    out
}

fn feed_rest(engine: &mut Engine, recording: &Recording, from: Timestamp, to: Timestamp) {
    let input = Input::from_reader(
        Path::new("drill"),
        Cursor::new(recording.updates.clone()),
        None,
    );
    let mut reader = MrtReader::new(input.unwrap());
    let (mut batch, mut out) = (Batch::default(), Vec::new());
    loop {
        batch.clear();
        let status = reader.read_batch(&mut batch);
        batch
            .events
            .retain(|event| event.time > from && event.time <= to);
        engine.apply(&batch, &mut out);
        if status == Status::End {
            return;
        }
    }
}

fn incidents(out: &[Output]) -> Vec<String> {
    let of = |output: &Output| match output {
        Output::Incident(event) => Some(format!(
            "{:?} {} {} {}",
            event.event,
            event.severity.name(),
            event.id,
            event.summary
        )),
        Output::Standing(_) => None,
    };
    out.iter().filter_map(of).collect()
}

fn beginning(recording: &Recording) -> Timestamp {
    let mut engine = engine(recording);
    feed(
        &mut engine,
        &recording.rib,
        Timestamp::from_secs(u64::from(u32::MAX)),
    );
    engine.now()
}

fn churn(options: &Options, hours: &[u64]) {
    let recording = drill::play(drill::find("quiet-churn").unwrap(), options);
    let start = beginning(&recording);
    for &hour in hours {
        let from = start + Duration::from_secs(60 + hour * 3600);
        let out = restart(&recording, from, from + Duration::from_secs(3600));
        assert_eq!(incidents(&out), Vec::<String>::new(), "hour {hour}");
    }
}

#[test]
fn an_hour_of_real_churn_is_no_news() {
    let options = Options {
        vantage: Vantage::Collector,
        table: Some(100_000),
        ..Options::default()
    };
    churn(&options, &[2]);
}

/// The same on the table as it is: a minute in a build that is not optimised.
#[test]
#[ignore = "it takes minutes where nothing is optimised"]
fn an_hour_of_real_churn_is_no_news_on_a_full_table() {
    for vantage in [Vantage::Border, Vantage::Collector] {
        let options = Options {
            vantage,
            ..Options::default()
        };
        churn(&options, &[0, 2, 4]);
    }
}

#[test]
fn a_leak_amid_the_churn_is_one_incident_that_pages() {
    for (name, vantage) in [
        ("google-2017", Vantage::Border),
        ("indosat-2014", Vantage::Border),
        ("telekom-malaysia-2015", Vantage::Border),
    ] {
        let options = Options {
            vantage,
            table: Some(100_000),
            routes: Some(3_000),
            ..Options::default()
        };
        let recording = drill::play(drill::find(name).unwrap(), &options);
        let truth = recording.truth.incidents[0];
        let from = beginning(&recording) + Duration::from_secs(60);
        let out = restart(&recording, from, truth.last);
        let paged: Vec<_> = out
            .iter()
            .filter_map(|output| match output {
                Output::Incident(event) if event.severity == Severity::Critical => Some(event),
                _ => None,
            })
            .filter(|event| event.event == Step::Opened)
            .collect();
        assert_eq!(paged.len(), 1, "{name} {:?}", incidents(&out));
        assert_eq!(paged[0].offender, Some(truth.offender), "{name}");
    }
}
