//! `leakwatch incidents`: what a daemon has recognised.

use std::{collections::BTreeMap, io::Write};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{
    Failure, Status,
    client::{Daemon, Event, ago, encoded},
    incident_sheet::{self, Report},
    sheet::{Ink, Sheet, counted, escape, grouped},
    told::{Account, Stage},
    words::Words,
};
use crate::{
    alert::quiet::Sentence,
    bgp::{Asn, Prefix, Timestamp},
    incident::{
        IncidentEvent, Severity, Step,
        report::{Routes, Sample, ViewName},
    },
};

const NOTES: &str = "\
Without ID: incidents that are open, then those that are over, the worst and the latest first. \
With ID: all that is known of one, what to do about it, and how it went. With --follow: a line for \
each thing that happens, until it is interrupted; it survives a restart of the daemon.";

/// List incidents, show one, or follow what happens.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub(super) struct Incidents {
    /// Show this one.
    #[arg(value_name = "ID", conflicts_with_all = ["follow", "state", "severity", "limit"])]
    id: Option<String>,
    /// Only those that are open, or over.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only those at least so bad.
    #[arg(long, value_enum)]
    severity: Option<Least>,
    /// Only those of a drill.
    #[arg(long, conflicts_with = "no_drill")]
    drill: bool,
    /// Only those that are not of a drill.
    #[arg(long)]
    no_drill: bool,
    /// Incidents at most.
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Wait, and tell what happens.
    #[arg(long, conflicts_with_all = ["state", "limit"])]
    follow: bool,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// They go on.
    Open,
    /// They are over.
    Resolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Least {
    /// Worth waking someone.
    Critical,
    /// Worth a look today.
    Warning,
    /// Worth knowing.
    Info,
}

#[derive(Deserialize)]
struct List {
    time: Timestamp,
    incidents: Vec<Listed>,
    total: u64,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    drill: bool,
    severity: Severity,
    worst: Severity,
    opened: Timestamp,
    resolved: Option<Timestamp>,
    routes: Routes,
    summary: String,
    #[serde(default)]
    quiet_because: Vec<Sentence>,
}

/// One, with what the daemon knows of the networks in it.
#[derive(Deserialize)]
struct Whole {
    time: Timestamp,
    worst: Severity,
    incident: IncidentEvent,
    timeline: Vec<Past>,
    timeline_omitted: usize,
    names: BTreeMap<Asn, String>,
    sessions: BTreeMap<String, String>,
    local_as: Option<Asn>,
    actions: Vec<String>,
    #[serde(default)]
    quiet_because: Vec<Sentence>,
}

/// A step in its life.
#[derive(Deserialize)]
struct Past {
    event: Step,
    time: Timestamp,
    severity: Severity,
    routes: u32,
}

impl Incidents {
    pub(super) fn run(&self, out: impl Write) -> Result<Status, Failure> {
        match &self.id {
            Some(id) => self.one(id, out),
            None if self.follow => self.follow(out),
            None => self.list(out),
        }?;
        Ok(Status::Done)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        match (self.drill, self.no_drill) {
            (true, _) => vec![("drill", "true".to_owned())],
            (_, true) => vec![("drill", "false".to_owned())],
            _ => Vec::new(),
        }
    }

    fn list(&self, mut out: impl Write) -> Result<(), Failure> {
        let mut query = self.query();
        query.push(("limit", self.limit.to_string()));
        let state = self.state.and_then(|one| one.to_possible_value());
        query.extend(state.map(|one| ("state", one.get_name().to_owned())));
        let least = self.severity.and_then(|one| one.to_possible_value());
        query.extend(least.map(|one| ("severity", one.get_name().to_owned())));
        if self.daemon.json {
            return self.daemon.print("/api/v1/incidents", &query, out);
        }
        let told: List = self.daemon.get("/api/v1/incidents", &query)?;
        let sheet = Sheet::standard_output();
        if told.incidents.is_empty() {
            writeln!(out, "None.")?;
        }
        for one in &told.incidents {
            one.write(&mut out, &sheet, told.time)?;
        }
        let more = told.total.saturating_sub(told.incidents.len() as u64);
        if more > 0 {
            writeln!(out, "and {} (--limit)", counted(more, "more", "more"))?;
        }
        if let Some(first) = told.incidents.first() {
            let hint = format!("leakwatch incidents {} shows all of it", escape(&first.id));
            writeln!(out, "{}", sheet.ink(Ink::Faint, &hint))?;
        }
        out.flush()?;
        Ok(())
    }

    fn one(&self, id: &str, mut out: impl Write) -> Result<(), Failure> {
        let path = format!("/api/v1/incidents/{}", encoded(id));
        let query = self.query();
        if self.daemon.json {
            return self.daemon.print(&path, &query, out);
        }
        let whole: Whole = self.daemon.get(&path, &query)?;
        let course = whole.timeline.iter().map(|step| Stage {
            step: step.event,
            time: step.time,
            severity: step.severity,
            active: step.routes,
        });
        let mut last = whole.incident.clone();
        if last.event != Step::Resolved {
            // Its numbers are those of now, not of when it was last told.
            last.time = whole.time;
        }
        let account = Account {
            last,
            course: course.collect(),
            omitted: whole.timeline_omitted,
            worst: whole.worst,
        };
        let report = Report {
            sheet: Sheet::standard_output(),
            words: &whole,
            page: None,
            all: true,
            live: true,
        };
        report.incident(&mut out, &account)?;
        for (index, one) in whole.quiet_because.iter().enumerate() {
            let label = if index == 0 { "Quiet" } else { "" };
            let text = format!("{} ({})", escape(&one.text), escape(&one.id));
            report.sheet.field(&mut out, label, &text)?;
        }
        out.flush()?;
        Ok(())
    }

    fn follow(&self, mut out: impl Write) -> Result<(), Failure> {
        let least = match self.severity {
            Some(Least::Critical) => Severity::Critical,
            Some(Least::Warning) => Severity::Warning,
            Some(Least::Info) | None => Severity::Info,
        };
        let json = self.daemon.json;
        let sheet = Sheet::standard_output();
        self.daemon.follow(&self.query(), &mut |event: &Event| {
            match event.name.as_str() {
                "hello" if !json => {
                    writeln!(out, "{}", sheet.ink(Ink::Faint, "connected; waiting"))?;
                }
                "missed" => eprintln!("leakwatch: some events were missed: {}", event.data),
                "incident" => {
                    let Ok(told) = serde_json::from_str::<IncidentEvent>(&event.data) else {
                        eprintln!("leakwatch: an event that this version does not understand");
                        return Ok(());
                    };
                    if told.severity < least {
                        return Ok(());
                    }
                    if json {
                        writeln!(out, "{}", event.data)?;
                    } else {
                        let ink = ink(told.severity);
                        writeln!(out, "{}", sheet.ink(ink, &incident_sheet::line(&told)))?;
                    }
                }
                _ => {}
            }
            out.flush()?;
            Ok(())
        })
    }
}

const fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Critical => Ink::Alarm,
        Severity::Warning => Ink::Caution,
        Severity::Info => Ink::Faint,
    }
}

impl Listed {
    /// Two lines or three: what it is worth and its name, then its sentence.
    fn write(&self, out: &mut impl Write, sheet: &Sheet, now: Timestamp) -> std::io::Result<()> {
        let (severity, when) = match self.resolved {
            None => (
                self.severity,
                format!("for {}", ago(now, Some(self.opened))),
            ),
            Some(time) => (self.worst, format!("over since {}", ago(now, Some(time)))),
        };
        let mark = if self.resolved.is_some() {
            Ink::Well
        } else {
            ink(severity)
        };
        let drill = if self.drill {
            format!("  {}", sheet.ink(Ink::Caution, "DRILL"))
        } else {
            String::new()
        };
        let worth = severity.name().to_uppercase();
        let id = escape(&self.id);
        let marked = if self.drill { 7 } else { 0 };
        let long = worth.len() + marked + when.len() + id.len() + 4;
        let between = if long > sheet.width() { "\n  " } else { "  " };
        writeln!(
            out,
            "{}{drill}  {when}{between}{}",
            sheet.ink(mark, &worth),
            sheet.ink(Ink::Faint, &id),
        )?;
        let routes = format!(
            "{} now, {} at the worst",
            counted(self.routes.active.into(), "route", "routes"),
            grouped(self.routes.peak.into())
        );
        let summary = self.summary.trim_end_matches("; over");
        sheet.entry(out, &format!("{} ({routes})", escape(summary)))?;
        for one in &self.quiet_because {
            sheet.entry(out, &format!("{} ({})", escape(&one.text), escape(&one.id)))?;
        }
        writeln!(out)
    }
}

impl Words for Whole {
    fn network(&self, asn: Asn) -> String {
        match self.names.get(&asn) {
            Some(name) => format!("{asn} ({name})"),
            None => asn.to_string(),
        }
    }

    fn session(&self, view: &ViewName) -> Option<String> {
        self.sessions.get(&view.peer).cloned()
    }

    fn local_as(&self) -> Option<Asn> {
        self.local_as
    }

    fn steps(&self, _: &IncidentEvent) -> Vec<String> {
        self.actions.iter().map(|step| escape(step)).collect()
    }

    fn cover(&self, _: &Sample) -> Option<(Prefix, String)> {
        None
    }
}
