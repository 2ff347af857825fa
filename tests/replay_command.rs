//! `leakwatch replay` as people and programs meet it: the JSON contract, the order of
//! inputs, damaged ones, exit statuses.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot run has failed"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn leakwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every line of standard output, each an object of its own.
fn objects(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn summary(output: &Output) -> Value {
    objects(output).pop().unwrap()
}

fn fixture(name: &str) -> String {
    format!("{}/tests/data/mrt/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// 39,256 announcements and 1,956 withdrawals by 40 peers.
const UPDATES: &str = "ripe-bgpdump_updates.20160811.1600.gz";
/// A small table dump.
const TABLE: &str = "mrtparse_openbgpd_rib_table-v2";

/// An empty directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("replay")
        .join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A leak of 2,000 routes on a table of 30,000, as `drill --out` writes it.
fn leak(test: &str) -> PathBuf {
    let path = directory(test);
    let drill = [
        "drill",
        "google-2017",
        "--table",
        "30000",
        "--routes",
        "2000",
        "--out",
    ];
    let output = leakwatch(&[&drill[..], &[name(&path)]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    path
}

fn replay_leak(path: &Path, more: &[&str]) -> Output {
    let file = |file: &str| name(&path.join(file)).to_owned();
    let (config, rib, updates) = (file("leakwatch.toml"), file("rib.mrt"), file("updates.mrt"));
    let arguments = [
        "replay",
        "--config",
        &config,
        "--rib",
        &rib,
        &updates,
        "--until-resolved",
    ];
    leakwatch(&[&arguments[..], more].concat())
}

/// A program's view of a type.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_u64() => "count",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn has(object: &Value, fields: &[(&str, &str)]) {
    for (field, wanted) in fields {
        let found = kind(object.pointer(field).unwrap_or(&Value::Bool(false)));
        let fits = wanted.split('|').any(|one| one == found);
        assert!(fits, "{field} is {found}, not {wanted}, in {object}");
    }
}

#[test]
fn every_line_of_json_keeps_the_contract() {
    let output = replay_leak(&leak("contract"), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let lines = objects(&output);
    let of = |wanted: &'static str| lines.iter().filter(move |line| line["type"] == wanted);
    assert_eq!(of("summary").count(), 1);
    assert_eq!(lines.last().unwrap()["type"], "summary");
    assert_eq!(
        of("incident").count() + of("standing").count() + 1,
        lines.len()
    );

    let events: Vec<_> = of("incident")
        .filter(|line| line["offender"] == 15169)
        .collect();
    assert_eq!(events.first().unwrap()["event"], "opened");
    assert_eq!(events.last().unwrap()["event"], "resolved");
    for event in &events {
        has(
            event,
            &[
                ("/event", "text"),
                ("/id", "text"),
                ("/time", "text"),
                ("/kind", "text"),
                ("/severity", "text"),
                ("/confidence", "number"),
                ("/offender", "count|null"),
                ("/neighbour", "count|null"),
                ("/views/0/router", "text"),
                ("/views/0/peer", "text"),
                ("/views/0/peer_as", "count"),
                ("/views/0/rib", "text"),
                ("/routes/active", "count"),
                ("/routes/peak", "count"),
                ("/routes/total", "count"),
                ("/origins", "count"),
                ("/covers", "count"),
                ("/first_seen", "text"),
                ("/last_seen", "text"),
                ("/detectors/0", "text"),
                ("/victims/0/asn", "count"),
                ("/victims/0/routes", "count"),
                ("/samples/0/prefix", "text"),
                ("/samples/0/time", "text"),
                ("/samples/0/before", "text|null"),
                ("/samples/0/after", "text"),
                ("/summary", "text"),
            ],
        );
        assert!(
            event["time"]
                .as_str()
                .unwrap()
                .starts_with("2017-08-25T03:")
        );
        assert!(event["time"].as_str().unwrap().ends_with('Z'));
    }
    let last = lines.last().unwrap();
    has(
        last,
        &[
            ("/files", "count"),
            ("/records", "count"),
            ("/announced", "count"),
            ("/withdrawn", "count"),
            ("/rib_entries", "count"),
            ("/peers", "count"),
            ("/prefixes/ipv4", "count"),
            ("/prefixes/ipv6", "count"),
            ("/decode_errors", "object"),
            ("/incidents/critical", "count"),
            ("/incidents/warning", "count"),
            ("/incidents/info", "count"),
            ("/event_seconds", "count"),
            ("/elapsed_seconds", "number"),
            ("/updates_per_second", "count"),
        ],
    );
    assert_eq!(last["incidents"]["critical"], 1);
    assert_eq!(last["files"], 2);
}

#[test]
fn what_stood_in_a_table_is_told_once_for_each_view() {
    let output = leakwatch(&["replay", "--format", "json", &fixture(TABLE)]);
    assert_eq!(output.status.code(), Some(0));
    let lines = objects(&output);
    let standing: Vec<_> = lines
        .iter()
        .filter(|line| line["type"] == "standing")
        .collect();
    assert!(!standing.is_empty());
    for view in standing {
        has(
            view,
            &[
                ("/time", "text"),
                ("/router", "text"),
                ("/peer", "text"),
                ("/peer_as", "count"),
                ("/rib", "text"),
                ("/afi", "text"),
                ("/routes", "count"),
                ("/violations", "object"),
            ],
        );
    }
}

#[test]
fn counts_are_those_of_bgpdump_from_a_file_and_from_standard_input() {
    let file = leakwatch(&["replay", "--format", "json", &fixture(UPDATES)]);
    assert_eq!(file.status.code(), Some(0));
    let mut found = summary(&file);
    assert_eq!(found["announced"], 39_256);
    assert_eq!(found["withdrawn"], 1_956);
    assert_eq!(found["rib_entries"], 0);
    assert_eq!(found["peers"], 40);
    assert_eq!(found["event_seconds"], 299);

    let pipe = Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(["replay", "--format", "json", "-"])
        .stdin(Stdio::from(fs::File::open(fixture(UPDATES)).unwrap()))
        .output()
        .unwrap();
    let mut piped = summary(&pipe);
    for line in [&mut found, &mut piped] {
        still(line);
    }
    assert_eq!(found, piped);
}

/// Takes away what a stopwatch says.
fn still(summary: &mut Value) {
    let fields = summary.as_object_mut().unwrap();
    for figure in ["elapsed_seconds", "updates_per_second"] {
        assert!(fields.remove(figure).is_some());
    }
}

#[test]
fn two_runs_print_the_same_bytes() {
    let path = leak("twice");
    let json = || {
        let output = replay_leak(&path, &["--format", "json"]);
        let text = text(&output.stdout);
        let (lines, last) = text.trim_end().rsplit_once('\n').unwrap();
        let mut last: Value = serde_json::from_str(last).unwrap();
        still(&mut last);
        (lines.to_owned(), last)
    };
    assert_eq!(json(), json());
    let words = || {
        let output = replay_leak(&path, &[]);
        let text = text(&output.stdout);
        text.rsplit_once("  Pace ").unwrap().0.to_owned()
    };
    assert_eq!(words(), words());
}

#[test]
fn what_fail_on_names_exits_3() {
    let path = leak("fail-on");
    for severity in ["critical", "warning"] {
        let output = replay_leak(&path, &["--fail-on", severity]);
        assert_eq!(output.status.code(), Some(3), "{severity}");
    }
    let quiet = leakwatch(&["replay", "--fail-on", "warning", &fixture(TABLE)]);
    assert_eq!(quiet.status.code(), Some(0));
}

#[test]
fn a_directory_is_read_by_time_and_nothing_but_regular_files_is_opened() {
    let leak = leak("ordered-source");
    let path = directory("ordered");
    // By name the updates come first, by time the table.
    fs::copy(leak.join("updates.mrt"), path.join("a")).unwrap();
    fs::copy(leak.join("rib.mrt"), path.join("b")).unwrap();
    fs::create_dir(path.join("c")).unwrap();
    #[cfg(unix)]
    let _socket = {
        std::os::unix::fs::symlink(path.join("a"), path.join("d")).unwrap();
        // Bound by its short name: a socket's whole path must not pass 107 octets.
        std::os::unix::net::UnixListener::bind(path.join("e")).ok()
    };
    let config = leak.join("leakwatch.toml");
    let arguments = [
        "replay",
        "--format",
        "json",
        "--config",
        name(&config),
        name(&path),
    ];
    let output = leakwatch(&arguments);
    assert_eq!(output.status.code(), Some(0));
    let found = summary(&output);
    assert_eq!(found["files"], 2);
    assert_eq!(found["incidents"]["critical"], 1);
    let said = text(&output.stderr);
    assert!(said.contains("ordered/c: a directory within a directory; skipped"));
    #[cfg(unix)]
    assert!(said.contains("ordered/d: a symbolic link; skipped"));
}

#[test]
fn a_file_named_twice_is_read_once() {
    let path = leak("named-twice");
    let rib = path.join("rib.mrt");
    let arguments = [
        "replay",
        "--format",
        "json",
        "--rib",
        name(&rib),
        name(&rib),
    ];
    let output = leakwatch(&arguments);
    assert_eq!(summary(&output)["files"], 1);
    assert!(text(&output.stderr).contains("rib.mrt: named twice; read once"));
}

#[test]
fn a_torn_file_is_told_with_its_place_and_the_rest_is_read() {
    let path = directory("torn");
    let whole = fs::read(fixture("mrtparse_quagga_bgp")).unwrap();
    let torn = path.join("torn.mrt");
    fs::write(&torn, &whole[..whole.len() - 3]).unwrap();
    let arguments = ["replay", "--format", "json", name(&torn), &fixture(UPDATES)];
    let output = leakwatch(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("torn.mrt: at byte "), "{said}");
    assert!(said.contains(" bytes skipped"), "{said}");
    let found = summary(&output);
    assert_eq!(found["files"], 2);
    assert_eq!(found["decode_errors"]["mrt_truncated"], 1);
    assert!(found["announced"].as_u64().unwrap() >= 39_256);
}

#[test]
fn what_is_no_recording_or_is_not_there_is_told_and_the_rest_is_read() {
    let path = directory("garbage");
    let garbage = path.join("notes.txt");
    fs::write(&garbage, "This is not an MRT file, but words.\n").unwrap();
    let absent = path.join("absent\x1b[2J.gz");
    let arguments = [
        "replay",
        "--format",
        "json",
        name(&garbage),
        name(&absent),
        &fixture(UPDATES),
    ];
    let output = leakwatch(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("notes.txt: at byte 0: not an MRT file"),
        "{said}"
    );
    assert!(said.contains("absent\\u{1b}[2J.gz: not read: "), "{said}");
    assert_eq!(summary(&output)["announced"], 39_256);
}

#[test]
fn wrong_usage_and_a_wrong_configuration_exit_2_and_print_nothing() {
    let path = directory("wrong");
    let config = path.join("wrong.toml");
    fs::write(&config, "locl_as = 1\n").unwrap();
    for arguments in [
        vec!["replay"],
        vec!["replay", "--format", "yaml", "-"],
        vec!["replay", "--fail-on", "info", "-"],
        vec!["replay", "--config", name(&config), "-"],
        vec!["replay", "--config", "/nowhere/leakwatch.toml", "-"],
    ] {
        let output = leakwatch(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn updates_without_a_table_are_said_to_be_half_blind() {
    let words = leakwatch(&["replay", &fixture(UPDATES)]);
    let said = text(&words.stdout).replace('\n', " ");
    assert!(
        said.contains("No table came before these updates"),
        "{said}"
    );
    assert!(said.contains("warming for its first 15 min"), "{said}");
    assert!(words.stderr.is_empty());
    let json = leakwatch(&["replay", "--format", "json", &fixture(UPDATES)]);
    assert!(text(&json.stderr).contains("No table came before these updates"));
    assert_eq!(objects(&json).last().unwrap()["type"], "summary");
    let tabled = leakwatch(&["replay", &fixture(TABLE)]);
    assert!(!text(&tabled.stdout).contains("No table"));
}

#[test]
fn text_keeps_to_its_width_and_has_no_colour_off_a_terminal() {
    let path = leak("width");
    let wide = text(&replay_leak(&path, &[]).stdout);
    for line in wide.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }
    for needed in [
        "CRITICAL  2017-08-25 03:22:01 UTC  ",
        "  Who       AS15169 (Google), accepted by AS701 ",
        "  Routes    2,000 at the worst, 0 now",
        "  Since     2017-08-25 03:22:01 UTC",
        "              before  not in the table",
        "              after   701 15169 ",
        "_701_15169_",
        "  State     resolved at 2017-08-25 03:",
        "  Incidents 1 to be woken for",
    ] {
        assert!(wide.contains(needed), "{needed} is not in\n{wide}");
    }
}

#[test]
fn a_leak_that_goes_on_is_open_at_the_end() {
    let leak = leak("open");
    let whole = fs::read(leak.join("updates.mrt")).unwrap();
    // Cut at a record some way into the recording: the leak stands, nothing is withdrawn.
    let mut at = 0;
    let mut first = None;
    while let Some(header) = whole.get(at..at + 12) {
        let seconds = u32::from_be_bytes(header[..4].try_into().unwrap());
        let first = *first.get_or_insert(seconds);
        if seconds > first + 22 * 60 {
            break;
        }
        at += 12 + u32::from_be_bytes(header[8..].try_into().unwrap()) as usize;
    }
    fs::write(leak.join("updates.mrt"), &whole[..at]).unwrap();
    let output = replay_leak(&leak, &[]);
    let said = text(&output.stdout);
    assert!(
        said.contains("OPEN at the end of the recording, 2017-08-25"),
        "{said}"
    );
    assert!(said.contains("2,000 at the worst, 2,000 now"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(["replay", "--format", "json", &fixture(UPDATES)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
