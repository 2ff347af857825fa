//! Slack, through an incoming webhook, in blocks.
//!
//! Whatever is in a text, Slack must neither call a channel nor make a link of it: `&`, `<` and
//! `>` are escaped as Slack asks, and it is told to look for no links of its own. What holds names,
//! addresses or path expressions is sent as plain text (`_701_15169_` and `transit_a_b` would be
//! set in italics, and `:a:` in an IPv6 address be a picture), and filters as preformatted text.
//! Slack takes no message apart that is too long but refuses it, so every text is cut to its
//! limit. An incoming webhook keeps no key: the same message twice is two.

use serde_json::{Value, json};

use super::{
    Failure, Message, Sent, Sink, facts,
    message::cut,
    post::{self, Post},
    secret::SecretFile,
    text,
};
use crate::incident::Severity;

/// Limits of Slack's blocks, in characters and counts.
const HEADER: usize = 150;
const TEXT: usize = 3000;
const FIELD: usize = 2000;
const FIELDS: usize = 10;
const BLOCKS: usize = 50;

/// `[[alert.slack]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The file that holds the webhook's address, which is a secret.
    pub url_file: SecretFile,
    /// How.
    pub post: post::Settings,
}

/// Posts blocks.
#[derive(Debug)]
pub struct Slack {
    post: Post,
}

impl Slack {
    pub(super) fn open(settings: &Settings) -> Result<Slack, String> {
        let url = settings.url_file.read()?;
        let post = Post::new(url.expose(), &settings.post)
            .map_err(|error| format!("{}: {error}", settings.url_file))?;
        Ok(Slack { post })
    }
}

/// The message in blocks.
fn document(message: &Message) -> Value {
    let mark = match (message.is_over(), message.severity) {
        (true, _) => "\u{2705}",
        (false, Severity::Critical) => "\u{1f534}",
        (false, Severity::Warning) => "\u{1f7e0}",
        (false, Severity::Info) => "\u{1f535}",
    };
    let title = format!("{mark} {}", message.title);
    let mut blocks = vec![json!({
        "type": "header",
        "text": plain_text(&title, HEADER),
    })];
    if title.chars().count() > HEADER {
        blocks.push(section(&plain_text(&message.title, TEXT)));
    }
    for fields in message.facts.chunks(FIELDS) {
        let fields: Vec<Value> = fields
            .iter()
            .map(|fact| plain_text(&format!("{}: {}", fact.name, fact.value), FIELD))
            .collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let actions = message.actions.iter().enumerate();
    let actions: Vec<String> = actions
        .map(|(index, line)| format!("{}. {line}", index + 1))
        .collect();
    list(&mut blocks, "What to do", &actions);
    let calls: Vec<String> = message.calls.iter().map(facts::line).collect();
    list(&mut blocks, "Whom to call", &calls);
    list(&mut blocks, "Why we think so", &message.evidence);
    for one in &message.suggestions {
        blocks.push(section(&plain_text(&text::suggested(one), TEXT)));
        // A fence inside would end the fence.
        let lines = escape(&one.text.replace('`', "'"));
        let fence = format!("```\n{lines}\n```");
        // Half of a filter would refuse something else.
        blocks.push(section(&if fence.chars().nth(TEXT).is_none() {
            mrkdwn(&fence)
        } else {
            let what = format!("It is too long for here. What to refuse: {}", message.link);
            plain_text(&what, TEXT)
        }));
        blocks.push(json!({
            "type": "context",
            "elements": [plain_text(&one.caution, FIELD)],
        }));
    }
    blocks.truncate(BLOCKS - 1);
    blocks.push(json!({
        "type": "context",
        "elements": [
            mrkdwn(&format!(
                "{} \u{b7} {}",
                link(&message.link, "the incident"),
                link(&message.runbook, "runbook"),
            )),
            plain_text(message.notice.subject.id(), FIELD),
        ],
    }));
    json!({ "text": bounded(&message.title, TEXT, str::to_owned), "blocks": blocks })
}

/// A heading and lines.
fn list(blocks: &mut Vec<Value>, head: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    blocks.push(section(&mrkdwn(&format!("*{head}*"))));
    blocks.push(section(&plain_text(&lines.join("\n"), TEXT)));
}

fn section(text: &Value) -> Value {
    json!({ "type": "section", "text": text })
}

/// Verbatim: what looks like an address, a channel or a name in it is left as it is.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn plain_text(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": bounded(text, most, str::to_owned), "emoji": false })
}

/// A link, or the text where it leads nowhere a browser could go.
fn link(target: &str, name: &str) -> String {
    if post::host(target).is_some() && !target.contains('|') {
        format!("<{}|{name}>", escape(target))
    } else {
        format!("{name}: {}", escape(target))
    }
}

/// What Slack would read as its own signs, escaped.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// `text`, escaped and as much of it as fits, in its form.
fn bounded(text: &str, most: usize, form: impl Fn(&str) -> String) -> String {
    let mut kept = most;
    loop {
        let escaped = escape(&cut(text, kept));
        let length = escaped.chars().count();
        if length <= most || kept == 0 {
            return form(&escaped);
        }
        kept = kept.saturating_sub(length - most);
    }
}

impl Sink for Slack {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        self.post.json(&document(message).to_string(), &[])
    }

    fn deduplicates(&self) -> bool {
        false
    }

    fn preview(&self, message: &Message) -> String {
        serde_json::to_string_pretty(&document(message)).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) fn shown(message: &Message) -> Value {
    document(message)
}
