//! The daemon as a process: how it starts, what it tells, how it heeds signals and ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod service;

use std::{
    fs, net::TcpListener, os::unix::net::UnixDatagram, process::Stdio, thread, time::Duration,
};

use serde_json::Value;
use service::{Daemon, FREE_PORTS, Place, Router, leakwatch, message};

/// Of the network whose prefix is [`OURS`], with an end of incidents that can be awaited.
const OWN: &str = "
local_as = 64500
[[own]]
prefixes = [\"20.1.0.0/16^16-24\"]
origins = [64999]
[alert]
resolve_after = \"1s\"
";
/// 20.1.0.0/24.
const OURS: u32 = 0x1401_0000;
/// Somebody else announces it.
const STOLEN: [u32; 3] = [64_510, 64_520, 64_666];
/// What every drill's Initiation says first.
const DRILL: &str = "leakwatch-drill/1 a test";

fn own() -> String {
    // Keys at the top come before tables.
    format!("{OWN}{FREE_PORTS}")
}

/// Whether there is a line of this message about an incident.
fn about<'a>(wanted: &'a str, drill: bool, summary: &'a str) -> impl Fn(&Value) -> bool + use<'a> {
    move |line| {
        message(line) == wanted
            && line["drill"] == drill
            && line["summary"]
                .as_str()
                .is_some_and(|text| text.contains(summary))
    }
}

#[test]
fn it_starts_says_where_and_ends_with_zero() {
    let mut daemon = Daemon::start(FREE_PORTS);
    assert_ne!((daemon.bmp.port(), daemon.http.port()), (0, 0));
    assert_eq!(daemon.get("/healthz").0, 200);
    assert!(daemon.get("/").1.contains("leakwatch"));
    let status = daemon.json("/api/v1/status");
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    daemon.shows("leakwatch_config_last_reload_successful", 1.0);
    daemon.shows("leakwatch_rib_routes_limit", 64_000_000.0);
    daemon.signal("TERM");
    assert_eq!(daemon.ended().code(), Some(0));
    daemon.said("ended");
}

#[test]
fn without_a_subcommand_it_is_the_daemon() {
    let place = Place::new();
    let config = place.file(
        "wrong.toml",
        "locl_as = 1\n[bmp]\nlisten = \"[::]:11019\"\n",
    );
    let refused = leakwatch().arg("--config").arg(&config).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    for problem in [
        "line 1: locl_as: unknown key; did you mean `local_as`?",
        "line 3: bmp.listen: ",
    ] {
        assert!(said.contains(problem), "{said}");
    }
    let named = leakwatch().env("LEAKWATCH_CONFIG", &config).output();
    assert_eq!(named.unwrap().status.code(), Some(2));
}

#[test]
fn a_web_config_that_cannot_be_used_is_refused() {
    let place = Place::new();
    let text = format!("{FREE_PORTS}web_config = \"none.yml\"\n");
    let config = place.file("leakwatch.toml", &text);
    for command in ["run", "check"] {
        let mut refused = leakwatch();
        refused.arg(command);
        if command == "run" {
            refused.arg("--config");
        }
        let refused = refused.arg(&config).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains("http.web_config: "), "{said}");
    }
}

#[test]
fn a_token_file_that_cannot_be_used_is_refused() {
    let place = Place::new();
    for token_file in ["none", "credential:token"] {
        let text = format!("{FREE_PORTS}token_file = \"{token_file}\"\n");
        let config = place.file("leakwatch.toml", &text);
        let mut check = leakwatch();
        check.env_remove("CREDENTIALS_DIRECTORY");
        let refused = check.arg("check").arg(&config).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("http.token_file: "), "{said}");
    }
}

#[test]
fn who_holds_the_token_asks_for_quiet_and_it_is_logged_and_a_reload_changes_the_token() {
    let credentials = Place::new();
    let token = credentials.file("token", "the-first-of-the-tokens\n");
    let config = format!("{FREE_PORTS}token_file = \"credential:token\"\n");
    let mut daemon = Daemon::start_with(&config, |command| {
        command.env("CREDENTIALS_DIRECTORY", credentials.path());
    });
    let file = token.to_str().unwrap().to_owned();
    let mute = [
        "mute",
        "--as",
        "64510",
        "--for",
        "1h",
        "--why",
        "ticket 4711",
        "--by",
        "mk",
        "--token-file",
        &file,
    ];
    let done = daemon.client(&mute);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let line = daemon.said("alerts muted");
    assert_eq!(line["by"], "mk");
    assert_eq!(line["what"], "incidents of AS64510");
    assert!(
        line["address"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{line}"
    );
    assert_eq!(daemon.json("/api/v1/mutes")["mutes"][0]["id"], "m-1");
    let expect = [
        "expect",
        "+4000",
        "--from",
        "AS64510",
        "--and",
        "1h",
        "--why",
        "new",
        "--by",
        "mk",
        "--token-file",
        &file,
    ];
    let done = daemon.client(&expect);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    daemon.said("change expected");
    // It is looked at every second.
    daemon.until("/api/v1/expected", "running", |answer| {
        answer["expected"][0]["course"]["state"] == "running"
    });
    let old = credentials.file("old", "the-first-of-the-tokens\n");
    credentials.file("token", "the-second-of-the-tokens\n");
    daemon.signal("HUP");
    daemon.said("configuration reloaded");
    let remove = ["mute", "remove", "m-1", "--by", "mk", "--token-file"];
    let with = |file: &str| daemon.client(&[&remove[..], &[file]].concat());
    let refused = with(old.to_str().unwrap());
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(with(&file).status.code(), Some(0));
    assert_eq!(
        daemon.json("/api/v1/mutes")["mutes"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn an_open_incident_is_acknowledged_until_it_is_over() {
    let place = Place::new();
    let token = place.file("token", "a-token-of-some-length\n");
    let token = token.to_str().unwrap();
    // The table [http] comes last.
    let config = format!("{}token_file = \"{token}\"\n", own());
    let mut daemon = Daemon::start(&config);
    let mut router = Router::connect(&daemon, "edge-1", &[]);
    router.table(200);
    daemon.said("table complete");
    router.announce(OURS, &STOLEN);
    router.send();
    let open = daemon.until("/api/v1/incidents?state=open", "open", |answer| {
        answer["total"] == 1
    });
    let id = open["incidents"][0]["id"].as_str().unwrap();
    let ack = [
        "ack",
        id,
        "--why",
        "called them",
        "--by",
        "mk",
        "--token-file",
        token,
    ];
    let done = daemon.client(&ack);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let whole = daemon.json(&format!("/api/v1/incidents/{id}"));
    assert_eq!(whole["acknowledged"]["by"], "mk");
    assert_eq!(whole["quiet"], true);

    router.withdraw(OURS);
    router.send();
    daemon.line("its end", about("incident is over", false, "AS64666"));
    let log = daemon.until("/api/v1/quiet-log", "ended", |answer| answer["total"] == 2);
    assert_eq!(log["entries"][0]["event"], "ended");
    assert_eq!(log["entries"][0]["why"], "the incident is over");
}

#[test]
fn a_port_in_use_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let place = Place::new();
    let config = place.file(
        "leakwatch.toml",
        &format!("[bmp]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"{address}\"\n"),
    );
    let refused = leakwatch().arg("--config").arg(&config).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&address.to_string()) && said.contains("another program listens there"),
        "{said}"
    );
}

#[test]
fn an_incident_is_told_in_the_log_in_metrics_and_by_http() {
    let mut daemon = Daemon::start(&own());
    let mut router = Router::connect(&daemon, "edge-1", &[]);
    router.table(200);
    daemon.said("BMP session up");
    daemon.said("table complete");
    let routers = daemon.json("/api/v1/routers");
    assert_eq!(routers["routers"][0]["sys_name"], "edge-1");

    router.announce(OURS, &STOLEN);
    router.send();
    let line = daemon.line("an incident", about("incident opened", false, "AS64666"));
    let id = line["id"].as_str().unwrap().to_owned();
    let listed = daemon.until("/api/v1/incidents", "listed", |answer| {
        answer["incidents"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    });
    assert_eq!(listed["incidents"][0]["id"], id);
    assert_eq!(daemon.get(&format!("/api/v1/incidents/{id}")).0, 200);
    let told = daemon.client(&["incidents", "--state", "open"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains(&id) && !told.contains("DRILL"), "{told}");
    assert!(
        daemon
            .get("/metrics")
            .1
            .contains("leakwatch_incidents_active{")
    );
    let routes = daemon.json("/api/v1/routes?prefix=20.1.0.0/24");
    assert_eq!(routes["routes"].as_array().unwrap().len(), 1, "{routes:#}");

    router.withdraw(OURS);
    router.send();
    daemon.line("its end", about("incident is over", false, "AS64666"));
    daemon.shows("leakwatch_incident_latency_seconds_count", 1.0);
}

#[test]
fn a_drill_lives_in_a_world_of_its_own() {
    let mut daemon = Daemon::start(&own());
    let mut real = Router::connect(&daemon, "edge-1", &[]);
    real.table(50);
    daemon.said("table complete");

    let mut drill = Router::connect(&daemon, "leakwatch-drill-test", &[DRILL]);
    drill.table(70);
    daemon.line("the drill's table", |line| {
        message(line) == "table complete" && line["drill"] == true
    });
    drill.announce(OURS, &STOLEN);
    drill.send();
    daemon.line("an incident", about("incident opened", true, "DRILL"));
    daemon.shows("leakwatch_drill_active", 1.0);

    let listed = daemon.until("/api/v1/incidents", "listed", |answer| {
        answer["incidents"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    });
    assert_eq!(listed["incidents"][0]["drill"], true, "{listed:#}");
    let routes = daemon.json("/api/v1/routes?prefix=20.1.0.0/24");
    assert_eq!(routes["routes"].as_array().unwrap().len(), 0, "{routes:#}");
    let status = daemon.json("/api/v1/status");
    assert_eq!(status["engine"]["routes"], 50, "{status:#}");

    // What the real router says goes on meanwhile.
    real.announce(OURS + 256, &STOLEN);
    real.send();
    daemon.line("a real one", about("incident opened", false, "AS64666"));

    // The drill ends, and with it all it brought.
    drill.terminate();
    daemon.line("its end", about("incident is over", true, "DRILL"));
    daemon.shows("leakwatch_drill_active", 0.0);
    let open = daemon.until("/api/v1/incidents?state=open", "one open", |answer| {
        answer["total"] == 1
    });
    assert_ne!(open["incidents"][0]["drill"], true);
}

#[test]
fn the_leak_of_2017_is_played_to_it_by_our_own_drill() {
    let mut daemon = Daemon::start(FREE_PORTS);
    let played = leakwatch()
        .args([
            "drill",
            "google-2017",
            "--table",
            "20000",
            "--routes",
            "2000",
        ])
        .args(["--speed", "2", "--bmp", &daemon.bmp.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8(played.stdout).unwrap();
    assert_eq!(played.status.code(), Some(0), "{said}");
    let line = daemon.line("an incident", about("incident opened", true, "AS15169"));
    assert_eq!(line["severity"], "critical");
    let over = daemon.line("its end", about("incident is over", true, "AS15169"));
    assert!(
        over["summary"].as_str().unwrap().contains("2,000 routes"),
        "{over}"
    );
    let told = daemon.client(&["incidents"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("DRILL") && told.contains("AS701"), "{told}");
    let told = daemon.client(&["incidents", "--no-drill"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(!told.contains("AS15169"), "{told}");
}

#[test]
fn a_reload_takes_all_of_a_good_file_and_nothing_of_a_bad_one() {
    let mut daemon = Daemon::start(&own());
    let mut router = Router::connect(&daemon, "edge-1", &[]);
    router.table(50);
    daemon.said("table complete");

    fs::write(&daemon.config, format!("{}\nwrong = 1\n[bmp2]\n", own())).unwrap();
    daemon.signal("HUP");
    let first = daemon.said("configuration refused");
    let second = daemon.said("configuration refused");
    let problems = format!("{}{}", first["problem"], second["problem"]);
    assert!(
        problems.contains("wrong") && problems.contains("bmp2"),
        "{problems}"
    );
    daemon.shows("leakwatch_config_last_reload_successful", 0.0);

    // The rules of the start are in force: 20.1.0.0/24 is ours.
    router.announce(OURS, &STOLEN);
    router.send();
    daemon.line("an incident", about("incident opened", false, "AS64666"));

    // From now on 20.2.0.0/16 is ours too, and another port would need a start.
    let good = own()
        .replace(
            "20.1.0.0/16^16-24\"",
            "20.1.0.0/16^16-24\", \"20.2.0.0/16^16-24\"",
        )
        .replacen("127.0.0.1:0", "127.0.0.1:1", 1);
    fs::write(&daemon.config, good).unwrap();
    daemon.signal("HUP");
    let key = daemon.said("this setting holds from the next start");
    assert_eq!(key["key"], "bmp.listen");
    daemon.said("configuration reloaded");
    daemon.shows("leakwatch_config_last_reload_successful", 1.0);
    router.announce(OURS + 0x1_0000, &[64_510, 64_520, 64_667]);
    router.send();
    daemon.line("a second one", about("incident opened", false, "AS64667"));

    // The session has not noticed anything.
    let routers = daemon.json("/api/v1/routers");
    assert_eq!(routers["routers"][0]["sessions"], 1, "{routers:#}");
    assert_eq!(routers["routers"][0]["state"], "up", "{routers:#}");
    daemon.until("/api/v1/incidents?state=open", "two open", |answer| {
        answer["total"] == 2
    });
}

#[test]
fn a_burst_does_not_hinder_the_end() {
    let mut daemon = Daemon::start(FREE_PORTS);
    let mut router = Router::connect(&daemon, "edge-1", &[]);
    for round in 0..2_u32 {
        for number in 0..20_000 {
            let path = [64_510, 64_520 + round, 64_530 + number % 100];
            router.announce(0x1400_0000 + (number << 8), &path);
        }
    }
    let sending = router.send_on();
    daemon.until("/api/v1/status", "many routes", |status| {
        status["engine"]["routes"].as_u64() == Some(20_000)
    });
    daemon.signal("TERM");
    let status = daemon.ended();
    assert_eq!(status.code(), Some(0));
    assert!(sending.join().unwrap() > 0);
}

#[test]
fn the_service_manager_is_told_of_every_stage() {
    let place = Place::new();
    let path = place.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let hears = |wanted: &str| {
        let mut message = [0; 4096];
        loop {
            let length = manager.recv(&mut message).unwrap();
            let text = String::from_utf8_lossy(&message[..length]).into_owned();
            if text.lines().any(|line| line.starts_with(wanted)) {
                return text;
            }
        }
    };
    let mut daemon = Daemon::start_with(FREE_PORTS, |command| {
        command.env("NOTIFY_SOCKET", &path);
        command.env("WATCHDOG_USEC", "600000");
    });
    let ready = hears("READY=1");
    assert!(
        ready.contains(&format!("STATUS=BMP {}, HTTP {}", daemon.bmp, daemon.http)),
        "{ready}"
    );
    hears("WATCHDOG=1");
    daemon.signal("HUP");
    assert!(hears("RELOADING=1").contains("MONOTONIC_USEC="));
    hears("READY=1");
    hears("WATCHDOG=1");
    daemon.signal("TERM");
    hears("STOPPING=1");
    assert_eq!(daemon.ended().code(), Some(0));
}

#[test]
fn what_came_while_it_was_stopped_is_read_before_time_counts() {
    let config = own().replace("resolve_after = \"1s\"", "resolve_after = \"8s\"");
    let mut daemon = Daemon::start(&config);
    let mut router = Router::connect(&daemon, "edge-1", &[]);
    router.table(50);
    daemon.said("table complete");
    router.announce(OURS, &STOLEN);
    router.send();
    daemon.line("an incident", about("incident opened", false, "AS64666"));
    // It goes, and is back while nobody reads: for longer than an end takes.
    router.withdraw(OURS);
    router.send();
    daemon.until("/api/v1/incidents", "gone", |answer| {
        answer["incidents"][0]["routes"]["active"] == 0
    });
    daemon.signal("STOP");
    router.announce(OURS, &STOLEN);
    router.send();
    thread::sleep(Duration::from_secs(10));
    daemon.signal("CONT");
    daemon.said("we did not run; the time counts once what was missed is read");
    let back = daemon.until("/api/v1/incidents", "back", |answer| {
        answer["incidents"][0]["routes"]["active"] == 1
    });
    assert_eq!(back["total"], 1, "{back:#}");
    // The log may come later than that answer.
    let id = back["incidents"][0]["id"].as_str().unwrap();
    let whole = daemon.json(&format!("/api/v1/incidents/{id}"));
    let steps: Vec<_> = whole["timeline"].as_array().unwrap().iter().collect();
    assert_eq!(steps.len(), 1, "{whole:#}");
    assert_eq!(steps[0]["event"], "opened", "{whole:#}");
    let over = daemon
        .all_said()
        .iter()
        .any(|line| message(line) == "incident is over");
    assert!(!over, "it ended while we did not run");
}

#[test]
fn completions_and_manual_pages_are_of_the_commands_there_are() {
    for shell in ["bash", "zsh", "fish"] {
        let made = leakwatch().args(["completions", shell]).output().unwrap();
        assert!(made.status.success());
        let script = String::from_utf8(made.stdout).unwrap();
        assert!(
            script.contains("replay") && script.contains("run"),
            "{shell}"
        );
    }
    let place = Place::new();
    let made = leakwatch()
        .arg("man")
        .arg("--out")
        .arg(place.path())
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    for page in ["leakwatch.1", "leakwatch-run.1", "leakwatch-config-check.1"] {
        assert!(place.path().join(page).is_file(), "{page}");
    }
}
