//! The folding itself: raised findings in, incidents' events out.

mod compare;
mod keep;
mod life;
mod look;
mod revive;
mod standing;
mod views;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{
    Output,
    culprits::Waiting,
    ledger::{Entry, Ledger, POLICY, Slot},
    messages::Messages,
    record::{Incident, Kind, State},
    settings::Settings,
    window::{Candidate, RouteKey, Window},
};
use crate::{
    bgp::Timestamp,
    detect::{Detector, Finds, Verdict, settings},
    reference::Reference,
    rib::{PathId, Rib},
};

/// A change of a route with what was found, as the engine hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Raised<'a> {
    /// The change.
    pub candidate: Candidate,
    /// Whether the view may make incidents; in a table dump findings only stand.
    pub speaks: bool,
    /// The route was part of an incident until this change.
    pub was_in_incident: bool,
    /// It stands in the first table that its view has sent us.
    pub first_table: bool,
    /// The message it came in; empty where there was none.
    pub raw: &'a [u8],
    /// That message's number, which no other has.
    pub event: u64,
}

/// What an incident's life takes place in.
#[derive(Debug)]
pub struct World<'a> {
    /// Event time.
    pub now: Timestamp,
    /// The routing table.
    pub rib: &'a mut Rib<Verdict>,
    /// What should hold.
    pub reference: &'a Reference,
    /// Where to tell.
    pub out: &'a mut Vec<Output>,
}

/// Incidents held at most, those that are lately over included: they are numbered by sixteen
/// bits. Only open ones go beyond it, up to the last number.
const MOST_HELD: usize = 60_000;
/// The last number. A count of sixteen bits has to go beyond it.
const LAST: usize = 65_533;

/// Ledger, window and incidents.
#[derive(Debug)]
pub struct Folder {
    settings: Settings,
    detect: settings::Settings,
    /// Every route on which a finding stands.
    pub ledger: Ledger,
    window: Window,
    /// The messages that the window's candidates came in.
    messages: Messages,
    /// Open and lately resolved incidents; place 0 stays empty.
    incidents: Vec<Option<Incident>>,
    /// Open incidents by offender.
    offenders: HashMap<u32, Slot, RandomState>,
    /// Changes whenever `offenders` does; paths remember under which they were tagged.
    generation: u16,
    /// Loud candidates pushed since the last look, and in the window.
    fresh_loud: usize,
    loud: usize,
    /// Looks taken in the running second.
    looks: u32,
    /// Suspects that wait for more evidence, and since when.
    waiting: Waiting,
    /// New more-specifics a minute in quiet times, and those of the running minute.
    ambient: f64,
    ambient_now: u32,
    ambient_began: Timestamp,
    /// What is fed is a drill.
    pub drill: bool,
    /// Incidents are kept for another life: what becomes of them is noted.
    keeps: bool,
    /// Names of incidents that were forgotten since it was last noted.
    gone: Vec<String>,
}

/// Candidates looked at together; more would only take longer.
const SCENE: usize = 8192;
/// Loud candidates before the first look.
const FIRST_LOOK: usize = 20;
/// Looks in a second of event time; after these the next waits for the second to pass.
/// An event takes five to ten to be recognised, and what looks like new events without
/// end is somebody's doing.
const MOST_LOOKS: u32 = 32;
/// Incidents that one look may open.
const ONE_LOOK: usize = 8;

impl Folder {
    /// An empty one.
    pub fn new(settings: Settings, detect: settings::Settings) -> Self {
        Folder {
            settings,
            detect,
            ledger: Ledger::default(),
            window: Window::default(),
            messages: Messages::default(),
            incidents: vec![None],
            offenders: HashMap::default(),
            generation: 1,
            fresh_loud: 0,
            loud: 0,
            looks: 0,
            waiting: Waiting::default(),
            ambient: 0.0,
            ambient_now: 0,
            ambient_began: Timestamp::ZERO,
            drill: false,
            keeps: false,
            gone: Vec::new(),
        }
    }

    /// Open incidents.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents
            .iter()
            .flatten()
            .filter(|incident| !matches!(incident.state, State::Resolved(_)))
    }

    /// The open incident at `slot`.
    pub fn open_at(&self, slot: Slot) -> Option<&Incident> {
        self.incidents
            .get(usize::from(slot.0))?
            .as_ref()
            .filter(|incident| !matches!(incident.state, State::Resolved(_)))
    }

    /// Open and lately resolved incidents, by the slots that the ledger knows them by.
    pub fn places(&self) -> impl Iterator<Item = (Slot, &Incident)> {
        let slots = (0_u16..).map(Slot);
        slots
            .zip(&self.incidents)
            .filter_map(|(slot, incident)| Some((slot, incident.as_ref()?)))
    }

    /// Whether any incident is open: baselines are frozen meanwhile.
    pub fn any_open(&self) -> bool {
        self.open().next().is_some()
    }

    fn incident(&mut self, slot: Slot) -> Option<&mut Incident> {
        self.incidents.get_mut(usize::from(slot.0))?.as_mut()
    }

    /// The open incident whose offender is on a path; remembered beside the path.
    fn tag(&self, rib: &mut Rib<Verdict>, path: PathId) -> Slot {
        if self.offenders.is_empty() || path.is_none() {
            return Slot::NONE;
        }
        let verdict = rib.paths.verdict(path);
        if verdict.tag_generation == self.generation {
            return Slot(verdict.tag);
        }
        let slot = self.offender_on(rib, path);
        if let Some(verdict) = rib.paths.verdict_mut(path) {
            verdict.tag = slot.0;
            verdict.tag_generation = self.generation;
        }
        slot
    }

    /// Takes a route's findings back, because it changed or went.
    pub fn clear(&mut self, route: RouteKey) -> Option<Entry> {
        let entry = self.ledger.clear(route)?;
        if let Some(incident) = self.incident(entry.incident) {
            incident.release(RouteKey {
                row: entry.prefix,
                ..route
            });
        }
        Some(entry)
    }

    /// Takes in a changed route: into an open incident, or into the window.
    pub fn raise(&mut self, raised: &Raised<'_>, world: &mut World<'_>) {
        let mut one = raised.candidate;
        let slot = if raised.speaks {
            self.matching(&one, world.rib)
        } else {
            self.returning(&one, raised.first_table, world.rib)
        };
        if slot.is_some() {
            one.message = self.messages.put(raised.event, raised.raw);
            self.absorb(slot, &one, world.rib);
            return;
        }
        if !one.finds.is_quiet() {
            let culprit = world.rib.paths.verdict(one.new).culprit;
            let entry = Entry {
                finds: one.finds,
                incident: Slot::NONE,
                prefix: world.rib.primary(one.route.afi, one.route.row),
                culprit,
            };
            self.ledger.raise(one.route, entry);
            if let Some(column) = world.rib.column_mut(one.route.view) {
                column.set_found(one.route.row, true);
            }
        }
        let loud = is_loud(one.finds);
        if !raised.speaks || (one.finds.is_quiet() && raised.was_in_incident) {
            return;
        }
        one.message = self.messages.put(raised.event, raised.raw);
        self.window.push(one, world.rib, &self.detect.surge);
        self.ambient_now += u32::from(one.finds.has(Detector::MoreSpecific));
        self.loud += usize::from(loud);
        self.fresh_loud += usize::from(loud);
        let urgent =
            one.finds.any(Finds::EXTREME | Finds::BY_ROLE) || one.finds.has(Detector::OwnPrefix);
        let due =
            urgent || self.fresh_loud >= FIRST_LOOK.max(self.loud / 2) || self.window.gains.alarm;
        if due && self.looks < MOST_LOOKS {
            self.look(world);
        }
    }

    /// The incident that a change belongs to as it comes in.
    fn matching(&self, one: &Candidate, rib: &mut Rib<Verdict>) -> Slot {
        let slot = self.tag(rib, one.new);
        if !slot.is_some() {
            return Slot::NONE;
        }
        let Some(incident) = self
            .incidents
            .get(usize::from(slot.0))
            .and_then(Option::as_ref)
        else {
            return Slot::NONE;
        };
        let gained = || {
            if one.old.is_none() {
                one.finds.any(Finds::CHANGED)
            } else {
                self.tag_of_old(rib, one.old) != slot
            }
        };
        if one.finds.any(incident.absorbs)
            && (one.finds.is_quiet() || is_due_to(one, incident, rib))
        {
            return slot;
        }
        if incident.absorbs_all && incident.key.kind == Kind::Leak && gained() {
            return slot;
        }
        Slot::NONE
    }

    /// The incident that a route of a table dump was part of before its peer went down, or
    /// would be part of had we not been gone while it came: an incident from before a
    /// restart is known only as far as it had come when it was last written down.
    fn returning(&self, one: &Candidate, first_table: bool, rib: &mut Rib<Verdict>) -> Slot {
        let slot = self.tag(rib, one.new);
        let prefix = RouteKey {
            row: rib.primary(one.route.afi, one.route.row),
            ..one.route
        };
        let known = self
            .incidents
            .get(usize::from(slot.0))
            .and_then(Option::as_ref)
            .is_some_and(|incident| {
                // A path shows by itself whether it is still what it was; of the rest a table
                // shows less than the changes did.
                let still = incident.key.kind != Kind::Path || one.finds.any(incident.absorbs);
                (incident.knows(prefix) && still)
                    || (first_table
                        && incident.resumed
                        && one.finds.any(incident.absorbs)
                        && !one.finds.is_quiet()
                        && is_due_to(one, incident, rib)
                        && takes_the_edge(one.new, incident, rib))
            });
        if known { slot } else { Slot::NONE }
    }

    /// Whether any incident waits for routes through its offender.
    pub fn has_offenders(&self) -> bool {
        !self.offenders.is_empty()
    }

    fn tag_of_old(&self, rib: &Rib<Verdict>, old: PathId) -> Slot {
        let verdict = rib.paths.verdict(old);
        if verdict.tag_generation == self.generation {
            return Slot(verdict.tag);
        }
        self.offender_on(rib, old)
    }

    /// Of several open incidents' offenders on a path, the one that the path's own
    /// shape names, else the one nearest the origin.
    fn offender_on(&self, rib: &Rib<Verdict>, path: PathId) -> Slot {
        let verdict = rib.paths.verdict(path);
        if !verdict.guessed
            && let Some(&slot) = self.offenders.get(&verdict.culprit.0)
        {
            return slot;
        }
        rib.paths
            .path(path)
            .sequence_hops()
            .filter_map(|asn| self.offenders.get(&asn.0).copied())
            .last()
            .unwrap_or(Slot::NONE)
    }

    fn absorb(&mut self, slot: Slot, one: &Candidate, rib: &mut Rib<Verdict>) {
        // A route that went back and forth while it waited is one route, and one that
        // another incident has is that one's.
        let entry = self.ledger.get(one.route);
        if entry.is_some_and(|entry| entry.incident.is_some()) {
            return;
        }
        let verdict = rib.paths.verdict(one.new);
        let entry = Entry {
            finds: one.finds,
            incident: slot,
            prefix: rib.primary(one.route.afi, one.route.row),
            culprit: verdict.culprit,
        };
        if !self.ledger.assign(one.route, slot) {
            self.ledger.raise(one.route, entry);
        }
        if let Some(column) = rib.column_mut(one.route.view) {
            column.set_found(one.route.row, true);
        }
        let Some(incident) = self.incident(slot) else {
            return;
        };
        // Several paths to one prefix (RFC 7911) are one prefix.
        let prefix = RouteKey {
            row: entry.prefix,
            ..one.route
        };
        if incident.absorb(prefix, verdict.origin, one.finds, one.time) {
            incident.evidence.add(one.finds);
            if one.cover != u32::MAX {
                incident.cover(one.route.afi, one.cover);
            }
            let mut samples = std::mem::take(&mut incident.samples);
            samples.offer(*one, rib, &self.messages);
            if let Some(incident) = self.incident(slot) {
                incident.samples = samples;
            }
        }
    }

    /// Candidates pushed out of the window by newer ones.
    pub fn waiting_dropped(&self) -> u64 {
        self.window.dropped
    }

    /// Candidates waiting in the window.
    pub fn waiting(&self) -> usize {
        self.window.len()
    }
}

/// Whether a finding counts towards an incident by itself and not by volume: all but
/// a path that merely repeats an AS more often than is pretty.
fn is_loud(finds: Finds) -> bool {
    let repeats = Finds::of(Detector::PathRepeat);
    !finds.without(repeats).is_quiet() || finds.any(Finds::NOTABLE | Finds::SEPARATE)
}

/// Whether a path leads over the edge that an incident is about.
fn takes_the_edge(path: PathId, incident: &Incident, rib: &Rib<Verdict>) -> bool {
    let Some(offender) = incident.key.offender else {
        return false;
    };
    let mut before = None;
    rib.paths.path(path).sequence_hops().any(|hop| {
        let neighbour = (before != Some(hop)).then_some(before).flatten();
        before = Some(hop);
        hop == offender
            && match incident.key.neighbour {
                Some(_) => neighbour == incident.key.neighbour,
                None => true,
            }
    })
}

/// Whether a finding is of the incident's offender's making.
fn is_due_to(one: &Candidate, incident: &Incident, rib: &Rib<Verdict>) -> bool {
    let verdict = rib.paths.verdict(one.new);
    match incident.key.kind {
        Kind::Origin => {
            Some(verdict.origin) == incident.key.offender || one.finds.any(Finds::OTHER_ORIGIN)
        }
        Kind::Path => Some(verdict.culprit) == incident.key.offender,
        // A path that names somebody else is somebody else's doing.
        _ => {
            !one.finds.any(POLICY)
                || verdict.guessed
                || Some(verdict.culprit) == incident.key.offender
        }
    }
}
