//! What stands on a route without having just happened: nobody is told.

use super::{Folder, Raised, World};
use crate::{
    detect::{Finds, Verdict, settings},
    incident::{
        ledger::{Entry, Slot},
        messages::Message,
        settings::Settings,
        window::{Candidate, RouteKey},
    },
    rib::{PathId, Rib},
};

impl Folder {
    /// Judges by other thresholds from now on; open incidents stay.
    pub fn renew(&mut self, settings: Settings, detect: settings::Settings) {
        self.settings = settings;
        self.detect = detect;
    }

    /// What waits is judged as `judge` says.
    pub fn judge_waiting_anew(&mut self, judge: impl Fn(&Candidate) -> Finds) {
        self.window.judge_anew(judge);
    }

    /// Adds findings to a route, or puts the first on it.
    pub fn note(&mut self, route: RouteKey, path: PathId, finds: Finds, rib: &mut Rib<Verdict>) {
        if let Some(entry) = self.ledger.get(route) {
            self.ledger
                .replace(route, entry.finds | finds, entry.culprit);
            return;
        }
        let entry = Entry {
            finds,
            incident: Slot::NONE,
            prefix: rib.primary(route.afi, route.row),
            culprit: rib.paths.verdict(path).culprit,
        };
        self.ledger.raise(route, entry);
        if let Some(column) = rib.column_mut(route.view) {
            column.set_found(route.row, true);
        }
    }

    /// What stands on a route is now this and no other. A route of which nothing is left
    /// leaves its incident; one on which something is found again returns to it.
    pub fn restate(&mut self, route: RouteKey, path: PathId, finds: Finds, world: &mut World<'_>) {
        let known = self.ledger.get(route);
        let was_quiet = known.is_none_or(|entry| entry.finds.is_quiet());
        if finds.is_quiet() && !was_quiet {
            self.clear(route);
            if let Some(column) = world.rib.column_mut(route.view) {
                column.set_found(route.row, false);
            }
        } else if known.is_some() {
            let culprit = world.rib.paths.verdict(path).culprit;
            self.ledger.replace(route, finds, culprit);
        } else if !finds.is_quiet() {
            let candidate = Candidate {
                time: world.now,
                route,
                old: path,
                new: path,
                finds,
                cover: u32::MAX,
                message: Message::NONE,
            };
            let raised = Raised {
                candidate,
                speaks: false,
                was_in_incident: false,
                first_table: false,
                raw: &[],
                event: 0,
            };
            self.raise(&raised, world);
        }
    }
}
