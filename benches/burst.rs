//! The leak of August 2017 on top of four full IPv4 tables: 160,000 new more-specifics
//! from each of one or four sessions, in UPDATEs of one and of five NLRI, at 20,000 a
//! second of event time. `opened` is the time from the first byte to the incident being
//! told, `absorbed` that to the last route. Tables are loaded anew each time, untimed.
//! `absorbed` is time on the processor, which the kernel accounts too coarsely for `opened`.
//!
//!     cargo bench --bench burst

#![allow(clippy::disallowed_methods, clippy::expect_used, missing_docs)]

mod worlds;

use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use leakwatch::{
    feed::replay::Replay,
    incident::{Output, report::Step},
};

const ROUTES: u32 = 160_000;

/// Time to the first incident and to the end of `leak`.
fn run(table: &[u8], leak: &[u8]) -> (Duration, Duration) {
    let mut replay = Replay::new(worlds::engine());
    worlds::feed(&mut replay, table.to_vec());
    // The twenty minutes between table and leak pass before the first byte comes.
    replay
        .engine
        .advance(worlds::beginning(leak), &mut Vec::new());
    let mut reader = worlds::reader(leak.to_vec());
    let (clock, start) = (Instant::now(), worlds::on_processor());
    let mut opened = None;
    let mut incidents = 0;
    let mut tell = |output| {
        if let Output::Incident(report) = output
            && report.event == Step::Opened
        {
            incidents += 1;
            opened.get_or_insert_with(|| clock.elapsed());
        }
    };
    replay.read(&mut reader, &mut tell, &mut || {});
    let absorbed = worlds::on_processor().saturating_sub(start);
    assert_eq!(incidents, 1, "one leak is one incident");
    (opened.expect("an incident"), absorbed)
}

fn bench(criterion: &mut Criterion) {
    let table = worlds::table(&worlds::recording(None, None), 4);
    let mut group = criterion.benchmark_group("burst");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(8));
    for (sessions, nlri) in [(1, 1), (1, 5), (4, 1), (4, 5)] {
        // Some of what leaks, a feed's own path keeps from it.
        let recording = worlds::recording(Some(ROUTES + ROUTES / 16), Some(nlri));
        let (leak, routes) = worlds::leak(&recording, sessions, ROUTES);
        let name = format!("{routes} routes, {sessions} sessions, {nlri} NLRI");
        group.throughput(Throughput::Elements(routes));
        group.bench_function(format!("{name}, absorbed"), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| run(&table, &leak).1).sum());
        });
        if sessions == 1 {
            group.bench_function(format!("{name}, opened"), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| run(&table, &leak).0).sum());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
