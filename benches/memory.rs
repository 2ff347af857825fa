//! Resident memory for each route at 1, 4 and 16 full IPv4 tables: rows, paths, history,
//! counts and the program itself. Not timed. Each number of tables has a process of its
//! own, which reads them from a file in the temporary directory.
//!
//!     cargo bench --bench memory

#![allow(clippy::expect_used, missing_docs)]

mod worlds;

use std::{env, fs, path::Path, process::Command};

use leakwatch::{
    feed::replay::Replay,
    wire::mrt::{Input, MrtReader},
};

fn main() {
    match env::var_os("LEAKWATCH_BENCH_TABLE") {
        Some(table) => measure(Path::new(&table)),
        None => each(),
    }
}

fn each() {
    let recording = worlds::recording(None, None);
    let this = env::current_exe().expect("this program");
    for views in [1, 4, 16] {
        let path = env::temp_dir().join(format!("leakwatch-bench-{}-{views}", std::process::id()));
        fs::write(&path, worlds::table(&recording, views)).expect("room for a table");
        let status = Command::new(&this)
            .env("LEAKWATCH_BENCH_TABLE", &path)
            .status();
        fs::remove_file(&path).expect("the table just written");
        assert!(status.is_ok_and(|status| status.success()));
    }
}

fn measure(table: &Path) {
    let mut replay = Replay::new(worlds::engine());
    let mut reader = MrtReader::new(Input::open(table).expect("the table just written"));
    replay.read(&mut reader, &mut |_| (), &mut || {});
    let rib = replay.engine.rib();
    let (routes, bytes) = (replay.tally.rib_entries, worlds::resident());
    println!(
        "{:2} views, {routes} routes, {} paths: {:.1} resident bytes per route ({:.1} in table, columns, paths and edges)",
        rib.views().count(),
        rib.paths.len(),
        bytes as f64 / routes as f64,
        rib.memory() as f64 / routes as f64,
    );
}
