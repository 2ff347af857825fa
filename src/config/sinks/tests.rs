//! Sinks as they are written, and what is said of wrong ones.

use std::path::Path;

use super::*;
use crate::alert::{file, mail::Tls};

fn parse(text: &str) -> Config {
    Config::parse_text(text).unwrap_or_else(|error| panic!("{error}"))
}

const ALL: &str = r#"
[alert]
group_window = "10s"
repeat_interval = "1h"
url = "https://leakwatch.example"
runbook = "https://wiki.example/runbook"

[[alert.alertmanager]]
urls = ["http://am1.example:9093", "http://am2.example:9093/prefix"]
resend = "30s"
hold = "2m"
username = "leakwatch"
password_file = "credential:am"

[[alert.alertmanager]]
name = "other"
urls = ["https://am3.example"]
bearer_file = "/etc/leakwatch/token"
ca_file = "/etc/leakwatch/ca.pem"

[[alert.webhook]]
name = "tickets"
url = "https://tickets.example/hook"
secret_file = "/etc/leakwatch/hmac"
headers = { X-Tenant = "noc", X-B = "c \"d\"" }
kinds = ["leak", "own_prefix"]
drills = true
resolved = false
troubles = false
repeat_interval = "0s"
timeout = "3s"

[[alert.webhook]]
url_file = "credential:hook"

[[alert.slack]]
url_file = "credential:slack"
min_severity = "info"

[[alert.pagerduty]]
routing_key_file = "credential:pd"

[[alert.mail]]
server = "mail.example"
from = "leakwatch <leakwatch@noc.example>"
to = ["oncall@noc.example", "当直 <duty@noc.example>"]
username = "u"
password_file = "credential:mail"
subject_prefix = ""

[[alert.mail]]
name = "local"
server = "::1"
tls = "none"
from = "a@b.example"
to = ["c@d.example"]

[[alert.syslog]]
[[alert.syslog]]
name = "remote"
address = "tcp:[2001:db8::1]:601"
facility = "local3"
app_name = "lw"
sd_id = "lw@64500"

[[alert.file]]
path = "/var/log/leakwatch.jsonl"
"#;

#[test]
fn every_sink_is_read() {
    let config = parse(ALL);
    let alert = &config.alert;
    assert_eq!(alert.group_window, Duration::from_secs(10));
    assert_eq!(alert.url.as_deref(), Some("https://leakwatch.example"));
    let names: Vec<&str> = alert.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "alertmanager/am1.example:9093",
            "alertmanager/am2.example:9093",
            "other",
            "tickets",
            "webhook",
            "slack",
            "pagerduty",
            "mail",
            "local",
            "syslog",
            "remote",
            "file"
        ]
    );
    let severities: Vec<Severity> = alert.sinks.iter().map(|sink| sink.min_severity).collect();
    assert_eq!(severities[3], Severity::Warning);
    assert_eq!(severities[5], Severity::Info);
    assert_eq!(severities[6], Severity::Critical);
    assert_eq!(severities[11], Severity::Info);
    let tickets = &alert.sinks[3];
    assert_eq!(tickets.kinds, [Kind::Leak, Kind::OwnPrefix]);
    assert!(tickets.drills && !tickets.resolved && !tickets.troubles);
    assert_eq!(tickets.repeat_interval, Some(Duration::ZERO));
    let Destination::Mail(mail) = &alert.sinks[7].to else {
        panic!("{:?}", alert.sinks[7])
    };
    assert_eq!(
        (mail.port, mail.tls, mail.to.len()),
        (587, Tls::StartTls, 2)
    );
}

#[test]
fn what_is_shown_of_sinks_says_the_same() {
    let config = parse(ALL);
    assert_eq!(parse(&config.to_toml()), config);
}

#[test]
fn wrong_sinks_are_named() {
    for (text, said) in [
        (
            "[alert]\ngroup_windo = \"1s\"",
            "did you mean `group_window`?",
        ),
        ("[alert]\nurl = \"leakwatch.example\"", "is not an address"),
        ("[[alert.webhok]]", "did you mean `webhook`?"),
        (
            "[alert.webhook]\nurl = \"https://a.example\"",
            "write [[alert.webhook]]",
        ),
        ("[[alert.webhook]]", "needs `url` or `url_file`"),
        (
            "[[alert.webhook]]\nurl = \"https://a.example\"\nurl_file = \"x\"",
            "needs `url` or `url_file`",
        ),
        (
            "[[alert.webhook]]\nurl = \"https://u:p@a.example\"",
            "without a password",
        ),
        (
            "[[alert.webhook]]\nurl = \"https://a.example\"\nheaders = { Host = \"x\" }",
            "`Host` is no header",
        ),
        (
            "[[alert.webhook]]\nurl = \"https://a.example\"\nheaders = { A = \"x\\r\\nB: c\" }",
            "must be visible ASCII",
        ),
        (
            "[[alert.webhook]]\nurl = \"https://a.example\"\nsecret = \"x\"",
            "did you mean `secret_file`?",
        ),
        ("[[alert.alertmanager]]", "needs `urls`"),
        (
            "[[alert.alertmanager]]\nurls = []",
            "needs `urls`, at least one",
        ),
        (
            "[[alert.alertmanager]]\nurls = [\"http://a.example/x\", \"http://a.example/y\"]",
            "a second sink of the name `alertmanager/a.example`",
        ),
        (
            "[[alert.alertmanager]]\nurls = [\"http://a.example\"]\nusername = \"x\"",
            "write `username` and `password_file`",
        ),
        ("[[alert.slack]]", "needs `url_file`"),
        (
            "[[alert.slack]]\nurl_file = \"credential:../x\"",
            "names no file",
        ),
        (
            "[[alert.pagerduty]]\nrouting_key = \"x\"",
            "needs `routing_key_file`",
        ),
        ("[[alert.mail]]\nserver = \"m.example\"", "needs `from`"),
        (
            "[[alert.mail]]\nserver = \"m.example:587\"",
            "`m.example:587` is no host; write the port as `port`",
        ),
        (
            "[[alert.mail]]\nserver = \"192.0.2.1:25\"",
            "write the port as `port`",
        ),
        (
            "[[alert.mail]]\nserver = \"m.example\"\nfrom = \"x\"\nto = [\"a@b.example\"]",
            "`x` is no mail address",
        ),
        (
            "[[alert.mail]]\nserver = \"m.example\"\nfrom = \"a@b.example\"\nto = []",
            "needs `to`, at least one",
        ),
        (
            "[[alert.mail]]\nserver = \"m.example\"\ntls = \"none\"\nfrom = \"a@b.example\"\n\
             to = [\"a@b.example\"]",
            "`insecure = true` allows",
        ),
        ("[[alert.syslog]]\naddress = \"localhost\"", "udp:HOST:514"),
        ("[[alert.syslog]]\nsd_id = \"x\"", "is not a name such as"),
        ("[[alert.file]]", "needs `path`"),
        (
            "[[alert.file]]\npath = \"a\"\n[[alert.file]]\npath = \"b\"",
            "line 3: alert.file: a second sink of the name `file`",
        ),
        (
            "[[alert.file]]\npath = \"a\"\nmin_severity = \"high\"",
            "write info, warning or critical",
        ),
        (
            "[[alert.file]]\npath = \"a\"\nkinds = [\"leaks\"]",
            "`leaks` is no kind",
        ),
        (
            "[[alert.file]]\npath = \"a\"\ntimeout = \"1s\"",
            "unknown key",
        ),
    ] {
        let error = Config::parse_text(text).expect_err(text).to_string();
        assert!(error.contains(said), "{text:?} gives {error:?}");
    }
}

#[test]
fn secrets_are_read_when_a_file_is_checked_and_never_shown() {
    let directory = std::env::temp_dir().join(format!("leakwatch-sinks-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let text = "[[alert.slack]]\nurl_file = \"slack.url\"\n[[alert.file]]\npath = \"a.jsonl\"";
    let error = Config::parse(text, &directory).unwrap_err().to_string();
    assert!(error.contains("line 1: alert.slack: ") && error.contains("slack.url: No such file"));
    std::fs::write(directory.join("slack.url"), "hooks.slack.example/s3cret").unwrap();
    let error = Config::parse(text, &directory).unwrap_err().to_string();
    assert!(error.contains("must begin with http"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
    std::fs::write(
        directory.join("slack.url"),
        "https://hooks.slack.example/s3cret",
    )
    .unwrap();
    let config = Config::parse(text, &directory).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
    let file = &config.alert.sinks[1].to;
    let expected = file::Settings {
        path: directory.join("a.jsonl"),
    };
    assert_eq!(file, &Destination::File(expected));
    // A credential is there only while the service runs.
    let text = "[[alert.slack]]\nurl_file = \"credential:slack\"";
    Config::parse(text, Path::new("/")).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}
