//! Whether all this is written down and told, and what is wrong with the watch itself.

use std::fmt::Write as _;

use super::{
    overview::badge,
    text::{Text, ago, count, counted, lasting},
};
use crate::{bgp::Timestamp, feed::intake::Realm, http::Telling, store::Durability};

/// What is wrong with the watch itself; nothing where all is well.
pub(super) fn troubles(out: &mut String, telling: &Telling, now: Timestamp) {
    if telling.troubles.is_empty() {
        return;
    }
    out.push_str("<section><h2>The watch itself</h2>\n");
    for trouble in &telling.troubles {
        let _ = writeln!(
            out,
            "<article><p class=\"facts\">{badge}<time>{since}</time></p><h2>{summary}</h2>",
            badge = badge(trouble.severity, Realm::Live),
            since = ago(now, trouble.since),
            summary = Text(&trouble.summary),
        );
        for line in trouble.details.iter().chain(&trouble.actions) {
            let _ = writeln!(out, "<p>{}</p>", Text(line));
        }
        out.push_str("</article>\n");
    }
    out.push_str("</section>\n");
}

/// The sinks and the journal.
pub(super) fn telling(out: &mut String, telling: &Telling, now: Timestamp) {
    let _ = writeln!(
        out,
        "<section><h2>Told to <span class=\"faint\">{}</span></h2>",
        count(telling.sinks.len() as u64)
    );
    if telling.sinks.is_empty() {
        out.push_str(
            "<p>No sink is configured: incidents stand here, in the log, in the metrics and in \
             the JSON interface.</p>\n",
        );
    } else {
        sinks(out, telling, now);
    }
    let (class, journal) = match &telling.journal {
        Durability::Durable => ("well", "on the disk".to_owned()),
        Durability::Volatile => (
            "faint",
            "nothing is kept over a restart (state.directory names where)".to_owned(),
        ),
        Durability::Degraded { since, why } => (
            "alarm",
            format!(
                "in memory only, for {}: {}",
                lasting(now.since(*since)),
                Text(why)
            ),
        ),
    };
    let _ = write!(out, "<p>Journal: <span class=\"{class}\">{journal}</span>");
    if let Some(age) = telling.hangs(now) {
        let _ = write!(
            out,
            "; <span class=\"alarm\">the disk has not answered for {}</span>, and this is as it \
             was before",
            lasting(age)
        );
    }
    out.push_str("</p></section>\n");
}

fn sinks(out: &mut String, telling: &Telling, now: Timestamp) {
    out.push_str(
        "<div class=\"wide\"><table><thead><tr><th>Sink</th><th>State</th>\
         <th class=\"number\">Waiting</th></tr></thead><tbody>\n",
    );
    for sink in &telling.sinks {
        let state = match &sink.failing {
            None => "<span class=\"well\">well</span>".to_owned(),
            Some(failing) => format!(
                "<span class=\"alarm\">failing</span> <span class=\"faint\">for {}{}</span><br>\
                 <span class=\"faint\">{}</span>",
                lasting(now.since(failing.since)),
                refused(failing.refused),
                Text(&failing.why)
            ),
        };
        let oldest = sink.oldest.map_or(String::new(), |oldest| {
            let waited = lasting(now.since(oldest));
            format!(" <span class=\"faint\">for {waited}</span>")
        });
        let _ = writeln!(
            out,
            "<tr><td>{name}</td><td>{state}</td><td class=\"number\">{waiting}{oldest}</td></tr>",
            name = Text(&sink.name),
            waiting = count(sink.waiting as u64),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

/// What was refused for good is told by nobody any more.
fn refused(number: u32) -> String {
    match number {
        0 => String::new(),
        _ => format!(
            ", {} refused for good",
            counted(number.into(), "alert", "alerts")
        ),
    }
}
