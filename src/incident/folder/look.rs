//! Looking at the window: which pattern is ready, and what belongs to it.

use std::cell::RefCell;

use super::{Folder, MOST_LOOKS, ONE_LOOK, SCENE, World, is_loud};
use crate::{
    bgp::{Asn, Timestamp},
    detect::Verdict,
    incident::{
        attribution::Scene,
        culprits::{Bench, Pattern},
        evidence::{Evidence, Severity},
        ledger::Slot,
        record::{Incident, Key, State},
    },
    rib::Rib,
};

impl Folder {
    /// Looks before routes are lost, unless enough looks were taken in this second:
    /// sessions may be made to flap at line rate.
    pub fn look_once_more(&mut self, world: &mut World<'_>) {
        if self.looks < MOST_LOOKS {
            self.look(world);
        }
    }

    /// Looks at the window and opens what is ready.
    pub fn look(&mut self, world: &mut World<'_>) {
        self.looks += 1;
        self.window.gains.alarm = false;
        self.fresh_loud = 0;
        if self.window.is_empty() {
            return;
        }
        world.rib.settle();
        let routes = {
            let rib = &*world.rib;
            rib.views().map(|(view, _)| rib.routes(view)).sum::<u32>()
        };
        let mut not_yet = Vec::new();
        for _ in 0..ONE_LOOK {
            let Some(pattern) = self.find(world, routes, &mut not_yet, false) else {
                break;
            };
            self.open_incident(&pattern, world);
        }
        for asn in not_yet {
            self.waiting.entry(asn.0).or_insert(world.now);
        }
        self.loud = self.window.iter().filter(|one| is_loud(one.finds)).count();
    }

    /// What is ready; `comparing`, where it is not of the last minute.
    pub(super) fn find(
        &self,
        world: &World<'_>,
        routes: u32,
        not_yet: &mut Vec<Asn>,
        comparing: bool,
    ) -> Option<Pattern> {
        let skip = self.window.len().saturating_sub(SCENE);
        let mut skip_loud = self.loud.saturating_sub(SCENE);
        let mut candidates = Vec::with_capacity(self.window.len().min(2 * SCENE));
        for (index, one) in self.window.iter().enumerate() {
            // What has changed again since is no evidence of what is.
            let cell = world
                .rib
                .column(one.route.view)
                .map(|column| column.get(one.route.row));
            if cell.is_none_or(|cell| cell.path() != one.new) {
                continue;
            }
            let loud = is_loud(one.finds);
            if index >= skip || (loud && skip_loud == 0) {
                candidates.push(*one);
            } else if loud {
                skip_loud -= 1;
            }
        }
        let scene = Scene::new(
            world.rib,
            world.reference,
            &self.detect,
            candidates,
            &self.window.gains,
            self.ambient,
            routes,
        )
        .comparing(comparing);
        let bench = Bench {
            detect: &self.detect,
            settings: &self.settings,
            ledger: &self.ledger,
            now: world.now,
            waiting: &self.waiting,
            comparing,
            not_yet: RefCell::default(),
        };
        let found = bench.find(&scene);
        for asn in bench.not_yet.into_inner() {
            not_yet.push(asn);
        }
        found
    }

    pub(super) fn open_incident(&mut self, pattern: &Pattern, world: &mut World<'_>) {
        let offender = pattern.suspect.offender;
        let slot = if let Some(&slot) = self.offenders.get(&offender.0) {
            slot
        } else {
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
                least: seen.least,
                ..Evidence::default()
            };
            self.place(key, evidence, world.now)
        };
        if let Some(incident) = self.incident(slot) {
            incident.strengthen(pattern.kind, &pattern.suspect.evidence);
            incident.absorbs |= pattern.absorbs;
            incident.absorbs_all |= pattern.absorbs_all;
        }
        self.offenders.insert(offender.0, slot);
        self.new_generation();
        self.gather(slot, pattern, world.rib);
        self.weigh(slot, world);
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
                self.absorb(slot, one, rib);
            }
            self.window.let_go(one, rib);
        }
    }

    pub(super) fn new_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1).max(1);
    }

    /// A place for a new incident, or the place of the same one if it is just over.
    pub(super) fn place(&mut self, key: Key, evidence: Evidence, now: Timestamp) -> Slot {
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
        if let Some(free) = self.incidents.iter().skip(1).position(Option::is_none) {
            let index = free + 1;
            if let Some(place) = self.incidents.get_mut(index) {
                *place = Some(incident);
            }
            Slot(index as u16)
        } else {
            self.incidents.push(Some(incident));
            Slot((self.incidents.len() - 1) as u16)
        }
    }
}
