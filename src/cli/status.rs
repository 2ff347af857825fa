//! `leakwatch status`: how a daemon does.

use std::{collections::BTreeMap, io::Write, time::Duration};

use clap::Args;
use serde::Deserialize;

use super::{
    Failure, Status as Outcome,
    client::{Daemon, ago},
    columns::{Cell, Column, table},
    sheet::{Ink, Sheet, counted, day_time, escape, grouped, lasting},
};
use crate::{bgp::Timestamp, incident::Severity};

/// Say how a running daemon does: incidents, routers, tables.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Deserialize)]
struct Told {
    version: String,
    started: Timestamp,
    uptime_seconds: u64,
    ready: bool,
    waiting: Vec<String>,
    heartbeat_seconds: f64,
    engine: Figures,
    incidents: Open,
    resolved: u64,
    drill: Option<Drill>,
    telling: Telling,
}

/// Whether incidents are written down and told.
#[derive(Deserialize)]
struct Telling {
    time: Timestamp,
    journal: Journal,
    sinks: Vec<Sink>,
    troubles: Vec<Trouble>,
}

#[derive(Deserialize)]
struct Journal {
    state: String,
    since: Option<Timestamp>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Sink {
    name: String,
    waiting: u64,
    failing_since: Option<Timestamp>,
    refused: u64,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Trouble {
    severity: Severity,
    since: Timestamp,
    summary: String,
    actions: Vec<String>,
}

#[derive(Deserialize)]
struct Figures {
    views: BTreeMap<String, u64>,
    routes: u64,
    prefixes: BTreeMap<String, u64>,
    paths: u64,
    memory_bytes: u64,
}

#[derive(Deserialize)]
struct Open {
    critical: u64,
    warning: u64,
    info: u64,
}

#[derive(Deserialize)]
struct Drill {
    engine: Figures,
    incidents: Open,
}

#[derive(Deserialize)]
struct Routers {
    time: Timestamp,
    routers: Vec<Feed>,
}

/// A router.
#[derive(Deserialize)]
struct Feed {
    router: String,
    sys_name: String,
    drill: bool,
    state: String,
    since: Timestamp,
    last_error: Option<String>,
    peers: u64,
    stale_peers: u64,
    last_update: Option<Timestamp>,
    silent: bool,
    desynchronised: u64,
}

/// How telling goes is looked at every second; who does that may have to wait for the disk.
const HANGS: Duration = Duration::from_secs(30);
/// Routers listed; those in trouble come first.
const MOST_ROUTERS: usize = 50;

const COLUMNS: [Column; 6] = [
    Column {
        head: "ROUTER",
        right: false,
        spare: 0,
    },
    Column {
        head: "NAME",
        right: false,
        spare: 2,
    },
    Column {
        head: "STATE",
        right: false,
        spare: 0,
    },
    Column {
        head: "FOR",
        right: false,
        spare: 3,
    },
    Column {
        head: "PEERS",
        right: true,
        spare: 0,
    },
    Column {
        head: "LAST UPDATE",
        right: false,
        spare: 1,
    },
];

impl Status {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Outcome, Failure> {
        if self.daemon.json {
            self.daemon.print("/api/v1/status", &[], out)?;
            return Ok(Outcome::Done);
        }
        let told: Told = self.daemon.get("/api/v1/status", &[])?;
        let routers: Routers = self.daemon.get("/api/v1/routers", &[])?;
        let sheet = Sheet::standard_output();
        self.figures(&mut out, &sheet, &told)?;
        if !routers.routers.is_empty() {
            writeln!(out)?;
            list(&mut out, &sheet, routers)?;
        }
        out.flush()?;
        Ok(Outcome::Done)
    }

    fn figures(&self, out: &mut impl Write, sheet: &Sheet, told: &Told) -> std::io::Result<()> {
        let up = lasting(Duration::from_secs(told.uptime_seconds));
        let head = format!(
            "leakwatch {} at {}, up {up}, since {}",
            escape(&told.version),
            self.daemon.url(),
            day_time(told.started)
        );
        sheet.paragraph(out, &head)?;
        if told.heartbeat_seconds > 10.0 {
            let text = format!("stands still since {:.0} s", told.heartbeat_seconds);
            sheet.inked(out, "Engine", Ink::Alarm, &text)?;
        }
        let (ink, text) = open(&told.incidents);
        sheet.inked(
            out,
            "Incidents",
            ink,
            &format!("{text}; {} over", grouped(told.resolved)),
        )?;
        if let Some(drill) = &told.drill {
            let (_, text) = open(&drill.incidents);
            let routes = counted(drill.engine.routes, "route", "routes");
            sheet.inked(
                out,
                "Drill",
                Ink::Caution,
                &format!("is being played with {routes}; of it {text}"),
            )?;
        }
        if told.ready {
            sheet.inked(out, "Sees", Ink::Well, "everything it is fed")?;
        } else {
            sheet.inked(out, "Sees", Ink::Caution, "not everything yet:")?;
            for reason in &told.waiting {
                sheet.item(out, "", "- ", &escape(reason))?;
            }
        }
        let now = told.started + Duration::from_secs(told.uptime_seconds);
        told.telling.write(out, sheet, now)?;
        let views: Vec<String> = ["live", "dumping", "warming", "down", "stale"]
            .iter()
            .filter_map(|name| {
                let count = told.engine.views.get(*name).filter(|count| **count > 0)?;
                Some(format!("{} {name}", grouped(*count)))
            })
            .collect();
        let views = if views.is_empty() {
            "none".to_owned()
        } else {
            views.join(", ")
        };
        sheet.field(out, "Tables", &views)?;
        let prefixes = |family| grouped(told.engine.prefixes.get(family).copied().unwrap_or(0));
        let routes = format!(
            "{} of {} IPv4 and {} IPv6 prefixes, {}, in {} MiB",
            counted(told.engine.routes, "route", "routes"),
            prefixes("ipv4"),
            prefixes("ipv6"),
            counted(told.engine.paths, "AS path", "AS paths"),
            grouped(told.engine.memory_bytes >> 20)
        );
        sheet.field(out, "Routes", &routes)
    }
}

impl Telling {
    fn write(&self, out: &mut impl Write, sheet: &Sheet, now: Timestamp) -> std::io::Result<()> {
        for trouble in &self.troubles {
            let ink = match trouble.severity {
                Severity::Critical => Ink::Alarm,
                _ => Ink::Caution,
            };
            let begun = ago(self.time, Some(trouble.since));
            let text = format!("{} (for {begun})", escape(&trouble.summary));
            sheet.inked(out, "Trouble", ink, &text)?;
            for action in &trouble.actions {
                sheet.item(out, "", "- ", &escape(action))?;
            }
        }
        let (ink, journal) = match self.journal.state.as_str() {
            "durable" => (Ink::Well, "on the disk".to_owned()),
            "volatile" => (Ink::Faint, "not kept over a restart".to_owned()),
            _ => {
                let error = escape(
                    self.journal
                        .error
                        .as_deref()
                        .unwrap_or("no reason is known"),
                );
                let begun = ago(self.time, self.journal.since);
                (Ink::Alarm, format!("in memory only, for {begun}: {error}"))
            }
        };
        sheet.inked(out, "Journal", ink, &journal)?;
        let age = now.since(self.time);
        if age >= HANGS {
            let text = format!(
                "has not answered for {}; journal and sinks are as they were before",
                lasting(age)
            );
            sheet.inked(out, "Disk", Ink::Alarm, &text)?;
        }
        if self.sinks.is_empty() {
            return sheet.inked(out, "Told to", Ink::Faint, "nobody: no sink is configured");
        }
        let failing: Vec<&Sink> = self
            .sinks
            .iter()
            .filter(|sink| sink.failing_since.is_some())
            .collect();
        let names = |sinks: &mut dyn Iterator<Item = &Sink>| {
            let names: Vec<String> = sinks.map(|sink| escape(&sink.name)).collect();
            names.join(", ")
        };
        let well = names(
            &mut self
                .sinks
                .iter()
                .filter(|sink| sink.failing_since.is_none()),
        );
        if !well.is_empty() {
            sheet.inked(out, "Told to", Ink::Well, &well)?;
        }
        for sink in failing {
            let refused = match sink.refused {
                0 => String::new(),
                number => format!(", {} refused for good", grouped(number)),
            };
            let text = format!(
                "{}, for {}; {} wait{refused}: {}",
                escape(&sink.name),
                ago(self.time, sink.failing_since),
                grouped(sink.waiting),
                escape(sink.error.as_deref().unwrap_or("no reason is known"))
            );
            sheet.inked(out, "Failing", Ink::Alarm, &text)?;
        }
        Ok(())
    }
}

fn open(open: &Open) -> (Ink, String) {
    let mut parts = Vec::new();
    if open.critical > 0 {
        parts.push(format!("{} to be woken for", grouped(open.critical)));
    }
    if open.warning > 0 {
        parts.push(counted(open.warning, "warning", "warnings"));
    }
    if open.info > 0 {
        parts.push(format!("{} of information only", grouped(open.info)));
    }
    let ink = match (open.critical, open.warning) {
        (1.., _) => Ink::Alarm,
        (0, 1..) => Ink::Caution,
        (0, 0) => Ink::Well,
    };
    if parts.is_empty() {
        (ink, "none open".to_owned())
    } else {
        (ink, format!("open: {}", parts.join(", ")))
    }
}

fn list(out: &mut impl Write, sheet: &Sheet, told: Routers) -> std::io::Result<()> {
    let mut routers = told.routers;
    routers.sort_by_cached_key(|router| (state(router).0, router.router.clone()));
    let more = routers.len().saturating_sub(MOST_ROUTERS);
    let rows: Vec<Vec<Cell>> = routers
        .iter()
        .take(MOST_ROUTERS)
        .map(|router| {
            let (_, ink, word) = state(router);
            let drill = if router.drill { " (drill)" } else { "" };
            let peers = if router.stale_peers > 0 {
                format!("{} held", grouped(router.stale_peers))
            } else {
                grouped(router.peers)
            };
            vec![
                format!("{}{drill}", escape(&router.router)).into(),
                escape(&router.sys_name).into(),
                Cell(word.to_owned(), Some(ink)),
                ago(told.time, Some(router.since)).into(),
                peers.into(),
                ago(told.time, router.last_update).into(),
            ]
        })
        .collect();
    table(out, sheet, &COLUMNS, &rows)?;
    for router in &routers {
        if let (Some(error), true) = (&router.last_error, router.state != "up") {
            let text = format!("{}: {}", escape(&router.router), escape(error));
            sheet.entry(out, &text)?;
        }
    }
    if more > 0 {
        writeln!(
            out,
            "and {} (--json shows all)",
            counted(more as u64, "more", "more")
        )?;
    }
    Ok(())
}

/// How much it needs looking at, the most first; and in a word.
fn state(router: &Feed) -> (u8, Ink, &'static str) {
    match router.state.as_str() {
        "stale" => (0, Ink::Alarm, "lost"),
        "up" if router.silent => (1, Ink::Caution, "silent"),
        "up" if router.desynchronised > 0 => (2, Ink::Caution, "out of step"),
        "connecting" => (3, Ink::Caution, "connecting"),
        "gone" => (4, Ink::Faint, "gone"),
        "up" => (6, Ink::Well, "up"),
        _ => (5, Ink::Caution, "unknown"),
    }
}
