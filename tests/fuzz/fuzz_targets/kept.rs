//! Any bytes as what was kept of an incident and as a page of a baseline: refused or taken up,
//! no panic, and nobody is told. The sum over the bytes is put right, so that more than it is
//! tested.
#![no_main]

use std::time::Duration;

use leakwatch::{config::Config, engine::Engine};
use libfuzzer_sys::fuzz_target;

/// FNV-1a, as `bgp::compact` has it.
fn summed(data: &[u8]) -> Vec<u8> {
    let mut sum = 0xCBF2_9CE4_8422_2325_u64;
    for octet in data {
        sum = (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01B3);
    }
    [data, &sum.to_le_bytes()].concat()
}

/// The name of the incident in it: after the time, if it can be found.
fn name(data: &[u8]) -> Option<String> {
    let time = data.get(1..)?.iter().position(|octet| octet & 0x80 == 0)? + 2;
    let len = usize::from(*data.get(time)?);
    let name = data.get(time + 1..time + 1 + len)?;
    String::from_utf8(name.to_vec()).ok()
}

fuzz_target!(|data: &[u8]| {
    let config = Config::default();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let document = summed(data);
    let _ = engine.learn(&document);
    if let Some(name) = name(data) {
        let _ = engine.restore(&[(name, document)]);
    }
    let mut said = Vec::new();
    let incidents = engine.incidents().len();
    let mut kept = Vec::new();
    engine.keep(&mut kept);
    for second in [1, 2, 3] {
        engine.advance(engine.now() + Duration::from_secs(second), &mut said);
        engine.keep(&mut kept);
    }
    assert!(incidents <= 1);
});
