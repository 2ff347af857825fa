//! Why it is told although somebody asked for quiet about it.

use serde_json::Value;

use super::{
    super::{Message, alertmanager, html, json, pagerduty, samples, slack, syslog, text},
    is_plain, texts,
};
use crate::incident::Step;

const NOTE: &str = "More than was announced: expected +4,000, seen 9,100";

fn noted(notes: &[&str]) -> Message {
    samples::notice(Step::Opened, |notice| {
        notice.notes = notes.iter().map(|note| (*note).to_owned()).collect();
    })
}

#[test]
fn every_sink_says_why_it_is_told_although_somebody_asked_for_quiet() {
    let message = noted(&[NOTE]);
    assert_eq!(
        (message.facts[0].name, &*message.facts[0].value),
        ("Note", NOTE)
    );
    let document: Value = serde_json::from_str(&json::document(&message).unwrap()).unwrap();
    assert_eq!(document["notes"], serde_json::json!([NOTE]));
    assert!(text::plain(&message).contains(NOTE));
    assert!(html::page(&message).contains(NOTE));
    assert!(syslog::shown(&message).contains(NOTE));
    for document in [
        slack::shown(&message),
        pagerduty::shown(&message),
        alertmanager::shown(&message, None),
    ] {
        let said = texts(&document);
        assert!(said.iter().any(|text| text.contains(NOTE)), "{document}");
    }
}

#[test]
fn notes_are_few_and_stay_on_their_lines() {
    let message = noted(&["one\r\nX-Evil: 1", "2", "3", "4", "5", "6", "7"]);
    let notes = &message.notice.notes;
    assert!(notes.iter().all(|note| is_plain(note)), "{notes:?}");
    assert_eq!(notes[5..], ["And 2 more of this kind"]);
}
