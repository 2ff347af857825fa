//! The sinks as the configuration would have them, and a commented example of each type.

use std::time::Duration;

use super::{
    super::{
        Config,
        kinds::write_duration,
        show::{comment, heading, line, quoted},
    },
    TYPES,
};
use crate::{
    alert::{
        Destination, SinkSettings, alertmanager, file,
        mail::{self, Tls},
        pagerduty, post,
        secret::SecretFile,
        slack, syslog,
        webhook::{self, Address},
    },
    incident::Severity,
};

const COMMON: &str = "Where alerts go. Each sink has a queue of its own, and waits for nobody else's. All have \
    these keys: `name`, by which the log, metrics and `leakwatch alert test` know it (its type); `min_severity`, \
    the least that is told there: info, warning or critical; `kinds`, only these kinds of incidents (all); \
    `drills`, whether drills are told; `resolved`, whether ends are; `troubles`, whether those of leakwatch \
    itself are; `repeat_interval` as above, for this sink; and `timeout`. Secrets stand in files, or are \
    credentials of the service (\"credential:NAME\"). Default: none.";

/// All sinks, and an example of each type of which there is none.
pub(in super::super) fn show(out: &mut String, config: &Config) {
    heading(out, COMMON);
    for kind in TYPES {
        out.push('\n');
        comment(out, about(kind));
        let mut any = false;
        for sink in &config.alert.sinks {
            if sink.to.kind() == kind {
                any = true;
                for text in table(sink) {
                    line(out, &text);
                }
                out.push('\n');
            }
        }
        if !any && let Some(sink) = example(kind) {
            for text in table(&sink) {
                let text = text.strip_prefix("# ").unwrap_or(&text);
                line(out, &format!("# {text}"));
            }
        }
    }
}

fn about(kind: &str) -> &'static str {
    match kind {
        "alertmanager" => {
            "Alertmanager, API v2. Each of `urls` is told by itself, as `name/host:port` where there are several: \
             name all of a cluster. What stands is told again every `resend`; an end is kept back until the \
             beginning is `hold` old, which must be longer than `group_wait` there. With `username` and \
             `password_file`, or `bearer_file`. `ca_file` is trusted in place of the usual roots."
        }
        "webhook" => {
            "JSON (docs/webhook.md) to `url`, or to what stands in `url_file`. With `secret_file` it is signed. \
             `headers` are sent along."
        }
        "slack" => "An incoming webhook of Slack, whose address is a secret.",
        "pagerduty" => {
            "PagerDuty, Events API v2. For accounts in the EU the url is \
             \"https://events.eu.pagerduty.com/v2/enqueue\"."
        }
        "mail" => {
            "Mail over SMTP. `tls` is \"starttls\" (port 587), without which nothing is sent, \"tls\" (465), or \
             \"none\" (25), which with another host than this needs `insecure`. `ca_file` is trusted beside the \
             usual roots."
        }
        "syslog" => {
            "Syslog (RFC 5424), to \"unix:/dev/log\", \"udp:HOST:514\" or \"tcp:HOST:601\". `sd_id` names the \
             structured data; a site with a private enterprise number of its own puts it there."
        }
        _ => {
            "A file of JSON lines, the document of the webhook on each. It may be rotated in any way."
        }
    }
}

fn example(kind: &str) -> Option<SinkSettings> {
    let secret = |name: &str| SecretFile::Credential(name.to_owned());
    let post = post::Settings::default();
    let to = match kind {
        "alertmanager" => Destination::Alertmanager(alertmanager::Settings {
            url: "http://127.0.0.1:9093".to_owned(),
            resend: Duration::from_secs(60),
            hold: Duration::from_secs(90),
            login: alertmanager::Login::Nobody,
            post,
        }),
        "webhook" => Destination::Webhook(webhook::Settings {
            url: Address::Url("https://alerts.example/leakwatch".to_owned()),
            secret_file: Some(secret("webhook")),
            headers: Vec::new(),
            post,
        }),
        "slack" => Destination::Slack(slack::Settings {
            url_file: secret("slack"),
            post,
        }),
        "pagerduty" => Destination::PagerDuty(pagerduty::Settings {
            routing_key_file: secret("pagerduty"),
            url: pagerduty::URL.to_owned(),
            post,
        }),
        "mail" => Destination::Mail(Box::new(mail::Settings {
            server: "mail.example".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            insecure: false,
            login: Some(("leakwatch".to_owned(), secret("mail"))),
            from: "leakwatch <leakwatch@noc.example>".parse().ok()?,
            to: vec!["oncall@noc.example".parse().ok()?],
            subject_prefix: "[leakwatch] ".to_owned(),
            ca_file: None,
            timeout: Duration::from_secs(30),
        })),
        "syslog" => Destination::Syslog(syslog::Settings::default()),
        _ => Destination::File(file::Settings {
            path: "/var/log/leakwatch/alerts.jsonl".into(),
        }),
    };
    Some(SinkSettings {
        name: kind.to_owned(),
        min_severity: match kind {
            "pagerduty" => Severity::Critical,
            "syslog" | "file" => Severity::Info,
            _ => Severity::Warning,
        },
        kinds: Vec::new(),
        drills: false,
        resolved: true,
        troubles: true,
        repeat_interval: None,
        to,
    })
}

fn table(sink: &SinkSettings) -> Vec<String> {
    let kinds: Vec<String> = sink.kinds.iter().map(|kind| quoted(kind.name())).collect();
    let mut lines = vec![
        format!("[[alert.{}]]", sink.to.kind()),
        format!("name = {}", quoted(&sink.name)),
    ];
    lines.extend(destination(&sink.to));
    lines.extend([
        format!("min_severity = \"{}\"", sink.min_severity.name()),
        format!("kinds = [{}]", kinds.join(", ")),
        format!("drills = {}", sink.drills),
        format!("resolved = {}", sink.resolved),
        format!("troubles = {}", sink.troubles),
    ]);
    lines.push(match sink.repeat_interval {
        Some(interval) => format!("repeat_interval = {}", span(interval)),
        None => "# repeat_interval = \"4h\"".to_owned(),
    });
    lines
}

fn span(duration: Duration) -> String {
    quoted(&write_duration(duration))
}

fn optional(key: &str, value: Option<String>, example: &str) -> String {
    match value {
        Some(value) => format!("{key} = {}", quoted(&value)),
        None => format!("# {key} = {}", quoted(example)),
    }
}

fn posted(post: &post::Settings) -> [String; 2] {
    [
        format!("timeout = {}", span(post.timeout)),
        optional_file(post.ca_file.as_ref()),
    ]
}

fn optional_file(file: Option<&std::path::PathBuf>) -> String {
    optional(
        "ca_file",
        file.map(|file| file.to_string_lossy().into_owned()),
        "ca.pem",
    )
}

fn destination(to: &Destination) -> Vec<String> {
    let file = |key: &str, file: &SecretFile| format!("{key} = {}", quoted(&file.to_string()));
    let mut lines = Vec::new();
    match to {
        Destination::Alertmanager(settings) => {
            lines.push(format!("urls = [{}]", quoted(&settings.url)));
            lines.push(format!("resend = {}", span(settings.resend)));
            lines.push(format!("hold = {}", span(settings.hold)));
            match &settings.login {
                alertmanager::Login::Nobody => {}
                alertmanager::Login::Basic {
                    username,
                    password_file,
                } => {
                    lines.push(format!("username = {}", quoted(username)));
                    lines.push(file("password_file", password_file));
                }
                alertmanager::Login::Bearer { bearer_file } => {
                    lines.push(file("bearer_file", bearer_file));
                }
            }
            lines.extend(posted(&settings.post));
        }
        Destination::Webhook(settings) => {
            lines.push(match &settings.url {
                Address::Url(url) => format!("url = {}", quoted(url)),
                Address::File(secret) => file("url_file", secret),
            });
            if let Some(secret) = &settings.secret_file {
                lines.push(file("secret_file", secret));
            }
            let headers: Vec<String> = settings
                .headers
                .iter()
                .map(|(name, value)| format!("{name} = {}", quoted(value)))
                .collect();
            lines.push(if headers.is_empty() {
                "headers = {}".to_owned()
            } else {
                format!("headers = {{ {} }}", headers.join(", "))
            });
            lines.extend(posted(&settings.post));
        }
        Destination::Slack(settings) => {
            lines.push(file("url_file", &settings.url_file));
            lines.extend(posted(&settings.post));
        }
        Destination::PagerDuty(settings) => {
            lines.push(file("routing_key_file", &settings.routing_key_file));
            lines.push(format!("url = {}", quoted(&settings.url)));
            lines.extend(posted(&settings.post));
        }
        Destination::Mail(settings) => {
            let tls = Tls::NAMES.iter().find(|(_, tls, _)| *tls == settings.tls);
            let to: Vec<String> = settings
                .to
                .iter()
                .map(|mailbox| quoted(&mailbox.to_string()))
                .collect();
            lines.push(format!("server = {}", quoted(&settings.server)));
            lines.push(format!("port = {}", settings.port));
            lines.push(format!(
                "tls = {}",
                quoted(tls.map_or("starttls", |(name, ..)| name))
            ));
            lines.push(format!("insecure = {}", settings.insecure));
            if let Some((username, secret)) = &settings.login {
                lines.push(format!("username = {}", quoted(username)));
                lines.push(file("password_file", secret));
            }
            lines.push(format!("from = {}", quoted(&settings.from.to_string())));
            lines.push(format!("to = [{}]", to.join(", ")));
            let prefix = quoted(&settings.subject_prefix);
            lines.push(format!("subject_prefix = {prefix}"));
            lines.push(format!("timeout = {}", span(settings.timeout)));
            lines.push(optional_file(settings.ca_file.as_ref()));
        }
        Destination::Syslog(settings) => {
            let address = quoted(&settings.address.to_string());
            lines.push(format!("address = {address}"));
            lines.push(format!("facility = \"{}\"", settings.facility));
            lines.push(format!("app_name = {}", quoted(&settings.app_name)));
            lines.push(format!("sd_id = {}", quoted(&settings.sd_id)));
            lines.push(format!("timeout = {}", span(settings.timeout)));
        }
        Destination::File(settings) => {
            let path = settings.path.to_string_lossy();
            lines.push(format!("path = {}", quoted(&path)));
        }
    }
    lines
}
