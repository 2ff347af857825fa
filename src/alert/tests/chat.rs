//! What Slack makes of names, addresses and what a stranger wrote.

use serde_json::Value;

use super::{
    super::{samples, slack},
    texts,
};
use crate::{
    alert::{Message, Subject},
    incident::Step,
};

#[test]
fn slack_calls_no_channel_makes_no_link_and_keeps_its_limits() {
    for message in samples::hostile() {
        let document = slack::shown(&message);
        let blocks = document["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        for text in texts(&document) {
            assert!(!text.contains("<!") && !text.contains("<b>"), "{text}");
            assert!(!text.contains("<https://evil"), "{text}");
            assert!(text.chars().count() <= 3000, "{}", text.chars().count());
            let stripped = text
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "");
            assert!(!stripped.contains('&'), "an entity was cut: {text}");
        }
        assert!(blocks[0]["text"]["text"].as_str().unwrap().chars().count() <= 150);
        for block in blocks {
            if let Some(fields) = block["fields"].as_array() {
                assert!(fields.len() <= 10);
                for field in fields {
                    assert!(field["text"].as_str().unwrap().chars().count() <= 2000);
                }
            }
        }
    }
}

#[test]
fn slack_sets_no_name_and_no_address_in_italics_and_makes_no_picture_of_it() {
    let mut trouble = samples::trouble(Step::Opened).notice;
    if let Subject::Trouble(trouble) = &mut trouble.subject {
        trouble.id = "feed-silent-2001:db8:a:100::1".to_owned();
        trouble.summary = "transit_a_b".to_owned();
        trouble.details = vec!["session transit_a_b".to_owned()];
        trouble.actions = vec!["look at transit_a_b".to_owned()];
    }
    let messages = [
        samples::told(trouble, samples::NOW),
        samples::notice(Step::Opened, |notice| {
            if let Subject::Incident(event) = &mut notice.subject {
                event.views[0].peer = "2001:db8:a:100::1".to_owned();
                event.samples[0].after = "transit_a_b".to_owned();
            }
        }),
    ];
    for message in messages {
        let document = slack::shown(&message).to_string();
        assert!(document.contains(":a:100:") && document.contains("transit_a_b"));
        for text in marked(&slack::shown(&message)) {
            if !text.starts_with("```") && !text.starts_with('<') {
                assert!(!text.contains([':', '_']), "{text}");
            }
        }
    }
}

#[test]
fn slack_gets_a_filter_whole_or_not_at_all() {
    let mut message = samples::opened();
    let shown = |message: &Message| texts(&slack::shown(message)).join("\n");
    message.suggestions[0].text = "deny\n".repeat(100);
    assert_eq!(shown(&message).matches("deny\n").count(), 100);
    message.suggestions[0].text = "deny\n".repeat(1000);
    let shown = shown(&message);
    assert!(!shown.contains("deny\n"), "{shown}");
    assert!(shown.contains(&format!(
        "too long for here. What to refuse: {}",
        message.link
    )));
}

/// Every text that Slack looks for signs in.
fn marked(value: &Value) -> Vec<String> {
    match value {
        Value::Object(one) if one.get("type") == Some(&"mrkdwn".into()) => texts(&one["text"]),
        Value::Object(all) => all.values().flat_map(marked).collect(),
        Value::Array(all) => all.iter().flat_map(marked).collect(),
        _ => Vec::new(),
    }
}
