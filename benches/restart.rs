//! What a restart costs: the pages of a baseline of a full table of both families, written
//! and learned, and an incident of 160,000 routes, kept and taken up. By the clock: on a busy
//! machine the longest page says little.
//!
//!     cargo bench --bench restart

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod worlds;

use std::time::{Duration, Instant};

use leakwatch::{
    drill::{self, Options},
    engine::Engine,
    feed::replay::Replay,
};

const ROUTES: u32 = 160_000;

fn main() {
    let quiet = drill::find("quiet-churn").expect("a drill");
    let table = drill::play(quiet, &Options::default()).rib;
    let mut replay = Replay::new(worlds::engine());
    worlds::feed(&mut replay, table);
    baseline(&replay.engine);

    let recording = worlds::recording(Some(ROUTES + ROUTES / 16), Some(5));
    let mut replay = Replay::new(worlds::engine());
    worlds::feed(&mut replay, recording.rib.clone());
    let (leak, routes) = worlds::leak(&recording, 1, ROUTES);
    worlds::feed(&mut replay, leak);
    incident(&mut replay.engine, routes);
}

fn baseline(engine: &Engine) {
    let (v4, v6) = engine.rib().prefixes();
    let mut writing = engine.begin_baseline();
    let (mut pages, mut longest, mut all) = (Vec::new(), Duration::ZERO, Duration::ZERO);
    loop {
        let start = Instant::now();
        let page = engine.baseline(&mut writing);
        let took = start.elapsed();
        (longest, all) = (longest.max(took), all + took);
        let Some(page) = page else { break };
        pages.push(page);
    }
    let octets: usize = pages.iter().map(Vec::len).sum();
    println!(
        "baseline of {v4} + {v6} prefixes: {} pages, {octets} octets, written in {all:?}, the \
         longest page in {longest:?}",
        pages.len()
    );
    let mut next = worlds::engine();
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    for page in &pages {
        let begin = Instant::now();
        next.learn(page).expect("a page as it was written");
        longest = longest.max(begin.elapsed());
    }
    println!(
        "learned in {:?}, the longest page in {longest:?}",
        start.elapsed()
    );
}

fn incident(engine: &mut Engine, routes: u64) {
    let mut kept = Vec::new();
    let start = Instant::now();
    engine.keep(&mut kept);
    let took = start.elapsed();
    let octets: Vec<usize> = kept.iter().map(|one| one.state.len()).collect();
    println!("an incident of {routes} routes: {octets:?} octets, kept in {took:?}");
    let kept: Vec<(String, Vec<u8>)> = kept.into_iter().map(|one| (one.id, one.state)).collect();
    let start = Instant::now();
    let refused = worlds::engine().restore(&kept);
    println!(
        "taken up in {:?}, {} refused",
        start.elapsed(),
        refused.len()
    );
}
