//! What the engine told: passed on at once as JSON, or kept for the report in text.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::ControlFlow,
};

use clap::ValueEnum;
use serde::Serialize;

use super::summary::Summary;
use crate::{
    bgp::Timestamp,
    engine::Engine,
    incident::{IncidentEvent, Output, Severity, Standing, Step, report},
};

/// In what form results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One object per line on standard output, nothing else there.
    Json,
}

/// Steps of one incident that are kept; it can come back as often as it likes.
const MOST_STEPS: usize = 16;

/// Incidents that are kept with their examples: nobody reads more, and how many there
/// are is for the recording to choose.
const MOST_DETAILED: usize = 1000;

/// One line of output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Incident(&'a IncidentEvent),
    Standing(&'a Standing),
    Summary(&'a Summary),
}

/// A step in an incident's life, as the report retells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub step: Step,
    pub time: Timestamp,
    pub severity: Severity,
    /// Routes affected then.
    pub active: u32,
}

/// An incident as the report retells it.
#[derive(Debug)]
pub(super) struct Account {
    /// It as last told.
    pub last: IncidentEvent,
    /// How it got there.
    pub course: Vec<Stage>,
    /// Steps that are not in `course`.
    pub omitted: usize,
    /// The worst it was.
    pub worst: Severity,
}

/// All that was told.
#[derive(Debug)]
pub(super) struct Told<W> {
    pub out: W,
    pub format: Format,
    /// By identity, in the order in which they opened.
    pub incidents: Vec<Account>,
    places: BTreeMap<String, usize>,
    /// Tables that were not clean when they were first complete.
    pub standing: Vec<Standing>,
    failed: Option<io::Error>,
}

impl<W: Write> Told<W> {
    pub(super) fn new(out: W, format: Format) -> Self {
        Told {
            out,
            format,
            incidents: Vec::new(),
            places: BTreeMap::new(),
            standing: Vec::new(),
            failed: None,
        }
    }

    /// Takes what the engine said. Breaks when it can no longer be printed.
    pub(super) fn tell(&mut self, output: Output) -> ControlFlow<()> {
        if self.format == Format::Json && self.failed.is_none() {
            let line = match &output {
                Output::Incident(event) => Line::Incident(event),
                Output::Standing(standing) => Line::Standing(standing),
            };
            // Whoever reads a stream wants the line now, and there are few.
            let printed = print(&mut self.out, &line).and_then(|()| self.out.flush());
            self.failed = printed.err();
        }
        match output {
            Output::Incident(event) => self.keep(*event),
            Output::Standing(standing) => self.standing.push(*standing),
        }
        if self.failed.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn keep(&mut self, mut event: IncidentEvent) {
        if self.format == Format::Json || self.incidents.len() > MOST_DETAILED {
            event.samples = Vec::new();
            event.evidence = Vec::new();
        }
        let stage = Stage {
            step: event.event,
            time: event.time,
            severity: event.severity,
            active: event.routes.active,
        };
        let known = self
            .places
            .get(&event.id)
            .and_then(|&place| self.incidents.get_mut(place));
        if let Some(account) = known {
            account.worst = account.worst.max(event.severity);
            account.last = event;
            if account.course.len() < MOST_STEPS {
                account.course.push(stage);
            } else {
                account.omitted += 1;
            }
        } else {
            self.places.insert(event.id.clone(), self.incidents.len());
            self.incidents.push(Account {
                worst: event.severity,
                last: event,
                course: vec![stage],
                omitted: 0,
            });
        }
    }

    /// Brings incidents that are still open to what they are now; no step in their lives.
    pub(super) fn refresh(&mut self, engine: &Engine) {
        for incident in engine.folder().open() {
            let place = self.places.get(&incident.id).copied();
            let Some(account) = place.and_then(|place| self.incidents.get_mut(place)) else {
                continue;
            };
            let (rib, reference) = (engine.rib(), engine.reference());
            account.last = report::event(Step::Updated, incident, rib, reference, engine.now());
        }
    }

    /// Incidents whose worst was `severity`.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.incidents
            .iter()
            .filter(|account| account.worst == severity)
            .count()
    }

    /// The last line, and the error of an earlier one.
    pub(super) fn finish_json(&mut self, summary: &Summary) -> io::Result<()> {
        self.check()?;
        print(&mut self.out, &Line::Summary(summary))?;
        self.out.flush()
    }

    /// The error that a line met, if one did.
    pub(super) fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

fn print(out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
