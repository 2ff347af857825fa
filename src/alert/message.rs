//! What an alert says, worked out once for all sinks.
//!
//! A sink lays it out in its own form and escapes it for where it goes: nothing in here is
//! escaped for HTML, Slack or a header, but all of it is on one line each and without what does
//! not show ([`crate::bgp::Plain`]), except for [`Suggestion::text`], which has line ends.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Notice, Settings, Subject, facts};
pub use crate::incident::filters::Suggestion;
use crate::{
    bgp::{Asn, Plain, Timestamp},
    incident::{IncidentEvent, Severity, Step, telling::lasting},
    reference::Reference,
};

/// What is said of quiet that somebody asked for; there may be a thousand announced changes.
const NOTES: usize = 5;

/// What is needed beside the notice to say it.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// Names, contacts, platforms, our own AS.
    pub reference: &'a Reference,
    /// How people reach the status page, without a slash at the end.
    pub url: &'a str,
    /// Where people read the runbook.
    pub runbook: &'a str,
    /// The time by the clock that subjects are stamped by.
    pub now: Timestamp,
    /// The time on the wall, which the other side goes by. The two differ for hours after the
    /// host's clock was set, or the host was suspended.
    pub wall: Timestamp,
}

impl<'a> Voice<'a> {
    /// With links as configured; `own` is the address of our own page, for where none is. `now` is
    /// the time by every clock.
    pub fn new(
        settings: &'a Settings,
        own: &'a str,
        reference: &'a Reference,
        now: Timestamp,
    ) -> Voice<'a> {
        Voice {
            reference,
            url: settings.url.as_deref().unwrap_or(own).trim_end_matches('/'),
            runbook: &settings.runbook,
            now,
            wall: now,
        }
    }
}

/// A line with a name: `Routes: 160,000 at the worst, 0 now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// `Who`, `Routes`, `Whose`, `Since`, `Seen on`, `How sure`, …
    pub name: &'static str,
    /// What is so.
    pub value: String,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Which network.
    pub asn: Asn,
    /// Its people, or the network's name where no contact is configured.
    pub name: String,
    /// As dialled.
    pub phone: Option<String>,
    /// Mail.
    pub mail: Option<String>,
    /// `it leaks`, `it accepted the leak`, `ours`.
    pub why: String,
}

/// An alert, ready to be laid out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// What it is about, and why it is told now.
    pub notice: Notice,
    /// How bad.
    pub severity: Severity,
    /// A line that says it all: `CRITICAL AS15169 (Google) leaks 160,000 routes through AS701`.
    /// Drills, tests, reminders, ends and possible repeats say so at its beginning.
    pub title: String,
    /// The facts, the most important first.
    pub facts: Vec<Fact>,
    /// Why we think so, strongest first.
    pub evidence: Vec<String>,
    /// What to do, the first step first.
    pub actions: Vec<String>,
    /// Whom to call, the most urgent first.
    pub calls: Vec<Call>,
    /// Filters for the sessions at hand.
    pub suggestions: Vec<Suggestion>,
    /// The incident's page.
    pub link: String,
    /// Its chapter of the runbook.
    pub runbook: String,
    /// When this was put into words, on the wall. A message that is tried again later is put into
    /// words again: what a sink derives from the time (until when an alert stands, a signature)
    /// would be stale.
    pub told: Timestamp,
    /// The same moment by the clock that the subject is stamped by.
    pub now: Timestamp,
}

impl Message {
    /// Puts a notice into words.
    ///
    /// `maybe_repeat` is said in the title and among the facts, so the caller clears it for a sink
    /// that [deduplicates](super::Sink::deduplicates), and sets it again in the message.
    pub fn new(notice: Notice, voice: &Voice) -> Message {
        let notice = tidy(notice);
        let title = title(&notice, voice.now);
        let facts = facts::facts(&notice, voice);
        let (severity, id) = (notice.subject.severity(), notice.subject.id());
        let (link, chapter) = match &notice.subject {
            Subject::Incident(event) => {
                let drill = if event.drill { "?drill=true" } else { "" };
                (
                    format!("{}/incidents/{}{drill}", voice.url, encoded(id)),
                    format!("incident-{}", event.kind.name().replace('_', "-")),
                )
            }
            Subject::Trouble(trouble) => (format!("{}/", voice.url), encoded(&trouble.chapter)),
        };
        let runbook = format!("{}#{chapter}", voice.runbook);
        let mut message = Message {
            severity,
            title,
            facts,
            evidence: Vec::new(),
            actions: Vec::new(),
            calls: Vec::new(),
            suggestions: Vec::new(),
            link,
            runbook,
            told: voice.wall,
            now: voice.now,
            notice,
        };
        facts::advise(&mut message, voice);
        message
    }

    /// What tells this message's subject from every other, at sinks that keep one thing for each:
    /// a drill or a test of an incident is not that incident.
    pub fn identity(&self) -> String {
        let id = self.notice.subject.id();
        if self.notice.test {
            format!("test-{id}")
        } else if self.notice.subject.is_drill() {
            format!("drill-{id}")
        } else {
            id.to_owned()
        }
    }

    /// The step in one word, as data.
    pub fn step(&self) -> &'static str {
        step(self.notice.step)
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.notice.step == Step::Resolved
    }

    /// The incident, where it is one.
    pub fn incident(&self) -> Option<&IncidentEvent> {
        match &self.notice.subject {
            Subject::Incident(event) => Some(event),
            Subject::Trouble(_) => None,
        }
    }
}

/// A step as data spells it.
pub(super) const fn step(step: Step) -> &'static str {
    match step {
        Step::Opened => "opened",
        Step::Updated => "updated",
        Step::Resolved => "resolved",
        Step::Reopened => "reopened",
    }
}

/// The one line.
fn title(notice: &Notice, now: Timestamp) -> String {
    let mut title = String::new();
    if notice.test {
        title.push_str("TEST, nothing is wrong: ");
    }
    if notice.subject.is_drill() {
        title.push_str("DRILL: ");
    }
    if notice.maybe_repeat {
        title.push_str("MAY BE A REPEAT: ");
    }
    let subject = &notice.subject;
    // What goes on has lasted until now, whenever anything was last heard of it.
    let until = if notice.reminder { now } else { subject.time() };
    let lasted = until.since(subject.began()).as_secs();
    let lasted = lasting(std::time::Duration::from_secs(lasted));
    // Writing to a String cannot fail.
    let _ = match notice.step {
        Step::Resolved => write!(title, "OVER after {lasted}: "),
        _ if notice.reminder => write!(title, "STILL GOING ON after {lasted}: "),
        Step::Updated => write!(title, "WORSE: "),
        Step::Reopened => write!(title, "BACK AGAIN: "),
        Step::Opened => Ok(()),
    };
    if notice.step != Step::Resolved {
        let _ = match notice.subject.severity() {
            Severity::Critical => write!(title, "CRITICAL "),
            Severity::Warning => write!(title, "WARNING "),
            Severity::Info => write!(title, "INFO "),
        };
    }
    let summary = match &notice.subject {
        Subject::Incident(event) => &event.summary,
        Subject::Trouble(trouble) => &trouble.summary,
    };
    let summary = summary.strip_prefix("DRILL: ").unwrap_or(summary);
    title.push_str(summary.trim_end_matches("; over"));
    title
}

/// The notice with every text on one line and without what does not show.
fn tidy(mut notice: Notice) -> Notice {
    let plain = |text: &mut String| *text = Plain(text).to_string();
    match &mut notice.subject {
        Subject::Incident(event) => {
            plain(&mut event.summary);
            plain(&mut event.id);
            for item in &mut event.evidence {
                plain(&mut item.what);
            }
            for sample in &mut event.samples {
                plain(&mut sample.after);
                sample.before.iter_mut().for_each(plain);
            }
            for view in &mut event.views {
                plain(&mut view.router);
                plain(&mut view.peer);
            }
        }
        Subject::Trouble(trouble) => {
            plain(&mut trouble.id);
            plain(&mut trouble.summary);
            plain(&mut trouble.chapter);
            trouble.details.iter_mut().for_each(plain);
            trouble.actions.iter_mut().for_each(plain);
        }
    }
    plain(&mut notice.key);
    plain(&mut notice.thread);
    let left = notice.notes.len().saturating_sub(NOTES);
    notice.notes.truncate(NOTES);
    notice.notes.iter_mut().for_each(plain);
    if left > 0 {
        notice.notes.push(format!("And {left} more of this kind"));
    }
    notice
}

/// A name as it stands in an address (RFC 3986 §2.3).
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for octet in name.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

/// `text` in at most `most` characters, cut with a mark.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
