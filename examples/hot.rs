//! scratch
#[path = "../benches/worlds/mod.rs"]
mod worlds;
use leakwatch::{feed::replay::Replay, incident::Output};
use std::time::Instant;
fn load(path: &str) -> Vec<u8> { std::fs::read(path).unwrap() }
fn cpu() -> u64 { std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap() }
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "make" {
        std::fs::create_dir_all("/tmp/perf").unwrap();
        let r = worlds::recording(None, Some(1));
        let r5 = worlds::recording(None, Some(5));
        for v in [1, 4, 16] { std::fs::write(format!("/tmp/perf/t{v}.mrt"), worlds::table(&r, v)).unwrap(); }
        for f in 1..=4 { let (b, n) = worlds::leak(&r, f); println!("leak {f} feeds {n}"); std::fs::write(format!("/tmp/perf/leak{f}.mrt"), b).unwrap(); }
        let (b, n) = worlds::leak(&r5, 4); println!("leak 5 4 feeds {n}"); std::fs::write("/tmp/perf/leak4x5.mrt", b).unwrap();
        let (b, n) = worlds::leak(&r5, 1); println!("leak 5 1 feed {n}"); std::fs::write("/tmp/perf/leak1x5.mrt", b).unwrap();
        for m in [6, 8, 12, 20] { let (b, n) = worlds::transfer(&r, m); 
            let mut rd = worlds::reader(b.clone()); let mut bt = Default::default(); while rd.read_batch(&mut bt) == leakwatch::wire::mrt::Status::More {}
            println!("transfer {m} {n} nlri {} updates", rd.tally().updates); std::fs::write(format!("/tmp/perf/transfer{m}.mrt"), b).unwrap(); }
        std::fs::write("/tmp/perf/day.mrt", &r.updates).unwrap();
        return;
    }
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(1);
    for _ in 0..rounds {
        let mut replay = Replay::new(worlds::engine());
        for path in &args[1..] {
            let bytes = load(path);
            let before = replay.tally.rib_entries + replay.tally.announced + replay.tally.withdrawn;
            let m0 = worlds::resident();
            let mut rd = worlds::reader(bytes);
            let t = Instant::now(); let c = cpu();
            let mut opened = None;
            replay.read(&mut rd, &mut |o| if let Output::Incident(i) = o { if opened.is_none() { opened = Some((t.elapsed(), i.summary.clone())); } }, &mut || {});
            let e = std::time::Duration::from_nanos(cpu() - c);
            let n = replay.tally.rib_entries + replay.tally.announced + replay.tally.withdrawn - before;
            println!("{path}: {:?} {n} = {:.1} ns each; first incident {:?}; rib {:.1} B/route resident+ {} MB", e, e.as_nanos() as f64 / n as f64, opened, replay.engine.rib().memory() as f64 / n as f64, (worlds::resident() as i64 - m0 as i64) >> 20);
        }
    }
}
