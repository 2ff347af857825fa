//! Incidents for people: what a tired person needs first stands first.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
    time::Duration,
};

use super::{
    sheet::{Ink, Sheet, clock, counted, day_time, escape, grouped, lasting},
    told::{Account, Told},
    words::Words,
};
use crate::{
    bgp::{Afi, Asn},
    incident::{
        IncidentEvent, Severity, Standing, Step, advice,
        examples::{choose, shorten, shows},
        report::{Sample, ViewName},
        telling,
    },
};

const VIEWS: usize = 6;
const TABLES: usize = 5;

/// What every block needs to know.
pub(super) struct Report<'a> {
    pub sheet: Sheet,
    pub words: &'a dyn Words,
    /// Confidence and routes from which an incident pages, where they are known.
    pub page: Option<(f64, u32)>,
    /// Whether incidents of information only are told too, and every table.
    pub all: bool,
    /// Whether more may come, or the recording is at its end.
    pub live: bool,
}

impl Report<'_> {
    /// What stood in the tables, then each incident, the worst first.
    pub(super) fn incidents<W: Write>(&self, told: &mut Told<W>) -> io::Result<()> {
        let mut accounts: Vec<&Account> = told
            .incidents
            .iter()
            .filter(|account| self.all || account.worst > Severity::Info)
            .collect();
        accounts.sort_by(|a, b| {
            b.worst
                .cmp(&a.worst)
                .then(a.last.first_seen.cmp(&b.last.first_seen))
        });
        for account in accounts {
            self.incident(&mut told.out, account)?;
            writeln!(told.out)?;
        }
        Ok(())
    }

    /// One line for each table that was not clean from the start.
    pub(super) fn standing(&self, out: &mut impl Write, standing: &[Standing]) -> io::Result<()> {
        if standing.is_empty() {
            return Ok(());
        }
        let most = if self.all { usize::MAX } else { TABLES };
        writeln!(out, "In the tables already, which pages nobody:")?;
        for table in standing.iter().take(most) {
            let mut what = Vec::new();
            for (detector, count) in &table.violations {
                what.push(format!("{detector} {}", grouped(u64::from(*count))));
            }
            let line = format!(
                "{}, {}, {}: {}",
                self.session(&table.view),
                match table.afi {
                    Afi::Ipv4 => "IPv4",
                    Afi::Ipv6 => "IPv6",
                },
                counted(table.routes.into(), "route", "routes"),
                what.join(", ")
            );
            self.sheet.entry(out, &line)?;
        }
        if standing.len() > most {
            let more = (standing.len() - most) as u64;
            writeln!(
                out,
                "  and {} (--all shows them)",
                counted(more, "table more", "tables more")
            )?;
        }
        writeln!(out)
    }

    /// How many incidents there were.
    pub(super) fn count<W: Write>(&self, told: &mut Told<W>) -> io::Result<()> {
        let [critical, warning, info] = [Severity::Critical, Severity::Warning, Severity::Info]
            .map(|one| told.count(one) as u64);
        let mut parts = Vec::new();
        if critical > 0 {
            parts.push(format!("{} to be woken for", grouped(critical)));
        }
        if warning > 0 {
            parts.push(counted(warning, "warning", "warnings"));
        }
        if info > 0 {
            let hint = if self.all { "" } else { " (--all shows them)" };
            parts.push(format!("{} of information only{hint}", grouped(info)));
        }
        let text = if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        };
        self.sheet.field(&mut told.out, "Incidents", &text)
    }

    /// One incident, from what it is to how it ended.
    pub(super) fn incident(&self, out: &mut impl Write, account: &Account) -> io::Result<()> {
        let (sheet, event) = (&self.sheet, &account.last);
        let (ink, word) = match account.worst {
            Severity::Critical => (Ink::Alarm, "CRITICAL"),
            Severity::Warning => (Ink::Caution, "WARNING"),
            Severity::Info => (Ink::Faint, "INFO"),
        };
        let opened = account
            .course
            .first()
            .map_or(event.time, |stage| stage.time);
        writeln!(
            out,
            "{}  {}  {}{}",
            sheet.ink(ink, word),
            day_time(opened),
            event.id,
            if event.event == Step::Resolved {
                "  (over)"
            } else {
                ""
            }
        )?;
        sheet.headline(
            out,
            &format!("{}.", event.summary.trim_end_matches("; over")),
        )?;
        writeln!(out)?;
        sheet.field(out, "Who", &self.who(event))?;
        sheet.field(out, "Routes", &telling::routes(event))?;
        if !event.victims.is_empty() {
            let whose = telling::whose(event, &|asn| self.network(asn));
            sheet.field(out, "Whose", &whose)?;
        }
        sheet.field(out, "Since", &telling::since(event))?;
        self.views(out, &event.views)?;
        self.examples(out, event)?;
        self.evidence(out, event)?;
        for (index, step) in self.words.steps(event).iter().enumerate() {
            let label = if index == 0 { "Do" } else { "" };
            sheet.item(out, label, &format!("{}. ", index + 1), step)?;
        }
        sheet.field(out, "Course", &course(account))?;
        let (ink, text) = state(account, self.live);
        sheet.inked(out, "State", ink, &text)
    }

    fn who(&self, event: &IncidentEvent) -> String {
        telling::who(event, &|asn| self.network(asn), self.words.local_as())
    }

    fn network(&self, asn: Asn) -> String {
        escape(&self.words.network(asn))
    }

    fn session(&self, view: &ViewName) -> String {
        let peer = format!("{} ({})", view.peer, view.peer_as);
        match self.words.session(view) {
            Some(name) => format!("{}, {peer}", escape(&name)),
            None => peer,
        }
    }

    fn views(&self, out: &mut impl Write, views: &[ViewName]) -> io::Result<()> {
        let mut by_router: BTreeMap<&str, Vec<&ViewName>> = BTreeMap::new();
        for view in views {
            by_router.entry(&view.router).or_default().push(view);
        }
        for (index, (router, views)) in by_router.iter().enumerate() {
            let label = if index == 0 { "Seen on" } else { "" };
            let place = if *router == "mrt" { "" } else { router };
            let mut names: Vec<String> = views
                .iter()
                .take(VIEWS)
                .map(|view| format!("{}, {}", self.session(view), advice::table(view.rib)))
                .collect();
            if views.len() > VIEWS {
                names.push(format!("and {} more", views.len() - VIEWS));
            }
            let text = format!(
                "{place}{}{}",
                if place.is_empty() { "" } else { ": " },
                names.join("; ")
            );
            self.sheet.field(out, label, &text)?;
        }
        Ok(())
    }

    fn examples(&self, out: &mut impl Write, event: &IncidentEvent) -> io::Result<()> {
        for (index, sample) in choose(event).into_iter().enumerate() {
            let label = if index == 0 { "Examples" } else { "" };
            self.sheet.field(
                out,
                label,
                &format!("{}  at {}", sample.prefix, clock(sample.time)),
            )?;
            self.sheet
                .item(out, "", "  before  ", &self.before(event, sample))?;
            let after = if sample.after.is_empty() {
                "withdrawn".to_owned()
            } else {
                shorten(&sample.after)
            };
            self.sheet.item(out, "", "  after   ", &after)?;
        }
        Ok(())
    }

    /// The route as it was, or the one that traffic followed instead.
    fn before(&self, event: &IncidentEvent, sample: &Sample) -> String {
        if let Some(path) = &sample.before {
            return shorten(path);
        }
        match self.words.cover(sample) {
            // While the leak goes on, what covers one of its routes may be another.
            Some((prefix, path)) if !shows(&path, event) => {
                format!(
                    "not in the table; its covering {prefix} goes {}",
                    shorten(&path)
                )
            }
            _ => "not in the table".to_owned(),
        }
    }

    fn evidence(&self, out: &mut impl Write, event: &IncidentEvent) -> io::Result<()> {
        let mut sure = format!("confidence {:.2} of 1", event.confidence);
        if let Some((confidence, routes)) = self.page {
            let routes = counted(routes.into(), "route", "routes");
            let _ = write!(sure, " (pages from {confidence:.2} and {routes})");
        }
        self.sheet.field(out, "Why", &sure)?;
        for item in &event.evidence {
            let mark = format!("{:.2} {:<8} ", item.strength, item.family);
            self.sheet.item(out, "", &mark, &item.what)?;
        }
        let names: Vec<&str> = event
            .detectors
            .iter()
            .map(|detector| detector.name())
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        self.sheet
            .field(out, "", &format!("found by {}", names.join(", ")))
    }
}

fn course(account: &Account) -> String {
    let mut parts = Vec::new();
    let mut severity = None;
    for stage in &account.course {
        let mut text = clock(stage.time);
        let _ = match stage.step {
            Step::Opened => write!(text, " opened at {}", grouped(stage.active.into())),
            Step::Updated => write!(text, " {}", grouped(stage.active.into())),
            Step::Resolved => write!(text, " resolved"),
            Step::Reopened => write!(text, " back at {}", grouped(stage.active.into())),
        };
        if severity.replace(stage.severity) != Some(stage.severity) && stage.step != Step::Resolved
        {
            let _ = write!(text, " ({})", stage.severity.name());
        }
        parts.push(text);
    }
    if account.omitted > 0 {
        parts.push(format!("and {} more steps", account.omitted));
    }
    parts.join(", ")
}

fn state(account: &Account, live: bool) -> (Ink, String) {
    let event = &account.last;
    let after = lasting(Duration::from_secs(
        event.time.since(event.first_seen).as_secs(),
    ));
    let when = day_time(event.time);
    if event.event == Step::Resolved {
        return (
            Ink::Well,
            format!("resolved at {when}, {after} after it began"),
        );
    }
    let routes = counted(event.routes.active.into(), "route is", "routes are");
    let text = if live {
        format!("OPEN, as of {when}, {after} after it began; {routes} affected")
    } else {
        format!(
            "OPEN at the end of the recording, {when}, {after} after it began; {routes} affected"
        )
    };
    (Ink::Alarm, text)
}

/// An incident's step in one line, for whoever watches the bar.
pub(super) fn line(event: &IncidentEvent) -> String {
    let step = match event.event {
        Step::Opened => "opened",
        Step::Updated => "updated",
        Step::Resolved => "resolved",
        Step::Reopened => "reopened",
    };
    let severity = event.severity.name();
    escape(&format!(
        "{}  {severity:<8}  {step:<8}  {}",
        day_time(event.time),
        event.summary
    ))
}
