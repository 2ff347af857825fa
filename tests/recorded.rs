//! The messages that an incident's examples came in: as received, also those that came before
//! the incident was recognised, and also after a restart.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{io::Cursor, path::Path};

use leakwatch::{
    bgp::{Batch, EventKind, Nlri, Prefix},
    config::Config,
    drill::{self, Options},
    engine::Engine,
    incident::Output,
    wire::{
        mrt::{Input, MrtReader, Status},
        recorded::recorded,
    },
};

fn read(bytes: &[u8], mut each: impl FnMut(&Batch)) {
    let input = Input::from_reader(Path::new("drill"), Cursor::new(bytes.to_vec()), None);
    let mut reader = MrtReader::new(input.unwrap());
    let mut batch = Batch::default();
    loop {
        batch.clear();
        let status = reader.read_batch(&mut batch);
        each(&batch);
        if status == Status::End {
            assert_eq!(reader.problem_count(), 0);
            return;
        }
    }
}

#[test]
fn an_incident_has_the_messages_of_its_examples() {
    let options = Options {
        table: Some(20_000),
        routes: Some(1_000),
        ..Options::default()
    };
    let recording = drill::play(drill::find("google-2017").unwrap(), &options);
    let start = || {
        let config = Config::parse(&recording.config, Path::new(".")).unwrap();
        Engine::new(config.reference, config.detect, config.incident)
    };
    let (mut engine, mut out) = (start(), Vec::new());
    read(&recording.rib, |batch| engine.apply(batch, &mut out));
    read(&recording.updates, |batch| engine.apply(batch, &mut out));
    let event = out.iter().find_map(|output| match output {
        Output::Incident(event) if event.id.starts_with("leak-15169") => Some(event),
        _ => None,
    });
    let id = &event.unwrap().id;
    let event = engine.incidents().into_iter().find(|one| one.id == *id);
    let samples = event.unwrap().samples;
    assert_eq!(samples.len(), 140);

    let messages = engine.messages(id);
    assert!(messages.len() > 20, "{}", messages.len());
    assert!(messages.iter().is_sorted_by_key(|one| one.time));
    let mut announced: Vec<Prefix> = Vec::new();
    let file = recorded(&messages, None);
    let mut received = Vec::new();
    read(&file, |batch| {
        for event in &batch.events {
            if let EventKind::Announce {
                nlri, attributes, ..
            } = event.kind
            {
                let path = batch.path(&attributes);
                assert!(path.words.windows(2).any(|edge| edge == [701, 15169]));
                announced.extend(nlri.of(&batch.v4).iter().map(Nlri::prefix));
                received.push(event.raw.of(&batch.raw).to_vec());
            }
        }
    });
    for sample in &samples {
        assert!(announced.contains(&sample.prefix), "{}", sample.prefix);
    }
    let kept: Vec<_> = messages.iter().map(|one| one.message.clone()).collect();
    assert_eq!(received, kept);
    assert_eq!(engine.messages("leak-1-via-2-3"), []);

    let mut kept = Vec::new();
    engine.keep(&mut kept);
    let kept: Vec<_> = kept.into_iter().map(|one| (one.id, one.state)).collect();
    let mut next = start();
    assert_eq!(next.restore(&kept), []);
    assert_eq!(next.messages(id), messages);
}
