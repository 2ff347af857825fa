//! What every sink says of August 2017, and what none of them can be made to say.

use serde_json::Value;

use super::{
    Message, Sink, alertmanager, courier, facts, html, json, mail, message::cut, pagerduty,
    samples, slack, syslog, text,
};
use crate::{
    bgp::Timestamp,
    incident::{Kind, Severity, Step},
};

mod chat;
mod clocks;
mod notes;
mod reminders;

fn all() -> Vec<(&'static str, Message)> {
    vec![
        ("opened", samples::opened()),
        ("updated", samples::updated()),
        ("resolved", samples::resolved()),
        ("maybe_repeat", samples::repeated()),
        ("drill", samples::drill()),
        ("trouble", samples::trouble(Step::Opened)),
    ]
}

#[test]
fn the_text_reads_well() {
    for (name, message) in all() {
        insta::assert_snapshot!(format!("text_{name}"), text::plain(&message));
    }
}

#[test]
fn every_sink_tells_it_in_its_own_form() {
    for (name, message) in all() {
        let keyed = keyed(&message);
        let document: Value = serde_json::from_str(&json::document(&keyed).unwrap()).unwrap();
        insta::assert_json_snapshot!(format!("webhook_{name}"), document);
        insta::assert_json_snapshot!(format!("slack_{name}"), slack::shown(&message));
        insta::assert_json_snapshot!(format!("pagerduty_{name}"), pagerduty::shown(&keyed));
        insta::assert_json_snapshot!(
            format!("alertmanager_{name}"),
            alertmanager::shown(&keyed, None)
        );
        insta::assert_snapshot!(format!("syslog_{name}"), syslog::shown(&message));
        insta::assert_snapshot!(format!("mail_{name}"), mail::shown(&message));
        insta::assert_snapshot!(format!("html_{name}"), html::page(&message));
    }
}

/// The message as a sink that keeps keys is sent it.
fn keyed(message: &Message) -> Message {
    let render = |notice| samples::told_by(notice, message.now, message.told);
    courier::worded(message.notice.clone(), true, &render)
}

#[test]
fn who_keeps_keys_is_told_of_a_repeat_in_data_and_not_in_words() {
    let repeated = samples::repeated();
    assert!(repeated.title.starts_with("MAY BE A REPEAT"));
    let keyed = keyed(&repeated);
    assert!(keyed.notice.maybe_repeat);
    assert_eq!(keyed.title, samples::opened().title);
    assert_eq!(keyed.facts, samples::opened().facts);
    let document: Value = serde_json::from_str(&json::document(&keyed).unwrap()).unwrap();
    assert_eq!(document["maybe_repeat"], true);
}

#[test]
fn the_title_says_at_its_beginning_why_it_is_told() {
    let title = |step, change: fn(&mut super::Notice)| samples::notice(step, change).title;
    let begins = |title: String, beginning: &str| {
        assert!(title.starts_with(beginning), "{title}");
        assert!(
            title.contains("AS15169 (Google) leaks 160,000 routes"),
            "{title}"
        );
    };
    begins(title(Step::Opened, |_| {}), "CRITICAL AS15169");
    begins(title(Step::Updated, |_| {}), "WORSE: CRITICAL AS15169");
    begins(title(Step::Reopened, |_| {}), "BACK AGAIN: CRITICAL ");
    begins(
        title(Step::Resolved, |_| {}),
        "OVER after 15 min 58 s: AS15169",
    );
    begins(
        title(Step::Opened, |n| n.maybe_repeat = true),
        "MAY BE A REPEAT: CRITICAL",
    );
    begins(
        title(Step::Opened, |n| n.test = true),
        "TEST, nothing is wrong: CRITICAL",
    );
    let reminded = title(Step::Updated, |n| n.reminder = true);
    begins(reminded, "STILL GOING ON after 10 s: CRITICAL");
    begins(samples::drill().title, "DRILL: CRITICAL AS15169");
    assert!(!samples::resolved().title.ends_with("; over"));
}

/// What the fact of a name says.
fn fact<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let mut facts = message.facts.iter();
    let named = facts.find(|fact| fact.name == name);
    named.map(|fact| fact.value.as_str())
}

#[test]
fn what_could_not_be_told_in_time_says_how_old_it_is() {
    let late = samples::told(
        samples::opened().notice,
        samples::NOW + std::time::Duration::from_secs(7200),
    );
    let fact = late.facts.iter().find(|fact| fact.name == "Late").unwrap();
    assert!(fact.value.contains("2 h ago"), "{}", fact.value);
    assert!(
        samples::opened()
            .facts
            .iter()
            .all(|fact| fact.name != "Late")
    );
}

#[test]
fn a_test_and_a_drill_are_not_the_incident() {
    let tested = samples::notice(Step::Opened, |notice| notice.test = true);
    let identities = [
        samples::opened().identity(),
        samples::drill().identity(),
        tested.identity(),
    ];
    assert_eq!(identities[0], "leak-15169-via-701-417675");
    assert!(identities[0] != identities[1] && identities[1] != identities[2]);
    assert!(samples::drill().link.ends_with("?drill=true"));
}

#[test]
fn whom_to_call_is_said_with_the_number() {
    let message = samples::opened();
    let calls: Vec<String> = message.calls.iter().map(facts::line).collect();
    assert_eq!(
        calls,
        [
            "AS701 (Verizon NOC): +1 555 0100, noc@transit-a.example (refusing it there ends it \
             for everyone behind)",
            "AS15169 (Google): no [[contact]] for it; PeeringDB lists its NOC under AS15169 (it \
             must stop announcing them)",
            "AS64500 (当直 (on duty)): +81 3 0000 0000 (our own people)",
        ]
    );
    let hint = message.actions.last().unwrap();
    assert!(
        hint.contains("set `platform` on the [[peer]] of transit-b"),
        "{hint}"
    );
}

#[test]
fn a_contact_whose_name_begins_like_an_as_is_called_by_its_number() {
    let mut call = samples::opened().calls[0].clone();
    let mut line = |name: &str| {
        call.name = name.to_owned();
        facts::line(&call).split(": ").next().map(str::to_owned)
    };
    for (name, said) in [
        ("ASTRON NOC", "AS701 (ASTRON NOC)"),
        ("AS7018 NOC", "AS701 (AS7018 NOC)"),
        ("AS701", "AS701"),
        ("AS701 (Verizon)", "AS701 (Verizon)"),
    ] {
        assert_eq!(line(name).as_deref(), Some(said));
    }
}

/// Whether a text is on one line and shows as it is.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{202e}'))
}

#[test]
fn nothing_that_a_stranger_wrote_leaves_its_line() {
    for message in samples::hostile() {
        assert!(is_plain(&message.title) && is_plain(&message.link) && is_plain(&message.runbook));
        assert!(message.facts.iter().all(|fact| is_plain(&fact.value)));
        assert!(message.actions.iter().all(|line| is_plain(line)));
        assert!(message.evidence.iter().all(|line| is_plain(line)));
        assert!(
            !message.link.contains(['<', '"', ' ', '|']),
            "{}",
            message.link
        );
        assert!(is_plain(&message.notice.key));
    }
}

/// Every text in a document.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn mail_keeps_its_headers_and_its_page_is_only_text() {
    for message in samples::hostile() {
        let mail = mail::shown(&message);
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        for line in head.split("\r\n") {
            assert!(!line.starts_with("X-Evil"), "{line}");
            assert!(line.is_ascii() && !line.contains('\n'), "{line}");
        }
        assert!(head.contains("\r\nAuto-Submitted: auto-generated"));
        let page = html::page(&message);
        assert!(!page.contains("<b>") && !page.contains("<!channel") && !page.contains('\0'));
        assert_eq!(page.matches("<a ").count(), 2);
    }
}

#[test]
fn pagerduty_keeps_its_limits() {
    for message in samples::hostile() {
        let document = pagerduty::shown(&message);
        let payload = &document["payload"];
        assert!(payload["summary"].as_str().unwrap().chars().count() <= 1024);
        assert!(document["dedup_key"].as_str().unwrap().chars().count() <= 255);
        assert!(document.to_string().len() < 512 * 1024);
        assert!(
            texts(&document)
                .iter()
                .all(|text| text.lines().all(is_plain))
        );
    }
    let over = pagerduty::shown(&samples::resolved());
    let open = pagerduty::shown(&samples::opened());
    assert_eq!(over["event_action"], "resolve");
    assert_eq!(over["dedup_key"], open["dedup_key"]);
}

/// Severity and whether it stands, of each alert in a request.
fn standing(alerts: &Value, now: Timestamp) -> Vec<(String, bool)> {
    let one = |alert: &Value| {
        let ends: Timestamp = serde_json::from_value(alert["endsAt"].clone()).unwrap();
        let severity = alert["labels"]["severity"].as_str().unwrap();
        (severity.to_owned(), ends > now)
    };
    alerts.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn the_alert_of_another_severity_ends_when_it_changes() {
    let shown =
        |message: &Message, before| standing(&alertmanager::shown(message, before), message.told);
    let alert = |severity: &str, stands| (severity.to_owned(), stands);
    let (opened, resolved) = (samples::opened(), samples::resolved());
    let warning = Some(Severity::Warning);
    assert_eq!(shown(&opened, None), [alert("critical", true)]);
    assert_eq!(
        shown(&opened, Some(Severity::Critical)),
        [alert("critical", true)]
    );
    assert_eq!(
        shown(&opened, warning),
        [alert("critical", true), alert("warning", false)]
    );
    assert_eq!(
        shown(&resolved, warning),
        [alert("critical", false), alert("warning", false)]
    );
    let labels = alertmanager::shown(&opened, None)[0]["labels"].clone();
    assert_eq!(labels["incident"], "leak-15169-via-701-417675");
    assert_eq!(alertmanager::shown(&resolved, None)[0]["labels"], labels);
    for unwanted in ["instance", "host", "replica", "job", "prefix"] {
        assert!(labels.get(unwanted).is_none());
    }
}

#[test]
fn alertmanager_gets_filters_whole_or_not_at_all() {
    let mut message = samples::opened();
    let one = message.suggestions[0].clone();
    let shown = |message: &Message| {
        let shown = alertmanager::shown(message, None);
        let text = shown[0]["annotations"]["filters"].as_str().unwrap();
        assert!(text.chars().count() <= 4000);
        text.to_owned()
    };
    let filter = |commands: usize| super::Suggestion {
        text: "deny\n".repeat(commands),
        ..one.clone()
    };
    message.suggestions = vec![filter(300), filter(300), filter(300)];
    let text = shown(&message);
    assert_eq!(text.matches("deny\n").count(), 600, "{text}");
    let left = format!("{} ({})", one.session, one.platform);
    let left = format!(
        "Not here for lack of room: {left}. What to refuse there: {}",
        message.link
    );
    assert!(text.ends_with(&format!("\n\n{left}")));
    message.suggestions = vec![filter(1000)];
    assert_eq!(shown(&message), left);
}

/// Takes requests one after the other and hands on their bodies. What `refuses` is answered 413.
fn alertmanager_server(
    requests: usize,
    refuses: fn(&Value) -> bool,
) -> (String, std::sync::mpsc::Receiver<Value>) {
    use std::io::{BufRead as _, Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/prefix/", listener.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::sync_channel(requests);
    std::thread::spawn(move || {
        for _ in 0..requests {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = std::io::BufReader::new(stream);
            let mut lines = Vec::new();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                lines.push(std::mem::take(&mut line).to_ascii_lowercase());
            }
            assert!(lines[0].starts_with("post /prefix/api/v2/alerts "));
            let length = lines
                .iter()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().trim().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let body = serde_json::from_slice(&body).unwrap();
            let status = if refuses(&body) {
                "413 Content Too Large"
            } else {
                "200 OK"
            };
            sender.send(body).unwrap();
            let mut stream = reader.into_inner();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (url, receiver)
}

#[test]
fn a_limit_on_what_alertmanager_takes_at_once_is_remembered() {
    let refuses = |body: &Value| body.as_array().unwrap().len() > 2;
    // Four, two, two; and then two, two.
    let (url, bodies) = alertmanager_server(5, refuses);
    let standing: Vec<Message> = (1..=4)
        .map(|number| {
            samples::notice(Step::Opened, |notice| {
                if let super::Subject::Incident(event) = &mut notice.subject {
                    event.id = format!("leak-{number}");
                }
            })
        })
        .collect();
    let mut sink = alertmanager_at(url);
    sink.remind(&standing).unwrap();
    sink.remind(&standing).unwrap();
    let sizes: Vec<usize> = bodies
        .iter()
        .map(|body| body.as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [4, 2, 2, 2, 2]);
}

fn alertmanager_at(url: String) -> alertmanager::Alertmanager {
    alertmanager::Alertmanager::open(&alertmanager::Settings {
        url,
        resend: std::time::Duration::from_secs(60),
        hold: std::time::Duration::from_secs(90),
        login: alertmanager::Login::Nobody,
        post: super::post::Settings::default(),
    })
    .unwrap()
}

#[test]
fn what_alertmanager_refuses_keeps_nothing_else_from_being_told_again() {
    let refuses = |body: &Value| body.to_string().contains("leak-3");
    // All four, the halves, and the two of the second half.
    let (url, bodies) = alertmanager_server(5, refuses);
    let standing: Vec<Message> = (1..=4)
        .map(|number| {
            samples::notice(Step::Opened, |notice| {
                if let super::Subject::Incident(event) = &mut notice.subject {
                    event.id = format!("leak-{number}");
                }
            })
        })
        .collect();
    let failure = alertmanager_at(url).remind(&standing).unwrap_err();
    assert_eq!(failure.then, super::Then::GiveUp);
    let told: Vec<Value> = bodies.iter().filter(|body| !refuses(body)).collect();
    let told: Vec<&str> = told
        .iter()
        .flat_map(|body| body.as_array().unwrap())
        .map(|alert| alert["labels"]["incident"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["leak-1", "leak-2", "leak-4"]);
}

#[test]
fn alertmanager_is_told_again_what_stands_and_what_is_lately_over() {
    let (url, bodies) = alertmanager_server(4, |_| false);
    let mut sink = alertmanager_at(url);
    let milder = samples::notice(Step::Opened, |notice| {
        if let super::Subject::Incident(event) = &mut notice.subject {
            event.severity = Severity::Warning;
        }
    });
    let alert = |severity: &str, stands| (severity.to_owned(), stands);
    let next = || standing(&bodies.recv().unwrap(), samples::NOW);
    sink.send(&milder).unwrap();
    assert_eq!(next(), [alert("warning", true)]);
    sink.send(&samples::opened()).unwrap();
    assert_eq!(next(), [alert("critical", true), alert("warning", false)]);
    sink.remind(&[samples::opened()]).unwrap();
    assert_eq!(next(), [alert("critical", true)]);
    let over = samples::resolved();
    let hour = std::time::Duration::from_secs(3600);
    let long_over = samples::told(over.notice.clone(), over.told + hour);
    sink.remind(&[long_over]).unwrap();
    sink.remind(std::slice::from_ref(&over)).unwrap();
    let told = standing(&bodies.recv().unwrap(), over.told);
    assert_eq!(
        told,
        [alert("critical", false)],
        "what is long over is not told again"
    );
}

#[test]
fn an_alert_of_a_router_whose_clock_is_wrong_still_stands_from_now() {
    let mut ahead = samples::opened().notice;
    if let super::Subject::Incident(event) = &mut ahead.subject {
        event.first_seen = samples::NOW + std::time::Duration::from_secs(86_400);
        event.time = event.first_seen;
    }
    for step in [Step::Opened, Step::Resolved] {
        ahead.step = step;
        let alerts = alertmanager::shown(&samples::told(ahead.clone(), samples::NOW), None);
        for alert in alerts.as_array().unwrap() {
            let time =
                |name: &str| -> Timestamp { serde_json::from_value(alert[name].clone()).unwrap() };
            assert!(
                time("startsAt") <= time("endsAt"),
                "Alertmanager refuses it"
            );
        }
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema = include_str!("../../docs/webhook.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut messages: Vec<Message> = all().into_iter().map(|(_, message)| message).collect();
    messages.extend(samples::hostile());
    messages.push(samples::trouble(Step::Resolved));
    for message in messages {
        let text = json::document(&message).unwrap();
        assert_eq!(text.lines().count(), 1);
        let document: Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(document["schema"], super::SCHEMA);
    }
    let mut unknown: Value =
        serde_json::from_str(&json::document(&samples::opened()).unwrap()).unwrap();
    unknown["surprise"] = true.into();
    assert!(
        !validator.is_valid(&unknown),
        "the schema names every field"
    );
}

#[test]
fn every_kind_and_every_trouble_has_its_chapter() {
    let runbook = include_str!("../../docs/runbook.md");
    let chapters: Vec<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let mut wanted: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| format!("incident-{}", kind.name().replace('_', "-")))
        .collect();
    wanted.extend(super::Trouble::CHAPTERS.iter().map(|one| (*one).to_owned()));
    for chapter in wanted {
        assert!(
            chapters.contains(&chapter.as_str()),
            "docs/runbook.md has no `## {chapter}`"
        );
        let text = runbook.split(&format!("\n## {chapter}\n")).nth(1).unwrap();
        let text = text.split("\n## ").next().unwrap();
        for part in ["**Means:**", "**Look:**", "**Recover:**", "**Do not**"] {
            assert!(text.contains(part), "{chapter} lacks {part}");
        }
    }
    let message = samples::opened();
    assert_eq!(
        message.runbook,
        "https://wiki.example/runbook#incident-leak"
    );
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("日本語", 3), "日本語");
    assert_eq!(cut("日本語です", 3), "日本…");
    assert_eq!(cut("", 0), "");
    assert_eq!(cut("ab", 1), "…");
}

#[test]
fn a_sink_that_is_waited_for_longer_goes_to_the_same_place() {
    let to = |url: &str, seconds| {
        super::Destination::Webhook(super::webhook::Settings {
            url: super::webhook::Address::Url(url.to_owned()),
            secret_file: None,
            headers: Vec::new(),
            post: super::post::Settings {
                timeout: std::time::Duration::from_secs(seconds),
                ca_file: None,
            },
        })
    };
    let one = to("http://a.example/", 10);
    assert!(one.is_same_place(&to("http://a.example/", 30)));
    assert!(!one.is_same_place(&to("http://b.example/", 10)));
}

#[test]
fn only_sinks_that_keep_keys_say_that_they_deduplicate() {
    let directory = std::env::temp_dir().join(format!("leakwatch-dedup-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("secret");
    std::fs::write(&file, "https://hooks.example/x\n").unwrap();
    let secret = super::secret::SecretFile::Path(file);
    let post = super::post::Settings::default();
    let url = || "http://127.0.0.1:1".to_owned();
    let sinks: Vec<(Box<dyn Sink>, bool)> = vec![
        (
            Box::new(
                alertmanager::Alertmanager::open(&alertmanager::Settings {
                    url: url(),
                    resend: std::time::Duration::from_secs(60),
                    hold: std::time::Duration::from_secs(90),
                    login: alertmanager::Login::Nobody,
                    post: post.clone(),
                })
                .unwrap(),
            ),
            true,
        ),
        (
            Box::new(
                pagerduty::PagerDuty::open(&pagerduty::Settings {
                    routing_key_file: secret.clone(),
                    url: url(),
                    post: post.clone(),
                })
                .unwrap(),
            ),
            true,
        ),
        (
            Box::new(
                slack::Slack::open(&slack::Settings {
                    url_file: secret,
                    post,
                })
                .unwrap(),
            ),
            false,
        ),
    ];
    for (sink, keeps) in sinks {
        assert_eq!(sink.deduplicates(), keeps);
        let preview = sink.preview(&samples::opened());
        assert!(preview.contains("AS15169") && !preview.contains("hooks.example"));
    }
    std::fs::remove_dir_all(directory).unwrap();
}
