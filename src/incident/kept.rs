//! What has to outlive us of an incident, as plain values and as octets.
//!
//! It names nothing by a number of this life (rows, views, paths), so that it means the same
//! in the next. How many routes are affected now is not in it: after a restart nothing can be
//! seen until the peers are back, and then it is counted anew.

mod evidence;
mod routes;

use evidence::{read_evidence, write_evidence};
pub use routes::{Example, Path, Route, Sets};

use super::{
    evidence::{Evidence, Severity},
    record::Kind,
    report::Step,
};
use crate::{
    bgp::{
        Asn, Prefix, Timestamp,
        compact::{Reader, Unreadable, Writer},
    },
    detect::{Detector, Finds},
    rib::ViewKey,
};

/// What the engine gives to be kept of an incident, and wants back after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The incident.
    pub id: String,
    /// What is to be kept; replaces what was.
    pub state: Vec<u8>,
    /// Nothing needs to be kept of it any more; `state` is empty.
    pub gone: bool,
}

/// The version of the octets.
pub const VERSION: u8 = 1;
/// Octets of messages kept with an incident.
const MOST_MESSAGES: usize = 64 << 10;

/// An incident in no life in particular.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// When this was written.
    pub time: Timestamp,
    /// Its name.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Who did it.
    pub offender: Option<Asn>,
    /// Who accepted it.
    pub neighbour: Option<Asn>,
    /// The view that is blamed: a place in `views`.
    pub blamed: Option<u32>,
    /// When it was over.
    pub resolved: Option<Timestamp>,
    /// First affected route.
    pub first_seen: Timestamp,
    /// Last affected route.
    pub last_seen: Timestamp,
    /// Most prefixes at once.
    pub peak: u32,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: f64,
    /// Which detectors saw it.
    pub finds: Finds,
    /// Those that count other things than routes.
    pub also: Vec<Detector>,
    /// What speaks for it.
    pub evidence: Evidence,
    /// Which findings make a route part of it.
    pub absorbs: Finds,
    /// Any new route through the offender is part of it.
    pub absorbs_all: bool,
    /// Severity and peak as last told.
    pub told: (Severity, u32),
    /// What was last told, and when.
    pub last_told: Option<(Step, Timestamp)>,
    /// How often something was told.
    pub told_count: u32,
    /// What was counted, now and at the worst.
    pub counted: (u32, u32),
    /// Whether what the view is blamed for holds.
    pub holds: Option<bool>,
    /// The offenders that it stands for.
    pub offenders: Vec<Asn>,
    /// Every view that is named in here.
    pub views: Vec<ViewKey>,
    /// Views that it is seen in, by their place in `views`, and since when nothing is heard
    /// of them.
    pub shares: Vec<(u32, Timestamp)>,
    /// Prefixes by origin.
    pub victims: Vec<(u32, u32)>,
    /// Affected prefixes.
    pub prefixes: Sets,
    /// Prefixes that cover them.
    pub covers: Sets,
    /// Examples: the first, those drawn, the last.
    pub samples: [Vec<Example>; 3],
    /// How many were considered, and the state of the draw.
    pub drawing: (u64, u64),
    /// Own prefixes, and the views that had them, for those that went missing.
    pub held: Vec<(Prefix, u32)>,
}

impl Remembered {
    /// As octets.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Writer::new(VERSION);
        out.time(self.time);
        out.octets(self.id.as_bytes());
        out.octet(self.kind as u8);
        out.maybe(self.offender.map(|asn| asn.0));
        out.maybe(self.neighbour.map(|asn| asn.0));
        out.maybe(self.blamed);
        write_time(&mut out, self.resolved);
        out.time(self.first_seen);
        out.time(self.last_seen);
        out.number(u64::from(self.peak));
        out.octet(self.severity as u8);
        out.real(self.confidence);
        out.number(u64::from(self.finds.bits()));
        out.number(self.also.len() as u64);
        for detector in &self.also {
            out.octet(*detector as u8);
        }
        write_evidence(&mut out, &self.evidence);
        out.number(u64::from(self.absorbs.bits()));
        out.flag(self.absorbs_all);
        out.octet(self.told.0 as u8);
        out.number(u64::from(self.told.1));
        out.flag(self.last_told.is_some());
        if let Some((step, time)) = self.last_told {
            out.octet(step as u8);
            out.time(time);
        }
        out.number(u64::from(self.told_count));
        out.number(u64::from(self.counted.0));
        out.number(u64::from(self.counted.1));
        out.octet(self.holds.map_or(0, |holds| 1 + u8::from(holds)));
        out.number(self.offenders.len() as u64);
        for asn in &self.offenders {
            out.number(u64::from(asn.0));
        }
        out.number(self.views.len() as u64);
        for view in &self.views {
            write_view(&mut out, view);
        }
        out.number(self.shares.len() as u64);
        for (view, since) in &self.shares {
            out.number(u64::from(*view));
            out.time(*since);
        }
        out.number(self.victims.len() as u64);
        for (asn, count) in &self.victims {
            out.number(u64::from(*asn));
            out.number(u64::from(*count));
        }
        self.prefixes.write(&mut out);
        self.covers.write(&mut out);
        let mut room = MOST_MESSAGES;
        for samples in &self.samples {
            out.number(samples.len() as u64);
            for sample in samples {
                sample.write(&mut out, &mut room);
            }
        }
        out.number(self.drawing.0);
        out.number(self.drawing.1);
        out.number(self.held.len() as u64);
        for (prefix, view) in &self.held {
            out.prefix(prefix);
            out.number(u64::from(*view));
        }
        out.finish()
    }

    /// Out of octets; `name` gives the lasting name of a directory of MRT files.
    ///
    /// # Errors
    /// They are of another version or not what was written.
    pub fn read(
        octets: &[u8],
        name: &mut dyn FnMut(&str) -> Option<&'static str>,
    ) -> Result<Remembered, Unreadable> {
        let input = Reader::open(octets, VERSION)?;
        Self::values(input, name).ok_or(Unreadable::Damaged)
    }

    fn values(
        mut input: Reader<'_>,
        name: &mut dyn FnMut(&str) -> Option<&'static str>,
    ) -> Option<Remembered> {
        let mut one = Remembered {
            time: input.time()?,
            id: input.text().filter(|id| !id.is_empty())?.to_owned(),
            kind: *Kind::ALL.get(usize::from(input.octet()?))?,
            offender: input.maybe()?.map(Asn),
            neighbour: input.maybe()?.map(Asn),
            blamed: input.maybe()?,
            resolved: if input.flag()? {
                Some(input.time()?)
            } else {
                None
            },
            first_seen: input.time()?,
            last_seen: input.time()?,
            peak: input.small()?,
            severity: read_severity(&mut input)?,
            confidence: input.real()?,
            finds: Finds::from_bits(input.small()?),
            also: Vec::new(),
            evidence: Evidence::default(),
            absorbs: Finds::NONE,
            absorbs_all: false,
            told: (Severity::Info, 0),
            last_told: None,
            told_count: 0,
            counted: (0, 0),
            holds: None,
            offenders: Vec::new(),
            views: Vec::new(),
            shares: Vec::new(),
            victims: Vec::new(),
            prefixes: Sets::default(),
            covers: Sets::default(),
            samples: Default::default(),
            drawing: (0, 0),
            held: Vec::new(),
        };
        let input = &mut input;
        for _ in 0..input.count(1)? {
            one.also
                .push(*Detector::ALL.get(usize::from(input.octet()?))?);
        }
        one.evidence = read_evidence(input)?;
        one.absorbs = Finds::from_bits(input.small()?);
        one.absorbs_all = input.flag()?;
        one.told = (read_severity(input)?, input.small()?);
        if input.flag()? {
            one.last_told = Some((read_step(input)?, input.time()?));
        }
        one.told_count = input.small()?;
        one.counted = (input.small()?, input.small()?);
        one.holds = match input.octet()? {
            0 => None,
            1 => Some(false),
            2 => Some(true),
            _ => return None,
        };
        for _ in 0..input.count(1)? {
            one.offenders.push(Asn(input.small()?));
        }
        for _ in 0..input.count(8)? {
            one.views.push(read_view(input, name)?);
        }
        let views = one.views.len();
        let place = |view: u32| ((view as usize) < views).then_some(view);
        if let Some(view) = one.blamed {
            place(view)?;
        }
        for _ in 0..input.count(2)? {
            one.shares.push((place(input.small()?)?, input.time()?));
        }
        for _ in 0..input.count(2)? {
            one.victims.push((input.small()?, input.small()?));
        }
        one.prefixes = Sets::read(input)?;
        one.covers = Sets::read(input)?;
        for samples in &mut one.samples {
            for _ in 0..input.count(12)? {
                let sample = Example::read(input)?;
                place(sample.view)?;
                samples.push(sample);
            }
        }
        one.drawing = (input.number()?, input.number()?);
        for _ in 0..input.count(7)? {
            one.held.push((input.prefix()?, place(input.small()?)?));
        }
        input.clone().end()?;
        Some(one)
    }
}

/// Writes whose table it is.
pub fn write_view(out: &mut Writer, view: &ViewKey) {
    out.peer(&view.peer);
    out.octet(view.rib as u8);
    out.octet(view.afi as u8);
}

/// Reads whose table it is.
pub fn read_view(
    input: &mut Reader<'_>,
    name: &mut dyn FnMut(&str) -> Option<&'static str>,
) -> Option<ViewKey> {
    use crate::bgp::Afi;
    Some(ViewKey {
        peer: input.peer(name)?,
        rib: input.rib()?,
        afi: match input.octet()? {
            0 => Afi::Ipv4,
            1 => Afi::Ipv6,
            _ => return None,
        },
    })
}

fn write_time(out: &mut Writer, time: Option<Timestamp>) {
    out.flag(time.is_some());
    if let Some(time) = time {
        out.time(time);
    }
}

fn read_severity(input: &mut Reader<'_>) -> Option<Severity> {
    const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];
    ALL.get(usize::from(input.octet()?)).copied()
}

fn read_step(input: &mut Reader<'_>) -> Option<Step> {
    const ALL: [Step; 4] = [Step::Opened, Step::Updated, Step::Resolved, Step::Reopened];
    ALL.get(usize::from(input.octet()?)).copied()
}

#[cfg(test)]
mod tests;
