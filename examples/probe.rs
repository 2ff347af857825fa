use leakwatch::{
    config::Config,
    drill,
    engine::Engine,
    feed::replay::Replay,
    incident::Output,
    wire::mrt::{Input, MrtReader},
};
use std::{
    io::Cursor,
    path::Path,
    time::{Duration, Instant},
};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let names: Vec<&str> = if args.len() > 1 && args[1] != "all" {
        vec![args[1].as_str()]
    } else {
        drill::all().iter().map(|d| d.name).collect()
    };
    let vantages: Vec<drill::Vantage> = match args.get(2).map(String::as_str) {
        Some("c") => vec![drill::Vantage::Collector],
        Some("b") => vec![drill::Vantage::Border],
        _ => vec![drill::Vantage::Border, drill::Vantage::Collector],
    };
    let verbose = args.get(3).is_some();
    for name in names {
        for &vantage in &vantages {
            let d = drill::find(name).unwrap();
            let t = Instant::now();
            let rec = drill::play(
                d,
                &drill::Options {
                    vantage,
                    ..Default::default()
                },
            );
            let gen_time = t.elapsed();
            let config = match Config::parse(&rec.config, Path::new(".")) {
                Ok(c) => c,
                Err(e) => {
                    println!("config: {e}");
                    Config::default()
                }
            };
            let engine = Engine::new(config.reference, config.detect, config.incident);
            let mut replay = Replay::new(engine);
            let mut events = Vec::new();
            let t = Instant::now();
            let mut r = MrtReader::new(
                Input::from_reader(Path::new("rib"), Cursor::new(rec.rib), None).unwrap(),
            );
            replay.read(&mut r, &mut |o| events.push(o), &mut || {});
            let rib_time = t.elapsed();
            let bytes = replay.engine.rib().memory();
            let entries = replay.tally.rib_entries;
            let t = Instant::now();
            let mut r = MrtReader::new(
                Input::from_reader(Path::new("upd"), Cursor::new(rec.updates), None).unwrap(),
            );
            replay.read(&mut r, &mut |o| events.push(o), &mut || {});
            let up_time = t.elapsed();
            replay.run_on(Duration::from_secs(3600), &mut |o| events.push(o));
            println!(
                "== {name} {vantage:?} expect {:?} gen {gen_time:?} rib {rib_time:?} ({:.0} ns/entry, {:.1} B/route) updates {up_time:?} ({:.0} ns/nlri) problems {}",
                d.expected,
                rib_time.as_nanos() as f64 / entries as f64,
                bytes as f64 / entries as f64,
                up_time.as_nanos() as f64
                    / (replay.tally.announced + replay.tally.withdrawn) as f64,
                r.problem_count()
            );
            for i in &rec.truth.incidents {
                println!(
                    "   truth {} via {:?} routes {} first {} last {}",
                    i.offender, i.neighbour, i.routes, i.first, i.last_withdrawn
                );
            }
            for o in &events {
                match o {
                    Output::Incident(e) => {
                        println!(
                            "   {:?} {} {} {:?} conf {} active {} peak {} total {} origins {} covers {} det {:?}\n        {}",
                            e.event,
                            e.time,
                            e.id,
                            e.severity,
                            e.confidence,
                            e.routes.active,
                            e.routes.peak,
                            e.routes.total,
                            e.origins,
                            e.covers,
                            e.detectors,
                            e.summary
                        );
                        if verbose {
                            for i in &e.evidence {
                                println!("        {} {} {}", i.family, i.strength, i.what);
                            }
                            for s in e.samples.iter().take(3) {
                                println!("        {} {:?} -> {}", s.prefix, s.before, s.after);
                            }
                        }
                    }
                    Output::Standing(s) => {
                        if verbose {
                            println!("   standing {:?}", s)
                        }
                    }
                }
            }
        }
    }
}
