//! `leakwatch expect`: a change that is announced, so that it pages nobody.

use std::{io::Write, str::FromStr};

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde::Deserialize;
use serde_json::json;

use super::{
    Failure, Status,
    author::{Author, Removal},
    client::Daemon,
    moment::Moment,
    sheet::{Ink, Sheet, day_time, escape, grouped, lasting},
};
use crate::{
    alert::quiet::{CourseState, Expected},
    bgp::{Asn, Timestamp},
    incident::Kind,
    reference::PrefixRange,
};

const NOTES: &str = "\
While it runs, incidents of that network within the number are shown as expected and not told. More than \
that is told, with both numbers; so is a change that did not happen. Fewer routes hold back withdrawals and \
surges, and no leak. Times are UTC, by the daemon's clock: \
a time of day is the next one.

Examples:
  leakwatch expect +4000 --from AS64500 --between 02:00 --and 03:00 --why 'new customer'
  leakwatch expect -1200 --from AS64500 --between 02:00 --and 4h --why 'they move away'
  leakwatch expect list
  leakwatch expect remove e-1";

/// Announce a change, list announced changes, or take one back.
#[derive(Args, Debug)]
#[command(after_help = NOTES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Expect {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    add: Add,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the changes that are announced, and those that ended within a day.
    List(Daemon),
    /// Take an announced change back.
    Remove(Removal),
}

#[derive(Args, Debug)]
struct Add {
    /// How many routes more, +4000, or fewer, -4000.
    #[arg(value_name = "ROUTES", required = true, allow_negative_numbers = true)]
    routes: Option<Change>,
    /// Whose.
    #[arg(long = "from", value_name = "AS", required = true)]
    asn: Option<Asn>,
    /// When it begins: 02:00 (the next, UTC), 2026-01-31T02:00:00Z, or 30m [default: now].
    #[arg(long, value_name = "TIME")]
    between: Option<Moment>,
    /// When it is over: 03:00 (the next after it begins, UTC), 2026-01-31T03:00:00Z, or 1h (after
    /// it begins).
    #[arg(long = "and", value_name = "TIME", required = true)]
    until: Option<Moment>,
    /// Percent by which it may be more [default: 20].
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    margin: Option<u8>,
    /// Only these prefixes, such as 192.0.2.0/24^24-28.
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    prefix: Vec<PrefixRange>,
    #[arg(long, value_name = "KIND", help = "Only incidents of this kind",
          value_parser = PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name())))]
    kind: Vec<String>,
    /// Why it is done, such as a ticket's number.
    #[arg(long, value_name = "TEXT", required = true)]
    why: Option<String>,
    #[command(flatten)]
    author: Author,
}

/// Routes more or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change(i32);

impl FromStr for Change {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.replace([',', '_'], "").replace('−', "-");
        let number = plain.parse().ok().filter(|number| *number != 0);
        number
            .map(Change)
            .ok_or("write it as +4000 (more) or -4000 (fewer)")
    }
}

#[derive(Deserialize)]
struct List {
    time: Timestamp,
    expected: Vec<Expected>,
}

impl Expect {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        match &self.command {
            None => self.add.run(&mut out),
            Some(Command::List(daemon)) => list(daemon, &mut out),
            Some(Command::Remove(removal)) => remove(removal, &mut out),
        }?;
        out.flush()?;
        Ok(Status::Done)
    }
}

impl Add {
    fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let now = self.author.now()?;
        let from = self.between.map(|moment| moment.after(now));
        let until = self.until.map(|moment| moment.after(from.unwrap_or(now)));
        let prefixes: Vec<String> = self.prefix.iter().map(ToString::to_string).collect();
        let body = json!({
            "asn": self.asn,
            "routes": self.routes.map(|routes| routes.0),
            "margin": self.margin,
            "from": from,
            "until": until,
            "prefixes": prefixes,
            "kinds": self.kind,
        });
        let why = self.why.as_deref().unwrap_or_default();
        let text = self.author.ask("/api/v1/expected", &[], why, body)?;
        let change = self.author.confirm(&text, out, |change: &Expected| {
            format!(
                "Expected ({}): {}, from {} until {}, for {}, by {}. Up to {} routes are told to \
                 nobody; more are, and so is it if it does not happen.",
                escape(&change.id),
                change.what(),
                day_time(change.from),
                day_time(change.until),
                lasting(change.until.since(change.from)),
                escape(&change.by),
                grouped(change.most().into()),
            )
        })?;
        if let Some(change) = change {
            writeln!(out, "Undo: leakwatch expect remove {}", escape(&change.id))?;
        }
        Ok(())
    }
}

fn remove(removal: &Removal, out: &mut impl Write) -> Result<(), Failure> {
    removal.run("/api/v1/expected", out, |change: &Expected| {
        format!(
            "No longer expected ({}): {}.",
            escape(&change.id),
            change.what()
        )
    })
}

fn list(daemon: &Daemon, out: &mut impl Write) -> Result<(), Failure> {
    if daemon.json {
        return daemon.print("/api/v1/expected", &[], out);
    }
    let told: List = daemon.get("/api/v1/expected", &[])?;
    let sheet = Sheet::standard_output();
    if told.expected.is_empty() {
        writeln!(out, "Nothing is expected.")?;
    }
    for change in &told.expected {
        let head = sheet.ink(Ink::Strong, &escape(&change.id));
        let state = standing(change, told.time);
        writeln!(out, "{head}  {state}")?;
        let when = format!(
            "between {} and {}",
            day_time(change.from),
            day_time(change.until)
        );
        sheet.entry(out, &when)?;
        sheet.entry(out, &escape(&change.sentence()))?;
        if change.course.baseline.is_some() {
            sheet.entry(out, &change.compared(change.course.largest))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Where it stands, in words.
fn standing(change: &Expected, now: Timestamp) -> &'static str {
    match change.course.state {
        CourseState::Planned | CourseState::Running if now < change.from => "planned",
        CourseState::Planned | CourseState::Running => "running",
        CourseState::Happened => "happened",
        CourseState::Missing => "did not happen yet, though its time is over",
        CourseState::DidNotHappen => "did not happen",
        CourseState::Unseen => "over; its routes were not counted in time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_more_or_fewer() {
        let read = |text: &str| text.parse::<Change>().map(|change| change.0);
        assert_eq!(read("+4000"), Ok(4000));
        assert_eq!(read("4,000"), Ok(4000));
        assert_eq!(read("-4000"), Ok(-4000));
        assert_eq!(read("−4_000"), Ok(-4000));
        for wrong in ["", "0", "+0", "x", "4000000000", "1.5"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
