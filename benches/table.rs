//! Loading full IPv4 tables: uncompressed `TABLE_DUMP_V2` bytes in, live views out,
//! every detector on. Throughput is in routes, time
//! is that on the processor; the cost of one should not depend on
//! how many tables there are.
//!
//!     cargo bench --bench table

#![allow(clippy::expect_used, missing_docs)]

mod worlds;

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use leakwatch::feed::replay::Replay;

fn bench(criterion: &mut Criterion) {
    let recording = worlds::recording(None, None);
    let mut group = criterion.benchmark_group("table");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(15));
    for views in [1, 4, 16] {
        let table = worlds::table(&recording, views);
        let mut replay = Replay::new(worlds::engine());
        worlds::feed(&mut replay, table.clone());
        assert!(!replay.engine.is_warming());
        let routes = replay.tally.rib_entries;
        drop(replay);
        group.throughput(Throughput::Elements(routes));
        group.bench_function(format!("{views} views"), |bencher| {
            bencher.iter_custom(|times| {
                let load = |_| {
                    let mut replay = Replay::new(worlds::engine());
                    let bytes = table.clone();
                    let start = worlds::on_processor();
                    worlds::feed(&mut replay, bytes);
                    worlds::on_processor().saturating_sub(start)
                };
                (0..times).map(load).sum()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
