//! Who is answered, and what a refusal says.

use std::fs;

use leakwatch::{config, http::Access};

use super::{
    client::{get, request},
    server::{Server, empty, shared},
};

#[test]
fn only_known_names_are_answered_to() {
    let at = shared().at;
    for host in [
        "localhost",
        "LOCALHOST:80",
        "localhost.",
        "127.0.0.1",
        "[::1]:11080",
        "192.0.2.7:9",
        "[2001:db8::1]",
    ] {
        let answer = request(at, "GET", "/healthz", &[("Host", host)]);
        assert_eq!(answer.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:11080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "x\u{202e}y",
        "",
    ] {
        let answer = request(at, "GET", "/api/v1/status", &[("Host", host)]);
        assert_eq!(answer.status, 421, "{host}");
        assert!(answer.detail().contains("`hosts`"), "{answer:?}");
        assert!(!answer.body.contains('\u{202e}'));
    }
    // A name in the request line counts as well (RFC 9112 §3.2.2).
    let answer = request(at, "GET", "http://evil.example/metrics", &[]);
    assert_eq!(answer.status, 421);
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    assert_eq!(request(at, "GET", "/metrics", &twice).status, 400);
}

#[test]
fn a_configured_name_is_answered_to() {
    let settings = config::Http {
        hosts: vec!["Watch.Example.net".to_owned()],
        ..config::Http::default()
    };
    let server = empty(&settings);
    let as_host = |host| request(server.at, "GET", "/healthz", &[("Host", host)]).status;
    assert_eq!(as_host("watch.example.net:11080"), 200);
    assert_eq!(as_host("other.example.net"), 421);
    let refused = &server.metrics.http.refused;
    assert_eq!(refused.with_label_values(&["host"]).get(), 1);
}

#[test]
fn pages_of_other_sites_get_nothing() {
    let at = shared().at;
    let own = format!("http://{at}");
    for (headers, status) in [
        (vec![("Origin", own.as_str())], 200),
        (vec![("Origin", "http://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "http://127.0.0.1:1")], 403),
        (vec![("Sec-Fetch-Site", "same-origin")], 200),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        // A link that somebody follows.
        (
            vec![
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Mode", "navigate"),
            ],
            200,
        ),
    ] {
        let answer = request(at, "GET", "/api/v1/incidents", &headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

#[test]
fn what_only_reads_has_no_other_methods_not_even_across_sites() {
    let at = shared().at;
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT",
    ] {
        let answer = request(at, method, "/api/v1/incidents", &[]);
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
    }
    let crossed = [
        ("Origin", "http://evil.example"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "0"),
    ];
    assert_eq!(
        request(at, "POST", "/api/v1/incidents", &crossed).status,
        403
    );
    assert_eq!(request(at, "HEAD", "/api/v1/status", &[]).body, "");
}

#[test]
fn every_answer_says_how_it_may_be_used() {
    let at = shared().at;
    for path in ["/", "/api/v1/status", "/nothing", "/metrics"] {
        let answer = get(at, path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    }
}

#[test]
fn refusals_name_the_nearest_right_word() {
    let at = shared().at;
    let says = |path: &str, status: u16, words: &str| {
        let answer = get(at, path);
        assert_eq!(answer.status, status, "{path}");
        let detail = answer.detail();
        assert!(detail.contains(words), "{path}: {detail}");
    };
    says("/api/v1/incidents?stat=open", 400, "did you mean `state`?");
    says("/api/v1/incidents?state=opn", 400, "did you mean `open`?");
    says("/api/v1/incidents?limit=0", 400, "from 1 to 10000");
    says("/api/v1/incidents?limit=5&limit=6", 400, "given twice");
    says("/api/v1/status?x", 400, "takes none");
    says("/api/v1/routes", 400, "`prefix` is missing");
    says(
        "/api/v1/routes?prefix=10.1.2.3/8",
        400,
        "did you mean 10.0.0.0/8?",
    );
    says("/api/v1/routes?prefix=ten", 400, "192.0.2.0/24");
    says(
        "/api/v1/routes?prefix=10.0.0.0/8&match=longst",
        400,
        "`longest`",
    );
    says("/api/v2/status", 404, "/api/v1/openapi.json");
    says("/api/v1/incidents/leak-0", 404, "/api/v1/incidents");
}

#[test]
fn paths_out_of_the_tree_lead_nowhere() {
    let at = shared().at;
    for path in [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "/api/v1/incidents/%2e%2e",
        "/api/v1/incidents/..%2fstatus",
        "/incidents/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/v1/incidents/%00",
        "//api/v1/status",
        "/api/v1/status/",
        "/API/v1/status",
    ] {
        assert_eq!(get(at, path).status, 404, "{path}");
    }
    // Not UTF-8 once it is decoded.
    assert_eq!(get(at, "/api/v1/incidents/%ff").status, 400);
    let whole = request(at, "GET", "/healthz", &[("Content-Length", "5")]);
    assert_eq!(whole.status, 400);
}

/// bcrypt of `right horse` at the lowest cost there is.
fn users(file: &std::path::Path, more: &str) -> config::Http {
    let hash = bcrypt::hash("right horse", 4).unwrap();
    let text = format!("basic_auth_users:\n  oncall: {hash}\n{more}");
    fs::write(file, text).unwrap();
    config::Http {
        web_config: Some(file.to_owned()),
        ..config::Http::default()
    }
}

fn basic(server: &Server, path: &str, credentials: &str) -> super::client::Answer {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    request(server.at, "GET", path, &[("Authorization", &value)])
}

#[test]
fn where_users_are_named_nobody_else_sees_anything() {
    let directory = tempfile("users");
    let more = "auth_excluded_paths: [/healthz]\n";
    let server = empty(&users(&directory.join("web.yml"), more));
    for path in [
        "/",
        "/metrics",
        "/api/v1/status",
        "/api/v1/events",
        "/nothing",
    ] {
        let answer = get(server.at, path);
        assert_eq!(answer.status, 401, "{path}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }
    assert_eq!(get(server.at, "/healthz").status, 200);
    assert_eq!(basic(&server, "/metrics", "oncall:right horse").status, 200);
    // Once more, from memory.
    assert_eq!(basic(&server, "/metrics", "oncall:right horse").status, 200);
    for wrong in [
        "oncall:wrong",
        "oncall:",
        "nobody:right horse",
        "oncall",
        ":",
        "oncall:right horse\0",
    ] {
        assert_eq!(basic(&server, "/metrics", wrong).status, 401, "{wrong}");
    }
    for wrong in ["Basic", "Basic ====", "Bearer abc", "basic b25jYWxsOg=="] {
        let headers = [("Authorization", wrong)];
        assert_eq!(
            request(server.at, "GET", "/metrics", &headers).status,
            401,
            "{wrong}"
        );
    }
}

#[test]
fn access_changes_with_a_reload_while_the_server_goes_on() {
    let directory = tempfile("reload");
    let server = empty(&config::Http::default());
    assert_eq!(get(server.at, "/metrics").status, 200);
    let settings = users(&directory.join("web.yml"), "");
    server
        .access
        .send_replace(std::sync::Arc::new(Access::new(&settings).unwrap()));
    assert_eq!(get(server.at, "/metrics").status, 401);
    assert_eq!(basic(&server, "/metrics", "oncall:right horse").status, 200);
}

#[test]
fn a_web_config_that_cannot_be_followed_is_refused_with_reason_and_without_secrets() {
    let directory = tempfile("refused");
    let file = directory.join("web.yml");
    for (text, reason) in [
        ("basic_auth_user:\n  a: b\n", "basic_auth_user"),
        (
            "basic_auth_users:\n  a: plaintext-secret\n",
            "no bcrypt hash",
        ),
        ("basic_auth_users:\n  'a:b': x\n", "cannot be a user name"),
        ("basic_auth_users: [plaintext-secret\n", ""),
        (
            "basic_auth_users:\n  a: plaintext-secret\n  a: plaintext-secret\n",
            "",
        ),
        (
            "tls_server_config:\n  key_file: k\n",
            "`cert_file` is missing",
        ),
        (
            "tls_server_config:\n  cert_file: /nowhere/c\n",
            "/nowhere/c",
        ),
        ("tls_server_config:\n  min_verison: TLS12\n", "min_verison"),
        (
            "http_server_config:\n  headers:\n    X-Frame-Option: DENY\n",
            "did you mean `X-Frame-Options`?",
        ),
        ("rate_limit:\n  burst: 3\n", "rate_limit"),
        (
            "auth_excluded_paths: [healthz]\n",
            "does not begin with `/`",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let settings = config::Http {
            web_config: Some(file.clone()),
            ..config::Http::default()
        };
        let error = Access::new(&settings).unwrap_err().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("plaintext-secret"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    fs::write(&file, "").unwrap();
    let settings = config::Http {
        web_config: Some(file),
        ..config::Http::default()
    };
    let access = Access::new(&settings).unwrap();
    assert!(!access.asks_password() && !access.is_tls());
}

/// A directory of one's own for a test.
pub fn tempfile(name: &str) -> std::path::PathBuf {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("http-{name}"));
    fs::create_dir_all(&directory).unwrap();
    directory
}
