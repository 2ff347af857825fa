//! What a drill says around the incident: what it is, what is real in it, how it
//! would look on a router, whether it came out right.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::Path,
};

use super::{
    super::sheet::{Ink, Sheet, escape, grouped, wrap},
    verdict::Outcome,
};
use crate::drill::{self, Drill, Expected};

/// All drills, then the exercises that must stay quiet.
pub(super) fn list(out: &mut impl Write, sheet: &Sheet) -> io::Result<()> {
    let (quiet, leaks): (Vec<&Drill>, Vec<&Drill>) = drill::all()
        .iter()
        .partition(|drill| drill.expected == Expected::Quiet);
    writeln!(
        out,
        "{}",
        sheet.ink(Ink::Strong, "Reconstructions, which must page:")
    )?;
    writeln!(out)?;
    rows(out, sheet, &leaks)?;
    writeln!(out)?;
    writeln!(
        out,
        "{}",
        sheet.ink(Ink::Strong, "Exercises, in which nobody must be woken:")
    )?;
    writeln!(out)?;
    rows(out, sheet, &quiet)?;
    writeln!(out)?;
    sheet.paragraph(
        out,
        "Types are those of RFC 7908. None is a recording: each says which facts are published and \
         what is made up.",
    )
}

fn rows(out: &mut impl Write, sheet: &Sheet, drills: &[&Drill]) -> io::Result<()> {
    let wide = drills
        .iter()
        .map(|drill| drill.name.len())
        .max()
        .unwrap_or_default();
    let left = wide + 2 + 12 + 6;
    for drill in drills {
        let date = drill.date.get(..10).unwrap_or(drill.date);
        // An exercise has no day and no type of its own.
        let date = if drill.sources.is_empty() { "" } else { date };
        let types: Vec<&str> = drill
            .rfc7908
            .split(|letter: char| !letter.is_ascii_digit())
            .filter(|n| !n.is_empty())
            .collect();
        let left_text = format!(
            "  {:<wide$}  {date:<10}  {:<4}",
            drill.name,
            types.join(", ")
        );
        for (index, line) in wrap(drill.title, sheet.width().saturating_sub(left + 2))
            .iter()
            .enumerate()
        {
            let left_text = if index == 0 { left_text.as_str() } else { "" };
            writeln!(out, "{left_text:<left$}  {line}")?;
        }
    }
    Ok(())
}

/// What is about to be told.
pub(super) fn head(
    out: &mut impl Write,
    sheet: &Sheet,
    drill: &Drill,
    played: &str,
) -> io::Result<()> {
    sheet.headline(out, &format!("Drill {}: {}", drill.name, drill.title))?;
    let mut text = String::from(if drill.sources.is_empty() {
        "An exercise"
    } else {
        "A reconstruction, not a recording"
    });
    if !drill.rfc7908.is_empty() {
        let _ = write!(text, "; RFC 7908 type {}", drill.rfc7908);
    }
    let _ = write!(
        text,
        ". {played}, this is what the engineer on duty is told:"
    );
    sheet.paragraph(out, &text)?;
    writeln!(out)
}

/// What is real in it, and how it would look on a router.
pub(super) fn background(out: &mut impl Write, sheet: &Sheet, drill: &Drill) -> io::Result<()> {
    sheet.rule(out, "What is real in this and what is not")?;
    sheet.verbatim(out, drill.story)?;
    sheet.verbatim(out, "Networks numbered AS1000000 and up are nobody's.")?;
    for source in drill.sources {
        sheet.source(out, source)?;
    }
    writeln!(out)?;
    sheet.rule(out, "How it would look on a router")?;
    sheet.verbatim(out, drill.on_a_router)?;
    writeln!(out)
}

/// Whether it came out right, point by point.
pub(super) fn verdict(out: &mut impl Write, sheet: &Sheet, outcome: &Outcome) -> io::Result<()> {
    sheet.rule(out, "Verdict")?;
    for check in &outcome.checks {
        let (ink, word) = if check.holds {
            (Ink::Well, "right")
        } else {
            (Ink::Alarm, "WRONG")
        };
        writeln!(out, "  {}     {}", sheet.ink(ink, word), check.what)?;
    }
    writeln!(out)
}

/// Speed in one line.
pub(super) fn figures(out: &mut impl Write, sheet: &Sheet, outcome: &Outcome) -> io::Result<()> {
    let mut text = format!("{} updates/s", grouped(outcome.updates_per_second));
    for leak in &outcome.leaks {
        let whose = if outcome.leaks.len() > 1 {
            format!(" {}", leak.offender)
        } else {
            String::new()
        };
        match (
            leak.detected_after_routes,
            leak.detected_after_event_seconds,
            leak.detected_after_milliseconds,
        ) {
            (Some(routes), Some(event), Some(work)) => {
                let _ = write!(
                    text,
                    "; detected{whose} after {} routes, {event:.2} s of event time, {work:.1} ms of work",
                    grouped(routes.into())
                );
            }
            _ => {
                let _ = write!(text, "; not detected{whose}");
            }
        }
    }
    // One line, whatever the width: this one is for grep.
    writeln!(out, "{}{text}", sheet.ink(Ink::Faint, "  Drill     "))
}

/// The command that reads what was written.
pub(super) fn how_to_replay(directory: &Path) -> String {
    let file = |name: &str| {
        let path = escape(&directory.join(name).to_string_lossy());
        let plain = path
            .chars()
            .all(|c| c.is_alphanumeric() || "/._-+".contains(c));
        if plain {
            path
        } else {
            format!("'{}'", path.replace('\'', "'\\''"))
        }
    };
    format!(
        "leakwatch replay --config {} --until-resolved --rib {} {}",
        file("leakwatch.toml"),
        file("rib.mrt"),
        file("updates.mrt")
    )
}
