//! `leakwatch mute`: what is not told for a while.

use std::io::Write;

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde::Deserialize;
use serde_json::json;

use super::{
    Failure, Status,
    author::{Author, Removal},
    client::{Daemon, ago},
    moment::Moment,
    sheet::{Ink, Sheet, counted, day_time, escape, lasting},
};
use crate::{
    alert::quiet::{Entry, Mute as Muted},
    bgp::{Asn, Timestamp},
    incident::Kind,
};

const NOTES: &str = "\
All that is given must hold. A mute keeps alerts from sinks and nothing else: incidents are recognised, \
shown and kept as ever. It lasts 30 days at most.

Examples:
  leakwatch mute --as 64500 --for 2h --why 'their maintenance, ticket 4711'
  leakwatch mute --kind path --below-critical --until 06:00 --why 'after the night shift'
  leakwatch mute --sink pager --peer 192.0.2.1 --for 30m --why 'line card is swapped'
  leakwatch mute list
  leakwatch mute remove m-1";

/// Mute alerts for a while, list mutes, or end one.
#[derive(Args, Debug)]
#[command(after_help = NOTES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Mute {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    add: Add,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the mutes that hold or will.
    List(Daemon),
    /// End a mute.
    Remove(Removal),
    /// Tell who muted, acknowledged and announced what, and why.
    Log(Log),
}

#[derive(Args, Debug)]
struct Add {
    /// The incident or trouble of this name.
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Incidents of this AS.
    #[arg(long = "as", value_name = "AS")]
    offender: Option<Asn>,
    /// Incidents that this AS let through.
    #[arg(long, value_name = "AS")]
    neighbour: Option<Asn>,
    #[arg(long, value_name = "KIND", help = "Incidents of this kind",
          value_parser = PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name())))]
    kind: Option<String>,
    /// Incidents seen at this peer and nowhere else.
    #[arg(long, value_name = "ADDRESS|NAME")]
    peer: Option<String>,
    /// Incidents seen at this router and nowhere else.
    #[arg(long, value_name = "ADDRESS|NAME")]
    router: Option<String>,
    /// At this sink only; alone, everything at this sink.
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Tell what is critical all the same.
    #[arg(long)]
    below_critical: bool,
    /// From then on: 02:00 (the next, UTC), 2026-01-31T02:00:00Z, or 30m [default: now].
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// For so long, such as 90m.
    #[arg(
        long = "for",
        value_name = "DURATION",
        conflicts_with = "until",
        required_unless_present = "until"
    )]
    lasting: Option<String>,
    /// Until then: 05:00 (the next, UTC), 2026-01-31T05:00:00Z, or 90m.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Why, for whoever wonders at night.
    #[arg(long, value_name = "TEXT", required = true)]
    why: Option<String>,
    #[command(flatten)]
    author: Author,
}

#[derive(Args, Debug)]
struct Log {
    /// Entries at most, the latest ones.
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=5000))]
    limit: u32,
    #[command(flatten)]
    daemon: Daemon,
}

/// A mute, and what whoever asked for it should know.
#[derive(Deserialize)]
struct Granted {
    #[serde(flatten)]
    mute: Muted,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct List {
    time: Timestamp,
    mutes: Vec<Muted>,
}

#[derive(Deserialize)]
struct Record {
    entries: Vec<Entry>,
    total: u64,
}

impl Mute {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        match &self.command {
            None => self.add.run(&mut out),
            Some(Command::List(daemon)) => list(daemon, &mut out),
            Some(Command::Remove(removal)) => remove(removal, &mut out),
            Some(Command::Log(log)) => log.run(&mut out),
        }?;
        out.flush()?;
        Ok(Status::Done)
    }
}

impl Add {
    fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let mut from = None;
        let mut until = None;
        if self.from.is_some() || self.until.is_some() {
            let now = self.author.now()?;
            from = self.from.map(|moment| moment.after(now));
            until = self.until.map(|moment| moment.after(from.unwrap_or(now)));
        }
        let mut matches = json!({
            "incident": self.incident,
            "offender": self.offender,
            "neighbour": self.neighbour,
            "kind": self.kind,
            "peer": self.peer,
            "router": self.router,
            "sink": self.sink,
        });
        if let Some(fields) = matches.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let body = json!({
            "matches": matches,
            "below_critical": self.below_critical,
            "from": from,
            "until": until,
            "for": self.lasting,
        });
        let why = self.why.as_deref().unwrap_or_default();
        let text = self.author.ask("/api/v1/mutes", &[], why, body)?;
        let granted = self.author.confirm(&text, out, |Granted { mute, .. }| {
            let begins = if mute.from > mute.created {
                format!("from {} ", day_time(mute.from))
            } else {
                String::new()
            };
            format!(
                "Muted ({}): {}, {begins}until {}, for {}, by {}.",
                escape(&mute.id),
                escape(&mute.what()),
                day_time(mute.until),
                lasting(mute.until.since(mute.from)),
                escape(&mute.by),
            )
        })?;
        if let Some(Granted { mute, notes }) = granted {
            for note in notes {
                writeln!(out, "Note: {}.", escape(&note))?;
            }
            writeln!(out, "Undo: leakwatch mute remove {}", escape(&mute.id))?;
        }
        Ok(())
    }
}

fn remove(removal: &Removal, out: &mut impl Write) -> Result<(), Failure> {
    removal.run("/api/v1/mutes", out, |mute: &Muted| {
        format!(
            "No longer muted ({}): {}.",
            escape(&mute.id),
            escape(&mute.what())
        )
    })
}

fn list(daemon: &Daemon, out: &mut impl Write) -> Result<(), Failure> {
    if daemon.json {
        return daemon.print("/api/v1/mutes", &[], out);
    }
    let told: List = daemon.get("/api/v1/mutes", &[])?;
    let sheet = Sheet::standard_output();
    if told.mutes.is_empty() {
        writeln!(out, "Nothing is muted.")?;
    }
    for mute in &told.mutes {
        let when = if mute.from > told.time {
            format!("begins in {}", ago(mute.from, Some(told.time)))
        } else {
            format!("{} left", ago(mute.until, Some(told.time)))
        };
        let head = sheet.ink(Ink::Strong, &escape(&mute.id));
        writeln!(out, "{head}  {when}")?;
        sheet.entry(out, &escape(&mute.line()))?;
        writeln!(out)?;
    }
    Ok(())
}

impl Log {
    fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let query = [("limit", self.limit.to_string())];
        if self.daemon.json {
            return self.daemon.print("/api/v1/quiet-log", &query, out);
        }
        let told: Record = self.daemon.get("/api/v1/quiet-log", &query)?;
        let sheet = Sheet::standard_output();
        if told.entries.is_empty() {
            writeln!(out, "Nothing was ever muted, acknowledged or announced.")?;
        }
        for entry in &told.entries {
            let line = format!(
                "{}  {} {}: {}, until {}; by {}: {}",
                day_time(entry.time),
                escape(&entry.id),
                entry.event.words(),
                escape(&entry.what),
                day_time(entry.until),
                escape(&entry.by),
                escape(&entry.why),
            );
            sheet.entry(out, &line)?;
        }
        let more = told.total.saturating_sub(told.entries.len() as u64);
        if more > 0 {
            writeln!(out, "and {} (--limit)", counted(more, "more", "more"))?;
        }
        Ok(())
    }
}
