//! What can be changed, by whom, and how what is not as it must be is refused.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    process::{Command, Output},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use leakwatch::{
    config,
    feed::intake::Realm,
    http::Access,
    incident::{Output as Said, Step},
};
use serde_json::{Value, json};

use super::{
    access::tempfile,
    client::{Answer, connect, get, parse, send},
    contract::{check_method, document},
    server::{Server, live_through, serve},
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server with the open incident of a drill, that lets those with [`TOKEN`] change things.
fn server(name: &str) -> Server {
    let file = tempfile(name).join("token");
    fs::write(
        &file,
        format!("# for the night shift\n\n{TOKEN}\nan-older-one-of-them\n"),
    )
    .unwrap();
    let settings = config::Http {
        token_file: Some(file),
        ..config::Http::default()
    };
    serve(
        &settings,
        live_through("allegheny-2019", false, false),
        None,
    )
}

fn incident(server: &Server) -> String {
    let list = get(server.at, "/api/v1/incidents?severity=critical").json();
    list["incidents"][0]["id"].as_str().unwrap().to_owned()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A change with the token.
fn change(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    with(
        server,
        method,
        path,
        body,
        &[("Authorization", &bearer(TOKEN))],
    )
}

fn with(server: &Server, method: &str, path: &str, body: &str, more: &[(&str, &str)]) -> Answer {
    let length = body.len().to_string();
    let mut headers = more.to_vec();
    if method == "POST" {
        headers.push(("Content-Length", &length));
        if !more.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/json"));
        }
    }
    send(server.at, method, path, &headers, body)
}

fn mute() -> Value {
    json!({
        "matches": {"offender": 396_531}, "for": "2h", "by": "mk", "why": "ticket 4711",
    })
}

/// `mute` with one field otherwise.
fn mute_with(field: &str, value: Value) -> String {
    let mut body = mute();
    body[field] = value;
    body.to_string()
}

#[test]
fn a_mute_is_made_listed_shown_and_taken_back_and_all_of_it_is_on_record() {
    let server = server("mute");
    let document = document();
    let answer = change(&server, "POST", "/api/v1/mutes", &mute().to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    check_method(&document, "/api/v1/mutes", "post", &answer);
    assert_eq!(answer.header("location"), Some("/api/v1/mutes/m-1"));
    let list = get(server.at, "/api/v1/mutes");
    check_method(&document, "/api/v1/mutes", "get", &list);
    assert_eq!(list.json()["mutes"][0], answer.json());

    let id = incident(&server);
    for (route, path) in [
        (
            "/api/v1/incidents",
            "/api/v1/incidents?severity=critical".to_owned(),
        ),
        ("/api/v1/incidents/{id}", format!("/api/v1/incidents/{id}")),
    ] {
        let shown = get(server.at, &path);
        check_method(&document, route, "get", &shown);
        let shown = shown.json();
        let one = shown.pointer("/incidents/0").unwrap_or(&shown);
        assert_eq!(one["quiet"], true, "{route}");
        assert_eq!(one["muted_until"], answer.json()["until"]);
        assert_eq!(one["mutes"][0]["id"], "m-1");
        let text = one["quiet_because"][0]["text"].as_str().unwrap();
        assert!(
            text.starts_with("Muted by mk: \"ticket 4711\", until "),
            "{text}"
        );
    }
    for path in ["/", &format!("/incidents/{id}")] {
        let page = get(server.at, path).body;
        assert!(
            page.contains("Muted by mk: &quot;ticket 4711&quot;"),
            "{page}"
        );
    }

    let gone = change(&server, "DELETE", "/api/v1/mutes/m-1?by=jo&why=done", "");
    assert_eq!(gone.status, 200, "{gone:?}");
    check_method(&document, "/api/v1/mutes/{id}", "delete", &gone);
    let again = change(&server, "DELETE", "/api/v1/mutes/m-1?by=jo&why=done", "");
    assert_eq!(again.status, 404);
    check_method(&document, "/api/v1/mutes/{id}", "delete", &again);
    assert_eq!(get(server.at, "/api/v1/mutes").json()["mutes"], json!([]));
    let record = get(server.at, "/api/v1/quiet-log");
    check_method(&document, "/api/v1/quiet-log", "get", &record);
    let record = record.json();
    let told: Vec<[&Value; 4]> = record["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| [&one["id"], &one["event"], &one["by"], &one["why"]])
        .collect();
    assert_eq!(
        told,
        [
            [
                &json!("m-1"),
                &json!("removed"),
                &json!("jo"),
                &json!("done")
            ],
            [
                &json!("m-1"),
                &json!("added"),
                &json!("mk"),
                &json!("ticket 4711")
            ],
        ]
    );
}

#[test]
fn a_mute_that_can_never_match_is_refused_or_says_so() {
    let server = server("never");
    let document = document();
    let ask = |matches: Value| {
        let body = mute_with("matches", matches);
        let answer = change(&server, "POST", "/api/v1/mutes", &body);
        check_method(&document, "/api/v1/mutes", "post", &answer);
        (answer.status, answer.json())
    };
    let (status, told) = ask(json!({"sink": "pagr"}));
    assert_eq!((status, &told["field"]), (400, &json!("matches.sink")));
    assert!(told.to_string().contains("did you mean `pager`?"), "{told}");
    let (status, told) = ask(json!({"peer": "transit-z"}));
    assert_eq!((status, &told["field"]), (400, &json!("matches.peer")));
    for (matches, note) in [
        (
            json!({"incident": "leak-1-via-2-x"}),
            "no incident or trouble is called",
        ),
        (
            json!({"peer": "203.0.113.99"}),
            "no session with 203.0.113.99",
        ),
        (json!({"router": "edge99"}), "no router `edge99`"),
    ] {
        let (status, told) = ask(matches);
        assert_eq!(status, 201);
        assert!(told["notes"][0].as_str().unwrap().contains(note), "{told}");
    }
    for matches in [
        json!({"incident": incident(&server)}),
        json!({"incident": "sink-failing-pager"}),
        json!({"sink": " pager "}),
    ] {
        let (status, told) = ask(matches);
        assert_eq!((status, &told["notes"]), (201, &Value::Null), "{told}");
    }
    let id = incident(&server);
    let record = server.board.incident(Realm::Live, &id).unwrap();
    let mut over = record.last.clone();
    over.event = Step::Resolved;
    let over = Said::Incident(Box::new(over));
    server.board.tell(Realm::Live, &over);
    let (status, told) = ask(json!({"incident": id}));
    assert_eq!(status, 201);
    assert!(
        told["notes"][0].as_str().unwrap().contains("is over"),
        "{told}"
    );
    let token = tempfile("never").join("token");
    let arguments = ["mute", "--incident", "leak-x", "--for", "1h", "--why", "x"];
    let token = ["--token-file", token.to_str().unwrap()];
    let text = said(&leakwatch(&server, &[&arguments[..], &token].concat()));
    let note = "Note: no incident or trouble is called `leak-x` so far";
    assert!(text.contains(note), "{text}");
}

#[test]
fn an_incident_is_acknowledged_for_four_hours_unless_another_time_is_said() {
    let server = server("ack");
    let document = document();
    let route = "/api/v1/incidents/{id}/acknowledgement";
    let id = incident(&server);
    let path = format!("/api/v1/incidents/{id}/acknowledgement");
    let body = json!({"by": "mk", "why": "called <Verizon>"}).to_string();
    let answer = change(&server, "POST", &path, &body);
    assert_eq!(answer.status, 201, "{answer:?}");
    check_method(&document, route, "post", &answer);
    let held = server.quiet.acknowledgements().remove(0);
    assert_eq!(held.until.since(held.at), Duration::from_secs(4 * 3600));
    let shown = get(server.at, &format!("/api/v1/incidents/{id}"));
    check_method(&document, "/api/v1/incidents/{id}", "get", &shown);
    assert_eq!(shown.json()["acknowledged"], answer.json());
    let page = get(server.at, &format!("/incidents/{id}")).body;
    assert!(
        page.contains("Acknowledged by mk: &quot;called &lt;Verizon&gt;&quot;"),
        "{page}"
    );
    // Others hear when somebody took it on, not who nor what they remarked.
    for audience in ["operators", "authority"] {
        let report = format!("/api/v1/incidents/{id}/report?format=json&audience={audience}");
        let report = get(server.at, &report).json();
        let at = &report["facts"]["response"]["acknowledged_at"];
        assert_eq!(*at, answer.json()["at"], "{report}");
        assert!(!report.to_string().contains("Verizon>"), "{report}");
        assert!(!report.to_string().contains("\"mk\""), "{report}");
    }
    let gone = change(
        &server,
        "DELETE",
        &format!("{path}?by=mk&why=x&drill=false"),
        "",
    );
    check_method(&document, route, "delete", &gone);
    assert_eq!(gone.json(), answer.json());
    assert!(server.quiet.acknowledgements().is_empty());
    let none = change(
        &server,
        "POST",
        "/api/v1/incidents/none/acknowledgement",
        &body,
    );
    assert_eq!(none.status, 404);
    check_method(&document, route, "post", &none);
}

#[test]
fn a_change_is_expected_and_shown_beside_what_is_of_it() {
    let server = server("expected");
    let document = document();
    let body = json!({
        "asn": "AS396531", "routes": -4000, "for": "1h", "margin": 10, "by": "mk", "why": "move",
        "prefixes": ["10.0.0.0/8^16-24", "2001:db8::/32^+"], "kinds": ["leak", "withdrawal"],
    });
    let answer = change(&server, "POST", "/api/v1/expected", &body.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    check_method(&document, "/api/v1/expected", "post", &answer);
    let list = get(server.at, "/api/v1/expected");
    check_method(&document, "/api/v1/expected", "get", &list);
    assert_eq!(list.json()["expected"][0], answer.json());
    assert_eq!(answer.json()["prefixes"][1], "2001:db8::/32^32-128");
    let gone = change(&server, "DELETE", "/api/v1/expected/e-1?by=mk&why=x", "");
    check_method(&document, "/api/v1/expected/{id}", "delete", &gone);
    assert_eq!(gone.status, 200);

    // One that the open incident is of: it began within the hour.
    let record = get(
        server.at,
        &format!("/api/v1/incidents/{}", incident(&server)),
    )
    .json();
    let mut wide = json!({
        "asn": 396_531, "routes": 9000, "from": record["first_seen"], "by": "mk", "why": "new",
    });
    wide["until"] =
        json!((leakwatch::bgp::Timestamp::from_secs(server.live.borrow().time.secs() + 3600)));
    let answer = change(&server, "POST", "/api/v1/expected", &wide.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    let shown = get(
        server.at,
        &format!("/api/v1/incidents/{}", incident(&server)),
    );
    check_method(&document, "/api/v1/incidents/{id}", "get", &shown);
    let shown = shown.json();
    assert_eq!(shown["expected"]["id"], "e-2");
    assert_eq!(shown["expected"]["quiet"], true);
    assert_eq!(shown["quiet"], true);
}

#[test]
fn without_the_token_nothing_changes() {
    let server = server("token");
    let document = document();
    let body = mute().to_string();
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Basic b25jYWxsOnJpZ2h0IGhvcnNl",
        "Token 0123456789abcdef0123456789abcdef",
        "Bearer wrong",
        "Bearer 0123456789abcdef0123456789abcde",
        "Bearer 0123456789abcdef0123456789abcdef0",
        "Bearer # for the night shift",
    ] {
        let headers = [("Authorization", authorization)];
        let answer = with(&server, "POST", "/api/v1/mutes", &body, &headers);
        assert_eq!(answer.status, 401, "{authorization}");
        check_method(&document, "/api/v1/mutes", "post", &answer);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("Bearer realm=\"leakwatch\""),
            "{challenge}"
        );
        assert!(!answer.body.contains("0123456789"), "{answer:?}");
    }
    let headers = [("Authorization", "Bearer an-older-one-of-them")];
    let older = with(&server, "POST", "/api/v1/mutes", &body, &headers);
    assert_eq!(older.status, 201);
    assert_eq!(server.quiet.mutes().len(), 1);
    let refused = &server.metrics.http.refused;
    assert_eq!(refused.with_label_values(&["token"]).get(), 9);
}

#[test]
fn wrong_tokens_wait_and_a_right_one_does_not() {
    let server = Arc::new(server("slow"));
    let enough = Arc::new(AtomicBool::new(false));
    // How often each has been answered, and with what.
    let answers: Arc<Vec<Mutex<Vec<u16>>>> = Arc::new((0..20).map(|_| Mutex::default()).collect());
    let guessing: Vec<_> = (0..20)
        .map(|number| {
            let (server, enough) = (Arc::clone(&server), Arc::clone(&enough));
            let answers = Arc::clone(&answers);
            thread::spawn(move || {
                let headers = [("Authorization", "Bearer 0123456789abcdef0123456789abcdee")];
                while !enough.load(Ordering::Relaxed) {
                    let status = with(&server, "POST", "/api/v1/mutes", "{}", &headers).status;
                    answers[number].lock().unwrap().push(status);
                    thread::sleep(Duration::from_millis(20));
                }
            })
        })
        .collect();
    let counts = || -> Vec<usize> {
        answers
            .iter()
            .map(|one| one.lock().unwrap().len())
            .collect()
    };
    let statuses = || {
        let all = answers.iter().flat_map(|one| one.lock().unwrap().clone());
        all.collect::<BTreeSet<u16>>()
    };
    let some = |status: u16| {
        for look in 0.. {
            if statuses().contains(&status) {
                break;
            }
            assert!(look < 6000, "never {status}: {:?}", statuses());
            thread::sleep(Duration::from_millis(10));
        }
    };
    // From then on as many wait as may.
    some(503);
    // A machine that stands still for seconds is no proof: so a few times.
    let overtakes = (0..5).any(|_| {
        let before = counts();
        let answer = change(&server, "POST", "/api/v1/mutes", &mute().to_string());
        assert_eq!(answer.status, 201);
        before
            .iter()
            .zip(counts())
            .any(|(before, after)| *before == after)
    });
    assert!(overtakes, "a right token waited for wrong ones");
    some(401);
    enough.store(true, Ordering::Relaxed);
    for one in guessing {
        one.join().unwrap();
    }
    assert_eq!(statuses(), BTreeSet::from([401, 503]));
}

#[test]
fn pages_of_other_sites_change_nothing_even_with_the_token() {
    let server = server("cross");
    let body = mute().to_string();
    let token = bearer(TOKEN);
    for (more, status) in [
        (vec![("Origin", "http://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        // A form that a page of another site sends is a navigation too.
        (
            vec![
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Mode", "navigate"),
            ],
            403,
        ),
        (vec![("Host", "evil.example")], 421),
        // What a page can send without asking first.
        (vec![("Content-Type", "text/plain")], 415),
        (
            vec![("Content-Type", "application/x-www-form-urlencoded")],
            415,
        ),
        (
            vec![("Content-Type", "multipart/form-data; boundary=x")],
            415,
        ),
        (vec![("Content-Type", "application/jsonp")], 415),
        (
            vec![("Content-Type", "application/JSON; charset=utf-8")],
            201,
        ),
    ] {
        let mut headers = vec![("Authorization", token.as_str())];
        headers.extend(&more);
        let answer = with(&server, "POST", "/api/v1/mutes", &body, &headers);
        assert_eq!(answer.status, status, "{more:?}: {answer:?}");
    }
    // Asking first is not answered.
    let ask = [
        ("Origin", "http://evil.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    let answer = send(server.at, "OPTIONS", "/api/v1/mutes", &ask, "");
    assert_eq!(answer.status, 403);
    assert!(answer.header("access-control-allow-origin").is_none());
    assert_eq!(server.quiet.mutes().len(), 1);
}

#[test]
fn a_body_that_is_not_as_it_must_be_is_refused_with_its_field() {
    let server = server("bodies");
    let document = document();
    let twice = mute().to_string().replacen('{', "{\"by\":\"x\",", 1);
    let deep = format!("{{\"by\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for (body, field, words) in [
        (String::new(), None, "not an object of JSON"),
        ("[]".to_owned(), None, "not an object of JSON"),
        ("null".to_owned(), None, "not an object of JSON"),
        (
            "{\"by\":\"\u{fffd}".to_owned(),
            None,
            "not an object of JSON",
        ),
        (deep, None, "not an object of JSON"),
        (twice, Some("by"), "given twice"),
        (
            mute_with("whyy", json!("x")),
            Some("whyy"),
            "did you mean `why`?",
        ),
        (mute_with("why", json!(null)), Some("why"), "is missing"),
        (mute_with("why", json!(7)), Some("why"), "is not a text"),
        (
            mute_with("why", json!("a\u{1b}[2Jb")),
            Some("why"),
            "does not show",
        ),
        (
            mute_with("why", json!("a\u{202e}b")),
            Some("why"),
            "does not show",
        ),
        (
            mute_with("why", json!("x".repeat(501))),
            Some("why"),
            "longer than 500",
        ),
        (mute_with("by", json!(" ")), Some("by"), "says nothing"),
        (
            mute_with("for", json!("two hours")),
            Some("for"),
            "is not a duration",
        ),
        (
            mute_with("for", json!("31d")),
            Some("until"),
            "more than 30 days",
        ),
        (
            mute_with("for", json!("99999999999999d")),
            Some("for"),
            "is not a duration",
        ),
        (
            mute_with("for", json!("0s")),
            Some("until"),
            "which is past",
        ),
        (mute_with("for", json!(null)), Some("until"), "is missing"),
        (
            mute_with("until", json!("2099-01-01T00:00:00Z")),
            Some("for"),
            "both given",
        ),
        (
            mute_with("from", json!("yesterday")),
            Some("from"),
            "is not a time",
        ),
        (
            mute_with("from", json!("1900-01-01T00:00:00Z")),
            Some("from"),
            "is not a time",
        ),
        (
            mute_with("below_critical", json!("yes")),
            Some("below_critical"),
            "true nor false",
        ),
        (mute_with("matches", json!({})), Some("matches"), "at least"),
        (
            mute_with("matches", json!([])),
            Some("matches"),
            "not an object",
        ),
        (
            mute_with("matches", json!({"offendr": 1})),
            Some("matches.offendr"),
            "did you mean `offender`?",
        ),
        (
            mute_with("matches", json!({"offender": 4_294_967_296_u64})),
            Some("matches.offender"),
            "AS number",
        ),
        (
            mute_with("matches", json!({"offender": "ASx"})),
            Some("matches.offender"),
            "AS number",
        ),
        (
            mute_with("matches", json!({"kind": "leek"})),
            Some("matches.kind"),
            "did you mean `leak`?",
        ),
        (
            mute_with("matches", json!({"sink": "a\nb"})),
            Some("matches.sink"),
            "does not show",
        ),
    ] {
        let answer = change(&server, "POST", "/api/v1/mutes", &body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        check_method(&document, "/api/v1/mutes", "post", &answer);
        let detail = answer.detail();
        assert!(detail.contains(words), "{body}: {detail}");
        assert!(!detail.contains(['\u{1b}', '\u{202e}', '\n']), "{detail}");
        assert_eq!(answer.json()["field"].as_str(), field, "{body}: {detail}");
    }
    for (body, field) in [
        (
            json!({"asn": 1, "routes": 0, "for": "1h", "by": "a", "why": "b"}),
            "routes",
        ),
        (
            json!({"asn": 1, "routes": 1.5, "for": "1h", "by": "a", "why": "b"}),
            "routes",
        ),
        (
            json!({"asn": 1, "routes": i64::MIN, "for": "1h", "by": "a", "why": "b"}),
            "routes",
        ),
        (
            json!({"routes": 1, "for": "1h", "by": "a", "why": "b"}),
            "asn",
        ),
        (
            json!({"asn": 1, "routes": 1, "for": "8d", "by": "a", "why": "b"}),
            "until",
        ),
        (
            json!({"asn": 1, "routes": 1, "for": "1h", "margin": 101, "by": "a", "why": "b"}),
            "margin",
        ),
        (
            json!({"asn": 1, "routes": 1, "for": "1h", "prefixes": ["10.1.0.0/8"], "by": "a",
                   "why": "b"}),
            "prefixes",
        ),
        (
            json!({"asn": 1, "routes": 1, "for": "1h", "prefixes": "10.0.0.0/8", "by": "a",
                   "why": "b"}),
            "prefixes",
        ),
    ] {
        let answer = change(&server, "POST", "/api/v1/expected", &body.to_string());
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        check_method(&document, "/api/v1/expected", "post", &answer);
        assert_eq!(answer.json()["field"], field, "{body}: {answer:?}");
    }
    let unknown = change(&server, "POST", "/api/v1/mutes?x=1", &mute().to_string());
    assert_eq!(unknown.status, 400);
    for path in [
        "/api/v1/mutes/m-1",
        "/api/v1/mutes/m-1?by=a",
        "/api/v1/mutes/m-1?why=b",
    ] {
        let answer = change(&server, "DELETE", path, "");
        assert_eq!(answer.status, 400, "{path}");
        check_method(&document, "/api/v1/mutes/{id}", "delete", &answer);
    }
    assert!(server.quiet.mutes().is_empty() && server.quiet.expected().is_empty());
}

#[test]
fn a_body_that_is_too_large_or_never_ends_is_given_up() {
    let server = server("large");
    let body = mute_with("why", json!("x".repeat(20_000)));
    let answer = change(&server, "POST", "/api/v1/mutes", &body);
    assert_eq!(answer.status, 413, "{answer:?}");
    check_method(&document(), "/api/v1/mutes", "post", &answer);
    let token = bearer(TOKEN);
    // In pieces, so that nobody says how large it is.
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let headers = [
        ("Authorization", token.as_str()),
        ("Content-Type", "application/json"),
        ("Transfer-Encoding", "chunked"),
    ];
    assert_eq!(
        send(server.at, "POST", "/api/v1/mutes", &headers, &chunks).status,
        413
    );
    let mut stream = connect(server.at);
    let head = format!(
        "POST /api/v1/mutes HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"by\":"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut back = vec![0; 4096];
    let length = stream.read(&mut back).unwrap();
    assert_eq!(parse(&back[..length]).status, 408);
    let headers = [("Authorization", token.as_str()), ("Content-Length", "2")];
    let with_body = send(
        server.at,
        "DELETE",
        "/api/v1/mutes/m-1?by=a&why=b",
        &headers,
        "{}",
    );
    assert_eq!(with_body.status, 400);
    assert!(server.quiet.mutes().is_empty());
}

#[test]
fn whoever_has_a_password_reads_and_whoever_has_the_token_changes_and_reads() {
    let directory = tempfile("both");
    let hash = bcrypt::hash("right horse", 4).unwrap();
    fs::write(
        directory.join("web.yml"),
        format!("basic_auth_users:\n  oncall: {hash}\n"),
    )
    .unwrap();
    fs::write(directory.join("token"), TOKEN).unwrap();
    let settings = config::Http {
        web_config: Some(directory.join("web.yml")),
        token_file: Some(directory.join("token")),
        ..config::Http::default()
    };
    let server = super::server::empty(&settings);
    let password = ("Authorization", "Basic b25jYWxsOnJpZ2h0IGhvcnNl");
    let token = bearer(TOKEN);
    let token = ("Authorization", token.as_str());
    let read = |header| send(server.at, "GET", "/api/v1/mutes", &[header], "");
    let write = |header| {
        with(
            &server,
            "POST",
            "/api/v1/mutes",
            &mute().to_string(),
            &[header],
        )
    };
    assert_eq!(read(password).status, 200);
    assert_eq!(read(token).status, 200);
    assert_eq!(
        read(("Authorization", "Bearer 0123456789abcdef0123")).status,
        401
    );
    assert_eq!(write(password).status, 401);
    assert_eq!(write(token).status, 201);
    assert_eq!(get(server.at, "/api/v1/mutes").status, 401);
}

#[test]
fn a_token_changes_with_a_reload() {
    let server = server("reload");
    let file = tempfile("reload").join("token");
    fs::write(&file, "another-token-of-some-length").unwrap();
    let settings = config::Http {
        token_file: Some(file),
        ..config::Http::default()
    };
    let access = Access::new(&settings).unwrap();
    server.access.send_replace(Arc::new(access));
    let answer = change(&server, "POST", "/api/v1/mutes", &mute().to_string());
    assert_eq!(answer.status, 401);
    server
        .access
        .send_replace(Arc::new(Access::new(&config::Http::default()).unwrap()));
    let answer = change(&server, "POST", "/api/v1/mutes", &mute().to_string());
    assert_eq!(answer.status, 403);
    assert!(
        answer.detail().contains("openssl rand -hex 32"),
        "{answer:?}"
    );
}

#[test]
fn a_token_file_that_cannot_be_used_is_refused_without_what_is_in_it() {
    let file = tempfile("token-refused").join("token");
    for (text, reason) in [
        ("", "no token is in it"),
        ("# nothing\n\n", "no token is in it"),
        ("short-secret\n", "line 1: a token of fewer than 16"),
        ("\nsecret with spaces in it\n", "line 2: is no bearer token"),
        (
            &format!("secret{}", "x".repeat(2000)),
            "line 1: is no bearer token",
        ),
        (
            &"a-secret-that-is-long-enough\n".repeat(17),
            "17 tokens are in it",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let settings = config::Http {
            token_file: Some(file.clone()),
            ..config::Http::default()
        };
        let error = Access::new(&settings).unwrap_err();
        assert_eq!(error.key(), "http.token_file");
        let error = error.to_string();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    for (path, reason) in [
        ("/nowhere/token", "/nowhere/token"),
        ("credential:", "is not the name of a credential"),
        ("credential:../x", "is not the name of a credential"),
    ] {
        let settings = config::Http {
            token_file: Some(path.into()),
            ..config::Http::default()
        };
        let error = Access::new(&settings).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

fn leakwatch(server: &Server, arguments: &[&str]) -> Output {
    let url = format!("http://{}", server.at);
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakwatch"));
    for name in [
        "SUDO_USER",
        "LEAKWATCH_TOKEN_FILE",
        "LEAKWATCH_URL",
        "COLUMNS",
    ] {
        command.env_remove(name);
    }
    command
        .env("USER", "night")
        .args(arguments)
        .args(["--url", &url]);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    // Lines are broken for people.
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_command_line_mutes_acknowledges_and_expects_and_says_how_to_undo_it() {
    let server = server("commands");
    let token = tempfile("commands").join("token");
    let token = token.to_str().unwrap();
    let id = incident(&server);
    let run = |arguments: &[&str]| said(&leakwatch(&server, arguments));
    let change = |arguments: &[&str]| run(&[arguments, &["--token-file", token]].concat());

    let text = change(&["ack", &id, "--why", "called Verizon", "--for", "2h"]);
    assert!(
        text.starts_with(&format!("{id} is acknowledged (a-1) by night until ")),
        "{text}"
    );
    assert!(text.contains(", for 2 h, or until it is over."), "{text}");
    assert!(
        text.ends_with(&format!("Undo: leakwatch ack {id} --undo")),
        "{text}"
    );
    let text = run(&["incidents", &id]);
    assert!(
        text.contains("Quiet Acknowledged by night: \"called Verizon\", until"),
        "{text}"
    );
    let text = run(&["incidents"]);
    assert!(
        text.contains("Acknowledged by night: \"called Verizon\", until"),
        "{text}"
    );
    let text = change(&["ack", &id, "--undo"]);
    assert_eq!(text, format!("{id} is not acknowledged any more (a-1)."));

    let text = change(&[
        "mute", "--as", "AS396531", "--until", "05:00", "--why", "x", "--by", "jo",
    ]);
    assert!(
        text.starts_with("Muted (m-1): incidents of AS396531, until "),
        "{text}"
    );
    assert!(text.contains(" 05:00:00 UTC, for "), "{text}");
    assert!(text.contains(", by jo."), "{text}");
    let text = change(&[
        "mute",
        "--incident",
        &id,
        "--sink",
        "pager",
        "--kind",
        "leak",
        "--below-critical",
        "--for",
        "2h",
        "--why",
        "y",
    ]);
    let what = format!("{id}, incidents of the kind leak, at the sink pager, below critical");
    assert!(
        text.starts_with(&format!("Muted (m-2): {what}, until ")),
        "{text}"
    );
    assert!(text.contains(", for 2 h, by night."), "{text}");
    change(&["mute", "remove", "m-2"]);
    assert!(run(&["mute", "list"]).contains("incidents of AS396531, muted by jo: \"x\", until"));
    assert!(change(&["mute", "remove", "m-1"]).starts_with("No longer muted (m-1)"));
    assert_eq!(run(&["mute", "list"]), "Nothing is muted.");

    let text = change(&[
        "expect",
        "+4000",
        "--from",
        "AS64500",
        "--between",
        "02:00",
        "--and",
        "03:00",
        "--why",
        "new customer",
    ]);
    assert!(
        text.starts_with("Expected (e-1): +4,000 routes of AS64500, from "),
        "{text}"
    );
    assert!(text.contains(" 02:00:00 UTC until "), "{text}");
    assert!(
        text.contains(" 03:00:00 UTC, for 1 h, by night. Up to 4,800 routes"),
        "{text}"
    );
    let list = run(&["expect", "list"]);
    assert!(list.starts_with("e-1 planned between "), "{list}");
    let text = change(&[
        "expect", "-1200", "--from", "64500", "--and", "1h", "--why", "y",
    ]);
    assert!(
        text.starts_with("Expected (e-2): −1,200 routes of AS64500"),
        "{text}"
    );
    assert!(change(&["expect", "remove", "e-1"]).starts_with("No longer expected (e-1)"));
    let log = run(&["mute", "log", "--limit", "1"]);
    assert!(
        log.contains("e-1 removed: +4,000 routes of AS64500"),
        "{log}"
    );
    assert!(log.ends_with("and 8 more (--limit)"), "{log}");
}

#[test]
fn a_command_that_cannot_says_what_to_do() {
    let server = server("commands-refused");
    let id = incident(&server);
    let token = tempfile("commands-refused").join("token");
    let token = token.to_str().unwrap();
    let wrong = tempfile("commands-refused").join("wrong");
    fs::write(&wrong, "not-the-token-of-it").unwrap();
    let wrong = wrong.to_str().unwrap();
    for (arguments, status, words) in [
        (vec!["ack", &id, "--why", "x"], 2, "LEAKWATCH_TOKEN_FILE"),
        (vec!["ack", &id, "--token-file", token], 2, "--why"),
        (
            vec!["ack", &id, "--why", "x", "--token-file", wrong],
            1,
            "is not one of",
        ),
        (
            vec!["ack", "none", "--why", "x", "--token-file", token],
            1,
            "no incident is called",
        ),
        (
            vec!["mute", "--why", "x", "--for", "1h", "--token-file", token],
            1,
            "`matches` needs",
        ),
        (
            vec!["mute", "--as", "1", "--why", "x", "--token-file", token],
            2,
            "--for",
        ),
        (
            vec!["mute", "--as", "x", "--why", "x", "--for", "1h"],
            2,
            "is not an AS number",
        ),
        (
            vec!["mute", "remove", "m-9", "--token-file", token],
            1,
            "there is no `m-9`",
        ),
        (
            vec!["expect", "0", "--from", "1", "--and", "1h", "--why", "x"],
            2,
            "+4000",
        ),
        (
            vec![
                "expect", "+1", "--from", "1", "--and", "25:00", "--why", "x",
            ],
            2,
            "02:00",
        ),
    ] {
        let output = leakwatch(&server, &arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {errors}"
        );
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert!(!errors.contains("not-the-token"), "{errors}");
    }
}
