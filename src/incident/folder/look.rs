//! Looking at the window: which pattern is ready, and what belongs to it.

use std::cell::RefCell;

use super::{Folder, LAST, MOST_HELD, MOST_LOOKS, ONE_LOOK, SCENE, World, is_loud};
use crate::{
    bgp::Asn,
    detect::{Finds, Verdict},
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
            self.place(key, evidence, world)
        };
        if slot == Slot::NONE {
            return;
        }
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
            // Not what came back after a moment's absence.
            let gained = if one.old.is_none() {
                one.finds.any(Finds::CHANGED)
            } else {
                !on_path(one.old)
            };
            let wanted = one.finds.any(pattern.absorbs) || (pattern.absorbs_all && gained);
            wanted && on_path(one.new)
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

    /// A place for a new incident, or the place of the same one if it is just over. There is none
    /// where every number is that of an open one.
    pub(super) fn place(&mut self, key: Key, evidence: Evidence, world: &mut World<'_>) -> Slot {
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
                return self.place(rest, evidence, world);
            }
        }
        let free = |incidents: &[Option<Incident>]| {
            let free = incidents.iter().skip(1).position(Option::is_none);
            free.map_or(incidents.len(), |free| free + 1)
        };
        let mut index = free(&self.incidents);
        if index >= MOST_HELD {
            self.forget_longest_over(world);
            index = free(&self.incidents);
        }
        if index > LAST {
            return Slot::NONE;
        }
        let mut incident = Incident::new(String::new(), key, evidence, world.now);
        incident.told = (Severity::Info, 0);
        match self.incidents.get_mut(index) {
            Some(place) => *place = Some(incident),
            None => self.incidents.push(Some(incident)),
        }
        Slot(index as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bgp::Timestamp, detect::settings::Settings as Detect, incident::record::Kind,
        reference::Reference, rib::ViewId,
    };

    /// Asks for the place of one more, beside `held` others, of which this many are over.
    fn place(held: u32, over: u32) -> (Slot, Folder) {
        let settings = crate::incident::Settings {
            most_open: 60_000,
            ..Default::default()
        };
        let mut folder = Folder::new(settings, Detect::default());
        let key = |asn| Key {
            kind: Kind::Leak,
            offender: Some(Asn(asn)),
            neighbour: None,
            view: None,
        };
        let now = Timestamp::from_secs(1_000_000);
        folder.incidents.truncate(1);
        for number in 1..=held {
            let mut one = Incident::new(String::new(), key(number), Evidence::default(), now);
            if number <= over {
                // The one in the middle is over for longest.
                let since = u64::from(number.abs_diff(over / 2));
                one.state = State::Resolved(Timestamp::from_secs(1000 + since));
            }
            folder.incidents.push(Some(one));
        }
        let mut rib = Rib::default();
        let mut world = World {
            now,
            rib: &mut rib,
            reference: &Reference::default(),
            out: &mut Vec::new(),
        };
        let slot = folder.place(key(1_000_000), Evidence::default(), &mut world);
        (slot, folder)
    }

    #[test]
    fn incidents_never_share_a_number_however_many_linger() {
        let most = MOST_HELD as u32;
        let (slot, folder) = place(100, 50);
        assert_eq!((slot, folder.incidents.len()), (Slot(101), 102));
        let (slot, folder) = place(most, 1000);
        assert_eq!(slot, Slot(500), "that of what has been over for longest");
        assert_eq!(folder.incidents.len(), MOST_HELD + 1);
        // So many views may be blamed at once.
        let (slot, _) = place(LAST as u32 - 1, 0);
        assert_eq!(usize::from(slot.0), LAST);
        let (slot, mut folder) = place(LAST as u32, 0);
        assert_eq!((slot, folder.incidents.len()), (Slot::NONE, LAST + 1));
        folder.view_well(ViewId(0), Kind::Surge);
    }
}
