//! `leakwatch status`, `incidents`, `peers` and `routes` against a server.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

use leakwatch::{config, feed::intake::Realm};
use socket2::{Domain, Socket, Type};

use super::{
    access::tempfile,
    client::get,
    server::{Server, empty, live_through, shared},
};

fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakwatch"));
    command
        .args(arguments)
        .args(["--url", &format!("http://{}", server.at)])
        .env_remove("COLUMNS")
        // None of it is asked through somebody else.
        .env("http_proxy", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1");
    command
}

fn run(arguments: &[&str]) -> String {
    said(&command(shared(), arguments).output().unwrap())
}

fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    assert!(errors.is_empty(), "{errors}");
    text
}

/// What it says when it cannot.
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("leakwatch: "), "{errors}");
    errors
}

#[test]
fn the_list_tells_a_drill_from_what_is_real() {
    let text = run(&["incidents", "--severity", "critical"]);
    let drill = text.find("CRITICAL  DRILL  for").expect(&text);
    let real = text.find("CRITICAL  over since").expect(&text);
    assert!(drill < real, "what is open stands first: {text}");
    let text = run(&["incidents", "--severity", "critical", "--no-drill"]);
    assert!(!text.contains("DRILL"), "{text}");
    assert!(text.contains("AS15169 (Google)"), "{text}");
    assert_eq!(
        run(&["incidents", "--no-drill", "--state", "open"]),
        "None.\n"
    );
}

#[test]
fn one_incident_is_a_whole_sheet() {
    let list = get(
        shared().at,
        "/api/v1/incidents?severity=critical&drill=false",
    )
    .json();
    let id = list["incidents"][0]["id"].as_str().unwrap();
    let text = run(&["incidents", id]);
    let mut from = 0;
    for label in [
        "CRITICAL", "Who", "Routes", "Whose", "Since", "Seen on", "Examples", "Why", "Do",
        "Course", "State",
    ] {
        let at = text[from..]
            .find(label)
            .unwrap_or_else(|| panic!("{label}: {text}"));
        from += at;
    }
    assert!(
        text.contains("AS15169 (Google), accepted by AS701"),
        "{text}"
    );
    assert!(text.contains("resolved at"), "{text}");
    let missing = refused(command(shared(), &["incidents", "leak-0/../x"]));
    assert!(
        missing.contains("no incident is called `leak-0/../x`"),
        "{missing}"
    );
}

#[test]
fn tables_stay_within_the_width_and_hold_no_escapes() {
    for arguments in [
        &["status"][..],
        &["peers"],
        &["incidents"],
        &["routes", "0.0.0.0/0", "--match", "longer"],
    ] {
        for width in ["40", "80", "110"] {
            let output = command(shared(), arguments)
                .env("COLUMNS", width)
                .output()
                .unwrap();
            let text = said(&output);
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\0', '\r']), "{text}");
            let most: usize = width.parse().unwrap();
            for line in text.lines() {
                // A long word stays whole, and so does a command that is to be copied.
                let whole = line.split_whitespace().any(|word| word.len() + 12 > most)
                    || line.contains("leakwatch incidents ");
                assert!(line.chars().count() <= most || whole, "{width}: {line}");
            }
        }
    }
}

#[test]
fn the_state_of_routers_and_tables_is_told() {
    let text = run(&["status"]);
    for words in [
        "none open",
        "Drill",
        "1 to be woken for",
        "192.0.2.1",
        "lost",
        "the connection was reset",
        "alerts do not get through to pager: 3 wait",
        "on the disk",
        "pager, for",
        "connection refused",
        // The server's clock is so far ahead of what it was told last.
        "has not answered for 1 min ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = run(&["peers"]);
    assert!(text.starts_with("PEER"), "{text}");
    assert!(text.contains("live") && text.contains("(drill)"), "{text}");
    let none = run(&["peers", "--router", "192.0.2.99"]);
    assert!(none.starts_with("No table"), "{none}");
}

#[test]
fn a_leaked_route_leads_to_its_incident() {
    let list = get(
        shared().at,
        "/api/v1/incidents?severity=critical&drill=true",
    )
    .json();
    let id = list["incidents"][0]["id"].as_str().unwrap();
    let whole = get(shared().at, &format!("/api/v1/incidents/{id}")).json();
    let prefix = whole["incident"]["samples"][0]["prefix"].as_str().unwrap();
    let text = run(&["routes", prefix, "--drill"]);
    assert!(
        text.contains(&format!("leakwatch incidents {id} --drill")),
        "{text}"
    );
    let wrong = refused(command(shared(), &["routes", "10.1.2.3/8"]));
    assert!(wrong.contains("did you mean 10.0.0.0/8?"), "{wrong}");
}

#[test]
fn json_is_the_answer_as_it_is() {
    for (arguments, path) in [
        (&["status"][..], "/api/v1/status"),
        (&["peers", "--limit", "3"], "/api/v1/peers?limit=3"),
        (&["incidents"], "/api/v1/incidents?limit=100"),
        (
            &["routes", "10.0.0.0/8"],
            "/api/v1/routes?prefix=10.0.0.0/8&limit=100",
        ),
    ] {
        let text = run(&[arguments, &["--json"]].concat());
        assert_eq!(text.trim_end(), get(shared().at, path).body, "{path}");
    }
}

#[test]
fn without_a_daemon_it_says_what_to_do() {
    // Bound by us, so that nobody else listens there, and not listened at.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    taken.bind(&any.into()).unwrap();
    let at = taken.local_addr().unwrap().as_socket().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakwatch"));
    command.args(["status", "--url", &at.to_string()]);
    let text = refused(command);
    assert!(text.contains("`leakwatch run` starts it"), "{text}");
}

#[test]
fn a_password_comes_from_a_file_or_the_environment() {
    let directory = tempfile("clients");
    let hash = bcrypt::hash("right horse", 4).unwrap();
    let web = directory.join("web.yml");
    fs::write(&web, format!("basic_auth_users:\n  oncall: {hash}\n")).unwrap();
    let server = empty(&config::Http {
        web_config: Some(web),
        ..config::Http::default()
    });
    let asked = refused(command(&server, &["status"]));
    assert!(asked.contains("--password-file"), "{asked}");
    let file = directory.join("password");
    fs::write(&file, "right horse\n").unwrap();
    let file = file.to_str().unwrap();
    let with_file = ["status", "--user", "oncall", "--password-file", file];
    said(&command(&server, &with_file).output().unwrap());
    let mut from_environment = command(&server, &["status"]);
    from_environment
        .env("LEAKWATCH_USER", "oncall")
        .env("LEAKWATCH_PASSWORD", "right horse");
    said(&from_environment.output().unwrap());
    let mut wrong = command(&server, &["status", "--user", "oncall"]);
    wrong.env("LEAKWATCH_PASSWORD", "wrong");
    let text = refused(wrong);
    assert!(
        text.contains("asks for a name") && !text.contains("wrong"),
        "{text}"
    );
}

#[test]
fn what_happens_can_be_followed() {
    let server = empty(&config::Http::default());
    let mut child = command(&server, &["incidents", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "connected; waiting");
    for output in live_through("google-2017", false, true).said {
        server.board.tell(Realm::Live, &output);
    }
    let opened = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.contains("critical  opened"))
        .unwrap();
    assert!(opened.contains("AS15169 (Google)"), "{opened}");
    lines
        .map(Result::unwrap)
        .find(|line| line.contains("resolved"))
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}
