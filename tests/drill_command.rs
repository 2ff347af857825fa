//! `leakwatch drill` as people and programs meet it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot run has failed"
)]

use std::{
    path::PathBuf,
    process::{Command, Output},
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

/// Small enough to be quick, large enough to be what it is.
const SMALL: [&str; 4] = ["--table", "30000", "--routes", "2000"];

fn drill(name: &str, more: &[&str]) -> Output {
    leakwatch(&[&["drill", name], &SMALL[..], more].concat())
}

/// The report without what tuning a detector may change (the grounds and the steps) and
/// what a stopwatch says.
fn lasting(report: &str) -> String {
    let mut kept = String::new();
    let mut skipping = false;
    for line in report.lines() {
        let label = line.get(2..12).unwrap_or_default().trim_end();
        if line.starts_with("  ") && !line.starts_with("   ") && !label.is_empty() {
            skipping = matches!(label, "Why" | "Course" | "State" | "Since" | "Drill");
        }
        if line.is_empty() {
            skipping = false;
        }
        if !skipping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn the_leak_of_august_2017_reads_well() {
    let output = drill("google-2017", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    insta::assert_snapshot!(lasting(&text(&output.stdout)));
}

#[test]
fn the_last_line_has_the_figures() {
    let said = text(&drill("google-2017", &[]).stdout);
    let last = said.lines().last().unwrap();
    for part in [
        " updates/s; detected after ",
        " routes, ",
        " s of event time, ",
        " ms of work",
    ] {
        assert!(last.contains(part), "{part} is not in {last}");
    }
}

#[test]
fn the_list_has_every_drill_and_those_that_stay_quiet_apart() {
    let output = leakwatch(&["drill", "--list"]);
    assert_eq!(output.status.code(), Some(0));
    let list = text(&output.stdout);
    let (leaks, quiet) = list
        .split_once("Exercises, in which nobody must be woken:")
        .unwrap();
    for drill in leakwatch::drill::all() {
        let part = match drill.expected {
            leakwatch::drill::Expected::Quiet => quiet,
            leakwatch::drill::Expected::Incidents(_) => leaks,
        };
        assert!(
            part.contains(&format!("  {} ", drill.name)),
            "{}",
            drill.name
        );
    }
    assert!(leaks.contains("google-2017             2017-08-25  6, 4  AS15169 (Google)"));
    assert!(list.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn an_unknown_name_exits_2_and_names_the_nearest() {
    let output = leakwatch(&["drill", "gogle-2017"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("did you mean `google-2017`?"));
    assert_eq!(leakwatch(&["drill"]).status.code(), Some(2));
    assert_eq!(
        leakwatch(&["drill", "google-2017", "--rate", "0"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn what_does_not_come_out_as_it_must_exits_1_and_says_so() {
    // Three routes are no reason to wake anyone, and the drill expects a page.
    let arguments = ["drill", "google-2017", "--table", "30000", "--routes", "3"];
    let output = leakwatch(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(
        said.contains("  WRONG     nobody was woken, where one had to go out"),
        "{said}"
    );
    assert!(said.lines().last().unwrap().contains("; not detected"));
}

#[test]
fn a_quiet_exercise_wakes_nobody() {
    let output = leakwatch(&["drill", "planned-deaggregation", "--table", "30000"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("  right     nobody was woken, as it had to be"),
        "{said}"
    );
}

#[test]
fn json_ends_with_a_summary_that_has_the_verdict() {
    for vantage in ["border", "collector"] {
        let output = drill("google-2017", &["--format", "json", "--vantage", vantage]);
        assert_eq!(output.status.code(), Some(0));
        let lines: Vec<Value> = text(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let summary = lines.last().unwrap();
        assert_eq!(summary["type"], "summary");
        assert_eq!(summary["incidents"]["critical"], 1);
        assert_eq!(summary["drill"]["holds"], true);
        assert_eq!(summary["drill"]["reconstruction"], true);
        let leak = &summary["drill"]["leaks"][0];
        assert_eq!(
            (&leak["offender"], &leak["neighbour"]),
            (&15169.into(), &701.into())
        );
        assert!(leak["detected_after_routes"].as_u64().unwrap() <= 1_000);
        assert!(leak["detected_after_milliseconds"].as_f64().unwrap() > 0.0);
        assert!(lines.iter().any(|line| line["event"] == "opened"));
    }
}

#[test]
fn what_out_writes_replays_to_the_same_incident() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("drill out");
    let _ = std::fs::remove_dir_all(&path);
    let directory = path.to_str().unwrap();
    let output = drill("google-2017", &["--format", "json", "--out", directory]);
    let said = text(&output.stderr);
    let command = said
        .trim_end()
        .strip_prefix("leakwatch: leakwatch ")
        .unwrap();
    assert!(command.starts_with("replay --config '"), "{command}");

    let file = |name: &str| path.join(name).to_str().unwrap().to_owned();
    let (config, rib, updates) = (file("leakwatch.toml"), file("rib.mrt"), file("updates.mrt"));
    for file in [&config, &rib, &updates] {
        assert!(command.contains(&format!("'{file}'")), "{command}");
    }
    let arguments = [
        "replay",
        "--config",
        &config,
        "--until-resolved",
        "--rib",
        &rib,
        &updates,
    ];
    let again = leakwatch(&[&arguments[..], &["--format", "json"]].concat());
    let incidents = |output: &Output| {
        let text = text(&output.stdout);
        text.trim_end().rsplit_once('\n').unwrap().0.to_owned()
    };
    assert_eq!(incidents(&output), incidents(&again));
}
