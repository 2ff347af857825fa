//! The folding itself: raised findings in, incidents' events out.

use std::{cell::RefCell, time::Duration};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{
    Output,
    attribution::Scene,
    culprits::{Bench, Pattern, Waiting},
    evidence::{Evidence, Severity},
    ledger::{Entry, Ledger, POLICY, Slot},
    record::{Incident, Key, Kind, State, identity},
    report::{self, Step},
    settings::Settings,
    window::{Candidate, RouteKey, Window},
};
use crate::{
    bgp::{Asn, Timestamp},
    detect::{Detector, Finds, Verdict, settings},
    reference::Reference,
    rib::{PathId, Rib, ViewId},
};

/// A change of a route with what was found, as the engine hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    /// The change.
    pub candidate: Candidate,
    /// Mask length of its prefix.
    pub len: u8,
    /// Whether the view may make incidents; in a table dump findings only stand.
    pub speaks: bool,
    /// The route was part of an incident until this change.
    pub was_in_incident: bool,
}

/// Ledger, window and incidents.
#[derive(Debug)]
pub struct Folder {
    settings: Settings,
    detect: settings::Settings,
    /// Every route on which a finding stands.
    pub ledger: Ledger,
    window: Window,
    /// Open and lately resolved incidents; place 0 stays empty.
    incidents: Vec<Option<Incident>>,
    /// Open incidents by offender.
    offenders: HashMap<u32, Slot, RandomState>,
    /// Changes whenever `offenders` does; paths remember under which they were tagged.
    generation: u16,
    /// Loud candidates pushed since the last look, and in the window.
    fresh_loud: usize,
    loud: usize,
    /// Suspects that wait for more evidence, and since when.
    waiting: Waiting,
    /// New more-specifics a minute in quiet times, and those of the running minute.
    ambient: f64,
    ambient_now: u32,
    ambient_began: Timestamp,
}

/// Candidates looked at together; more would only take longer.
const SCENE: usize = 8192;
/// Loud candidates before the first look.
const FIRST_LOOK: usize = 20;
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
            incidents: vec![None],
            offenders: HashMap::default(),
            generation: 1,
            fresh_loud: 0,
            loud: 0,
            waiting: Waiting::default(),
            ambient: 0.0,
            ambient_now: 0,
            ambient_began: Timestamp::ZERO,
        }
    }

    /// Open incidents.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents
            .iter()
            .flatten()
            .filter(|incident| !matches!(incident.state, State::Resolved(_)))
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
            incident.release(route);
        }
        Some(entry)
    }

    /// Takes in a changed route: into an open incident, or into the window.
    pub fn raise(
        &mut self,
        raised: &Raised,
        rib: &mut Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        let one = raised.candidate;
        let slot = if raised.speaks {
            self.matching(&one, rib)
        } else {
            Slot::NONE
        };
        if slot.is_some() {
            self.absorb(slot, &one, raised.len, rib);
            return;
        }
        if !one.finds.is_quiet() {
            let culprit = rib.paths.verdict(one.new).culprit;
            let entry = Entry {
                finds: one.finds,
                incident: Slot::NONE,
                culprit,
            };
            self.ledger.raise(one.route, entry);
            if let Some(column) = rib.column_mut(one.route.view) {
                column.set_found(one.route.row, true);
            }
        }
        let loud = is_loud(one.finds);
        if !raised.speaks || (one.finds.is_quiet() && raised.was_in_incident) {
            return;
        }
        self.window.push(one, rib);
        self.ambient_now += u32::from(one.finds.has(Detector::MoreSpecific));
        self.loud += usize::from(loud);
        self.fresh_loud += usize::from(loud);
        let urgent =
            one.finds.any(Finds::EXTREME | Finds::BY_ROLE) || one.finds.has(Detector::OwnPrefix);
        if urgent
            || self.fresh_loud >= FIRST_LOOK.max(self.loud / 2)
            || self.window.fresh >= (FIRST_LOOK * 5).max(self.window.len().min(SCENE) / 8)
        {
            self.look(one.time, rib, reference, out);
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
        let gained = || one.old.is_none() || self.tag_of_old(rib, one.old) != slot;
        if one.finds.any(incident.absorbs)
            && (one.finds.is_quiet() || is_due_to(one, incident, rib))
        {
            return slot;
        }
        if incident.absorbs_all && incident.key.kind == Kind::Leak && one.old.is_some() && gained()
        {
            return slot;
        }
        Slot::NONE
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
        let culprit = rib.paths.verdict(path).culprit;
        if let Some(&slot) = self.offenders.get(&culprit.0) {
            return slot;
        }
        rib.paths
            .path(path)
            .sequence_hops()
            .filter_map(|asn| self.offenders.get(&asn.0).copied())
            .last()
            .unwrap_or(Slot::NONE)
    }

    fn absorb(&mut self, slot: Slot, one: &Candidate, len: u8, rib: &mut Rib<Verdict>) {
        let verdict = rib.paths.verdict(one.new);
        let entry = Entry {
            finds: one.finds,
            incident: slot,
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
        if incident.absorb(one.route, len, verdict.origin, one.finds, one.time) {
            incident.evidence.add(one.finds);
            if one.cover != u32::MAX {
                incident.cover(one.route.afi, one.cover);
            }
            let mut samples = std::mem::take(&mut incident.samples);
            samples.offer(*one, rib);
            if let Some(incident) = self.incident(slot) {
                incident.samples = samples;
            }
        }
    }

    /// Looks at the window and opens what is ready.
    pub fn look(
        &mut self,
        now: Timestamp,
        rib: &mut Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        self.window.fresh = 0;
        self.fresh_loud = 0;
        if self.window.is_empty() {
            return;
        }
        rib.settle();
        let routes = rib.views().map(|(view, _)| rib.routes(view)).sum::<u32>();
        let mut not_yet = Vec::new();
        for _ in 0..ONE_LOOK {
            let Some(pattern) = self.find(now, rib, routes, &mut not_yet) else {
                break;
            };
            self.open_incident(&pattern, now, rib, reference, out);
        }
        for asn in not_yet {
            self.waiting.entry(asn.0).or_insert(now);
        }
        self.loud = self.window.iter().filter(|one| is_loud(one.finds)).count();
    }

    fn find(
        &self,
        now: Timestamp,
        rib: &Rib<Verdict>,
        routes: u32,
        not_yet: &mut Vec<Asn>,
    ) -> Option<Pattern> {
        let skip = self.window.len().saturating_sub(SCENE);
        let candidates: Vec<Candidate> = self
            .window
            .iter()
            .enumerate()
            .filter(|(index, one)| *index >= skip || is_loud(one.finds))
            .map(|(_, one)| *one)
            .collect();
        let scene = Scene::new(rib, &self.detect, candidates, self.ambient, routes);
        let bench = Bench {
            detect: &self.detect,
            settings: &self.settings,
            ledger: &self.ledger,
            now,
            waiting: &self.waiting,
            not_yet: RefCell::default(),
        };
        let found = bench.find(&scene);
        for asn in bench.not_yet.into_inner() {
            not_yet.push(asn);
        }
        found
    }

    fn open_incident(
        &mut self,
        pattern: &Pattern,
        now: Timestamp,
        rib: &mut Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        let offender = pattern.suspect.offender;
        let known = self.offenders.get(&offender.0).copied();
        let slot = match known {
            Some(slot) => slot,
            None => {
                let key = Key {
                    kind: pattern.kind,
                    offender: Some(offender),
                    neighbour: pattern.suspect.neighbour,
                    view: None,
                };
                let seen = &pattern.suspect.evidence;
                let evidence = Evidence {
                    gained: seen.gained,
                    normal: seen.normal,
                    burst: seen.burst,
                    odd_share: seen.odd_share,
                    displaced_share: seen.displaced_share,
                    ..Evidence::default()
                };
                self.place(key, evidence, now)
            }
        };
        if let Some(incident) = self.incident(slot) {
            incident.absorbs |= pattern.absorbs;
            incident.absorbs_all |= pattern.absorbs_all;
        }
        self.offenders.insert(offender.0, slot);
        self.new_generation();
        self.gather(slot, pattern, rib);
        self.weigh(slot, now, rib, reference, out);
    }

    /// Moves what belongs to an incident out of the window.
    fn gather(&mut self, slot: Slot, pattern: &Pattern, rib: &mut Rib<Verdict>) {
        let offender = pattern.suspect.offender;
        let members = self.window.take(|one| {
            let on_path = |path| {
                rib.paths
                    .path(path)
                    .sequence_hops()
                    .any(|hop| hop == offender)
            };
            on_path(one.new)
                && (one.finds.any(pattern.absorbs)
                    || (pattern.absorbs_all && one.old.is_some() && !on_path(one.old)))
        });
        for one in &members {
            // The route may have moved on while it waited.
            let current = rib
                .column(one.route.view)
                .map(|column| column.get(one.route.row));
            if current.is_some_and(|cell| cell.path() == one.new) {
                let len = rib
                    .prefix(one.route.afi, one.route.row)
                    .map_or(0, |prefix| prefix.prefix_len());
                self.absorb(slot, one, len, rib);
            }
            rib.paths.unpin(one.old);
            rib.paths.unpin(one.new);
        }
    }

    fn new_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1).max(1);
    }

    /// A place for a new incident, or the place of the same one if it is just over.
    fn place(&mut self, key: Key, evidence: Evidence, now: Timestamp) -> Slot {
        for (index, incident) in (0_u16..).zip(&mut self.incidents) {
            if let Some(incident) = incident
                && incident.key.offender == key.offender
                && incident.key.view == key.view
                && (incident.key.kind == key.kind || key.offender.is_some())
            {
                incident.state = State::Open;
                return Slot(index);
            }
        }
        if self.open().count() >= self.settings.most_open {
            // Never silent: the rest is one incident per kind that names nobody.
            let rest = Key {
                offender: None,
                neighbour: None,
                ..key
            };
            if key != rest {
                return self.place(rest, evidence, now);
            }
        }
        let mut incident = Incident::new(String::new(), key, evidence, now);
        incident.told = (Severity::Info, 0);
        match self.incidents.iter().skip(1).position(Option::is_none) {
            Some(free) => {
                let index = free + 1;
                if let Some(place) = self.incidents.get_mut(index) {
                    *place = Some(incident);
                }
                Slot(index as u16)
            }
            None => {
                self.incidents.push(Some(incident));
                Slot((self.incidents.len() - 1) as u16)
            }
        }
    }

    /// Weighs an incident anew and tells what is worth telling.
    fn weigh(
        &mut self,
        slot: Slot,
        now: Timestamp,
        rib: &Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        let settings = self.settings.clone();
        let Some(incident) = self.incident(slot) else {
            return;
        };
        incident.dirty = false;
        let covers = incident.covers();
        let evidence = &mut incident.evidence;
        evidence.routes = incident.peak;
        evidence.covers = covers;
        evidence.origins = incident.victims.len() as u32;
        evidence.gained = evidence.gained.max(incident.peak);
        incident.confidence = incident.confidence.max(incident.evidence.confidence());
        incident.severity = incident
            .severity
            .max(incident.evidence.severity(incident.confidence, &settings));
        let new = incident.id.is_empty();
        let reopened = !new && matches!(incident.state, State::Open) && incident.told.1 == 0;
        let (told_severity, told_peak) = incident.told;
        let step = if new {
            let view = incident
                .key
                .view
                .and_then(|view| report::name_view(rib, view));
            let view = view.map(|name| format!("{}-{}", name.router, name.peer));
            incident.id = identity(&incident.key, view.as_deref(), incident.first_seen);
            Step::Opened
        } else if reopened {
            Step::Reopened
        } else if incident.severity > told_severity
            || incident.peak >= told_peak.saturating_mul(10).max(10)
        {
            Step::Updated
        } else {
            return;
        };
        incident.told = (incident.severity, incident.peak.max(1));
        let event = report::event(step, incident, rib, reference, now);
        out.push(Output::Incident(Box::new(event)));
    }

    /// What a view as a whole shows: too many routes, withdrawals, changes. Goes to
    /// the open incident that explains it, if one does.
    pub fn view_event(
        &mut self,
        view: ViewId,
        kind: Kind,
        severity: Severity,
        what: &Evidence,
        now: Timestamp,
        rib: &Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        let detector = match kind {
            Kind::MaximumPrefix => Detector::MaximumPrefix,
            Kind::Withdrawal => Detector::Withdrawal,
            _ => Detector::Surge,
        };
        let explained = (1_u16..)
            .zip(self.incidents.iter().skip(1))
            .find_map(|(index, one)| {
                let incident = one.as_ref()?;
                let seen = incident.views.iter().any(|share| share.view == view);
                let large = incident.peak >= 50 && !matches!(incident.state, State::Resolved(_));
                (incident.key.offender.is_some() && seen && large).then_some(Slot(index))
            });
        if let Some(slot) = explained {
            if let Some(incident) = self.incident(slot) {
                if !incident.also.contains(&detector) {
                    incident.also.push(detector);
                }
                incident.evidence.headroom |= kind == Kind::MaximumPrefix;
                incident.dirty = true;
            }
            return;
        }
        if kind == Kind::Surge && self.incidents.iter().flatten().next().is_some() {
            // Rates are up everywhere in an incident's wake; it has been told.
            return;
        }
        let key = Key {
            kind,
            offender: None,
            neighbour: None,
            view: Some(view),
        };
        let slot = self.place(key, what.clone(), now);
        if let Some(incident) = self.incident(slot) {
            if incident.views.is_empty() {
                incident.views.push(super::record::Share {
                    view,
                    active: 0,
                    unobservable: false,
                });
            }
            incident.holds = Some(true);
            incident.last_seen = now;
            incident.severity = incident.severity.max(severity);
            incident.also = vec![detector];
        }
        self.weigh(slot, now, rib, reference, out);
    }

    /// The view is well again in this respect.
    pub fn view_well(&mut self, view: ViewId, kind: Kind) {
        for incident in self.incidents.iter_mut().flatten() {
            if incident.key.view == Some(view) && incident.key.kind == kind {
                incident.holds = Some(false);
            }
        }
    }

    /// A peer went down, or is back with its table complete.
    pub fn observe(&mut self, view: ViewId, observable: bool) {
        for incident in self.incidents.iter_mut().flatten() {
            for share in &mut incident.views {
                if share.view == view && (observable || share.active > 0) {
                    share.unobservable = !observable;
                }
            }
        }
    }

    /// A second passed.
    pub fn tick(
        &mut self,
        now: Timestamp,
        rib: &mut Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        if self.fresh_loud > 0 || !self.waiting.is_empty() || self.window.fresh > FIRST_LOOK * 5 {
            self.look(now, rib, reference, out);
        }
        let keep = self
            .detect
            .more_specific
            .window
            .max(self.detect.origin.pending);
        self.window.expire(now, keep + Duration::from_secs(2), rib);
        // Whoever has waited longer than candidates live was not enough after all.
        self.waiting
            .retain(|_, since| now.since(*since) <= keep * 2);
        self.learn_ambient(now);
        for index in 1..self.incidents.len() {
            let slot = Slot(index as u16);
            if self.incident(slot).is_some_and(|incident| {
                incident.dirty && !matches!(incident.state, State::Resolved(_))
            }) {
                self.weigh(slot, now, rib, reference, out);
            }
            self.step(slot, now, rib, reference, out);
        }
    }

    fn step(
        &mut self,
        slot: Slot,
        now: Timestamp,
        rib: &mut Rib<Verdict>,
        reference: &Reference,
        out: &mut Vec<Output>,
    ) {
        let settings = self.settings.clone();
        let Some(incident) = self.incident(slot) else {
            return;
        };
        if let Some(at) = incident.step(now, &settings) {
            let event = report::event(Step::Resolved, incident, rib, reference, at);
            out.push(Output::Incident(Box::new(event)));
            incident.told.1 = 0;
            if let Some(offender) = incident.key.offender {
                self.offenders.remove(&offender.0);
                self.new_generation();
            }
            return;
        }
        if let State::Resolved(at) = incident.state
            && now.since(at) >= settings.reopen_within
        {
            incident.samples.release(rib);
            for route in self.ledger.routes_of(slot) {
                self.ledger.assign(route, Slot::NONE);
            }
            if let Some(place) = self.incidents.get_mut(usize::from(slot.0)) {
                *place = None;
            }
        }
    }

    fn learn_ambient(&mut self, now: Timestamp) {
        if now.since(self.ambient_began) < Duration::from_secs(60) {
            return;
        }
        if !self.any_open() && self.ambient_began > Timestamp::ZERO {
            let rate = f64::from(self.ambient_now);
            self.ambient = if self.ambient == 0.0 {
                rate
            } else {
                self.ambient.mul_add(0.9, rate * 0.1)
            };
        }
        self.ambient_now = 0;
        self.ambient_began = now;
    }

    /// Whether anything is left to resolve by the mere passing of time.
    pub fn is_settling(&self) -> bool {
        self.open().any(|incident| {
            matches!(incident.state, State::Receding(_))
                || (incident.active == 0 && incident.holds != Some(true))
        })
    }

    /// Candidates waiting in the window.
    pub fn waiting(&self) -> usize {
        self.window.len()
    }
}

/// Whether a finding counts towards an incident by itself and not by volume.
fn is_loud(finds: Finds) -> bool {
    !finds.is_quiet()
        && (finds.without(Finds::CHANGED) != Finds::of(Detector::PathRepeat)
            || finds.any(Finds::NOTABLE | Finds::SEPARATE))
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
        _ => !one.finds.any(POLICY) || Some(verdict.culprit) == incident.key.offender,
    }
}
