//! Time and an incident: weighed, told, receding, resolved, forgotten.

use std::time::Duration;

use super::{Folder, World};
use crate::{
    bgp::Timestamp,
    detect::Verdict,
    incident::{
        IncidentEvent, Output,
        ledger::Slot,
        record::{Incident, Kind, State, identity},
        report::{self, Step},
    },
    reference::Reference,
    rib::Rib,
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
        incident.told_count = incident.told_count.saturating_add(1);
        incident.written.urgent = true;
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
        for incident in self.incidents.iter_mut().flatten() {
            incident.samples.copy(&self.messages);
        }
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
            self.forget(slot, world);
        }
    }

    /// Gives up the place of an incident that is over.
    fn forget(&mut self, slot: Slot, world: &mut World<'_>) {
        if let Some(incident) = self.incident(slot) {
            incident.samples.release(world.rib);
            let id = std::mem::take(&mut incident.id);
            if self.keeps {
                self.gone.push(id);
            }
        }
        for route in self.ledger.routes_of(slot) {
            self.ledger.assign(route, Slot::NONE);
        }
        if let Some(place) = self.incidents.get_mut(usize::from(slot.0)) {
            *place = None;
        }
    }

    /// Makes room: what has been over for longest would be taken for something new if it came
    /// back.
    pub(super) fn forget_longest_over(&mut self, world: &mut World<'_>) {
        let over = |one: &Option<Incident>| match one.as_ref()?.state {
            State::Resolved(at) => Some(at),
            State::Open | State::Receding(_) => None,
        };
        let longest = (0_u16..)
            .zip(&self.incidents)
            .filter_map(|(index, one)| Some((over(one)?, index)))
            .min();
        if let Some((_, index)) = longest {
            self.forget(Slot(index), world);
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
