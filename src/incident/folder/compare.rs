//! What changed while nobody watched, all at once: what a first table has that the baseline of
//! another life has not.
//!
//! It is weighed apart from what happens now. How much is new everywhere says how much would
//! be new through an AS by ordinary growth, in the share of the routes that it carries; what
//! is to be told must be far beyond that, and sure enough to page. The rest stands, as what
//! is found in a table does.

use super::{Folder, ONE_LOOK, World};
use crate::{
    detect::{Detector, Finds},
    incident::{
        ledger::{Entry, Slot},
        window::Candidate,
    },
};

impl Folder {
    /// Judges what is new in a view's first table.
    pub fn compare(&mut self, candidates: Vec<Candidate>, world: &mut World<'_>) {
        world.rib.settle();
        let window = std::mem::take(&mut self.window);
        let waiting = std::mem::take(&mut self.waiting);
        let before = (self.loud, self.ambient, self.looks, self.fresh_loud);
        self.loud = 0;
        let mut novel = 0_u32;
        for one in candidates {
            let known = self.ledger.get(one.route);
            if known.is_some_and(|entry| entry.incident.is_some()) {
                continue;
            }
            let slot = self.matching(&one, world.rib);
            self.stand(&one, world);
            if slot.is_some() {
                self.absorb(slot, &one, world.rib);
                continue;
            }
            novel += u32::from(one.finds.has(Detector::MoreSpecific));
            self.loud += 1;
            self.window.push_beyond(one, world.rib, &self.detect.surge);
        }
        self.ambient = f64::from(novel);
        let routes = world
            .rib
            .views()
            .map(|(view, _)| world.rib.routes(view))
            .sum::<u32>();
        for _ in 0..ONE_LOOK {
            let Some(pattern) = self.find(world, routes, &mut Vec::new(), true) else {
                break;
            };
            self.open_incident(&pattern, world);
        }
        for one in self.window.take(|_| true) {
            self.window.let_go(&one, world.rib);
        }
        self.window = window;
        self.waiting = waiting;
        (self.loud, self.ambient, self.looks, self.fresh_loud) = before;
    }

    /// Puts what was found on a route that nobody has.
    fn stand(&mut self, one: &Candidate, world: &mut World<'_>) {
        let known = self.clear(one.route);
        let finds = one.finds | known.map_or(Finds::NONE, |entry| entry.finds);
        let entry = Entry {
            finds,
            incident: Slot::NONE,
            prefix: world.rib.primary(one.route.afi, one.route.row),
            culprit: world.rib.paths.verdict(one.new).culprit,
        };
        self.ledger.raise(one.route, entry);
        if let Some(column) = world.rib.column_mut(one.route.view) {
            column.set_found(one.route.row, true);
        }
    }

    /// New more-specifics a minute in quiet times.
    pub fn ambient(&self) -> f64 {
        self.ambient
    }

    /// Goes on from the quiet times of another life.
    pub fn learn_ambient_of(&mut self, ambient: f64) {
        self.ambient = ambient.clamp(0.0, 1e9);
    }
}
