//! The figures at the end: the JSON contract's last line, and the same in words.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::{
    drill::Outcome,
    sheet::{Sheet, counted, grouped, lasting},
    told::Told,
};
use crate::{feed::replay::Replay, incident::Severity};

/// What was read and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Inputs that were read, if only in part.
    pub files: usize,
    pub records: u64,
    /// NLRI, as `bgpdump -m` prints lines of kind A.
    pub announced: u64,
    /// NLRI, kind W.
    pub withdrawn: u64,
    /// NLRI, kind B.
    pub rib_entries: u64,
    /// Distinct peers heard of.
    pub peers: usize,
    /// Distinct prefixes present at the end.
    pub prefixes: Prefixes,
    /// What was wrong with records, messages and attributes.
    pub decode_errors: BTreeMap<&'static str, u64>,
    /// Distinct incidents by the worst they were.
    pub incidents: Incidents,
    /// Event time from the first record to the last.
    pub event_seconds: u64,
    /// Wall-clock time of reading and judging.
    pub elapsed_seconds: f64,
    /// NLRI of all three kinds for each of those seconds.
    pub updates_per_second: u64,
    /// Of a drill: whether what came out is what had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill: Option<Outcome>,
}

/// Distinct prefixes.
#[derive(Debug, Serialize)]
pub(super) struct Prefixes {
    pub ipv4: u32,
    pub ipv6: u32,
}

/// Numbers of incidents.
#[derive(Debug, Serialize)]
pub(super) struct Incidents {
    pub critical: usize,
    pub warning: usize,
    pub info: usize,
}

impl Summary {
    /// Adds up. `event_seconds` is taken before event time is let run on.
    pub(super) fn new<W: Write>(
        files: usize,
        replay: &Replay,
        told: &Told<W>,
        event_seconds: u64,
        elapsed: Duration,
    ) -> Self {
        let tally = &replay.tally;
        let (ipv4, ipv6) = replay.engine.rib().prefixes();
        let seconds = elapsed.as_secs_f64();
        let nlri = tally.announced + tally.withdrawn + tally.rib_entries;
        Summary {
            files,
            records: tally.records,
            announced: tally.announced,
            withdrawn: tally.withdrawn,
            rib_entries: tally.rib_entries,
            peers: replay.peers(),
            prefixes: Prefixes { ipv4, ipv6 },
            decode_errors: tally
                .errors()
                .map(|(reason, count)| (reason.name(), count))
                .collect(),
            incidents: Incidents {
                critical: told.count(Severity::Critical),
                warning: told.count(Severity::Warning),
                info: told.count(Severity::Info),
            },
            event_seconds,
            elapsed_seconds: (seconds * 1e6).round() / 1e6,
            updates_per_second: per_second(nlri, elapsed),
            drill: None,
        }
    }

    /// What was read, for people.
    pub(super) fn print_read(&self, out: &mut impl Write, sheet: &Sheet) -> io::Result<()> {
        let mut kinds = vec![counted(self.records, "record", "records")];
        for (count, one, many) in [
            (self.announced, "route announced", "routes announced"),
            (self.withdrawn, "withdrawn", "withdrawn"),
            (self.rib_entries, "table entry", "table entries"),
        ] {
            if count > 0 {
                kinds.push(counted(count, one, many));
            }
        }
        let files = counted(self.files as u64, "file", "files");
        sheet.field(out, "Read", &format!("{files}: {}", kinds.join(", ")))?;
        let held = format!(
            "{}; at the end {} IPv4 and {} IPv6 prefixes",
            counted(self.peers as u64, "peer", "peers"),
            grouped(self.prefixes.ipv4.into()),
            grouped(self.prefixes.ipv6.into()),
        );
        sheet.field(out, "Held", &held)?;
        if !self.decode_errors.is_empty() {
            let errors = self.decode_errors.iter();
            let errors: Vec<String> = errors
                .map(|(reason, count)| format!("{reason} {}", grouped(*count)))
                .collect();
            sheet.field(out, "Malformed", &errors.join(", "))?;
        }
        Ok(())
    }

    /// That, and how fast it was.
    pub(super) fn print(&self, out: &mut impl Write, sheet: &Sheet) -> io::Result<()> {
        self.print_read(out, sheet)?;
        let pace = format!(
            "{} of recorded time in {}: {} updates/s",
            lasting(Duration::from_secs(self.event_seconds)),
            seconds(Duration::from_secs_f64(self.elapsed_seconds)),
            grouped(self.updates_per_second),
        );
        sheet.field(out, "Pace", &pace)
    }
}

/// `nlri` for each second of `elapsed`; 0 where nothing was measured.
pub(super) fn per_second(nlri: u64, elapsed: Duration) -> u64 {
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 {
        (nlri as f64 / seconds) as u64
    } else {
        0
    }
}

/// Wall-clock time as people compare it.
pub(super) fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs_f64() {
        short if short < 1.0 => format!("{:.1} ms", short * 1e3),
        long => format!("{long:.1} s"),
    }
}
