//! Time and an incident: weighed, told, receding, resolved, forgotten.

use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{Folder, World};
use crate::{
    bgp::Timestamp,
    detect::{Detector, Verdict},
    incident::{
        IncidentEvent, Output,
        evidence::{Evidence, Severity},
        ledger::Slot,
        record::{Key, Kind, Share, State, identity},
        report::{self, Step},
    },
    reference::Reference,
    rib::{Rib, ViewId},
};

impl Folder {
    /// Weighs an incident anew and tells what is worth telling.
    pub(super) fn weigh(&mut self, slot: Slot, world: &mut World<'_>) {
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
        if evidence.gained > 0 {
            evidence.gained = evidence.gained.max(incident.peak);
        }
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
                .and_then(|view| report::view_slug(world.rib, view));
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
        self.tell(slot, step, world.now, world);
    }

    /// Tells what happened to an incident at `time`.
    fn tell(&mut self, slot: Slot, step: Step, time: Timestamp, world: &mut World<'_>) {
        let drill = self.drill;
        let Some(incident) = self.incident(slot) else {
            return;
        };
        incident.last_told = Some((step, time));
        let mut event = report::event(step, incident, world.rib, world.reference, time);
        if drill {
            event.mark_as_drill();
        }
        world.out.push(Output::Incident(Box::new(event)));
    }

    /// Every incident that has been told of, as it stands, by name.
    pub fn standing(&self, rib: &Rib<Verdict>, reference: &Reference) -> Vec<IncidentEvent> {
        let mut all: Vec<IncidentEvent> = self
            .incidents
            .iter()
            .flatten()
            .filter_map(|incident| {
                let (step, time) = incident.last_told?;
                let mut event = report::event(step, incident, rib, reference, time);
                if self.drill {
                    event.mark_as_drill();
                }
                Some(event)
            })
            .collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Ends every open incident now.
    pub fn close(&mut self, world: &mut World<'_>) {
        for index in 1..self.incidents.len() {
            let slot = Slot(index as u16);
            let now = world.now;
            let Some(incident) = self.incident(slot) else {
                continue;
            };
            if matches!(incident.state, State::Resolved(_)) {
                continue;
            }
            incident.state = State::Resolved(now);
            self.resolved(slot, now, world);
        }
    }

    /// An incident is over since `at`.
    fn resolved(&mut self, slot: Slot, at: Timestamp, world: &mut World<'_>) {
        self.tell(slot, Step::Resolved, at, world);
        if let Some(incident) = self.incident(slot) {
            incident.told.1 = 0;
        }
        // Beyond the cap one incident stands for several offenders.
        let before = self.offenders.len();
        self.offenders.retain(|_, of| *of != slot);
        if self.offenders.len() != before {
            self.new_generation();
        }
    }

    /// What a view as a whole shows: too many routes, withdrawals, changes. Goes to
    /// the open incident that explains it, if one does.
    pub fn view_event(
        &mut self,
        view: ViewId,
        kind: Kind,
        severity: Severity,
        what: &Evidence,
        world: &mut World<'_>,
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
        let slot = self.place(key, what.clone(), world.now);
        if let Some(incident) = self.incident(slot) {
            if incident.views.is_empty() {
                incident.views.push(Share {
                    view,
                    active: 0,
                    unobservable: None,
                });
            }
            incident.holds = Some(true);
            incident.last_seen = world.now;
            incident.severity = incident.severity.max(severity);
            incident.also = vec![detector];
        }
        self.weigh(slot, world);
    }

    /// `lost` of our own prefixes are gone from more than half of the views that had them.
    pub fn own_lost(&mut self, lost: u32, world: &mut World<'_>) {
        let key = Key {
            kind: Kind::Visibility,
            offender: None,
            neighbour: None,
            view: None,
        };
        let known = self
            .incidents
            .iter()
            .flatten()
            .any(|incident| incident.key == key);
        if lost == 0 && !known {
            return;
        }
        let slot = if lost == 0 {
            (1_u16..)
                .zip(self.incidents.iter().skip(1))
                .find(|(_, one)| one.as_ref().is_some_and(|incident| incident.key == key))
                .map_or(Slot::NONE, |(index, _)| Slot(index))
        } else {
            let what = Evidence {
                own: lost,
                routes: lost,
                ..Evidence::default()
            };
            self.place(key, what, world.now)
        };
        let Some(incident) = self.incident(slot) else {
            return;
        };
        incident.holds = Some(lost > 0);
        incident.missing = (lost, incident.missing.1.max(lost));
        if lost > 0 {
            incident.last_seen = world.now;
            incident.severity = Severity::Critical;
            incident.also = vec![Detector::OwnPrefix];
            self.weigh(slot, world);
        }
    }

    /// The view is well again in this respect.
    pub fn view_well(&mut self, view: ViewId, kind: Kind) {
        for incident in self.incidents.iter_mut().flatten() {
            if incident.key.view == Some(view) && incident.key.kind == kind {
                incident.holds = Some(false);
            }
        }
    }

    /// What a view would say cannot be seen since `hidden`: its peer is down, or its
    /// router not heard. With none it is back with its table complete.
    pub fn observe(&mut self, view: ViewId, hidden: Option<Timestamp>) {
        for incident in self.incidents.iter_mut().flatten() {
            let of_view = incident.key.view == Some(view);
            for share in &mut incident.views {
                if share.view != view {
                    continue;
                }
                share.unobservable = match hidden {
                    Some(since) if share.active > 0 || of_view => {
                        Some(share.unobservable.unwrap_or(since))
                    }
                    Some(_) => share.unobservable,
                    None => None,
                };
            }
        }
    }

    /// Views that an incident, open or lately over, tells of.
    pub fn views_spoken_of(&self) -> HashSet<ViewId, RandomState> {
        let incidents = self.incidents.iter().flatten();
        incidents
            .flat_map(|one| one.views.iter().map(|share| share.view).chain(one.key.view))
            .collect()
    }

    /// Forgets what waits of views that are kept no more.
    pub fn forget_views(&mut self, is_gone: impl Fn(ViewId) -> bool, rib: &mut Rib<Verdict>) {
        for one in self.window.take(|one| is_gone(one.route.view)) {
            self.window.let_go(&one, rib);
        }
    }

    /// A second passed.
    pub fn tick(&mut self, world: &mut World<'_>) {
        self.looks = 0;
        if self.fresh_loud > 0 || !self.waiting.is_empty() || self.window.gains.alarm {
            self.look(world);
        }
        let keep = self
            .detect
            .more_specific
            .window
            .max(self.detect.origin.pending);
        let now = world.now;
        self.window
            .expire(now, keep + Duration::from_secs(2), world.rib);
        // Whoever has waited longer than candidates live was not enough after all.
        self.waiting
            .retain(|_, since| now.since(*since) <= keep * 2);
        self.learn_ambient(now);
        for index in 1..self.incidents.len() {
            let slot = Slot(index as u16);
            if self.incident(slot).is_some_and(|incident| {
                incident.dirty && !matches!(incident.state, State::Resolved(_))
            }) {
                self.weigh(slot, world);
            }
            self.step(slot, world);
        }
    }

    fn step(&mut self, slot: Slot, world: &mut World<'_>) {
        let settings = self.settings.clone();
        let Some(incident) = self.incident(slot) else {
            return;
        };
        if let Some(at) = incident.step(world.now, &settings) {
            self.resolved(slot, at, world);
            return;
        }
        if let State::Resolved(at) = incident.state
            && world.now.since(at) >= settings.reopen_within
        {
            incident.samples.release(world.rib);
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
    pub fn is_settling(&self, now: Timestamp) -> bool {
        self.open().any(|incident| {
            // Rates fall by waiting; what is missing or too many does not.
            let rate = matches!(incident.key.kind, Kind::Withdrawal | Kind::Surge);
            matches!(incident.state, State::Receding(_))
                || incident.is_few(now, &self.settings)
                || rate
        })
    }
}
