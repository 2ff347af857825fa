//! Reports and the archive, over HTTP and with `leakwatch report`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use super::{
    client::get,
    server::{OF_LONG_AGO, Server, shared},
};

fn incident(query: &str) -> String {
    let list = get(
        shared().at,
        &format!("/api/v1/incidents?severity=critical&{query}"),
    );
    list.json()["incidents"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn command(server: &Server, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leakwatch"))
        .arg("report")
        .args(arguments)
        .args(["--url", &format!("http://{}", server.at)])
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_report_says_by_itself_whether_it_is_over_and_whether_it_is_a_drill() {
    let real = said(&command(shared(), &[&incident("drill=false")]));
    assert!(real.starts_with("Restoration notice (No. "), "{real}");
    assert!(!real.contains("EXERCISE"), "{real}");
    assert!(real.contains("From      Example Networks"), "{real}");
    let drill = said(&command(
        shared(),
        &[&incident("drill=true"), "--lang", "ja", "--drill"],
    ));
    assert!(drill.starts_with("*** 【訓練】"), "{drill}");
    assert!(drill.contains("第1報") || drill.contains("続報"), "{drill}");
    assert!(drill.contains("未復旧"), "{drill}");
}

#[test]
fn what_the_command_is_told_arrives() {
    let id = incident("drill=false");
    let text = said(&command(
        shared(),
        &[
            &id,
            "--lang",
            "ja",
            "--audience",
            "authority",
            "--format",
            "markdown",
            "--note",
            "12:25 遮断 & 確認 100%?\n2行目",
            "--public",
            "yes",
            "--cause",
            "human-error",
            "--number",
            "9",
        ],
    ));
    for part in [
        "# 復旧報告（第9報）",
        "12:25 遮断 \\& 確認 100%?<br>2行目",
        "| 一般への公表 | 可 |",
        "| 原因 | 人為的要因 |",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&said(&command(shared(), &[&id, "--json"]))).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["incident"], id.as_str());
}

#[test]
fn what_only_the_journal_still_has_is_shown_and_reported_on() {
    let text = said(&command(shared(), &[OF_LONG_AGO]));
    assert!(text.starts_with("Restoration notice (No. "), "{text}");
    assert!(text.contains(OF_LONG_AGO), "{text}");
    let at = |what| format!("/api/v1/incidents/{OF_LONG_AGO}/{what}");
    assert_eq!(get(shared().at, &at("bundle")).status, 200);
    for path in [
        format!("/incidents/{OF_LONG_AGO}"),
        format!("/api/v1/incidents/{OF_LONG_AGO}"),
    ] {
        let answer = get(shared().at, &path);
        assert_eq!(answer.status, 200, "an alert's link leads there: {path}");
        assert!(answer.body.contains(OF_LONG_AGO));
    }
    assert_eq!(get(shared().at, &at("report?drill=true")).status, 404);
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let open = incident("drill=true");
    let said = refused(&command(shared(), &[&open, "--sort", "restoration"]), 1);
    assert!(said.contains("the incident is not over"), "{said}");
    let said = refused(&command(shared(), &[&open, "--operators", "no"]), 1);
    assert!(said.contains("other operators may not see this"), "{said}");
    let said = refused(&command(shared(), &[&open, "--note", &"x".repeat(1001)]), 2);
    assert!(said.contains("1000 at most"), "{said}");
    let said = refused(&command(shared(), &["none"]), 1);
    assert!(said.contains("no incident is called `none`"), "{said}");
    let answer = get(
        shared().at,
        &format!("/api/v1/incidents/{open}/report?audience=operator"),
    );
    assert_eq!(answer.status, 400);
    assert!(answer.detail().contains("did you mean `operators`?"));
    let answer = get(
        shared().at,
        &format!("/api/v1/incidents/{open}/bundle?format=json"),
    );
    assert_eq!(answer.status, 400);
}

#[test]
fn the_archive_is_read_by_tar_and_its_sums_are_right() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bundle");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("evidence.tar.gz");
    let path = file.to_str().unwrap();
    let id = incident("drill=true");
    let arguments = [id.as_str(), "--bundle", path];
    let told = said(&command(shared(), &arguments));
    assert!(told.contains("evidence.tar.gz: "), "{told}");
    let before = fs::read(&file).unwrap();

    let again = refused(&command(shared(), &arguments), 2);
    assert!(
        again.contains("is there already; --force writes over it"),
        "{again}"
    );
    assert_eq!(fs::read(&file).unwrap(), before);
    said(&command(shared(), &[&arguments[..], &["--force"]].concat()));
    let left: Vec<_> = fs::read_dir(&directory).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");

    let run = |program: &str, arguments: &[&str], from: &PathBuf| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(from)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let list = run("tar", &["-xzvf", path], &directory);
    assert_eq!(list.lines().count(), 23, "{list}");
    let inside = directory.join(format!("leakwatch-{id}"));
    let checked = run("sha256sum", &["-c", "SHA256SUMS"], &inside);
    assert_eq!(checked.lines().count(), 22, "{checked}");
    assert_eq!(fs::read(inside.join("messages.mrt")).unwrap(), b"slice");
    let readme = fs::read_to_string(inside.join("README.txt")).unwrap();
    assert!(readme.starts_with("EXERCISE"), "{readme}");
    // That of a real incident has no messages here, and says so.
    let real = incident("drill=false");
    said(&command(shared(), &[&real, "--bundle", path, "--force"]));
    run("tar", &["-xzf", path], &directory);
    let inside = directory.join(format!("leakwatch-{real}"));
    let readme = fs::read_to_string(inside.join("README.txt")).unwrap();
    assert!(readme.contains("no messages were kept"), "{readme}");
    assert!(!inside.join("messages.mrt").exists());
}

#[test]
fn an_archive_that_cannot_be_written_leaves_nothing() {
    let id = incident("drill=true");
    let nowhere = "/nonexistent/directory/x.tar.gz";
    let told = refused(&command(shared(), &[&id, "--bundle", nowhere]), 1);
    assert!(told.contains("No such file or directory"), "{told}");
}
