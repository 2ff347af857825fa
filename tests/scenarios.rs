//! The scenario folders of `tests/scenarios`, each a small event and what must be said
//! of it; see the README there.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use leakwatch::{
    config::Config,
    incident::{Output, Severity, Step},
};
use serde_json::{Value, json};

mod story;

use story::Stage;

/// With this set, `expected.json` is written instead of compared.
const BLESS: &str = "LEAKWATCH_BLESS";

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// What is kept of an output: what an operator acts on, not every figure.
fn told(output: &Output) -> Value {
    match output {
        Output::Incident(event) => {
            let peers: Vec<&str> = event.views.iter().map(|view| view.peer.as_str()).collect();
            let first = event
                .samples
                .first()
                .map(|one| json!({"prefix": one.prefix, "before": one.before, "after": one.after}));
            json!({
                "incident": event.event,
                "id": event.id,
                "number": event.number,
                "time": event.time,
                "kind": event.kind,
                "severity": event.severity,
                "offender": event.offender,
                "neighbour": event.neighbour,
                "peers": peers,
                "routes": event.routes,
                "origins": event.origins,
                "covers": event.covers,
                "detectors": event.detectors,
                "first_sample": first,
                "summary": event.summary,
            })
        }
        Output::Standing(standing) => json!({
            "standing": standing.violations,
            "peer": standing.view.peer,
            "afi": standing.afi,
            "routes": standing.routes,
        }),
    }
}

/// Every incident worth more than a note, as `severity name state`, worst and last.
fn incidents(stage: &Stage) -> Vec<String> {
    let mut lives: BTreeMap<&str, (Severity, &str)> = BTreeMap::new();
    for event in stage.incidents() {
        let life = lives.entry(&event.id).or_insert((event.severity, ""));
        life.0 = life.0.max(event.severity);
        life.1 = match event.event {
            Step::Resolved => "resolved",
            _ => "open",
        };
    }
    let mut lines: Vec<String> = lives
        .into_iter()
        .filter(|(_, (severity, _))| *severity > Severity::Info)
        .map(|(id, (severity, state))| {
            let name = id.rsplit_once('-').map_or(id, |(name, _)| name);
            format!("{} {name} {state}", severity.name())
        })
        .collect();
    lines.sort();
    lines
}

/// What is wrong with how a scenario went; empty if nothing is.
fn play(folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut wrong = String::new();
    if read("README.md").trim().is_empty() {
        wrong.push_str("the README says nothing\n");
    }
    let config = match Config::load(&folder.join("config.toml")) {
        Ok(config) => config,
        Err(error) => return format!("{error}"),
    };
    let text = read("events.txt");
    let (mut must, mut todo, mut story) = (Vec::new(), None, String::new());
    for line in text.lines() {
        if let Some(reason) = line.trim().strip_prefix("todo ") {
            todo = Some(reason);
            continue;
        }
        if let Some(one) = line.trim().strip_prefix("must ") {
            must.push(one.split_whitespace().collect::<Vec<_>>().join(" "));
        } else {
            story.push_str(line);
            story.push('\n');
        }
    }
    must.sort();
    must.retain(|one| one != "nothing");
    let mut stage = Stage::new(config);
    stage.tell(&story);
    let went = incidents(&stage);
    if let Some(reason) = todo {
        if went == must {
            let _ = writeln!(wrong, "goes as it must: take out `todo {reason}`");
        }
        return wrong;
    }
    if went != must {
        let _ = writeln!(wrong, "must be {must:#?}\nbut is {went:#?}");
    }
    let said: Vec<Value> = stage.said.iter().map(told).collect();
    let said = serde_json::to_string_pretty(&said).unwrap() + "\n";
    let file = folder.join("expected.json");
    if std::env::var_os(BLESS).is_some() {
        fs::write(file, said).unwrap();
    } else if fs::read_to_string(file).unwrap_or_default() != said {
        let _ = writeln!(
            wrong,
            "expected.json differs; if this is right, run with {BLESS}=1:\n{said}"
        );
    }
    wrong
}

#[test]
fn every_scenario_goes_as_its_folder_says() {
    let mut failed = String::new();
    for folder in folders() {
        let wrong = play(&folder);
        if !wrong.is_empty() {
            let name = folder.file_name().unwrap().to_string_lossy();
            let _ = writeln!(failed, "== {name}\n{wrong}");
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
