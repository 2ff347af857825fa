//! A message as a page for mail: plain enough for every mail program, and nothing in it is
//! fetched from anywhere.

use std::fmt::{self, Write as _};

use super::{facts, message::Message, post, text};
use crate::incident::Severity;

/// Text in HTML, whatever is in it.
struct Html<'a>(&'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The page.
pub(super) fn page(message: &Message) -> String {
    let colour = match (message.is_over(), message.severity) {
        (true, _) => "#1a7f37",
        (false, Severity::Critical) => "#b00020",
        (false, Severity::Warning) => "#9a5b00",
        (false, Severity::Info) => "#3a5a78",
    };
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         </head>\n<body style=\"font-family: sans-serif; color: #1f2328; max-width: 50em\">\n\
         <h1 style=\"font-size: 1.2em; border-left: .4em solid {colour}; padding-left: .6em; \
         color: {colour}\">{title}</h1>\n<table style=\"border-collapse: collapse\">\n",
        title = Html(&message.title)
    );
    for fact in &message.facts {
        let _ = writeln!(
            out,
            "<tr><th style=\"text-align: left; vertical-align: top; padding: .15em 1em .15em 0; \
             color: #57606a; font-weight: normal; white-space: nowrap\">{}</th>\
             <td style=\"padding: .15em 0\">{}</td></tr>",
            Html(fact.name),
            Html(&fact.value)
        );
    }
    out.push_str("</table>\n");
    list(
        &mut out,
        "What to do",
        "ol",
        message.actions.iter().cloned(),
    );
    let calls = message.calls.iter().map(facts::line);
    list(&mut out, "Whom to call", "ul", calls);
    let evidence = message.evidence.iter().cloned();
    list(&mut out, "Why we think so", "ul", evidence);
    for one in &message.suggestions {
        head(&mut out, &text::suggested(one));
        let _ = writeln!(
            out,
            "<pre style=\"background: #f6f8fa; padding: .8em; overflow: auto\">{}</pre>\n\
             <p>{}</p>",
            Html(&one.text),
            Html(&one.caution)
        );
    }
    let _ = writeln!(
        out,
        "<p>{} &middot; {}</p>\n</body>\n</html>",
        link(&message.link, "The incident"),
        link(&message.runbook, "Runbook")
    );
    out
}

fn head(out: &mut String, text: &str) {
    let _ = writeln!(
        out,
        "<h2 style=\"font-size: 1em; margin: 1.2em 0 .3em\">{}</h2>",
        Html(text)
    );
}

fn list(out: &mut String, title: &str, tag: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    head(out, title);
    let _ = writeln!(out, "<{tag} style=\"margin: 0; padding-left: 1.6em\">");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", Html(&line));
    }
    let _ = writeln!(out, "</{tag}>");
}

/// A link, or the text where a browser could not follow it.
fn link(target: &str, name: &str) -> String {
    if post::host(target).is_some() {
        format!("<a href=\"{}\">{name}</a>", Html(target))
    } else {
        format!("{name}: {}", Html(target))
    }
}
