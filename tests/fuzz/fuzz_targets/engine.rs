//! Any bytes as an MRT file through the whole core: no panic; at any time what was
//! raised and not cleared stands in the ledger, the marks in the table are the ledger's
//! routes, and an incident's routes are those that the ledger gives it.
#![no_main]

use std::{io::Cursor, path::Path, sync::LazyLock, time::Duration};

use leakwatch::{
    bgp::Batch,
    config::Config,
    detect::Detector,
    engine::Engine,
    incident::{Kind, Output},
    wire::mrt::{Compression, Input, MrtReader, Status},
};
use libfuzzer_sys::fuzz_target;

/// Little is enough for an incident, so that a short file makes some.
static SETTINGS: LazyLock<Config> = LazyLock::new(|| {
    let text = "
        local_as = 64500
        [[own]]
        prefixes = [\"10.0.0.0/8^8-24\"]
        origins = [65]
        [[peer]]
        match = { as = 3333 }
        name = \"customer\"
        local_role = \"provider\"
        maximum_prefix = { ipv4 = 6, ipv6 = 4 }
        [detect.gate]
        quiet = \"1s\"
        longest = \"5s\"
        warming = \"1s\"
        history = \"10m\"
        [detect.specific]
        prefixes = 2
        [detect.more_specific]
        prefixes = 2
        covers = 1
        origins = 1
        [detect.withdrawal]
        routes = 2
        [detect.valley]
        prefixes = 2
        origins = 1
        [detect.never_transit]
        prefixes = 2
        [incident]
        page_routes = 2
        most_open = 3
    ";
    Config::parse_text(text).expect("sound settings")
});

fuzz_target!(|data: &[u8]| {
    if Compression::recognise(data) != Compression::None {
        return;
    }
    let input = Input::from_reader(Path::new("fuzz"), Cursor::new(data.to_vec()), None);
    let Ok(input) = input else { return };
    let config = SETTINGS.clone();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let mut reader = MrtReader::new(input);
    let (mut batch, mut said) = (Batch::default(), Vec::new());
    loop {
        batch.clear();
        let status = reader.read_batch(&mut batch);
        engine.apply(&batch, &mut said);
        check(&engine);
        if status == Status::End {
            break;
        }
    }
    for pass in [2, 60, 601, 2, 3700, 2] {
        engine.advance(engine.now() + Duration::from_secs(pass), &mut said);
        check(&engine);
    }
    for output in &said {
        if let Output::Incident(event) = output {
            assert!(!event.id.is_empty() && event.routes.active <= event.routes.total);
        }
    }
});

fn check(engine: &Engine) {
    let (rib, folder) = (engine.rib(), engine.folder());
    let ledger = &folder.ledger;
    let mut routes = ledger.routes_of(leakwatch::incident::Slot::NONE);
    for (slot, incident) in folder.places() {
        let own = ledger.routes_of(slot);
        if incident.key.kind != Kind::Visibility {
            let shares: u32 = incident.views.iter().map(|share| share.active).sum();
            assert_eq!(shares as usize, own.len(), "{}", incident.id);
        }
        routes.extend(own);
    }
    assert_eq!(routes.len(), ledger.len());
    for &detector in Detector::ALL {
        let (raised, cleared) = ledger.balance(detector);
        let finds = |route| ledger.get(route).is_some_and(|one| one.finds.has(detector));
        let standing = routes.iter().filter(|route| finds(**route)).count();
        assert_eq!(raised - cleared, standing as u64, "{}", detector.name());
    }
    let mut marked = 0;
    for (view, _) in rib.views() {
        let Some(column) = rib.column(view) else { continue };
        let rows = column.rows().into_iter();
        marked += rows.filter(|&row| column.get(row).found()).count();
    }
    assert_eq!(marked, routes.len());
}
