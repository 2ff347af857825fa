//! A message as JSON: the contract of docs/webhook.md, which the webhook and the file share.
//!
//! Fields are only ever added within one schema version; docs/webhook.schema.json says the same
//! for machines, and a test holds the two together.

use serde::Serialize;

use super::{
    Subject, Trouble,
    message::{Call, Fact, Message, Suggestion},
};
use crate::{
    bgp::Timestamp,
    incident::{IncidentEvent, Severity},
};

/// The version of the contract.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the contract's flags, each true by itself"
)]
struct Document<'a> {
    schema: u32,
    key: &'a str,
    subject: &'static str,
    id: &'a str,
    identity: String,
    event: &'static str,
    severity: Severity,
    title: &'a str,
    drill: bool,
    test: bool,
    reminder: bool,
    maybe_repeat: bool,
    began: Timestamp,
    time: Timestamp,
    told: Timestamp,
    link: &'a str,
    runbook: &'a str,
    notes: &'a [String],
    facts: &'a [Fact],
    evidence: &'a [String],
    actions: &'a [String],
    calls: &'a [Call],
    suggestions: &'a [Suggestion],
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a IncidentEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a Trouble>,
}

/// The document, on one line.
///
/// # Errors
/// If it cannot be written as JSON, which no message of ours does.
pub(super) fn document(message: &Message) -> Result<String, serde_json::Error> {
    let (subject, incident, trouble) = match &message.notice.subject {
        Subject::Incident(event) => ("incident", Some(&**event), None),
        Subject::Trouble(trouble) => ("trouble", None, Some(&**trouble)),
    };
    serde_json::to_string(&Document {
        schema: SCHEMA,
        key: &message.notice.key,
        subject,
        id: message.notice.subject.id(),
        identity: message.identity(),
        event: message.step(),
        severity: message.severity,
        title: &message.title,
        drill: message.notice.subject.is_drill(),
        test: message.notice.test,
        reminder: message.notice.reminder,
        maybe_repeat: message.notice.maybe_repeat,
        began: message.notice.subject.began(),
        time: message.notice.subject.time(),
        told: message.told,
        link: &message.link,
        runbook: &message.runbook,
        notes: &message.notice.notes,
        facts: &message.facts,
        evidence: &message.evidence,
        actions: &message.actions,
        calls: &message.calls,
        suggestions: &message.suggestions,
        incident,
        trouble,
    })
}

/// The document for people to look at.
pub(super) fn pretty(message: &Message) -> String {
    let document = document(message).ok();
    let value = document.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_default()
}
