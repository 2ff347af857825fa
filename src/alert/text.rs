//! A message as plain text: what mail says, and a preview.

use std::fmt::Write as _;

use super::{
    facts,
    message::{Message, Suggestion},
};

/// Columns before a fact's value.
const INDENT: usize = 10;

/// The whole message. Lines are as long as they are: what shows them breaks them.
pub(super) fn plain(message: &Message) -> String {
    let mut out = format!("{}\n\n", message.title);
    for fact in &message.facts {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<INDENT$}{}", fact.name, fact.value);
    }
    let actions = message.actions.iter().enumerate();
    let actions = actions.map(|(index, line)| format!("{}. {line}", index + 1));
    section(&mut out, "What to do", actions);
    let calls = message.calls.iter().map(facts::line);
    section(
        &mut out,
        "Whom to call",
        calls.map(|line| format!("- {line}")),
    );
    let evidence = message.evidence.iter().map(|line| format!("- {line}"));
    section(&mut out, "Why we think so", evidence);
    for one in &message.suggestions {
        let lines = one.text.lines().map(|line| format!("    {line}"));
        let caution = std::iter::once(one.caution.clone());
        section(&mut out, &suggested(one), lines.chain(caution));
    }
    let links = [message.link.clone(), message.runbook.clone()];
    section(&mut out, "More", links.into_iter());
    out
}

/// What a suggestion is: `For transit-a (Junos), for you to judge`.
pub(super) fn suggested(one: &Suggestion) -> String {
    format!(
        "For {} ({}), for you to judge; nothing was sent to a router",
        one.session, one.platform
    )
}

fn section(out: &mut String, head: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{head}");
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
}
