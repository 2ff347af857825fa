//! `leakwatch ack`: somebody works on an incident.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{
    Failure, Status,
    author::Author,
    client::encoded,
    moment::Moment,
    sheet::{day_time, escape, lasting},
};
use crate::{alert::quiet::Acknowledgement, incident::Severity};

const NOTES: &str = "\
What is known already is not told again: no reminders, and no updates unless the incident gets worse. \
Its end is told, and with it the acknowledgement ends.

Examples:
  leakwatch ack leak-as64500-as64510 --why 'called their NOC'
  leakwatch ack leak-as64500-as64510 --why 'filter is in place' --until 05:00
  leakwatch ack leak-as64500-as64510 --undo";

/// Acknowledge an incident.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub(super) struct Ack {
    /// Which incident.
    #[arg(value_name = "ID")]
    id: String,
    /// What is done about it, for whoever reads it next.
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    why: Option<String>,
    /// For so long, such as 90m [default: 4h].
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    lasting: Option<String>,
    /// Until then: 05:00 (the next, UTC), 2026-01-31T05:00:00Z, or 90m.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Take the acknowledgement back.
    #[arg(long, conflicts_with_all = ["lasting", "until"])]
    undo: bool,
    /// The one of a drill, where a real one has the same name.
    #[arg(long)]
    drill: bool,
    #[command(flatten)]
    author: Author,
}

impl Ack {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        let path = format!("/api/v1/incidents/{}/acknowledgement", encoded(&self.id));
        let mut query = Vec::new();
        if self.drill {
            query.push(("drill", "true".to_owned()));
        }
        let text = if self.undo {
            self.author.take_back(&path, &query, self.why.as_deref())?
        } else {
            let until = match self.until {
                Some(moment) => Some(moment.after(self.author.now()?)),
                None => None,
            };
            let body = json!({ "until": until, "for": self.lasting });
            let why = self.why.as_deref().unwrap_or_default();
            self.author.ask(&path, &query, why, body)?
        };
        let done = self
            .author
            .confirm(&text, &mut out, |one| self.words(one))?;
        if let Some(one) = done.filter(|_| !self.undo) {
            let drill = if one.drill { " --drill" } else { "" };
            let incident = escape(&one.incident);
            writeln!(out, "Undo: leakwatch ack {incident} --undo{drill}")?;
        }
        out.flush()?;
        Ok(Status::Done)
    }

    fn words(&self, one: &Acknowledgement) -> String {
        let incident = escape(&one.incident);
        if self.undo {
            return format!("{incident} is not acknowledged any more ({}).", one.id);
        }
        let worse = match one.severity {
            Severity::Critical => String::new(),
            other => format!("if it gets worse than {}, and ", other.name()),
        };
        format!(
            "{incident} is acknowledged ({}) by {} until {}, for {}, or until it is over. It is \
             told again {}when it is over.",
            escape(&one.id),
            escape(&one.by),
            day_time(one.until),
            lasting(one.until.since(one.at)),
            worse,
        )
    }
}
