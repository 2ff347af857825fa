//! `leakwatch config` as a user meets it: output, errors and exit statuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::{
    path::PathBuf,
    process::{Command, Output},
};

fn leakwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn the_example_passes_the_check_and_is_what_show_prints() {
    let example = leakwatch(&["config", "example"]);
    assert_eq!(example.status.code(), Some(0));
    let path = file("example.toml", &text(&example.stdout));
    let path = path.to_str().unwrap();
    let check = leakwatch(&["config", "check", path]);
    assert_eq!(check.status.code(), Some(0));
    assert!(text(&check.stdout).contains("example.toml: ok"));
    for show in [vec!["config", "show"], vec!["config", "show", path]] {
        assert_eq!(leakwatch(&show).stdout, example.stdout);
    }
}

#[test]
fn a_wrong_file_exits_2_with_every_problem_on_standard_error() {
    let path = file("wrong.toml", "locl_as = 1\n[detect.surge]\nburst = 0\n");
    let check = leakwatch(&["config", "check", path.to_str().unwrap()]);
    assert_eq!(check.status.code(), Some(2));
    assert!(check.stdout.is_empty());
    let said = text(&check.stderr);
    assert!(said.contains("wrong.toml: line 1: locl_as: unknown key; did you mean `local_as`?"));
    assert!(said.contains("wrong.toml: line 3: detect.surge.burst: 0 is not between"));
}

#[test]
fn an_absent_file_and_wrong_usage_exit_2() {
    let absent = leakwatch(&["config", "check", "/nowhere/leakwatch.toml"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(text(&absent.stderr).contains("/nowhere/leakwatch.toml: "));
    assert_eq!(leakwatch(&["config"]).status.code(), Some(2));
    assert_eq!(leakwatch(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(leakwatch(&["--help"]).status.code(), Some(0));
}
